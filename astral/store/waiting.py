"""Waits, in another process than the engine's, for what that one commits."""

from __future__ import annotations

import time
from pathlib import Path

from astral.model import Outcome, Result, Trial
from astral.store.reading import Store


class ResultReader:
    """Waits, in another process than the engine's, until the store has a trial's result."""

    def __init__(self, path: Path, run: str, *, interval: float = 0.02) -> None:
        self._path, self._run, self._interval = path, run, interval
        self._store: Store | None = None

    def wait(self, trial: Trial) -> Result:
        """The result; not_run when the run ended without one. The controller commits the plan before workers start."""
        if self._store is None:
            self._store = Store(self._path, sound=False)
        while True:
            ended = self._store.state(self._run) != "running"  # asked first: what is committed before the end is seen
            if (found := self._store.result(self._run, trial)) is not None:
                return found
            if ended:
                return Result(trial, Outcome.NOT_RUN, "stopped")
            time.sleep(self._interval)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
