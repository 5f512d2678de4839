"""The forecast of a run: what targets are asked, and what judges are asked about their answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from astral.cost.forecast import CHARACTERS_A_TOKEN, NONE, Forecast, Span, Use
from astral.judging import cascade_order
from astral.model import Case, Response

ANSWER_TOKENS = Span(100, 500)
"""Assumed length of an answer; the summary after the run gives what the endpoints reported."""
INSTRUCTION_TOKENS = 860
"""The judge's instructions with the form of its reply: the shipped templates have 3,130 characters, the form 300."""
VERDICT_TOKENS = Span(30, 120)
"""Assumed length of a verdict with its reason."""


def run_forecast(
    asked: Iterable[tuple[Any, Sequence[Case]]],
    judged: Sequence[Case],
    oracles: Sequence[Any],
    *,
    confirm: int,
    max_tokens: int | None = None,
    turns: str = "last",
    vote: str = "any",
    canaries: Sequence[tuple[str, Case, Response]] = (),
) -> Forecast:
    """Calls and tokens of a run: ``asked`` are targets with their cases, ``judged`` the cases that await a verdict.

    Targets and oracles without an endpoint send nothing. Retries are not foreseen; the upper end judges every answer
    ``confirm`` times, as if all of them were unsafe. ``turns=each`` judges every answer of a conversation; of a
    cascade, only the first oracle is sure to be asked. ``canaries`` are known answers, each with its oracle's name.
    """
    if turns == "each":
        judged = [replace(case, turns=case.turns[:at]) for case in judged for at in range(1, len(case.turns) + 1)]
    answer = answer_tokens(max_tokens)
    uses = [_target(target, cases, answer) for target, cases in asked if _online(target) and cases]
    sure = cascade_order(oracles)[:1] if vote == "cascade" else oracles
    for oracle in filter(_online, oracles):
        known = [(case, response) for name, case, response in canaries if name == oracle.name]
        least = len(judged) if any(oracle is one for one in sure) else 0
        if judged or known:
            uses.append(_judge(oracle, judged, answer, confirm=confirm, least=least, known=known))
    return Forecast(tuple(uses))


def answer_tokens(max_tokens: int | None) -> Span:
    """The assumed length of an answer under the limit that targets are given."""
    if max_tokens is None:
        return ANSWER_TOKENS
    return Span(min(ANSWER_TOKENS.low, max_tokens), min(ANSWER_TOKENS.high, max_tokens))


def _online(one: Any) -> bool:
    return hasattr(one, "endpoint")


def models(ones: Iterable[Any]) -> tuple[Use, ...]:
    """The models behind these targets and oracles, with nothing asked of them yet."""
    return tuple(_use("", one, NONE, NONE, NONE) for one in ones if _online(one))


def _use(purpose: str, one: Any, calls: Span, tokens_in: Span, tokens_out: Span) -> Use:
    model = getattr(one, "model", None) or one.name
    place = getattr(one.endpoint, "place", None) or getattr(one.endpoint, "name", "")
    return Use(purpose, str(place), str(model), calls, tokens_in, tokens_out)


def _target(target: Any, cases: Sequence[Case], answer: Span) -> Use:
    """Each turn is sent with the system prompt, all turns before it and the answers to them."""
    parameters = getattr(target, "parameters", None)
    if (limit := getattr(parameters, "max_tokens", None)) is not None:
        answer = answer_tokens(limit)
    calls = sum(len(case.turns) for case in cases)
    repeated = sum(len(case.turns) * (len(case.turns) - 1) // 2 for case in cases)
    characters = sum(
        len(turn) * (len(case.turns) - at) for case in cases for at, turn in enumerate(case.turns)
    )  # the first turn is sent as often as there are turns, the last one once
    characters += calls * len(getattr(parameters, "system", None) or "")
    questions = characters // CHARACTERS_A_TOKEN
    return _use(
        "target",
        target,
        Span.of(calls),
        Span(questions + repeated * answer.low, questions + repeated * answer.high),
        Span(calls * answer.low, calls * answer.high),
    )


def _judge(
    oracle: Any,
    cases: Sequence[Case],
    answer: Span,
    *,
    confirm: int,
    least: int,
    known: Sequence[tuple[Case, Response]],
) -> Use:
    """At least the first ``least`` cases are judged, and all of ``known``. An oracle that samples its verdict may stop
    after half of the samples, when no more can change the vote.
    """
    samples = int(getattr(oracle, "samples", 1))
    low, high = (samples + 1) // 2, samples * confirm
    shown = sum(len(response.text) for _, response in known) // CHARACTERS_A_TOKEN
    few = _asked(cases[:least], answer.low) + _asked([case for case, _ in known], 0) + shown
    many = _asked(cases, answer.high) + _asked([case for case, _ in known], 0) + shown
    calls = Span(low * (least + len(known)), high * (len(cases) + len(known)))
    return _use(
        "judge",
        oracle,
        calls,
        Span(low * few, high * many),
        Span(calls.low * VERDICT_TOKENS.low, calls.high * VERDICT_TOKENS.high),
    )


def _asked(cases: Sequence[Case], answer: int) -> int:
    """The tokens of a question to a judge about each case once; it sees the earlier answers of a conversation too."""
    questions = sum(len(turn) for case in cases for turn in case.turns) // CHARACTERS_A_TOKEN
    return questions + len(cases) * INSTRUCTION_TOKENS + answer * sum(len(case.turns) for case in cases)
