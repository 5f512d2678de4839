"""The models of one langchain provider behind the limits, the budget and the retry loop of the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from astral.escape import show
from astral.prices import PROVIDER_HOSTS
from astral.providers.failures import outcome_of
from astral.providers.messages import asked, conversation
from astral.wire import ChatReply, Endpoint, Network, Purpose
from astral.wire.address import DEFAULT_URL, name_of
from astral.wire.failures import Again, Failure

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class ProviderEndpoint(Endpoint):
    """One provider at one address with one key. ``chat`` asks the models that were made known to it."""

    brand = "langchain:"

    def __init__(self, network: Network, *, provider: str, url: str, key_name: str) -> None:
        super().__init__(network, url or DEFAULT_URL, None, key_name)
        self.name = f"{show(provider, 40)}, {name_of(url)}" if url else show(provider, 40)
        self.place = name_of(url) if url else PROVIDER_HOSTS.get(provider, show(provider, 40))
        self._models: dict[str, BaseChatModel] = {}

    def know(self, model: str, params: Mapping[str, Any], build: Callable[[], BaseChatModel]) -> None:
        """Make known what ``chat`` asks for that model with these parameters; built once."""
        key = _key(model, params)
        if key not in self._models:
            self._models[key] = build()

    async def _asked(self, request: Mapping[str, Any], purpose: Purpose) -> ChatReply:
        messages = request["messages"]
        form = request.get("response_format")
        params = {k: v for k, v in request.items() if k not in ("model", "messages", "response_format")}
        model = self._models[_key(request["model"], params)]
        length = sum(len(message["content"]) for message in messages)
        return await self.tried(
            lambda: self._run(model, conversation(messages), form["json_schema"] if form else None),
            model=request["model"],
            purpose=purpose,
            assumed_tokens=length // 4 + 1,
        )

    async def _run(self, model: BaseChatModel, question: Any, form: Mapping[str, Any] | None) -> ChatReply | Failure:
        """One asking. Foreign exceptions end here, as values: they and their chains may quote keys."""
        seconds = self._network.timeout
        try:
            async with asyncio.timeout(seconds):
                return await asked(model, question, form)
        except TimeoutError:
            return Failure("timeout", f"no complete reply within {seconds:g} s; raise timeout=", Again.YES)
        except Exception as err:
            return outcome_of(err, self._key_name, tls=self._url.startswith("https:"))


def _key(model: str, params: Mapping[str, Any]) -> str:
    return json.dumps([model, params], sort_keys=True)
