"""Rates that never pretend: each with its count, its interval, and no 0 % or 100 % made by rounding."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

Z = 1.959963984540054
"""The 97.5 % point of the standard normal distribution: two-sided 95 %."""
_TAIL = 0.025


def interval(hits: float, n: float) -> tuple[float, float]:
    """The 95 % confidence interval of ``hits`` out of ``n`` as shares from 0 to 1; ``n`` must be above 0.

    One rule for every rate in every report: Wilson's score interval, which keeps its level on average where the
    textbook one collapses (E. B. Wilson, JASA 22, 1927, p. 209; recommended for small n by Brown, Cai and DasGupta,
    Statistical Science 16, 2001, p. 101)::

        (h/n + z²/2n ± z √(h/n (1 - h/n)/n + z²/4n²)) / (1 + z²/n)

    At 0 and n of n, the results that safety runs see most, no approximation is needed, so the exact limits of Clopper
    and Pearson (Biometrika 26, 1934, p. 404) stand there: ``1 - 0.025^(1/n)`` above 0 of n, ``0.025^(1/n)`` below n
    of n. Trials are taken as independent; where prompts repeat, ``n`` is an effective number (:class:`Repeats`).
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is not a rate")
    if hits == 0:
        return 0.0, -math.expm1(math.log(_TAIL) / n)
    if hits == n:
        return _TAIL ** (1 / n), 1.0
    share, square = hits / n, Z * Z / n
    middle = share + square / 2
    half = Z * math.sqrt(share * (1 - share) / n + square / (4 * n))
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def miss_probability(n: int, p: float) -> float:
    """How likely ``n`` independent trials all miss a problem that shows in a share ``p`` of answers: ``(1 - p)^n``."""
    return (1.0 - p) ** n


def percent(share: float, digits: int | None = None) -> str:
    """``share`` in per cent without the sign: ``25``, ``4.3``, ``<0.1``; a plain 0 or 100 only when exactly that.

    One decimal below 10, none above, unless ``digits`` says otherwise.
    """
    value = share * 100
    if share in (0.0, 1.0):
        return "100" if share else "0"  # -0.0, too
    if digits is None:
        digits = 1 if value < 9.95 else 0
    for decimals in (digits, 1):
        text = f"{value:.{decimals}f}"
        if float(text) not in (0.0, 100.0):
            return text
    return "<0.1" if value < 50 else ">99.9"


def percent_range(low: float, high: float) -> str:
    """An interval of shares in per cent without the sign, both ends with the decimals that the upper one needs."""
    digits = 1 if high * 100 < 9.95 else 0
    ends = [percent(low, digits), percent(high, digits)]
    between = " to " if ends[1].startswith(">") else "-"
    return ends[0] if ends[0] == ends[1] else between.join(ends)


@dataclass(frozen=True, slots=True)
class Repeats:
    """How much the trials behind a rate belong together: trials of one prompt are a cluster. All 0 without repeats.

    Adds over disjoint sets of prompts. Per prompt, with ``h`` hits in ``n`` trials: ``surplus`` is the trials beyond
    the first, ``hits`` = h(h-1) the pairs of two hits, ``mixed`` = h(n-1), ``trials`` = n(n-1).
    """

    surplus: int = 0
    hits: int = 0
    mixed: int = 0
    trials: int = 0

    @classmethod
    def of(cls, hits: int, n: int) -> Repeats:
        """Those of one prompt that was a hit ``hits`` times in ``n`` trials."""
        return cls(max(n - 1, 0), hits * (hits - 1), hits * (n - 1), n * (n - 1))

    def __add__(self, other: Repeats) -> Repeats:
        return Repeats(
            self.surplus + other.surplus,
            self.hits + other.hits,
            self.mixed + other.mixed,
            self.trials + other.trials,
        )

    def effective(self, hits: int, n: int) -> float:
        """The number of independent trials that ``hits`` of ``n`` are worth: ``n`` over the design effect.

        The design effect (Kish, Survey Sampling, 1965) is the variance of the rate, as that of a ratio over clusters
        (Rao and Scott, Biometrics 48, 1992, p. 577), over the variance of as many independent trials::

            deff = (m/(m-1) Σ(h_c - p n_c)² + n/m) / (n/(n-1) n p(1-p) + 1),   m prompts, p = h/n

        and never below 1. An interval for independent trials with ``n/deff`` in place of ``n`` goes back to Korn and
        Graubard (Survey Methodology 24, 1998, p. 193); with Wilson's it kept its level best in Franco, Little, Louis
        and Slud (J. Survey Statistics and Methodology 7, 2019, p. 334, pmc.ncbi.nlm.nih.gov/articles/PMC6690503),
        who also show that it falls short where the variance is estimated from few hits. So one hit's worth of the
        worst case, that repeats of a prompt never differ, is mixed in: the last terms of numerator and denominator.
        They count for all at 0 and n of n, where the repeats add nothing to the ``m`` prompts, fade as hits come in,
        and leave ``n`` as it is without repeats.
        """
        prompts = n - self.surplus
        if not self.surplus:
            return float(n)
        if hits in (0, n) or prompts == 1:
            return float(prompts)
        squares = n * n * (self.hits + hits) - 2 * hits * n * (self.mixed + hits) + hits * hits * (self.trials + n)
        spread = prompts / (prompts - 1) * squares / (n * n)
        alone = n / (n - 1) * hits * (n - hits) / n
        effect = (spread + n / prompts) / (alone + 1)
        return max(n / max(effect, 1.0), 1.0)


NO_REPEATS = Repeats()


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``n`` trials; rates over different prompts add, so that a total is ``sum(rates, Rate())``."""

    hits: int = 0
    n: int = 0
    repeats: Repeats = NO_REPEATS

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n:
            raise ValueError(f"{self.hits} of {self.n} is not a rate")

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.hits + other.hits, self.n + other.n, self.repeats + other.repeats)

    def times(self, count: int) -> Rate:
        """The sum of so many of these, each over prompts of its own."""
        one = self.repeats
        repeats = Repeats(one.surplus * count, one.hits * count, one.mixed * count, one.trials * count)
        return Rate(self.hits * count, self.n * count, repeats)

    @property
    def prompts(self) -> int:
        """The different prompts among the ``n`` trials."""
        return self.n - self.repeats.surplus

    @property
    def share(self) -> float | None:
        """``hits / n``; None when nothing was counted."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval (see :func:`interval`); None when nothing was counted.

        Repeats of a prompt count as one cluster (see :meth:`Repeats.effective`).
        """
        if not self.n:
            return None
        if not self.repeats.surplus:
            return interval(self.hits, self.n)
        worth = self.repeats.effective(self.hits, self.n)
        return interval(worth if self.hits == self.n else self.hits / self.n * worth, worth)

    @property
    def percent(self) -> str:
        """``25 %``; ``-`` when nothing was counted."""
        return f"{percent(self.hits / self.n)} %" if self.n else "-"

    @property
    def percent_interval(self) -> str:
        """``9-53 %``; ``-`` when nothing was counted."""
        return f"{percent_range(*self.interval)} %" if self.interval else "-"

    @property
    def fraction(self) -> str:
        """``3/12``; ``-`` when nothing was counted."""
        return f"{self.hits}/{self.n}" if self.n else "-"

    def __str__(self) -> str:
        """``3/12 (25 %, 95 % CI 9-53 %)``; ``-`` when nothing was counted."""
        return f"{self.fraction} ({self.percent}, 95 % CI {self.percent_interval})" if self.n else "-"


def clustered(prompts: Iterable[tuple[int, int]]) -> Rate:
    """The rate over prompts, each given by its hits and its trials; prompts without trials count nowhere."""
    kinds = Counter(prompts)  # a calibration of thousands of prompts does this for each figure of each table
    return sum((Rate(hits, n, Repeats.of(hits, n)).times(count) for (hits, n), count in kinds.items()), Rate())


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure from 0 to 1 that is no plain rate, with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    @property
    def percent(self) -> str:
        """``25 %``."""
        return f"{percent(self.value)} %"

    @property
    def percent_interval(self) -> str:
        """``9-53 %``."""
        return f"{percent_range(self.low, self.high)} %"

    def __str__(self) -> str:
        """``25 % (95 % CI 9-53 %)``."""
        return f"{self.percent} (95 % CI {self.percent_interval})"


def power_line(rate: Rate, p: float = 0.01) -> str:
    """What the numbers can bear, in one line: the unsafe rate, and how often a problem of share ``p`` stays unseen.

    What is missed counts prompts: asking one prompt again finds nothing about the others.
    """
    if not rate.n:
        return "nothing was judged: this run is no evidence"
    share = f"{rate.percent}, " if rate.hits else ""
    missed = percent(miss_probability(rate.prompts, p))
    noun = "prompt" if rate.prompts == 1 else "prompts"
    asked = f" in repeats of {rate.prompts} {noun}" if rate.repeats.surplus else ""
    return (
        f"{rate.hits} of {rate.n} unsafe{asked} ({share}95 % CI {rate.percent_interval}); "
        f"a problem in {percent(p, 0)} % of prompts would be missed {missed} % of the time"
    )
