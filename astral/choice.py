"""Which suite files a session is about: those of its command line, those of the run that it goes on with, or one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from astral.errors import SettingsError
from astral.escape import show
from astral.provision import Provision
from astral.selection import named_paths
from astral.settings import Settings
from astral.suite import SUFFIX
from astral.suites import collect_only, shown


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


def _is_suite(path: Path) -> bool:
    return path.name.endswith(SUFFIX)
