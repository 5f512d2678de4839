"""A worker of xdist: asks nobody itself, waits for its rows in the store, and has Python tests' calls made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from astral.baseline import Known
from astral.items import SESSION, SuiteFile
from astral.marker import parametrise
from astral.model import Result, Trial
from astral.settings import read_settings
from astral.store import ResultReader
from astral.suite import Suite
from astral.suites import Suites, collect_only, collect_suite
from astral.workers.broker import Address, Line
from astral.workers.remote import RemoteCalls


class Worker(Suites):
    """Registered instead of the controller where xdist says so by ``config.workerinput``."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        given = config.workerinput["astral"]  # type: ignore[attr-defined]
        super().__init__(given["slugs"], read_settings(given["settings"]))
        self.shows_text: bool = given["shows_text"]
        self.known = Known(**given["known"])
        self._path = Path(given["suite"]) if given["suite"] else None
        self._collected = tuple(map(Path, given["collected"]))
        self._case_path: Path | None = None
        self._results = ResultReader(Path(given["store"]), given["run"])
        line = Line(Address(*given["broker"]))
        self.calls = RemoteCalls(line)
        config.add_cleanup(self._results.close)
        config.add_cleanup(line.close)
        config.stash[SESSION] = self

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        if self._collected:
            collect_only(self.config, self._collected)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
        return collect_suite(file_path, parent, self._path)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        parametrise(metafunc, self)

    def case_suite(self) -> Suite:
        """The suite of the run; the controller makes it first where there is none. Raises AstralError."""
        if self._case_path is None:
            self._case_path = Path(self.calls.suite())
        return self.suite(self._case_path)

    def wait(self, trial: Trial) -> Result:
        return self._results.wait(trial)
