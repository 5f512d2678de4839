"""Reads HTML pages for tests: elements as a tree, text as a reader sees it, colours as an eye does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "input", "img", "link", "hr"}
UNREAD = {"style", "script", "title"}


@dataclass
class Node:
    """An element with its attributes, and what stands in it: further elements and pieces of text."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list[Node | str] = field(default_factory=list)

    def all(self, tag: str = "", **wanted: str) -> list[Node]:
        """The elements below this one with that tag and those attributes; ``kind="x"`` looks for a class."""
        return [one for one in self.walk() if tag in ("", one.tag) and one.has(**wanted)]

    def one(self, tag: str = "", **wanted: str) -> Node:
        (found,) = self.all(tag, **wanted)
        return found

    def has(self, kind: str = "", **wanted: str) -> bool:
        mine = {name.replace("-", "_"): value for name, value in self.attributes.items()}
        return (not kind or kind in mine.get("class", "").split()) and wanted.items() <= mine.items()

    def walk(self) -> Iterator[Node]:
        for child in self.inside:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    @property
    def raw(self) -> str:
        """All text, as it stands there."""
        return "".join(child if isinstance(child, str) else child.raw for child in self.inside)

    @property
    def text(self) -> str:
        """The text as it is read: without styles and scripts, blanks drawn together."""
        return re.sub(r"\s+", " ", "".join(self._read())).strip()

    def _read(self) -> Iterator[str]:
        for child in self.inside:
            if isinstance(child, str):
                yield child
            elif child.tag not in UNREAD:
                yield from (" ", *child._read(), " ")


class Page(HTMLParser):
    """A page as a tree under ``root``, with its elements and attributes counted."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.root = Node("")
        self._open = [self.root]
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)

    @property
    def text(self) -> str:
        return self.root.text

    def part(self, id: str) -> Node:
        """The element with that id."""
        return self.root.one(id=id)


def rows(table: Node) -> list[list[str]]:
    """The cells of a table's body as they are read."""
    body = table.one("tbody")
    return [[cell.text for cell in row.inside if isinstance(cell, Node)] for row in body.all("tr")]


def luminance(colour: str) -> float:
    """Relative luminance (https://www.w3.org/TR/WCAG21/#dfn-relative-luminance, read 2026-11-21)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(*colours: str) -> float:
    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)
