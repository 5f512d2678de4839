"""Which trials the workers of xdist selected: the controller sees no items, only their node ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from astral.model import Trial
from astral.suite import SUFFIX
from astral.suites import Suites


class Selection:
    """Finds the trials behind node ids.

    ``rootpath`` is what the ids are relative to; ``named`` are the paths of the command line, absolute; ``chosen`` is
    the suite of the run, which may have any name.
    """

    def __init__(self, suites: Suites, rootpath: Path, named: Sequence[Path], chosen: Path | None) -> None:
        self._suites, self._rootpath, self._chosen = suites, rootpath, chosen
        candidates = [*(path for path in named if path.name.endswith(SUFFIX)), *([chosen] if chosen else [])]
        self._outside = [path for path in dict.fromkeys(candidates) if not path.is_relative_to(rootpath)]

    def trials(self, ids: Sequence[str]) -> list[Trial]:
        """The trials among the items with these node ids, in their order. Raises SuiteError."""
        files = {node.partition("::")[0] for node in ids}
        known = {file: self._of_file(file) for file in files}
        outside = self._of_suites(self._outside)  # the ids of their items do not name the file
        found = ((*node.partition("::"),) for node in ids)
        return [t for file, _, name in found if (t := known[file].get(name) or outside.get(name)) is not None]

    def _of_file(self, file: str) -> dict[str, Trial]:
        """The trials of a suite by item name; empty for files of other kinds."""
        path = (self._rootpath / file).resolve()
        if not (file.endswith(SUFFIX) or (self._chosen and path == self._chosen.resolve())):
            return {}
        return self._of_suites([path])

    def _of_suites(self, paths: Sequence[Path]) -> dict[str, Trial]:
        suites = self._suites
        return {t.id: t for path in paths for case in suites.suite(path).cases for t in suites.trials(case)}
