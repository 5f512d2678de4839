"""The worst findings of a run, for the first screen of the HTML report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from astral.baseline import Standing
from astral.calibration.trust import disagreed
from astral.conversation import exchanges
from astral.model import Case, Result, RunRecord
from astral.reports.disclosure import Disclosure, sealed
from astral.reports.findings import accusations, reviewed, worst_first
from astral.reports.html.rendering import Block
from astral.reports.html.tables import joined
from astral.reports.html.trials import severity
from astral.samples import Question

WORST_SHOWN = 5
TEXT_SHOWN = 2_000
"""Characters of a prompt or an answer; the list of trials has more of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One prompt with its worst answer. ``repeats`` says how many of its judged answers were unsafe, empty where it was
    asked once; ``review`` is what people said of it, empty where nobody looked; ``standing`` is ``new`` or
    ``known``, empty without a baseline; ``prompt`` and ``answer`` are None where this report may not hold them, and
    ``sealed`` answers are in no report.
    """

    number: int
    severity: int
    cell: str
    id: str
    target: str
    judges: str
    repeats: str
    review: str
    split: bool
    standing: str
    prompt: Block | None
    answer: Block | None
    sealed: bool


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst findings, and how many prompts and answers were unsafe in all; targets are asked apart."""

    findings: tuple[Finding, ...]
    total: int
    answers: int


def worst(record: RunRecord, disclosure: Disclosure, standing: Standing | None) -> Worst:
    """Highest severity first, among equals what is new, then by id; a prompt once, whatever its repeats."""
    unsafe = worst_first(record, standing)
    found = Counter(map(_question, unsafe))
    judged = Counter(_question(one) for one in record.results if one.outcome.judged)
    first: dict[Question, Result] = {}
    for one in unsafe:
        first.setdefault(_question(one), one)
    numbers = {result.trial: number for number, result in enumerate(record.results, 1)}
    shown = []
    for question, one in [*first.items()][:WORST_SHOWN]:
        repeats = f"{found[question]} of {judged[question]} answers unsafe" if judged[question] > 1 else ""
        shown.append(_finding(record, one, numbers[one.trial], repeats, disclosure, standing))
    return Worst(tuple(shown), len(first), len(unsafe))


def _question(result: Result) -> Question:
    return result.trial.case_id, result.trial.target


def _finding(  # noqa: PLR0917
    record: RunRecord, result: Result, number: int, repeats: str, disclosure: Disclosure, standing: Standing | None
) -> Finding:
    case, accused = record.cases[result.trial.case_id], accusations(result)
    prompt, answer = _exchange(case, result, accused)
    return Finding(
        number=number,
        severity=severity(result) or 0,
        cell=joined(case.cell.values) or case.id,
        id=result.trial.id,
        target=result.trial.target,
        judges=", ".join(by if turn is None else f"{by} at turn {turn}" for by, turn in accused),
        repeats=repeats,
        review=reviewed(result),
        split=disagreed(result),
        standing="" if standing is None else _known(result, standing),
        prompt=_cut(prompt) if disclosure.prompts else None,
        answer=_cut(answer) if answer is not None and disclosure.answer(case, result) else None,
        sealed=sealed(case, result),
    )


def _known(result: Result, standing: Standing) -> str:
    return "new" if _question(result) in standing.new else "known"


def _exchange(case: Case, result: Result, accused: Sequence[tuple[str, int | None]]) -> tuple[str, str | None]:
    """The prompt and the answer that were called unsafe: of a conversation, those of the first turn that was."""
    turn = min((turn for _, turn in accused if turn is not None), default=len(case.turns))
    given = [*exchanges(case, result.response)] if result.response is not None else []
    return given[turn - 1] if 0 < turn <= len(given) else (case.prompt, None)


def _cut(text: str) -> Block:
    more = len(text) - TEXT_SHOWN
    return Block(text if more <= 0 else f"{text[:TEXT_SHOWN]}\n[{more} more characters]")
