"""The langchain side of the model access: prompt → model → structured output, and our own wire as such a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from astral.providers.messages import asked
from astral.wire import ChatReply, Endpoint, Purpose
from astral.wire.strict_json import read_object
from astral.writers.chat import Form

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

# --- the chain --------------------------------------------------------------------------------------------------------


async def run_chain(model: BaseChatModel, system: str, user: str, form: Mapping[str, Any] | None) -> ChatReply:
    """One asking: prompt → ``model`` → structured output of the JSON Schema ``form`` (None: as the model likes).

    The texts are values of the prompt, so that no brace in them means anything.
    """
    from langchain_core.prompts import ChatPromptTemplate

    prompt = ChatPromptTemplate.from_messages([("system", "{system}"), ("user", "{user}")])
    return await asked(model, {"system": system, "user": user}, form, prompt=prompt)


# --- our own wire as a langchain model --------------------------------------------------------------------------------


def wire_model(endpoint: Endpoint, model: str, *, purpose: Purpose = "writer") -> BaseChatModel:
    """A langchain chat model over ``endpoint``, for chains of anyone's own: limits, budget, retries and redaction are
    those of the endpoint, failures are CallError. It is asked with ``ainvoke``.
    """
    made: BaseChatModel = _wire_model_class()(endpoint=endpoint, model=model, purpose=purpose, cache=False)
    return made


@cache
def _wire_model_class() -> Any:
    """The class, made when first needed: its base takes half a second to import."""
    from langchain_core.language_models import BaseChatModel
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langchain_core.runnables import Runnable, RunnableLambda

    class WireModel(BaseChatModel):
        """A model behind one of our endpoints."""

        endpoint: Any
        model: str
        purpose: Any = "writer"

        @property
        def _llm_type(self) -> str:
            return "astral-wire"

        async def _agenerate(
            self, messages: list[Any], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
        ) -> ChatResult:
            sent = [{"role": _role(message), "content": str(message.text)} for message in messages]
            more = {**({"stop": stop} if stop else {}), **kwargs}
            reply = await self.endpoint.chat(self.model, sent, purpose=self.purpose, **more)
            return ChatResult(generations=[ChatGeneration(message=_message_of(reply))])

        def _generate(
            self, messages: list[Any], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
        ) -> ChatResult:
            raise NotImplementedError("the wire is asynchronous: use ainvoke")

        def with_structured_output(
            self, schema: Any, *, include_raw: bool = False, **kwargs: Any
        ) -> Runnable[Any, Any]:
            """Replies in the form of the JSON Schema ``schema``, as langchain's own models give them."""
            form = Form(str(schema.get("title", "reply")), {k: v for k, v in schema.items() if k != "title"})
            return self.bind(response_format=form.response_format, **kwargs) | RunnableLambda(
                _read_raw if include_raw else _read_parsed
            )

    return WireModel


def _read_raw(message: AIMessage) -> dict[str, Any]:
    parsed = read_object(str(message.text))
    return {"raw": message, "parsed": parsed, "parsing_error": None if parsed else ValueError("no JSON object")}


def _read_parsed(message: AIMessage) -> dict[str, Any]:
    from langchain_core.exceptions import OutputParserException

    if (parsed := read_object(str(message.text))) is None:
        raise OutputParserException("the reply is not one JSON object")
    return parsed


def _role(message: Any) -> str:
    return {"human": "user", "ai": "assistant"}.get(message.type, str(message.type))


def _message_of(reply: ChatReply) -> AIMessage:
    from langchain_core.messages import AIMessage

    told = {"finish_reason": reply.finish_reason, "model_name": reply.model, "seconds": reply.seconds}
    used = reply.usage
    counts = (used.input_tokens or 0, used.output_tokens or 0) if used else None
    return AIMessage(
        content=reply.text,
        additional_kwargs={"refusal": reply.refusal} if reply.refusal else {},
        response_metadata={key: value for key, value in told.items() if value is not None},
        usage_metadata=(
            {"input_tokens": counts[0], "output_tokens": counts[1], "total_tokens": sum(counts)} if counts else None
        ),
    )


class ChainChat:
    """A model of an OpenAI-compatible endpoint, asked by the chain over our own wire."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.endpoint, self.model = endpoint, model

    async def ask(self, system: str, user: str, form: Form, *, purpose: Purpose = "writer") -> ChatReply:
        model = wire_model(self.endpoint, self.model, purpose=purpose)
        return await run_chain(model, system, user, form.response_format["json_schema"])
