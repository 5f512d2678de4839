"""Every file that a person may write or edit: any bytes are read, or refused in one line that names the file.

A row of ``PARSERS`` is a file that is right, what reads it, and the one error that it may raise.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import JSON_PIECES, TOML_PIECES, YAML_PIECES, mutated

from astral.calibration.labels import read_label_file
from astral.cards import identity, read_card, write_card
from astral.corpus.rows import read_corpus
from astral.errors import (
    AstralError,
    CardError,
    CorpusError,
    LabelsError,
    PluginError,
    ResultsError,
    SearchError,
    SettingsError,
    SuiteError,
)
from astral.model import Card, Case, Cell, case_id
from astral.prices import read_prices
from astral.recordings import read_recordings
from astral.reports.reading import read_results
from astral.search.sources.pinned import read_news
from astral.secrets import Redactor
from astral.stats import Rate
from astral.suite import make_suite, read_suite, suite_text
from astral.targets.http_file import read_file
from astral.taxonomy import DEFAULT

NAME = "given.file"
MATRIX = (("category", ("privacy", "violence")), ("style", ("slang",)), ("persuasion", ("logical_appeal",)))
CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")


def suite_file() -> str:
    one, two, talk = (Case(case_id(CELL, turns), CELL, turns) for turns in (("p",), ("q",), ("a", "b")))
    twin = Case(case_id(CELL, ("t",)), CELL, ("t",), {"writer": "w"}, one.id, {"x_mine": [1]})
    return suite_text(make_suite(MATRIX, [one, two, talk, twin], {"plan": "full", "seed": 0, "fallbacks": 0}))


def jsonl(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def rules(path: Path) -> Any:
    keyword_policy = pytest.importorskip("plugins.keyword_policy", reason="plugins/ is not importable here")
    return keyword_policy.read_rules(path)


@dataclass(frozen=True)
class Parser:
    """``read`` takes the path of a file; it raises ``error`` and nothing else. ``lines``: errors name a line of it."""

    valid: Callable[[], str]
    read: Callable[[Path], Any]
    error: type[AstralError]
    pieces: list[str]


HTTP = """
url = "http://localhost:8000/chat?v=${VERSION}"
method = "POST"
answer = "$.reply.text"
finish = "$.reply.finish"
blocked = "$.blocked"
blocked_status = [451]
model = "bot"
[headers]
authorization = "Bearer ${TOKEN}"
[json]
text = "{{ prompt }}"
history = "{{ messages | tojson }}"
deep = [{ n = 1, on = true, part = "{% for t in turns %}{{ t }}{% endfor %}" }]
"""
PRICES = """
[[price]]
model = "m"
input = 1.5
output = 2
per = 1000000
currency = "USD"
host = "api.example"
source = "https://example.org/prices"
date = 2026-11-20
[[price]]
model = "n"
input = 0
output = 0.1
"""
POLICY = """
rules:
  - name: no_promises
    deny: ["guaranteed return", "risk free"]
    unless: ["there is no guaranteed return"]
    severity: 2
  - name: helps
    categories: [self_harm]
    require: ["988", "your doctor"]
"""
RECORDED = (
    {"prompt": "p", "answer": "a", "model": "m", "finish_reason": "stop", "category": "privacy"},
    {"turns": ["a", "b"], "response": "c", "cell": {"style": "slang"}, "label": "unsafe", "severity": 2, "reason": "r"},
)
NEWS = (
    {"title": "A title", "url": "https://example.org/a", "snippet": "s", "date": "2026-11-20", "category": "privacy"},
    {"title": "Another", "url": "https://example.org/b", "publisher": "P", "query": "q", "text": "t", "source": "x"},
)
LABELLED = (
    {"prompt": "p", "response": "r", "label": "safe", "category": "privacy", "id": "1"},
    {"turns": ["a", "b"], "earlier": ["x"], "response": "r", "label": "unsafe"},
)
CORPUS = (
    {"card": {"name": "c", "licence": "MIT"}},
    {"id": "1", "text": "a seed", "category": "privacy", "goal": "g"},
    {"text": "a twin", "category": "privacy", "kind": "benign", "twin_of": "1"},
)


@cache
def card_file() -> str:
    import tempfile

    judge = {"oracles": [{"name": "llm:m", "model": "m"}], "vote": "any", "confirm": 2}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.json"
        write_card(Card(identity(judge), Rate(9, 10), Rate(8, 10), (1, 2), "labels", "ab", "2026-11-20", "0.1"), path)
        return path.read_text()


def shipped(name: str) -> str:
    return (Path(__file__).parents[1] / "golden" / name).read_text(encoding="utf-8")


def http_file(path: Path) -> Any:
    return read_file(path, NAME, {"TOKEN": "a-token-of-ours", "VERSION": "2"}, Redactor())


PARSERS = {
    "suite": Parser(suite_file, lambda path: read_suite(path, shown=NAME), SuiteError, JSON_PIECES),
    "recordings": Parser(
        lambda: jsonl(*RECORDED), lambda path: read_recordings(path, DEFAULT), SettingsError, JSON_PIECES
    ),
    "news": Parser(
        lambda: jsonl(*NEWS),
        lambda path: list(read_news(path, shown=NAME, now="2026-11-21T00:00:00Z")),
        SearchError,
        JSON_PIECES,
    ),
    "labels": Parser(
        lambda: jsonl(*LABELLED), lambda path: read_label_file(path, shown=NAME), LabelsError, JSON_PIECES
    ),
    "corpus": Parser(lambda: jsonl(*CORPUS), read_corpus, CorpusError, JSON_PIECES),
    "card": Parser(card_file, read_card, CardError, JSON_PIECES),
    "http target": Parser(lambda: HTTP, http_file, SettingsError, TOML_PIECES),
    "prices": Parser(lambda: PRICES, lambda path: read_prices(path, NAME), SettingsError, TOML_PIECES),
    "keyword policy": Parser(lambda: POLICY, rules, PluginError, YAML_PIECES),
    "results": Parser(lambda: shipped("results.json"), read_results, ResultsError, JSON_PIECES),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parsers") / NAME


def outcome(parser: Parser, path: Path, content: bytes) -> tuple[Any, str]:
    """What was read, or the line of the error; any other exception goes through."""
    path.write_bytes(content)
    try:
        return parser.read(path), ""
    except parser.error as err:
        return None, str(err)


@pytest.mark.parametrize("name", PARSERS)
def test_the_example_is_right(name: str, place: Path) -> None:
    found, line = outcome(PARSERS[name], place, PARSERS[name].valid().encode())
    assert line == ""
    assert found


@pytest.mark.parametrize("name", PARSERS)
def test_any_bytes_and_any_slip_are_read_or_refused_in_one_line_that_names_the_file(name: str, place: Path) -> None:
    parser = PARSERS[name]
    refused = []

    @settings(
        max_examples=int(os.environ.get("ASTRAL_EXAMPLES", "150")),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(max_size=60) | mutated(parser.valid().encode(), parser.pieces))
    def check(content: bytes) -> None:
        _, line = outcome(parser, place, content)
        if line:
            refused.append(content)
            check_line(line)

    check()
    assert refused


@pytest.mark.parametrize(
    "content",
    [
        *(
            "rules: !!bool x",
            "rules: !!timestamp x",
            "rules: !!int x",
            "rules: !!map x",
            "!!map [a, b]",
            "rules: !!set x",
        ),
        *("rules: &a [*a]", "a: &a {b: *a}", "? [a]\n: b", "rules: !!omap [a]", "rules: !!binary \u00e9", "[" * 9_000),
        *(
            "rules: " + "9" * 6_000,
            "rules: 2001-99-99",
            "<<: {rules: x}",
            "rules: [{<<: [a]}]",
            "rules: !!python/none x",
        ),
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nrules: [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
    ],
)
def test_no_tag_of_yaml_makes_anything_else_of_it(content: str, place: Path) -> None:
    found, line = outcome(PARSERS["keyword policy"], place, content.encode())
    assert found is None
    check_line(line)


def check_line(line: str) -> None:
    assert NAME in line, line
    assert line.isprintable(), ascii(line)
    assert len(line) < 1_000, line
