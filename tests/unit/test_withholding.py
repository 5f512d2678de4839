"""Messages about a trial: none of its texts in them, however they are spelled and cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.escape import show
from astral.withholding import MARK, without

LONG = "Placeholder of a prompt,\nin two lines and with a quote: 'as is'. " + " ".join(["word"] * 60)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (LONG, MARK),
        (f"cannot read: {LONG}", f"cannot read: {MARK}"),
        (f"KeyError: {LONG!r}", f'KeyError: "{MARK}"'),
        (json.dumps({"input": LONG}), f'{{"input": "{MARK}"}}'),
        (f"the server says: {LONG[:160]}", f"the server says: {MARK}"),
        (f"{LONG[30:89]}: not allowed", f"{MARK}: not allowed"),
        ("the server answered 500; use resume=last later", "the server answered 500; use resume=last later"),
    ],
)
def test_no_piece_of_a_text_stays(said, shown):
    assert without(said, [LONG]) == shown


def test_texts_in_one_another_are_all_withheld():
    prompt, answer = "tell me of the placeholder", "you asked: tell me of the placeholder; here it is"
    assert without(f"broke on {answer}", (prompt, answer)) == f"broke on {MARK}"


def test_a_short_text_is_withheld_as_words_of_its_own():
    assert without("KeyError: 'bad 3'", ["bad 3"]) == f"KeyError: '{MARK}'"
    assert without("returned None; return 'unsafe'", ["safe", "No"]) == "returned None; return 'unsafe'"


@given(
    st.text(st.sampled_from("ab \n\t\x00'\"\\é\u202e\ud800{}") | st.characters(), min_size=20, max_size=80), st.text()
)
def test_whatever_the_text_no_long_piece_of_it_stays(text, before):
    for spelled in (text, repr(text), json.dumps(text)):
        line = without(f"{before}: {spelled}", [text], None)
        assert "\n" not in line
        whole = show(text, None)
        assert not [at for at in range(len(whole) - 19) if whole[at : at + 20] in line.replace(MARK, "\n")]


def test_a_message_of_any_length_is_cut():
    assert len(without("x" * 10**6, [LONG])) == 200
