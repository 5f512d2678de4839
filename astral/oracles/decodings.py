"""What an answer says when likely encodings are undone: cheap evidence first, then decoding within a fixed allowance.

Nothing is run or looked up; what is packed is unpacked to a fixed size. Every step is linear in the length of the text.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from astral.oracles.encodings import FINDERS, Piece, digits_in, read

DEPTH = 3
"""Encodings within each other that are undone."""
ROOM, INFLATED = 64_000, 64_000
"""Characters that decodings may give beyond four times the text, and bytes to which one packed piece may swell."""
_LONG = 16
"""Characters of the shortest run that is taken for base64, base32 or hexadecimal: hardly a word has as many."""
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}+={0,6}(?:\r?\n[A-Za-z0-9+/_-]{1,100}+={0,6}(?![^\r\n]))*+")
"""A run, and the lines below it that may belong to it."""
_HEX = re.compile(r"[1-7][0-9A-Fa-f](?:[ ,:;\n-]{0,2}+(?:\\x|0x)?+[0-9A-Fa-f]{2}){7,}+")
_BASE32 = re.compile(r"[A-Z2-7]+={0,6}")
_BREAK = re.compile(r"[/_-]+")
_STARTS = 4
"""Places behind a / or - at which base64 is looked for: what stands before may be part of an address."""


@dataclass(frozen=True, slots=True)
class Decodings:
    """Texts by the encodings they were in (``base64``, ``base64, then rot13``); ``complete``: none was cut short, and
    nothing in the innermost is encoded once more.
    """

    texts: tuple[Piece, ...] = ()
    complete: bool = True


class _Allowance:
    """The characters that may still be given."""

    def __init__(self, left: int) -> None:
        self.left, self.complete = left, True

    def cut(self, text: str) -> str:
        """As much of ``text`` as there is room for."""
        if len(text) > self.left:
            text, self.complete = text[: self.left], False
        self.left -= len(text)
        return text

    def inflated(self, packed: bytes) -> bytes:
        """What zlib or gzip packed, up to a fixed size; empty when it is neither."""
        most = min(INFLATED, self.left)
        try:
            found = zlib.decompressobj(wbits=47).decompress(packed, most + 1)
        except zlib.error:
            return b""
        if len(found) > most:
            self.complete = False
        self.left -= min(len(found), most)
        return found[:most]


def decodings(text: str) -> Decodings:
    """All that ``text`` says in other words, encodings within encodings too, in a fixed order."""
    allowance = _Allowance(4 * len(text) + ROOM)
    found: list[Piece] = []
    seen, level = {text}, [("", text)]
    for _ in range(DEPTH):
        deeper: list[Piece] = []
        for outer, source in level:
            for name, inner in _undone(source, allowance):
                if inner not in seen and (inner := allowance.cut(inner)):
                    seen.add(inner)
                    deeper.append((f"{outer}, then {name}" if outer else name, inner))
        found += deeper
        level = deeper
    deepest = all(inner in seen for _, source in level for _, inner in _undone(source, allowance))
    return Decodings(tuple(found), allowance.complete and deepest)


def _undone(text: str, allowance: _Allowance) -> Iterator[Piece]:
    """One text for each encoding that is likely in ``text``: what is in it, piece by piece, on lines of their own."""
    pieces: dict[str, list[str]] = {}
    for name, piece in _pieces(text, allowance):
        pieces.setdefault(name, []).append(piece)
    for name, found in pieces.items():
        yield name, "\n".join(found)


def _pieces(text: str, allowance: _Allowance) -> Iterator[Piece]:
    if max(map(len, text.split()), default=0) >= _LONG:
        yield from _runs(text, allowance)
    for found in _HEX.finditer(text) if digits_in(text) >= 8 else ():  # a letter has a digit in it
        digits = re.sub(r"\\x|0x|[^0-9A-Fa-f]", "", found[0])
        yield from _texts("hexadecimal", bytes.fromhex(digits[: len(digits) // 2 * 2]), allowance)
    for finder in FINDERS:
        yield from finder(text)


def _runs(text: str, allowance: _Allowance) -> Iterator[Piece]:
    """What long runs of the base64 alphabet hold: all their lines together, or else each line by itself."""
    for found in _RUN.finditer(text):
        lines = found[0].split()
        whole = "".join(lines)
        if whole.islower() and whole.isalpha():  # a long word; what is encoded has digits or capitals
            continue
        held = list(_held(whole, allowance))
        if not held and len(lines) > 1:
            held = [piece for line in lines if len(line) >= _LONG for piece in _held(line, allowance)]
        yield from held


def _held(run: str, allowance: _Allowance) -> Iterator[Piece]:
    """The text in one run, read in the first way that gives any."""
    for name, raw in _bytes_of(run):
        if held := list(_texts(name, raw, allowance)):
            yield from held
            return


def _bytes_of(run: str) -> Iterator[tuple[str, bytes]]:
    """The bytes that a run may stand for."""
    bare = run.rstrip("=")
    if _BASE32.fullmatch(run):
        with contextlib.suppress(binascii.Error):
            yield "base32", base64.b32decode(bare + "=" * (-len(bare) % 8))
    standard = bare.replace("-", "+").replace("_", "/")
    breaks = [found.end() for found in _BREAK.finditer(bare)]
    for start in (0, 1, 2, 3, *breaks[:_STARTS], *breaks[_STARTS:][-1:]):  # a letter in front must not hide the rest
        some = standard[start:]
        some = some[: len(some) - (len(some) % 4 == 1)]
        yield "base64", base64.b64decode(some + "=" * (-len(some) % 4))


def _texts(name: str, raw: bytes, allowance: _Allowance) -> Iterator[Piece]:
    """The text that bytes are, or that is packed in them."""
    packed = raw[:2] == b"\x1f\x8b" or raw[:1] == b"\x78"
    if packed and (inner := read(allowance.inflated(raw))):
        yield f"{name}, then unpacked", inner
    elif inner := read(raw):
        yield name, inner
