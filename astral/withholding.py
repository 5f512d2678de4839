"""Keeps the texts of a trial out of messages about it: they end in logs, and servers and plugins repeat them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from astral.escape import show

MARK = "[text withheld]"
_RUN = 20
"""Characters in a row that a message and a text may not share. Messages are cut: a whole text is seldom in one."""
_LEAST = 4
"""A shorter text is left alone: it says nothing, and most sentences have its characters in them."""
_READ = 50_000
"""Characters of each text that are looked for."""


def without(message: str, texts: Iterable[str], limit: int | None = 200) -> str:
    """``message`` as one inert line of at most ``limit`` characters (None: all) in which no piece of ``texts`` stands,
    also as Python or JSON spell them.
    """
    longest = 10_000 if limit is None else 4 * limit
    line = show(message, longest)
    taken = bytearray(len(line))
    for text in texts:
        for spelled in _spellings(text):
            for start, end in _shared(line, spelled):
                taken[start:end] = b"\1" * (end - start)
    return show(_marked(line, taken), limit)


def _marked(line: str, taken: bytearray) -> str:
    """``line`` with one mark in place of each run of characters that are ``taken``."""
    parts, at = [], 0
    for run in re.finditer(b"\1+", taken):
        parts += [line[at : run.start()], MARK]
        at = run.end()
    return "".join([*parts, line[at:]])


def _spellings(text: str) -> set[str]:
    spelled = (text, repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    return {show(one[:_READ], None) for one in spelled}


def _shared(line: str, text: str) -> Iterator[tuple[int, int]]:
    """Where ``line`` has a piece of ``text`` that is long enough, or the whole of a short one as words of its own."""
    if len(text) >= _RUN:
        for start in range(len(line) - _RUN + 1):
            if line[start : start + _RUN] in text:
                yield start, start + _RUN
    elif len(text) >= _LEAST:
        for found in re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", line):
            yield found.span()
