"""The one source of option names, defaults and help, and the one parser for command line, ini file and ``astral``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from textwrap import wrap
from typing import Any

from astral.errors import SettingsError, did_you_mean
from astral.gate_specs import GateSpec, read_gates
from astral.setting_values import (
    Budget,
    Days,
    JsonObject,
    ReportSpec,
    Shard,
    Share,
    Spec,
    Web,
    read_address,
    read_budget,
    read_choice,
    read_days,
    read_json_object,
    read_names,
    read_number,
    read_one_spec,
    read_path,
    read_path_or_off,
    read_percent,
    read_reports,
    read_shard,
    read_specs,
    read_switch,
    read_text,
    read_web,
    read_whole,
)

JUDGE_MODEL = "gpt-4o-mini"
"""The judge that ``oracle`` defaults to for any target but the embedded one."""
WRITER_MODEL = "gpt-4o-mini"
"""The model named in the command that makes a suite with an LLM writer."""
DEFAULT_SUITE = "safety.astral.jsonl"
PRESET_NAMES = ("smoke", "static", "rag", "rag-fs", "rag-fs-ts")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of ``--astral KEY=VALUE``: how its value is read, what it is without one, and what it is for."""

    name: str
    read: Callable[[str], Any]
    default: Any
    help: str
    generation: bool = False
    """True when the key shapes the suite, so that another value means another suite."""
    fixed: bool = False
    """True when a run that is resumed must have the same value."""


KEYS: tuple[Key, ...] = (
    Key("target", read_specs, (), "what is tested: MODEL, openai:MODEL@URL, azure:DEPLOYMENT@URL, http:FILE.toml, langchain:PROVIDER:MODEL, command:PROGRAM, python:module:function, replay:FILE, demo; several by comma", fixed=True),
    Key("suite", read_path, None, f"the suite file to run (default: ./{DEFAULT_SUITE}, else one is generated)"),
    Key("oracle", read_specs, (), f"who judges: llm:MODEL[@URL], guard:MODEL[@URL], wildguard:MODEL[@URL], moderation[:MODEL][@URL], probe:FILE, offline, recorded:FILE (default: llm:{JUDGE_MODEL}; offline for target=demo)", fixed=True),
    Key("vote", read_choice("any", "majority", "unanimous", "cascade"), "any", "how several oracles become one outcome: any, majority, unanimous, or cascade (the cheapest first, the next one only where it does not say safe)", fixed=True),
    Key("confirm", read_whole(1, 3), 2, "judgings that an unsafe verdict needs: 1, 2 (both agree) or 3 (two of three)", fixed=True),
    Key("canaries", read_whole(0, 60), 6, "known answers mixed in to check judges that are models; 0: none", fixed=True),
    Key("card", read_names, (), "cards of judges, FILE.json, made by astral calibrate; several by comma (those kept in .astral/cards count always)"),
    Key("preset", read_choice(*PRESET_NAMES), None, "how prompts are grounded: smoke (shipped corpus as a list), static (the seeds as they are), rag (retrieval), rag-fs (+ style and persuasion examples), rag-fs-ts (+ live search) (default: rag-fs-ts where the writer is a model, else smoke)", generation=True),
    Key("writer", read_one_spec, None, f"who writes the prompts: template (offline), llm:MODEL[@URL] or langchain:PROVIDER:MODEL (default: llm:{WRITER_MODEL} with its key and outside CI, else template)", generation=True),
    Key("checker", read_one_spec, None, "who checks that prompts have their category, style and technique: rules or llm:MODEL[@URL] (default: rules, and the writer's model where it is one)", generation=True),
    Key("corpus", read_names, (), "seed corpora: shipped, names of imported ones, FILE.jsonl (default: shipped and all imported; preset=smoke: shipped)", generation=True),
    Key("embedder", read_one_spec, Spec("hash", "", "hash"), "what retrieval compares texts with: hash, hash+bm25, minilm, openai:MODEL[@URL], langchain:PACKAGE.CLASS", generation=True),
    Key("chroma", read_address, None, "address of a Chroma server that holds the index (default: embedded, under .astral/)"),
    Key("web", read_web, None, "where news are searched for: off, duckduckgo, tavily, searxng:URL, rss:URL, file:NEWS.jsonl; several by comma; with required, a search without a hit is an error (default: duckduckgo for preset=rag-fs-ts, else off)", generation=True),
    Key("pages", read_switch, False, "on: fetch the pages behind the news and use their text", generation=True),
    Key("max_age", read_days, Days(30), "age from which a news item is stale: what astral generate --refresh renews"),
    Key("categories", read_names, (), "safety categories to test: names, aliases, *, -name", generation=True),
    Key("styles", read_names, (), "writing styles to test: names, aliases, *, -name", generation=True),
    Key("persuasion", read_names, (), "persuasion techniques to test: names, aliases, *, -name", generation=True),
    Key("plan", read_choice("pairwise", "3way", "full"), "pairwise", "which cells: pairwise (84), 3way or full (420)", generation=True),
    Key("per_cell", read_whole(1, 1000), 1, "prompts in each cell of the plan", generation=True),
    Key("seed", read_whole(0), 0, "the number that all random choices start from", generation=True),
    Key("earlier", read_names, (), "earlier suites, FILE.astral.jsonl, whose prompts must not come again", generation=True),
    Key("twins", read_switch, False, "on: a benign twin beside each prompt, to measure over-refusal", generation=True),
    Key("concurrency", read_whole(1, 1024), 8, "requests in flight at one endpoint"),
    Key("rpm", read_number(0, above=True), None, "requests a minute at one endpoint (default: no limit)"),
    Key("tpm", read_number(0, above=True), None, "tokens a minute at one endpoint (default: no limit)"),
    Key("timeout", read_number(0, 3600, above=True), 60.0, "seconds that one call may take in all, its retries not counted"),
    Key("retries", read_whole(0, 20), 3, "further tries after a failure that may pass (429, 5xx, connection)"),
    Key("budget", read_budget, Budget(requests=500), "the most that a run may send, and so for a generation: 500req, 1Mtok, $5 or none"),
    Key("repeats", read_whole(1, 100), 1, "independent askings of each case", fixed=True),
    Key("shard", read_shard, None, "K/N: run the K-th of N parts, stable by case id", fixed=True),
    Key("resume", read_text, None, "last or a run id: go on where that run stopped"),
    Key("reuse", read_choice("answers", "none"), "none", "answers: take the answers that earlier runs got to identical questions instead of asking again"),
    Key("gate", read_gates, (), "what fails a run; several by comma: any (an unsafe finding), none (findings alone do not), new (one that is not in the baseline), regression (significantly more than in the baseline), 'rate<=2%', 'overrefusal<=10%', 'coverage>=95%', 'errors<=1%', fresh (no stale news); in quotes because of the shell (default: any; with baseline=: new)"),
    Key("baseline", read_path_or_off, None, "a file of outcomes known already, made by astral baseline update, that the run is held against; off: none (default: none)"),
    Key("fail_on", read_whole(1, 3), 1, "the severity from which an unsafe answer counts as unsafe: 1, 2 or 3", fixed=True),
    Key("incomplete", read_percent, Share(0.05), "share of inconclusive + error + not_run above which the run fails"),
    Key("report", read_reports, (), "reports to write: html:PATH, json:PATH, md:PATH, comment:PATH, sarif:PATH; several by comma"),
    Key("text", read_choice("none", "prompts", "all"), None, "harmful text in reports: none, prompts, all (default: by report and CI)"),
    Key("temperature", read_number(0, 2), None, "sampling temperature sent to targets (default: not sent)", fixed=True),
    Key("max_tokens", read_whole(1), None, "answer length limit sent to targets, in tokens (default: not sent)", fixed=True),
    Key("system", read_text, None, "system prompt sent to targets: a text, or @FILE (default: not sent)", fixed=True),
    Key("extra", read_json_object, None, 'further parameters sent to targets, a JSON object such as {"top_p": 0.9}', fixed=True),
    Key("strict_model", read_switch, False, "on: an answer by another model than the one that was asked is an error", fixed=True),
    Key("turns", read_choice("last", "each"), "last", "what is judged of a scripted conversation: its last answer, or each one (the worst counts)", fixed=True),
    Key("preflight", read_switch, True, "off: do not try each endpoint with one call before the plan is sent"),
    Key("prices", read_path, None, "a TOML file with prices of models, per million tokens (default: the dated rows that come with ASTRAL)"),
    Key("dry_run", read_switch, False, "on: print the plan and its cost, send nothing"),
)  # fmt: skip
BY_NAME: Mapping[str, Key] = {key.name: key for key in KEYS}
RESERVED = frozenset({"purpose", "policy"})
"""Names kept for later versions, so that no plugin takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its value; ``given`` names those that the user set."""

    target: tuple[Spec, ...]
    suite: Path | None
    oracle: tuple[Spec, ...]
    vote: str
    confirm: int
    canaries: int
    card: tuple[str, ...]
    preset: str | None
    writer: Spec | None
    checker: Spec | None
    corpus: tuple[str, ...]
    embedder: Spec
    chroma: str | None
    web: Web | None
    pages: bool
    max_age: Days
    categories: tuple[str, ...]
    styles: tuple[str, ...]
    persuasion: tuple[str, ...]
    plan: str
    per_cell: int
    seed: int
    earlier: tuple[str, ...]
    twins: bool
    concurrency: int
    rpm: float | None
    tpm: float | None
    timeout: float
    retries: int
    budget: Budget
    repeats: int
    shard: Shard | None
    resume: str | None
    reuse: str
    gate: tuple[GateSpec, ...]
    baseline: Path | None
    fail_on: int
    incomplete: Share
    report: tuple[ReportSpec, ...]
    text: str | None
    temperature: float | None
    max_tokens: int | None
    system: str | None
    extra: JsonObject | None
    strict_model: bool
    turns: str
    preflight: bool
    prices: Path | None
    dry_run: bool
    given: frozenset[str] = frozenset()

    def specs(self) -> tuple[Spec, ...]:
        """All that was named as ``kind:argument@url(options)``."""
        alone = (spec for spec in (self.writer, self.checker, self.embedder) if spec is not None)
        return (*self.target, *self.oracle, *alone, *(self.web.sources if self.web else ()))

    def as_text(self, *, only: Callable[[Key], bool] = lambda key: True) -> dict[str, str]:
        """Each key that ``only`` accepts with its value as text, sorted; keys without a value are left out."""
        return {
            key.name: _spell(getattr(self, key.name))
            for key in sorted(KEYS, key=lambda k: k.name)
            if only(key) and getattr(self, key.name) not in (None, ())
        }


def _spell(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Spec):
        return value.text
    if isinstance(value, tuple):
        return ",".join(_spell(v) for v in value)
    return f"{value:.15g}" if type(value) is float else str(value)


def describe_keys() -> Iterator[str]:
    """A line or two for each key: name, default, what it is for."""
    for key in KEYS:
        default = "" if key.default in (None, ()) else f" (default: {_spell(key.default)})"
        yield from wrap(f"{key.name:<12} {key.help}{default}", 100, subsequent_indent=" " * 13)


def parse_pairs(values: Iterable[str]) -> dict[str, str]:
    """``KEY=VALUE`` texts to a dictionary, the last of a key wins; ``on`` alone is taken and says nothing.

    One text may hold several pairs: a blank separates them only where ``known_key=`` follows, and not in round
    brackets, where a target has options of the same names. Raises SettingsError.
    """
    boundary = re.compile(rf"\s+(?=(?:{'|'.join(map(re.escape, [*BY_NAME, *RESERVED]))})=)")
    pairs: dict[str, str] = {}
    for value in values:
        for part in _split(value.strip(), boundary):
            if part == "on":
                continue
            key, equals, text = part.partition("=")
            if not equals:
                raise SettingsError(
                    f"--astral {part!r}: expected KEY=VALUE or 'on'; to test paths as well, write: --astral on {part}"
                )
            pairs[_known(key.strip())] = text.strip()
    return pairs


def _split(text: str, boundary: re.Pattern[str]) -> list[str]:
    """``text`` cut at what ``boundary`` finds outside of brackets; one that is never closed is an ordinary sign."""
    shadow, masked = text, ""
    while shadow != masked:
        shadow, masked = re.sub(r"\([^(){}]*\)|\{[^(){}]*\}", lambda found: "_" * len(found[0]), shadow), shadow
    cuts = list(boundary.finditer(shadow))
    starts, ends = [0, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _known(key: str) -> str:
    if key in RESERVED:
        raise SettingsError(f"{key!r} is reserved for a later version; leave it out")
    if key not in BY_NAME:
        raise SettingsError(f"unknown key {key!r}{did_you_mean(key, BY_NAME)}; all keys: astral keys")
    return key


def parse_settings(*sources: Iterable[str]) -> Settings:
    """Settings from the given sources, a later source beats an earlier one (ini first, then the command line)."""
    pairs: dict[str, str] = {}
    for source in sources:
        pairs |= parse_pairs(source)
    return read_settings(pairs)


def read_settings(pairs: Mapping[str, str]) -> Settings:
    """Settings of texts by key. Raises SettingsError."""
    values: dict[str, Any] = {}
    for key in KEYS:
        try:
            values[key.name] = key.read(pairs[key.name]) if key.name in pairs else key.default
        except SettingsError as err:
            raise SettingsError(f"{key.name}={pairs[key.name]}: {err}") from None
    return Settings(**values, given=frozenset(pairs))


assert {f.name for f in fields(Settings)} == {*BY_NAME, "given"}, "KEYS and Settings name different keys"
