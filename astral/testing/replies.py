"""What the local server sends: whole replies, broken ones, and the bodies of an OpenAI-compatible API."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Fault = Literal[
    "", "hang", "bare", "drip", "drip_head", "endless", "flood", "reset", "reset_in_body", "cut", "close", "stale"
]
Stage = Literal["head", "half", "sent"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply. It is sent after ``delay`` seconds and once ``after`` is set. A header with several values is
    sent several times.

    ``fault``: ``hang`` never sends anything; ``bare`` sends the body alone, without status and headers, and closes.
    ``drip`` sends the body a byte every ``drip_seconds``, ``drip_head`` so headers that never end and ``endless`` a
    body that never ends; ``flood`` sends the body over and over, as fast as it is taken. ``reset`` drops the connection
    with a TCP reset before the headers and ``reset_in_body`` in the middle of the body; ``cut`` ends it there in good
    order. After a whole reply, ``close`` closes the connection unannounced, and ``stale`` resets it as soon as another
    request comes over it.

    ``watch`` is called in the server's thread right before the first byte (``head``), after half of the body
    (``half``) and after the last byte (``sent``). A ``Transfer-Encoding: chunked`` header cuts the body into pieces of
    ``chunk`` bytes.
    """

    status: int = 200
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    after: threading.Event | None = None
    fault: Fault = ""
    drip_seconds: float = 0.05
    watch: Callable[[Stage], object] | None = None
    chunk: int = 7


def completion(content: Any, *, finish_reason: str | None = "stop", model: str = "stub", **message: Any) -> Reply:
    """A chat completion; ``message`` holds further fields of the message, such as ``refusal`` or ``tool_calls``."""
    words = len(content.split()) if isinstance(content, str) else 0
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": content, **message},
    }
    usage = {"prompt_tokens": 10, "completion_tokens": words, "total_tokens": 10 + words}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [choice],
        "usage": usage,
    }
    return of_json(body)


def error(
    status: int, message: str = "", *, code: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> Reply:
    """An error as OpenAI words it; ``more`` are further fields of it."""
    return of_json({"error": {"message": message, "code": code, "type": code, "param": None, **more}}, status, headers)


def of_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with that JSON body."""
    return Reply(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode("ascii"))
