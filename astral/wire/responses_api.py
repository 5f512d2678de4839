"""OpenAI's Responses API (``POST /responses``): what is sent, and how its reply is read.

Documented at https://developers.openai.com/api/reference/resources/responses/methods/create and in the types of the
openai package 3.54.0 (``types/responses/``), both read on 2026-11-21. Multi-turn conversations are sent as input items
each time, and ``store`` is false (the API's default is true, for 30 days or more), so that no state stays behind at the
provider and repeats are independent. Reasoning items are neither read as answer nor sent back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from astral.model import Usage
from astral.wire.exchange import Exchange, json_body
from astral.wire.replies import (
    ChatReply,
    ErrorBody,
    ShapeError,
    as_text,
    error_fields,
    kind_of,
    read_json,
    text_or_none,
    token_count,
)

_FINISH = {"max_output_tokens": "length", "content_filter": "content_filter"}
"""``incomplete_details.reason`` in the words of chat completions; any other is a missing end as well: ``length``."""
_ASKED = ("arguments", "input", "code", "action", "operation")
"""Fields in which a model says what a tool is to do: functions and MCP, custom tools, the code interpreter, shells and
computers, patches (``types/responses/response_*_call.py`` of the package).
"""
_REFUSED = frozenset({"invalid_prompt", "bio_policy", "misalignment_policy_violation"})
"""Codes under which a response fails since the provider will not have its prompt."""


def responses_exchange(
    model: str, turns: Sequence[Mapping[str, str]], *, instructions: str | None, params: Mapping[str, Any]
) -> Exchange:
    """The response to ``turns`` (role and content) under ``instructions``; of ``params`` all is sent as it is."""
    request: dict[str, Any] = {"model": model, "input": list(turns), "store": False, **params}
    if instructions is not None:
        request["instructions"] = instructions
    asked = sum(len(turn["content"]) for turn in turns) + len(instructions or "")
    return Exchange(
        body=json_body(request), read=read_response, path="/responses", model=model, assumed_tokens=asked // 4 + 1
    )


def read_response(body: bytes) -> ChatReply:
    """The finished response that ``body`` is. Raises ShapeError or ErrorBody.

    Refusal parts become ``refusal``; what the model would have tools do stands behind its text. A response that was
    cut short keeps its text under the finish reason ``length`` or ``content_filter``; one that failed over its prompt
    has no text and ``content_filter``.
    """
    value = read_json(body)
    if not isinstance(value, dict):
        raise ShapeError(f"the reply is {kind_of(value)} and not an object")
    if value.get("error"):
        error = error_fields(value)
        if text_or_none(error.get("code")) not in _REFUSED:
            raise ErrorBody(error)
        return ChatReply("", finish_reason="content_filter", model=text_or_none(value.get("model")))
    finish = _finish(value)
    texts, refusals, calls = _said(value.get("output"))
    if calls and not any(text.strip() for text in texts):
        texts, finish = [], "tool_calls" if finish == "stop" else finish
    return ChatReply(
        "\n".join([*texts, *calls]),
        refusal="\n".join(refusals) or None,
        finish_reason=finish,
        model=text_or_none(value.get("model")),
        usage=_usage(value.get("usage")),
    )


def _finish(value: Mapping[str, Any]) -> str | None:
    status = value.get("status")
    if status == "incomplete":
        details = value.get("incomplete_details")
        reason = text_or_none(details.get("reason")) if isinstance(details, dict) else None
        return _FINISH.get(reason or "", "length")
    if status not in ("completed", None):
        raise ShapeError("the response is not finished")
    return "stop" if status else None


def _said(output: Any) -> tuple[list[str], list[str], list[str]]:
    """The texts of the messages, their refusals, and what the model would have tools do; other items say nothing."""
    if not isinstance(output, list):
        raise ShapeError("the reply has no output")
    texts: list[str] = []
    refusals: list[str] = []
    calls: list[str] = []
    for item in output:
        if not isinstance(item, dict):
            raise ShapeError("the output of the reply has an item that is no object")
        if item.get("type") == "message":
            text, refusal = _parts(item.get("content"))
            texts += [text] if text else []
            refusals += [refusal] if refusal else []
        elif item.get("type") != "reasoning":
            calls += filter(None, (as_text(item.get(name)) for name in _ASKED))
    return texts, refusals, calls


def _parts(content: Any) -> tuple[str, str]:
    """The text and the refusal that a message's content parts amount to."""
    if not isinstance(content, list):
        raise ShapeError(f"the content of the reply is {kind_of(content)} and not a list of parts")
    texts, refusals = [], []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "output_text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "refusal" and isinstance(part.get("refusal"), str):
            refusals.append(part["refusal"])
        else:
            raise ShapeError("the content of the reply has a part that is neither text nor refusal")
    return "".join(texts), "".join(refusals)


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    usage = Usage(token_count(value.get("input_tokens")), token_count(value.get("output_tokens")))
    return None if usage == Usage() else usage
