"""Turns HTML into the text that a reader would see. Nothing in it is run, followed or trusted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from astral.escape import visible
from astral.search.lexicon import word_set

PAGE_LIMIT = 2_000
"""Characters of a page that are kept."""
_HIDDEN = word_set("script style noscript template svg math iframe object select button textarea canvas audio video")
_ASIDE = word_set("nav header footer aside form figure menu dialog")
_VOID = word_set("area base br col embed hr img input link meta source track wbr")
_BLOCKS = word_set("p li h1 h2 h3 h4 blockquote dd")
_LEAST = 40
"""Characters of a paragraph that is text and not a caption or a button."""
_WALLS = re.compile(
    r"captcha|are you (?:a robot|human)|enable (?:javascript|cookies)|access (?:to this page )?(?:has been )?denied"
    r"|unusual traffic|checking your browser",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)
_MOST_PIECES = 50_000
"""Tags and texts of a page that are looked at, ten times what a long article has: 2 MiB of nothing but tags would take
many seconds."""
_LONGEST_TAG = 16_384
"""Characters of a tag that is read; one of 2 MiB holds a million attributes, which take half a gigabyte."""
_END = " " * 64
"""Follows what is parsed, so that the parser does not wait for the rest of a character reference."""


class _Enough(Exception):
    """As much has been read as is read of any page."""


@dataclass(frozen=True, slots=True)
class Page:
    """The title and the main text of a page."""

    title: str
    text: str

    def __repr__(self) -> str:
        return f"<Page {len(self.text)} chars>"


class _Reader(HTMLParser):
    """Collects text by block. It is fed once and never closed: on broken markup that takes quadratic time in Python
    before 3.11.14 (https://www.cve.org/CVERecord?id=CVE-2025-6069, read on 2026-11-21).
    """

    def __init__(self, hidden: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.blocks: list[tuple[str, list[str]]] = [("", [])]
        self._skips = hidden
        self._skipped, self._depth = "", 0
        self._in_title = False
        self._pieces = 0

    def _count(self) -> None:
        self._pieces += 1
        if self._pieces > _MOST_PIECES:
            raise _Enough

    def parse_starttag(self, i: int) -> int:
        """Where the tag at ``i`` ends. Of one that is longer than any page needs, only the beginning is looked at: the
        parser's own patterns keep a place for each attribute.
        """
        page, self.rawdata = self.rawdata, self.rawdata[i : i + _LONGEST_TAG]
        try:
            end = super().parse_starttag(0)
        finally:
            self.rawdata = page
        if end < 0:
            return i + _LONGEST_TAG if len(page) - i > _LONGEST_TAG else end
        return i + end

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._count()
        if self._skipped:
            self._depth += tag == self._skipped
        elif tag not in _VOID and (tag in self._skips or _is_hidden(dict(attrs))):
            self._skipped, self._depth = tag, 1
        elif tag == "title":
            self._in_title = True
        elif tag == "br":
            self.blocks[-1][1].append(" ")
        elif tag in _BLOCKS or tag == "div":
            self.blocks.append((tag, []))

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._count()
        if tag == "br" and not self._skipped:
            self.blocks[-1][1].append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._count()
        if self._skipped:
            self._depth -= tag == self._skipped
            if not self._depth:
                self._skipped = ""
        elif tag == "title":
            self._in_title = False
        elif tag in _BLOCKS or tag == "div":
            self.blocks.append(("", []))

    def handle_data(self, data: str) -> None:
        self._count()
        if not self._skipped:
            (self.title if self._in_title else self.blocks[-1][1]).append(data)


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(_INVISIBLE.search(attributes.get("style") or ""))
    )


def _read(markup: str, hidden: frozenset[str]) -> _Reader:
    reader = _Reader(hidden)
    # html.parser gives up on some malformed declarations: what came before them stands
    with contextlib.suppress(_Enough, AssertionError, ValueError, RecursionError):
        reader.feed(markup + _END)
    return reader


def plain(text: str, limit: int) -> str:
    """``text`` without markup, line breaks, control and bidirectional characters, at most ``limit`` characters long."""
    found = text[: 8 * limit]
    for _ in range(2):  # feeds escape their markup once more than they should
        if "<" not in found and "&" not in found:
            break
        reader = _read(found, _HIDDEN)
        found = " ".join("".join(parts) for parts in (reader.title, *(parts for _, parts in reader.blocks)))
    return _shortened(_inert(found), limit)


def page_of(markup: str) -> Page:
    """The title and the paragraphs of an HTML page; without text for pages that only ask who is there."""
    reader = _read(markup, _HIDDEN | _ASIDE)
    blocks = [(tag, _inert("".join(parts))) for tag, parts in reader.blocks]
    paragraphs = [text for tag, text in blocks if tag in _BLOCKS and len(text) >= _LEAST]
    text = " ".join(paragraphs) or " ".join(text for _, text in blocks if len(text) >= _LEAST)
    return Page(_shortened(_inert("".join(reader.title)), 300), text_of(text))


def text_of(text: str) -> str:
    """Plain text as the text of a page."""
    found = _inert(text[: 8 * PAGE_LIMIT])
    if len(found) < 800 and _WALLS.search(found):
        return ""
    return _shortened(found, PAGE_LIMIT)


def _inert(text: str) -> str:
    joined = " ".join(text.split())
    if joined.isascii() and joined.isprintable():
        return joined
    return " ".join("".join(char for char in joined if visible(char) == char).split())


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    cut = text[:limit]
    return cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut
