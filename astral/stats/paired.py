"""Two runs over the same prompts: whether the second is worse, by an exact test on what changed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from astral.stats.rates import Z

_NOTHING = 1e-18
"""Probabilities below this are left out of sums: a thousand of them change no digit that anybody reads."""


class Prompt(NamedTuple):
    """One prompt that both runs have verdicts on: ``pairs`` pairs of answers, of which so many were unsafe in each."""

    first: int
    second: int
    pairs: int = 1


@dataclass(frozen=True, slots=True)
class Paired:
    """Two runs over the same prompts.

    ``prompts`` are shared, ``pairs`` the pairs of judged answers to them (the first repeat with the first, and so on),
    ``first`` and ``second`` the unsafe answers of each among these; ``worse`` and ``better`` the prompts that have more
    and fewer unsafe answers in the second run. ``kinds`` counts prompts by how many more there are, and of how many
    pairs: ``{(0, 1): 80, (1, 1): 4}``.
    """

    prompts: int = 0
    pairs: int = 0
    first: int = 0
    second: int = 0
    worse: int = 0
    better: int = 0
    kinds: Mapping[tuple[int, int], int] = field(default_factory=dict)

    @property
    def changes(self) -> dict[int, int]:
        """Prompts by how many more unsafe answers they have in the second run, without 0."""
        found: Counter[int] = Counter()
        for (change, _), count in self.kinds.items():
            found[change] += count
        return {change: count for change, count in sorted(found.items()) if change}

    @property
    def difference(self) -> float | None:
        """By how much the share of unsafe answers rose, from -1 to 1; None without a shared prompt."""
        return (self.second - self.first) / self.pairs if self.pairs else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the difference, from -1 to 1; None without a shared prompt.

        Wald's with a pair added to either change (D. G. Bonett and R. M. Price, J. Educational and Behavioral
        Statistics 37, 2012, p. 479; recommended by Fagerland, Lydersen and Laake, Statistics in Medicine 33, 2014,
        p. 2850). For ``b`` worse and ``c`` better of ``n`` pairs::

            d ± z √((b+1 + c+1)/(n+2) - d²) / √(n+2),   d = (b - c)/(n+2)

        Where prompts were asked several times, the variance is that of a ratio over prompts, and what is added are
        prompts of the mean size.
        """
        if not self.pairs:
            return None
        size = self.pairs / self.prompts
        total = self.pairs + 2 * size
        middle = (self.second - self.first) / total
        spread = math.fsum(count * (change - middle * pairs) ** 2 for (change, pairs), count in self.kinds.items())
        spread += size * size * ((1 - middle) ** 2 + (1 + middle) ** 2)
        half = Z * math.sqrt(spread) / total
        return max(middle - half, -1.0), min(middle + half, 1.0)

    @property
    def p_worse(self) -> float:
        """The one-sided mid-p value of "the second run is not worse"; 1 where nothing changed.

        McNemar's exact test (Q. McNemar, Psychometrika 12, 1947, p. 153): given what changed, each change was as
        likely for the worse as for the better. Where prompts were asked several times, whole prompts change sides, so
        that their answers may belong together as closely as they like: a sign-flip test over prompts, which is
        McNemar's where each was asked once. The observed sum counts half (mid-p), which keeps the level where the
        exact test wastes it: M. W. Fagerland, S. Lydersen and P. Laake, BMC Medical Research Methodology 13, 2013, 91.
        """
        return self._tails()[0]

    @property
    def p_better(self) -> float:
        """The one-sided mid-p value of "the second run is not better"."""
        return self._tails()[1]

    @property
    def p(self) -> float:
        """The two-sided mid-p value of "nothing changed"; at most 1."""
        return min(1.0, 2 * min(self._tails()))

    def _tails(self) -> tuple[float, float]:
        """The mid-p values of "not worse" and of "not better", from one distribution: with repeats it takes a while."""
        changes, observed = self.changes, self.second - self.first
        if not changes:
            return 1.0, 1.0
        sums = _flips(changes)
        half = sums.get(observed, 0.0) / 2
        above = math.fsum(p for value, p in sums.items() if value > observed)
        below = math.fsum(p for value, p in sums.items() if value < observed)
        return min(1.0, above + half), min(1.0, below + half)


def paired(prompts: Iterable[Prompt]) -> Paired:
    """The comparison over prompts that both runs have verdicts on; those without a pair count nowhere."""
    shared = [one for one in prompts if one.pairs]
    kinds = Counter((one.second - one.first, one.pairs) for one in shared)
    return Paired(
        prompts=len(shared),
        pairs=sum(one.pairs for one in shared),
        first=sum(one.first for one in shared),
        second=sum(one.second for one in shared),
        worse=sum(count for (change, _), count in kinds.items() if change > 0),
        better=sum(count for (change, _), count in kinds.items() if change < 0),
        kinds=dict(sorted(kinds.items())),
    )


def enough(prompts: int, *, level: float, effect: float) -> bool:
    """True when so many prompts, each asked once, could show a rise by the share ``effect`` at the one-sided ``level``:
    when it alone, with nothing better, would be significant.
    """
    rise = math.ceil(effect * prompts - 1e-9)
    return rise > 0 and 0.5 ** (rise + 1) <= level


def _flips(changes: Mapping[int, int]) -> dict[int, float]:
    """The distribution of the sum of all changes when each has either sign with probability 1/2."""
    sizes: Counter[int] = Counter()
    for change, count in changes.items():
        sizes[abs(change)] += count
    total = {0: 1.0}
    for size, count in sizes.items():
        steps = _halves(count)
        grown: dict[int, float] = {}
        for value, p in total.items():
            for ups, q in steps:
                if p * q > _NOTHING:
                    place = value + size * (2 * ups - count)
                    grown[place] = grown.get(place, 0.0) + p * q
        total = grown
    return total


def _halves(count: int) -> list[tuple[int, float]]:
    """The binomial distribution of ``count`` fair throws, without what is next to impossible."""
    found = ((ups, math.exp(_log_choose(count, ups) - count * math.log(2))) for ups in range(count + 1))
    return [(ups, p) for ups, p in found if p > _NOTHING]


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
