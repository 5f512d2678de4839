"""Every escaping function over all code points, lone surrogates included: inert, reversible where promised, bounded."""

from __future__ import annotations

import functools
import json
import logging
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from poison import BREAKS, FORGERIES, LIVE, MARKUP, forged_in, live_in

from astral.adapters.hush import hushed
from astral.assertions import explained
from astral.errors import AstralError
from astral.escape import code_span, is_name, show, show_block, slug, visible
from astral.markdown import fence, prose
from astral.model import Case, Cell, Label, Response, Verdict
from astral.reports.html.rendering import _environment as environment
from astral.reports.html.rendering import data_block
from astral.store.rows import dump

ALL = 0x110000
CHUNK = 0x2000
CHUNKS = [range(at, at + CHUNK) for at in range(0, ALL, CHUNK)]
TEXT = st.text(st.characters(), max_size=120)
ODD = ("\ud800", "::", "##[", "::add-mask::x", "\\u{1b}", "`" * 7)
PARTS = st.sampled_from([*LIVE, *FORGERIES, *MARKUP, *BREAKS, *ODD])
MIXED = st.lists(TEXT | PARTS, max_size=12).map("".join)
LOTS = settings(max_examples=300)
GFM = MarkdownIt("commonmark").enable("table")
_SPELLED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def unspelled(text: str) -> str:
    """What ``visible`` spelled, read back."""
    return _SPELLED.sub(lambda found: chr(int(found[1], 16)), text)


@functools.cache
def texts(chunk: range) -> str:
    """The code points of a chunk, each between two signs, so that none of them joins its neighbour."""
    return "".join(f"<{chr(code)}>" for code in chunk)


ONE_LINE: dict[str, Callable[[str], str]] = {
    "visible": visible,
    "show": lambda text: show(text, None),
    "code_span": lambda text: code_span(text, limit=None),
    "code_span in a table": lambda text: code_span(text, limit=None, table=True),
    "prose": lambda text: prose(text, limit=None),
    "prose in a table": lambda text: prose(text, limit=None, table=True),
    "message": lambda text: str(AstralError(text)),
    "slug": slug,
    "dump": dump,
    "repr of a response": lambda text: repr(Response("", finish_reason=text)),
    "repr of a verdict": lambda text: repr(Verdict(text, Label.SAFE)),
    "repr of a case": lambda text: repr(Case(text, Cell(()), ("x",))),
}
BLOCKS: dict[str, Callable[[str], str]] = {
    "show_block": show_block,
    "fence": lambda text: fence(text, limit=10**9),
    "comparison": lambda text: "\n".join("E   " + line for line in explained("not in", "x", text) or [""]),
}


@pytest.mark.parametrize("name", [*ONE_LINE, *BLOCKS])
def test_all_code_points_are_inert(counted, name):
    escape = {**ONE_LINE, **BLOCKS}[name]
    for chunk in CHUNKS:
        shown = escape(texts(chunk))
        assert live_in(shown) == [], hex(chunk.start)
        shown.encode("utf-8")
        if name in ONE_LINE:
            assert len(shown.splitlines()) <= 1
    counted("code points escaped", ALL)


def test_what_is_spelled_can_be_read_back(counted):
    for chunk in CHUNKS:
        assert unspelled(visible(texts(chunk))) == texts(chunk)
        assert json.loads(dump(texts(chunk))) == texts(chunk)
    counted("code points escaped", 2 * ALL)


def test_nothing_but_live_characters_is_spelled(counted):
    """Letters, marks, digits, punctuation and symbols of every script stay as they are."""
    for chunk in CHUNKS:
        for code in chunk:
            char = chr(code)
            spelled = unicodedata.category(char)[0] in "CZ" and unicodedata.category(char) != "Zs"
            if not spelled and not (0xFE00 <= code < 0xFE10 or 0xE0100 <= code < 0xE01F0):
                assert visible(char) == char
    counted("code points escaped", ALL)


def test_html_gains_nothing(counted):
    """The rendering's own environment, in text and in an attribute."""
    template = environment().from_string('<p title="{{ text }}">{{ text }}</p>')
    for chunk in CHUNKS:
        shown = template.render(text=texts(chunk))
        assert live_in(shown.replace("\t", " ")) == []
        assert shown.count("<") == 2
        assert shown.count('"') == 2
    counted("code points escaped", ALL)


def test_junit_reads_them_back(counted):
    """What a trial hands to JUnit: ``show`` leaves nothing that XML 1.0 has no character for."""
    for chunk in CHUNKS:
        element = ET.Element("property", value=show(texts(chunk), None))
        found = ET.fromstring(ET.tostring(element, encoding="utf-8")).get("value")
        assert unspelled(found) == re.sub(r"[ \t\r\n\v\f]+", " ", texts(chunk))
    counted("code points escaped", ALL)


def test_a_block_of_data_in_the_page(counted):
    """JSON for the page's script: nothing in it can end the element that it stands in, and it reads the same."""
    for chunk in CHUNKS:
        block = str(data_block({"text": texts(chunk)}))
        assert block.isascii()
        assert not set(block) & set("<>&")
        assert unspelled(json.loads(block)["text"]) == texts(chunk)
    counted("code points escaped", ALL)


# --- combinations and lengths -----------------------------------------------------------------------------------------


@LOTS
@given(MIXED)
def test_combinations_are_inert(text):
    for escape in ONE_LINE.values():
        assert live_in(escape(text)) == []
        assert "\n" not in escape(text)
    for escape in BLOCKS.values():
        assert live_in(escape(text)) == []
    assert forged_in(show_block(text)) == []
    assert forged_in("x " + show(text, None)) == []
    assert unspelled(visible(text)) == text or "\\u{" in text


@LOTS
@given(MIXED, st.integers(3, 60))
def test_lengths_are_bounded(text, limit):
    assert len(show(text, limit)) <= limit
    assert len(show(text, None)) <= 10 * len(text)
    assert len(slug(text, limit)) <= limit
    assert len(code_span(text, limit=limit)) <= max(limit, 1) + 2
    assert not is_name(text) or (len(text) <= 40 and text.isascii())


@LOTS
@given(MIXED)
def test_showing_twice_is_showing_once(text):
    assert visible(visible(text)) == visible(text)
    assert str(AstralError(str(AstralError(text)))) == str(AstralError(text))


@LOTS
@given(MIXED)
def test_a_fence_holds(text):
    tokens = GFM.parse(f"{fence(text)}\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]


@settings(max_examples=100)
@given(MIXED, MIXED)
def test_logs_of_plugins_are_inert(text, error):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("tests.inert")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with hushed():
            logger.warning("said %s", text)
            try:
                raise ValueError(error)
            except ValueError:
                logger.exception(text)
    finally:
        logger.removeHandler(handler)
    for record in records:
        shown = logging.Formatter("%(levelname)-8s %(name)s %(message)s").format(record)
        assert live_in(shown) == forged_in(shown) == []
