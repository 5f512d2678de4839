"""What is asked, and where it came from: cells, seeds, news and cases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astral.escape import show

Matrix = tuple[tuple[str, tuple[str, ...]], ...]
"""The dimensions in order, each with its values: ``(("category", ("animal_abuse", ...)), ("style", (...)), ...)``."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination of the matrix: an ordered tuple of (dimension, value)."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, **values: str) -> Cell:
        return cls(tuple(values.items()))

    def __getitem__(self, dimension: str) -> str:
        for name, value in self.pairs:
            if name == dimension:
                return value
        raise KeyError(dimension)

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.pairs)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for _, value in self.pairs)

    @property
    def category(self) -> str:
        return self["category"]

    @property
    def style(self) -> str:
        return self["style"]

    @property
    def persuasion(self) -> str:
        return self["persuasion"]

    def __str__(self) -> str:
        return " / ".join(self.values)


@dataclass(frozen=True, slots=True)
class Seed:
    """A corpus row that a writer builds on. ``goal`` follows "how to", ``topic`` follows "about"; both may be empty."""

    text: str
    source: str
    id: str = ""
    category: str = ""
    kind: str = "unsafe"
    goal: str = ""
    topic: str = ""
    twin_of: str = ""
    licence: str = ""

    def __repr__(self) -> str:  # seeds are harmful text: keep them out of tracebacks and --showlocals
        return f"<Seed {show(self.id) or 'without id'}, {len(self.text)} chars>"


@dataclass(frozen=True, slots=True)
class NewsItem:
    """A hit of live search, every text of it a stranger's.

    ``date`` is ISO 8601 (``2026-11-20``), empty where the publisher gave none; ``retrieved`` is ISO 8601 UTC;
    ``category`` is what was searched for; ``source`` the search that found it; ``text`` the page's own, where fetched.
    """

    title: str
    url: str
    snippet: str = ""
    publisher: str = ""
    date: str = ""
    query: str = ""
    retrieved: str = ""
    source: str = ""
    category: str = ""
    text: str = ""

    def __repr__(self) -> str:
        return f"<NewsItem {show(self.date, 40) or 'undated'}, {len(self.title)} chars>"


@dataclass(frozen=True, slots=True)
class Case:
    """A prompt (or scripted turns) with its cell and where it came from."""

    id: str
    cell: Cell
    turns: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict, hash=False)
    twin_of: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def prompt(self) -> str:
        """The last user text: what the judged answer replies to."""
        return self.turns[-1]

    def __repr__(self) -> str:  # prompts are harmful text: keep them out of tracebacks and --showlocals
        return f"<Case {show(self.id)}>"


def case_id(cell: Cell, turns: tuple[str, ...]) -> str:
    """``category-style-persuasion-<12 hex>``: the hash is SHA-256 over the canonical (ASCII) JSON of the turns."""
    digest = hashlib.sha256(json.dumps(list(turns), separators=(",", ":")).encode("ascii")).hexdigest()
    return "-".join([*cell.values, digest[:12]])
