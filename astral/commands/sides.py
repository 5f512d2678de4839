"""What the names of a comparison mean: stored runs, targets of them, results files and baselines."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from astral.baseline import load_baseline
from astral.comparison import About, shared_targets, slugs
from astral.comparison.stored import stored
from astral.errors import SettingsError, StoreError, did_you_mean
from astral.escape import show
from astral.run import STORE
from astral.samples import Sample
from astral.store import Store

BASELINE = ".baseline.jsonl"
_FILES = (".json", BASELINE)
_KNOWN = 5
_EMPTY = "no run with trials is stored here yet"
_AGAIN = "name two: astral compare A B"
_NOTHING = About()


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison; ``target`` is the one that was named, by slug, and empty where none was."""

    sample: Sample
    about: About = _NOTHING
    target: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Two sides with the targets that are held against each other; None: those that both have."""

    first: Side
    second: Side
    targets: tuple[tuple[str, str], ...] | None = None


@dataclass
class Sides:
    """Finds what names mean. ``directory`` holds ``.astral/``; files are relative to ``root``. A run is read once."""

    directory: Path
    root: Path
    _runs: dict[str, Side] = field(default_factory=dict)
    _ids: tuple[str, ...] | None = None

    def choose(self, words: Sequence[str]) -> Chosen:
        """What to compare. Without a second name: the two targets of the first, or what came before it. Raises
        AstralError.
        """
        side = self.find(words[0] if words else "last")
        if len(words) > 1:
            return matched(side, self.find(words[1]))
        targets = [*dict.fromkeys(trial.target for trial in side.sample.outcomes)]  # in plan order: as they were typed
        if not side.target and len(targets) == 2:
            return Chosen(side, side, ((targets[0], targets[1]),))
        if side.sample.name not in self._planned():
            return matched(side, self.find("last"))
        return matched(self._before(side.sample.name), side)

    def find(self, word: str) -> Side:
        """The side that ``word`` names: RUN, ``last``, ``previous``, TARGET of the last run, FILE, or one of these
        with ``:TARGET``. Raises AstralError.
        """
        if word.endswith(_FILES):
            return self._file(word)
        name, colon, target = word.rpartition(":")
        if colon and name.endswith(_FILES):
            return _narrowed(self._file(name), target)
        if (run := self._run_named(word)) is not None:
            return run
        name, colon, target = word.partition(":")
        if colon and (run := self._run_named(name)) is not None:
            return _narrowed(run, target)
        if self._planned():
            last = self._run(self._last())
            if slug := _slug(last.sample, word):
                return Side(last.sample, last.about, slug)
        raise SettingsError(self._unknown(word))

    def _run_named(self, word: str) -> Side | None:
        if word in ("last", "previous"):
            last = self._run(self._last())
            return last if word == "last" else self._before(last.sample.name)
        return self._run(word) if word in self._planned() else None

    def _last(self) -> str:
        if not self._planned():
            raise StoreError(f"{self.directory / '.astral'}: {_EMPTY}; start with: pytest --astral target=demo")
        return self._planned()[0]

    def _before(self, id: str) -> Side:
        earlier = self._planned()[self._planned().index(id) + 1 :]
        if not earlier:
            raise StoreError(f"there is no run before {id}, the first one stored here; {_AGAIN}")
        return self._run(earlier[0])

    def _run(self, id: str) -> Side:
        if id not in self._runs:
            with closing(self._store()) as store:
                self._runs[id] = Side(*stored(store, id))
        return self._runs[id]

    def _planned(self) -> tuple[str, ...]:
        """The runs to choose from, the newest first; none without a store."""
        if self._ids is None:
            path = self.directory / ".astral" / STORE
            if not path.exists():
                return ()
            with closing(self._store()) as store:
                self._ids = tuple(store.planning_ids())
        return self._ids

    def _store(self) -> Store:
        return Store(self.directory / ".astral" / STORE)

    def _file(self, name: str) -> Side:
        if name.endswith(BASELINE):
            baseline = load_baseline(self.root / name, name)
            return Side(baseline.sample, About(suite=baseline.suite, started=baseline.made))
        from astral.reports.reading import read_results

        return Side(replace(read_results(self.root / name), name=name))

    def _unknown(self, word: str) -> str:
        runs = self._planned()
        targets = slugs(self._run(runs[0]).sample) if runs else ()
        known = [
            f"runs: last, previous, {', '.join(runs[:_KNOWN])}" if runs else _EMPTY,
            f"targets of the last run: {', '.join(map(show, targets))}" if targets else "",
            "files: NAME.json (report=json:NAME.json), NAME.baseline.jsonl",
        ]
        near = did_you_mean(word, ["last", "previous", *runs, *targets])
        return f"no run, target or file {show(word)!r}{near}; {'; '.join(part for part in known if part)}"


def matched(first: Side, second: Side) -> Chosen:
    """Two sides and their targets. Raises SettingsError where no target of one fits one of the other, or where both
    are the same.
    """
    if first.target or second.target:
        here, there = slugs(first.sample), slugs(second.sample)
        pair = (first.target or _only(here, second.target), second.target or _only(there, first.target))
        targets: tuple[tuple[str, str], ...] = (pair,) if all(pair) else ()
    else:
        targets = shared_targets(first.sample, second.sample)
    if not targets:
        raise SettingsError(
            f"no target in common: {_told(first)} and {_told(second)}; name one of each: RUN:TARGET RUN:TARGET"
        )
    if first.sample is second.sample and all(one == other for one, other in targets):
        raise SettingsError(f"both names mean {_told(first)}: a run is no evidence against itself; name another")
    return Chosen(first, second, targets if first.target or second.target else None)


def _only(targets: Sequence[str], other: str) -> str:
    """The target that stands against ``other``: the same one, else the only one; empty where neither is there."""
    return other if other in targets else targets[0] if len(targets) == 1 else ""


def _told(side: Side) -> str:
    return f"{show(side.sample.name)} ({side.target or ', '.join(map(show, slugs(side.sample))) or 'no target'})"


def _narrowed(side: Side, target: str) -> Side:
    slug = _slug(side.sample, target)
    if not slug:
        known = slugs(side.sample)
        raise SettingsError(
            f"{show(side.sample.name)} has no target {show(target)!r}{did_you_mean(target, known)}; "
            f"it has {', '.join(map(show, known)) or 'none'}"
        )
    return Side(side.sample, side.about, slug)


def _slug(sample: Sample, word: str) -> str:
    """The target of that slug, or typed like that; empty where there is none."""
    typed = (slug for slug, text in sorted(sample.targets.items()) if text == word)
    return word if word in slugs(sample) else next(typed, "")
