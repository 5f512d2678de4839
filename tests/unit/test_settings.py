"""One parser for command line, ini file and ``astral``: what it takes, and what it says when it cannot."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.errors import SettingsError
from astral.setting_values import Budget, ReportSpec, Shard, Spec, parse_spec
from astral.settings import BY_NAME, parse_pairs, parse_settings


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["target=demo"], {"target": "demo"}),
        (["on"], {}),
        (["target=demo plan=full"], {"target": "demo", "plan": "full"}),
        (["target=demo", "target=gpt-4"], {"target": "gpt-4"}),
        (["report=html:my report.html seed=3"], {"report": "html:my report.html", "seed": "3"}),
        (["target=x@http://h/v1?a=b c=d"], {"target": "x@http://h/v1?a=b c=d"}),
    ],
)
def test_pairs(values, expected):
    assert parse_pairs(values) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("tests/", "to test paths as well, write: --astral on tests/"),
        ("stlyes=slang", "did you mean 'styles'?"),
        ("purpose=chatbot", "reserved for a later version"),
        ("plan=pariwise", "did you mean 'pairwise'?"),
        ("budget=$", "single quotes"),
        ("budget=five", "500req"),
        ("concurrency=0", "at least 1"),
        ("incomplete=5", "5%"),
        ("shard=4/3", "3/10, K at least 1 and at most N"),
        ("report=a/b:x", "FORMAT:PATH"),
        ("report=html", "FORMAT:PATH"),
        ("report=json:/", "FORMAT:PATH"),
        ("canaries=61", "at most 60"),
        ("seed=-1", "at least 0"),
        ("timeout=0", "above 0"),
    ],
)
def test_bad_values_say_what_and_what_next(value, message):
    with pytest.raises(SettingsError) as caught:
        parse_settings([value])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    if "=" in value and value.split("=")[0] in BY_NAME:
        assert str(caught.value).startswith(value)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("demo", Spec("demo", "", "demo")),
        ("gpt-4", Spec("gpt-4", "", "gpt-4")),
        (
            "openai:llama3@http://localhost:11434/v1",
            Spec("openai:llama3@http://localhost:11434/v1", "openai", "llama3", "http://localhost:11434/v1"),
        ),
        ("llm:a@b@https://h/v1/", Spec("llm:a@b@https://h/v1/", "llm", "a@b", "https://h/v1")),
        ("python:pkg.mod:fn", Spec("python:pkg.mod:fn", "python", "pkg.mod:fn")),
        ("pii(kind=email, max=3)", Spec("pii(kind=email, max=3)", "", "pii", None, (("kind", "email"), ("max", "3")))),
    ],
)
def test_specs(text, spec):
    assert parse_spec(text) == spec


def test_commas_separate_only_outside_brackets():
    settings = parse_settings(["target=a,b(x=1, y=2),c"])
    assert [spec.argument for spec in settings.target] == ["a", "b", "c"]


def test_later_sources_beat_earlier_ones_and_given_names_them():
    settings = parse_settings(["target=demo", "seed=1"], ["seed=2"])
    assert (settings.seed, settings.given) == (2, frozenset({"target", "seed"}))


def test_values_are_read():
    settings = parse_settings(
        ["budget=2kreq shard=3/10 report=json:a.json,html:b.html incomplete=2.5% twins=on rpm=90 timeout=0.5"]
    )
    assert settings.budget == Budget(requests=2000)
    assert settings.shard == Shard(3, 10)
    assert settings.report == (ReportSpec("json", Path("a.json")), ReportSpec("html", Path("b.html")))
    assert (settings.incomplete, settings.twins, settings.rpm, settings.timeout) == (0.025, True, 90.0, 0.5)


def test_defaults_are_readable_by_their_own_parser():
    """What ``as_text`` writes, in headers and for workers, means the same when it is read again."""
    settings = parse_settings(["target=demo,gpt-4 report=html:x.html incomplete=7% budget=1Mtok shard=1/2 rpm=90.5"])
    again = parse_settings([f"{key}={value}" for key, value in settings.as_text().items()])
    assert {**again.as_text()} == settings.as_text()
    assert again.incomplete == settings.incomplete


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_is_taken_or_refused_in_one_line(values):
    with contextlib.suppress(SettingsError):
        parse_settings(values)


def test_a_blank_inside_brackets_separates_nothing():
    found = parse_settings(
        ['target=a(system=x seed=1, temperature=0.2) extra={"stop": " seed=3 ", "a": {"b": "c seed=4"}} seed=2']
    )
    assert found.seed == 2
    assert found.extra.value == {"stop": " seed=3 ", "a": {"b": "c seed=4"}}
    assert dict(found.target[0].options)["system"] == "x seed=1"


def test_a_number_is_spelled_as_it_was_given():
    text = parse_settings(["temperature=0.1234567"]).as_text()
    assert parse_settings([f"temperature={text['temperature']}"]).temperature == 0.1234567
