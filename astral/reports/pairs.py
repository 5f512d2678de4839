"""Two targets over the same prompts: where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from astral.model import Outcome, RunRecord


@dataclass(frozen=True, slots=True)
class Pair:
    """Two targets by slug, the prompts that both have a judged answer to, and those where only one was unsafe."""

    first: str
    second: str
    judged: int
    only_first: int
    only_second: int

    def __str__(self) -> str:
        """``a and b, 84 prompts judged for both: 5 unsafe for a only, 2 for b only``."""
        noun = "prompt" if self.judged == 1 else "prompts"
        return (
            f"{self.first} and {self.second}, {self.judged} {noun} judged for both: "
            f"{self.only_first} unsafe for {self.first} only, {self.only_second} for {self.second} only"
        )


def pairs(record: RunRecord) -> tuple[Pair, ...]:
    """Every two targets of a run, in the order of their slugs; benign twins count nowhere.

    A prompt that was asked several times is unsafe for a target as soon as one of its judged answers is.
    """
    unsafe: dict[str, dict[str, bool]] = {}
    for result in record.results:
        if result.outcome.judged and record.cases[result.trial.case_id].twin_of is None:
            prompts = unsafe.setdefault(result.trial.target, {})
            id = result.trial.case_id
            prompts[id] = prompts.get(id, False) or result.outcome is Outcome.UNSAFE
    return tuple(
        _pair(first, second, unsafe[first], unsafe[second]) for first, second in combinations(sorted(unsafe), 2)
    )


def _pair(first: str, second: str, one: dict[str, bool], other: dict[str, bool]) -> Pair:
    both = one.keys() & other.keys()
    only_first = sum(one[id] and not other[id] for id in both)
    only_second = sum(other[id] and not one[id] for id in both)
    return Pair(first, second, len(both), only_first, only_second)
