"""Models behind OpenAI's two APIs, chat completions and responses: at OpenAI, at Azure, or at any other server."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from astral.context import Context
from astral.conversation import total_usage
from astral.errors import CallError, SettingsError
from astral.escape import show
from astral.model import Case, Response
from astral.model_names import answers_as
from astral.setting_values import Spec, read_choice
from astral.targets.parameters import OPTIONS, Parameters, read_parameters
from astral.wire import ChatReply, Endpoint, Purpose
from astral.wire.access import check_options, open_endpoint
from astral.wire.azure import open_azure
from astral.wire.replies import finish_word
from astral.wire.responses_api import responses_exchange

TAKEN = ("model", "messages", "input", "instructions", "stream")
"""Fields of a request that ``extra`` may not give."""
APIS = ("chat", "responses")


class OpenAITarget:
    """Asks ``model`` at ``endpoint`` by ``api``, with the parameters that the user set and no others.

    ``served`` is the name that the model answers by, empty where it is not known (a deployment may be called
    anything); ``strict`` makes an answer by another model an error.
    """

    def __init__(
        self,
        name: str,
        model: str,
        endpoint: Endpoint,
        parameters: Parameters = Parameters(),  # noqa: B008 - frozen
        *,
        api: str = "chat",
        served: str | None = None,
        strict: bool = False,
    ) -> None:
        self.name, self.model, self.endpoint = name, model, endpoint
        self.parameters = parameters
        self._served = model if served is None else served
        self._api, self._strict = api, strict

    async def answer(self, case: Case, repeat: int) -> Response:
        """Send the user turns one after the other, each with the replies before it; the last reply is the answer.

        A turn that the provider's filter stops without any text ends the exchange there. Raises CallError.
        """
        turns: list[dict[str, str]] = []
        replies: list[ChatReply] = []
        said: list[tuple[str, str | None]] = []
        for turn in case.turns:
            turns.append({"role": "user", "content": turn})
            reply = await self._ask(turns, "target")
            text, finish = in_words(reply)
            replies.append(reply)
            said.append((text, finish))
            if finish == "content_filter" and not text.strip():
                break
            turns.append({"role": "assistant", "content": text})
        seconds = sum(reply.seconds for reply in replies)
        usage = total_usage([reply.usage for reply in replies])
        earlier, ends = tuple(words for words, _ in said[:-1]), tuple(end or "" for _, end in said[:-1])
        return Response(text, reply.model, finish, usage, seconds, earlier=earlier, earlier_finish=ends)

    async def preflight(self) -> float:
        """Try key, address and model with one tiny call outside the budget; its seconds. Raises CallError."""
        return (await self._ask([{"role": "user", "content": "Reply with OK."}], "preflight")).seconds

    def describe(self) -> dict[str, Any]:
        """All that an answer depends on beside its case; nothing secret."""
        described = {"api": self._api, "endpoint": self.endpoint.name, "model": self._served}
        if self.model != self._served:
            described["deployment"] = self.model
        return {**described, **self.parameters.described()}

    @property
    def way(self) -> str:
        """How the model is asked where it is not the plain way: each way is tried before a run."""
        return "" if self._api == "chat" and not self._params() else f"{self._api} {sorted(self._params())}"

    async def _ask(self, turns: Sequence[Mapping[str, str]], purpose: Purpose) -> ChatReply:
        try:
            reply = await self._sent(turns, purpose)
        except CallError as err:
            raise _explained(err, self._params()) from None
        if self._strict and not answers_as(self._served, reply.model):
            answered = show(reply.model or "", 80)
            message = f"{self.endpoint.name}: {answered} answered and not {show(self._served)}; see strict_model="
            raise CallError("model_mismatch", message)
        return reply

    async def _sent(self, turns: Sequence[Mapping[str, str]], purpose: Purpose) -> ChatReply:
        system, params = self.parameters.system, self._params()
        if self._api == "responses":
            exchange = responses_exchange(self.model, turns, instructions=system, params=params)
            return await self.endpoint.send(exchange, purpose)
        first = [] if system is None else [{"role": "system", "content": system}]
        return await self.endpoint.chat(self.model, [*first, *turns], purpose=purpose, **params)

    def _params(self) -> dict[str, Any]:
        """Temperature, length and extra under the names that the API has for them."""
        length = "max_output_tokens" if self._api == "responses" else "max_tokens"
        chosen = {"temperature": self.parameters.temperature, length: self.parameters.max_tokens}
        return {**{name: value for name, value in chosen.items() if value is not None}, **self.parameters.extra}


def _explained(err: CallError, params: Mapping[str, Any]) -> CallError:
    """The error, with what to do where the server names a parameter that the model does not take.

    OpenAI's newer models answer 400 to ``max_tokens``: "Unsupported parameter: 'max_tokens' is not supported with this
    model. Use 'max_completion_tokens' instead." Seen 2025-08-22 in
    https://github.com/griptape-ai/ComfyUI-Griptape/issues/312.
    """
    message = str(err)
    if err.reason != "http_400" or "nsupported" not in message:
        return err
    if "max_tokens" in params and "'max_completion_tokens'" in message:
        advice = f'leave out max_tokens= and give extra={{"max_completion_tokens": {params["max_tokens"]}}}'
    else:
        refused = [name for name in params if f"'{name}'" in message]
        if not refused:
            return err
        advice = f"leave out {refused[0]}= for this model"
    return CallError(err.reason, f"{message}; {advice}", fatal=err.fatal)


def in_words(reply: ChatReply) -> tuple[str, str | None]:
    """Text and finish reason: the refusal field counts where there is no content; where both are, the content does."""
    if reply.refusal and not reply.text.strip():
        return reply.refusal, "refusal"
    return reply.text, finish_word(reply.finish_reason)


def build_target(spec: Spec, context: Context) -> OpenAITarget:
    """The target of ``gpt-4`` or ``openai:MODEL@URL(key_env=NAME, api=responses, ...)``. Raises SettingsError."""
    endpoint = open_endpoint(spec, context.network, kind="target", instead="try target=demo", options=("api", *OPTIONS))
    parameters = read_parameters(spec, context, taken=TAKEN)
    strict = context.settings.strict_model
    return OpenAITarget(spec.text, spec.argument, endpoint, parameters, api=_api(spec), strict=strict)


def build_azure(spec: Spec, context: Context, environment: Mapping[str, str] = os.environ) -> OpenAITarget:
    """The target of ``azure:DEPLOYMENT@https://RESOURCE.openai.azure.com(...)``. Raises SettingsError."""
    name = f"target {show(spec.text)}"
    if not spec.argument:
        raise SettingsError(f"{name} names no deployment; write azure:DEPLOYMENT@https://RESOURCE.openai.azure.com")
    check_options(spec, name, ("api_version", "key_env", "api", "model", *OPTIONS))
    parameters, api = read_parameters(spec, context, taken=TAKEN), _api(spec)
    endpoint = open_azure(spec, context.network, api, environment)
    served, strict = dict(spec.options).get("model", ""), context.settings.strict_model
    if strict and not served:
        raise SettingsError(
            f"{name}: strict_model=on needs the name of the model behind the deployment; add model=NAME to its brackets"
        )
    return OpenAITarget(spec.text, spec.argument, endpoint, parameters, api=api, served=served, strict=strict)


def _api(spec: Spec) -> str:
    chosen = dict(spec.options).get("api", "chat")
    try:
        return read_choice(*APIS)(chosen)
    except SettingsError as err:
        raise SettingsError(f"target {show(spec.text)}: api={show(chosen, 40)}: {err}") from None
