"""The names of judges as tables show them: short, and no two alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from astral.escape import show

NAME = 32
"""Characters of a name in a table."""
_ADDRESS = re.compile(r"@https?://[^\s()]*")


def short_names(names: Iterable[str]) -> dict[str, str]:
    """By full name, in the order given: the name without the address of its server, cut where it is long, and with a
    number where another one would look the same. Inert.
    """
    bare = {name: _ADDRESS.sub("", name) for name in names}
    alike = Counter(show(text, NAME) for text in bare.values())
    found = {name: show(text, NAME) for name, text in bare.items()}
    taken, number = set(found.values()), 0
    for name, text in bare.items():
        if alike[show(text, NAME)] == 1:
            continue
        while (shown := _numbered(text, number := number + 1)) in taken:
            pass
        found[name] = shown
        taken.add(shown)
    return found


def _numbered(text: str, number: int) -> str:
    mark = f" [{number}]"
    return show(text, NAME - len(mark)) + mark


def names_legend(short: dict[str, str]) -> list[str]:
    """``NAME: FULL NAME`` for each name that lost more than its address, or has a number."""
    return [
        f"{shown}: {show(name, None)}" for name, shown in short.items() if shown != show(_ADDRESS.sub("", name), None)
    ]
