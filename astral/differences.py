"""The first thing in which two descriptions differ, in words: what a judge was and is now, what a target was."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from astral.escape import show

_DIGEST = re.compile(r"[0-9a-f]{32,}")


def judged_by(judge: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, Mapping[str, Any]]:
    """The facts of each oracle by its name, but those named ``without``, and under "" those of all together."""
    together = {key: value for key, value in judge.items() if key != "oracles"}
    passed_over = {*without, "free"}  # that follows from the rest, and older runs do not say it
    oracles = [{k: v for k, v in oracle.items() if k not in passed_over} for oracle in judge.get("oracles", ())]
    return {"": together, **{str(oracle["name"]): oracle for oracle in oracles}}


def difference(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> tuple[str, str, str, str] | None:
    """The first name, its first field, and the two values in which they differ: words to be shown; None where alike."""
    for name in sorted({*old, *new}):
        before, present = _flat(old.get(name, {})), _flat(new.get(name, {}))
        for field in sorted({*before, *present}):
            if (was := before.get(field)) != (current := present.get(field)):
                return show(name), show(field), _word(was), _word(current)
    return None


def plain(facts: Mapping[str, Any]) -> Any:
    """The same as JSON gives it back: lists for tuples, texts for enums, keys sorted."""
    return json.loads(json.dumps(facts, sort_keys=True))


def _flat(facts: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """``{"extra": {"top_p": 1}}`` as ``{"extra.top_p": 1}``."""
    found: dict[str, Any] = {}
    for key, value in plain(facts).items():
        found |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found


def _word(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:12] if _DIGEST.fullmatch(text) else show(text, 80)
