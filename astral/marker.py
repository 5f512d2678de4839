"""``@pytest.mark.astral(category=..., limit=...)``: which cases of the suite a Python test gets as ``astral_case``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from astral.errors import AstralError, SettingsError, did_you_mean
from astral.escape import show
from astral.model import Case, Matrix, Trial
from astral.registry import Registry
from astral.suite import Suite
from astral.taxonomy import Entry, Taxonomy

NAME = "astral"
OWN_KEYS = ("limit", "twins")


class CaseSource(Protocol):
    """What parametrising needs of the session."""

    slugs: tuple[str, ...]

    def case_suite(self) -> Suite:
        """The suite that cases are taken from. Raises AstralError."""

    def trials(self, case: Case) -> list[Trial]:
        """The trials of a case in this shard."""


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """Which cases a test wants: values by dimension as the user wrote them, at most ``limit``, benign twins too?"""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int | None = None
    twins: bool = False

    @classmethod
    def of(cls, marks: Iterable[pytest.Mark], dimensions: Sequence[str]) -> CaseFilter:
        """The filter of a test's markers, the closest first: for each keyword the closest counts.

        Raises SettingsError for keywords and values that mean nothing.
        """
        found: dict[str, Any] = {}
        for mark in marks:
            if mark.args:
                first = ", ".join(f"{d}=" for d in dimensions)
                raise SettingsError(f"the marker takes keywords only: {first}, limit=, twins=")
            found = {**mark.kwargs, **found}
        known = (*dimensions, *OWN_KEYS)
        for key in found:
            if key not in known:
                raise SettingsError(
                    f"unknown keyword {show(key)!r}{did_you_mean(key, known)}; known: {', '.join(known)}"
                )
        limit, twins = found.pop("limit", None), found.pop("twins", False)
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
            raise SettingsError(f"limit={show(repr(limit))} must be a whole number from 1 on")
        if not isinstance(twins, bool):
            raise SettingsError(f"twins={show(repr(twins))} must be True or False")
        return cls(values={d: tuple(_words(d, wanted)) for d, wanted in found.items()}, limit=limit, twins=twins)

    def choose(self, cases: Sequence[Case], taxonomy: Taxonomy) -> list[Case]:
        """The cases that match, in suite order; a limit takes them evenly from all over the suite.

        Raises SettingsError for a value that ``taxonomy`` does not know.
        """
        wanted = {d: frozenset(taxonomy.select(d, words)) for d, words in self.values.items()}
        found = [
            case
            for case in cases
            if (self.twins or case.twin_of is None) and all(case.cell[d] in ids for d, ids in wanted.items())
        ]
        if self.limit is None or self.limit >= len(found):
            return found
        return [found[at * len(found) // self.limit] for at in range(self.limit)]

    def __str__(self) -> str:
        parts = [f"{dimension}={','.join(words)}" for dimension, words in self.values.items()]
        return show(", ".join(parts) or "the marker")


def known_values(taxonomy: Taxonomy, matrix: Matrix) -> Taxonomy:
    """The taxonomy of a suite: its dimensions, with its own values and all that the taxonomy knows of them."""
    spelled = {}
    for dimension, values in matrix:
        known = [taxonomy.entry(dimension, id) for id in _ids(taxonomy, dimension)]
        new = [Entry(value, value, "") for value in values if value not in {entry.id for entry in known}]
        spelled[dimension] = [*known, *new]
    return Taxonomy(spelled)


def _ids(taxonomy: Taxonomy, dimension: str) -> tuple[str, ...]:
    return dict(taxonomy.matrix).get(dimension, ())


def _words(dimension: str, wanted: Any) -> Iterator[str]:
    values = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(values, list | tuple | set | frozenset) or not all(isinstance(v, str) for v in values):
        raise SettingsError(f"{dimension}={show(repr(wanted))} must be a name or a list of names")
    for value in values:
        yield from value.split(",")


def parametrise(metafunc: pytest.Metafunc, source: CaseSource) -> None:
    """Give a Python test its cases, and a run of several targets each of them. Fails the collection in one line."""
    if "astral_case" in metafunc.fixturenames and not _has_own(metafunc, "astral_case"):
        try:
            params = _params(metafunc, source)
        except AstralError as err:
            raise pytest.fail.Exception(f"astral: {metafunc.definition.nodeid}: {err}", pytrace=False) from None
        metafunc.parametrize("astral_case", params)
    if "astral_target" in metafunc.fixturenames and len(source.slugs) > 1 and not _has_own(metafunc, "astral_target"):
        metafunc.parametrize("astral_target", source.slugs, ids=source.slugs, indirect=True)


def _params(metafunc: pytest.Metafunc, source: CaseSource) -> list[Any]:
    """Parameters for ``astral_case``; where nothing matches, one that is skipped and says why."""
    suite = source.case_suite()
    taxonomy = known_values(Registry(metafunc.config.pluginmanager).taxonomy(), suite.matrix)
    chosen = CaseFilter.of(metafunc.definition.iter_markers(NAME), taxonomy.dimensions)
    cases = chosen.choose([case for case in suite.cases if source.trials(case) or not source.slugs], taxonomy)
    if not cases:
        reason = f"no case of the suite matches {chosen}"
        return [pytest.param(None, id="no-case", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(case, id=case.id, marks=pytest.mark.astral(**dict(case.cell.pairs))) for case in cases]


def _has_own(metafunc: pytest.Metafunc, name: str) -> bool:
    """True when the test gives that fixture its values itself."""
    names = (mark.args[0] for mark in metafunc.definition.iter_markers("parametrize") if mark.args)
    return any(name in (one.replace(" ", "").split(",") if isinstance(one, str) else one) for one in names)
