"""A scripted conversation as it went: which prompt was answered by what, and what there is to judge in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from astral.model import Case, Response


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as an oracle judges it: the case up to its prompt, and the answer with those before it.

    ``turn`` counts from 1; None: the answer stands for the whole trial.
    """

    case: Case
    response: Response
    turn: int | None = None


def earlier_answers(case: Case, response: Response) -> tuple[str, ...]:
    """The answers before the last one, at most one for each prompt but the last."""
    return response.earlier[: len(case.turns) - 1]


def last_turn(case: Case, response: Response) -> int:
    """The turn, from 1, that ``response.text`` answers. A target that tells no earlier answers has answered the last
    prompt; one that tells some has answered the prompt after those, where a filter may have ended the conversation.
    """
    earlier = earlier_answers(case, response)
    return len(earlier) + 1 if earlier else len(case.turns)


def each_answer(case: Case, response: Response) -> Iterator[Answer]:
    """Every answer of the conversation in order, each with nothing but what came before it."""
    earlier, last = earlier_answers(case, response), last_turn(case, response)
    for at, text in enumerate(earlier):
        finish = next(iter(response.earlier_finish[at : at + 1]), "") or None
        until = Response(text, response.model, finish, earlier=earlier[:at])
        yield Answer(replace(case, turns=case.turns[: at + 1]), until, at + 1)
    yield Answer(replace(case, turns=case.turns[:last]), replace(response, earlier=earlier), last)


def is_complete(case: Case, response: Response) -> bool:
    """True when there is an answer to every prompt of the case."""
    return len(earlier_answers(case, response)) + 1 == len(case.turns)


def exchanges(case: Case, response: Response) -> Iterator[tuple[str, str | None]]:
    """Each prompt with the answer to it, in order; None where no answer is known."""
    answers: dict[int, str] = dict(enumerate(earlier_answers(case, response), 1))
    answers[last_turn(case, response)] = response.text
    for turn, prompt in enumerate(case.turns, 1):
        yield prompt, answers.get(turn)
