"""How far several judges of the same answers agree, beyond what chance would bring."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from astral.stats import interval

RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """Krippendorff's alpha, 1 for agreement and 0 for chance, with its 95 % interval.

    ``units`` are the answers that at least two judges called something.
    """

    alpha: float
    low: float
    high: float
    units: int

    def __str__(self) -> str:
        """``0.69 (95 % CI 0.42-0.91, 13 answers)``."""
        return f"{self.alpha:.2f} (95 % CI {self.low:.2f}-{self.high:.2f}, {self.units} answers)"


@dataclass(frozen=True, slots=True)
class _Share:
    """What units that belong together add: their counts by value, and their disagreement."""

    values: tuple[int, ...]
    disagreement: float


def krippendorff_alpha(
    ratings: Sequence[Sequence[Hashable | None]],
    clusters: Sequence[str] | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Agreement | None:
    """Alpha over nominal values; each row of ``ratings`` is one answer with what each judge called it, None if it did
    not. ``clusters`` names the prompt of each row where answers to one prompt belong together.

    K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011 (repository.upenn.edu/asc_papers/43), section C::

        alpha = 1 - (n-1) Σ_u Σ_{c≠k} n_uc n_uk / (m_u - 1) / Σ_{c≠k} n_c n_k

    over units u with m_u ≥ 2 values, n_uc of them c. The interval holds the middle 95 % of alphas of units (clusters)
    drawn again with replacement (A. Zapf et al., BMC Medical Research Methodology 16, 2016, p. 93); where no unit
    disagrees, that would be a point, and the lower end is the alpha at the exact upper limit of 0 disagreements.
    None without two values to compare, or where nothing but one value was ever given.
    """
    names = sorted({value for row in ratings for value in row if value is not None}, key=repr)
    shares = _shares(ratings, clusters or [str(number) for number in range(len(ratings))], names)
    units = sum(1 for row in ratings if sum(value is not None for value in row) > 1)
    alpha = _alpha(Counter(shares))
    if alpha is None:
        return None
    if not any(share.disagreement for share in shares):
        limit = interval(0, len(shares))[1]
        return Agreement(alpha, max(1 - limit / _by_chance(shares), -1.0), 1.0, units)
    known = _resampled(Counter(shares), random.Random(seed), resamples)  # noqa: S311 - a resampling, not a secret
    ends = (_quantile(known, 0.025), _quantile(known, 0.975)) if known else (-1.0, 1.0)
    return Agreement(alpha, *ends, units)


def _shares(
    ratings: Sequence[Sequence[Hashable | None]], clusters: Sequence[str], names: Sequence[Hashable]
) -> list[_Share]:
    """What each cluster adds; clusters without a pair of values add nothing and are left out."""
    found: dict[str, _Share] = {}
    for cluster, row in zip(clusters, ratings, strict=True):
        counts = Counter(value for value in row if value is not None)
        values = counts.total()
        if values < 2:
            continue
        apart = sum(count * (values - count) for count in counts.values()) / (values - 1)
        before = found.get(cluster, _Share((0,) * len(names), 0.0))
        together = tuple(old + counts[name] for old, name in zip(before.values, names, strict=True))
        found[cluster] = _Share(together, before.disagreement + apart)
    return list(found.values())


def _alpha(shares: Counter[_Share]) -> float | None:
    """1 - observed over expected disagreement; None where nothing could have disagreed."""
    totals = _totals(shares)
    n = sum(totals)
    pairs = n * n - sum(total * total for total in totals)
    if not pairs:
        return None
    return 1 - (n - 1) * sum(share.disagreement * times for share, times in shares.items()) / pairs


def _resampled(shares: Counter[_Share], draw: random.Random, times: int) -> list[float]:
    """The alphas of as many clusters drawn with replacement, in order; alike clusters are drawn as one kind."""
    kinds, weights, total = list(shares), list(shares.values()), shares.total()
    counts = (Counter(draw.choices(range(len(kinds)), weights, k=total)) for _ in range(times))
    drawn = (_alpha(Counter({kinds[kind]: count for kind, count in one.items()})) for one in counts)
    return sorted(one for one in drawn if one is not None)


def _totals(shares: Counter[_Share]) -> list[int]:
    columns = zip(*([value * times for value in share.values] for share, times in shares.items()), strict=True)
    return [sum(column) for column in columns]


def _by_chance(shares: Sequence[_Share]) -> float:
    """The share of pairs of values that would differ if they were dealt out at random."""
    totals = _totals(Counter(shares))
    n = sum(totals)
    return (n * n - sum(total * total for total in totals)) / (n * (n - 1))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest of an ordered, non-empty sequence."""
    at = share * (len(ordered) - 1)
    below = int(at)
    rest = at - below
    return ordered[below] + rest * (ordered[min(below + 1, len(ordered) - 1)] - ordered[below])
