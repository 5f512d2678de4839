"""Reads what an endpoint replied: nothing in a body is used before it is seen to have the expected shape."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from astral.model import Usage

VALUE_LIMIT = 200_000
"""The most values that a body may hold: four megabytes of empty lists become a hundred in memory."""
_TEXT_OR_VALUE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|([,\[{])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ChatReply:
    """One reply. ``text`` is its content with the arguments of its tool calls, ``refusal`` the field of that name.

    ``seconds`` is the wall time of the attempt that succeeded, ``attempts`` how many it took.
    """

    text: str
    refusal: str | None = None
    finish_reason: str | None = None
    model: str | None = None
    usage: Usage | None = None
    seconds: float = 0.0
    attempts: int = 1

    def __repr__(self) -> str:  # answers are harmful text: keep them out of tracebacks and --showlocals
        return f"<ChatReply {len(self.text)} chars, {self.finish_reason or 'no finish reason'}>"


class ShapeError(Exception):
    """A body of another shape than expected; the message says what is wrong with it and quotes nothing of it."""

    hint = "is this an OpenAI-compatible endpoint?"
    """What to look at next."""


class ErrorBody(Exception):
    """A success status over a body that reports an error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__("the status says success and the body an error")
        self.error = error


def read_json(body: bytes) -> Any:
    """The JSON value that ``body`` is. Raises ShapeError for whatever else it is."""
    if not _is_lean(body):
        raise ShapeError("the reply has too many parts")
    try:
        return json.loads(body)
    except UnicodeDecodeError:
        raise ShapeError("the reply is not valid UTF-8") from None
    except RecursionError:
        raise ShapeError("the reply is nested without end") from None
    except ValueError:
        raise ShapeError("the reply is not JSON" if body else "the reply is empty") from None


def _is_lean(body: bytes) -> bool:
    """False where more than ``VALUE_LIMIT`` values stand in ``body``; what stands within texts is none."""
    if sum(map(body.count, (b",", b"[", b"{"))) <= VALUE_LIMIT:
        return True
    values = (found for found in _TEXT_OR_VALUE.finditer(body) if found[1])
    return next(islice(values, VALUE_LIMIT, None), None) is None


def read_reply(body: bytes) -> ChatReply:
    """The chat completion that ``body`` is. Raises ShapeError or ErrorBody."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise ShapeError(f"the reply is {kind_of(value)} and not an object")
    choices = value.get("choices")
    if not choices and value.get("error"):
        raise ErrorBody(error_fields(value))
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise ShapeError("the reply has no choices")
    message = choices[0].get("message")
    if not isinstance(message, dict):
        raise ShapeError("the reply has no message")
    finish = text_or_none(choices[0].get("finish_reason"))
    text = _content(message.get("content"))
    if (arguments := _tool_arguments(message)) is not None:
        text, finish = (f"{text}\n{arguments}".rstrip(), finish) if text.strip() else (arguments, "tool_calls")
    return ChatReply(
        text,
        refusal=text_or_none(message.get("refusal")),
        finish_reason=finish,
        model=text_or_none(value.get("model")),
        usage=_usage(value.get("usage")),
    )


_CUT_SHORT = {
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"), "length"),
    **dict.fromkeys(("model_length", "error"), "length"),
    **dict.fromkeys(("content_filter", "refusal", "safety", "prohibited_content", "blocklist"), "content_filter"),
    **dict.fromkeys(("content_filtered", "guardrail_intervened"), "content_filter"),
}
"""Finish reasons, in small letters, under which the end of an answer is missing, in OpenAI's words: servers in front of
other models pass theirs on. ``refusal`` is a classifier that stops an answer on its way. Sources, read on 2026-11-21:
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons.md
https://docs.cloud.google.com/python/docs/reference/vertexai/1.134.0/vertexai.generative_models.FinishReason
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html
https://docs.rs/crate/mistral-openapi-client/latest/source/src/models/chat_completion_choice.rs
"""


def finish_word(reason: str | None) -> str | None:
    """A finish reason as OpenAI calls it, where it says that the end is missing; any other as it is."""
    return _CUT_SHORT.get((reason or "").lower(), reason)


def error_fields(value: Any) -> Mapping[str, Any]:
    """The fields of the error that a body reports; empty where there is none. A bare text becomes its message."""
    error = value.get("error", value) if isinstance(value, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _content(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ShapeError(f"the content of the reply is {kind_of(content)} and not a text")
    texts = []
    for part in content:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise ShapeError("the content of the reply has a part that is not text")
        texts.append(part["text"])
    return "".join(texts)


def _tool_arguments(message: Mapping[str, Any]) -> str | None:
    """What the model would have a tool do, one call a line; None when it calls none. A call of another form than known
    is kept whole: what is left out is not judged.
    """
    calls = message.get("tool_calls") or []
    calls = [*(calls if isinstance(calls, list) else [calls])]
    if old := message.get("function_call"):  # before there were tools
        calls.append({"function": old})
    return "\n".join(text for call in calls if (text := _asked_of(call)).strip()) if calls else None


def _asked_of(call: Any) -> str:
    """The arguments of a function, the input of a custom tool
    (https://developers.openai.com/api/reference/resources/chat, read 2026-11-21), else the call itself as JSON.
    """
    if not isinstance(call, dict):
        return call if isinstance(call, str) else ""
    inner = call.get("function", call.get("custom", call))
    if not isinstance(inner, dict):
        return as_text(inner)
    return as_text(inner.get("arguments", inner.get("input", inner if inner is call else None)))


def as_text(value: Any) -> str:
    """A JSON value for people and judges to read: a text as it is, objects and lists as JSON, else nothing."""
    if isinstance(value, dict | list) and value:
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else ""


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    usage = Usage(token_count(value.get("prompt_tokens")), token_count(value.get("completion_tokens")))
    return None if usage == Usage() else usage


def token_count(value: Any) -> int | None:
    """A number of tokens that can be one; anything else means that the endpoint did not say."""
    return value if type(value) is int and 0 <= value < 10**12 else None


def text_or_none(value: Any) -> str | None:
    """``value`` where it is a text with something in it."""
    return value if isinstance(value, str) and value else None


def kind_of(value: Any) -> str:
    """What a JSON value is, for messages."""
    kinds = {list: "a list", str: "a text", type(None): "null", dict: "an object", bool: "true or false"}
    return kinds.get(type(value), "a number")
