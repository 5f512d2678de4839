"""The numbers of a run in tiles: how unsafe, how refusing, how much was covered, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from astral.calibration.trust import Trust
from astral.cost import spent_so_far, spent_text
from astral.model import Calls, Run
from astral.reports.html.tables import Few
from astral.stats import Estimate

TARGETS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Corrections:
    """The rates of the targets corrected for the judge's errors; ``why`` says why there are none."""

    rates: Few[tuple[str, Estimate]]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took: ``amount`` in few characters, the requests row by row, prices in words, and its time."""

    amount: str
    rows: tuple[tuple[str, str], ...]
    words: str
    took: str


def corrections(judge: Trust) -> Corrections:
    """The corrected rate of each target, as far as known."""
    known = {slug: reading.corrected for slug, reading in judge.readings.items()}
    rates = [(slug, one.estimate) for slug, one in known.items() if one is not None and not one.note]
    if rates:
        return Corrections(Few.of(rates, TARGETS_SHOWN))
    notes = [one.note for one in known.values() if one is not None and one.note]
    if judge.card is None:
        return Corrections(Few(()), "the judge has no card")
    return Corrections(Few(()), judge.unfit or (notes[0] if notes else "nothing was judged"))


def cost(run: Run) -> Cost:
    """What a run took."""
    calls = run.calls
    if not calls.target + calls.judge + calls.preflight:
        return Cost("nothing", (), "No request was sent.", _took(run))
    rows = [
        ("target", calls.target),
        ("judge", calls.judge),
        ("preflight", calls.preflight),
        ("retries", calls.retries),
    ]
    told = [(f"requests, {name}" if name != "retries" else "of these retries", f"{count:,}") for name, count in rows]
    return Cost(spent_so_far(calls.spent) or "unknown", (*told, *_tokens(calls)), spent_text(calls), _took(run))


def _tokens(calls: Calls) -> list[tuple[str, str]]:
    """Tokens in and out, of all models together; ``not reported`` where no endpoint said."""
    counts = (calls.input_tokens, calls.output_tokens)
    if calls.spent:
        counts = (sum(one.input_tokens for one in calls.spent), sum(one.output_tokens for one in calls.spent))
    names = ("tokens in", "tokens out")
    return [
        (name, "not reported" if count is None else f"{count:,}") for name, count in zip(names, counts, strict=True)
    ]


def _took(run: Run) -> str:
    """``61 s``, ``12 min``, ``3.5 h`` from start to end; empty where that is not known."""
    try:
        seconds = (_time(run.finished or "") - _time(run.started)).total_seconds()
    except (ValueError, TypeError):
        return ""
    if seconds < 0:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 1 else "less than a second"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
