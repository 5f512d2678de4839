"""Asking a langchain model: what is sent, untraced, and what its message says in the words of our wire."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from astral.errors import SettingsError
from astral.model import Usage
from astral.wire import ChatReply

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

_FINISH = {
    **dict.fromkeys(("end_turn", "stop_sequence", "pause_turn", "STOP"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "MAX_TOKENS", "model_context_window_exceeded"), "length"),
    **dict.fromkeys(("tool_use", "MALFORMED_FUNCTION_CALL"), "tool_calls"),
    **dict.fromkeys(("content_filter", "refusal", "content_filtered", "guardrail_intervened"), "content_filter"),
    **dict.fromkeys(("SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"), "content_filter"),
}
"""Stop words of providers in OpenAI's words; any other stays as it is.

Anthropic: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons.md; Google:
https://docs.cloud.google.com/python/docs/reference/vertexai/1.134.0/vertexai.generative_models.FinishReason; Bedrock:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html; those that mean a refusal:
https://docs.pipelex.com/latest/errors/llm-completion-refused-error/ (all read 2026-11-21)."""
_STOP_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason")
_OLD_TRACING = ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER")


async def asked(
    model: BaseChatModel, question: Any, form: Mapping[str, Any] | None = None, *, prompt: Any = None
) -> ChatReply:
    """One asking, as a chain: ``prompt`` → ``model`` → structured output of the JSON Schema ``form`` (None: no form).

    ``question`` holds the values of ``prompt``; without one it is whatever langchain takes for a prompt. The reply's
    text is what the model wrote, for our own strict reader: langchain's parsers take prose around an object and mend
    broken ones. Raises what the provider raises.
    """
    from langchain_core.messages import AIMessage

    with _untraced():
        chain = _structured(model, form)
        found = await (chain if prompt is None else prompt | chain).ainvoke(question, config={"callbacks": []})
    raw = found["raw"] if isinstance(found, dict) else found
    if not isinstance(raw, AIMessage):
        raise TypeError("no message")
    return reply_of(raw)


def conversation(messages: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Messages of our wire as langchain takes them; each lone surrogate as U+FFFD, for UTF-8 has no bytes for it."""
    return [(message["role"], _sendable(message["content"])) for message in messages]


def _sendable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _structured(model: BaseChatModel, form: Mapping[str, Any] | None) -> Any:
    """``model`` made to answer in the form; as it is where it cannot be."""
    if form is None:
        return model
    titled = {"title": form["name"], "description": "The reply.", **form["schema"]}
    try:
        return model.with_structured_output(titled, include_raw=True)
    except NotImplementedError:
        return model


def reply_of(message: AIMessage) -> ChatReply:
    """What a provider's message says, in the words of our wire."""
    told = message.response_metadata
    finish = next((told[key] for key in _STOP_KEYS if told.get(key)), None)
    finish = _FINISH.get(finish, finish) if isinstance(finish, str) else None
    text = str(message.text)
    if message.tool_calls:  # a form that the model fills as a tool, or what it would have a tool do
        arguments = "\n".join(json.dumps(call["args"]) for call in message.tool_calls)
        text, finish = (f"{text}\n{arguments}", finish) if text.strip() else (arguments, "tool_calls")
    if not text.strip() and _prompt_blocked(told):
        finish = "content_filter"
    used = message.usage_metadata
    refusal = message.additional_kwargs.get("refusal")
    return ChatReply(
        text,
        refusal=refusal if isinstance(refusal, str) and refusal else None,
        finish_reason=finish,
        model=str(told.get("model_name") or told.get("model") or "") or None,
        usage=Usage(used["input_tokens"], used["output_tokens"]) if used else None,
        seconds=float(told.get("seconds") or 0.0),
    )


def _prompt_blocked(told: Mapping[str, Any]) -> bool:
    """True where Google's filter took the prompt and there is no candidate
    (https://ai.google.dev/api/generate-content#generatecontentresponse, read 2026-11-21)."""
    feedback = told.get("prompt_feedback")
    return isinstance(feedback, Mapping) and bool(feedback.get("block_reason"))


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    """No prompt goes to a tracing service, whatever LANGSMITH_TRACING and its like say.

    ``tracing_context`` beats the environment (https://docs.langchain.com/langsmith/conditional-tracing, read
    2026-11-21) and the variable what a caller's own ``with tracing_v2_enabled()`` has set.
    """
    from langchain_core.tracers.context import tracing_v2_callback_var
    from langsmith.run_helpers import tracing_context

    token = tracing_v2_callback_var.set(None)
    try:
        with tracing_context(enabled=False, parent=False):
            yield
    finally:
        tracing_v2_callback_var.reset(token)


def refuse_old_tracing(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raise SettingsError where a variable of the former tracer is set: langchain then fails with every call."""
    for variable in _OLD_TRACING:
        if environment.get(variable, "") not in ("", "0", "false", "False"):
            raise SettingsError(f"{name}: {variable} is set, and prompts are sent to no tracing service; unset it")
