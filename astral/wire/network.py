"""The run's one way to the network: all endpoints, what they share, and what was sent."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from astral.errors import BudgetExhausted, SettingsError
from astral.limits import BudgetMeter, Sleep
from astral.model import Calls, Usage
from astral.prices import Prices, prices_wanted
from astral.secrets import Redactor
from astral.wire.address import DEFAULT_URL, checked
from astral.wire.endpoint import Endpoint, Purpose
from astral.wire.spending import Ledger


@dataclass(slots=True)
class CallCounts:
    """Requests sent so far by purpose, retries among them counted once more apart; tokens as the endpoints report."""

    target: int = 0
    judge: int = 0
    writer: int = 0
    preflight: int = 0
    retries: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None


class Network:
    """Hands out endpoints, and counts what is sent through them. ``timeout`` is the total time of one attempt;
    ``sleep``, ``monotonic`` and ``rng`` are arguments so that tests wait for nothing.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        rpm: float | None,
        tpm: float | None = None,
        timeout: float,
        retries: int,
        budget: BudgetMeter,
        redactor: Redactor,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        prices: Prices = Prices(()),  # noqa: B008 - it knows no price and never changes
    ) -> None:
        self.concurrency, self.rpm, self.tpm = concurrency, rpm, tpm
        self.timeout, self.retries = timeout, retries
        self.budget, self.redactor = budget, redactor
        self.sleep, self.monotonic = sleep, monotonic
        self.rng = rng or random.Random()  # noqa: S311 - jitter of waits
        self.calls = CallCounts()
        self.prices, self._ledger = prices, Ledger(prices)
        self._endpoints: dict[Hashable, Endpoint] = {}

    def endpoint(
        self,
        base_url: str | None,
        key: str | None,
        *,
        key_name: str = "OPENAI_API_KEY",
        headers: Mapping[str, str] | None = None,
        query: str = "",
        made: type[Endpoint] = Endpoint,
    ) -> Endpoint:
        """The endpoint of that address (None: OpenAI's own) and key (None: it asks for none); always the same one.

        ``key_name`` is the environment variable that errors point to. ``headers`` stand in place of the bearer header
        of ``key``; ``query`` is appended to each URL. Endpoints ``made`` as different classes share nothing. Raises
        SettingsError for an address or key that no request can be made with.
        """
        url = checked(base_url or DEFAULT_URL)
        if key is not None and not (key.isascii() and key.isprintable() and key and " " not in key):
            raise SettingsError(
                f"{key_name} holds a blank, a line break or another character that no key has; set it again"
            )
        if key is not None:
            self.redactor.learn(key)
        place = (made, url, key, query, None if headers is None else tuple(sorted(headers.items())))
        return self.known(place, lambda: made(self, url, key, key_name, headers=headers, query=query))

    def known(self, place: Hashable, make: Callable[[], Endpoint]) -> Endpoint:
        """The endpoint at ``place`` (an address, a key and what else tells it apart), made where there is none yet;
        closed with all others.
        """
        if place not in self._endpoints:
            self._endpoints[place] = make()
        return self._endpoints[place]

    def fresh(self) -> Network:
        """Another network of the same settings, with counts and a budget of its own."""
        return Network(
            concurrency=self.concurrency,
            rpm=self.rpm,
            tpm=self.tpm,
            timeout=self.timeout,
            retries=self.retries,
            budget=BudgetMeter(self.budget.budget),
            redactor=self.redactor,
            sleep=self.sleep,
            monotonic=self.monotonic,
            rng=self.rng,
            prices=self.prices,
        )

    def carry(self, before: Calls) -> None:
        """Go on from what an earlier part of the run sent, its budget included."""
        counts = self.calls
        counts.target, counts.judge = before.target, before.judge
        counts.preflight, counts.retries = before.preflight, before.retries
        counts.input_tokens, counts.output_tokens = before.input_tokens, before.output_tokens
        tokens = 0 if before.spent else (before.input_tokens or 0) + (before.output_tokens or 0)
        self.budget.carry(requests=before.target + before.judge, tokens=tokens)
        for spent in before.spent:
            line = self._ledger.carried(spent)
            if spent.purpose != "preflight":
                self.budget.carry(requests=0, tokens=line.input_tokens + line.output_tokens, usd=line.usd or 0.0)

    def calls_so_far(self) -> Calls:
        """What was sent, as a run stores it; a writer's calls are in ``spent`` only: they belong to generation."""
        c = self.calls
        return Calls(c.target, c.judge, c.preflight, c.retries, c.input_tokens, c.output_tokens, self._ledger.spent())

    @property
    def in_flight(self) -> int:
        """Requests that have no reply yet; for any thread."""
        return sum(endpoint.limiter.in_flight for endpoint in self._opened())

    @property
    def slowed(self) -> tuple[int, str] | None:
        """The fewest calls that an endpoint takes at once where that is below ``concurrency`` now, and its name, which
        is empty where there is but one endpoint.
        """
        endpoints = self._opened()
        lowered = [(one.limiter.limit, one.name) for one in endpoints if one.limiter.limit < self.concurrency]
        limit, name = min(lowered, default=(0, ""))
        return (limit, name if len(endpoints) > 1 else "") if limit else None

    def _opened(self) -> list[Endpoint]:
        return list(self._endpoints.values())

    def sending(self, purpose: Purpose, *, endpoint: str, model: str, retry: bool) -> None:
        """Count a request to ``model`` at ``endpoint`` (``host/path``) that is about to be sent. A preflight is outside
        the budget. Raises BudgetExhausted, also for a budget in dollars where the price is unknown.
        """
        line = self._ledger.line(endpoint, model, purpose)
        if purpose != "preflight":
            if line.price is None and self.budget.budget.usd is not None:
                raise BudgetExhausted(prices_wanted([(model, endpoint)], self.budget.budget))
            self.budget.reserve()
        line.requests += 1
        setattr(self.calls, purpose, getattr(self.calls, purpose) + 1)
        self.calls.retries += retry

    def received(self, usage: Usage, purpose: Purpose, assumed: Usage, *, endpoint: str, model: str) -> None:
        """Count the tokens of a reply and what they cost; the ``assumed`` ones where the endpoint reports none."""
        counts = self.calls
        if usage.input_tokens is not None:
            counts.input_tokens = (counts.input_tokens or 0) + usage.input_tokens
        if usage.output_tokens is not None:
            counts.output_tokens = (counts.output_tokens or 0) + usage.output_tokens
        tokens, usd = self._ledger.line(endpoint, model, purpose).received(usage, assumed)
        if purpose != "preflight":
            self.budget.add_tokens(tokens)
            self.budget.add_cost(usd)

    async def aclose(self) -> None:
        """Close all connections."""
        for endpoint in self._endpoints.values():
            await endpoint.aclose()
