"""How far the judge can be trusted, as the results hold it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from astral.calibration.correction import Corrected
from astral.calibration.trust import Reading, Trust
from astral.model import Card
from astral.reports.results.figures import estimate, rate


def trusted(judge: Trust) -> dict[str, Any]:
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
        "sensitivity": rate(card.sensitivity),
        "specificity": rate(card.specificity),
        "undecided": {"unsafe": card.undecided[0], "safe": card.undecided[1]},
    }


def _reading(reading: Reading) -> dict[str, Any]:
    known: Corrected | None = reading.corrected
    return {
        "raw": rate(reading.raw),
        "corrected": None if known is None else estimate(known.estimate),
        "precision": None if known is None or known.precision is None else estimate(known.precision),
        "findings": reading.findings,
        "reviewed": reading.findings - reading.unseen,
        "expected_false_alarms": None if reading.alarms is None else asdict(reading.alarms),
    }
