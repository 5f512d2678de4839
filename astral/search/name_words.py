"""Words of a news text as the rules for names see them: their place, their case, and what English makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, lru_cache

from astral.errors import SearchError
from astral.resources import shipped
from astral.screening.vocabulary import given_names
from astral.search import lexicon as lex

PERSON = "a person"
_WORD = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:['\u2019-][^\W_]+)*['\u2019]?")
_STARTS = re.compile(r"[.!?:;\n\"\u201c\u201d\u201e\xab\xbb|\u2022\u2018(\[\u2013\u2014]|\s-\s|\s['\u2019]")
_SUFFIXED = re.compile(
    r".{4}(?:tions?|sions?|ments?|it(?:y|ies)|ness(?:es)?|isms?|(?<![qk][uv])ists?|ships?|olog(?:y|ies|ical)|ically|ization)$"
)
_PREFIXES = ("un", "re", "over", "mis", "dis", "non", "anti", "counter")
_ENDINGS = (
    *((ending, "") for ending in ("n't", "'ll", "'re", "'ve", "'d")),
    *((ending, "") for ending in ("es", "s", "ed", "ing", "er", "ers", "ly", "al", "ful", "less")),
    *((ending, "e") for ending in ("ed", "ing", "er", "ers", "or", "ors", "ation")),
    *((ending, "y") for ending in ("ies", "ied")),
)


class Kind(Enum):
    """What a word is taken for. ``NAME`` is replaced."""

    COMMON = 0
    KEPT = 1
    NAME = 2
    OPEN = 3


@dataclass(slots=True)
class Word:
    text: str
    begin: int
    end: int
    low: str
    """In lower case, without possessive."""
    own: bool
    """True for a possessive."""
    capital: bool
    first: bool
    """True at the beginning of a sentence."""
    joined: bool
    """True when nothing but a blank stands between it and the word before."""
    title: bool = False
    kind: Kind = Kind.OPEN


def read_words(text: str) -> list[Word]:
    bare = re.sub(PERSON, "", text, flags=re.IGNORECASE)
    flat = bare == bare.lower() or bare == bare.upper()
    words: list[Word] = []
    last = 0
    for match in _WORD.finditer(text):
        gap = text[last : match.start()]
        initial = (bool(words) and len(words[-1].text) == 1) or (bool(words) and words[-1].low in lex.HONORIFICS)
        short = gap in (".", ". ") and (
            initial or (bool(words) and words[-1].low in ("sen", "gov", "rep", "st", "jr", "sr"))
        )
        first = not words or (bool(_STARTS.search(gap)) and not short)
        raw = match.group().replace("\u2019", "'")
        low = re.sub(r"'s?$", "", raw.casefold()).rstrip(".")
        capital = raw[0].isupper() or (flat and raw[0].isalpha())
        joined = bool(words) and (gap.isspace() or gap == "" or short) and "\n" not in gap
        words.append(
            Word(match.group(), match.start(), match.end(), low, bool(re.search(r"'s?$", raw)), capital, first, joined)
        )
        last = match.end()
    _mark_titles(words, flat=flat)
    return words


def _mark_titles(words: list[Word], *, flat: bool) -> None:
    """Find the sentences in which most words begin with a capital."""
    begin = 0
    for at in range(1, len(words) + 1):
        if at < len(words) and not words[at].first:
            continue
        sentence = words[begin:at]
        telling = [word for word in sentence[1:] if len(word.text) > 3 and _tells_case(word)]
        capitals = sum(word.capital for word in telling)
        title = flat or (bool(telling) and capitals >= 0.7 * len(telling))
        for word in sentence:
            word.title = title
        begin = at


def _tells_case(word: Word) -> bool:
    """True for a word that has a capital only where all have: no name, and no word that is one as well."""
    return word.low != "person" and word.low not in lex.WORD_SURNAMES | lex.WORD_GIVEN and is_common(word.low)


@cache
def _vocabulary() -> frozenset[str]:
    found: set[str] = set(lex.NEWS_WORDS)
    try:
        for name in ("common_words.txt", "vocabulary.txt"):
            text = (shipped("prompts") / "quality" / name).read_text(encoding="utf-8")
            found |= {word for line in text.split("\n") if not line.startswith("#") for word in line.split()}
    except OSError as err:
        raise SearchError(f"prompts/quality/{name} is missing; install pytest-astral again") from err
    return frozenset(found) - given_names() | (lex.WORD_GIVEN & frozenset(found))


@lru_cache(maxsize=1 << 14)
def is_common(word: str) -> bool:
    """True for a word of everyday or news English, inflected ones too."""
    vocabulary = _vocabulary()
    if word in vocabulary or word in lex.OFFICES or word in lex.WEAK_HEADS or word in lex.STRONG_HEADS:
        return True
    if any(char.isdigit() for char in word):
        return True
    if "-" in word:
        return all(is_common(part) or part in lex.PROPER or len(part) <= 2 for part in word.split("-"))
    if word in given_names():
        return False
    if any(_is_root(word.removesuffix(ending) + instead) for ending, instead in _ENDINGS if word.endswith(ending)):
        return True
    return any(word.startswith(p) and word[len(p) :] in vocabulary for p in _PREFIXES) or bool(_SUFFIXED.search(word))


def _is_root(root: str) -> bool:
    vocabulary = _vocabulary()
    return len(root) >= 3 and (root in vocabulary or (root[-1] == root[-2] and root[:-1] in vocabulary))


def may_be_surname(word: Word) -> bool:
    if is_known(word) or word.low in lex.WEAK_HEADS:
        return False
    return word.low in lex.WORD_SURNAMES or not (word.title and is_common(word.low))


def is_given_name(word: str) -> bool:
    """True for a given name in small letters that is no word of everyday English."""
    return word in given_names() and word not in _vocabulary()


def is_known(word: Word) -> bool:
    return word.low in lex.PLACES | lex.PROPER | lex.INSTITUTIONS or is_acronym(word)


def is_given(word: Word) -> bool:
    return word.low.split("-")[0] in given_names() and word.low not in lex.PLACES


def is_acronym(word: Word) -> bool:
    bare = word.text.replace(".", "").rstrip("s\u2019'")
    return bare.isupper() and 2 <= len(bare) <= 6 and not (word.title and word.text.isupper() and len(bare) > 5)


@dataclass(slots=True)
class Known:
    """What was learnt from all texts of one item together."""

    persons: set[str] = field(default_factory=set)
    officers: set[str] = field(default_factory=set)
    small: frozenset[str] = frozenset()
    """Words that stand somewhere in small letters."""


def mark(words: Iterable[Word], kind: Kind) -> None:
    for word in words:
        word.kind = kind


def is_namelike(words: list[Word], at: int, *, follows: bool = False) -> bool:  # noqa: PLR0911 - cases in order, the first that fits decides
    word = words[at]
    if not word.capital or word.kind in (Kind.KEPT,) or (is_acronym(word) and not is_given(word)):
        return False
    if word.low in lex.HONORIFICS or word.low in lex.OFFICES or word.low in lex.STRONG_HEADS:
        return False
    if word.low in lex.PLACES | lex.PROPER | lex.INSTITUTIONS:
        return follows and word.low in lex.NAME_PLACES
    if is_given(word):
        return True
    if not is_common(word.low):
        return True
    before_name = at + 1 < len(words) and words[at + 1].joined and words[at + 1].capital
    if word.low in lex.WORD_GIVEN and before_name and not follows:
        after = words[at + 1]
        return not is_common(after.low) or after.low in lex.WORD_SURNAMES
    if word.title or word.first:
        return (
            follows
            and word.low in lex.WORD_SURNAMES
            and (is_given(words[at - 1]) or words[at - 1].low in lex.WORD_GIVEN)
        )
    return True
