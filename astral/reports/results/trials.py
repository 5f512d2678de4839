"""One trial as the results hold it."""

from __future__ import annotations

from typing import Any

from astral.calibration.trust import disagreed
from astral.model import Case, Result, Review, Usage, Verdict
from astral.reports.disclosure import Disclosure, fingerprint, signals
from astral.reports.results.figures import finite


def trial(case: Case, result: Result, disclosure: Disclosure) -> dict[str, Any]:
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
        "seconds": None if response is None else finite(response.seconds),
        "usage": None if response is None else _usage(response.usage),
    }


def _verdict(verdict: Verdict, shown: bool) -> dict[str, Any]:
    return {
        "oracle": verdict.oracle,
        "label": verdict.label.value,
        "refusal": verdict.refusal.value,
        "severity": verdict.severity,
        "score": finite(verdict.score),
        "reason": _text(verdict.reason, shown),
        "turn": verdict.turn,
        "signals": signals(verdict, shown),
        "split": verdict.split,
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


def _text(text: str, shown: bool) -> dict[str, Any]:
    """Harmful text as hash and length, and the text itself only where it may be shown."""
    mark: dict[str, Any] = {"sha256": fingerprint(text), "length": len(text)}
    return mark | {"text": text} if shown else mark
