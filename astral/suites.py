"""The suites of a pytest session: which files they are, and which of their trials and cases it may have."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest

from astral.assertions import explained
from astral.errors import AstralError, SettingsError
from astral.escape import show
from astral.items import SuiteFile
from astral.model import Case, Trial
from astral.provision import Provision, check_gate
from astral.settings import Settings
from astral.suite import SUFFIX, Suite, read_suite
from astral.trials import case_trials

T = TypeVar("T")


class Suites:
    """The suites of a session by path, each read once; the part of the plugin that controller and workers share."""

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

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str] | None:
        return explained(op, left, right)

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


class SuiteChoice:
    """What is collected where no path is given, and where Python tests take their cases from.

    ``resumed`` are the suites of the run that the session goes on with, where there are several of them; ``provide``
    finds or makes the suite of any other run; ``say`` prints a line for people.
    """

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        resumed: Sequence[Path],
        *,
        provide: Callable[[], Provision],
        say: Callable[[str], None],
    ) -> None:
        self._config, self._settings, self._resumed = config, settings, tuple(resumed)
        self._provide, self._say = provide, say
        self._provision: Provision | None = None
        self.collected: tuple[Path, ...] = ()
        """What is collected instead of what pytest would; empty where the command line names paths."""

    @property
    def path(self) -> Path | None:
        """The one suite of the run, which may have any name; None where there are several, or paths were given."""
        return self._provision.path if self._provision else None

    def settle(self) -> None:
        """Choose before anything is collected. Raises AstralError."""
        if self._config.args_source is pytest.Config.ArgsSource.ARGS:
            return
        if self._resumed:
            self.collected = self._resumed
        else:
            self._provision = self._provide()
            self.collected = (self._provision.path,)
        collect_only(self._config, self.collected)

    def lines(self) -> Iterator[str]:
        """What the head of a session says of it."""
        for path in self.collected:
            yield f"suite {show(shown(path))}"
        for note in self._provision.notes if self._provision else ():
            yield show(note, None)

    def of_cases(self) -> Path:
        """The suite of the run; the one on the command line; else as for a run without paths. Raises AstralError."""
        if self._provision is not None:
            return self._provision.path
        named = [p for p in named_paths(self._config.args, self._config.invocation_params.dir) if _is_suite(p)]
        if self._settings.suite is None and len(set(named)) > 1:
            raise SettingsError("astral_case takes its cases from one suite, and several are named; add suite=FILE")
        if self._settings.suite is None and named:
            return named[0]
        found = self._provide()
        for line in (f"cases of Python tests from {show(shown(found.path))}", *found.notes):
            self._say(f"astral: {show(line, None)}")
        return found.path


def shown(path: Path) -> str:
    """The path as a person in this directory would type it."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def named_paths(args: Sequence[str], directory: Path) -> list[Path]:
    """The paths of a command line, absolute, without the ``::`` part of node ids."""
    return [Path(os.path.abspath(directory / word.partition("::")[0])) for word in args]


def collect_suite(file_path: Path, parent: pytest.Collector, chosen: Path | None) -> SuiteFile | None:
    """The collector of a suite file, or of the file ``chosen`` whatever its name; None for any other."""
    if _is_suite(file_path) or file_path == chosen:
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


def _is_suite(path: Path) -> bool:
    return path.name.endswith(SUFFIX)
