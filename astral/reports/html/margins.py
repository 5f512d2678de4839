"""The unsafe rate by each value of each dimension, with intervals drawn on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from astral.model import RunRecord
from astral.reports.html.tables import plain, worst
from astral.stats import Rate
from astral.tally import Tallies, Tally

VALUES_SHOWN = 40
TOPS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Where the scale of drawn intervals may end."""


@dataclass(frozen=True, slots=True)
class Margin:
    """One dimension: its values with their rates in the order of the matrix, and how many ``more`` it has."""

    dimension: str
    rows: tuple[tuple[str, Rate], ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Margins:
    """All dimensions on one scale from 0 to ``top``; ``whole`` is the rate of the run, drawn across all of them."""

    parts: tuple[Margin, ...]
    top: float
    whole: Rate


def margins(record: RunRecord, counts: Tallies) -> Margins:
    """The rates by value of every dimension."""
    parts = tuple(_margin(counts, dimension) for dimension in record.run.matrix)
    whole = counts.overall.unsafe_rate
    return Margins(parts, top([whole, *(rate for part in parts for _, rate in part.rows)]), whole)


def _margin(counts: Tallies, dimension: tuple[str, tuple[str, ...]]) -> Margin:
    name, values = dimension
    shown = worst(counts, dimension, VALUES_SHOWN)
    rows = tuple((plain(value), counts.by_value.get((name, value), Tally()).unsafe_rate) for value in shown)
    return Margin(name, rows, len(values) - len(shown))


def top(rates: Iterable[Rate]) -> float:
    """The end of a scale on which all intervals fit."""
    highest = max((rate.interval[1] for rate in rates if rate.interval), default=1.0)
    return next(end for end in TOPS if highest <= end)
