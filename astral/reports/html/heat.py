"""Heat maps of the HTML report: the unsafe rate by each pair of dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from astral.model import RunRecord
from astral.reports.html.tables import FEW, marks, plain, worst
from astral.stats import Rate
from astral.tally import Tallies, Tally

MAPS_SHOWN = 10
"""All pairs of five dimensions."""
ROWS_SHOWN, COLUMNS_SHOWN = 40, 16
STEPS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Upper ends of the colour steps; the first is for exactly 0."""

_Dimension = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Spot:
    """One cell: ``step`` is its colour, None where too little was judged for a rate."""

    tally: Tally
    step: int | None
    marks: list[tuple[str, str, str, int]]


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one value, and its rate over all columns, also those that are left out."""

    name: str
    spots: tuple[Spot, ...]
    rate: Rate


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Two dimensions; ``more_rows`` and ``more_columns`` count the values with the fewest unsafe answers left out."""

    rows: str
    columns: str
    heads: tuple[str, ...]
    body: tuple[Row, ...]
    foot: tuple[Rate, ...]
    more_rows: int = 0
    more_columns: int = 0


def heat_maps(record: RunRecord, counts: Tallies) -> list[HeatMap]:
    """One map for each pair of dimensions in the order of the matrix, the longer dimension downwards."""
    pairs = list(combinations(record.run.matrix, 2))[:MAPS_SHOWN]
    return [_map(counts, *sorted(pair, key=lambda one: -len(one[1]))) for pair in pairs]


def scale() -> list[tuple[int, str]]:
    """The colour steps in words."""
    ends = [f"{end * 100:.0f}" for end in STEPS]
    return [(0, "0 %"), *((step, f"to {end} %") for step, end in enumerate(ends) if step)]


def _map(counts: Tallies, down: _Dimension, across: _Dimension) -> HeatMap:
    rows, columns = worst(counts, down, ROWS_SHOWN), worst(counts, across, COLUMNS_SHOWN)
    body = tuple(
        Row(
            plain(row),
            tuple(_spot(_pair(counts, (down[0], row), (across[0], column))) for column in columns),
            _rate(counts, (down[0], row)),
        )
        for row in rows
    )
    return HeatMap(
        rows=down[0],
        columns=across[0],
        heads=tuple(map(plain, columns)),
        body=body,
        foot=tuple(_rate(counts, (across[0], column)) for column in columns),
        more_rows=len(down[1]) - len(rows),
        more_columns=len(across[1]) - len(columns),
    )


def _spot(part: Tally) -> Spot:
    return Spot(part, _step(part.unsafe_rate), marks(part))


def _step(rate: Rate) -> int | None:
    share = rate.share
    if share is None or rate.n < FEW:
        return None
    return next(step for step, end in enumerate(STEPS) if share <= end)


def _pair(counts: Tallies, one: tuple[str, str], other: tuple[str, str]) -> Tally:
    """The tally of two values in whichever order the matrix has their dimensions."""
    return counts.by_pair.get((one, other)) or counts.pair(other, one)


def _rate(counts: Tallies, pair: tuple[str, str]) -> Rate:
    return counts.by_value.get(pair, Tally()).unsafe_rate
