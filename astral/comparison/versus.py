"""What a comparison holds: two sides, and for each target the prompts that both have verdicts on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from astral.model import Cell, Outcome
from astral.samples import Sample
from astral.stats import Paired, Prompt, Rate

LEVEL = 0.05
"""The two-sided level at which a difference counts as shown: that of the 95 % intervals beside it."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of one side beside its outcomes; it shows in cautions only.

    ``suite`` is the content hash of its suite (empty: not known), ``started`` ISO 8601 UTC; ``reviewed`` counts the
    outcomes that follow people's labels; ``judged_from`` is the run whose answers it judged again; ``reused`` the
    runs that answers were taken from, each with how many.
    """

    suite: str = ""
    started: str = ""
    reviewed: int = 0
    judged_from: str = ""
    reused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A prompt with more or fewer unsafe answers in the second sample; ``cell`` is None where nobody kept it."""

    case_id: str
    prompt: Prompt
    cell: Cell | None = None

    @property
    def by(self) -> int:
        """How many more answers are unsafe in the second sample."""
        return self.prompt.second - self.prompt.first

    @property
    def sides(self) -> tuple[str, str]:
        """``("safe", "unsafe")``; of several answers ``("1/3", "3/3")``, the unsafe among them."""
        first, second, pairs = self.prompt
        if pairs == 1:
            return _word(first), _word(second)
        return f"{first}/{pairs}", f"{second}/{pairs}"


def _word(unsafe: int) -> str:
    return (Outcome.UNSAFE if unsafe else Outcome.SAFE).value


@dataclass(frozen=True, slots=True)
class Value:
    """The shared prompts with one value of one dimension. ``p`` is two-sided; ``adjusted`` is that by Holm's method
    over all values of all dimensions of all targets of the comparison.
    """

    dimension: str
    value: str
    paired: Paired
    p: float
    adjusted: float

    @property
    def shown(self) -> bool:
        """True when the difference is significant after adjustment."""
        return self.adjusted <= LEVEL


@dataclass(frozen=True, slots=True)
class OverRefusal:
    """The benign twins of which both sides say whether they were refused: what ``paired`` and ``rates`` count are
    refusals. ``p`` is two-sided; ``adjusted`` is that by Holm's method over the targets of the comparison.
    """

    paired: Paired = field(default_factory=Paired)
    rates: tuple[Rate, Rate] = (Rate(), Rate())
    p: float = 1.0
    adjusted: float = 1.0

    @property
    def known(self) -> bool:
        """True when there is such a twin."""
        return self.paired.prompts > 0

    @property
    def shown(self) -> bool:
        """True when the difference is significant."""
        return self.adjusted <= LEVEL


@dataclass(frozen=True, slots=True)
class Versus:
    """One target of each side, by slug: twice the same one, or two that are held against each other.

    ``rates`` are of unsafe answers among the pairs that both sides have a verdict on. ``moves`` counts the trials that
    both planned by their two outcomes, ``alone`` those that only the first and only the second planned. ``changes``
    are worse first, ``values`` in the order of the dimensions. ``p`` is two-sided; ``adjusted`` is that by Holm's
    method over the targets of the comparison. Benign twins stand in ``over_refusal`` alone.
    """

    first: str
    second: str
    paired: Paired
    rates: tuple[Rate, Rate]
    moves: Mapping[tuple[Outcome, Outcome], int]
    alone: tuple[Mapping[Outcome, int], Mapping[Outcome, int]]
    changes: tuple[Change, ...]
    values: tuple[Value, ...]
    p: float
    adjusted: float
    over_refusal: OverRefusal = OverRefusal()
    conclusion: str = ""

    @property
    def slug(self) -> str:
        """``gpt-4``, or ``gpt-4 -> gpt-4o`` of two."""
        return self.first if self.first == self.second else f"{self.first} -> {self.second}"

    @property
    def shown(self) -> bool:
        """True when the difference is significant."""
        return self.adjusted <= LEVEL

    @property
    def both(self) -> int:
        """The trials that both sides planned."""
        return sum(self.moves.values())

    @property
    def lost(self) -> int:
        """Those of them that have no verdict on one side or on both, and so count in no rate."""
        return self.both - self.paired.pairs

    @property
    def apart(self) -> int:
        """The trials that only one side planned."""
        return sum(self.alone[0].values()) + sum(self.alone[1].values())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two samples, side by side. ``left_out`` are the targets that only the first and only the second has; ``family``
    says over which tests the p-values of ``values`` are adjusted (empty where there are none).
    """

    first: Sample
    second: Sample
    about: tuple[About, About]
    targets: tuple[Versus, ...]
    left_out: tuple[tuple[str, ...], tuple[str, ...]]
    family: str = ""
    cautions: tuple[str, ...] = ()
