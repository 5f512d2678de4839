"""What of a suite stays and what is renewed."""

import datetime

import pytest

from astral.errors import SettingsError
from astral.model import Case, Cell, case_id
from astral.refresh import refresh, refreshed_settings
from astral.setting_values import Days
from astral.settings import parse_settings
from astral.suite import make_suite

TODAY = datetime.date(2026, 11, 21)
CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
MATRIX = tuple((dimension, (value,)) for dimension, value in CELL.pairs)


def case(text, news=None, twin_of=None):
    provenance = {} if news is None else {"news": news}
    return Case(case_id(CELL, (text,)), CELL, (text,), provenance, twin_of)


def kept(*cases, days=30):
    return [one.prompt for one in refresh(make_suite(MATRIX, cases, {}), Days(days), TODAY).kept]


@pytest.mark.parametrize(
    ("news", "stays"),
    [
        (None, True),
        ([], True),
        ([{"date": "2026-11-20"}], True),
        ([{"date": "2026-10-22"}], True),
        ([{"date": "2026-10-21"}], False),
        ([{"date": "2026-10-21"}, {"date": "2026-11-01"}], True),
        ([{"date": "", "retrieved": "2026-11-01T10:00:00Z"}], True),
        ([{"retrieved": "2026-09-01T10:00:00Z"}], False),
        ([{"date": "last week"}], False),
        ([{"title": "undated"}], False),
        ([7], False),
        ("no list", True),
    ],
)
def test_a_case_is_stale_when_the_newest_news_it_cites_is_too_old(news, stays):
    assert kept(case("a", news)) == (["a"] if stays else [])


def test_the_twin_of_a_stale_case_goes_with_it():
    old, new = case("old", [{"date": "2026-01-01"}]), case("new")
    assert sorted(kept(old, new, case("twin of old", twin_of=old.id), case("twin of new", twin_of=new.id))) == [
        "new",
        "twin of new",
    ]


def test_settings_of_the_suite_stand_unless_given_now():
    suite = make_suite(MATRIX, [case("a")], {"settings": {"plan": "full", "seed": "7", "writer": "template"}})
    found = refreshed_settings(suite, parse_settings(["seed=8 concurrency=2"]), "a.astral.jsonl")
    assert (found.plan, found.seed, found.concurrency, found.writer.text) == ("full", 8, 2, "template")


def test_a_suite_with_a_dimension_of_its_own_would_lose_its_cases():
    suite = make_suite((*MATRIX, ("language", ("eu", "fr"))), [], {"settings": {"seed": "7"}})
    with pytest.raises(SettingsError, match=r"^a.astral.jsonl: .*'language': .*a key x_language of the cases"):
        refreshed_settings(suite, parse_settings([]), "a.astral.jsonl")


def test_a_suite_without_settings_cannot_be_refreshed():
    with pytest.raises(SettingsError, match=r"a.astral.jsonl: its header names no settings"):
        refreshed_settings(make_suite(MATRIX, [case("a")], {}), parse_settings([]), "a.astral.jsonl")


@pytest.mark.parametrize("key", ["writer", "checker", "embedder"])
def test_an_address_in_a_suite_is_asked_nothing_before_the_user_has_named_it(key):
    named = "openai:m@https://models.example/v1" if key == "embedder" else "llm:m@https://models.example/v1"
    suite = make_suite(MATRIX, [case("a")], {"settings": {key: named}})
    with pytest.raises(SettingsError, match=rf"it names an address for {key}; say that you mean it: {key}="):
        refreshed_settings(suite, parse_settings([]), "a.astral.jsonl")
    assert getattr(refreshed_settings(suite, parse_settings([f"{key}={named}"]), "a.astral.jsonl"), key).url
    local = make_suite(
        MATRIX, [case("a")], {"settings": {key: named.replace("https://models.example", "http://127.0.0.1:9")}}
    )
    assert getattr(refreshed_settings(local, parse_settings([]), "a.astral.jsonl"), key).url
