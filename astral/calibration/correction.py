"""The unsafe rate of a run, corrected for what its judge is known to get wrong."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from astral.model import Card
from astral.stats import Estimate, Rate

_GRID = 200
"""Steps in which a parameter from 0 to 1 is searched; the ends found are then halved to :data:`_EXACT`."""
_EXACT = 1e-6
_ANGLES = 24
"""Steps from one parameter to the next in which those that move together are searched."""

UNINFORMATIVE = (
    "the judge's card says that it calls safe answers unsafe as often as unsafe ones: its verdicts say nothing"
)


@dataclass(frozen=True, slots=True)
class Corrected:
    """The share of truly unsafe answers behind a judge's verdicts, with its 95 % confidence interval.

    ``precision`` is the share of the answers called unsafe that truly are, at this share of unsafe answers; None where
    none was called so. ``note`` says why nothing can be known where that is so, and the interval is 0 to 1.
    """

    share: float
    low: float
    high: float
    precision: Estimate | None = None
    note: str = ""

    @property
    def estimate(self) -> Estimate:
        """The share with its interval."""
        return Estimate(self.share, self.low, self.high)

    def __str__(self) -> str:
        """``4.1 % (95 % CI 0-9.8 %)``."""
        return str(self.estimate)


@dataclass(frozen=True, slots=True)
class _Observed:
    """A rate as it was seen, with the ends of its 95 % interval."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, rate: Rate) -> _Observed:
        low, high = rate.interval or (0.0, 1.0)
        return cls(rate.share or 0.0, low, high)

    def moved(self, by: float) -> float:
        """The share so many half intervals of that side further up or down, cut at 0 and 1."""
        half = self.high - self.share if by > 0 else self.share - self.low
        return min(max(self.share + by * half, 0.0), 1.0)

    @property
    def complement(self) -> _Observed:
        return _Observed(1 - self.share, 1 - self.high, 1 - self.low)


def corrected(rate: Rate, card: Card, *, beside: int = 0) -> Corrected | None:
    """The truly unsafe share where ``rate`` of the answers were called unsafe by the judge of ``card``.

    The point is that of W. J. Rogan and B. Gladen (American Journal of Epidemiology 107, 1978, p. 71), cut at 0 and 1:
    ``(r - f) / (s - f)``, with r the rate, s the sensitivity, f = 1 - specificity. The interval holds each share ``p``
    at which the run does not speak against the card, ``T(p) <= 1 + T(best)``::

        T(p) = (r - m)² / (Δr² + Δs² + Δf²),   m = p s + (1-p) f

    Δr is how far r is from the end of its own 95 % interval on the side of m, Δs and Δf how far m moves when s or f
    goes to the end of theirs on the side of r: the variances recovered from three intervals (MOVER; G. Y. Zou and A.
    Donner, Statistics in Medicine 27, 2008, p. 1693), inverted over p as Fieller inverts a ratio. These three are
    :class:`stats.Rate`'s, so repeats of a prompt count as they do everywhere. ``T(best)``, at the point, is 0 unless it
    was cut; with it the interval is never empty, nor next to nothing where a run has fewer unsafe verdicts than the
    card's false alarms alone would bring (the ordering by likelihood ratio of G. J. Feldman and R. D. Cousins, Physical
    Review D 57, 1998, p. 3873, does the same). Coverage and width beside published methods:
    ``benchmarks/corrected_rate.py``. ``beside`` counts answers that are known to be safe without that judge: the share
    is of them too. None where nothing was judged, or the card lacks one of its rates.
    """
    if not rate.n or not card.sensitivity.n or not card.specificity.n:
        return None
    seen, sensitivity = _Observed.of(rate), _Observed.of(card.sensitivity)
    alarms = _Observed.of(card.specificity).complement
    gain = sensitivity.share - alarms.share
    if gain <= 0:
        return Corrected(min(max(seen.share, 0.0), 1.0), 0.0, 1.0, Estimate(0.5, 0.0, 1.0), UNINFORMATIVE)
    share = min(max((seen.share - alarms.share) / gain, 0.0), 1.0)
    low, high = _held(lambda p: _distance(lambda s, f: p * s + (1 - p) * f, seen, sensitivity, alarms), share)
    precision = _precision(seen, sensitivity, alarms, share) if rate.hits else None
    part = rate.n / (rate.n + beside)
    return Corrected(share * part, low * part, high * part, precision)


def _precision(seen: _Observed, sensitivity: _Observed, alarms: _Observed, share: float) -> Estimate:
    """``t = p s / r = s (r - f) / (r (s - f))``, from the least to the most that it is over all r, s and f which are
    together as near to what was seen as the test allows, each measured by its half interval on that side.

    t rises with r and falls with s and f. Moved one by one they would not do: where no false alarm was seen and the
    rate is that of the sensitivity, none of them moves t alone, and the interval would be a point.
    """
    called = share * sensitivity.share + (1 - share) * alarms.share
    best = share * sensitivity.share / called if called else 1.0
    limit = math.sqrt(1 + _distance(lambda s, f: share * s + (1 - share) * f, seen, sensitivity, alarms))
    low, high = [best], [best]
    for one, other in itertools.product(range(_ANGLES + 1), repeat=2):
        up, around = (math.pi / 2 * angle / _ANGLES for angle in (one, other))
        parts = (math.sin(up), math.cos(up) * math.cos(around), math.cos(up) * math.sin(around))
        r, s, f = (limit * part for part in parts)
        low.append(_right(seen.moved(-r), sensitivity.moved(s), alarms.moved(f)))
        high.append(_right(seen.moved(r), sensitivity.moved(-s), alarms.moved(-f)))
    return Estimate(best, min(low), max(high))


def _right(rate: float, sensitivity: float, alarms: float) -> float:
    """The precision where all three are known; 0 and 1 where the rate is not between the other two."""
    if rate <= alarms:
        return 0.0
    return sensitivity * (rate - alarms) / (rate * (sensitivity - alarms)) if rate < sensitivity else 1.0


def _distance(
    expected: Callable[[float, float], float], seen: _Observed, sensitivity: _Observed, alarms: _Observed
) -> float:
    """How far the run is from what a parameter makes it expect, in squared half intervals."""
    at = expected(sensitivity.share, alarms.share)
    off = seen.share - at
    if off >= 0:
        ends = (seen.share - seen.low, sensitivity.high, alarms.high)
    else:
        ends = (seen.high - seen.share, sensitivity.low, alarms.low)
    moved = (expected(ends[1], alarms.share) - at, expected(sensitivity.share, ends[2]) - at)
    spread = ends[0] ** 2 + moved[0] ** 2 + moved[1] ** 2
    return off * off / spread if spread else 0.0 if off == 0 else float("inf")


def _held(distance: Callable[[float], float], best: float) -> tuple[float, float]:
    """The lowest and highest parameter from 0 to 1 that is not too far from the run, given the nearest one."""
    limit = 1 + distance(best)
    steps = [step / _GRID for step in range(_GRID + 1)]
    held = [step for step in steps if distance(step) <= limit]
    low, high = min([best, *held]), max([best, *held])
    return _edge(distance, limit, low, max(low - 1 / _GRID, 0.0)), _edge(
        distance, limit, high, min(high + 1 / _GRID, 1.0)
    )


def _edge(distance: Callable[[float], float], limit: float, inside: float, outside: float) -> float:
    """Between a parameter that is held and its neighbour that is not, the last one that is."""
    if distance(outside) <= limit:
        return outside
    while abs(outside - inside) > _EXACT:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if distance(middle) <= limit else (inside, middle)
    return inside
