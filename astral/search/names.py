"""Takes the names of persons out of news: institutions, places and public office-holders keep theirs, others do not.

Rules, no model: where they cannot tell, the name goes. What is lost is readability, never somebody's privacy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from astral.search import lexicon as lex
from astral.search.institutions import keep_institutions
from astral.search.name_words import (
    PERSON,
    Kind,
    Known,
    Word,
    is_acronym,
    is_common,
    is_given,
    is_namelike,
    mark,
    may_be_surname,
    read_words,
)
from astral.search.officers import keep_officers

_HANDLE = re.compile(r"(?<![\w.])@\w[\w.]{1,40}")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_AGED = re.compile(rf"({PERSON}),? (?:\(\d{{1,3}}\)|(?:aged )?\d{{1,3}}(?=[,.)]))", re.IGNORECASE)


def without_names(texts: Sequence[str]) -> list[str]:
    """``texts`` (title, snippet, page of one item) with "a person" for whoever holds no public office.

    A surname that was taken out in one of them goes from all; an office-holder's stays everywhere.
    """
    cleaned = [_HANDLE.sub(PERSON, _LINK.sub("", text)) for text in texts]
    read = [read_words(text) for text in cleaned]
    known = Known(small=frozenset(word.low for words in read for word in words if not word.capital))
    for words in read:
        _classify(words, known)
    for words in read:  # once more, now that all persons and officers are known
        for word in words:
            word.kind = Kind.OPEN
        _classify(words, known)
    return [_replaced(text, words) for text, words in zip(cleaned, read, strict=True)]


def mostly_names(text: str) -> bool:
    """True when a headline lost so much that it says little: another language, perhaps, or a list of people."""
    left = text.casefold().replace(PERSON, "")
    gone = text.casefold().count(PERSON)
    return gone > 0 and len(left.split()) < 3 * gone + 1


def unreadable(text: str) -> bool:
    """True for writing without capitals (Arabic, Chinese, Hindi ...), in which names cannot be told here."""
    letters = [char for char in text if char.isalpha()]
    caseless = sum(1 for char in letters if char.lower() == char.upper())
    return caseless * 5 > len(letters)


def _classify(words: list[Word], known: Known) -> None:
    """Give each word its kind. Each step decides only what those before it left open."""
    shouting = all(word.text.isupper() for word in words if word.text.isalpha() and word.low not in ("a", "person"))
    _keep_small(words)
    _keep_phrases(words)
    keep_officers(words, known)
    keep_institutions(words, known)
    for at, word in enumerate(words):
        if word.kind is Kind.OPEN:
            word.kind = _single(words, at, known, shouting=shouting)
    _extend_names(words, known)
    for word in words:
        if word.kind is Kind.NAME and len(word.low) > 2 and word.low not in lex.PLACES and not is_common(word.low):
            known.persons.add(word.low)


def _keep_small(words: list[Word]) -> None:
    for word in words:
        if not word.capital:
            word.kind = Kind.COMMON


def _keep_phrases(words: list[Word]) -> None:
    for at in range(len(words)):
        for length in (5, 4, 3, 2):
            run = words[at : at + length]
            if len(run) == length and all(w.joined for w in run[1:]) and tuple(w.low for w in run) in lex.PHRASES:
                if run[0].capital:
                    mark(run, Kind.KEPT)
                break


def _single(words: list[Word], at: int, known: Known, *, shouting: bool) -> Kind:  # noqa: PLR0911 - cases in order, the first that fits decides
    """What a capitalised word is that no rule about its neighbours has decided."""
    word = words[at]
    after = words[at + 1] if at + 1 < len(words) and words[at + 1].joined else None
    before = words[at - 1] if at and word.joined else None
    if word.low in known.persons:
        return Kind.NAME
    if word.low in known.officers:
        return Kind.KEPT
    if word.low in lex.HONORIFICS:
        return Kind.NAME if after and is_namelike(words, at + 1, follows=True) else Kind.COMMON
    if any(char.isdigit() for char in word.text) or (is_acronym(word) and not shouting and not is_given(word)):
        return Kind.KEPT
    if word.low in lex.PLACES | lex.PROPER | lex.INSTITUTIONS:
        named = word.low in lex.NAME_PLACES and not word.own and after is not None and after.kind is Kind.OPEN
        return Kind.NAME if named and after is not None and may_be_surname(after) else Kind.KEPT
    if is_given(word):
        return Kind.NAME
    if word.low in lex.WORD_GIVEN and after and is_namelike(words, at, follows=False):
        return Kind.NAME
    if is_common(word.low) or (word.low in known.small and len(word.low) > 2):
        follows_kept = before is not None and before.kind is Kind.KEPT and word.low not in lex.WORD_SURNAMES
        if word.title or word.first or follows_kept:
            surname = (
                before is not None and before.kind is Kind.NAME and (is_given(before) or before.low in lex.WORD_GIVEN)
            )
            return Kind.NAME if surname and not before.own else Kind.COMMON  # type: ignore[union-attr]
        return Kind.NAME
    return Kind.KEPT if _is_named_thing(words, at, known) else Kind.NAME


def _is_named_thing(words: list[Word], at: int, known: Known) -> bool:
    """True for the strange word in "retailer Brellmart" or "in Halden"."""
    word = words[at]
    if (
        not at
        or not word.joined
        or (at + 1 < len(words) and words[at + 1].joined and words[at + 1].capital and not word.title)
    ):
        return False
    before = words[at - 1].low
    if before in lex.FIRM_NOUNS:
        return True
    after = words[at + 1].low if at + 1 < len(words) and words[at + 1].joined else ""
    of = before == "of" and at > 1 and words[at - 1].joined and words[at - 2].low in lex.OF_PLACES
    return (of or before in lex.IN_PLACES) and not word.own and after not in lex.CASE_NOUNS


def _extend_names(words: list[Word], known: Known) -> None:
    """Let a name take in what belongs to it: initials, particles, "Paris" in "Paris Verrin", "Jr"."""
    for at, word in enumerate(words):
        if word.kind is not Kind.NAME:
            continue
        back = at - 1
        while back >= 0 and words[back + 1].joined and not words[back].own and _begins_name(words, back, known):
            words[back].kind = Kind.NAME
            back -= 1
        ahead = at + 1
        while ahead < len(words) and words[ahead].joined and not words[ahead - 1].own and _ends_name(words, ahead):
            words[ahead].kind = Kind.NAME
            ahead += 1


def _begins_name(words: list[Word], at: int, known: Known) -> bool:
    """True for a word that belongs to the name after it."""
    word = words[at]
    if word.low in lex.HONORIFICS or (word.low in lex.PARTICLES and _name_behind(words, at)):
        return True
    if not word.capital:
        return False
    initial = len(word.low) == 1 and word.low not in "ai"
    return initial or (word.low in lex.NAME_PLACES and word.low not in known.officers)


def _ends_name(words: list[Word], at: int) -> bool:
    """True for a word that belongs to the name before it."""
    word, before = words[at], words[at - 1]
    if word.low in lex.SUFFIXES:
        return True
    if not word.capital:
        return False
    if len(word.low) == 1:
        return word.low not in "ai"
    if word.low in lex.NAME_PLACES:
        return is_given(before)
    return _open(words, at) and (word.low in lex.WORD_SURNAMES | lex.WORD_GIVEN or _seems_surname(words, at))


def _seems_surname(words: list[Word], at: int) -> bool:
    """True for an everyday word that may end a name where all words have capitals: no verb, by its form."""
    word = words[at]
    alone = at < 2 or not words[at - 1].joined or words[at - 2].kind is not Kind.NAME
    if not (word.title and alone and len(word.low) > 3) or is_given(words[at - 1]):
        return False
    verb = word.low.endswith(("s", "ed", "ing", "ly"))
    return not verb and word.low not in lex.AFTER_NAMES | lex.CASE_NOUNS | lex.OFFICES


def _open(words: list[Word], at: int) -> bool:
    """True where a surname may stand that is a word as well: not where it heads an institution."""
    follows = at + 1 < len(words) and words[at + 1].joined and words[at + 1].kind is Kind.KEPT
    return words[at].kind is Kind.COMMON and not follows


def _name_behind(words: list[Word], at: int) -> bool:
    """True when the particles that end at ``at`` follow a name: "van der"."""
    while at > 0 and words[at].low in lex.PARTICLES and words[at].joined:
        at -= 1
    return words[at].kind is Kind.NAME and not words[at].own


# --- writing ---------------------------------------------------------------------------------------------------------


def _replaced(text: str, words: list[Word]) -> str:
    parts: list[str] = []
    last = at = 0
    while at < len(words):
        if words[at].kind is not Kind.NAME:
            at += 1
            continue
        end = at + 1
        while end < len(words) and words[end].kind is Kind.NAME and words[end].joined and not words[end - 1].own:
            end += 1
        begin = at
        if at and words[at].joined and words[at - 1].low in ("the", "a", "an"):
            begin = at - 1
        person = PERSON.capitalize() if words[begin].first and text[words[begin].begin].isupper() else PERSON
        parts += [text[last : words[begin].begin], person + ("'s" if words[end - 1].own else "")]
        last = words[end - 1].end
        at = end
    parts.append(text[last:])
    return _AGED.sub(r"\1", "".join(parts)) if len(parts) > 1 else text
