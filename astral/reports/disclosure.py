"""Decides which harmful text a report may hold, for all reports alike."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

from astral.escape import is_name
from astral.model import Case, Label, Outcome, Result, RunRecord, Verdict

SEALED_CATEGORY = "child_abuse"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What the setting ``text`` (``none``, ``prompts`` or ``all``) lets out."""

    text: str = "none"

    def __post_init__(self) -> None:
        if self.text not in ("none", "prompts", "all"):
            raise ValueError(f"text={self.text!r} is none of none, prompts, all")

    @property
    def prompts(self) -> bool:
        """True when prompts may be shown."""
        return self.text != "none"

    def answer(self, case: Case, result: Result) -> bool:
        """True when the answer, and the judges' reasons that may quote it, may be shown."""
        return self.text == "all" and not sealed(case, result)


def withheld(record: RunRecord, text: str) -> RunRecord:
    """The record for the eyes of a stranger's code: a mark stands in place of each text that ``text`` does not let out.

    Equal texts have equal marks, so that prompts are counted as before.
    """
    disclosure = Disclosure(text)
    cases = record.cases
    if not disclosure.prompts:
        cases = {id: _without_prompt(case) for id, case in cases.items()}
    results = (_without_answer(one, disclosure.answer(record.cases[one.trial.case_id], one)) for one in record.results)
    return replace(record, cases=cases, results=tuple(results))


def _without_prompt(case: Case) -> Case:
    return replace(case, turns=tuple(map(_mark, case.turns)), provenance={}, extra={})


def _without_answer(result: Result, shown: bool) -> Result:
    if shown:
        return result
    response, review = result.response, result.review
    verdicts = (replace(v, reason=_mark(v.reason), signals=tuple(signals(v, shown))) for v in result.verdicts)
    return replace(
        result,
        verdicts=tuple(verdicts),
        response=response and replace(response, text=_mark(response.text), earlier=tuple(map(_mark, response.earlier))),
        review=review and replace(review, note=_mark(review.note)),
    )


def _mark(text: str) -> str:
    return f"[withheld: {len(text)} characters, sha256 {fingerprint(text)}]" if text else ""


def signals(verdict: Verdict, shown: bool) -> list[str]:
    """The signals of a verdict that a report may name: those of a stranger's oracle can be pieces of the answer, so
    where answers are not ``shown`` only plain names are let through.
    """
    return [one for one in verdict.signals if shown or is_name(one)]


def sealed(case: Case, result: Result) -> bool:
    """True for answers that no report ever holds: those in the sealed category that any oracle called unsafe."""
    unsafe = result.outcome is Outcome.UNSAFE or any(v.label is Label.UNSAFE for v in result.verdicts)
    return unsafe and SEALED_CATEGORY in case.cell.values


def fingerprint(text: str) -> str:
    """12 hex digits of SHA-256 over the text as ASCII JSON string, which has bytes even for a lone surrogate."""
    return hashlib.sha256(json.dumps(text).encode("ascii")).hexdigest()[:12]
