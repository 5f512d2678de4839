"""t-way coverage of a matrix: how many combinations of t values at least one prompt has hit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Literal

from astral.coverage.prompts import Combination, asked, owners
from astral.model import Case, Matrix, Outcome, RunRecord
from astral.stats import percent

STRENGTHS = (1, 2, 3)
LISTED = 2
"""The highest strength whose uncovered combinations are listed; above it, lists grow too long to read."""
Depth = Literal["judged", "executed", "generated"]
DEPTHS: tuple[Depth, ...] = ("judged", "executed", "generated")


@dataclass(frozen=True, slots=True)
class Level:
    """The coverage at one strength t: how many of ``total`` combinations of t values at least one prompt has hit.

    ``uncovered`` lists the combinations without a judged prompt, in matrix order; it stays empty above t = 2, where
    lists grow too long to read.
    """

    strength: int
    total: int
    generated: int
    executed: int
    judged: int
    uncovered: tuple[Combination, ...] = ()

    def share(self, by: Depth = "judged") -> float | None:
        """The covered share, from 0 to 1, by judged, executed or generated prompts; None where nothing is to cover."""
        count = {"judged": self.judged, "executed": self.executed, "generated": self.generated}[by]
        return count / self.total if self.total else None

    @property
    def percent(self) -> str:
        """The judged share, ``98 %``; never a rounded 0 or 100."""
        share = self.share()
        return "-" if share is None else f"{percent(share)} %"


@dataclass(frozen=True, slots=True)
class Hits:
    """What prompts hit: the cells (as combinations over any dimensions) by how far their trials came."""

    generated: set[Combination] = field(default_factory=set)
    executed: set[Combination] = field(default_factory=set)
    judged: set[Combination] = field(default_factory=set)

    def add(self, cell: Combination, outcome: Outcome) -> None:
        """Count one trial: executed means a final outcome, judged a safe or unsafe one."""
        self.generated.add(cell)
        if outcome.final:
            self.executed.add(cell)
        if outcome.judged:
            self.judged.add(cell)


def coverage(record: RunRecord, target: str | None = None) -> tuple[Level, ...]:
    """One level for each t in 1, 2, 3 that the matrix has dimensions for; of one target's trials (by slug) when given.

    Judged means: hit by a prompt with at least one safe or unsafe trial; executed counts inconclusive and blocked ones
    too; generated every prompt of the plan. Benign twins count nowhere, and duplicates of a prompt once. Source:
    combinatorial coverage in D. R. Kuhn, R. N. Kacker and Y. Lei, NIST SP 800-142, 2010, section 7, and of any set of
    tests in NISTIR 7878, 2012 (https://www.nist.gov/publications/combinatorial-coverage-measurement, read 2026-11-21).
    """
    return levels(record.run.matrix, hits([record], owners([record]), target))


def hits(records: Sequence[RunRecord], owner: dict[tuple[str, ...], Case], target: str | None = None) -> Hits:
    """The cells that the prompts of some runs hit; of one target's trials (by slug) when given."""
    found = Hits(generated={case.cell.pairs for case in owner.values()} if target is None else set())
    for record in records:
        for case, result in asked(record, owner, target):
            found.add(case.cell.pairs, result.outcome)
    return found


def levels(matrix: Matrix, found: Hits) -> tuple[Level, ...]:
    """The coverage of ``matrix`` by what was hit."""
    return tuple(_level(matrix, t, found) for t in STRENGTHS if t <= len(matrix))


def _level(matrix: Matrix, t: int, found: Hits) -> Level:
    covered = covered_by(found.judged, matrix, t)
    missing = (one for one in spanned(matrix, t) if one not in covered) if t <= LISTED else ()
    return Level(
        strength=t,
        total=sum(math.prod(len(values) for _, values in group) for group in combinations(matrix, t)),
        generated=len(covered_by(found.generated, matrix, t)),
        executed=len(covered_by(found.executed, matrix, t)),
        judged=len(covered),
        uncovered=tuple(missing),
    )


def spanned(matrix: Matrix, t: int) -> Iterator[Combination]:
    """All combinations of t values that the matrix has, in its order."""
    for group in combinations(matrix, t):
        yield from product(*([(dimension, value) for value in values] for dimension, values in group))


def covered_by(cells: Iterable[Combination], matrix: Matrix, t: int) -> set[Combination]:
    """The combinations of t values that the cells contain; values outside the chosen matrix cover nothing."""
    found: set[Combination] = set()
    for known in within(cells, matrix):
        found.update(combinations(known, t))
    return found


def within(cells: Iterable[Combination], matrix: Matrix) -> Iterator[Combination]:
    """The cells in the order of the matrix's dimensions, without what it does not have."""
    allowed = [(name, frozenset(values)) for name, values in matrix]
    for cell in cells:
        given = dict(cell)
        yield tuple((name, given[name]) for name, values in allowed if given.get(name) in values)
