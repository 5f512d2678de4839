"""The suites of a pytest session, and which of their trials and cases it may have."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest

from astral.errors import AstralError
from astral.items import SuiteFile
from astral.model import Case, Trial
from astral.provision import check_gate
from astral.settings import Settings
from astral.suite import SUFFIX, Suite, read_suite
from astral.trials import case_trials

T = TypeVar("T")


class Suites:
    """The suites of a session by path, each read once."""

    def __init__(self, slugs: Iterable[str], settings: Settings) -> None:
        self.slugs, self.settings = tuple(slugs), settings
        self._read: dict[Path, Suite] = {}
        self._found: dict[Path, Suite] = {}

    def found(self, path: Path, suite: Suite) -> None:
        """Take note of what a file holds, so that it need not be read again."""
        self._found[path] = suite

    def suite(self, path: Path) -> Suite:
        """The suite of that file. Raises SuiteError, also for a text that may not be sent."""
        if path not in self._read:
            suite = self._found.pop(path, None) or read_suite(path, shown=shown(path))
            if any(spec.kind != "replay" for spec in self.settings.target):
                check_gate(suite, shown(path))  # recorded answers are sent to no target
            self._read[path] = suite
        return self._read[path]

    def trials(self, case: Case) -> list[Trial]:
        return case_trials(case, self.slugs, self.settings)

    def named(self) -> list[tuple[str, Suite]]:
        """The suites read so far, each with the path by which reports name it."""
        return [(shown(path), suite) for path, suite in sorted(self._read.items())]


class CaseSuiteFile:
    """The suite that Python tests take their cases from: found, or made, when the first of them is collected."""

    def __init__(self, find: Callable[[], Path]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._path: Path | None = None

    def path(self) -> Path:
        """Raises AstralError. Whoever comes while the suite is being made waits for it."""
        with self._lock:
            if self._path is None:
                self._path = self._find()
            return self._path

    async def apath(self) -> str:
        """The same for a coroutine, whose loop goes on: making a suite may take minutes, and uses a loop itself."""
        found: Future[str] = Future()

        def work() -> None:
            try:
                found.set_result(str(self.path()))
            except BaseException as err:
                found.set_exception(err)

        threading.Thread(target=work, name="astral-suite", daemon=True).start()
        return await asyncio.wrap_future(found)


def shown(path: Path) -> str:
    """The path as a person in this directory would type it."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def collect_suite(file_path: Path, parent: pytest.Collector, chosen: Path | None) -> SuiteFile | None:
    """The collector of a suite file, or of the file ``chosen`` whatever its name; None for any other."""
    if file_path.name.endswith(SUFFIX) or file_path == chosen:
        return SuiteFile.from_parent(parent, path=file_path)
    return None


def collect_only(config: pytest.Config, paths: Iterable[Path]) -> None:
    """Collect these suites and nothing else, as if they had been named on the command line."""
    config.args[:] = map(str, paths)
    config.args_source = pytest.Config.ArgsSource.ARGS


def usage(work: Callable[[], T]) -> T:
    """Our errors as pytest's usage error: one line, exit code 4."""
    try:
        return work()
    except AstralError as err:
        raise pytest.UsageError(f"astral: {err}") from None
