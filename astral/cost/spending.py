"""What a run has spent, in words: dollars by model with the day of the price."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from astral.cost.wording import short
from astral.model import Calls, Spent
from astral.prices import host_of


def spent_text(calls: Calls) -> str:
    """What was spent on each model, never 0 for one without a price. The names are foreign text, yet to be escaped."""
    parts = by_model(calls.spent)
    if not parts:
        return ""
    terms = [_priced(part) for part in parts if part.usd is not None]
    if unknown := [_unpriced(part) for part in parts if part.usd is None]:
        terms.append(f"price unknown ({'; '.join(unknown)})")
    known = [part.usd for part in parts if part.usd is not None]
    whole = f"{amount(sum(known))} in all: " if len(parts) > 1 and len(known) == len(parts) else ""
    return "; ".join([whole + " + ".join(terms), *_reservations(calls, parts)])


def by_model(spent: Iterable[Spent]) -> tuple[Spent, ...]:
    """One for each model and endpoint, its purposes added up, in the order of first appearance."""
    found: dict[tuple[str, str], Spent] = {}
    for one in spent:
        before = found.get((one.endpoint, one.model))
        found[one.endpoint, one.model] = replace(one, purpose="") if before is None else before.plus(one)
    return tuple(found.values())


def spent_so_far(spent: Iterable[Spent]) -> str:
    """In few characters: ``$0.0123``, with ``+ ?`` where a model has no price; tokens where none has one."""
    asked = [one for one in spent if one.input_tokens + one.output_tokens]
    known = [one.usd for one in asked if one.usd is not None]
    if asked and not known:
        return f"{short(sum(one.input_tokens + one.output_tokens for one in asked))} tokens"
    return amount(sum(known)) + (" + ?" if len(known) < len(asked) else "") if asked else ""


def amount(usd: float) -> str:
    """``$12.30``, ``$0.0123``: cents from a dollar on, below it four places or two digits that are not 0."""
    if not usd:
        return "$0"
    places = 2 if usd >= 1 else min(12, max(4, 1 - math.floor(math.log10(usd))))
    return f"${usd:,.{places}f}"


def _priced(part: Spent) -> str:
    dated = f"price of {part.priced}" if part.priced else "your price"
    return f"{amount(part.usd or 0)} ({part.model or part.endpoint}, {dated})"


def _unpriced(part: Spent) -> str:
    where = f" at {host_of(part.endpoint)}" if part.model and part.endpoint else ""
    tokens = f"{short(part.input_tokens)} + {short(part.output_tokens)} tokens in + out"
    return f"{part.model or part.endpoint}{where}: {part.requests} request{'s' * (part.requests != 1)}, {tokens}"


def _reservations(calls: Calls, parts: Iterable[Spent]) -> Iterable[str]:
    if unreported := sum(part.unreported for part in parts):
        replies = "1 reply" if unreported == 1 else f"{unreported} replies"
        yield f"{replies} without a count of tokens: 4 characters taken for one"
    if calls.retries:
        yield "what failed requests cost is unknown and not counted"
