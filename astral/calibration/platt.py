"""Turns projections into probabilities: Platt scaling."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, isfinite, log, log1p

from astral.oracles.probe_file import sigmoid

_STEPS, _ENOUGH, _RIDGE = 100, 1e-9, 1e-12


def platt(values: Iterable[float], unsafe: Iterable[float]) -> tuple[float, float]:
    """Slope and offset of P(unsafe) = σ(slope · value + offset), fitted on values that were held out.

    J. Platt, Advances in Large Margin Classifiers (1999), p. 61, with his targets (n₁+1)/(n₁+2) and 1/(n₀+2), so that
    separable values give no certainty; Newton's method with halved steps as in H.-T. Lin, C.-J. Lin and R. C. Weng,
    Machine Learning 68 (2007), p. 267. The slope is at least 0: values that rank the wrong way say nothing.
    """
    xs, truth = [float(x) for x in values], [bool(one) for one in unsafe]
    if not xs or not all(map(isfinite, xs)):
        raise ValueError("values must be finite numbers, and some")
    bad = sum(truth)
    high, low = (bad + 1) / (bad + 2), 1 / (len(xs) - bad + 2)
    rows = [(x, high if one else low) for x, one in zip(xs, truth, strict=True)]
    slope, offset = _newton(rows)
    if slope >= 0:
        return slope, offset
    mean = sum(t for _, t in rows) / len(rows)
    return 0.0, log(mean / (1 - mean))


def _newton(rows: list[tuple[float, float]]) -> tuple[float, float]:
    slope = offset = 0.0
    loss = _loss(rows, slope, offset)
    for _ in range(_STEPS):
        ga = gb = 0.0
        haa = hbb = _RIDGE
        hab = 0.0
        for x, t in rows:
            p = sigmoid(slope * x + offset)
            d, w = p - t, p * (1 - p)
            ga, gb = ga + d * x, gb + d
            haa, hab, hbb = haa + w * x * x, hab + w * x, hbb + w
        if abs(ga) < _ENOUGH and abs(gb) < _ENOUGH:
            break
        det = haa * hbb - hab * hab
        if not det > 0:  # all values alike: only the offset can be fitted
            da, db = 0.0, -gb / hbb
        else:
            da, db = (hab * gb - hbb * ga) / det, (hab * ga - haa * gb) / det
        size = 1.0
        while size > 1e-10:
            tried = _loss(rows, slope + size * da, offset + size * db)
            if tried < loss + 1e-4 * size * (ga * da + gb * db):
                break
            size /= 2
        else:
            break
        slope, offset, loss = slope + size * da, offset + size * db, tried
    return slope, offset


def _loss(rows: list[tuple[float, float]], slope: float, offset: float) -> float:
    """The negative log likelihood, in a form that does not overflow."""
    total = 0.0
    for x, t in rows:
        f = slope * x + offset
        total += log1p(exp(-f)) + (1 - t) * f if f >= 0 else log1p(exp(f)) - t * f
    return total
