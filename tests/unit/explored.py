"""Reads what a report's page holds for its explorer: the index of trials and the blocks of texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pages import Page


class Explored:
    """The data of a page: ``blocks`` by kind (``index``, ``prompts``, ``trials``), in order."""

    def __init__(self, source: str) -> None:
        self.page = Page(source)
        self.raw = [one for one in self.page.root.all("script") if one.attributes.get("type") == "application/json"]
        self.blocks: dict[str, list[Any]] = {"index": [], "prompts": [], "trials": []}
        for block in self.raw:
            kind = next((name for name in ("prompts", "trials") if f"data-{name}" in block.attributes), "index")
            assert int(block.attributes.get(f"data-{kind}", 0)) == len(self.blocks[kind])
            self.blocks[kind].append(json.loads(block.raw))

    @property
    def index(self) -> dict[str, Any]:
        """What its trials can be filtered by."""
        (found,) = self.blocks["index"]
        return dict(found)

    @property
    def prompts(self) -> list[dict[str, Any]]:
        return [one for block in self.blocks["prompts"] for one in block]

    @property
    def trials(self) -> list[dict[str, Any]]:
        return [one for block in self.blocks["trials"] for one in block]

    def facet(self, key: str) -> list[Any]:
        """What each trial has there: its value, or the set of its values."""
        (facet,) = [one for one in self.index["facets"] if one["key"] == key]
        names = [value for value, _ in facet["values"]]
        if "sets" in facet:
            return [{names[number] for number in facet["sets"][place]} for place in facet["column"]]
        return [names[place] for place in facet["column"]]


def strings(value: Any) -> Iterator[str]:
    """Every string in a piece of JSON, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from (key, *strings(part))
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
