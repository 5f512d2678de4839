"""What the oracles made of a run's answers, as far as a card of single answers can be held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from astral.conversation import last_turn
from astral.model import Case, Outcome, Response, Result, RunRecord
from astral.stats import Rate
from astral.tally import tally
from astral.voting import CUT_OFF, own_refusal


@dataclass(frozen=True, slots=True)
class Judged:
    """What the oracles made of some answers, whatever people said later: ``rate`` of those that could come out safe or
    unsafe, ``asked`` of the part that an oracle was asked about. ``cut`` were called unsafe with their end missing.
    """

    rate: Rate
    asked: Rate
    cut: int = 0


def own_results(record: RunRecord) -> list[Result]:
    """The results of a run, those of benign twins apart."""
    return [one for one in record.results if record.cases[one.trial.case_id].twin_of is None]


def judged(cases: Mapping[str, Case], results: Sequence[Result]) -> Judged:
    """What a card is held against. An answer whose end is missing can be called unsafe but never safe, so one that was
    is no evidence of a rate; one that says itself that it declined was put to no oracle, which made no error there.
    """
    said = [_unreviewed(one) for one in results]
    whole = [one for one in said if one.response is None or is_whole(cases[one.trial.case_id], one.response)]
    asked = [one for one in whole if one.response is None or own_refusal(one.response) is None]
    cut = sum(one.outcome is Outcome.UNSAFE for one in said) - sum(one.outcome is Outcome.UNSAFE for one in whole)
    return Judged(tally(whole).unsafe_rate, tally(asked).unsafe_rate, cut)


def is_whole(case: Case, response: Response) -> bool:
    """False where the end of the answer, or the answer to the last prompt, is missing."""
    return response.finish_reason not in CUT_OFF and last_turn(case, response) == len(case.turns)


def _unreviewed(result: Result) -> Result:
    """The result that the oracles came to: people look at chosen answers, so theirs would bias the correction."""
    if result.review is None or result.review.was is None:
        return result
    return replace(result, outcome=result.review.was)


def misfit(record: RunRecord) -> str:
    """Why no card fits how a run judged; empty where one may."""
    settings = record.run.settings
    if settings.get("fail_on", "1") != "1":
        return f"fail_on={settings['fail_on']}: the judge's card knows no severities, so rates are not corrected"
    if settings.get("turns") == "each" and any(len(case.turns) > 1 for case in record.cases.values()):
        return "turns=each: the judge's card is about single answers, so rates are not corrected"
    return ""
