"""Copies of an answer in which nothing hides: what cannot be seen is spelled out, what looks alike is made the same.

Every step is linear in the length of the text, and no copy is made of a text that has nothing to show.
"""

# ruff: noqa: RUF001 - characters that look like others are the subject

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOTHING: frozenset[str] = frozenset()
_REMEMBERED = 1 << 16
"""Characters whose kinds are remembered: those of any language, and not the million that a hostile text may use."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
"""Control, format, filler, variation, tag, surrogate and private characters: nothing of them shows, or not the same
everywhere. Unassigned ones are left out: a new emoji is one to an older Python.
"""
_PICTURE = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINING = "\u0590-\u08ff\u0900-\u0dff\u1000-\u109f"
"""Scripts in which joiners and direction marks are part of the spelling."""
_ORDINARY = re.compile(
    rf"\A\ufeff|(?<=[#*0-9{_PICTURE}])\ufe0f(?:\u200d(?=[{_PICTURE}]))?|(?<=[{_PICTURE}])\u200d(?=[{_PICTURE}])"
    rf"|(?<=[{_JOINING}])[\u200c-\u200f]|[\u200e\u200f](?=[{_JOINING}])"
    r"|(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
)
"""Emoji and their parts, flags of regions, a byte order mark at the start, and the joiners of those scripts."""
_HIDDEN = re.compile(f"[{_UNSEEN}]+")
_NOTHING_SEEN = re.compile(rf"[\s{_UNSEEN}]*")
_SPELLED = 4
"""How many different characters of one hidden run are spelled out."""
_STYLED = re.compile(
    "[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\u249c-\u24e9\U0001f110-\U0001f189\u1d2c-\u1d6a\u02b0-\u02b8"
    "\u2090-\u209c\u2071\u207f\u210a-\u2113\u2115\u2119-\u211d\u2124\u2128\u212c-\u2138]"
    "|[\U0001f1e6-\U0001f1ff]{3}"
)
"""Letters in another dress: full width, mathematical, in circles and squares, raised, and three regional ones in a row.
Signs such as … ™ ² and full-width punctuation are ordinary.
"""
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ON_LATIN = re.compile(rf"(?<=[A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff])[{_ACCENTS}]+")
_THREE = re.compile(rf"[{_ACCENTS}]{{3}}")
_HEAP = 4
"""So many marks in a row are no spelling; fewer are no trouble to normalise."""
_PICTURES = re.compile("[\u2600-\u27bf\U0001f000-\U0001f1e5\U0001f200-\U0001faff]")
_SPLIT = re.compile(f"(?<=[A-Za-z]){_PICTURES.pattern}{{1,3}}(?=[A-Za-z])")
_OFTEN = 4
"""Words that are split by pictures: fewer may be typed in haste."""
_BACKWARDS = re.compile("\u202e([^\u202c\u2069\n]*)")
_LETTERS = {
    "a": "аɑα", "b": "ʙЬꓐ", "c": "сϲᴄ", "d": "ԁᴅꓒ", "e": "еҽᴇ", "f": "ꜰϝ", "g": "ɡɢց", "h": "һʜհ", "i": "іɩιɪ",
    "j": "јϳᴊյ", "k": "ᴋκ", "l": "ӏʟ", "m": "ᴍ", "n": "ոɴ", "o": "оοօᴏ", "p": "рρᴘ", "q": "ԛզ", "r": "гʀ", "s": "ѕꜱ",
    "t": "ᴛτ", "u": "սʋᴜυ", "v": "ѵνᴠ", "w": "ԝᴡ", "x": "хχ", "y": "уүγʏ", "z": "ᴢ",
    "A": "АΑᎪꓮ", "B": "ВΒᏴ", "C": "СϹᏟꓚ", "D": "Ꭰꓓ", "E": "ЕΕᎬꓰ", "F": "ꓝϜ", "G": "ԌᏀꓖ", "H": "НΗᎻꓧ", "I": "ІΙӀ",
    "J": "ЈᎫꓙ", "K": "КΚᏦꓗ", "L": "Ꮮꓡ", "M": "МΜᎷꓟ", "N": "Νꓠ", "O": "ОΟՕꓳ", "P": "РΡᏢꓑ", "Q": "Ԛ", "R": "Ꮢꓣ",
    "S": "ЅՏᏚꓢ", "T": "ТΤᎢꓔ", "U": "Սꓴ", "V": "Ꮩꓦ", "W": "ԜᏔꓪ", "X": "ХΧꓫ", "Y": "ҮΥꓬ", "Z": "ΖᏃꓜ",
}  # fmt: skip
_LOOKALIKES = {ord(other): latin for latin, others in _LETTERS.items() for other in others} | {
    first + at: chr(65 + at) for first in (0x1F150, 0x1F170, 0x1F1E6) for at in range(26)
}
"""The look-alikes of Latin letters that are worth a table: Cyrillic, Greek, Armenian, Cherokee, Lisu, small capitals,
letters in dark circles and squares. Unicode knows thousands (https://unicode.org/reports/tr39/tr39-29.html,
confusables.txt, read 2026-11-21).
"""
_ALIKE = "".join(chr(code) for code in _LOOKALIKES)
_MIXED = re.compile(rf"[A-Za-z][{_ALIKE}]|[{_ALIKE}][A-Za-z]")
_ALL_ALIKE = re.compile(rf"[{_ALIKE}]{{3}}")
_WORD = re.compile(r"[^\W\d_]+|[\U0001f150-\U0001f189\U0001f1e6-\U0001f1ff]+")


def normalised(text: str) -> str:
    """``text`` in NFKC with hidden characters spelled ``<U+200B>`` and heaps of marks counted; ``text`` itself where
    that changes nothing but signs and punctuation.
    """
    odd = _oddities(text)
    if not odd - {"alike", "picture"}:
        return text
    shown = _thinned(text, "<{} marks>") if "mark" in odd else text
    if "hidden" in odd:
        shown = _HIDDEN.sub(_spelled, shown)
    if shown == text and ("styled" not in odd or _STYLED.search(text) is None):
        return text
    return unicodedata.normalize("NFKC", shown)


def plain(text: str) -> str:
    """``text`` as it is meant to be read: without hidden characters and marks that no spelling needs, look-alikes as
    Latin letters, and what is to be shown backwards turned round; ``text`` itself where nothing of that is in it.
    """
    odd = _oddities(text)
    if not odd:
        return text
    light = seen = _thinned(text, "") if "mark" in odd else text
    if "hidden" in odd:
        seen = _HIDDEN.sub(_dropped, _BACKWARDS.sub(lambda found: found[1][::-1], light))
    if "picture" in odd and len(_SPLIT.findall(seen)) >= _OFTEN:
        seen = _PICTURES.sub("", seen)
    bare = _unmarked(seen) if "mark" in odd else seen
    if "styled" in odd and _STYLED.search(bare) is not None:
        bare = nfkc(bare)
    return _folded(bare) if "alike" in odd or "styled" in odd else bare


def _unmarked(text: str) -> str:
    """``text`` without the marks that make no known letter of a Latin one; without all of them where any has three."""
    zalgo = _THREE.search(text) is not None
    form = unicodedata.normalize("NFD" if zalgo else "NFC", _thinned(text, ""))
    bare = _ON_LATIN.sub("", form)
    return text if bare == unicodedata.normalize("NFC", text) else bare


def _oddities(text: str) -> frozenset[str]:
    """What kinds of odd characters are in ``text``: a look at each different one, so that plain texts cost nothing."""
    if text.isascii() and _CONTROLS.search(text) is None:
        return _NOTHING
    return _NOTHING.union(*map(_kinds, set(text)))


@lru_cache(_REMEMBERED)
def _kinds(char: str) -> frozenset[str]:
    kinds = {
        "hidden": _HIDDEN.match(char) is not None,
        "styled": _STYLED.match(char * 3) is not None,
        "mark": _is_mark(char),
        "alike": ord(char) in _LOOKALIKES,
        "picture": _PICTURES.match(char) is not None,
    }
    return frozenset(kind for kind, is_so in kinds.items() if is_so)


def is_unseen(text: str) -> bool:
    """True for blanks and hidden characters alone."""
    return _NOTHING_SEEN.fullmatch(text) is not None


def nfkc(text: str) -> str:
    """``text`` in NFKC without heaps of marks, which take Python's normalising the square of their number of steps."""
    return unicodedata.normalize("NFKC", text if text.isascii() else _thinned(text, ""))


def _spelled(found: re.Match[str]) -> str:
    """The ``<U+200B>`` for a run of hidden characters; ordinary ones stay as they are."""
    run = found[0]
    if _is_ordinary(found):
        return run
    if len(run) > 1 and run.count(run[0]) == len(run):
        return f"<U+{ord(run[0]):04X} x {len(run)}>"
    more = len(run) - _SPELLED
    return "".join(f"<U+{ord(c):04X}>" for c in run[:_SPELLED]) + (f"<and {more} more hidden>" if more > 0 else "")


def _dropped(found: re.Match[str]) -> str:
    return found[0] if _is_ordinary(found) else ""


def _is_ordinary(found: re.Match[str]) -> bool:
    ordinary = _ORDINARY.match(found.string, found.start())
    return ordinary is not None and ordinary.end() == found.end()


def _thinned(text: str, said: str) -> str:
    """``text`` without heaps of marks; ``said`` stands for each, with their number."""
    marks = "".join(sorted(filter(_is_mark, set(text))))
    if not marks:
        return text
    heap = re.compile(rf"[{re.escape(marks)}]{{{_HEAP},}}")
    return heap.sub(lambda found: said.format(len(found[0])), text)


@lru_cache(_REMEMBERED)
def _is_mark(char: str) -> bool:
    """True for what normalising puts in order behind a letter; half-width voicing marks become such."""
    return char > "\u02ff" and unicodedata.combining(unicodedata.normalize("NFKD", char)[0]) != 0


def _folded(text: str) -> str:
    """``text`` with look-alikes as Latin letters: in words that mix them with Latin ones, and in all words where every
    letter of a script other than Latin is one (a Russian text has others too).
    """
    everywhere = all(ord(c) in _LOOKALIKES for c in set(text) if c > "\u024f" and c.isalpha())
    if _MIXED.search(text) is None and not (everywhere and _ALL_ALIKE.search(text)):
        return text

    def word(found: re.Match[str]) -> str:
        latin = everywhere or any(c.isascii() for c in found[0])
        return found[0].translate(_LOOKALIKES) if latin else found[0]

    return _WORD.sub(word, text)
