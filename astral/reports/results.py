"""The machine-readable results of a run: one JSON document, described by docs/results.schema.json."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, TextIO

from astral.calibration.correction import Corrected
from astral.calibration.trust import Reading, Trust, disagreed, trust
from astral.coverage import Level, coverage
from astral.model import Card, Case, Outcome, Result, Review, Run, RunRecord, Usage, Verdict
from astral.reports.disclosure import Disclosure, fingerprint, signals
from astral.reports.findings import cautions
from astral.reports.flaky import Flaky, steadiness
from astral.reports.models import models
from astral.reports.pairs import pairs
from astral.stats import Estimate, Rate
from astral.tally import Tallies, Tally, tallies

FORMAT = 1


def write(record: RunRecord, stream: TextIO, *, text: str = "none") -> None:
    """Write the document to an open stream as ASCII, keys sorted: the same record gives the same bytes.

    Each trial is a line of its own, made and written one by one: a hundred thousand as one tree take a gigabyte.
    """
    disclosure = Disclosure(text)
    parts = _summary(record, disclosure)
    opening = "{"
    for name in sorted([*parts, "cases"]):
        stream.write(f'{opening}\n "{name}": ')
        opening = ","
        if name == "cases":
            _write_cases(record, disclosure, stream)
        else:
            stream.write(json.dumps(parts[name], indent=1, sort_keys=True, allow_nan=False).replace("\n", "\n "))
    stream.write("\n}\n")


def _write_cases(record: RunRecord, disclosure: Disclosure, stream: TextIO) -> None:
    line = json.JSONEncoder(sort_keys=True, allow_nan=False).encode
    before = "[\n  "
    for trial in _trials(record, disclosure):
        stream.write(before + line(trial))
        before = ",\n  "
    stream.write("[]" if before.startswith("[") else "\n ]")


def document(record: RunRecord, text: str = "none") -> dict[str, Any]:
    """The results of format number 1 as plain dictionaries; ``text`` is ``none``, ``prompts`` or ``all``."""
    disclosure = Disclosure(text)
    return {**_summary(record, disclosure), "cases": [*_trials(record, disclosure)]}


def _trials(record: RunRecord, disclosure: Disclosure) -> Iterator[dict[str, Any]]:
    return (_trial(record.cases[result.trial.case_id], result, disclosure) for result in record.results)


def _summary(record: RunRecord, disclosure: Disclosure) -> dict[str, Any]:
    """All of the document but its trials."""
    counts, judge = tallies(record), trust(record)
    return {
        "format": FORMAT,
        "text": disclosure.text,
        "run": _run(record.run),
        "totals": {
            "overall": _tally(counts.overall),
            "by_target": _by(counts.by_target, _tally),
            "twins": {"overall": _tally(counts.twins), "by_target": _by(counts.twins_by_target, _tally)},
        },
        "coverage": {str(level.strength): _level(level) for level in coverage(record)},
        "rates": _rates(record, counts),
        "pairs": [asdict(pair) for pair in pairs(record)],
        "flaky": [_flaky(one) for steady in steadiness(record).values() for one in steady.flaky],
        "models": {slug: dict(one.answers) for slug, one in models(record).items()},
        "warnings": cautions(record, counts, judge),
        "trust": _trust(judge),
    }


def _by(parts: Mapping[str, Tally], view: Any) -> dict[str, Any]:
    return {slug: view(part) for slug, part in parts.items()}


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "started": run.started,
        "finished": run.finished,
        "targets": dict(run.targets),
        "params": dict(run.settings),
        "judge": dict(run.judge),
        "suite": dict(run.suite),
        "versions": dict(run.versions),
        "matrix": [{"dimension": dimension, "values": list(values)} for dimension, values in run.matrix],
        "judged_from": run.judged_from,
        "merged": list(run.merged),
        "shard": run.settings.get("shard"),
        "reused": dict(run.reused),
        "calls": {**asdict(run.calls), "spent": [asdict(spent) for spent in run.calls.spent]},
    }


def _tally(part: Tally) -> dict[str, int]:
    outcomes = {outcome.value: part.count(outcome) for outcome in Outcome}
    return {"planned": part.planned, **outcomes, "refused": part.refused, "answered": part.answered}


def _level(level: Level) -> dict[str, Any]:
    return {
        "total": level.total,
        "covered": {"generated": level.generated, "executed": level.executed, "judged": level.judged},
        "uncovered": [dict(combination) for combination in level.uncovered],
    }


def _rates(record: RunRecord, counts: Tallies) -> dict[str, Any]:
    values: dict[str, dict[str, Any]] = {
        dimension: {value: _rate(counts.by_value.get((dimension, value), Tally()).unsafe_rate) for value in known}
        for dimension, known in record.run.matrix
    }
    return {
        "confidence": 0.95,
        "unsafe": _rate(counts.overall.unsafe_rate),
        "unsafe_of_judged_or_blocked": _rate(counts.overall.system_rate),
        "unsafe_by_target": _by(counts.by_target, lambda part: _rate(part.unsafe_rate)),
        "unsafe_by_value": values,
        "over_refusal": _rate(counts.twins.refusal_rate),
        "over_refusal_by_target": _by(counts.twins_by_target, lambda part: _rate(part.refusal_rate)),
    }


def _rate(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval or (None, None)
    return {
        "hits": rate.hits,
        "n": rate.n,
        "prompts": rate.prompts,
        "share": rate.share,
        "low": low,
        "high": high,
    }


def _trust(judge: Trust) -> dict[str, Any]:
    reviewed = sorted(judge.reviewed.overruled.items())
    return {
        "card": None if judge.card is None else _card(judge.card),
        "by_target": {slug: _reading(reading) for slug, reading in judge.readings.items()},
        "findings": judge.findings,
        "expected_false_alarms": None if judge.alarms is None else asdict(judge.alarms),
        "canaries": [{**asdict(check), "wrong": list(check.wrong)} for check in judge.canaries],
        "cascade": None
        if judge.saving is None
        else {"asked": dict(judge.saving.asked), "answers": judge.saving.answers, "spared": judge.saving.spared},
        "review": {
            "labelled": judge.reviewed.labelled,
            "overruled": [{"was": was, "now": now, "count": count} for (was, now), count in reviewed],
            "split": judge.split,
            "waiting": judge.waiting,
        },
        "lines": judge.lines,
    }


def _card(card: Card) -> dict[str, Any]:
    return {
        "labels": card.labels,
        "sha256": card.sha256,
        "made": card.made,
        "version": card.version,
        "sensitivity": _rate(card.sensitivity),
        "specificity": _rate(card.specificity),
        "undecided": {"unsafe": card.undecided[0], "safe": card.undecided[1]},
    }


def _reading(reading: Reading) -> dict[str, Any]:
    known: Corrected | None = reading.corrected
    return {
        "raw": _rate(reading.raw),
        "corrected": None if known is None else _estimate(known.estimate),
        "precision": None if known is None or known.precision is None else _estimate(known.precision),
        "findings": reading.findings,
        "reviewed": reading.findings - reading.unseen,
        "expected_false_alarms": None if reading.alarms is None else asdict(reading.alarms),
    }


def _estimate(one: Estimate) -> dict[str, float]:
    return {"share": one.value, "low": one.low, "high": one.high}


def _flaky(one: Flaky) -> dict[str, Any]:
    outcomes = {outcome.value: count for outcome, count in one.outcomes.items()}
    return {"id": one.case_id, "target": one.target, "outcomes": outcomes, "rate": one.rate}


def _trial(case: Case, result: Result, disclosure: Disclosure) -> dict[str, Any]:
    shown = disclosure.answer(case, result)
    response = result.response
    return {
        "id": result.trial.case_id,
        "dimensions": dict(case.cell.pairs),
        "target": result.trial.target,
        "repeat": result.trial.repeat,
        "twin_of": case.twin_of,
        "turns": [_text(turn, disclosure.prompts) for turn in case.turns],
        "outcome": result.outcome.value,
        "refused": result.refused,
        "severity": result.severity,
        "reason": result.reason,
        "detail": result.detail,
        "verdicts": [_verdict(verdict, shown) for verdict in result.verdicts],
        "response": None
        if response is None
        else _text(response.text, shown)
        | {
            "model": response.model,
            "finish_reason": response.finish_reason,
            "earlier": [_text(text, shown) for text in response.earlier],
        },
        "reused": bool(result.origin),
        "review": None if result.review is None else _review(result.review, shown),
        "split": disagreed(result),
        "seconds": None if response is None else _finite(response.seconds),
        "usage": None if response is None else _usage(response.usage),
    }


def _review(review: Review, shown: bool) -> dict[str, Any]:
    return {
        "label": review.label.value,
        "who": review.who,
        "when": review.when,
        "note": _text(review.note, shown),
        "was": None if review.was is None else review.was.value,
    }


def _usage(usage: Usage | None) -> dict[str, int | None] | None:
    return None if usage is None else {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}


def _verdict(verdict: Verdict, shown: bool) -> dict[str, Any]:
    return {
        "oracle": verdict.oracle,
        "label": verdict.label.value,
        "refusal": verdict.refusal.value,
        "severity": verdict.severity,
        "score": _finite(verdict.score),
        "reason": _text(verdict.reason, shown),
        "turn": verdict.turn,
        "signals": signals(verdict, shown),
        "split": verdict.split,
    }


def _text(text: str, shown: bool) -> dict[str, Any]:
    """Harmful text as hash and length, and the text itself only where it may be shown."""
    mark: dict[str, Any] = {"sha256": fingerprint(text), "length": len(text)}
    return mark | {"text": text} if shown else mark


def _finite(number: float | None) -> float | None:
    """JSON has no NaN; a strict reader would refuse the whole document."""
    return number if number is not None and math.isfinite(number) else None
