"""What a run did not test, and why: values, pairs and cells without a judged prompt."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from astral.coverage.levels import spanned, within
from astral.coverage.prompts import Combination, Owners, asked, owners
from astral.model import Matrix, Outcome, RunRecord


@dataclass(frozen=True, slots=True)
class Gap:
    """Values, a pair or a whole cell that no judged prompt has hit.

    ``prompts`` is how many prompts of the plan hit it all the same, ``outcomes`` what became of their trials;
    ``duplicates`` counts the cases that hit it but hold the words of a prompt that counts for another cell.
    """

    combination: Combination
    prompts: int = 0
    outcomes: Mapping[Outcome, int] = field(default_factory=dict, hash=False)
    duplicates: int = 0

    @property
    def trials(self) -> int:
        return sum(self.outcomes.values())

    @property
    def planned(self) -> bool:
        """True when the plan had something for it."""
        return bool(self.prompts or self.duplicates)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for _, value in self.combination)

    @property
    def why(self) -> str:
        """``not planned``, or what came of the trials: ``2 error, 1 not_run``."""
        if self.trials:
            return ", ".join(f"{count} {outcome.value}" for outcome, count in self.outcomes.items())
        if self.prompts:
            return f"{self.prompts} prompt{'s' * (self.prompts > 1)}, no trial"
        return "duplicates of prompts that count elsewhere" if self.duplicates else "not planned"


@dataclass(frozen=True, slots=True)
class Gaps:
    """What was not tested, each list in matrix order.

    ``values`` and ``pairs`` have no judged prompt. The full matrix has ``cells``, of which ``judged`` have one; the
    rest is ``empty``: the ``planned`` ones, each with what came of its trials, and ``not_planned`` more, which
    ``unplanned_cells`` lists one by one (there may be millions).
    """

    matrix: Matrix
    values: tuple[Gap, ...]
    pairs: tuple[Gap, ...]
    planned: tuple[Gap, ...]
    judged: int
    cells: int
    _known: frozenset[Combination] = field(default=frozenset(), repr=False)

    @property
    def empty(self) -> int:
        return self.cells - self.judged

    @property
    def not_planned(self) -> int:
        return self.empty - len(self.planned)

    def unplanned_cells(self) -> Iterator[Combination]:
        """The cells that the plan had nothing for."""
        return (cell for cell in _all_cells(self.matrix) if cell not in self._known)


def gaps(record: RunRecord, target: str | None = None) -> Gaps:
    """What was not tested: never judged values and pairs, and cells of the full matrix without a judged prompt.

    Of one target's trials (by slug) when given. Counts as ``coverage`` does: twins nowhere, duplicates once.
    """
    return gaps_of([record], owners([record]), record.run.matrix, target)


def gaps_of(records: Sequence[RunRecord], owner: Owners, matrix: Matrix, target: str | None = None) -> Gaps:
    """The gaps that several runs leave together in ``matrix``."""
    seen = _Seen(matrix)
    for case in owner.values():
        seen.at(case.cell.pairs).prompts += 1
    for record in records:
        for case, result in asked(record, owner, target):
            seen.at(case.cell.pairs).outcomes[result.outcome] += 1
        for case in record.cases.values():
            if case.twin_of is None and case.cell != owner[case.turns].cell:
                seen.at(case.cell.pairs).duplicates.add(case.id)
    whole = {cell: one for cell, one in seen.cells.items() if matrix and len(cell) == len(matrix)}
    order = {pair: at for at, pair in enumerate((name, value) for name, values in matrix for value in values)}
    unjudged = sorted((cell for cell, one in whole.items() if not one.judged), key=lambda c: [order[p] for p in c])
    return Gaps(
        matrix=matrix,
        values=seen.missing(1),
        pairs=seen.missing(2),
        planned=tuple(whole[cell].gap(cell) for cell in unjudged),
        judged=len(whole) - len(unjudged),
        cells=math.prod(len(values) for _, values in matrix) if matrix else 0,
        _known=frozenset(whole),
    )


@dataclass(slots=True)
class _Count:
    """What came of the prompts that hit one combination."""

    prompts: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    duplicates: set[str] = field(default_factory=set)

    @property
    def judged(self) -> bool:
        return any(outcome.judged for outcome in self.outcomes)

    def add(self, other: _Count) -> None:
        self.prompts += other.prompts
        self.outcomes.update(other.outcomes)
        self.duplicates |= other.duplicates

    def gap(self, combination: Combination) -> Gap:
        outcomes = {outcome: self.outcomes[outcome] for outcome in Outcome if self.outcomes[outcome]}
        return Gap(combination, self.prompts, outcomes, len(self.duplicates))


class _Seen:
    """Counts by cell, as far as the matrix has its values, and from them by values and pairs."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._short: dict[Combination, Combination] = {}
        self.cells: dict[Combination, _Count] = {}

    def at(self, cell: Combination) -> _Count:
        if cell not in self._short:
            self._short[cell] = next(within([cell], self._matrix))
        return self.cells.setdefault(self._short[cell], _Count())

    def missing(self, t: int) -> tuple[Gap, ...]:
        """The combinations of t values without a judged prompt, in matrix order."""
        found: dict[Combination, _Count] = {}
        for cell, count in self.cells.items():
            for combination in combinations(cell, t):
                found.setdefault(combination, _Count()).add(count)
        counts = ((one, found.get(one, _Count())) for one in spanned(self._matrix, t))
        return tuple(count.gap(one) for one, count in counts if not count.judged)


def _all_cells(matrix: Matrix) -> Iterator[Combination]:
    if matrix:
        yield from product(*([(name, value) for value in values] for name, values in matrix))
