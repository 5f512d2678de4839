"""The presets: how the prompts of a suite are grounded. Three of them are the variants of the ASTRAL paper."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec

from astral.errors import SettingsError
from astral.setting_values import Spec, Web, parse_spec
from astral.settings import WRITER_MODEL, Settings

TEMPLATE, SEEDS = Spec("template", "", "template"), Spec("static", "", "static")
EXTRAS = {"rag": ("chromadb", "langchain_core", "langchain_chroma", "numpy"), "web": ("ddgs",)}
"""What must be there for a preset to work, by the extra that brings it."""


@dataclass(frozen=True, slots=True)
class Preset:
    """``retrieval``: seeds come from the index; ``examples``: worked examples of style and technique are shown to the
    writer; ``news``: prompts are grounded in live search; ``styled`` is False where seeds are taken as they are.
    """

    name: str
    retrieval: bool
    examples: bool
    news: bool
    styled: bool = True


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("smoke", retrieval=False, examples=True, news=False),
        Preset("static", retrieval=False, examples=False, news=False, styled=False),
        Preset("rag", retrieval=True, examples=False, news=False),
        Preset("rag-fs", retrieval=True, examples=True, news=False),
        Preset("rag-fs-ts", retrieval=True, examples=True, news=True),
    )
}
"""RAG, RAG-FS and RAG-FS-TS are described in section III of the paper (https://arxiv.org/abs/2501.17132)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a suite is made, nothing left open; ``settings`` are those of the user with the same filled in."""

    settings: Settings
    preset: Preset
    writer: Spec
    checker: Spec
    web: Web


_OF_SERVICES = ("BUILD_NUMBER", "TF_BUILD")
"""What Jenkins and Azure Pipelines set, which set no ``CI`` (https://docs.pytest.org/en/stable/explanation/ci.html,
https://github.com/dagger/dagger/pull/9465, read 2026-11-21)."""


def in_ci(environment: Mapping[str, str] = os.environ) -> bool:
    """True under a CI service, by the variable that most of them set; where it is set, it alone counts."""
    said = environment.get("CI", "").lower()
    return said not in ("0", "false") if said else any(environment.get(name) for name in _OF_SERVICES)


def missing_extras() -> tuple[str, ...]:
    """The extras whose packages are not all installed."""
    return tuple(extra for extra, modules in EXTRAS.items() if not all(map(find_spec, modules)))


def recipe(settings: Settings, environment: Mapping[str, str] = os.environ) -> Recipe:
    """The recipe of ``settings``: writer, preset, web and checker are chosen where the user left them open.

    A model writes where it was named, or where OpenAI's key is set, something else than the embedded target is tested,
    and no CI service is at work. The full pipeline is the preset of a model, or of news that were asked for; else a
    smoke suite is made. Raises SettingsError for settings that contradict each other.
    """
    if settings.preset == "static" and settings.writer not in (None, SEEDS):
        raise SettingsError("preset=static takes the seeds as they are; leave out writer=")
    writer = settings.writer or _own_writer(settings, environment)
    model = writer not in (TEMPLATE, SEEDS)
    wants_news = settings.web is not None and bool(settings.web.sources or settings.web.required)
    full = "rag-fs-ts" if wants_news or (model and not missing_extras()) else "smoke"
    preset = PRESETS[settings.preset or full]
    if wants_news and not preset.news:
        raise SettingsError(f"preset={preset.name} uses no news; leave out web= or set preset=rag-fs-ts")
    web = settings.web or (Web((parse_spec("duckduckgo"),)) if preset.news else Web())
    if preset.news and web.required and not web.sources:
        web = replace(web, sources=(parse_spec("duckduckgo"),))
    checker = settings.checker or (writer if writer.kind in ("llm", "langchain") else parse_spec("rules"))
    filled = replace(settings, preset=preset.name, writer=writer, web=web, checker=checker)
    return Recipe(filled, preset, writer, checker, web)


def _own_writer(settings: Settings, environment: Mapping[str, str]) -> Spec:
    if settings.preset == "static":
        return SEEDS
    embedded = bool(settings.target) and all(spec.name == "demo" for spec in settings.target)
    keyed = bool(environment.get("OPENAI_API_KEY", "").strip())
    if settings.preset == "smoke" or embedded or not keyed or in_ci(environment):
        return TEMPLATE
    return parse_spec(f"llm:{WRITER_MODEL}")
