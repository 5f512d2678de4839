"""Finds harm aimed at a private person who is named, and personal details that lead to one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from astral.screening.reading import Reading
from astral.screening.vocabulary import Found, given_names, terms, vocabulary

_TOKEN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+|[.!?;:\n,]")
_SIGNS = re.compile("[0-9@]")
_STOPS = frozenset(".!?;:\n")
_ENDS = re.compile(r"'s?$")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})")
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,5}){1,4}(?![\w/-]|[.,]\d)"
)
_IBAN = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){2,7}(?:\s?[a-z0-9]{1,3})?(?!\w)")
_SSN = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_STREET = re.compile(
    r"(?<!\w)\d{1,5}[a-z]?\s+(?:[A-Z][\w'-]+\s+){1,3}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Crescent|Terrace|Close|Way|Place)\b"
)
# "Call us at ...": the writer's own number.
_OURS = re.compile(r"\b(?:us|our)\b[^.!?]*$")
_BEFORE = 30
# RFC 2606 and RFC 6761 keep these for examples; they are nobody's address.
_EXAMPLES = ("example.com", "example.org", "example.net", ".example", ".test", ".invalid")
_AIM = 5
"""Words between a verb and the name that it is aimed at, at most."""
_FATES = frozenset({"die", "suffer"})
_WHO = frozenset({"what", "who", "that", "which"})
_WISHES = frozenset({"should", "must", "deserves", "deserve", "needs", "need", "ought"})


def private_person(reading: Reading, found: Found) -> bool:
    """True when the text aims harm at a named private person or holds personal details."""
    if _SIGNS.search(reading.plain) and _details(reading):
        return True
    aimed = any(kind in found for kind in ("harm", "harm_of_things", "personal"))
    aimed = aimed or not _FATES.isdisjoint(reading.words)
    return aimed and _named_harm(reading.plain)


# --- personal details ------------------------------------------------------------------------------------------------


def _details(reading: Reading) -> bool:
    folded, plain = reading.folded, reading.plain
    at = any(sign in folded for sign in ("@", "(at)", "[at]"))
    if at and any(not match[1].endswith(_EXAMPLES) for match in _EMAIL.finditer(folded)):
        return True
    if not any(map(str.isdigit, plain)):
        return False
    return (
        any(_is_phone(m.group()) and not _OURS.search(folded[: m.start()][-_BEFORE:]) for m in _PHONE.finditer(folded))
        or any(_is_iban(match.group()) for match in _IBAN.finditer(folded))
        or any(_is_card(match.group()) for match in _CARD.finditer(folded))
        or bool(_SSN.search(folded) or _STREET.search(plain))
    )


def _is_phone(text: str) -> bool:
    """A number in groups with 9 to 15 digits, or one with a prefix; not the reserved 555-01xx."""
    digits = re.sub(r"\D", "", text)
    if "55501" in digits or not 7 <= len(digits) <= 15:
        return False
    if text.startswith(("+", "(")):
        return True
    groups = re.findall(r"\d+", text)
    return (text.startswith("0") and len(digits) >= 9) or [len(group) for group in groups] == [3, 3, 4]


def _is_iban(text: str) -> bool:
    """True when the check digits are right (ISO 13616: the number moved round and taken modulo 97 is 1)."""
    bare = re.sub(r"\s", "", text)
    moved = bare[4:] + bare[:4]
    return 15 <= len(bare) <= 34 and bare.isascii() and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _is_card(text: str) -> bool:
    """True when the last digit is right (ISO/IEC 7812: the Luhn sum is a multiple of 10)."""
    digits = [int(c) for c in re.sub(r"\D", "", text)][::-1]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) >= 13 and len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


# --- names -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lists:
    relations: frozenset[str]
    between: frozenset[str]
    titles: frozenset[str]
    not_names: frozenset[str]
    personal: tuple[tuple[str, ...], ...]


@cache
def _lists() -> _Lists:
    table = terms()["private_person"]
    between = frozenset(table["between"]) | frozenset(table["relations"])
    personal = tuple(tuple(entry.split()) for entry in table["personal"])
    return _Lists(
        frozenset(table["relations"]),
        between,
        frozenset(table["titles"]),
        frozenset(table["not_names"]),
        personal,
    )


def _named_harm(plain: str) -> bool:
    tokens = _TOKEN.findall(plain)
    small = plain == plain.lower() or plain == plain.upper()
    bare = [_ENDS.sub("", token.casefold()) for token in tokens]
    return any(
        _is_private(tokens, bare, at, end) and _is_target(tokens, bare, at, end, sure=sure)
        for at, end, sure in _names(tokens, bare, small=small)
    )


def _names(tokens: list[str], bare: list[str], *, small: bool) -> list[tuple[int, int, bool]]:
    """Where names stand: begin, end, and whether they are surely a person's."""
    lists, found = _lists(), []
    at = 0
    while at < len(tokens):
        if at and bare[at - 1] in lists.relations and _capital(tokens[at]) and bare[at] not in lists.not_names:
            end = at + 1
            while end < len(tokens) and end < at + 3 and _capital(tokens[end]) and not tokens[end - 1].endswith("'s"):
                end += 1
            found.append((at, end, True))
            at = end
            continue
        end = at
        while end < len(tokens) and (_capital(tokens[end]) or (small and end < at + 2 and tokens[end].isalpha())):
            end += 1
            if tokens[end - 1].endswith(("'s", "'S")):
                break
        found += _runs(bare, at, end, small=small)
        at = at + 1 if small else max(end, at + 1)
    return found


def _runs(bare: list[str], at: int, end: int, *, small: bool) -> list[tuple[int, int, bool]]:
    """The names in a run of capitals: from the first given name on, or the whole of it."""
    lists = _lists()
    for begin in range(at, end - 1):
        surname = bare[begin + 1]
        if bare[begin] in given_names() and surname not in lists.not_names and (not small or _surname(surname)):
            return [(begin, end, True)]
        if small:
            return []
    while at < end and _common(bare[at]):  # "Murder NAME": a sentence begins with a capital, too
        at += 1
    words = bare[at:end]
    if 2 <= len(words) <= 3 and not any(w in lists.not_names or w in lists.titles or _common(w) for w in words):
        return [(at, end, False)]
    return []


def _capital(token: str) -> bool:
    return token[0].isupper() and len(token) > 1 and not token[1:].isupper()


@lru_cache(maxsize=1 << 12)
def _common(word: str) -> bool:
    return word in vocabulary().words or word in _lists().between


def _surname(word: str) -> bool:
    return len(word) > 2 and word.isalpha() and not _common(word) and word not in _SMALL


# Words that follow a name more often than a surname does, where nothing is in capitals.
_SMALL = frozenset(
    {
        "and",
        "are",
        "because",
        "before",
        "but",
        "can",
        "could",
        "did",
        "does",
        "for",
        "had",
        "has",
        "have",
        "how",
        "into",
        "now",
        "off",
        "once",
        "out",
        "should",
        "that",
        "the",
        "then",
        "they",
        "this",
        "was",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "will",
        "with",
        "without",
        "would",
        "tomorrow",
        "today",
        "tonight",
        "after",
        "again",
    }
)


def _is_private(tokens: list[str], bare: list[str], at: int, end: int) -> bool:
    """False for who bears an office: "President NAME", "NAME, the governor of"."""
    titles = _lists().titles
    if any(word in titles for word in bare[max(0, at - 2) : end]):
        return False
    after = bare[end : end + 4]
    return not (after[:1] == [","] and any(word in titles for word in after[1:]))


def _is_target(tokens: list[str], bare: list[str], at: int, end: int, *, sure: bool) -> bool:
    kinds = ("harm", "harm_of_things") if sure else ("harm",)
    back = at - 1
    while back >= 0 and at - back <= _AIM and tokens[back] not in _STOPS:
        if _does(bare, back, kinds):
            return not _reported(bare, back)
        if bare[back] not in _lists().between and bare[back] != ",":
            break
        back -= 1
    if sure and tokens[end - 1].casefold().endswith(("'s", "s'")):
        rest = tuple(bare[end : end + 4])
        if any(rest[skip : skip + len(entry)] == entry for entry in _lists().personal for skip in (0, 1)):
            return True
    after = bare[end : end + 6]
    wished = range(1, len(after)) if after and after[0] in _WISHES else ()
    return any(after[here] in _FATES or _does(after, here, kinds) for here in wished)


def _reported(words: list[str], at: int) -> bool:
    """True where the verb tells what happened: "who killed NAME"."""
    return words[at].endswith("ed") and at > 0 and words[at - 1] in _WHO


def _does(words: list[str], at: int, kinds: tuple[str, ...]) -> bool:
    """True when a verb of ``kinds`` stands at ``at``, or a phrase that ends there."""
    voc = vocabulary()
    if any(kind in voc.kinds(words[at])[1] for kind in kinds):
        return True
    return any(
        voc.is_phrase(tuple(words[begin : at + 1]), kind) for begin in range(max(0, at - 2), at) for kind in kinds
    )
