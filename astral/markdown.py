"""Markdown as GitHub and GitLab render it: foreign text stays text, and a page ends where its reader would stop."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from astral.escape import code_span, show, show_block

COMMENT_LIMIT = 65_536
"""What GitHub takes as a comment ("body is too long (maximum is 65536 characters)",
https://github.com/danger/danger/issues/424, read 2026-11-21); counted here in bytes, which are never fewer."""
PROMPT_LIMIT = 2_000
"""Characters of a prompt or an answer that are shown."""

_RISKY = re.compile(
    r"[\\`*_\[\]<>~|&$@#^]"  # markup of markdown and HTML, entities, mathematics, mentions, references
    r"|://|www\.|:[\w+-]+:"  # links that need no markup, and emoji
    r"|%[\w\"]|![\d\[]|\bGH-\d"  # milestones, merge requests and issues
    r"|(?<![0-9A-Za-z])[0-9A-Fa-f]{7,64}(?![0-9A-Za-z])"  # commits
)
"""What gives a word a meaning. Escaping alone would not do: mentions, references and plain addresses are looked for in
what is left after markdown (https://github.github.com/gfm/#autolinks-extension-, and for references
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls,
read 2026-11-21). None of them is looked for in code."""
_EDGES = re.compile(r"([(\"']*)(.*?)([)\"',;.]*)", re.DOTALL)
"""Punctuation around a word, which means nothing to markdown and stays outside of its code span."""
_OPENING = re.compile(r"[-+=]|\d+[.)]$", re.ASCII)
"""What makes a list or a heading of a line that begins with it."""


def prose(text: str, *, limit: int | None = 600, table: bool = False) -> str:
    """A sentence with foreign words in it: each word that could mean something to markdown stands in a code span."""
    found: list[str] = []
    risky: list[str] = []
    for at, word in enumerate(show(text, limit).split(" ")):
        if not _is_risky(word, first=not at):
            found += [*_span(risky, table=table), word]
            risky = []
            continue
        before, core, after = _EDGES.fullmatch(word).groups()  # type: ignore[union-attr]  # it matches every word
        if before and risky:
            found += _span(risky, table=table)
            risky = []
        risky.append(core)
        if before or after:
            found.append("".join([before, *_span(risky, table=table), after]))
            risky = []
    return " ".join([*found, *_span(risky, table=table)])


def _is_risky(word: str, *, first: bool) -> bool:
    return bool(_RISKY.search(word)) or (first and bool(_OPENING.match(word)))


def _span(words: list[str], *, table: bool) -> list[str]:
    return [code_span(" ".join(words), limit=None, table=table)] if words else []


def fence(text: str, *, indent: str = "", language: str = "text", limit: int = PROMPT_LIMIT) -> str:
    """``text`` as a block between marks that are longer than any run of backticks in it, at most ``limit`` characters;
    ``indent`` stands before each of its lines.
    """
    body = show_block(text if len(text) <= limit else f"{text[:limit]}...", indent=indent)
    marks = "`" * (max([2, *map(len, re.findall("`+", body))]) + 1)
    return f"{marks}{language}\n{body}\n{marks}"


def table_row(cells: Iterable[str]) -> str:
    """A line of a table; each cell is markdown already, in which every ``|`` is escaped."""
    return f"| {' | '.join(cells)} |"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A whole table, a line for each row; nothing where it has none."""
    lines = [table_row(cells) for cells in rows]
    return [table_row(heads), table_row(["---"] * len(heads)), *lines] if lines else []


class Page:
    """Lines up to a number of bytes (UTF-8). What does not fit is left out, and so is all that follows it."""

    def __init__(self, limit: int) -> None:
        self._limit, self._lines, self._size, self._full = limit, list[str](), 0, False

    @property
    def text(self) -> str:
        return "".join(line + "\n" for line in self._lines)

    def add(self, line: str) -> bool:
        """Add a line, or a block that stands or falls as a whole; False where it did not fit."""
        size = len(line.encode("utf-8")) + 1
        self._full = self._full or self._size + size > self._limit
        if not self._full:
            self._size += size
            self._lines.append(line)
        return not self._full

    def add_all(self, lines: Iterable[str]) -> int:
        """How many of them did not fit, blank ones not counted."""
        return sum(not self.add(line) and bool(line) for line in lines)

    def close(self, line: str) -> None:
        """Add the last line, from what was kept free."""
        self._lines.append(line)
