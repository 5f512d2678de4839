"""What gates look at, and how what they say of each target becomes one result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from astral.baseline import Standing
from astral.gate_specs import GateSpec
from astral.model import RunRecord
from astral.setting_values import Days
from astral.tally import Tallies, Tally


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate said, and why in one line."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A run with its counts; ``standing`` is how it stands against its baseline, None without one; ``max_age`` the age
    from which news are stale.
    """

    record: RunRecord
    counts: Tallies
    standing: Standing | None
    max_age: Days

    @property
    def targets(self) -> tuple[str, ...]:
        """The slugs of the targets with planned trials, sorted."""
        return tuple(sorted({*self.counts.by_target, *self.counts.twins_by_target}))

    def tally(self, target: str) -> Tally:
        """The counts of a target's trials without twins."""
        return self.counts.by_target.get(target, Tally())

    def parts(self, target: str) -> list[tuple[str, Tally]]:
        """The counts of a target's prompts, and of its benign twins, as far as there are any: ``trials``, ``twins``."""
        both = (("trials", self.tally(target)), ("twins", self.counts.twins_by_target.get(target, Tally())))
        return [(what, counts) for what, counts in both if counts.planned]


@dataclass(frozen=True, slots=True)
class Part:
    """What a gate says of one target; ``rank`` orders those that passed, and those that failed, the worst highest."""

    target: str
    passed: bool
    rank: float
    reason: str


Gate = Callable[[GateSpec, Subject], GateResult]
"""How a gate decides."""


def exact(share: float) -> str:
    """A limit as it was typed, ``2`` or ``0.5``: a share in per cent, not rounded."""
    return f"{share * 100:.9g}"


def together(gate: GateSpec | str, parts: Iterable[Part]) -> GateResult:
    """One result for all targets: it passes where each one does, so that a good target never hides a bad one. The
    reason is that of the worst, by name where there are several.
    """
    ranked = sorted(parts, key=lambda part: (part.passed, -part.rank, part.target))
    if not ranked:
        return GateResult(str(gate), False, "no trial was planned")
    worst = ranked[0]
    if len(ranked) == 1:
        return GateResult(str(gate), worst.passed, worst.reason)
    others = [part.target for part in ranked[1:] if not part.passed]
    more = f"; {', '.join(others)} failed too" if others else ""
    note = f" (the worst of {len(ranked)} targets)" if worst.passed else ""
    return GateResult(str(gate), worst.passed, f"{worst.target}: {worst.reason}{note}{more}")
