"""One request as its wire format has it, and the exchange of a chat completion."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from astral.wire.replies import ChatReply, read_reply

if TYPE_CHECKING:
    from astral.wire.failures import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What is sent, and how its reply is read.

    ``path`` is appended to the endpoint's base URL ("" is that URL itself); ``headers`` go beyond authorisation and
    content type. ``read`` makes the reply of a success status out of its body and raises ShapeError or ErrorBody;
    ``refused`` may give a status that is no success a meaning of its own. ``model`` is what a 404 stops; "" is the
    whole endpoint. ``assumed_tokens`` of the question count where the endpoint reports none.
    """

    body: bytes = field(repr=False)
    read: Callable[[bytes], ChatReply]
    path: str = "/chat/completions"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content_type: str = "application/json"
    model: str = ""
    assumed_tokens: int = 1
    refused: Callable[[int, Mapping[str, str], bytes], Failure | None] | None = None


def chat_exchange(request: Mapping[str, Any]) -> Exchange:
    """The chat completion that ``request`` (model, messages, parameters) asks for."""
    asked = sum(len(message["content"]) for message in request["messages"])
    return Exchange(body=json_body(request), read=read_reply, model=request["model"], assumed_tokens=asked // 4 + 1)


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_body(value: Any) -> bytes:
    """``value`` as JSON in UTF-8; each lone surrogate, for which UTF-8 has no bytes, as U+FFFD. Raises ValueError for
    NaN and infinity.
    """
    return utf8(_JSON.encode(value))


def utf8(text: str) -> bytes:
    """``text`` in UTF-8, each lone surrogate as U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
