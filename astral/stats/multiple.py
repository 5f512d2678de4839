"""Many tests at once: p-values adjusted, so that looking at twenty cells does not make a finding of chance."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Each p-value adjusted so that comparing it to a level holds the chance of any false alarm among all at it,
    however the tests depend on each other (S. Holm, Scandinavian Journal of Statistics 6, 1979, p. 65).

    In the order of ``values``: the k-th smallest of m times (m - k + 1), never below an earlier one, at most 1.
    """
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, at in enumerate(_ascending(values)):
        highest = max(highest, min(1.0, values[at] * (len(values) - rank)))
        adjusted[at] = highest
    return adjusted


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """Each p-value adjusted so that comparing it to a level holds the expected share of false alarms among the alarms
    at that level, for independent or positively dependent tests (Y. Benjamini and Y. Hochberg, J. Royal Statistical
    Society B 57, 1995, p. 289).

    In the order of ``values``: the k-th smallest of m times m / k, never above a later one, at most 1.
    """
    adjusted = [0.0] * len(values)
    lowest = 1.0
    for rank, at in reversed([*enumerate(_ascending(values), 1)]):
        lowest = min(lowest, values[at] * (len(values) / rank))
        adjusted[at] = lowest
    return adjusted


def _ascending(values: Sequence[float]) -> list[int]:
    return sorted(range(len(values)), key=values.__getitem__)
