"""Holds a scripted conversation with whatever answers one turn at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from astral.model import Response, Usage

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
