"""Foreign text in markdown, as a parser of GitHub's dialect sees it: it stays text, and ends nothing."""

import re

import pytest
from accounts import HOSTILE
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from astral.escape import code_span
from astral.markdown import Page, fence, prose, table

GFM = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LIVE = re.compile(
    r"@|#\d|://|www\.|\bGH-\d|!\d|%\w|~\d|\$|<|>|&\w+;|(?<![0-9A-Za-z])[0-9a-f]{7,40}(?![0-9A-Za-z])|:[a-z_]+:", re.I
)
"""What GitHub or GitLab look for in the text that is left after markdown, outside of code."""
SIGNS = st.text(
    st.sampled_from(list("@#<>|`*_~[]()!\\&$:-+=.1aF \n\t\r\x00\u202e\ud800é%^{}\"'/")) | st.characters(), max_size=60
)
MARKUP = SIGNS | st.sampled_from(HOSTILE) | st.tuples(st.sampled_from(HOSTILE), SIGNS).map("".join)


def inline(tokens):
    return [child for token in tokens for child in (token.children or ())]


def check_inert(tokens, code=("code_inline", "fence", "code_block")):
    """No link, image, emphasis or HTML, and nothing in plain text that a service would make a link of."""
    for token in [*tokens, *inline(tokens)]:
        assert token.type not in {"link_open", "image", "html_inline", "html_block", "em_open", "s_open"}, token
        if token.type == "text":
            assert not LIVE.search(token.content), token.content


@given(MARKUP)
def test_a_sentence_is_one_paragraph_of_text_and_code(text):
    assume(prose(text))
    tokens = GFM.parse(f"* {prose(text)}\n\nnext")
    assert [token.type for token in tokens][:5] == [
        "bullet_list_open",
        "list_item_open",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]
    assert tokens[-2].content == "next"
    check_inert(tokens)
    assert {child.type for child in inline(tokens)} <= {"text", "code_inline"}


@given(MARKUP, MARKUP)
def test_a_table_keeps_its_columns(first, second):
    lines = table(["a", "b", "c"], [(prose(first, table=True), code_span(second, table=True), "end")] * 2)
    tokens = GFM.parse("\n".join(lines) + "\n\nnext")
    assert sum(token.type == "tr_open" for token in tokens) == 3
    assert sum(token.type == "td_open" for token in tokens) == 6
    cells = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "td_open"]
    assert cells[2] == cells[5] == "end"
    check_inert(tokens)


@given(MARKUP)
def test_nothing_ends_a_fence(text):
    tokens = GFM.parse(f"before\n\n{fence(text)}\n\nafter")
    assert [token.type for token in tokens if token.type != "inline"] == [
        *("paragraph_open", "paragraph_close", "fence", "paragraph_open", "paragraph_close")
    ]
    assert tokens[-2].content == "after"


def test_words_without_a_meaning_to_markdown_stay_as_they_are():
    plain = "9 of 68 judged answers are unsafe (13 %, 95 % CI 7-23 %); gpt-4: nothing else, it's fine"
    assert prose(plain) == plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("asked gpt-4, answered by @bob.", "asked gpt-4, answered by `@bob`."),
        ("(see https://a.example/b, #12 #13)", "(see `https://a.example/b`, `#12 #13`)"),
        ("a `tick`", "a `'tick'`"),
        ("rate<=2% failed", "`rate<=2%` failed"),
        ("- item", "`-` item"),
    ],
)
def test_words_with_one_stand_in_code_spans(text, shown):
    assert prose(text) == shown


def test_a_pipe_in_a_cell_is_escaped_and_after_a_backslash_spelled():
    assert code_span("a|b", table=True) == r"`a\|b`"
    assert code_span(r"a\|b", table=True) == r"`a\\u{7c}b`"
    assert code_span("a|b") == "`a|b`"


def test_a_page_ends_where_its_limit_is_and_counts_what_is_left():
    page = Page(10)
    assert page.add_all(["12345", "", "äöü", "a", "b"]) == 3  # six bytes of umlauts no longer fit, nor what follows
    page.close("end")
    assert page.text == "12345\n\nend\n"
