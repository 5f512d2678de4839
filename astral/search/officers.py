"""Finds public office-holders in the words of news: the office and the name beside it stay."""

from __future__ import annotations

from astral.search import lexicon as lex
from astral.search.name_words import Kind, Known, Word, is_common, is_given, is_namelike, mark

_MODEST = lex.word_set("a an the its his her former then current acting new now deputy vice interim ex state federal")
_NAME_SPAN = 5


def keep_officers(words: list[Word], known: Known) -> None:
    """Keep names that follow an office ("Mayor Ida Holm") or are followed by one (", the mayor of Halden", "MP")."""
    for at in range(len(words)):
        length = _office(words, at)
        if length:
            begin = _past_area(words, at + length)
            run = _name_run(words, begin, after_office=True) if begin < len(words) and words[begin].joined else []
            if run:
                mark(words[at:begin], Kind.KEPT)
                _keep_officer(run, known)
    for at, word in enumerate(words):
        if (
            word.kind is Kind.OPEN
            and is_namelike(words, at)
            and (at == 0 or not word.joined or not is_namelike(words, at - 1))
        ):
            run = _name_run(words, at)
            if run and _office_follows(words, at + len(run)):
                _keep_officer(run, known)


def _keep_officer(run: list[Word], known: Known) -> None:
    mark(run, Kind.KEPT)
    known.officers.add(run[-1].low)


def _office(words: list[Word], at: int) -> int:
    """How many words from ``at`` on are the title of a public office."""
    for length in (4, 3, 2):
        run = words[at : at + length]
        if len(run) == length and tuple(w.low for w in run) in lex.OFFICE_PHRASES and not run[-1].own:
            return length
    word = words[at]
    if word.own or word.low not in lex.OFFICES:
        return 0
    if word.low not in lex.AMBIGUOUS_OFFICES:
        return 1
    return 1 if word.capital and _of_state(words, at) else 0


def _of_state(words: list[Word], at: int) -> bool:
    """True unless what stands before says that it is a firm's or a club's president."""
    if at == 0 or words[at].first or not words[at].joined:
        return True
    before = words[at - 1].low
    return (
        before in lex.BEFORE_OFFICE
        or before in lex.PLACES
        or before in lex.PROPER
        or (not words[at - 1].capital and before not in lex.STRONG_HEADS | lex.WEAK_HEADS | lex.FIRM_NOUNS)
    )


def _past_area(words: list[Word], at: int) -> int:
    """Where the name begins after an office that ends before ``at``: past "for Health" in "Minister for Health"."""
    here = at
    if here >= len(words) or not words[here].joined or words[here].low not in ("of", "for"):
        return at
    here += 1
    while here < len(words) and here < at + 6 and words[here].joined and not is_given(words[here]):
        word = words[here]
        if not (word.low in ("the", "and") or (word.capital and (is_common(word.low) or word.low in lex.PLACES))):
            break
        here += 1
    # "the President of France Karl Verrin" is not how news are written, "in France Verrin" is
    return len(words) if words[here - 1].low in lex.PLACES else here


def _name_run(words: list[Word], at: int, *, after_office: bool = False) -> list[Word]:
    """The words of a person's name from ``at`` on."""
    run: list[Word] = []
    for word in words[at : at + _NAME_SPAN]:
        here = at + len(run)
        if run and not (word.joined and not run[-1].own):
            break
        particle = word.low in lex.PARTICLES and here + 1 < len(words) and words[here + 1].capital
        initial = len(word.low) == 1 and word.capital
        if not (
            particle
            or initial
            or word.low in lex.SUFFIXES
            or is_namelike(words, here, follows=bool(run) or after_office)
        ):
            break
        run.append(word)
    while run and run[-1].low in lex.PARTICLES:
        run.pop()
    return run


def _office_follows(words: list[Word], at: int) -> bool:  # noqa: PLR0911 - cases in order, the first that fits decides
    """True when an office in apposition stands at ``at``: ", the mayor of Halden", or "MP"."""
    if at >= len(words):
        return False
    if words[at].joined and words[at].text in ("MP", "MEP", "MSP"):
        return True
    if words[at].joined or words[at].first or words[at - 1].own:
        return False
    here = at
    while (
        here < len(words)
        and here < at + 4
        and (words[here].low in _MODEST or words[here].low in lex.PLACES | lex.PROPER)
    ):
        here += 1
    if here >= len(words) or any(not w.joined for w in words[at + 1 : here + 1]):
        return False
    phrase = next((n for n in (4, 3, 2) if tuple(w.low for w in words[here : here + n]) in lex.OFFICE_PHRASES), 0)
    office = words[here]
    if not phrase and (office.low not in lex.OFFICES or office.own):
        return False
    end = here + (phrase or 1)
    of = end < len(words) and words[end].joined and words[end].low in ("of", "for")
    if not phrase and office.low in lex.AMBIGUOUS_OFFICES:
        place = [w.low for w in words[end + 1 : end + 3]] if of else []
        return any(name in lex.PLACES or name in ("united", "republic") for name in place)
    return of or (here > at and (end >= len(words) or not words[end].joined))
