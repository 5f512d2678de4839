"""A forecast in words: calls, tokens, prices with their date, time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from astral.cost.forecast import Forecast, Span, Use, total
from astral.cost.trials import answer_tokens
from astral.escape import show
from astral.prices import Price, Prices
from astral.setting_values import Budget


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that one call takes, from ``low`` to ``high``, and how they are known."""

    low: float
    high: float
    known: str

    @classmethod
    def measured(cls, seconds: float) -> Pace:
        return cls(seconds, seconds, f"the preflight's {seconds:.2f} s a call")


ASSUMED = Pace(1, 5, "an assumed 1-5 s a call")
"""Where nothing may be sent, no call can be timed."""


def cost_line(
    plan: Forecast,
    *,
    prices: Prices,
    budget: Budget,
    trials: int,
    pace: Pace | None,
    concurrency: int,
    code: bool,
    rpm: float | None = None,
    tpm: float | None = None,
    reused: int = 0,
    noun: str = "trial",
) -> str:
    """One line: calls, tokens, price, time, budget. ``code``: somebody's own function is called too; ``reused`` answers
    are those of earlier runs.
    """
    head = f"astral: {trials} {noun}{'s' * (trials != 1)}"
    if reused:
        head += f": {reused} {'answer' if reused == 1 else 'answers'} reused from earlier runs"
    mark = "," if reused else ":"
    if not trials and not plan.possible:
        return f"{head}: nothing is left to ask; cost none"
    if not plan.possible and code:
        return f"{head}{mark} your own code is called; what it asks of others is neither seen nor limited"
    if not plan.possible:
        return f"{head}, all embedded: no request leaves this machine; cost none"
    time = "time unknown"
    if pace is not None:
        time = f"about {_expected(plan, pace, concurrency, rpm, tpm)} at {pace.known}"
    own = "; what your own code asks of others is neither seen nor limited" if code else ""
    return (
        f"{head}{mark} {plan.calls('target')} target calls + {plan.calls('judge')} judge calls, "
        f"~{tokens(plan.all_tokens)} tokens, {price_text(plan, prices)}, {time}, budget {budget}{own}"
    )


def assumptions(confirm: int, max_tokens: int | None) -> str:
    """What the figures rest on, in one line."""
    answers = f"answers of {answer_tokens(max_tokens)} tokens"
    judged = f"; the upper ends judge each answer {confirm} times, as if all were unsafe" if confirm > 1 else ""
    return f"assumed: 4 characters a token, {answers}{judged}; retries are not counted"


def use_lines(plan: Forecast, prices: Prices) -> Iterator[str]:
    """A line for each purpose of each model: calls, tokens in and out, cost."""
    for use in plan.uses:
        where = f"{show(use.model, 80)} at {show(use.endpoint, 80)}" if use.endpoint else show(use.model, 80)
        yield (
            f"{use.purpose} {where}: {use.calls} calls, ~{tokens(use.input)} tokens in, "
            f"~{tokens(use.output)} out, {_term(use, prices, named=False)}"
        )


def price_text(plan: Forecast, prices: Prices) -> str:
    """The cost of each model with the date of its price; a model without a price is named, never counted as 0."""
    parts = plan.by_model()
    terms = [_term(use, prices, named=True) for use in parts]
    known = [found for use in parts if (found := use.cost(prices)) is not None]
    if len(terms) > 1 and len(known) == len(terms):
        whole = dollars(sum(low.usd for low, _ in known), sum(high.usd for _, high in known))
        return f"{whole} in all: {' + '.join(terms)}"
    return " + ".join(terms)


def _term(use: Use, prices: Prices, *, named: bool) -> str:
    name = [show(use.model, 60)] if named else []
    found = use.cost(prices)
    if found is None:
        return f"price unknown ({name[0]})" if named else "price unknown"
    low, high = found
    return f"{dollars(low.usd, high.usd)} ({', '.join([*name, _dated(low.price)])})"


def _dated(price: Price) -> str:
    return f"price of {price.date}" if price.date else "your price"


def dollars(low: float, high: float) -> str:
    """``$0.02-0.05``: cents, and as many places as show that a small amount is not nothing."""
    if not high:
        return "$0"
    least = low or high
    places = 2 if least >= 0.01 else min(12, -math.floor(math.log10(least)))
    ends = [f"{low:,.{places}f}", f"{high:,.{places}f}"]
    return "$" + "-".join(dict.fromkeys(ends))


def tokens(span: Span) -> str:
    """``83k-151k``, ``1.2M``."""
    return "-".join(dict.fromkeys((short(span.low), short(span.high))))


def short(count: int) -> str:
    """``999``, ``83k``, ``1.2M``."""
    if count >= 999_500:
        return f"{count / 1_000_000:.1f}M"
    return f"{count / 1000:.0f}k" if count >= 1000 else str(count)


def _expected(plan: Forecast, pace: Pace, concurrency: int, rpm: float | None, tpm: float | None) -> str:
    """Endpoints work side by side, so the busiest one sets the time; at each of them the tightest limit does."""
    low = high = 0.0
    for endpoint in {use.endpoint: None for use in plan.uses}:
        uses = [use for use in plan.uses if use.endpoint == endpoint]
        calls, used = total(use.calls for use in uses), total(use.input + use.output for use in uses)
        a_call, a_token = 60 / rpm if rpm else 0.0, 60 / tpm if tpm else 0.0
        low = max(low, calls.low * pace.low / concurrency, calls.low * a_call, used.low * a_token)
        high = max(high, calls.high * pace.high / concurrency, calls.high * a_call, used.high * a_token)
    return _durations(low, high)


def _durations(low: float, high: float) -> str:
    """``26-52 s``, ``21 s-3 min``."""
    (start, unit), (end, last) = _duration(low), _duration(high)
    if unit != last:
        return f"{start} {unit}-{end} {last}"
    return f"{'-'.join(dict.fromkeys((start, end)))} {unit}"


def _duration(seconds: float) -> tuple[str, str]:
    size, unit = (1, "s") if seconds < 120 else (60, "min") if seconds < 7200 else (3600, "h")
    return f"{seconds / size:.0f}", unit
