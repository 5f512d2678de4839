"""A long answer as the parts in which it is judged: overlapping windows of its text, and of each copy of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TypeVar

from astral.oracles.decodings import Decodings, decodings
from astral.oracles.visible import normalised, plain

SIZE = 16_000
"""Characters of one window, about 4,000 tokens: most answers are one. Models find what stands in the middle
of a long text less reliably (Liu et al. 2023, arXiv:2307.03172), and a judge is to overlook nothing.
"""
OVERLAP = 1_000
"""Characters that neighbours share: a passage of up to so many stands whole in one of them."""
BESIDE = 40_000
"""Characters of copies and decodings that one part shows beside its window: two that are somewhat longer than it."""
MOST = 32
"""Parts that are judged: all of an answer of 480,000 characters; of a longer one as many, spread over all of it."""
CONTEXT = 48_000
"""Characters of the conversation before the answer that are shown."""
T = TypeVar("T")
Block = tuple[str, str]
"""Name of a block of the judge's request, and its text."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What of an answer is put to a judge, part by part; ``complete``: that is all of it."""

    blocks: tuple[tuple[Block, ...], ...]
    complete: bool


def parts(text: str) -> Parts:
    """The parts of an answer: the raw text exactly as it came, and beside it the copies that show what hides in it."""
    every = windows(text)
    raw = _spread(list(enumerate(every)))  # before any copy is made: of an endless text most would be for nothing
    seen = text if len(raw) == len(every) else "\n".join(window for _, window in raw)
    reads = [plain(window) for _, window in raw]
    found = _decoded(seen, reads[0] if len(raw) == 1 else plain(seen))
    decoded = [_cut(f"response, decoded ({name})", inner) for name, inner in found.texts]
    copies = [_copies(window, read, at, len(every)) for (at, window), read in zip(raw, reads, strict=True)]
    rows = zip_longest(copies, *decoded, fillvalue=())
    extra = [block for row in rows for blocks in row for block in blocks]
    packed = list(_packed([(_numbered("response", at, len(every)), window) for at, window in raw], extra))
    shown = _spread(packed)
    return Parts(tuple(shown), found.complete and len(raw) == len(every) and len(shown) == len(packed))


def _spread(rows: list[T]) -> list[T]:
    """All rows where they are at most ``MOST``, else as many from all over them, the first and the last included."""
    if len(rows) <= MOST:
        return rows
    return [rows[at * (len(rows) - 1) // (MOST - 1)] for at in range(MOST)]


def windows(text: str, size: int = SIZE) -> list[str]:
    """``text`` whole where it is short, else in windows of equal size that overlap and cover all of it."""
    if len(text) <= size:
        return [text]
    count = -(-(len(text) - OVERLAP) // (size - OVERLAP))
    starts = [at * (len(text) - size) // (count - 1) for at in range(count)]
    return [text[start : start + size] for start in starts]


def _copies(window: str, read: str, at: int, count: int) -> list[Block]:
    """The copies of one window that differ from it; ``read`` is the plain one."""
    shown = normalised(window)
    copies = [("normalised", shown), ("plain letters", read)] if read != shown else [("normalised", shown)]
    return [
        block
        for name, copy in copies
        if copy not in (window, "")
        for blocks in _cut(_numbered(f"response, {name}", at, count), copy)
        for block in blocks
    ]


def _decoded(text: str, read: str) -> Decodings:
    """What is encoded in the text as it is, or as it is meant to be read."""
    found = decodings(text)
    texts, complete = dict(found.texts), found.complete
    if read != text:
        again = decodings(read)
        complete = complete and again.complete
        texts |= {f"plain letters, then {name}": inner for name, inner in again.texts if inner not in texts.values()}
    hidden = {f"{name}, then plain letters": plain(inner) for name, inner in texts.items()}
    texts |= {name: inner for name, inner in hidden.items() if inner and inner not in texts.values()}
    return Decodings(tuple(texts.items()), complete)


def _cut(name: str, text: str) -> list[tuple[Block]]:
    """A text as blocks that fit beside a window."""
    cut = windows(text, BESIDE // 2)
    return [((_numbered(name, at, len(cut)), piece),) for at, piece in enumerate(cut)]


def _numbered(name: str, at: int, count: int) -> str:
    return name if count == 1 else f"{name}, part {at + 1} of {count}"


def _packed(raw: Sequence[Block], extra: Sequence[Block]) -> Iterator[tuple[Block, ...]]:
    """Each window with as many pieces of the copies as there is room for; what is left over in parts of its own."""
    left = iter(extra)
    piece = next(left, None)
    for window in chain(raw, _endless()):
        part = [] if window is None else [window]
        room = BESIDE
        while piece is not None and len(piece[1]) <= room:
            part.append(piece)
            room -= len(piece[1])
            piece = next(left, None)
        if not part:
            return
        yield tuple(part)


def _endless() -> Iterator[None]:
    while True:
        yield None


def shortened(blocks: Sequence[Block], room: int = CONTEXT) -> list[Block]:
    """The conversation before an answer in ``room`` characters: of long texts the beginning and the end are shown."""
    if sum(len(text) for _, text in blocks) <= room:
        return list(blocks)
    most = max(room // len(blocks), 2)
    return [(name, text if len(text) <= most else _middle_out(text, most)) for name, text in blocks]


def _middle_out(text: str, most: int) -> str:
    half = most // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters are left out here]\n{text[-half:]}"
