"""The plan: which cells of the matrix are tested. Covering arrays come from covertable and are checked here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from astral.errors import PlanError
from astral.model import Cell, Matrix

STRENGTH = {"pairwise": 2, "3way": 3}


def plan_cells(matrix: Matrix, plan: str, seed: int) -> tuple[Cell, ...]:
    """The cells of ``plan`` (``pairwise``, ``3way`` or ``full``), sorted by the matrix's own order.

    ``seed`` chooses among arrays of the same strength. Raises PlanError when the array misses a combination.
    """
    strength = min(STRENGTH.get(plan, len(matrix)), len(matrix))
    cells = _all_cells(matrix) if strength == len(matrix) else _covering_array(matrix, strength, seed)
    order = {pair: at for at, pair in enumerate((d, v) for d, values in matrix for v in values)}
    ordered = tuple(sorted(set(cells), key=lambda cell: [order[pair] for pair in cell.pairs]))
    missing = uncovered(matrix, ordered, strength)
    if missing:
        raise PlanError(f"plan={plan}: the array misses {len(missing)} combinations, e.g. {missing[0]}; use plan=full")
    return ordered


def _all_cells(matrix: Matrix) -> Iterator[Cell]:
    dimensions = [dimension for dimension, _ in matrix]
    for values in itertools.product(*(values for _, values in matrix)):
        yield Cell(tuple(zip(dimensions, values, strict=True)))


def _covering_array(matrix: Matrix, strength: int, seed: int) -> Iterator[Cell]:
    from covertable import make, sorters

    rows = make({d: list(values) for d, values in matrix}, strength=strength, sorter=sorters.hash, salt=str(seed))
    for row in rows:
        yield Cell(tuple((dimension, row[dimension]) for dimension, _ in matrix))


def tuples(matrix: Matrix, strength: int) -> Iterator[tuple[tuple[str, str], ...]]:
    """All ``strength``-tuples of (dimension, value) that the matrix spans."""
    for dimensions in itertools.combinations(matrix, strength):
        yield from itertools.product(*([(d, v) for v in values] for d, values in dimensions))


def uncovered(matrix: Matrix, cells: Sequence[Cell], strength: int) -> list[tuple[tuple[str, str], ...]]:
    """The tuples of that strength which no cell contains, in the matrix's order."""
    hit = {combination for cell in cells for combination in itertools.combinations(cell.pairs, strength)}
    return [combination for combination in tuples(matrix, strength) if combination not in hit]
