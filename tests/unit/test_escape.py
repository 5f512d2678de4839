"""Foreign text on its way to a screen or file: inert, visible, on lines of its own; keys never get there."""

import base64
import json
import re
import textwrap
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.escape import code_span, is_name, show, show_block, slug, visible
from astral.secrets import MASK, Redactor

ANY = st.text(st.characters(), max_size=80)  # lone surrogates included


def test_every_live_code_point_is_spelled_out():
    for code in range(0x110000):
        shown = visible(chr(code))
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            assert shown == f"\\u{{{code:x}}}"
        assert shown.isprintable() or unicodedata.category(chr(code)) == "Zs", hex(code)


@pytest.mark.parametrize(
    "order",
    [
        *("::error::x", "::Add-Mask::x", "::error a=b::x", "##[error]x", "::stop-commands::x"),
        *("##vso[task.complete result=Failed]x", "##teamcity[buildStop comment='x']"),
    ],
)
@given(before=st.text("ab :", max_size=30), width=st.integers(12, 40))
def test_no_line_is_an_order_to_a_ci_runner(order, before, width):
    text = f"{before}{order} and {order}"
    block = show_block(f"{text}\n{order}").splitlines()
    for line in (*textwrap.wrap(show(text), width, subsequent_indent="  "), *block):
        assert not re.match(r"\s*::(error|add-mask|stop-commands)\b", line, re.IGNORECASE)
        assert not re.search(r"##(vso|teamcity)?\[", line)


def test_names_with_colons_stay():
    assert visible("a.py::TestB::test_c, std::vector, ::1, ## [x]") == "a.py::TestB::test_c, std::vector, ::1, ## [x]"


@given(ANY, st.integers(3, 50))
def test_shown_text_is_one_bounded_line(text, limit):
    line = show(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


@given(ANY)
def test_no_line_of_a_block_starts_at_column_0(text):
    for line in show_block(text).split("\n"):
        assert line.startswith("    ")
    assert "::error::" not in [line[:9] for line in show_block("a\n::error::x\r::error::y").splitlines()]


@given(ANY)
def test_slugs_fit_into_test_names(text):
    assert re.fullmatch(r"[a-z0-9_+-]{1,40}", slug(text))


@given(ANY)
def test_a_code_span_ends_where_it_should(text):
    for span in (code_span(text), code_span(text, table=True)):
        assert re.fullmatch(r"`[^`\n]+`", span)
    assert not re.search(r"(?<!\\)\|", code_span(text, table=True).replace("\\\\", ""))


@pytest.mark.parametrize(
    ("text", "fine"), [("gpt-4.1:x_+", True), ("", False), ("two words", False), ("a" * 41, False), ("é", False)]
)
def test_what_a_name_is(text, fine):
    assert is_name(text) is fine


@given(ANY, ANY, st.text(st.characters(codec="utf-8"), min_size=6, max_size=40))
def test_a_key_survives_in_no_spelling(before, after, key):
    encoded = base64.b64encode(key.encode()).decode()
    redactor = Redactor([key])
    for spelling in (key, json.dumps(key)[1:-1], quote(key, safe=""), encoded):
        cleaned = redactor.clean(before + spelling + after)
        assert spelling not in cleaned.replace(MASK, "") or spelling in (before + after) or spelling in MASK


def test_what_looks_like_a_key_goes_and_other_text_stays():
    text = "Incorrect API key provided: sk-abcd1234efgh. Authorization: Bearer abcdefghijk"
    cleaned = Redactor().clean(text)
    assert "abcd1234" not in cleaned
    assert "abcdefghijk" not in cleaned
    assert Redactor().clean("nothing to hide here, task-list") == "nothing to hide here, task-list"
