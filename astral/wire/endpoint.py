"""One endpoint: a base URL and a key, its limits, its client, and the one retry loop of the program."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from astral.errors import AstralError, CallError
from astral.escape import show
from astral.limits import Limiter
from astral.model import Usage
from astral.wire.address import name_of
from astral.wire.exchange import Exchange, chat_exchange
from astral.wire.failures import Again, Failure, Stops, from_exception, from_status
from astral.wire.replies import ChatReply
from astral.wire.transport import is_success

if TYPE_CHECKING:
    from astral.wire.client import Client
    from astral.wire.network import Network

Purpose = Literal["target", "judge", "writer", "preflight"]
Message = Mapping[str, str]
Attempt = Callable[[], Awaitable[ChatReply | Failure]]
NO_KEY = "none"
"""Sent in place of a key to servers that ask for none."""
FIRST_BACKOFF, LAST_BACKOFF = 1.0, 30.0
WORD_LIMIT = 200
"""Characters of a model's name and of a finish reason that are kept: they go into every report."""


class Endpoint:
    """Made by ``Network.endpoint``. ``name`` says for messages where it is, without anything secret; ``place`` is
    ``host/path`` of what charges for the calls.
    """

    brand = "openai at "
    """What stands before the name in messages."""

    def __init__(
        self,
        network: Network,
        url: str,
        key: str | None,
        key_name: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: str = "",
    ) -> None:
        self.name = self.place = name_of(url)
        self._network, self._url, self._key, self._key_name = network, url, key, key_name
        self.limiter = Limiter(
            network.concurrency, network.rpm, network.tpm, sleep=network.sleep, monotonic=network.monotonic
        )
        self._headers, self._query = headers, query
        self._open: Client | None = None
        self._stopped: dict[str, Failure] = {}
        """What ended a model for the rest of the run; the empty name is the whole endpoint."""
        self._takes_schemas = True

    def __repr__(self) -> str:
        return f"<Endpoint {self.name}>"

    async def chat(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        purpose: Purpose,
        response_format: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> ChatReply:
        """One chat completion. Only what is in ``params`` is sent beside model and messages.

        An endpoint that refuses ``response_format`` (400 or 422) is not sent one again. A prompt that the provider's
        filter refused is a reply without text whose ``finish_reason`` is ``content_filter``. Raises CallError.
        """
        request = {"model": model, "messages": messages, **params}
        if response_format is None or not self._takes_schemas:
            return await self._asked(request, purpose)
        try:
            return await self._asked({**request, "response_format": response_format}, purpose)
        except CallError as err:
            if err.reason not in ("http_400", "http_422"):
                raise
        reply = await self._asked(request, purpose)
        self._takes_schemas = False
        return reply

    async def _asked(self, request: Mapping[str, Any], purpose: Purpose) -> ChatReply:
        return await self.send(chat_exchange(request), purpose)

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        client, self._open = self._open, None
        if client is not None:
            await client.aclose()

    async def send(self, exchange: Exchange, purpose: Purpose) -> ChatReply:
        """The reply to one request of any wire format. Raises CallError, BudgetExhausted."""
        return await self.tried(
            lambda: self._exchanged(exchange),
            model=exchange.model,
            purpose=purpose,
            assumed_tokens=exchange.assumed_tokens,
        )

    async def tried(self, attempt: Attempt, *, model: str, purpose: Purpose, assumed_tokens: int) -> ChatReply:
        """The retry loop: every attempt takes a place of its own, so that a call that waits holds up nobody.

        ``attempt`` sends one request and turns whatever goes wrong into a Failure; the deadline of an attempt is its
        own. ``model`` is what a missing model stops; "" is the whole endpoint. A preflight is tried twice at most:
        somebody waits in front of a screen, perhaps for a mistyped address. Raises CallError, BudgetExhausted.
        """
        met: set[Again] = set()
        unheard = 0
        retries = min(self._network.retries, 1) if purpose == "preflight" else self._network.retries
        for sent in itertools.count(1):
            tries = sent - unheard
            outcome = await self._attempted(attempt, model, purpose, assumed_tokens, retry=sent > 1)
            if isinstance(outcome, ChatReply):
                return outcome if tries == 1 else replace(outcome, attempts=tries)
            if outcome.stops is not Stops.NOTHING:
                self._stopped[model if outcome.stops is Stops.MODEL else ""] = outcome
            again, before = outcome.again, outcome.again in met
            if again is Again.NO or sent > retries or (again is Again.ONCE and before):
                raise self._error(outcome, tries)
            met.add(again)
            if again is Again.AT_ONCE and not before:
                unheard = 1
            elif not outcome.throttles or outcome.wait is None:  # else all wait for it, this call among them
                await self._network.sleep(self._delay(outcome, tries))
        raise AssertionError("unreachable")

    async def _attempted(
        self, attempt: Attempt, model: str, purpose: Purpose, assumed_tokens: int, *, retry: bool
    ) -> ChatReply | Failure:
        limiter, network = self.limiter, self._network
        async with limiter.place(urgent=retry or purpose == "judge", tokens=assumed_tokens) as place:
            try:
                if (stop := self._stopped.get("") or self._stopped.get(model)) is not None:
                    raise self._error(stop, 1)
                network.sending(purpose, endpoint=self.place, model=model, retry=retry)
            except AstralError:  # what is left of the run is told so at once and not at the pace of calls
                limiter.unsent(place)
                raise
            started = network.monotonic()
            outcome = await attempt()
            seconds = network.monotonic() - started
            if isinstance(outcome, Failure) and not outcome.filtered:
                if outcome.throttles:
                    limiter.throttled(outcome.wait, place)
                return outcome
            limiter.succeeded(place)
            if isinstance(outcome, Failure):
                return ChatReply("", finish_reason="content_filter", seconds=seconds)
            usage, assumed = outcome.usage or Usage(), Usage(assumed_tokens, len(outcome.text) // 4)
            limiter.used_tokens(_sum(usage) or _sum(assumed), place)
        network.received(usage, purpose, assumed, endpoint=self.place, model=model)
        clean = network.redactor.clean
        refusal = clean(outcome.refusal) if outcome.refusal else None
        said, finish = (clean(word)[:WORD_LIMIT] if word else None for word in (outcome.model, outcome.finish_reason))
        text = clean(outcome.text)
        return replace(outcome, text=text, refusal=refusal, model=said, finish_reason=finish, seconds=seconds)

    async def _exchanged(self, exchange: Exchange) -> ChatReply | Failure:
        """One request. Foreign exceptions end here, as values: they and their chains may quote keys."""
        seconds = self._network.timeout
        try:
            async with asyncio.timeout(seconds):
                status, headers, body = await self._client().exchanged(exchange)
            if is_success(status):
                return exchange.read(body)
        except TimeoutError:
            return Failure("timeout", f"no complete reply within {seconds:g} s; raise timeout=", Again.YES)
        except Exception as err:
            return from_exception(err, self._url.startswith("https:"))
        meant = exchange.refused(status, headers, body) if exchange.refused else None
        return meant or from_status(status, headers, body, self._key_name)

    def _client(self) -> Client:
        if self._open is None:
            from astral.wire.client import Client

            bearer = {"Authorization": f"Bearer {self._key or NO_KEY}"}
            self._open = Client(self._url, self._query, bearer if self._headers is None else self._headers)
        return self._open

    def _delay(self, failure: Failure, attempt: int) -> float:
        if failure.wait is not None:
            return failure.wait
        longest = min(FIRST_BACKOFF * 2.0 ** (attempt - 1), LAST_BACKOFF)
        return longest * self._network.rng.uniform(0.5, 1.0)

    def _error(self, failure: Failure, attempts: int) -> CallError:
        """The failure as an error: one inert line without secrets. A stop is fatal for the model or the endpoint."""
        said = show(self._network.redactor.clean(failure.said), 160)
        tries = f" (after {attempts} tries)" if attempts > 1 else ""
        line = f"{self.brand}{self.name}: {failure.what}{tries}" + (f"; the server says: {said}" if said else "")
        message = show(self._network.redactor.clean(line), None)
        return CallError(failure.reason, message, fatal=failure.stops is not Stops.NOTHING)


def _sum(usage: Usage) -> int:
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)
