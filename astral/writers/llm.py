"""A language model as the writer: it words prompts for a cell after seeds and news, or a fallback writer does."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from astral.context import Context
from astral.errors import BudgetExhausted, CallError, WriterError
from astral.model import Cell, NewsItem, Seed
from astral.protocols import Brief, Draft, Writer
from astral.setting_values import Spec
from astral.taxonomy import DEFAULT, Entry, Taxonomy
from astral.templates import render
from astral.writers.chat import Chat, open_chat, preflight
from astral.writers.question import Question, Token, marker, plain, question
from astral.writers.reply import PROMPTS, QUERY, QUERY_LIMIT, Written, read_prompts, read_query, repeated

ATTEMPTS = 3
"""How often a prompt is asked for before another writer steps in."""
BATCH = 5
"""Prompts of one cell that are asked for in one call."""
CHARACTERS_A_TOKEN = 4
"""Rule of thumb for English text (https://meridian.getnimbus.net/docs/token-estimation, read 2026-11-21)."""
TOKENS_A_PROMPT = 80
"""Assumed length of a written prompt with its JSON, in tokens."""


def random_token() -> str:
    """128 fresh random bits."""
    return secrets.token_hex(16)


@dataclass(slots=True)
class _Order:
    """A brief on its way: the draft once there is one, else why there is none yet and how often a seed was changed."""

    brief: Brief
    draft: Draft | None = None
    reason: str = "bad_reply"
    turns: int = 0

    def as_asked(self, taken: Sequence[str], *, last: bool) -> Brief:
        """The brief for the next try: another seed where one was declined, in the end without the news as well."""
        seeds = self.brief.seeds
        at = self.turns % len(seeds) if seeds else 0
        news = () if last and self.reason == "refused" else self.brief.news
        written = (*self.brief.written, *taken)
        return replace(self.brief, seeds=(*seeds[at:], *seeds[:at]), news=news, written=written)


class LLMWriter:
    """Asks ``chat`` for the prompts of a cell; ``fallback`` writes what it declines, and the draft says why.

    ``token`` draws the marker of the lines between which foreign text stands.
    """

    def __init__(
        self, name: str, chat: Chat, taxonomy: Taxonomy, fallback: Writer, *, token: Token = random_token
    ) -> None:
        self.name, self.chat = name, chat
        self._taxonomy, self._fallback, self._token = taxonomy, fallback, token

    async def write(self, brief: Brief) -> Draft:
        """A prompt for the cell. ``Draft.fallback`` is ``refused``, ``bad_reply``, ``unreachable`` or ``budget`` when
        another writer had to step in. Raises WriterError where that one cannot write it either.
        """
        order = _Order(brief)
        await self._fill([order])
        return order.draft or await self._stand_in(order)

    async def write_batch(self, briefs: Sequence[Brief]) -> list[Draft | None]:
        """A draft for each brief, in order; the briefs are of one cell. Up to five prompts are asked for in one call,
        each on a seed of its own. None where the model wrote none and nobody could step in: what it wrote of the others
        was paid for. Raises WriterError where there is none at all.
        """
        orders = [_Order(brief) for brief in briefs]
        for benign in (False, True):
            alike = [order for order in orders if _benign(order.brief) is benign]
            for at in range(0, len(alike), BATCH):
                await self._fill(alike[at : at + BATCH])
        failed: WriterError | None = None
        for order in orders:
            try:
                order.draft = order.draft or await self._stand_in(order)
            except WriterError as err:
                failed = failed or err
        if failed is not None and not any(order.draft for order in orders):
            raise failed
        return [order.draft for order in orders]

    async def reword(self, entry: Entry, query: str) -> str:
        """The model's own wording of a news query for a category; ``query`` itself where it has none to offer."""
        shown = plain(query, QUERY_LIMIT)
        values = {"title": entry.title, "definition": entry.definition, "query": shown}
        user = render("reword.j2", nonce=marker([shown], self._token), **values)
        try:
            reply = await self.chat.ask(render("reword_system.j2"), user, QUERY)
        except CallError:
            return query
        return read_query(reply) or query

    async def preflight(self) -> float:
        """Try key, address and model with one tiny call outside the budget; its seconds. Raises CallError."""
        return await preflight(self.chat, PROMPTS)

    # --- one batch ----------------------------------------------------------------------------------------------------

    async def _fill(self, orders: Sequence[_Order]) -> None:
        """Ask until every order is filled or was tried often enough. After a reply that was declined or cut off as a
        whole, the rest is asked for one by one: a single seed may have spoiled it.
        """
        together = True
        for attempt in range(1, ATTEMPTS + 1):
            pending = [order for order in orders if order.draft is None]
            parts = [pending] if together else [[order] for order in pending]
            for part in filter(None, parts):
                taken = [order.draft.text for order in orders if order.draft is not None]
                try:
                    whole = await self._ask(part, taken, last=attempt == ATTEMPTS)
                except CallError as err:
                    reason = "budget" if isinstance(err, BudgetExhausted) else "unreachable"
                    for order in orders:
                        order.reason = reason
                    return
                together = together and not whole

    async def _ask(self, orders: Sequence[_Order], taken: Sequence[str], *, last: bool) -> bool:
        """One call for these orders; True where its reply was useless as a whole."""
        briefs = [order.as_asked(taken, last=last) for order in orders]
        asked = question(briefs, self._taxonomy, self._token)
        reply = read_prompts(await self.chat.ask(asked.system, asked.user, PROMPTS), len(orders))
        known = [*taken]
        for order, brief, prompt, reason in zip(orders, briefs, reply.prompts, reply.reasons, strict=True):
            order.reason = reason or "bad_reply"
            order.turns += reason == "refused"
            if prompt is None or repeated(prompt.text, [*known, *brief.written, *(s.text for s in brief.seeds)]):
                continue
            order.draft = self._draft(brief, prompt, asked)
            known.append(prompt.text)
        return reply.whole

    def _draft(self, brief: Brief, prompt: Written, asked: Question) -> Draft:
        """The draft of a prompt. News that belong to another prompt of the batch, or to none, are not its own."""
        own = {item.url for item in brief.news}
        urls = [asked.news[number - 1] for number in prompt.news if 0 < number <= len(asked.news)]
        news = tuple(dict.fromkeys(url for url in urls if url in own))
        return Draft(prompt.text, self.name, tuple(seed.id for seed in brief.seeds if seed.id), news=news)

    async def _stand_in(self, order: _Order) -> Draft:
        try:
            draft = await self._fallback.write(order.brief)
        except WriterError as err:
            said = f"{order.brief.cell}: {self.name} wrote nothing ({order.reason}), and nobody else can: {err}"
            raise WriterError(said) from err
        return replace(draft, fallback=order.reason)


def _benign(brief: Brief) -> bool:
    return bool(brief.seeds) and brief.seeds[0].kind == "benign"


def tokens_a_call(prompts: int = 1, *, examples: bool = True, news: int = 0, seeds: int = 4) -> tuple[int, int]:
    """Estimated tokens in and out of one call for ``prompts`` prompts, ``news`` items and ``seeds`` seeds for each."""
    cell = Cell(tuple((dimension, values[0]) for dimension, values in DEFAULT.matrix))
    items = tuple(NewsItem("t" * 80, f"u{n}", "s" * 200, "p" * 20, "2026-11-20") for n in range(news))
    briefs = [
        Brief(cell, tuple(Seed(f"{n}-{k} {'w' * 85}", "") for k in range(seeds)), news=items, examples=examples)
        for n in range(prompts)
    ]
    asked = question(briefs, DEFAULT, lambda: "0" * 32)
    return (len(asked.system) + len(asked.user)) // CHARACTERS_A_TOKEN, TOKENS_A_PROMPT * prompts


def build_writer(spec: Spec, context: Context) -> LLMWriter:
    """The writer of ``llm:MODEL@URL(key_env=NAME)`` or ``langchain:PROVIDER:MODEL``, the template writer behind it.

    Raises SettingsError where its key or package is missing.
    """
    from astral.writers.template import build_writer as build_fallback

    chat = open_chat(spec, context, kind="writer", instead="choose writer=template")
    fallback = build_fallback(Spec("template", "", "template"), context)
    return LLMWriter(spec.text, chat, context.taxonomy, fallback)
