"""Texts broken into lines that fit."""

from __future__ import annotations

import textwrap


def wrap(text: str, width: int, indent: str = "  ") -> list[str]:
    """``text`` broken at blanks, but never between a number and its per cent sign, nor within ``p = 0.03``."""
    tied = text.replace(" % CI ", "\xa0%\xa0CI\xa0").replace(" %", "\xa0%").replace(" p = ", " p\xa0=\xa0")
    found = textwrap.wrap(tied, width, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in found]


def rest(count: int, what: str) -> list[str]:
    """That so many more are not shown; nothing where there are none."""
    return [f"  ... and {count} more{what}"] if count > 0 else []
