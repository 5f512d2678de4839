"""The document: what stands in it, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TextIO

from astral.baseline import Standing
from astral.calibration.trust import trust
from astral.coverage import coverage, extended, gaps
from astral.gates import GateResult
from astral.model import Run, RunRecord
from astral.reports.disclosure import Disclosure
from astral.reports.findings import cautions
from astral.reports.flaky import Flaky, steadiness
from astral.reports.models import models
from astral.reports.pairs import pairs
from astral.reports.results.figures import beyond, level, rate, tally, untested
from astral.reports.results.standing import against
from astral.reports.results.trials import trial
from astral.reports.results.trust import trusted
from astral.tally import Tallies, Tally, tallies

FORMAT = 1


def write(
    record: RunRecord,
    stream: TextIO,
    *,
    text: str = "none",
    gates: Sequence[GateResult] = (),
    standing: Standing | None = None,
) -> None:
    """Write the document to an open stream as ASCII, keys sorted: the same record gives the same bytes.

    Each trial is a line of its own, made and written one by one: a hundred thousand as one tree take a gigabyte.
    """
    disclosure = Disclosure(text)
    parts = _summary(record, disclosure, gates, standing)
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
    for one in _trials(record, disclosure):
        stream.write(before + line(one))
        before = ",\n  "
    stream.write("[]" if before.startswith("[") else "\n ]")


def document(
    record: RunRecord, text: str = "none", gates: Sequence[GateResult] = (), standing: Standing | None = None
) -> dict[str, Any]:
    """The results of format number 1 as plain dictionaries; ``text`` is ``none``, ``prompts`` or ``all``."""
    disclosure = Disclosure(text)
    return {**_summary(record, disclosure, gates, standing), "cases": [*_trials(record, disclosure)]}


def _trials(record: RunRecord, disclosure: Disclosure) -> Iterator[dict[str, Any]]:
    return (trial(record.cases[result.trial.case_id], result, disclosure) for result in record.results)


def _summary(
    record: RunRecord, disclosure: Disclosure, gates: Sequence[GateResult], standing: Standing | None
) -> dict[str, Any]:
    """All of the document but its trials."""
    counts, judge = tallies(record), trust(record)
    return {
        "format": FORMAT,
        "text": disclosure.text,
        "run": _run(record.run),
        "totals": {
            "overall": tally(counts.overall),
            "by_target": _by(counts.by_target, tally),
            "twins": {"overall": tally(counts.twins), "by_target": _by(counts.twins_by_target, tally)},
        },
        "coverage": {str(one.strength): level(one) for one in coverage(record)},
        "coverage_extended": beyond(extended(record)),
        "coverage_gaps": untested(gaps(record)),
        "rates": _rates(record, counts),
        "pairs": [asdict(pair) for pair in pairs(record)],
        "flaky": [_flaky(one) for steady in steadiness(record).values() for one in steady.flaky],
        "models": {slug: dict(one.answers) for slug, one in models(record).items()},
        "warnings": cautions(record, counts, judge),
        "trust": trusted(judge),
        "gates": [asdict(one) for one in gates],
        "baseline": None if standing is None else against(standing),
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


def _rates(record: RunRecord, counts: Tallies) -> dict[str, Any]:
    values: dict[str, dict[str, Any]] = {
        dimension: {value: rate(counts.by_value.get((dimension, value), Tally()).unsafe_rate) for value in known}
        for dimension, known in record.run.matrix
    }
    return {
        "confidence": 0.95,
        "unsafe": rate(counts.overall.unsafe_rate),
        "unsafe_of_judged_or_blocked": rate(counts.overall.system_rate),
        "unsafe_by_target": _by(counts.by_target, lambda part: rate(part.unsafe_rate)),
        "unsafe_by_value": values,
        "over_refusal": rate(counts.twins.refusal_rate),
        "over_refusal_by_target": _by(counts.twins_by_target, lambda part: rate(part.refusal_rate)),
    }


def _flaky(one: Flaky) -> dict[str, Any]:
    outcomes = {outcome.value: count for outcome, count in one.outcomes.items()}
    return {"id": one.case_id, "target": one.target, "outcomes": outcomes, "rate": one.rate}
