"""Prices: rows that carry source and date, exact names, the user's file before ours, unknown never nothing."""

import datetime
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.errors import SettingsError
from astral.prices import SHIPPED, Price, Prices, load_prices, read_prices

ROWS = tomllib.loads(SHIPPED.read_text())["price"]


@pytest.fixture
def prices_of(tmp_path):
    def load(text):
        path = tmp_path / "prices.toml"
        path.write_text(text)
        return load_prices(path, shown="prices.toml")

    return load


def row(**given):
    values = {"model": '"m"', "input": "1", "output": "2", **given}
    return "[[price]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if value is not None)


@pytest.mark.parametrize("shipped", ROWS, ids=lambda shipped: shipped["model"])
def test_a_shipped_row_names_source_date_and_the_api_that_charges_it(shipped):
    assert shipped["source"].startswith("https://")
    assert datetime.date(2026, 1, 1) < shipped["date"] <= datetime.date(2026, 12, 31)
    assert "." in shipped["host"]
    free = shipped["input"] == shipped["output"] == 0 and "moderation" in shipped["model"]
    assert free or 0 < shipped["input"] < shipped["output"] < 100
    known = load_prices().cost(shipped["model"], 1_000_000, 1_000_000, host=shipped["host"])
    assert known.usd == pytest.approx(shipped["input"] + shipped["output"])
    assert known.price.date == shipped["date"].isoformat()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-4o-mini-audio-preview", None),
        ("gpt-4o-mini-2024-07-18-tuned", None),
        ("ft:gpt-4o-mini-2024-07-18", None),
        ("GPT-4o-mini", None),
        ("gpt-4o-mini-2024", None),
        ("gpt-4o-min", None),
        ("", None),
    ],
)
def test_a_name_is_matched_exactly_or_without_the_date_of_a_snapshot(asked, found):
    price = load_prices().price(asked)
    assert (price.model if price else None) == found


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "my.openai.azure.com", "api.openai.com.evil.example"])
def test_the_same_name_at_another_address_has_no_known_price(host):
    assert load_prices().cost("gpt-4o-mini", 10, 10, host=host) is None
    assert load_prices().cost("gpt-4o-mini", 10, 10, host="api.openai.com") is not None


def test_the_users_file_goes_first_and_may_price_any_address(prices_of):
    found = prices_of(
        row(model='"gpt-4o-mini"', input="0.1", output="0.2", date="2026-11-01")
        + row(model='"llama3"', input="0", output="0", host='"localhost:11434"')
        + row(model='"llama3"', input="3", output="4", per="1000")
    )
    assert found.price("gpt-4o-mini", host="api.openai.com").input == 0.1
    assert found.price("gpt-4o-mini-2024-07-18", host="127.0.0.1:9").date == "2026-11-01"
    assert found.cost("llama3", 1000, 1000, host="localhost:11434").usd == 0
    assert found.cost("llama3", 1000, 1000, host="gpu.example:80").usd == pytest.approx(7)
    assert found.price("gpt-4.1", host="api.openai.com").input == 2.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("expected [[price]] tables",)),
        ("price = 3", ("expected [[price]] tables",)),
        ("[price]\nmodel = 'm'", ("expected [[price]] tables",)),
        ("price = [1]", ("price 1: expected a table",)),
        ("[[price", ("not valid TOML",)),
        (row() + "[other]\n", ("expected [[price]] tables",)),
        (row(model=None), ("price 1", '"model"')),
        (row(model='"  "'), ('"model"',)),
        (row(output=None), ("price 1 (m)", '"output"', "0 or more")),
        (row(input="-1"), ('"input"',)),
        (row(input="nan"), ('"input"',)),
        (row(input="inf"), ('"input"',)),
        (row(input="1e300"), ('"input"', "a number of dollars")),
        (row(input="true"), ('"input"',)),
        (row(input='"1"'), ('"input"',)),
        (row(per="0"), ('"per"', "at least 1")),
        (row(currency='"EUR"'), ('"currency"', "USD")),
        (row(date='"yesterday"'), ('"date"', "2026-11-21")),
        (row(date="3"), ('"date"',)),
        (row(date="2026-11-21T10:00:00"), ('"date"',)),
        (row(source="1"), ('"source"',)),
        (row(host='"https://gpu.example/v1"'), ('"host"', "without http://")),
        (row(inptu="1"), ("unknown key 'inptu'", "did you mean 'input'?")),
        (row() + row(), ("m has two prices",)),
        (row(model='"a\\u001b[31mb"', input="-1"), ("a\\u{1b}[31mb",)),
    ],
)
def test_a_malformed_file_is_one_line_that_says_what_and_where(prices_of, text, words):
    with pytest.raises(SettingsError) as error:
        prices_of(text)
    message = str(error.value)
    assert message.startswith("prices=prices.toml: ")
    assert "\n" not in message
    assert "\x1b" not in message
    for word in words:
        assert word in message


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(SettingsError, match="no such file"):
        load_prices(tmp_path / "no.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_prices(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"# \xff\n")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_prices(tmp_path / "latin.toml", "latin.toml")


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_cost_grows_with_tokens_and_adds_up(first, second, out):
    prices = Prices([Price("m", 0.25, 2.0)])
    one, both = prices.cost("m", first, out).usd, prices.cost("m", first + second, out).usd
    assert 0 <= one <= both
    assert both == pytest.approx(one + prices.cost("m", second, 0).usd)
