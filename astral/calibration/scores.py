"""What an oracle's score is worth: how well it ranks unsafe above safe, and whether it means what it says."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from astral.calibration.measures import Judgement
from astral.model import Label
from astral.stats import Estimate, Rate, Z, clustered

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers with a score from ``low`` up to ``high``: their mean score, and how many of them were unsafe."""

    low: float
    high: float
    mean_score: float
    unsafe: Rate


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins that hold answers, from low scores to high, and the mean squared distance of score and truth.

    ``brier`` (G. W. Brier, Monthly Weather Review 78, 1950, p. 1) is 0 for a perfect score, .25 for one of .5 always.
    """

    bins: tuple[Bin, ...]
    brier: Estimate


def scored(judgements: Iterable[Judgement]) -> list[tuple[str, bool, float]]:
    """Prompt, truly unsafe or not, and score of those that have one."""
    return [
        (one.prompt, one.truth is Label.UNSAFE, one.score)
        for one in judgements
        if one.score is not None and math.isfinite(one.score)
    ]


def reliability(judgements: Iterable[Judgement], bins: int = BINS) -> Reliability | None:
    """The share of unsafe answers by score, in ``bins`` of one width; None without a score. Scores are from 0 to 1."""
    rows = scored(judgements)
    if not rows:
        return None
    groups: dict[int, list[tuple[str, bool, float]]] = {}
    for row in rows:
        groups.setdefault(min(max(int(row[2] * bins), 0), bins - 1), []).append(row)
    table = tuple(_bin(at / bins, (at + 1) / bins, groups[at]) for at in sorted(groups))
    return Reliability(table, _brier(rows))


def _bin(low: float, high: float, rows: Sequence[tuple[str, bool, float]]) -> Bin:
    counts: dict[str, list[int]] = {}
    for prompt, unsafe, _ in rows:
        counted = counts.setdefault(prompt, [0, 0])
        counted[0] += unsafe
        counted[1] += 1
    mean = math.fsum(score for _, _, score in rows) / len(rows)
    return Bin(low, high, mean, clustered((hits, n) for hits, n in counts.values()))


def _brier(rows: Sequence[tuple[str, bool, float]]) -> Estimate:
    """The mean over rows, with the normal interval of a ratio over clusters, cut at 0 and 1."""
    errors = [(prompt, (score - unsafe) ** 2) for prompt, unsafe, score in rows]
    mean = math.fsum(error for _, error in errors) / len(errors)
    off: dict[str, float] = {}
    for prompt, error in errors:
        off[prompt] = off.get(prompt, 0.0) + error - mean
    clusters = len(off)
    if clusters == 1:
        return Estimate(mean, 0.0, 1.0)
    half = Z * math.sqrt(clusters / (clusters - 1) * math.fsum(x * x for x in off.values())) / len(errors)
    return Estimate(mean, max(mean - half, 0.0), min(mean + half, 1.0))


def auroc(judgements: Iterable[Judgement]) -> Estimate | None:
    """How often an unsafe answer has a higher score than a safe one, ties counted half: the area under the ROC curve.

    That is Mann and Whitney's statistic over the number of pairs. Its variance is that of E. R. DeLong et al.
    (Biometrics 44, 1988, p. 837), over prompts as clusters (N. A. Obuchowski, Biometrics 53, 1997, p. 567). The
    interval holds all areas ``t`` with ``|t - area| <= z √(effect V(t))``: V is J. A. Hanley and B. J. McNeil's
    variance as R. G. Newcombe takes it (Statistics in Medicine 25, 2006, p. 559), which does not vanish at an area of
    1, and ``effect``, at least 1, the ratio of DeLong's variance to it. None without scores of both truths.
    """
    rows = scored(judgements)
    unsafe = sorted(score for _, truth, score in rows if truth)
    safe = sorted(score for _, truth, score in rows if not truth)
    if not unsafe or not safe:
        return None
    places = [(prompt, truth, _place(score, truth, safe if truth else unsafe)) for prompt, truth, score in rows]
    area = math.fsum(place for _, truth, place in places if truth) / len(unsafe)
    plain = _newcombe(area, len(unsafe), len(safe))
    effect = max(_clustered_variance(places, area, len(unsafe), len(safe)) / plain, 1.0) if plain else 1.0
    prompts = len({prompt for prompt, _, _ in rows})
    if not 0 < area < 1 and prompts < len(rows):  # DeLong's variance vanishes: repeats of a prompt add nothing
        effect = len(rows) / prompts
    return Estimate(area, *_bounds(area, len(unsafe), len(safe), effect))


def _place(score: float, truth: bool, others: Sequence[float]) -> float:
    """The share of the other kind of answers that this one is ranked rightly against."""
    below, upto = bisect_left(others, score), bisect_right(others, score)
    share = (below + upto) / 2 / len(others)
    return share if truth else 1 - share


def _newcombe(t: float, m: int, n: int) -> float:
    """The variance of an area ``t`` over m × n pairs, by exponential scores and both samples of their mean size."""
    half = (m + n) / 2 - 1
    return t * (1 - t) * (1 + half * (1 - t) / (2 - t) + half * t / (1 + t)) / (m * n)


def _clustered_variance(places: Sequence[tuple[str, bool, float]], area: float, m: int, n: int) -> float:
    """Obuchowski's: S10/m + S01/n + 2 S11/(mn), sums over prompts of what their answers are off by."""
    off: dict[str, list[float]] = {}
    for prompt, truth, place in places:
        sums = off.setdefault(prompt, [0.0, 0.0, 0, 0])
        sums[0 if truth else 1] += place - area
        sums[2 if truth else 3] += 1
    with_unsafe = sum(1 for sums in off.values() if sums[2])
    with_safe = sum(1 for sums in off.values() if sums[3])
    if with_unsafe < 2 or with_safe < 2:
        return math.inf
    ten = math.fsum(x * x for x, _, _, _ in off.values()) * with_unsafe / (with_unsafe - 1) / m
    one = math.fsum(y * y for _, y, _, _ in off.values()) * with_safe / (with_safe - 1) / n
    both = math.fsum(x * y for x, y, _, _ in off.values()) * len(off) / (len(off) - 1)
    return max(ten / m + one / n + 2 * both / (m * n), 0.0)


def _bounds(area: float, m: int, n: int, effect: float) -> tuple[float, float]:
    """The lowest and highest area that the observed one does not speak against, by bisection."""
    if effect == math.inf:
        return 0.0, 1.0

    def edge(far: float) -> float:
        inside, outside = area, far
        for _ in range(60):
            middle = (inside + outside) / 2
            held = (middle - area) ** 2 <= Z * Z * effect * _newcombe(middle, m, n)
            inside, outside = (middle, outside) if held else (inside, middle)
        return inside

    return edge(0.0), edge(1.0)
