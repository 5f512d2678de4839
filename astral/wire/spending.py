"""What the calls of a run cost: tokens and dollars by endpoint, model and purpose."""

from __future__ import annotations

from astral.model import Spent, Usage
from astral.prices import Price, Prices, host_of


class Line:
    """One line of the ledger. ``price`` is None where it is unknown."""

    __slots__ = ("input_tokens", "output_tokens", "price", "requests", "unreported")

    def __init__(self, price: Price | None, before: Spent | None = None) -> None:
        self.price = price
        self.requests = before.requests if before else 0
        self.input_tokens = before.input_tokens if before else 0
        self.output_tokens = before.output_tokens if before else 0
        self.unreported = before.unreported if before else 0

    @property
    def usd(self) -> float | None:
        """What the tokens cost; None where the price is unknown."""
        return None if self.price is None else self.price.usd(self.input_tokens, self.output_tokens)

    def received(self, usage: Usage, assumed: Usage) -> tuple[int, float]:
        """Count a reply: its tokens, ``assumed`` ones in place of what was not reported, and their cost (0.0 where no
        price is known).
        """
        none = not (usage.input_tokens or usage.output_tokens)
        sent = assumed.input_tokens or 0 if none or usage.input_tokens is None else usage.input_tokens
        came = assumed.output_tokens or 0 if none or usage.output_tokens is None else usage.output_tokens
        self.unreported += none or (usage.output_tokens is None and came > 0) or usage.input_tokens is None
        self.input_tokens += sent
        self.output_tokens += came
        return sent + came, 0.0 if self.price is None else self.price.usd(sent, came)


class Ledger:
    """The lines of a run. ``carried`` puts in what an earlier part of the run spent, at the prices of now."""

    def __init__(self, prices: Prices) -> None:
        self.prices = prices
        self._lines: dict[tuple[str, str, str], Line] = {}

    def line(self, endpoint: str, model: str, purpose: str) -> Line:
        """The line of that endpoint (``host/path``), model and purpose."""
        key = (endpoint, model, purpose)
        if (line := self._lines.get(key)) is None:
            line = self._lines[key] = Line(self._price(endpoint, model))
        return line

    def carried(self, spent: Spent) -> Line:
        """The line that goes on from ``spent``."""
        price = self._price(spent.endpoint, spent.model)
        line = self._lines[spent.endpoint, spent.model, spent.purpose] = Line(price, spent)
        return line

    def spent(self) -> tuple[Spent, ...]:
        """All lines as they stand; may be called from another thread than that which writes them."""
        return tuple(
            Spent(
                *key,
                requests=line.requests,
                input_tokens=line.input_tokens,
                output_tokens=line.output_tokens,
                unreported=line.unreported,
                usd=line.usd,
                priced=line.price.date if line.price else "",
            )
            for key, line in list(self._lines.items())
        )

    def _price(self, endpoint: str, model: str) -> Price | None:
        return self.prices.price(model, host=host_of(endpoint))
