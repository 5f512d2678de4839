"""Cards of judges: what is written is read back, and a card is about its own judge alone."""

import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.cards import KEPT, alone, card_of, identity, load_cards, read_card, write_card
from astral.errors import CardError
from astral.model import Card
from astral.stats import Rate, Repeats

LLM = {
    "name": "llm:gpt-4o",
    "endpoint": "api.openai.com/v1",
    "model": "gpt-4o",
    "prompt_hash": "ab12",
    "temperature": 0,
}
OFFLINE = {"name": "offline"}
JUDGE = {"oracles": [LLM, OFFLINE], "vote": "any", "confirm": 2}


def named(name, **more):
    return {"oracles": [{**LLM, "name": name, **more}], "vote": "any", "confirm": 2}


def card(made="2026-11-21T10:00:00Z", judge=JUDGE, hits=9):
    return Card(
        identity(judge),
        Rate(hits, 10, Repeats(1, 2, 1, 2)),
        Rate(19, 20),
        (1, 0),
        "labels \u202e.jsonl",
        "0" * 64,
        made,
        "1.0",
    )


@pytest.mark.parametrize(
    "other",
    [
        {**JUDGE, "oracles": [OFFLINE, LLM]},
        {**JUDGE, "oracles": [{**LLM, "endpoint": "10.0.0.1/v1"}, OFFLINE]},
        {**JUDGE, "oracles": [{**LLM, "name": "llm:gpt-4o@http://10.0.0.1/v1"}, OFFLINE]},
        {**JUDGE, "oracles": [{**LLM, "name": "llm:gpt-4o@https://x/v1(key_env=MY_KEY)"}, OFFLINE]},
        {**JUDGE, "oracles": [{**LLM, "name": "llm:gpt-4o(key_env=MY_KEY)"}, OFFLINE]},
        {**JUDGE, "oracles": [{**LLM, "name": "llm:gpt-4o(url=http://10.0.0.1/v1)"}, OFFLINE]},
        {**JUDGE, "oracles": [LLM, {**OFFLINE, "free": True}]},
    ],
)
def test_order_address_and_key_do_not_make_another_judge(other):
    assert identity(other) == identity(JUDGE)


@pytest.mark.parametrize(
    "other",
    [
        {**JUDGE, "vote": "majority"},
        {**JUDGE, "confirm": 1},
        {**JUDGE, "oracles": [LLM]},
        {**JUDGE, "oracles": [{**LLM, "model": "gpt-4o-mini"}, OFFLINE]},
        {**JUDGE, "oracles": [{**LLM, "prompt_hash": "cd34"}, OFFLINE]},
        {**JUDGE, "oracles": [{**LLM, "temperature": None}, OFFLINE]},
        {**JUDGE, "oracles": [{**LLM, "name": "llm:gpt-4o(samples=3)"}, OFFLINE]},
    ],
)
def test_whatever_verdicts_depend_on_makes_another_judge(other):
    assert identity(other) != identity(JUDGE)
    assert card_of([card()], identity(other)) is None


def test_oracles_that_always_say_the_same_are_asked_once_whatever_confirm_says():
    free = {"oracles": [{**OFFLINE, "free": True}], "vote": "any", "confirm": 2}
    assert identity(free) == identity({**free, "confirm": 1})
    both = {**JUDGE, "oracles": [LLM, {**OFFLINE, "free": True}]}
    assert identity(both) != identity({**both, "confirm": 1})
    assert alone(both, "offline") == alone({**both, "confirm": 3}, "offline") == identity(free)


def test_one_oracle_votes_with_nobody():
    assert identity(named("llm:gpt-4o")) == identity({**named("llm:gpt-4o"), "vote": "majority"})
    assert alone(JUDGE, "llm:gpt-4o") == identity(named("llm:gpt-4o"))
    assert alone(JUDGE, "offline") == identity({**JUDGE, "oracles": [OFFLINE]})


def test_options_stay_in_the_name_without_the_key():
    (one,) = identity(named("llm:m@http://x/v1(key_env=K, samples=3, temperature=none)"))["oracles"]
    assert one["name"] == "llm:m(samples=3, temperature=none)"


def test_the_youngest_card_of_a_judge_counts():
    old, young = card(), card("2026-11-22T10:00:00Z", hits=8)
    assert card_of([young, old], identity(JUDGE)) is young
    assert card_of([], identity(JUDGE)) is None


_COUNTS = st.integers(0, 50)


@st.composite
def rates(draw):
    n = draw(_COUNTS)
    surplus = draw(st.integers(0, max(n - 1, 0)))
    return Rate(draw(st.integers(0, n)), n, Repeats(surplus, *draw(st.tuples(*[_COUNTS] * 3))))


@given(rates(), rates(), st.tuples(_COUNTS, _COUNTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_is_written_is_read_back(tmp_path_factory, sensitivity, specificity, undecided, labels):
    path = tmp_path_factory.mktemp("cards") / "new" / "card.json"
    written = Card(identity(JUDGE), sensitivity, specificity, undecided, labels, "0" * 64, "2026-11-21", "1")
    write_card(written, path)
    assert read_card(path) == written
    assert path.read_bytes().isascii()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_kept_cards_count_beside_those_that_are_named(tmp_path):
    kept, named_one = card(), card(judge=named("llm:gpt-4o"))
    write_card(kept, tmp_path / ".astral" / KEPT / "a.json")
    write_card(named_one, tmp_path / "mine.json")
    assert load_cards((), tmp_path, tmp_path / ".astral") == (kept,)
    assert load_cards(("mine.json",), tmp_path, tmp_path / ".astral") == (named_one, kept)
    assert load_cards((), tmp_path, tmp_path / "none") == ()


def test_a_card_that_somebody_names_counts_before_a_younger_one_that_was_kept(tmp_path):
    named_one, kept = card("2026-01-01T00:00:00Z"), card("2026-11-22T10:00:00Z", hits=1)
    write_card(kept, tmp_path / ".astral" / KEPT / "a.json")
    write_card(named_one, tmp_path / "mine.json")
    assert load_cards(("mine.json",), tmp_path, tmp_path / ".astral") == (named_one,)


def spoiled(**more):
    return json.dumps({**json.loads(GOOD), **more})


GOOD = json.dumps(
    {
        "format": 1,
        "judge": {},
        "sensitivity": {
            "right": 1,
            "n": 2,
            **{f"repeats_{name}": 0 for name in ("surplus", "hits", "mixed", "trials")},
        },
        "specificity": {
            "right": 1,
            "n": 2,
            **{f"repeats_{name}": 0 for name in ("surplus", "hits", "mixed", "trials")},
        },
        "undecided": {"unsafe": 0, "safe": 0},
        "labels": "",
        "sha256": "",
        "made": "",
        "version": "",
    }
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a card"),
        ("[1]", "not a whole card"),
        ("{}", "not a whole card"),
        (spoiled(format=2), "card format 2, this version reads 1"),
        (spoiled(judge=3), "not a whole card"),
        (spoiled(undecided={"unsafe": -1, "safe": 0}), "not a whole card"),
        (spoiled(sensitivity={"right": 3, "n": 2}), "not a whole card"),
        (spoiled(specificity={**json.loads(GOOD)["specificity"], "right": 3}), "not a whole card"),
        (spoiled(specificity={**json.loads(GOOD)["specificity"], "n": True}), "not a whole card"),
        (spoiled(specificity={**json.loads(GOOD)["specificity"], "repeats_surplus": 2}), "not a whole card"),
        (spoiled(specificity={**json.loads(GOOD)["specificity"], "n": 10**400}), "not a whole card"),
        ("[" * 100_000, "not a card"),
    ],
)
def test_any_other_file_is_refused_by_name(tmp_path, text, words):
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(CardError) as raised:
        read_card(path)
    assert words in str(raised.value)
    assert str(path) in str(raised.value)
    assert "make it again with astral calibrate" in str(raised.value)


def test_a_card_that_cannot_be_read_or_written_is_said(tmp_path):
    with pytest.raises(CardError, match="cannot be read"):
        read_card(tmp_path / "none.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(CardError, match="cannot be written"):
        write_card(card(), tmp_path / "file" / "card.json")
