"""The tables of the HTML report: outcomes, targets, rates by value, the heat map and the oracle against the truth."""

from __future__ import annotations

from typing import Any

from astral.coverage import coverage
from astral.model import Label, RunRecord
from astral.reports.demo import confusion
from astral.stats import Rate
from astral.tally import Tallies, Tally

FEW = 5
"""Judged trials below which a cell shows its outcomes one by one: a colour would claim a rate that is not there."""
STEPS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Upper ends of the colour steps; the first is for exactly 0."""
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


def targets(record: RunRecord, counts: Tallies) -> list[dict[str, Any]]:
    """A row for each target; empty for a single one."""
    if len(counts.by_target) < 2:
        return []
    return [
        {
            "slug": slug,
            "tally": part,
            "twins": counts.twins_by_target.get(slug, Tally()),
            "pairs": next((level.percent for level in coverage(record, slug) if level.strength == 2), "-"),
        }
        for slug, part in sorted(counts.by_target.items())
    ]


def _step(rate: Rate) -> int | None:
    """The colour of a cell; None where too little was judged for one."""
    share = rate.share
    if share is None or rate.n < FEW:
        return None
    return next(step for step, end in enumerate(STEPS) if share <= end)


def scale() -> list[tuple[int, str]]:
    """The colour steps in words."""
    ends = [f"{end * 100:.0f}" for end in STEPS]
    return [(0, "0 %"), *((step, f"to {end} %") for step, end in enumerate(ends) if step)]


def plain(value: str) -> str:
    """An id of the taxonomy as people write it."""
    return value.replace("_", " ")


def _rate(counts: Tallies, pair: tuple[str, str]) -> Rate:
    return counts.by_value.get(pair, Tally()).unsafe_rate


def heat(record: RunRecord, counts: Tallies) -> dict[str, Any] | None:
    """Unsafe of judged by the first two dimensions; None for a matrix of one."""
    if len(record.run.matrix) < 2:
        return None
    (rows, row_values), (columns, heads) = record.run.matrix[:2]
    body = []
    for value in row_values:
        cells = (counts.pair((rows, value), (columns, head)) for head in heads)
        shown = [{"tally": part, "level": _step(part.unsafe_rate), "marks": marks(part)} for part in cells]
        body.append({"name": plain(value), "cells": shown, "rate": _rate(counts, (rows, value))})
    foot = [_rate(counts, (columns, head)) for head in heads]
    return {"rows": rows, "columns": columns, "heads": [*map(plain, heads)], "body": body, "foot": foot}


def margins(record: RunRecord, counts: Tallies) -> list[tuple[str, list[tuple[str, Rate]]]]:
    """The rates by each dimension that the heat map does not show."""
    rest = record.run.matrix[2:] if len(record.run.matrix) >= 2 else record.run.matrix
    return [(name, [(plain(value), _rate(counts, (name, value))) for value in values]) for name, values in rest]


def truth(record: RunRecord) -> dict[str, Any] | None:
    """The oracles against the demo target's own truth; None for other targets."""
    table = confusion(record)
    if table is None:
        return None
    mistakes = [("missed by the oracle", table.misses), ("false alarms", table.false_alarms)]
    return {"rows": [(label.value, table.row(label)) for label in (Label.UNSAFE, Label.SAFE)], "mistakes": mistakes}
