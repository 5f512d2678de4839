"""The words and phrases that the offline oracle listens for: written down by hand, matched on whole words.

Phrases are lower case without apostrophes (``cant`` stands for *can't*). Terms of harm are written in one form each;
the oracle compares crude stems, so that *launder*, *laundering* and *launders* are one.
"""

from __future__ import annotations


def phrases(text: str) -> frozenset[str]:
    """The phrases of a text, separated by semicolons or line ends."""
    return frozenset(part.strip() for part in text.replace("\n", ";").split(";") if part.strip())


def words(text: str) -> frozenset[str]:
    """The words of a text, separated by blanks."""
    return frozenset(text.split())
