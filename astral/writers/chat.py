"""How a writer or a checker reaches its model: one question, one reply, whatever stands between."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from astral.context import Context
from astral.escape import show
from astral.providers import open_provider
from astral.providers.messages import refuse_old_tracing
from astral.setting_values import Spec
from astral.wire import ChatReply, Endpoint, Purpose
from astral.wire.access import open_endpoint

CONNECTION_TEST = "This is a test of the connection. Return any JSON object."


@dataclass(frozen=True, slots=True)
class Form:
    """The shape that a reply must have: ``schema`` is the JSON Schema of an object."""

    name: str
    schema: Mapping[str, Any]

    @property
    def response_format(self) -> dict[str, Any]:
        """The form as an OpenAI-compatible endpoint wants it."""
        return {"type": "json_schema", "json_schema": {"name": self.name, "strict": True, "schema": dict(self.schema)}}

    @classmethod
    def of(cls, name: str, properties: Mapping[str, Any]) -> Form:
        """An object with exactly these properties, all of them required."""
        return cls(name, closed(properties))


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


class Chat(Protocol):
    """A model that can be asked; every asking is a conversation of its own."""

    async def ask(self, system: str, user: str, form: Form, *, purpose: Purpose = "writer") -> ChatReply:
        """The model's reply, its text not yet read: a model may ignore ``form``. Raises CallError."""
        ...


class WireChat:
    """A model behind an endpoint."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.endpoint, self.model = endpoint, model

    async def ask(self, system: str, user: str, form: Form, *, purpose: Purpose = "writer") -> ChatReply:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        return await self.endpoint.chat(self.model, messages, purpose=purpose, response_format=form.response_format)


async def preflight(chat: Chat, form: Form) -> float:
    """Try key, address and model with one tiny call outside the budget; its seconds. Raises CallError."""
    reply = await chat.ask("You are asked for one JSON object.", CONNECTION_TEST, form, purpose="preflight")
    return reply.seconds


def open_chat(
    spec: Spec, context: Context, *, kind: str, instead: str, environment: Mapping[str, str] = os.environ
) -> Chat:
    """The model of ``llm:MODEL@URL(key_env=NAME)`` or ``langchain:PROVIDER:MODEL@URL(key_env=NAME)``.

    ``kind`` is what the model is for (``writer``, ``checker``). An OpenAI-compatible endpoint is asked over our own
    wire, as a langchain model where langchain is installed and directly where it is not. Raises SettingsError.
    """
    if spec.kind == "langchain":
        return WireChat(*open_provider(spec, context.network, kind=kind, instead=instead, environment=environment))
    endpoint = open_endpoint(spec, context.network, kind=kind, instead=instead, environment=environment)
    if find_spec("langchain_core") is None:
        return WireChat(endpoint, spec.argument)
    from astral.writers.chain import ChainChat

    refuse_old_tracing(f"{kind} {show(spec.text)}", environment)
    return ChainChat(endpoint, spec.argument)
