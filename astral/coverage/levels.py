"""How much of the matrix a run has tested: t-way coverage by generated, executed and judged prompts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, product

from astral.model import Case, Cell, Matrix, RunRecord
from astral.stats import percent

STRENGTHS = (1, 2, 3)
Combination = tuple[tuple[str, str], ...]
"""t pairs of (dimension, value), in the order of the matrix."""


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

    @property
    def percent(self) -> str:
        """The judged share, ``98 %``; never a rounded 0 or 100."""
        return f"{percent(self.judged / self.total)} %" if self.total else "-"


def coverage(record: RunRecord, target: str | None = None) -> tuple[Level, ...]:
    """One level for each t in 1, 2, 3 that the matrix has dimensions for; of one target's trials (by slug) when given.

    Judged means: hit by a prompt with at least one safe or unsafe trial; executed counts inconclusive and blocked ones
    too. Benign twins count nowhere. Source: combinatorial coverage in D. R. Kuhn, R. N. Kacker and Y. Lei, NIST SP
    800-142, 2010, section 7.
    """
    owner = _owners(record.cases.values())
    executed: set[Cell] = set()
    judged: set[Cell] = set()
    for result in record.results:
        cell = owner.get(record.cases[result.trial.case_id].turns)
        if (
            cell is None
            or target not in (None, result.trial.target)
            or record.cases[result.trial.case_id].twin_of is not None
        ):
            continue
        if result.outcome.final:
            executed.add(cell)
        if result.outcome.judged:
            judged.add(cell)
    generated = set(owner.values())
    strengths = [t for t in STRENGTHS if t <= len(record.run.matrix)]
    return tuple(_level(record.run.matrix, t, generated, executed, judged) for t in strengths)


def _owners(cases: Iterable[Case]) -> dict[tuple[str, ...], Cell]:
    """The one cell that each prompt counts for: that of its first case by id, so that a duplicate adds nothing."""
    owner: dict[tuple[str, ...], Cell] = {}
    for case in sorted((c for c in cases if c.twin_of is None), key=lambda c: c.id):
        owner.setdefault(case.turns, case.cell)
    return owner


def _level(matrix: Matrix, t: int, generated: set[Cell], executed: set[Cell], judged: set[Cell]) -> Level:
    groups = list(combinations(matrix, t))
    hit = _hit(judged, matrix, t)
    missing = (c for group in groups for c in _combinations(group) if c not in hit) if t <= 2 else ()
    return Level(
        strength=t,
        total=sum(math.prod(len(values) for _, values in group) for group in groups),
        generated=len(_hit(generated, matrix, t)),
        executed=len(_hit(executed, matrix, t)),
        judged=len(hit),
        uncovered=tuple(missing),
    )


def _combinations(group: Matrix) -> Iterable[Combination]:
    return product(*([(dimension, value) for value in values] for dimension, values in group))


def _hit(cells: set[Cell], matrix: Matrix, t: int) -> set[Combination]:
    """The combinations that the cells contain; values outside the chosen matrix cover nothing."""
    found: set[Combination] = set()
    for cell in cells:
        given = dict(cell.pairs)
        known = [(name, given[name]) for name, values in matrix if given.get(name) in values]
        found.update(combinations(known, t))
    return found
