"""What the tables of the HTML report have in common: outcomes as words and marks, names of values, bounded lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from astral.model import Outcome, RunRecord
from astral.samples import Question
from astral.tally import Tallies, Tally

_Item = TypeVar("_Item")

FEW = 5
"""Judged trials below which a cell shows its outcomes one by one: a colour would claim a rate that is not there."""
WORDS = (
    ("unsafe", "U", "unsafe"),
    ("refused", "R", "safe: refused"),
    ("answered", "A", "safe: answered"),
    ("inconclusive", "I", "inconclusive"),
    ("blocked", "B", "blocked"),
    ("error", "E", "error"),
    ("not_run", "N", "not run"),
)
"""What a trial came to, with the split of safe: name of its style, letter, words."""


@dataclass(frozen=True, slots=True)
class Few(Generic[_Item]):
    """The first items of a list that may be long, and how ``more`` there are."""

    items: tuple[_Item, ...]
    more: int = 0

    @classmethod
    def of(cls, found: Sequence[_Item], most: int) -> Few[_Item]:
        return cls(tuple(islice(found, most)), max(len(found) - most, 0))


def _number(part: Tally, kind: str) -> int:
    return int(getattr(part, kind))


def marks(part: Tally) -> list[tuple[str, str, str, int]]:
    """Each outcome of a tally: style, letter, words and count."""
    return [(kind, letter, word, _number(part, kind)) for kind, letter, word in WORDS]


def counted(part: Tally) -> list[tuple[str, str, int, bool]]:
    """The outcomes of a tally as rows that add up; the parts of safe follow it, indented."""
    rows = [("", "safe", part.safe, False)]
    rows += [(kind, kind, _number(part, kind), True) for kind in ("refused", "answered")]
    kinds = [(kind, word) for kind, _, word in WORDS if kind not in ("refused", "answered")]
    return rows + [(kind, word, _number(part, kind), False) for kind, word in kinds]


def stack(part: Tally) -> list[tuple[str, int, int]]:
    """The bar over the outcomes: style, start and width, in trials."""
    widths = [("unsafe", part.unsafe), ("refused", part.refused), ("answered", part.answered)]
    widths.append(("other", part.planned - part.judged))
    bars, start = [], 0
    for kind, width in widths:
        bars.append((kind, start, width))
        start += width
    return bars


def plain(value: str) -> str:
    """An id of the taxonomy as people write it."""
    return value.replace("_", " ")


def tied(text: str) -> str:
    """``text`` with numbers that no line break parts from their per cent sign, nor an interval from its name."""
    return text.replace(" % CI ", "\xa0%\xa0CI\xa0").replace(" %", "\xa0%")


def joined(values: Iterable[str]) -> str:
    """The values of a cell, or of a part of one, as people write them."""
    return " / ".join(map(plain, values))


def places(record: RunRecord) -> Mapping[Question, int]:
    """Where a question (case id and target) stands in the report: the number of its first unsafe trial, else of its
    first. ``#t7`` leads to the trial with number 7.
    """
    found: dict[Question, tuple[bool, int]] = {}
    for number, result in enumerate(record.results, 1):
        question = (result.trial.case_id, result.trial.target)
        found[question] = min(found.get(question, (True, number)), (result.outcome is not Outcome.UNSAFE, number))
    return {question: number for question, (_, number) in found.items()}


def worst(counts: Tallies, dimension: tuple[str, tuple[str, ...]], most: int) -> list[str]:
    """The values with the most unsafe answers, in the order of the matrix: what is left out hides no finding first."""
    name, values = dimension
    found = set(sorted(values, key=lambda value: -counts.by_value.get((name, value), Tally()).unsafe)[:most])
    return [value for value in values if value in found]
