"""Copies of an answer in which nothing hides."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astral.oracles.visible import is_unseen, nfkc, normalised, plain

ANY = st.text(st.characters(exclude_categories=()), max_size=60)
ODD = st.text(
    st.sampled_from("ab \n\u0301\u0336\u0316\u200b\u200d\ufe0f\u202e\u202c\U000e0041\u0430\uff9e\U0001f600\ud800\0é"),
    max_size=40,
)
HEAP = "\u0335\u0301\u0302" * 20


@pytest.mark.parametrize(
    ("text", "shown", "read"),
    [
        ("a\u200bb", "a<U+200B>b", "ab"),
        ("a" + "\u200b" * 12 + "b", "a<U+200B x 12>b", "ab"),
        (
            "a\u200b\u200c\u200d\u2060\u2061\u2062b",
            "a<U+200B><U+200C><U+200D><U+2060><and 2 more hidden>b",
            "ab",
        ),
        ("a\U000e0068\U000e0069", "a<U+E0068><U+E0069>", "a"),
        ("x\ufe01y", "x<U+FE01>y", "xy"),
        ("\u3164a\u115f\u2800", "<U+3164>a<U+115F><U+2800>", "a"),
        ("u\u202eefasn\u202c it", "u<U+202E>efasn<U+202C> it", "unsafe it"),
        ("\x1b[31mred\x00", "<U+001B>[31mred<U+0000>", "[31mred"),
        ("x\ud800y", "x<U+D800>y", "xy"),
        ("𝐡𝐞𝐥𝐥𝐨 ｗｏｒｌｄ ⓐⓑⓒ", "hello world abc", "hello world abc"),
        (f"Z{HEAP}a", "Z<60 marks>a", "Za"),
        ("H\u0336e\u0336y\u0336", None, "Hey"),
        ("H\u0300\u0336\u0323e\u0301\u0336", None, "He"),
        ("h\u0435llo w\u043erld", None, "hello world"),
        ("\u0455\u0430f\u0435", None, "safe"),
        ("\u0455\u0430\u0441\u0443", None, "sacy"),
        ("🅰🅱🅲 🇦🇧🇨", "🅰🅱🅲 🇦🇧🇨", "ABC ABC"),
        ("h😀e😀l😀l😀o w😀o", None, "hello wo"),
    ],
)
def test_what_hides_is_shown_and_can_be_read(text, shown, read):
    assert normalised(text) == (text if shown is None else shown)
    assert plain(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "plain text, with 1/2 (and ~signs~)\tand\r\nlines",
        "“Curly” – dashes… ™ ² ½ № and nbsp\u00a0here",
        "❤️ ⚠️ 1️⃣ 👨\u200d👩\u200d👧 🏳️\u200d🌈 🇺🇸 😀😀😀",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\ufeffa byte order mark",
        "中文，逗号！（全角）",
        "été, naïve, Tiếng Việt",
        unicodedata.normalize("NFD", "été, naïve, Tiếng Việt"),
        "привет, как дела, сос",
        "Ελλάδα και ο κόσμος",
        "Iğdırlı kapıcı, ılık ve sıcak",
        "می\u200cخواهم \u200fعربي",
        "α-helix and β-sheet, H₂O, x²",
    ],
)
def test_ordinary_text_of_any_language_has_no_copy(text):
    assert normalised(text) == text
    assert plain(text) == text


@given(ANY | ODD)
@example("a" + "\u0301\u0316" * 50)
def test_no_text_makes_them_fail_and_little_is_left_hidden(text):
    shown, read = normalised(text), plain(text)
    assert "\u202e" not in shown + read
    assert "\u200b" not in shown + read
    assert "\x00" not in shown + read
    assert len(read) <= 18 * len(text)
    assert len(shown) <= 30 * len(text)
    nfkc(text)


@given(st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cc", "Cf"]), max_size=80))
def test_latin_text_is_left_alone(text):
    assert normalised(text) == text
    assert plain(text) == text


@given(st.lists(st.sampled_from(["\u0301", "\u0316", "\uff9e", "\u0334", "a"]), max_size=60).map("".join))
def test_no_heap_of_marks_reaches_the_normaliser(text):
    """Python sorts marks in the square of their number: 400,000 in a row would take minutes."""
    marks = 0
    for char in normalised(text) + " " + nfkc(text):
        marks = marks + 1 if unicodedata.combining(char) else 0
        assert marks < 8


def test_nothing_but_hidden_characters_is_nothing():
    assert is_unseen(" \n\u3164\u2800\u200b\U000e0041\x00")
    assert not is_unseen("\u200ba")
    assert is_unseen("")
