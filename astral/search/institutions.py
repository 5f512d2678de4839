"""Finds institutions in the words of news: what belongs to their names stays."""

from __future__ import annotations

from astral.search import lexicon as lex
from astral.search.name_words import Kind, Known, Word, is_acronym, is_common, is_given, is_known, mark


def keep_institutions(words: list[Word], known: Known) -> None:
    for at, word in enumerate(words):
        if word.kind is not Kind.OPEN or not word.capital:
            continue
        if word.low in lex.WORD_GIVEN and _strange_follows(words, at):
            continue
        if word.low in lex.STRONG_HEADS or word.low in lex.WEAK_HEADS:
            _keep_before(words, at, known)
            word.kind = Kind.KEPT
            _keep_after(words, at, known)
        elif (
            word.low in lex.INSTITUTIONS
            and word.low not in known.persons
            and not (at and word.joined and is_given(words[at - 1]))
        ):
            word.kind = Kind.KEPT


def _strange_follows(words: list[Word], at: int) -> bool:
    """True for the "Bill" of "Bill Golding"."""
    after = words[at + 1] if at + 1 < len(words) else None
    if after is None or not (after.joined and after.capital) or is_known(after):
        return False
    verb = after.title and after.low.endswith(("s", "ed"))  # "Bill Stalls In Senate"
    return after.low in lex.WORD_SURNAMES or not (verb or is_common(after.low))


def _keep_before(words: list[Word], head: int, known: Known) -> None:
    """Keep what belongs to an institution to the left of its head, unless a person's name stands there."""
    begin = head
    while begin > 0 and words[begin].joined and words[begin - 1].capital and words[begin - 1].kind is Kind.OPEN:
        begin -= 1
        if words[begin].own and head - begin > 1:
            begin += 1
            break
    before = words[begin:head]
    if any(
        is_given(w) or w.low in lex.OFFICES or w.low in lex.HONORIFICS or w.low in known.persons or (len(w.low) == 1)
        for w in before
    ):
        return
    strange = [w for w in before if not is_common(w.low) and w.low not in lex.PLACES | lex.PROPER and not is_acronym(w)]
    words_given = before and before[0].low in lex.WORD_GIVEN and len(before) > 1 and before[1] in strange
    if words_given or len(strange) > (2 if words[head].low in lex.STRONG_HEADS else 1) or any(w.own for w in strange):
        return
    if words[head].title and strange and (len(strange) > 1 or not _adjoins(words, strange[0], head)):
        return  # where all words have capitals a verb may stand between
    # where all words have capitals, the known ones need no keeping, and may yet turn out to be somebody's name
    mark(strange if words[head].title else before, Kind.KEPT)


def _adjoins(words: list[Word], strange: Word, head: int) -> bool:
    """True when nothing but further heads ("County Council") stands between a strange word and the head."""
    between = head - 1
    while words[between] is not strange and words[between].low in lex.STRONG_HEADS | lex.WEAK_HEADS:
        between -= 1
    return words[between] is strange


def _keep_after(words: list[Word], head: int, known: Known) -> None:
    """Keep what belongs to it to the right: "University of Halden", "Department of Health and Human Services"."""
    here = head + 1
    if (
        here >= len(words)
        or words[head].own
        or not words[here].joined
        or words[here].low not in ("of", "for", "on", "against")
    ):
        return
    here += 1
    if here < len(words) and words[here].joined and words[here].low == "the":
        here += 1
    kept = 0
    while here < len(words) and kept < (1 if words[head].title else 4) and words[here].joined:
        word = words[here]
        if word.low in ("and", "of", "the") and kept:
            here += 1
            continue
        if (
            not word.capital
            or word.kind is not Kind.OPEN
            or is_given(word)
            or word.low in known.persons
            or len(word.low) == 1
        ):
            return
        word.kind = Kind.KEPT
        kept += 1
        here += 1
        if word.own:
            return
