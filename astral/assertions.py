"""What a failed comparison of two texts shows, where one of them may be a model's answer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from astral.escape import show, show_block, visible

MOST_LINES, MOST_READ = 60, 4_000
"""Lines of an explanation, and characters of each text that are shown."""


def explained(op: str, left: object, right: object) -> list[str] | None:
    """Why ``left == right`` or ``left not in right`` failed, inert; None where nothing in these texts is live.

    pytest alone shows the lines of two texts that differ as they are, control characters among them.
    """
    if not (isinstance(left, str) and isinstance(right, str)) or op not in ("==", "not in"):
        return None
    if all(visible(line) == line for text in (left, right) for line in text.split("\n")):
        return None
    mine, other = _lines(left), _lines(right)
    found: Iterable[str] = difflib.ndiff(other, mine) if op == "==" else other
    shown = [line.rstrip("\n") for line in found]
    rest = [f"... and {len(shown) - MOST_LINES} more lines"] if len(shown) > MOST_LINES else []
    return [f'"{show(left, 60)}" {op} "{show(right, 60)}"', "", *shown[:MOST_LINES], *rest]


def _lines(text: str) -> list[str]:
    return show_block(text[:MOST_READ], indent="").split("\n")
