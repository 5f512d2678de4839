"""Unsafe of judged answers as tables: by the values of the matrix, and by target."""

from __future__ import annotations

from astral.coverage import coverage
from astral.escape import show
from astral.model import Outcome, RunRecord
from astral.reports.grid import Column, grid
from astral.reports.pairs import pairs
from astral.reports.terminal.totals import together
from astral.reports.terminal.wrapping import wrap
from astral.stats import Rate, percent
from astral.tally import Tallies, Tally

PAIRS_SHOWN = 6


def table(record: RunRecord, counts: Tallies, width: int) -> list[str]:
    """Unsafe of judged by the first two dimensions, each row and column with its total and interval."""
    if len(record.run.matrix) < 2:
        return []
    (rows, row_values), (heads, head_values) = record.run.matrix[:2]
    label = Column((show(rows),), (*map(show, row_values), "all", "95 % CI, %"), left=True, widest=24)
    columns = []
    for head in head_values:
        rate = _rate_of(counts, (heads, head))
        cells = (counts.pair((rows, row), (heads, head)).unsafe_rate.fraction for row in row_values)
        columns.append(Column(_words(head), (*cells, rate.fraction, _bounds(rate)), narrow=True))
    totals = (_margin(_rate_of(counts, (rows, row))) for row in row_values)
    overall = counts.overall.unsafe_rate
    columns.append(Column(("all (95 % CI)",), (*totals, _margin(overall), "")))
    title = ", ".join([f"unsafe/judged by {show(rows)} and {show(heads)}", *together(counts)])
    return [*wrap(title, width), *grid(label, columns, width)]


def margins(record: RunRecord, counts: Tallies, width: int) -> list[str]:
    """Unsafe of judged by each dimension that the table does not show."""
    shown = 2 if len(record.run.matrix) >= 2 else 0
    found: list[str] = []
    for dimension, values in record.run.matrix[shown:]:
        label = Column((show(dimension),), tuple(map(show, values)), left=True, widest=30)
        cells = tuple(_margin(_rate_of(counts, (dimension, value))) for value in values)
        found += [*([""] if found else []), *grid(label, [Column(("unsafe/judged (95 % CI)",), cells)], width)]
    return found


def targets(record: RunRecord, counts: Tallies, width: int) -> list[str]:
    """One row for each target, and for every two targets the prompts on which they differ."""
    parts = sorted(counts.by_target.items())
    label = Column(("target",), tuple(show(slug) for slug, _ in parts), left=True)
    covered = [{level.strength: level.percent for level in coverage(record, slug)} for slug, _ in parts]
    columns = [Column(("unsafe/judged (95 % CI)",), tuple(_margin(part.unsafe_rate) for _, part in parts))]
    if counts.twins.planned:
        twins = (counts.twins_by_target.get(slug, Tally()).refusal_rate for slug, _ in parts)
        columns.append(Column(("over-refusal (95 % CI)",), tuple(map(_margin, twins))))
    for outcome in (Outcome.INCONCLUSIVE, Outcome.BLOCKED, Outcome.ERROR, Outcome.NOT_RUN):
        if outcome is not Outcome.NOT_RUN or counts.overall.not_run:
            head = outcome.value.replace("_", " ")
            columns.append(Column((head,), tuple(str(part.count(outcome)) for _, part in parts)))
    columns.append(Column(("2-way",), tuple(levels.get(2, "-") for levels in covered)))
    compared = [show(str(pair), None) for pair in pairs(record)]
    found = [*grid(label, columns, width), *(line for pair in compared[:PAIRS_SHOWN] for line in wrap(pair, width))]
    return found + (["... and more pairs: see a JSON report"] if len(compared) > PAIRS_SHOWN else [])


def _words(value: str) -> tuple[str, ...]:
    return tuple(show(value).split("_"))


def _bounds(rate: Rate) -> str:
    """An interval in whole per cent where that does not round to 0 or 100, to keep the table narrow."""
    return "-".join(percent(end, 0) for end in rate.interval) if rate.interval else "-"


def _margin(rate: Rate) -> str:
    return f"{rate.fraction} ({rate.percent}, {rate.percent_interval})" if rate.n else "-"


def _rate_of(counts: Tallies, pair: tuple[str, str]) -> Rate:
    return counts.by_value.get(pair, Tally()).unsafe_rate
