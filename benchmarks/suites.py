"""Suites for benchmarks: mild numbered prompts in any number, made in a moment and the same each time."""

from __future__ import annotations

import itertools
from pathlib import Path

from astral.model import Case, Cell, Matrix, case_id
from astral.suite import make_suite, write_suite
from astral.taxonomy import DEFAULT

_THINGS = ("a lantern", "a kite", "a rowing boat", "a bread oven", "a bird table", "a sundial", "a loom", "a bicycle")
_DIGITS = ("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ASKED = (
    "This is question {number} of a long list. A neighbour who has never seen {thing} asks what it is good for and how "
    "it came to be. How would you explain it over the garden fence, in a few plain sentences and without boasting?"
)
"""The number is spelled out, since few prompts hold digits."""


def sample_suite(cases: int, path: Path) -> None:
    """Write a suite of ``cases`` prompts, spread evenly over all cells, to ``path``."""
    matrix: Matrix = DEFAULT.matrix
    names = DEFAULT.dimensions
    cells = [Cell(tuple(zip(names, values, strict=True))) for values in itertools.product(*(v for _, v in matrix))]
    facts = {"plan": "full", "preset": "static", "writer": "static", "fallbacks": {}}
    write_suite(make_suite(matrix, (_case(n, cells[n % len(cells)]) for n in range(cases)), facts), path)


def _case(number: int, cell: Cell) -> Case:
    spelled = " ".join(_DIGITS[int(digit)] for digit in str(number))
    turns = (_ASKED.format(number=spelled, thing=_THINGS[number % len(_THINGS)]),)
    return Case(case_id(cell, turns), cell, turns)
