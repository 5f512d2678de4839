"""Brings a text to what phrases can be looked for in: folded letters, sentences, plain words. No text is skipped."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_APART = bytes(char if char < 128 and (chr(char).isalnum() or char == 10) else 32 for char in range(256))
"""Turns what is no letter, digit or line end into a blank."""
_BARE_NUMBER = re.compile(r"\s*(?:step )?\d{1,2}[.:]\s*")
_CONFUSABLE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u0261\u2019\u2018\u02bc`\u00b4",
    "aeopcyxijsdg'''''",
)
"""Cyrillic and other letters that look like Latin ones, and what is typed for an apostrophe."""
_MOST_SENTENCES = 2000


@lru_cache(maxsize=65536)
def unaccented(char: str) -> str:
    """A character in lower case and compatibility form; empty where it cannot be seen, or combines with another."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cs", "Cc") and char not in "\n\t\r":
        return ""
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    return plain.lower().translate(_CONFUSABLE)


def fold(text: str) -> str:
    """Lower case, compatibility forms and look-alikes made plain, invisible and combining characters dropped.

    Character by character, since normalising a long run of combining marks as a whole takes quadratic time.
    """
    if text.isascii():
        return text.lower()
    return text.translate({ord(char): unaccented(char) for char in set(text)})


def plain(folded: str) -> str:
    """Letters a to z, digits, line ends; anything else is a blank, and apostrophes go (``can't`` is ``cant``)."""
    return folded.encode("ascii", "replace").translate(_APART, b"'").decode("ascii")


def words(folded: str) -> list[str]:
    """The words of a folded text, of letters a to z and digits, without apostrophes."""
    return plain(folded).split()


def sentences(folded: str) -> list[str]:
    """Sentences and lines; a text in thousands of them is cut into fewer, longer ones, and nothing is left out."""
    for mark in ".!?:;":
        folded = folded.replace(f"{mark} ", f"{mark}\n")
    parts: list[str] = []
    number = ""
    for part in folded.split("\n"):
        if not part or part.isspace():
            continue
        if len(part) < 12 and _BARE_NUMBER.fullmatch(part):
            number += f"{part} "
        else:
            parts.append(number + part)
            number = ""
    if number:
        parts.append(number)
    if len(parts) <= _MOST_SENTENCES:
        return parts
    step = len(parts) // _MOST_SENTENCES + 1
    return [" ".join(parts[at : at + step]) for at in range(0, len(parts), step)]
