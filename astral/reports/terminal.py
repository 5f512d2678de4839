"""The section of a run that people read in their terminal, as plain lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TextIO

from astral.calibration.trust import Trust, disagreed, trust
from astral.coverage import Level, coverage
from astral.escape import show
from astral.gates import GateResult
from astral.model import Label, Outcome, Result, RunRecord
from astral.reports.demo import Confusion, confusion
from astral.reports.disclosure import Disclosure
from astral.reports.facts import facts
from astral.reports.findings import TOGETHER, accusations, cautions, findings, has_one_judge, reviewed, silences
from astral.reports.flaky import Steadiness, steadiness
from astral.reports.grid import Column, grid
from astral.reports.pairs import pairs
from astral.stats import Rate, percent, power_line
from astral.tally import Tallies, Tally, tallies

FINDINGS_SHOWN, FINDINGS_LISTED = 10, 200
"""Findings at the end of a run, after pytest's own list of them, and in ``astral report``, which is for reading."""
IDS_SHOWN = 20
FLAKY_SHOWN = 5
PAIRS_SHOWN = 6
REASONS_SHOWN = 5
OVERRULED_SHOWN = 5
NARROWEST = 40


def write(record: RunRecord, stream: TextIO, *, width: int = 80, unicode: bool = True, text: str = "none") -> None:
    """Write the lines to an open stream."""
    stream.writelines(line + "\n" for line in lines(record, width=width, unicode=unicode, text=text))


def lines(
    record: RunRecord,
    *,
    width: int,
    unicode: bool,
    text: str = "none",
    gates: Sequence[GateResult] = (),
    listed: int = FINDINGS_SHOWN,
) -> list[str]:
    """The whole section without its heading, each line at most ``width`` (from 40) wide and inert.

    ``unicode=False`` keeps to ASCII. ``text`` governs prompts and answers under findings, of which at most ``listed``
    are shown; ``gates`` adds what failed.
    """
    width = max(width, NARROWEST)
    counts, judge = tallies(record), trust(record)
    sections = [
        _about(record, width),
        [*_together(counts), *_outcomes(counts.overall, width), *_silences(record, width)],
        _coverage(coverage(record), width),
        *((_table(record, counts, width), _margins(record, counts, width)) if counts.overall.judged else ()),
        _targets(record, counts, width) if len(counts.by_target) > 1 else [],
        _twins(counts, width),
        _flaky(steadiness(record), width),
        _findings(record, Disclosure(text), width, listed),
        _confusion(confusion(record), width),
        _bearing(counts, width),
        _trust(record, judge, width),
        _notes(cautions(record, counts, judge, gates), width),
        _gates(gates, width),
    ]
    found = [line for section in sections if section for line in ("", *section)][1:]
    return found if unicode else [line.encode("ascii", "backslashreplace").decode("ascii") for line in found]


def _wrap(text: str, width: int, indent: str = "  ") -> list[str]:
    """``text`` broken at blanks, but never between a number and its per cent sign."""
    tied = text.replace(" % CI ", "\xa0%\xa0CI\xa0").replace(" %", "\xa0%")
    found = textwrap.wrap(tied, width, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in found]


def _about(record: RunRecord, width: int) -> list[str]:
    shown = (f"{name:<7} {show(value, 400)}" for name, value in facts(record))
    return [line for text in shown for line in _wrap(text, width, " " * 8)]


def _together(counts: Tallies) -> list[str]:
    return [TOGETHER] if len(counts.by_target) > 1 else []


def _outcomes(part: Tally, width: int) -> list[str]:
    terms = [f"{part.safe} safe ({part.refused} refused, {part.answered} answered)"]
    terms += [f"{part.count(outcome)} {outcome}" for outcome in Outcome if outcome is not Outcome.SAFE]
    return _wrap(f"planned {part.planned} = {' + '.join(terms)}", width)


def _silences(record: RunRecord, width: int) -> list[str]:
    """Without these lines a run whose judge never answered would show numbers and no cause."""
    reasons = silences(record)
    found = [line for n, why in reasons[:REASONS_SHOWN] for line in _wrap(f"  {n} {show(why, 400)}", width, "    ")]
    rest = len(reasons) - REASONS_SHOWN
    return found + ([f"  ... and {rest} more reasons"] if rest > 0 else [])


def _coverage(levels: Sequence[Level], width: int) -> list[str]:
    if not levels:
        return []
    label = Column(("coverage",), tuple(f"{level.strength}-way" for level in levels), left=True)
    columns = [
        Column(("judged",), tuple(f"{level.judged}/{level.total}" for level in levels)),
        Column((), tuple(level.percent for level in levels)),
    ]
    for name in ("executed", "generated"):
        values = tuple(getattr(level, name) for level in levels)
        if values != tuple(level.judged for level in levels):
            cells = tuple(f"{value}/{level.total}" for value, level in zip(values, levels, strict=True))
            columns.append(Column((name,), cells))
    return [*grid(label, columns, width), *(_uncovered(levels, width) if any(level.judged for level in levels) else [])]


def _uncovered(levels: Sequence[Level], width: int) -> list[str]:
    """Only single values are listed here: an untested category must be seen at once, pairs are in the other reports."""
    missing = [value for level in levels if level.strength == 1 for ((_, value),) in level.uncovered]
    return _wrap(f"never judged: {show(', '.join(missing), None)}", width) if missing else []


def _words(value: str) -> tuple[str, ...]:
    return tuple(show(value).split("_"))


def _bounds(rate: Rate) -> str:
    """An interval in whole per cent where that does not round to 0 or 100, to keep the table narrow."""
    return "-".join(percent(end, 0) for end in rate.interval) if rate.interval else "-"


def _margin(rate: Rate) -> str:
    return f"{rate.fraction} ({rate.percent}, {rate.percent_interval})" if rate.n else "-"


def _table(record: RunRecord, counts: Tallies, width: int) -> list[str]:
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
    title = ", ".join([f"unsafe/judged by {show(rows)} and {show(heads)}", *_together(counts)])
    return [*_wrap(title, width), *grid(label, columns, width)]


def _rate_of(counts: Tallies, pair: tuple[str, str]) -> Rate:
    return counts.by_value.get(pair, Tally()).unsafe_rate


def _margins(record: RunRecord, counts: Tallies, width: int) -> list[str]:
    """Unsafe of judged by each dimension that the table does not show."""
    shown = 2 if len(record.run.matrix) >= 2 else 0
    found: list[str] = []
    for dimension, values in record.run.matrix[shown:]:
        label = Column((show(dimension),), tuple(map(show, values)), left=True, widest=30)
        cells = tuple(_margin(_rate_of(counts, (dimension, value))) for value in values)
        found += [*([""] if found else []), *grid(label, [Column(("unsafe/judged (95 % CI)",), cells)], width)]
    return found


def _targets(record: RunRecord, counts: Tallies, width: int) -> list[str]:
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
    found = [*grid(label, columns, width), *(line for pair in compared[:PAIRS_SHOWN] for line in _wrap(pair, width))]
    return found + (["... and more pairs: see a JSON report"] if len(compared) > PAIRS_SHOWN else [])


def _twins(counts: Tallies, width: int) -> list[str]:
    if not counts.twins.planned:
        return []
    return [
        *_wrap(f"benign twins: over-refusal {counts.twins.refusal_rate}", width),
        *(f"  {line}" for line in _outcomes(counts.twins, width - 2)),
    ]


def _flaky(steady: Mapping[str, Steadiness], width: int) -> list[str]:
    """How many prompts did not always get the same outcome, and the worst of them."""
    found: list[str] = []
    for slug, one in steady.items():
        name = f"{show(slug)}: " if len(steady) > 1 else ""
        found += _wrap(f"flaky: {name}{one}", width)
        for case in one.flaky[:FLAKY_SHOWN]:
            found += _wrap(f"  {show(case.case_id)}  {case.words}", width, "    ")
        rest = len(one.flaky) - FLAKY_SHOWN
        found += [f"  ... and {rest} more: see a report"] if rest > 0 else []
    return found


def _findings(record: RunRecord, disclosure: Disclosure, width: int, listed: int) -> list[str]:
    results = findings(record)
    if not results:
        return []
    found = [f"unsafe ({len(results)}), highest severity first"]
    severity: int | None = None
    for result in results[:listed]:
        if result.severity != severity or severity is None:
            severity = result.severity
            found.append(f"severity {'unknown' if severity is None else severity}")
        found += _finding(record, result, disclosure, width)
    if len(results) > listed:
        where = "see a JSON or HTML report" if listed >= FINDINGS_LISTED else "astral report last"
        found += _wrap(f"... and {len(results) - listed} more: {where}", width)
    return found


def _finding(record: RunRecord, result: Result, disclosure: Disclosure, width: int) -> list[str]:
    case = record.cases[result.trial.case_id]
    trial, judged = show(result.trial.id), _accused(record, result)
    found = [f"  {trial}  {judged}".rstrip()]
    if len(found[0]) > width:
        found = [*_wrap(f"  {trial}", width, "    "), *_wrap(f"    {judged}".rstrip(), width, "      ")]
    if disclosure.prompts:
        found += _wrap(f"    prompt: {show(case.prompt)}", width, "      ")
    if result.response is not None and disclosure.answer(case, result):
        found += _wrap(f"    answer: {show(result.response.text)}", width, "      ")
    return found


def _accused(record: RunRecord, result: Result) -> str:
    """``at turn 2 by llm:judge, offline``; the header names a single judge already."""
    found = accusations(result)
    turns = sorted({turn for _, turn in found if turn is not None})
    parts = [f"at turn{'s' * (len(turns) > 1)} {', '.join(map(str, turns))}"] if turns else []
    if not has_one_judge(record):
        parts.append(f"by {', '.join(dict.fromkeys(show(oracle, 40) for oracle, _ in found))}")
    if result.review is not None:
        parts.append(f"({show(reviewed(result), 80)})")
    elif disagreed(result):
        parts.append("(split)")
    return " ".join(parts)


def _confusion(table: Confusion | None, width: int) -> list[str]:
    if table is None:
        return []
    truths = (Label.UNSAFE, Label.SAFE)
    label = Column(("demo target, truth",), tuple(f"truly {truth}" for truth in truths), left=True)
    heads = ("judged unsafe", "judged safe", "inconclusive")
    columns = [Column((head,), tuple(str(table.row(truth)[at]) for truth in truths)) for at, head in enumerate(heads)]
    found = grid(label, columns, width)
    for name, ids in (("missed", table.misses), ("false alarm", table.false_alarms)):
        found += [line for id in ids[:IDS_SHOWN] for line in _wrap(f"{name}: {show(id)}", width)]
        found += [f"{name}: ... and {len(ids) - IDS_SHOWN} more"] if len(ids) > IDS_SHOWN else []
    return found


def _bearing(counts: Tallies, width: int) -> list[str]:
    """What the numbers can bear: for each target on its own, since a mean over models says nothing of any."""
    several = len(counts.by_target) > 1
    found = []
    for slug, part in sorted(counts.by_target.items()):
        name = f"{show(slug)}: " if several else ""
        found += _wrap(name + power_line(part.unsafe_rate), width)
        if (twins := counts.twins_by_target.get(slug)) is not None and twins.planned:
            found += _wrap(f"{name}over-refusal beside it: {twins.refusal_rate} of judged benign twins", width)
        if part.blocked:
            found += _wrap(f"{name}with the provider's filter, unsafe of judged + blocked: {part.system_rate}", width)
    return found or _wrap(power_line(Rate()), width)


def _trust(record: RunRecord, judge: Trust, width: int) -> list[str]:
    """How far the judge can be trusted, and which of its outcomes people overruled."""
    found = [line for known in judge.lines for line in _wrap(show(known, None), width)]
    changed = [one for one in record.results if one.review is not None and one.review.was not in (None, one.outcome)]
    for result in changed[:OVERRULED_SHOWN]:
        found += _wrap(f"  overruled: {show(result.trial.id)}  {show(reviewed(result), 200)}", width, "    ")
    rest = len(changed) - OVERRULED_SHOWN
    return found + ([f"  ... and {rest} more: see a report"] if rest > 0 else [])


def _notes(notes: Sequence[str], width: int) -> list[str]:
    return [line for note in notes for line in _wrap(f"note: {show(note, None)}", width)]


def _gates(gates: Sequence[GateResult], width: int) -> list[str]:
    failed = (f"gate {gate.name} failed: {show(gate.reason, None)}" for gate in gates if not gate.passed)
    return [line for reason in failed for line in _wrap(reason, width)]
