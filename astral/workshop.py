"""Where suites are made: builds what a recipe names, makes the suite, and says what it turned out to be."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from astral.context import Context
from astral.corpus import Corpora, CorpusSource, load_corpora, screened_corpora, seeds_hash, shipped_seeds
from astral.cost import Generation, check_budget, check_priced, embedding, generation_estimate
from astral.cost.wording import price_text
from astral.errors import SettingsError
from astral.escape import show
from astral.files import content_hash
from astral.generator import Materials, chosen_matrix, generate, generation_key
from astral.generator.account import Account
from astral.generator.checks import Checks
from astral.generator.filling import BATCH
from astral.generator.making import NEWS_ITEMS
from astral.generator.plan import open_slots
from astral.journal import Journal
from astral.limits import BudgetMeter
from astral.matrix import plan_cells
from astral.model import Case, Matrix, NewsItem
from astral.presets import SEEDS, TEMPLATE, Recipe
from astral.protocols import Checked, Checker, SeedSource, Writer
from astral.quality.rules import RuleChecker
from astral.registry import Registry
from astral.screening import screen_turns
from astral.search import News, collect_news
from astral.search.queries import is_live, queries
from astral.settings import Settings
from astral.store import store_directory
from astral.suite import Suite, read_suite
from astral.taxonomy import Entry
from astral.writers.static import StaticWriter
from astral.writers.template import TemplateWriter

Say = Callable[[str], None]
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """A suite that was just made, and the lines that say what it is."""

    suite: Suite
    account: Account
    lines: tuple[str, ...]


class Workshop:
    """Makes the suite of one recipe. ``directory`` is the project's root, which holds ``.astral/``."""

    def __init__(self, recipe: Recipe, context: Context, registry: Registry, directory: Path) -> None:
        self.recipe = recipe
        self.context = replace(context, settings=recipe.settings)
        self._registry, self._directory = registry, directory
        self.matrix: Matrix = chosen_matrix(context.taxonomy, recipe.settings)
        self.corpora = self._corpora()
        files = [spec.argument for spec in recipe.web.sources if spec.kind == "file"] + [*recipe.settings.earlier]
        contents = [content_hash(context.root / name) for name in files]
        self.key = generation_key(context.taxonomy, recipe.settings, self.corpora.hash, contents)

    @property
    def sends(self) -> str:
        """What the recipe asks of the network, in words; empty where it asks nothing."""
        asks = [name for name, one in (("writer", self.writer), ("checker", self.checker)) if isinstance(one, Checked)]
        asks += ["web"] if any(spec.kind != "file" for spec in self.recipe.web.sources) else []
        asks += ["embedder"] if self.recipe.preset.retrieval and self.recipe.settings.embedder.kind else []
        *rest, last = asks or [""]
        return f"{', '.join(rest)} and {last}" if rest else last

    def estimate(self, kept: Sequence[Case] = ()) -> list[str]:
        """What making the suite would ask of whom and cost, in lines for people; nothing is sent."""
        settings, recipe = self.recipe.settings, self.recipe
        cells = plan_cells(self.matrix, settings.plan, settings.seed)
        plan = f"plan {settings.plan}: {len(cells)} cells x {settings.per_cell}, preset {recipe.preset.name}"
        stay = f", {len(kept)} cases stay" if kept else ""
        made_by = f"writer {show(recipe.writer.text)}, checker {show(recipe.checker.text)}"
        forecast = self._forecast(kept)
        over = _over_budget(forecast, self.context.network.budget, settings.plan)
        return [f"{plan}, {made_by}{stay}", *forecast.lines(), *over]

    def missing(self, kept: Sequence[Case]) -> int:
        """How many prompts are to be written beside ``kept``, twins included."""
        settings = self.recipe.settings
        fitting = self._fitting(kept, lambda line: None)
        slots = list(open_slots(plan_cells(self.matrix, settings.plan, settings.seed), settings.per_cell, fitting))
        if not settings.twins:
            return len(slots)
        twinned = {case.twin_of for case in fitting}
        return 2 * len(slots) + sum(case.twin_of is None and case.id not in twinned for case in fitting)

    def _forecast(self, kept: Sequence[Case]) -> Generation:
        settings, recipe = self.recipe.settings, self.recipe
        cells = plan_cells(self.matrix, settings.plan, settings.seed)
        slots = list(open_slots(cells, settings.per_cell, self._fitting(kept, lambda line: None)))
        live = [entry for id in dict(self.matrix)["category"] if is_live(entry := self._category(id))]
        online = [spec for spec in recipe.web.sources if spec.kind != "file"]
        return generation_estimate(
            len(slots),
            writer=recipe.writer,
            checker=recipe.checker,
            rewordings=len(live) if online else 0,
            per_call=min(settings.per_cell, BATCH),
            prices=self.context.network.prices,
            twins=settings.twins,
            news=NEWS_ITEMS if recipe.web.sources else 0,
            examples=recipe.preset.examples,
            searches={spec.text: sum(len(queries(entry)) for entry in live) for spec in online},
        )

    def make(
        self,
        store: Callable[[Suite], object],
        say: Say,
        tick: Tick = lambda done, planned: None,
        *,
        kept: Sequence[Case] = (),
        restart: bool = False,
        begin: Callable[[], object] = lambda: None,
    ) -> Made:
        """Make the suite and hand it to ``store``; connections and the index are closed again. ``say`` prints lines for
        people, ``tick`` is told how many of how many prompts are written, ``kept`` are cases that stay as they are.

        ``begin`` is called when no other process can make this suite any more and no prompt was asked for yet: one may
        have made it just before. Raises AstralError. What was paid for stays on disk until ``store`` has returned, for
        the next attempt to go on from, unless ``restart``.
        """
        kept = self._fitting(kept, say)
        journal = self._journal()
        try:
            made = asyncio.run(self._make(journal, say, tick, kept, begin, restart=restart))
            store(made.suite)
        except BaseException:
            journal.close()
            raise
        journal.close(done=True)
        return made

    def _fitting(self, kept: Sequence[Case], say: Say) -> list[Case]:
        """The kept cases that have a place in the matrix."""
        places = {pair for dimension, values in self.matrix for pair in ((dimension, value) for value in values)}
        fitting = [case for case in kept if places.issuperset(case.cell.pairs)]
        if gone := len(kept) - len(fitting):
            say(f"astral: {gone} cases have no place in the chosen matrix and are left out")
        return fitting

    # --- parts ------------------------------------------------------------------------------------------------------

    def _corpora(self) -> Corpora:
        """The seeds: those that plugins give by the names that were chosen, and the corpora of the other names."""
        chosen = self.recipe.settings.corpus
        given = {name: rows for name in chosen if (rows := self._registry.seeds(name)) is not None}
        others = tuple(name for name in chosen if name not in given)
        seeds = tuple(seed for rows in given.values() for seed in rows)
        if given and not others:
            return Corpora(seeds, tuple(given), seeds_hash(seeds))
        loaded = load_corpora(
            others or (() if self.recipe.preset.retrieval else ("shipped",)),
            directory=self._directory / ".astral",
            root=self.context.root,
            imported=self.recipe.preset.retrieval,
        )
        if not given:
            return loaded
        seeds = (*loaded.seeds, *seeds)
        return Corpora(seeds, (*loaded.names, *given), seeds_hash(seeds))

    @cached_property
    def writer(self) -> Writer:
        """Built when it is first needed: a suite that is there already needs no key."""
        if not self.recipe.preset.styled:
            return StaticWriter()
        return self._registry.writer(self.recipe.writer, self.context)

    @cached_property
    def checker(self) -> Checker | None:
        """The model that checks prompts; None where rules do."""
        if self.recipe.checker.name == "rules" or not self.recipe.preset.styled:
            return None
        from astral.quality.llm import build_checker

        return build_checker(self.recipe.checker, self.context)

    @property
    def _costs(self) -> bool:
        """True where a second writing would cost something: requests, or whatever a writer of the user's own asks."""
        return bool(self.sends) or self.recipe.writer not in (TEMPLATE, SEEDS)

    def _journal(self) -> Journal:
        """Not yet opened: nothing is written before it is known that the endpoints answer."""
        return Journal(self._directory / ".astral" / "drafts" / f"{self.key}.jsonl" if self._costs else None)

    async def _make(
        self,
        journal: Journal,
        say: Say,
        tick: Tick,
        kept: Sequence[Case],
        begin: Callable[[], object],
        *,
        restart: bool,
    ) -> Made:
        async with contextlib.AsyncExitStack() as opened:
            opened.push_async_callback(self.context.network.aclose)
            await self._preflight(kept, say)
            if self._costs:
                store_directory(self._directory)
            journal.open()
            begin()
            if restart:
                journal.forget()
            elif journal.kept:
                anew = "astral generate --restart begins anew"
                say(f"astral: going on from {journal.kept} replies of an interrupted generation ({anew})")
            news = await self._news(journal)
            for note in news.notes:
                say(f"astral: news: {show(note, None)}")
            screened, corpora = screened_corpora(self.corpora)
            materials = self._materials(self._source(corpora, opened, say), journal, news, kept)
            suite, account = await generate(replace(materials, screened=screened), tick)
        return Made(suite, account, tuple(self._lines(suite, account)))

    async def _preflight(self, kept: Sequence[Case], say: Say) -> None:
        """Fail before the first prompt is asked for: a refused key would give a suite of nothing but fallbacks."""
        parts: tuple[object, ...] = (self.writer, self.checker)
        checked = [one for one in parts if isinstance(one, Checked)]
        forecast = self._forecast(kept)
        embedder = embedding(self.recipe.settings.embedder) if self.recipe.preset.retrieval else ()
        check_priced([*forecast.plan.uses, *embedder], self.recipe.settings.budget, forecast.prices)
        if not (checked and forecast.prompts):
            return
        check_budget(forecast.plan, self.context.network.budget, forecast.prices, cells=self.recipe.settings.plan)
        seconds = [await one.preflight() for one in checked]
        names = " and ".join(dict.fromkeys(show(one.name) for one in checked))
        cost = price_text(forecast.plan, forecast.prices)
        calls = f"{forecast.plan.calls()} requests"
        say(f"astral: {forecast.prompts} prompts by {names}: {calls}, {cost}, at {max(seconds):.2f} s a call")

    def _source(self, corpora: Corpora, opened: contextlib.AsyncExitStack, say: Say) -> SeedSource:
        settings = self.recipe.settings
        if not self.recipe.preset.retrieval:
            return CorpusSource(corpora.seeds, seed=settings.seed)
        from astral.embeddings.choose import build_embedder
        from astral.retrieval import Retriever, open_retriever

        retriever: Retriever = open_retriever(
            corpora.seeds,
            build_embedder(settings.embedder, self.context.network),
            directory=store_directory(self._directory),
            chroma=settings.chroma,
            seed=settings.seed,
            say=say,
        )
        opened.callback(retriever.close)
        return retriever

    async def _news(self, journal: Journal) -> News:
        web = self.recipe.web
        if not (web.sources or web.required):
            return News({}, (), None, ())
        now = _now()
        online = any(spec.kind != "file" for spec in web.sources)
        if online and (found := _news_of(journal.get("news"), self.recipe.settings, now)) is not None:
            return found
        categories = [self._category(id) for id in dict(self.matrix)["category"]]
        news = await collect_news(
            web,
            categories,
            network=self.context.network,
            root=self.context.root,
            pages=self.recipe.settings.pages,
            reword=getattr(self.writer, "reword", None),
            now=now,
        )
        if online:
            journal.put("news", _row_of(news, now))
        return news

    def _category(self, id: str) -> Entry:
        return self.context.taxonomy.entry("category", id)

    def _materials(self, source: SeedSource, journal: Journal, news: News, kept: Sequence[Case]) -> Materials:
        settings = self.recipe.settings
        return Materials(
            recipe=self.recipe,
            matrix=self.matrix,
            source=source,
            shipped=CorpusSource(shipped_seeds(), seed=settings.seed),
            writer=self.writer,
            fallback=TemplateWriter(settings.seed) if self.recipe.preset.styled else StaticWriter(),
            checks=Checks(RuleChecker(), self.checker),
            journal=journal,
            news=news.items,
            earlier=list(_earlier(settings, self.context.root)),
            kept=kept,
            facts={
                **self._named(),
                "corpora": {"names": list(self.corpora.names), "hash": self.corpora.hash},
                **({"news": _news_facts(news)} if self.recipe.preset.news else {}),
            },
        )

    def _named(self) -> dict[str, Any]:
        """What was named to make the suite, without the secrets that stood in it: suites are committed."""
        settings, clean = self.recipe.settings, self.context.network.redactor.clean
        return {
            "writer": clean(self.recipe.writer.text),
            "settings": {k: clean(v) for k, v in settings.as_text(only=lambda key: key.generation).items()},
            **({"embedder": clean(settings.embedder.text)} if self.recipe.preset.retrieval else {}),
        }

    def _lines(self, suite: Suite, account: Account) -> Iterator[str]:
        """What the suite turned out to be: cases, writer, fallbacks, gates, news, requests."""
        requests, standing_in = self.context.network.calls.writer, sum(account.fallbacks.values())
        fallbacks = _counted(account.fallbacks) or "none"
        yield (
            f"{len(suite.cases)} cases, plan {suite.header['plan']}, preset {self.recipe.preset.name}, "
            f"writer {show(self.recipe.writer.text)}, fallbacks {fallbacks}, {requests} requests"
        )
        if standing_in:
            yield (
                f"{standing_in} of {account.written} prompts are by the template writer, "
                f"where {show(self.recipe.writer.text)} gave none"
            )
        if account.fallbacks.get("budget"):
            budget = show(str(self.recipe.settings.budget))
            yield f"budget={budget} was used up before the model had written all; raise it"
        yield (
            f"gates ({show(account.checker)}): {account.rewritten} rewritten, {account.flagged} flagged"
            + (f" ({_counted(account.complaints)})" if account.complaints else "")
            + (f", {account.unchecked} not checked by the model" if account.unchecked else "")
            + f", content gate: {_counted(account.screened) or 'nothing kept out'}"
        )
        if self.recipe.preset.news:
            yield _news_line(suite, account)
        if account.shortfall:
            yield f"shortfall: {sum(account.shortfall.values())} prompts could not be written:"
            yield from (f"  {cell}: {count} missing" for cell, count in suite.header["shortfall"].items())


def _earlier(settings: Settings, root: Path) -> Iterator[str]:
    """The prompts of the suites that ``earlier=`` names."""
    for name in settings.earlier:
        yield from (case.prompt for case in read_suite(root / name, shown=name).cases)


def _over_budget(forecast: Generation, budget: BudgetMeter, cells: str) -> Iterator[str]:
    """A warning where the plan would be refused."""
    try:
        check_budget(forecast.plan, budget, forecast.prices, cells=cells)
    except SettingsError as err:
        yield f"warning: {err}"


def _news_line(suite: Suite, account: Account) -> str:
    """What became of the news."""
    facts, newest = suite.header["news"], suite.header["newest_news"]
    if not (facts["items"] or account.cited):
        return "news: 0 items from no source, so no prompt builds on any"
    sources = ", ".join(map(show, facts["sources"])) or "no source"
    return (
        f"news: {facts['items']} items from {sources}, {account.cited} citations, "
        f"{account.uncited} removed, newest cited {newest or 'undated'}"
    )


def _news_facts(news: News) -> dict[str, Any]:
    return {
        "sources": list(news.sources),
        "items": sum(map(len, news.items.values())),
        "newest": news.newest,
        "notes": [show(note, None) for note in news.notes],
    }


def _row_of(news: News, now: str) -> dict[str, Any]:
    items = {category: [asdict(item) for item in found] for category, found in news.items.items()}
    return {"now": now, "items": items, "notes": news.notes, "newest": news.newest, "sources": news.sources}


def _news_of(row: Any, settings: Settings, now: str) -> News | None:
    """The news of an interrupted generation; None where there are none, they are stale by now, or no news at all."""
    try:
        then, today = (datetime.date.fromisoformat(text[:10]) for text in (row["now"], now))
        if (today - then).days > settings.max_age.count:
            return None
        items = {
            category: tuple(item for item in (NewsItem(**one) for one in found) if _is_clean(item))
            for category, found in row["items"].items()
        }
        return News(items, tuple(map(str, row["notes"])), row["newest"], tuple(map(str, row["sources"])))
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _is_clean(item: NewsItem) -> bool:
    return screen_turns((item.title, item.snippet, item.text)) is None


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {show(name, 40)}" for name, count in sorted(counts.items()))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
