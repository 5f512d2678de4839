"""Makes random small runs for tests of coverage, over matrices of one to five dimensions."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import strategies as st
from records import case, cell, record, result

from astral.model import Case, Cell, Matrix, Outcome, RunRecord

NAMES = ("category", "style", "persuasion", "language", "tone")
OUTCOMES = [outcome.value for outcome in Outcome]


def matrix_of(*sizes: int) -> Matrix:
    """``matrix_of(2, 3)``: a category of two values and a style of three."""
    return tuple(
        (name, tuple(f"{name[0]}{at}" for at in range(size))) for name, size in zip(NAMES, sizes, strict=False)
    )


MATRICES = [matrix_of(*sizes) for sizes in ((3,), (2, 3), (2, 2, 3), (2, 3, 1, 2), (2, 2, 2, 2, 2))]


def cells(matrix: Matrix) -> list[Cell]:
    return [cell(*values, matrix=matrix) for values in product(*(values for _, values in matrix))]


def dated(run: RunRecord, day: int) -> RunRecord:
    """The run as one that began on that day, with an id of its own."""
    return replace(run, run=replace(run.run, id=f"run{day}", started=f"2026-01-{day + 1:02}T00:00:00Z"))


@st.composite
def runs(draw: st.DrawFn, matrix: Matrix, *, moving: bool = True) -> RunRecord:
    """A run of a few prompts, at one or two targets, each trial with any outcome.

    With ``moving`` a prompt may stand in several cells; without it the words name the cell.
    """
    places = cells(matrix)
    found: dict[str, Case] = {}
    for _ in range(draw(st.integers(0, 6))):
        where = draw(st.sampled_from(places))
        words = str(draw(st.integers(0, 3)))
        one = case(where, words if moving else f"{words} of {where}")
        found[one.id] = one
        if draw(st.booleans()):
            twin = case(where, f"benign {where} {one.id}", twin_of=one.id)
            found[twin.id] = twin
    results = [
        result(one, draw(st.sampled_from(OUTCOMES)), target)
        for one in found.values()
        for target in draw(st.sampled_from([("a",), ("a", "b")]))
    ]
    return record(found.values(), results, matrix, {"a": "a", "b": "b"})
