"""The controller's side of xdist: what its workers are told, and which trials they selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from astral.direct import DirectCalls
from astral.model import Trial
from astral.run import SafetyRun
from astral.selection import Selection
from astral.settings import Settings
from astral.suites import CaseSuiteFile, SuiteChoice
from astral.workers.broker import Broker
from astral.workers.remote import serve

FOR_WORKERS = ("target", "repeats", "shard")
"""The keys that make the items of a suite."""


class Workers:
    """Serves the workers of a run: they see the command line only, and ask nobody themselves."""

    def __init__(self, run: SafetyRun, direct: Callable[[], DirectCalls], cases: CaseSuiteFile) -> None:
        self._run, self._direct, self._cases = run, direct, cases
        self._broker: Broker | None = None
        self._trials: dict[str, Trial] = {}

    def input(
        self, settings: Settings, slugs: Sequence[str], choice: SuiteChoice, *, shows_text: bool
    ) -> dict[str, Any]:
        """What a worker is told when it starts; plain values, since xdist sends them."""
        if self._broker is None:
            self._broker = Broker(self._run.loop, serve(self._direct, self._cases.apath))
        return {
            "settings": settings.as_text(only=lambda key: key.name in FOR_WORKERS and key.name in settings.given),
            "suite": str(choice.path or ""),
            "collected": [str(path) for path in choice.collected],
            "store": str(self._run.store_path),
            "run": self._run.id,
            "slugs": list(slugs),
            "broker": [self._broker.address.path, self._broker.address.token],
            "shows_text": shows_text,
            "known": self._run.known.row(),
        }

    def selected(self, selection: Selection, ids: Sequence[str]) -> list[Trial]:
        """The trials of the first worker that has collected some, whose selection is everyone's; nothing later."""
        if self._trials:
            return []
        trials = selection.trials(ids)
        self._trials = {trial.id: trial for trial in trials}
        return trials

    def came_to(self, nodeid: str) -> None:
        """A worker has come to this item and waits for its trial."""
        if (trial := self._trials.get(nodeid.rpartition("::")[2])) is not None:
            self._run.want(trial)

    def close(self) -> None:
        """Answer no more requests."""
        if self._broker is not None:
            self._broker.close()
            self._broker = None
