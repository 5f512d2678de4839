"""How texts are written to hide what they say, and how each way is undone: one function each, and a table of them.

A finder takes a text and yields the name of the encoding with each piece that was likely in it. What reads as text
before it is undone is left alone; every step is linear in the length of the text.
"""

# ruff: noqa: RUF001 - letters upside down look like others

from __future__ import annotations

import binascii
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from urllib.parse import unquote_to_bytes

_BITS = re.compile(r"[01](?:[ \n]?+[01]){31,}+")
_CODES = re.compile(r"[0-9]{2,3}(?:[ ,;\r\n]{1,2}+[0-9]{2,3}){7,}+")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|([0-3][0-7]{2}))")
_ENTITY = re.compile(r"&#(?:[xX][0-9A-Fa-f]{1,6}|[0-9]{1,7});?")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_QUOTED = re.compile(r"=[0-9A-F]{2}")
_FEW = 4
"""Fewer escapes than this are punctuation in an address or in code."""
_WORD = re.compile(r"[a-z]{4,}")
_TOKEN = re.compile(r"\S+")
_LIKELY = ((20, 2), (1_000_000_000, 3))
"""Up to so many different words, so many of them must be English once they are turned; a text has some by chance."""
_LEET_SIGN = re.compile(r"[0134578@$!|](?:(?<=[A-Za-z].)|(?=[A-Za-z]))")
_LEET_WORD = re.compile(r"[a-z0-9@$+][a-z0-9@$!|+]{2,23}")
_LEET = (str.maketrans("0134567829@$!|+", "oieasgtbzgasilt"), str.maketrans("0134567829@$!|+", "oleasgtbzgaslit"))
_FLIPPED = str.maketrans("ɐqɔpǝɟƃɓɥıᴉɾſʞlʅɯuodbɹsʇnʌʍxʎz¡¿˙‘", "abcdefgghiijjkllmnopqrstuvwxyz!?.,")
_TURNED = re.compile("[ɐɔǝɟƃɓɥᴉɾʞʅɯɹʇʌʍʎ]")
_TAGS = re.compile("[\U000e0020-\U000e007e]{2,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{8,}")
_BLANKS = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff]{32,}")
_MOST_BAD = 50
"""One character in so many may be unreadable in what counts as text."""
_A_TO_Z = "abcdefghijklmnopqrstuvwxyz"
_ROT13 = str.maketrans(_A_TO_Z + _A_TO_Z.upper(), _A_TO_Z[13:] + _A_TO_Z[:13] + (_A_TO_Z[13:] + _A_TO_Z[:13]).upper())
Piece = tuple[str, str]
"""Name of an encoding, and a text that was in it."""


def read(raw: bytes) -> str | None:
    """The text that bytes are, in UTF-8 or UTF-16; None when they are none."""
    if len(raw) < 4:
        return None
    wide = {"utf-16-le": raw[1::2].count(0), "utf-16-be": raw[::2].count(0)}
    name = max(wide, key=wide.__getitem__)
    text = raw.decode(name if wide[name] * 3 > len(raw) else "utf-8", "replace").removeprefix("\ufeff")
    return text if _is_text(text) else None


def _is_text(text: str) -> bool:
    """True for characters that can be read nearly throughout, a third of them letters."""
    bad = text.count("\ufffd") + (0 if text.isprintable() else sum(map(_is_bad, text)))
    return bad * _MOST_BAD <= len(text) and sum(map(str.isalpha, text)) * 3 >= len(text)


def _is_bad(char: str) -> bool:
    """True for what no text holds; hidden characters are text that somebody hid."""
    return not char.isprintable() and char not in "\t\n\r" and unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs")


def digits_in(text: str, digits: str = "0123456789") -> int:
    """How many ``digits`` are in a text: a far cheaper look at it than any pattern takes."""
    return sum(map(text.count, digits))


def _bits(text: str) -> Iterator[Piece]:
    for found in _BITS.finditer(text) if digits_in(text, "01") >= 32 else ():
        if inner := read(_octets(re.sub(r"\s", "", found[0]))):
            yield "binary digits", inner


def _octets(digits: str) -> bytes:
    """A byte for each eight binary digits; an odd rest is left out."""
    return bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits) // 8 * 8, 8))


def _codes(text: str) -> Iterator[Piece]:
    """Character codes in decimal digits. A list of quantities may be letters by chance, but hardly words."""
    for found in _CODES.finditer(text) if digits_in(text) >= 16 else ():
        codes = [int(number) for number in re.findall("[0-9]+", found[0])]
        if all(code < 256 for code in codes) and (inner := read(bytes(codes))) and _has_words(inner):
            yield "character codes", inner


def _has_words(text: str) -> bool:
    """True when half of the letters stand in frequent words."""
    words = re.findall(r"[a-z]+", text.lower())
    return sum(len(word) for word in words if word in _vocabulary()) * 2 >= max(sum(map(len, words)), 1)


def _lines(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The lines in which ``pattern`` is found, when it is found often enough in all."""
    if len(pattern.findall(text)) >= _FEW:
        yield from (line for line in text.splitlines() if pattern.search(line))


def _percent(text: str) -> Iterator[Piece]:
    if text.count("%") >= _FEW:
        for line in _decoded(_lines(text, _PERCENT), lambda line: unquote_to_bytes(line.replace(b"+", b" "))):
            yield "percent signs", line


def _quoted_printable(text: str) -> Iterator[Piece]:
    if text.count("=") >= _FEW:
        for line in _decoded(_lines(re.sub(r"=\r?\n", "", text), _QUOTED), binascii.a2b_qp):
            yield "quoted-printable", line


def _decoded(lines: Iterable[str], decode: Callable[[bytes], bytes]) -> Iterator[str]:
    """The lines that are text once they are decoded, and another one than before."""
    for line in lines:
        inner = decode(line.encode("utf-8", "replace")).decode("utf-8", "replace")
        if inner != line and _is_text(inner):
            yield inner


def _entities(text: str) -> Iterator[Piece]:
    if text.count("&#") >= _FEW:
        for line in _lines(text, _ENTITY):
            yield "HTML entities", html.unescape(line)


def _escapes(text: str) -> Iterator[Piece]:
    if text.count("\\") >= _FEW:
        for line in _lines(text, _ESCAPE):
            yield "escapes", _ESCAPE.sub(_escaped, line)


def _escaped(found: re.Match[str]) -> str:
    octal = found[4]
    code = int(octal, 8) if octal else int(found[1] or found[2] or found[3], 16)
    return chr(code) if code < 0x110000 else found[0]


def _turned(text: str) -> Iterator[Piece]:
    """Letters moved by thirteen places, and text written backwards."""
    words = set(_WORD.findall(text.lower()))
    least = next(least for most, least in _LIKELY if len(words) <= most)
    if len(words & _rot13_words()) >= least:
        yield "rot13", text.translate(_ROT13)
    if len(words & _reversed_words()) >= least:
        yield "reversed", text[::-1]
        yield "reversed words", _TOKEN.sub(lambda found: found[0][::-1], text)


def _leetspeak(text: str) -> Iterator[Piece]:
    if _LEET_SIGN.search(text) is None:
        return
    lower = text.lower()
    words = {word for word in _LEET_WORD.findall(lower) if not word.isalpha() and not word.isdigit()}
    count, table = max(
        ((sum(word.translate(table) in _vocabulary() for word in words), table) for table in _LEET),
        key=lambda one: one[0],
    )
    if count >= 2:
        yield "leetspeak", lower.translate(table)


def _upside_down(text: str) -> Iterator[Piece]:
    if not text.isascii() and len(set(_TURNED.findall(text))) >= 3:
        yield "upside down", text.translate(_FLIPPED)[::-1]


def _tags(text: str) -> Iterator[Piece]:
    """Tag characters mirror ASCII, unseen (https://www.unicode.org/charts/PDF/UE0000.pdf)."""
    if not text.isascii():
        for run in _TAGS.findall(text):
            yield "tag characters", "".join(chr(ord(c) - 0xE0000) for c in run)


def _selectors(text: str) -> Iterator[Piece]:
    """A byte in each of 256 variation selectors (P. Butler, Smuggling arbitrary data through an emoji,
    https://paulbutler.org/2025/smuggling-arbitrary-data-through-an-emoji/, as told in
    https://flowingdata.com/2025/02/10/hiding-data-in-an-emoji, read 2026-11-21).
    """
    if not text.isascii():
        for run in _SELECTORS.findall(text):
            if inner := read(bytes(ord(c) - (0xFE00 if c < "\uff00" else 0xE0100 - 16) for c in run)):
                yield "variation selectors", inner


def _blanks(text: str) -> Iterator[Piece]:
    """Eight bits in two kinds of characters without width, whichever of them is the one."""
    if text.isascii():
        return
    for run in _BLANKS.findall(text):
        kinds = sorted(set(run), key=run.count)[-2:]
        bits = "".join("01"[c == kinds[0]] for c in run if c in kinds)
        for digits in (bits, bits.translate(str.maketrans("01", "10"))):
            if len(kinds) == 2 and (inner := read(_octets(digits))):
                yield "characters without width", inner


@cache
def _vocabulary() -> frozenset[str]:
    from astral.quality.words import common_words

    return frozenset(word for word in common_words() if len(word) > 2)


@cache
def _rot13_words() -> frozenset[str]:
    return frozenset(word.translate(_ROT13) for word in _vocabulary()) - _vocabulary()


@cache
def _reversed_words() -> frozenset[str]:
    return frozenset(word[::-1] for word in _vocabulary()) - _vocabulary()


FINDERS: tuple[Callable[[str], Iterator[Piece]], ...] = (
    _bits,
    _codes,
    _percent,
    _entities,
    _quoted_printable,
    _escapes,
    _turned,
    _leetspeak,
    _upside_down,
    _tags,
    _selectors,
    _blanks,
)
"""All ways of hiding that need no unpacking, in the order in which what they give is shown."""
