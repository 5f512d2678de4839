"""The forecast of a generation: what writing, checking and searching will ask of whom."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from astral.cost.forecast import NONE, Forecast, Span, Use
from astral.cost.wording import price_text, use_lines
from astral.escape import show
from astral.prices import PROVIDER_HOSTS, Prices
from astral.setting_values import Spec
from astral.wire.access import URL_ENV
from astral.wire.address import DEFAULT_URL, checked, name_of

REWRITES = 2
"""The upper ends ask for every prompt this many times more: declined, unreadable, or turned down by the checks."""
CHECK_TOKENS, CHECK_REPLY_TOKENS = 700, 25
"""A check's question, about 2,310 characters with the form of its reply around the prompt, and the reply."""
REWORD_TOKENS, REWORD_REPLY_TOKENS = 250, 30
"""Wording one news query anew: some 900 characters with a category's definition, and the form."""
PROMPT_TOKENS = 80
"""Assumed length of a prompt that is put to the checker."""


@dataclass(frozen=True)
class Generation:
    """What making a suite will ask. ``searches`` counts news searches by source, ``silent`` names writers and checkers
    that are plugins: what they ask is not known.
    """

    prompts: int
    plan: Forecast
    prices: Prices = field(repr=False)
    searches: Mapping[str, int] = field(default_factory=dict)
    silent: tuple[str, ...] = ()

    @property
    def requests(self) -> int:
        """The least number of requests to models."""
        return self.plan.requests

    @property
    def tokens(self) -> int:
        """The least number of tokens."""
        return self.plan.tokens

    def lines(self) -> list[str]:
        """The forecast for people: prompts, calls by model, searches by source, cost."""
        return list(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.prompts} prompts to write"
        yield from use_lines(self.plan, self.prices)
        yield from (f"news: {count} searches at {show(source, 80)}" for source, count in self.searches.items())
        yield from (f"{show(name, 80)} is a plugin: what it asks of others is not known" for name in self.silent)
        if self.plan.requests:
            yield f"cost: {price_text(self.plan, self.prices)}" + (", searches not counted" if self.searches else "")
            yield (
                f"assumed: 4 characters a token, {PROMPT_TOKENS} tokens a prompt; the upper ends write every prompt "
                f"{REWRITES} times more"
            )
        elif not (self.searches or self.silent):
            yield "no request leaves this machine; cost none"


def generation_estimate(
    cases: int,
    *,
    writer: Spec,
    checker: Spec,
    rewordings: int,
    per_call: int,
    prices: Prices,
    twins: bool,
    news: int = 0,
    examples: bool = True,
    searches: Mapping[str, int] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Generation:
    """What writing ``cases`` prompts (and as many ``twins``) asks: ``per_call`` of them in one call, each with up to
    ``news`` items; ``rewordings`` news queries are worded by the writer, ``searches`` are made by source.

    Raises SettingsError for an address that no request can go to.
    """
    prompts = cases * (2 if twins else 1)
    uses = []
    if prompts and _is_model(writer):
        uses.append(_writing(prompts, per_call, _place(writer, environment), news=news, examples=examples))
    if rewordings and _is_model(writer):
        uses.append(_rewording(rewordings, _place(writer, environment)))
    if prompts and _is_model(checker):
        uses.append(_checking(prompts, _place(checker, environment)))
    known = {"template", "static", "rules"}
    silent = tuple(spec.text for spec in (writer, checker) if not _is_model(spec) and spec.name not in known)
    wanted = {source: count for source, count in (searches or {}).items() if count}
    return Generation(prompts, Forecast(tuple(uses)), prices, wanted, silent)


def embedding(embedder: Spec, environment: Mapping[str, str] = os.environ) -> tuple[Use, ...]:
    """The model that embeds seeds, where one is asked over our network; how often is not foreseen."""
    return (Use("embedder", *_place(embedder, environment), NONE, NONE, NONE),) if embedder.kind == "openai" else ()


def _is_model(spec: Spec) -> bool:
    return spec.kind in ("llm", "langchain")


def _writing(prompts: int, per_call: int, place: tuple[str, str], *, news: int, examples: bool) -> Use:
    from astral.writers.llm import tokens_a_call

    size = max(1, min(per_call, prompts))
    calls = -(-prompts // size)
    again = REWRITES * prompts
    whole, written = tokens_a_call(size, examples=examples, news=news)
    single, one = tokens_a_call(1, examples=examples, news=news)
    tokens_in = Span(calls * whole, calls * whole + again * single)
    tokens_out = Span(prompts * one, calls * written + again * one)
    return Use("writer", *place, Span(calls, calls + again), tokens_in, tokens_out)


def _rewording(count: int, place: tuple[str, str]) -> Use:
    asked, said = Span.of(count * REWORD_TOKENS), Span.of(count * REWORD_REPLY_TOKENS)
    return Use("news queries by", *place, Span.of(count), asked, said)


def _checking(prompts: int, place: tuple[str, str]) -> Use:
    calls = Span(prompts, prompts * (1 + REWRITES))
    each = CHECK_TOKENS + PROMPT_TOKENS
    asked = Span(calls.low * each, calls.high * each)
    said = Span(calls.low * CHECK_REPLY_TOKENS, calls.high * CHECK_REPLY_TOKENS)
    return Use("checker", *place, calls, asked, said)


def _place(spec: Spec, environment: Mapping[str, str]) -> tuple[str, str]:
    """Endpoint and model of a writer or checker that is a model."""
    given = spec.url
    if spec.kind == "langchain":
        provider, _, model = spec.argument.partition(":")
        given = given or (environment.get(URL_ENV, "").strip() if provider == "openai" else "")
        return (name_of(checked(given)) if given else PROVIDER_HOSTS.get(provider, provider)), model
    return name_of(checked(given or environment.get(URL_ENV, "").strip() or DEFAULT_URL)), spec.argument
