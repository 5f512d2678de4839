"""One small call to whoever will be asked, before a plan is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from astral.engine import Loop
from astral.errors import CallError, SettingsError
from astral.escape import show
from astral.protocols import Checked


def preflight(asked: Iterable[tuple[str, Any]], loop: Loop) -> float | None:
    """One call to each endpoint, model and way of asking it; the slowest's seconds, None where nobody can be tried.

    ``asked`` are targets and oracles, each with that word. Raises SettingsError.
    """
    seen: set[tuple[int, str, str]] = set()
    seconds = []
    for kind, one in asked:
        if not isinstance(one, Checked):
            continue
        key = (id(getattr(one, "endpoint", one)), str(getattr(one, "model", one.name)), getattr(one, "way", ""))
        if key in seen:
            continue
        seen.add(key)
        try:
            seconds.append(loop.run(one.preflight()))
        except CallError as err:
            raise SettingsError(
                f"preflight of {kind} {show(one.name)} failed: {err} (preflight=off skips this check)"
            ) from None
    return max(seconds, default=None)
