"""Finds phrases of many families in one pass over the words of a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_Longer = tuple[tuple[tuple[str, ...], int], ...]


def stem(word: str) -> str:
    """The word without a common ending: crude, for matching only (``launders`` and ``laundering`` agree)."""
    for ending in ("ings", "ing", "ers", "ies", "ed", "er", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word.removesuffix(ending)
            return base[:-1] if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "sl" else base
    return word


_MOST_STEMS = 50_000


class _Stems(dict[str, str]):
    """Stems that were worked out before, since most words of a text are old acquaintances."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _MOST_STEMS:
            self.clear()
        self[word] = found = stem(word)
        return found


_STEMS = _Stems()


def stems_of(words: Iterable[str]) -> list[str]:
    """The stem of each word."""
    return list(map(_STEMS.__getitem__, words))


class Phrases:
    """Families of phrases, each a bit of a number; looked up by first word, then by second."""

    def __init__(self, families: Mapping[str, Iterable[str]], *, stems: bool = False) -> None:
        self.bit = {family: 1 << at for at, family in enumerate(families)}
        first: dict[str, tuple[int, dict[str, _Longer] | None]] = {}
        for family, phrases in families.items():
            for phrase in sorted(phrases):
                head, *rest = map(stem, phrase.split()) if stems else phrase.split()
                alone, by_second = first.get(head, (0, None))
                if rest:
                    by_second = by_second or {}
                    by_second[rest[0]] = (*by_second.get(rest[0], ()), (tuple(rest[1:]), self.bit[family]))
                else:
                    alone |= self.bit[family]
                first[head] = alone, by_second
        self._first = first

    def hits(self, words: Sequence[str]) -> list[int]:
        """For each place at which phrases begin: the bits of their families."""
        first = self._first
        found = []
        following = [*words[1:], ""]
        for at in [at for at, word in enumerate(words) if word in first]:
            bits, by_second = first[words[at]]
            if by_second and following[at] in by_second:
                for rest, bit in by_second[following[at]]:
                    if not rest or rest == tuple(words[at + 2 : at + 2 + len(rest)]):
                        bits |= bit
            if bits:
                found.append(bits)
        return found

    def mask(self, *families: str) -> int:
        """The bits of several families together."""
        return sum(self.bit[family] for family in set(families))
