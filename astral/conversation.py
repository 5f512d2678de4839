"""A scripted conversation: held with whatever answers one turn at a time, and what there is to judge in it then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from astral.model import Case, Response, Usage

Messages = list[dict[str, str]]
"""The conversation so far as ``{"role": "user" or "assistant", "content": TEXT}``, the last one a user's."""


async def converse(turns: Sequence[str], ask: Callable[[Messages], Awaitable[Response]]) -> Response:
    """The answer to the last of ``turns``, each asked with all that was said before; ``earlier`` holds the others.

    A turn that the provider's filter stops without any text ends it there. What ``ask`` is given is its own copy.
    """
    messages: Messages = []
    said: list[Response] = []
    for turn in turns:
        messages.append({"role": "user", "content": turn})
        said.append(reply := await ask([dict(message) for message in messages]))
        if reply.finish_reason == "content_filter" and not reply.text.strip():
            break
        messages.append({"role": "assistant", "content": reply.text})
    if len(said) == 1:
        return said[0]
    seconds = [reply.seconds for reply in said]
    known = [second for second in seconds if second is not None]
    return replace(
        said[-1],
        usage=total_usage([reply.usage for reply in said]),
        seconds=sum(known) if len(known) == len(seconds) else None,
        earlier=tuple(reply.text for reply in said[:-1]),
        earlier_finish=tuple(reply.finish_reason or "" for reply in said[:-1]),
    )


def total_usage(usages: Sequence[Usage | None]) -> Usage | None:
    """The tokens of all turns; unknown as soon as those of one turn are."""
    known = [usage for usage in usages if usage is not None]
    if len(known) < len(usages):
        return None
    return Usage(_sum([usage.input_tokens for usage in known]), _sum([usage.output_tokens for usage in known]))


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


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
