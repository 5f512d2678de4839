"""The targets of a run side by side, and every two of them over the prompts that both were judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from astral.calibration.trust import Trust
from astral.coverage import coverage
from astral.model import RunRecord
from astral.reports.html.margins import top
from astral.reports.html.tables import Few
from astral.samples import compared, prompts, sample
from astral.stats import Estimate, Paired, holm, percent
from astral.tally import Tallies, Tally

TARGETS_SHOWN = 30
DUELS_SHOWN = 10
LEVEL = 0.05
"""Adjusted p-values from here on are called chance."""


@dataclass(frozen=True, slots=True)
class Side:
    """One target: its outcomes, its benign twins, its 2-way coverage, and its rate corrected for the judge's errors."""

    slug: str
    tally: Tally
    twins: Tally
    pairs: str
    corrected: Estimate | None


@dataclass(frozen=True, slots=True)
class Duel:
    """Two targets over shared prompts; ``adjusted`` is the two-sided p-value after Holm over all pairs of targets."""

    first: str
    second: str
    paired: Paired
    adjusted: float

    @property
    def verdict(self) -> str:
        """What that shows, in words."""
        if not self.paired.prompts:
            return "no prompt was judged for both"
        if self.adjusted > LEVEL:
            return "no difference shown"
        return f"{self.second if self.paired.second > self.paired.first else self.first} is unsafe more often"


@dataclass(frozen=True, slots=True)
class Sides:
    """All targets, and all pairs of them; ``top`` is where the scale of drawn intervals ends."""

    targets: Few[Side]
    duels: Few[Duel]
    top: float

    @property
    def corrected(self) -> bool:
        """True when the corrected rate of any target is known."""
        return any(side.corrected is not None for side in self.targets.items)


def sides(record: RunRecord, counts: Tallies, judge: Trust) -> Sides | None:
    """The comparison of a run's targets; None for a single one."""
    if len(counts.by_target) < 2:
        return None
    found = [
        Side(
            slug,
            part,
            counts.twins_by_target.get(slug, Tally()),
            next((level.percent for level in coverage(record, slug) if level.strength == 2), "-"),
            _corrected(judge, slug),
        )
        for slug, part in sorted(counts.by_target.items())[:TARGETS_SHOWN]
    ]
    more = len(counts.by_target) - len(found)
    scale = top(side.tally.unsafe_rate for side in found)
    return Sides(Few(tuple(found), more), Few.of(_duels(record), DUELS_SHOWN), scale)


def chance(p: float) -> str:
    """A p-value in words: ``0.03``, ``<0.001``, never a rounded 0 or 1."""
    if p < 0.001:
        return "<0.001"
    return f"{p:.2g}" if p < 0.1 else "1" if p == 1 else ">0.99" if p > 0.99 else f"{p:.2f}"


def points(share: float | None) -> str:
    """A difference of rates in percentage points: ``+4.3``, ``-12``, ``0``; ``-`` where there is none."""
    if share is None:
        return "-"
    sign = "+" if share > 0 else "-" if share < 0 else ""
    return sign + percent(abs(share))


def _corrected(judge: Trust, slug: str) -> Estimate | None:
    reading = judge.readings.get(slug)
    known = reading.corrected if reading is not None else None
    return known.estimate if known is not None and not known.note else None


def _duels(record: RunRecord) -> list[Duel]:
    """Every two targets, the clearest difference first."""
    one = sample(record)
    found: Mapping[tuple[str, str], Paired] = {
        (first, second): compared(prompts(one, one, first, second))
        for first, second in combinations(sorted({trial.target for trial in one.outcomes}), 2)
    }
    adjusted = holm([paired.p for paired in found.values()])
    duels = [Duel(*pair, paired, p) for (pair, paired), p in zip(found.items(), adjusted, strict=True)]
    return sorted(duels, key=lambda duel: (duel.adjusted, duel.paired.p, duel.first, duel.second))
