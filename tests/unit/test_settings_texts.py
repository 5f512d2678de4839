"""Settings as text, for headers, workers and runs to go on with: they mean the same when they are read again."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from astral.errors import SettingsError
from astral.settings import KEYS, Settings, parse_settings

WORD = st.text("abz019-_.:/@ \u00e9\u202e\"'={}()[],%$*\\", max_size=12)
AMOUNT = st.floats(0, 1e6, allow_nan=False).map(repr) | st.integers(0, 10**9).map(str)
VALUE = st.one_of(
    AMOUNT,
    AMOUNT.map("{}%".format),
    AMOUNT.map("${}".format),
    st.builds("{}{}".format, AMOUNT, st.sampled_from(["req", "kreq", "tok", "ktok", "Mtok", "d"])),
    st.builds("{}/{}".format, st.integers(0, 30), st.integers(0, 30)),
    st.sampled_from(
        ["on", "off", "none", "answers", "any", "cascade", "full", "smoke", "rag", "each", "last", "2", "*"]
    ),
    st.sampled_from(
        ["rate<=2.5%", "coverage>=95%,any", "rate<=1%(bound=lower)", "html:a b.html,json:x", "rss:http://h/f"]
    ),
    st.builds("{}:{}@http://h:1/v1({}={}, b=2)".format, WORD, WORD, WORD, WORD),
    st.dictionaries(WORD, st.floats(0, 1) | WORD | st.none(), max_size=2).map(
        lambda found: str(found).replace("'", '"')
    ),
    st.lists(WORD, max_size=3).map(",".join),
    WORD,
)
SETTING = st.builds("{}={}".format, st.sampled_from([key.name for key in KEYS]), VALUE)


@given(st.lists(SETTING, min_size=1, max_size=5))
@example(["incomplete=0.1234567%"])
@example(["incomplete=0.0000001%"])
@example(["incomplete=100%"])
@example(["budget=0.5req"])
@example(["budget=$1.234567"])
def test_what_is_written_means_the_same_when_it_is_read(pairs: list[str]) -> None:
    settings = parsed(pairs)
    assume(settings is not None)
    assert settings is not None
    texts = settings.as_text()
    again = parse_settings([f"{name}={text}" for name, text in texts.items()])
    assert {key.name: getattr(again, key.name) for key in KEYS} == {
        key.name: getattr(settings, key.name) for key in KEYS
    }
    assert again.as_text() == texts


@given(st.lists(SETTING | WORD, max_size=4))
def test_whatever_is_typed_is_taken_or_refused_in_one_line(pairs: list[str]) -> None:
    parsed(pairs)


def parsed(pairs: list[str]) -> Settings | None:
    try:
        return parse_settings(pairs)
    except SettingsError as err:
        line = str(err)
    assert len(line.splitlines()) == 1
    assert line.isprintable(), ascii(line)
    return None


@pytest.mark.parametrize("key", [key.name for key in KEYS])
def test_each_key_is_written_and_read_by_some_value(key: str) -> None:
    """The values above reach every key, so that none goes untested."""
    words = [
        "on",
        "none",
        "2",
        "any",
        "smoke",
        "answers",
        "full",
        "50%",
        "1/2",
        "30d",
        "a:b",
        "all",
        "{}",
        "off",
        "last",
        "http://h:1",
    ]
    assert any(parsed([f"{key}={word}"]) for word in words)
