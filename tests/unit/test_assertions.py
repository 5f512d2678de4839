"""Failed comparisons of texts in Python tests: what is live in them is spelled, all else is left to pytest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.assertions import MOST_LINES, explained

LIVE = "a\x1b[2J\n##[error]x\rb"


def test_two_texts_that_differ_are_shown_line_by_line():
    assert explained("==", LIVE, "fine\nb") == [
        r'"a\u{1b}[2J \u{23}#[error]x b" == "fine b"',
        "",
        "- fine",
        r"+ a\u{1b}[2J",
        r"+ \u{23}#[error]x",
        "  b",
    ]


def test_what_should_not_be_there_is_shown():
    assert explained("not in", "b", LIVE) == [
        r'"b" not in "a\u{1b}[2J \u{23}#[error]x b"',
        "",
        r"a\u{1b}[2J",
        r"\u{23}#[error]x",
        "b",
    ]


@pytest.mark.parametrize(
    ("op", "left", "right"),
    [("==", "plain\ntext", "other"), ("in", LIVE, "x"), ("!=", LIVE, LIVE), ("==", LIVE, 5), ("==", [LIVE], [LIVE])],
)
def test_the_rest_is_left_to_pytest(op, left, right):
    assert explained(op, left, right) is None


def test_a_long_one_is_cut():
    found = explained("not in", "x", "\x07\n" * 1_000)
    assert len(found) == MOST_LINES + 3
    assert found[-1] == "... and 941 more lines"


@given(st.text(st.characters(), max_size=80), st.text(st.characters(), max_size=80))
def test_no_line_holds_a_line_break_or_a_control_character(left, right):
    for op in ("==", "not in"):
        assert all(line.isprintable() or " " in line for line in explained(op, left, right) or [])
        assert all(len(line.splitlines()) <= 1 for line in explained(op, left, right) or [])
