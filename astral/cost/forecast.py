"""What a plan will ask of whom: calls and tokens by endpoint and model, each from a lower to an upper end."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from astral.errors import SettingsError
from astral.escape import show
from astral.limits import BudgetMeter
from astral.model import Calls
from astral.prices import Cost, Prices, host_of, prices_wanted
from astral.setting_values import Budget

CHARACTERS_A_TOKEN = 4
"""Rule of thumb for English text (https://meridian.getnimbus.net/docs/token-estimation, read 2026-11-21)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A count that is known to lie between two ends."""

    low: int
    high: int

    @classmethod
    def of(cls, count: int) -> Span:
        """A count that is known exactly."""
        return cls(count, count)

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


NONE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Use:
    """What ``model`` at ``endpoint`` (``host/path``) is asked for one purpose, tokens in and out of all calls."""

    purpose: str
    endpoint: str
    model: str
    calls: Span
    input: Span
    output: Span

    @property
    def host(self) -> str:
        return host_of(self.endpoint)

    def cost(self, prices: Prices) -> tuple[Cost, Cost] | None:
        """The least and the most that it costs; None where the price is unknown."""
        low = prices.cost(self.model, self.input.low, self.output.low, host=self.host)
        high = prices.cost(self.model, self.input.high, self.output.high, host=self.host)
        return (low, high) if low is not None and high is not None else None


class Charged(Protocol):
    """A model at an endpoint (``host/path``) that charges for it."""

    @property
    def model(self) -> str: ...

    @property
    def endpoint(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Forecast:
    """Planned requests over the network; what is embedded counts none."""

    uses: tuple[Use, ...] = ()

    def calls(self, *purposes: str) -> Span:
        """The calls for these purposes; for all when none is named."""
        return total(use.calls for use in self.uses if not purposes or use.purpose in purposes)

    @property
    def requests(self) -> int:
        """The least number of requests."""
        return self.calls().low

    @property
    def possible(self) -> int:
        """The greatest number of requests; 0 where nothing is sent whatever happens."""
        return self.calls().high

    @property
    def tokens(self) -> int:
        """The least number of tokens."""
        return self.all_tokens.low

    @property
    def all_tokens(self) -> Span:
        return total(use.input + use.output for use in self.uses)

    def by_model(self) -> tuple[Use, ...]:
        """One use for each model and endpoint, its purposes added up, in the order of first appearance."""
        found: dict[tuple[str, str], Use] = {}
        for use in self.uses:
            key = (use.endpoint, use.model)
            before = found.get(key, Use("", *key, NONE, NONE, NONE))
            found[key] = Use("", *key, before.calls + use.calls, before.input + use.input, before.output + use.output)
        return tuple(found.values())


def total(spans: Iterable[Span]) -> Span:
    """The sum of counts, lower ends and upper ends each for themselves."""
    return sum(spans, NONE)


def check_budget(plan: Forecast, meter: BudgetMeter, prices: Prices, *, cells: str) -> None:
    """Raise SettingsError when the plan cannot fit what is left of the budget: better asked before than stopped
    half-way; and when a budget in dollars meets a model whose price is unknown. ``cells`` is the value of ``plan=``.
    """
    budget = meter.budget
    if budget.requests is not None and meter.requests + plan.requests > budget.requests:
        needed = meter.requests + plan.requests
        raise SettingsError(
            f"this plan needs at least {needed} requests, but budget={show(str(budget))}; "
            f"set budget={-(-needed * 5 // 4 // 100) * 100}req, or {_less(cells)}"
        )
    if budget.tokens is not None and plan.tokens > budget.tokens - meter.tokens:
        raise SettingsError(
            f"this plan needs at least about {meter.tokens + plan.tokens} tokens, but budget={show(str(budget))}; "
            f"raise it, or {_less(cells)}"
        )
    if budget.usd is not None:
        _check_dollars(plan, meter, budget.usd, prices, cells)


def _less(cells: str) -> str:
    """How to plan fewer requests than a plan of these ``cells`` has."""
    return "test less: " + ("" if cells == "pairwise" else "plan=pairwise, ") + "categories=..."


def _check_dollars(plan: Forecast, meter: BudgetMeter, limit: float, prices: Prices, cells: str) -> None:
    check_priced(plan.uses, meter.budget, prices)
    needed = meter.usd + sum(cost[0].usd for use in plan.uses if (cost := use.cost(prices)) is not None)
    if needed > limit:
        wanted = Budget(usd=math.ceil(needed * 1.25 * 100) / 100)
        raise SettingsError(
            f"this plan costs at least about {Budget(usd=round(needed, 6))}, but budget={show(str(meter.budget))}; "
            f"set budget={wanted}, or {_less(cells)}"
        )


def check_priced(uses: Iterable[Charged], budget: Budget, prices: Prices) -> None:
    """Raise SettingsError when the budget is in dollars and the price of one of these is unknown."""
    asked = ((use.model, use.endpoint) for use in uses)
    unpriced = [(model, place) for model, place in asked if prices.price(model, host=host_of(place)) is None]
    if budget.usd is not None and unpriced:
        raise SettingsError(prices_wanted(unpriced, budget))


def check_carried(before: Calls, budget: Budget, prices: Prices) -> None:
    """Raise SettingsError when the budget is in dollars and what an earlier part of the run cost is unknown: it would
    count as nothing.
    """
    if budget.usd is not None and not before.spent and before.target + before.judge:
        raise SettingsError(
            f"budget={show(str(budget))} cannot be kept, because an older version began this run and did not keep what "
            "it spent; set a budget in requests or tokens: budget=500req, budget=1Mtok"
        )
    paid = (one for one in before.spent if one.purpose != "preflight" and one.input_tokens + one.output_tokens)
    check_priced(paid, budget, prices)
