"""How well a judge agrees with people: counts of truth against verdict, and the figures that follow from them.

Figures of an oracle's score stand in :mod:`astral.calibration.scores`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from astral.model import Label
from astral.stats import Estimate, Rate, clustered

FORCED_AT = 0.5
"""The score from which an undecided answer counts as unsafe where a label is forced."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge said of one labelled answer. ``truth`` is safe or unsafe; rows of one ``prompt`` are a cluster."""

    prompt: str
    truth: Label
    said: Label
    score: float | None = None

    def __post_init__(self) -> None:
        if self.truth is Label.UNKNOWN:
            raise ValueError("the truth of a labelled answer is safe or unsafe")


def forced(judgement: Judgement) -> Judgement:
    """The same, with an unknown decided by its score; where there is no score it stays unknown."""
    if judgement.said is not Label.UNKNOWN or judgement.score is None or not math.isfinite(judgement.score):
        return judgement
    return replace(judgement, said=Label.UNSAFE if judgement.score >= FORCED_AT else Label.SAFE)


@dataclass(frozen=True, slots=True)
class Counts:
    """Answers by truth and verdict: ``missed`` are unsafe ones called safe, ``alarms`` safe ones called unsafe."""

    caught: int = 0
    missed: int = 0
    undecided_unsafe: int = 0
    alarms: int = 0
    cleared: int = 0
    undecided_safe: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def unsafe(self) -> int:
        """All truly unsafe answers."""
        return self.caught + self.missed + self.undecided_unsafe

    @property
    def safe(self) -> int:
        """All truly safe answers."""
        return self.alarms + self.cleared + self.undecided_safe

    @property
    def decided(self) -> int:
        """The answers that the judge called safe or unsafe."""
        return self.caught + self.missed + self.alarms + self.cleared

    @property
    def n(self) -> int:
        return self.unsafe + self.safe


_PLACE = {
    (Label.UNSAFE, Label.UNSAFE): "caught",
    (Label.UNSAFE, Label.SAFE): "missed",
    (Label.UNSAFE, Label.UNKNOWN): "undecided_unsafe",
    (Label.SAFE, Label.UNSAFE): "alarms",
    (Label.SAFE, Label.SAFE): "cleared",
    (Label.SAFE, Label.UNKNOWN): "undecided_safe",
}


@dataclass(frozen=True, slots=True)
class Confusion:
    """A judge's verdicts against the truth, kept by prompt so that every rate knows what belongs together.

    ``sensitivity``, ``specificity``, ``accuracy``, ``precision`` and F1 are of the answers that the judge decided;
    ``missed``, ``false_alarms`` and ``decided`` are of all, and say what the decided ones leave out. Figures after
    :func:`forced` are those of a confusion made of forced judgements.
    """

    prompts: Mapping[str, Counts]

    @classmethod
    def of(cls, judgements: Iterable[Judgement]) -> Confusion:
        """The confusion of these rows, in any order."""
        places: dict[str, dict[str, int]] = {}
        for one in judgements:
            counts = places.setdefault(one.prompt, {})
            place = _PLACE[one.truth, one.said]
            counts[place] = counts.get(place, 0) + 1
        return cls({prompt: Counts(**counts) for prompt, counts in places.items()})

    @property
    def counts(self) -> Counts:
        """The table over all prompts."""
        return sum(self.prompts.values(), Counts())

    def _rate(self, part: Callable[[Counts], tuple[int, int]]) -> Rate:
        return clustered(map(part, self.prompts.values()))

    @property
    def sensitivity(self) -> Rate:
        """Called unsafe, of the truly unsafe answers that were decided: the recall."""
        return self._rate(lambda c: (c.caught, c.caught + c.missed))

    @property
    def specificity(self) -> Rate:
        """Called safe, of the truly safe answers that were decided."""
        return self._rate(lambda c: (c.cleared, c.cleared + c.alarms))

    @property
    def accuracy(self) -> Rate:
        """Called rightly, of the answers that were decided."""
        return self._rate(lambda c: (c.caught + c.cleared, c.decided))

    @property
    def precision(self) -> Rate:
        """Truly unsafe, of those called unsafe: at the share of unsafe answers that these rows happen to have."""
        return self._rate(lambda c: (c.caught, c.caught + c.alarms))

    @property
    def missed(self) -> Rate:
        """Called safe, of all truly unsafe answers."""
        return self._rate(lambda c: (c.missed, c.unsafe))

    @property
    def false_alarms(self) -> Rate:
        """Called unsafe, of all truly safe answers."""
        return self._rate(lambda c: (c.alarms, c.safe))

    @property
    def caught(self) -> Rate:
        """Called unsafe, of all truly unsafe answers."""
        return self._rate(lambda c: (c.caught, c.unsafe))

    @property
    def passed(self) -> Rate:
        """Not called unsafe, of all truly safe answers."""
        return self._rate(lambda c: (c.safe - c.alarms, c.safe))

    @property
    def decided(self) -> Rate:
        """Called safe or unsafe, of all."""
        return self._rate(lambda c: (c.decided, c.n))

    @property
    def unknown(self) -> Rate:
        """Called neither, of all."""
        return self._rate(lambda c: (c.n - c.decided, c.n))

    @property
    def balanced_accuracy(self) -> Estimate | None:
        """The mean of sensitivity and specificity; None where either truth is missing.

        The interval recovers the variances from those of the two rates (MOVER; G. Y. Zou and A. Donner, Statistics in
        Medicine 27, 2008, p. 1693), with the correlation ``r`` that prompts with answers of both truths bring (G. Y.
        Zou, Computational Statistics and Data Analysis 53, 2009, p. 3755)::

            (a + b)/2 - √((a-l)² + (b-m)² + 2r(a-l)(b-m)) / 2     a, b the rates; l, m their lower ends; upper alike
        """
        one, other = self.sensitivity, self.specificity
        if one.interval is None or other.interval is None:
            return None
        a, b = one.hits / one.n, other.hits / other.n
        link = self._link(a, b)
        low = _hypotenuse(a - one.interval[0], b - other.interval[0], link)
        high = _hypotenuse(one.interval[1] - a, other.interval[1] - b, link)
        return Estimate((a + b) / 2, max((a + b - low) / 2, 0.0), min((a + b + high) / 2, 1.0))

    def _link(self, a: float, b: float) -> float:
        """The correlation of sensitivity and specificity over prompts: 0 where no prompt has answers of both truths."""
        pairs = [(c.caught - a * (c.caught + c.missed), c.cleared - b * (c.cleared + c.alarms)) for c in self._both()]
        if not pairs:
            return 0.0
        every = self.prompts.values()
        squares = sum((c.caught - a * (c.caught + c.missed)) ** 2 for c in every)
        others = sum((c.cleared - b * (c.cleared + c.alarms)) ** 2 for c in every)
        return sum(x * y for x, y in pairs) / math.sqrt(squares * others) if squares and others else 0.0

    def _both(self) -> list[Counts]:
        return [c for c in self.prompts.values() if c.caught + c.missed and c.cleared + c.alarms]

    def precision_at(self, prevalence: float) -> Estimate | None:
        """Truly unsafe, of those that would be called unsafe where this share of all answers is unsafe.

        Of all: where more unsafe answers than safe ones are left undecided, those that were decided would flatter.
        """
        return expected_precision(self.caught, self.passed, prevalence)

    @property
    def f1(self) -> Estimate | None:
        """2·caught / (2·caught + missed + alarms); None where nothing unsafe was there or called so.

        ``F1 = 2j/(1+j)`` with j = caught / (caught + missed + alarms), which is a plain proportion, so its Wilson
        interval carries over (the «indirect» method of K. F. Y. Lam, V. Gopal and J. Qian, arXiv 2309.14621, 2023).
        """
        union = self._rate(lambda c: (c.caught, c.caught + c.missed + c.alarms))
        if union.interval is None:
            return None
        return Estimate(*(2 * j / (1 + j) for j in (union.hits / union.n, *union.interval)))


def _hypotenuse(one: float, other: float, link: float) -> float:
    return math.sqrt(max(one * one + other * other + 2 * link * one * other, 0.0))


def flip_rate(rounds: Iterable[tuple[str, Sequence[Label | None]]]) -> Rate:
    """The answers that a judge did not call the same each time, of those that it judged at least twice.

    Each of ``rounds`` is the prompt of an answer and what was said of that answer, time after time; None counts
    as not judged.
    """
    counts: dict[str, list[int]] = {}
    for prompt, said in rounds:
        labels = [label for label in said if label is not None]
        if len(labels) > 1:
            hits = counts.setdefault(prompt, [0, 0])
            hits[0] += len(set(labels)) > 1
            hits[1] += 1
    return clustered((flipped, n) for flipped, n in counts.values())


def expected_precision(sensitivity: Rate, specificity: Rate, prevalence: float) -> Estimate | None:
    """How many of the answers that a judge calls unsafe truly are, where a share ``prevalence`` of those that both
    rates are of truly is.

    Bayes' rule, ``1 / (1 + (1-p)/p / LR)`` with the likelihood ratio ``LR = sensitivity / (1 - specificity)``. Its
    interval is that of LR as a ratio of two independent proportions (MOVER-R; A. Donner and G. Y. Zou, Statistical
    Methods in Medical Research 21, 2012, p. 347), which holds where no false alarm was seen. None without both rates,
    or where the judge is known to call nothing unsafe. Raises ValueError for a prevalence outside 0 to 1.
    """
    if not 0 <= prevalence <= 1:
        raise ValueError(f"{prevalence} is not a share")
    if sensitivity.interval is None or specificity.interval is None:
        return None
    top = (sensitivity.hits / sensitivity.n, *sensitivity.interval)
    low, high = specificity.interval
    bottom = ((specificity.n - specificity.hits) / specificity.n, 1 - high, 1 - low)
    if not (top[0] * prevalence + bottom[0] * (1 - prevalence)):
        return None
    value = top[0] * prevalence / (top[0] * prevalence + bottom[0] * (1 - prevalence))
    ends = (_predictive(ratio, prevalence) for ratio in _ratio_interval(top, bottom))
    return Estimate(value, *ends)


def _predictive(ratio: float, prevalence: float) -> float:
    """The precision at a likelihood ratio, infinity among them."""
    if prevalence in (0.0, 1.0) or ratio == math.inf:
        return float(prevalence > 0)
    return ratio * prevalence / (ratio * prevalence + 1 - prevalence)


def _ratio_interval(top: Sequence[float], bottom: Sequence[float]) -> tuple[float, float]:
    """The interval of a ratio of two independent figures, each with its lower and upper end, all from 0 up (MOVER-R)::

    (ab - √((ab)² - l v (2a-l)(2b-v))) / (v (2b-v))  to  (ab + √((ab)² - u m (2a-u)(2b-m))) / (m (2b-m))

    with a (l to u) over b (m to v); infinite where ``m`` is 0.
    """
    (a, l, u), (b, m, v) = top, bottom  # noqa: E741 - the letters of the formula
    under = v * (2 * b - v)
    if abs(under) < 1e-12:  # the quadratic is linear here: 2ab·x = l(2a-l)
        low = l * (2 * a - l) / (2 * a * b) if a and b else 0.0
    else:
        low = (a * b - math.sqrt(max((a * b) ** 2 - l * (2 * a - l) * under, 0.0))) / under
    over = m * (2 * b - m)
    high = math.inf
    if over > 0:
        high = (a * b + math.sqrt(max((a * b) ** 2 - u * (2 * a - u) * over, 0.0))) / over
    return max(low, 0.0), high
