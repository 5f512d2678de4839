"""A calibration as files: one JSON document, and a prediction for each labelled row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from astral.calibration.agreement import Agreement
from astral.calibration.calibrating import Said, counted
from astral.calibration.figures import Calibrated, Figures, Scope
from astral.calibration.labels import LabelledRow
from astral.calibration.measures import Confusion, Counts, Judgement, forced
from astral.model import Label, Refusal
from astral.stats import Estimate, Rate
from astral.voting import MACHINE_REASONS

FORMAT = 1
_MACHINE = MACHINE_REASONS | {"no_content"}


def calibration_text(found: Calibrated) -> str:
    """The document that docs/calibration.schema.json describes: ASCII, keys sorted, without prompts and answers."""
    return json.dumps(document(found), indent=1, sort_keys=True, allow_nan=False) + "\n"


def document(found: Calibrated) -> dict[str, Any]:
    """The calibration of format number 1 as plain dictionaries."""
    whole, *parts = found.scopes
    return {
        "format": FORMAT,
        "made": found.made,
        "version": found.version,
        "labels": {
            "path": found.labels,
            "sha256": found.file.sha256,
            "undecided": len(found.file.undecided),
            "caution": found.file.caution,
            **_size(whole),
            "sources": {part.source: _size(part) for part in parts},
        },
        "judge": json.loads(json.dumps(found.judge)),
        "repeats": found.repeats,
        "run": _run(found),
        "judges": [_judge(found, at) for at in range(len(found.jurors))],
        "agreement": {
            "overall": _agreement(whole.agreement),
            "by_source": {part.source: _agreement(part.agreement) for part in parts},
        },
    }


def _run(found: Calibrated) -> dict[str, Any] | None:
    if found.run is None:
        return None
    better = found.corrected
    return {
        "id": found.run.run,
        "same_judge": found.run.same_judge,
        "unsafe": _rate(found.run.rate),
        "corrected": None if better is None else _estimate(better.estimate),
        "precision": None if better is None else _estimate(better.precision),
    }


def _size(scope: Scope) -> dict[str, int]:
    return {"rows": len(scope.rows), "unsafe": scope.unsafe, "safe": scope.safe, "prompts": scope.prompts}


def _judge(found: Calibrated, at: int) -> dict[str, Any]:
    juror = found.jurors[at]
    whole, *parts = found.scopes
    rows = zip(found.file.rows, juror.opinions, strict=True)
    wrong = [(row, one.label) for row, one in rows if one.label not in (None, Label.UNKNOWN, row.label)]
    failed = [(row, one.error) for row, one in zip(found.file.rows, juror.opinions, strict=True) if one.label is None]
    return {
        "name": juror.name,
        "kind": "vote" if juror.vote else "oracle",
        "chosen": juror.chosen,
        "overall": _figures(whole.figures[at], found.prevalences),
        "by_source": {part.source: _figures(part.figures[at], found.prevalences) for part in parts},
        "wrong": [{**_row(row), "truth": row.label, "said": label} for row, label in wrong],
        "not_judged": [{**_row(row), "error": error} for row, error in failed],
    }


def _row(row: LabelledRow) -> dict[str, Any]:
    return {"id": row.id, "line": row.number, "source": row.source}


def _figures(figures: Figures, prevalences: tuple[float, ...]) -> dict[str, Any]:
    table = figures.reliability
    return {
        **_confusion(figures.confusion),
        "not_judged": {str(truth): sum(counts.values()) for truth, counts in figures.errors.items()},
        "forced": None if figures.forced is None else _confusion(figures.forced),
        "flips": _rate(figures.flips),
        "auroc": _estimate(figures.auroc),
        "brier": None if table is None else _estimate(table.brier),
        "reliability": []
        if table is None
        else [
            {"low": one.low, "high": one.high, "mean_score": one.mean_score, "unsafe": _rate(one.unsafe)}
            for one in table.bins
        ],
        "expected_precision": [
            {"prevalence": share, "precision": _estimate(figures.precision_at(share))} for share in prevalences
        ],
    }


def _confusion(confusion: Confusion) -> dict[str, Any]:
    return {
        "confusion": _counts(confusion.counts),
        "accuracy": _rate(confusion.accuracy),
        "balanced_accuracy": _estimate(confusion.balanced_accuracy),
        "precision": _rate(confusion.precision),
        "recall": _rate(confusion.sensitivity),
        "specificity": _rate(confusion.specificity),
        "f1": _estimate(confusion.f1),
        "missed": _rate(confusion.missed),
        "false_alarms": _rate(confusion.false_alarms),
        "unknown": _rate(confusion.unknown),
    }


def _counts(counts: Counts) -> dict[str, dict[str, int]]:
    return {
        "unsafe": {"unsafe": counts.caught, "safe": counts.missed, "unknown": counts.undecided_unsafe},
        "safe": {"unsafe": counts.alarms, "safe": counts.cleared, "unknown": counts.undecided_safe},
    }


def _rate(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval or (None, None)
    return {"hits": rate.hits, "n": rate.n, "value": rate.share, "low": low, "high": high}


def _estimate(figure: Estimate | None) -> dict[str, float] | None:
    return None if figure is None else asdict(figure)


def _agreement(found: Agreement | None) -> dict[str, Any] | None:
    return None if found is None else asdict(found)


# --- predictions ------------------------------------------------------------------------------------------------------


def predictions_text(found: Calibrated, *, reasons: bool = False) -> str:
    """A JSON line for each row of the file, in its order. ``reasons`` in the words of a judge may quote answers: they
    are left out unless asked for, unlike those in the program's own words.
    """
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in predictions(found, reasons=reasons))


def predictions(found: Calibrated, *, reasons: bool = False) -> Iterator[dict[str, Any]]:
    """The rows as plain dictionaries: flat for one oracle; for several, an object for each and the votes."""
    places = {row.number: at for at, row in enumerate(found.file.rows)}
    for row in sorted((*found.file.rows, *found.file.undecided), key=lambda one: one.number):
        at = places.get(row.number)
        yield {**_row(row), "truth": row.label, **_said_of(found, at, reasons=reasons)}


def _said_of(found: Calibrated, at: int | None, *, reasons: bool) -> dict[str, Any]:
    """What was said of the row at that place; None: people did not decide it, and nobody was asked."""
    nothing = Said(None, "truth_unknown")
    each = {name: _said(nothing if at is None else counted(asked[at]), reasons) for name, asked in found.said.items()}
    if len(each) == 1:
        return next(iter(each.values()))
    votes: Mapping[str, Any] = {
        one.vote: {"label": None, "forced_label": None}
        if at is None
        else {"label": one.opinions[at].label, "forced_label": one.opinions[at].forced}
        for one in found.jurors
        if one.vote
    }
    return {"oracles": each, "votes": votes}


def _said(said: Said, reasons: bool) -> dict[str, Any]:
    verdict = said.verdict
    if verdict is None:
        empty = dict.fromkeys(("label", "forced_label", "score", "refusal", "severity"))
        return {**empty, "signals": [], "split": False, "reason": "", "error": said.error}
    return {
        "label": verdict.label,
        "forced_label": forced(Judgement("", Label.SAFE, verdict.label, verdict.score)).said,
        "score": verdict.score,
        "refusal": Refusal(verdict.refusal),
        "severity": verdict.severity,
        "signals": list(verdict.signals),
        "split": verdict.split,
        "reason": verdict.reason if reasons or verdict.reason in _MACHINE else "",
        "error": "",
    }
