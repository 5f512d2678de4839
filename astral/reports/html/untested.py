"""What a run did not test, as the HTML report tells it: on the first screen in lines, further down in lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from astral.coverage import Gap, Gaps, Level, coverage, extended, gaps
from astral.model import Outcome, RunRecord
from astral.reports.findings import silences
from astral.reports.html.tables import FEW, Few, plain
from astral.tally import Tallies, Tally

NAMES_SHOWN = 6
"""Names in one line of the first screen."""
REASONS_SHOWN = 3
LISTED = 200
"""Gaps in a list further down."""


@dataclass(frozen=True, slots=True)
class Untested:
    """``lines`` are for the first screen, each with a number or name in front; the rest is for the section on coverage.

    ``few`` are the values of the first dimension with fewer than ``FEW`` judged answers.
    """

    lines: tuple[tuple[str, str], ...]
    levels: tuple[Level, ...]
    beyond: tuple[Level, ...]
    names: tuple[str, ...]
    ignored: tuple[str, ...]
    few: tuple[tuple[str, Tally], ...]
    values: Few[Gap]
    pairs: Few[Gap]
    cells: Few[Gap]
    whole: Gaps
    reasons: Few[tuple[int, str]]


def untested(record: RunRecord, counts: Tallies) -> Untested:
    """The view of what was not tested."""
    found, further = gaps(record), extended(record)
    few = tuple(_few(record, counts))
    reasons = silences(record)
    return Untested(
        lines=tuple(_lines(record, counts, found, few, reasons)),
        levels=coverage(record),
        beyond=further.levels,
        names=further.names,
        ignored=further.ignored,
        few=few,
        values=Few.of(found.values, LISTED),
        pairs=Few.of(found.pairs, LISTED),
        cells=Few.of(found.planned, LISTED),
        whole=found,
        reasons=Few.of(reasons, LISTED),
    )


def _few(record: RunRecord, counts: Tallies) -> Iterator[tuple[str, Tally]]:
    """The values of the first dimension that were judged, but too seldom for a rate."""
    for dimension, values in record.run.matrix[:1]:
        parts = ((value, counts.by_value.get((dimension, value), Tally())) for value in values)
        yield from ((plain(value), part) for value, part in parts if 0 < part.judged < FEW)


def _lines(
    record: RunRecord,
    counts: Tallies,
    found: Gaps,
    few: Sequence[tuple[str, Tally]],
    reasons: Sequence[tuple[int, str]],
) -> Iterator[tuple[str, str]]:
    if found.values:
        names = [plain(gap.values[0]) for gap in found.values]
        yield str(len(names)), f"never judged at all: {_named(names)}"
    if few:
        first, values = record.run.matrix[0]
        names = [f"{name} {part.judged} of {part.planned}" for name, part in few]
        yield str(len(few)), f"of {len(values)} in {first} with fewer than {FEW} judged: {_named(names)}"
    if found.pairs:
        total = sum(level.total for level in coverage(record) if level.strength == 2)
        yield str(len(found.pairs)), f"of {total} pairs of values never judged together"
    if found.empty:
        planned = f", {len(found.planned)} of them planned" if found.planned else ""
        yield str(found.empty), f"of {found.cells} cells without a judged prompt{planned}"
    if silent := counts.overall.planned - counts.overall.judged:
        yield str(silent), f"of {counts.overall.planned} trials without a verdict: {_silent(counts.overall, reasons)}"
    yield from _never_asked(record, counts)


def _silent(part: Tally, reasons: Sequence[tuple[int, str]]) -> str:
    """``14 inconclusive, 2 blocked (8 judge_unknown, 4 truncated, ...)``."""
    kinds = (outcome for outcome in Outcome if not outcome.judged and part.count(outcome))
    words = ", ".join(f"{part.count(outcome)} {plain(outcome.value)}" for outcome in kinds)
    why = [f"{count} {reason.partition(': ')[2]}" for count, reason in reasons[:REASONS_SHOWN]]
    rest = len(reasons) - REASONS_SHOWN
    more = [f"{rest} more reason{'s' * (rest > 1)}"] if rest > 0 else []
    return f"{words} ({', '.join([*why, *more])})" if why else words


def _never_asked(record: RunRecord, counts: Tallies) -> Iterator[tuple[str, str]]:
    """What the run's settings left out."""
    if shard := record.run.settings.get("shard"):
        yield shard, "only this shard of the suite was asked"
    if not counts.twins.planned:
        yield "0", "harmless requests asked: over-refusal is not known (twins=on)"
    if counts.overall.planned and all(result.trial.repeat == 1 for result in record.results):
        yield "1", "answer to each prompt: how steady they are is not known (repeats=3)"


def _named(names: Sequence[str]) -> str:
    rest = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
