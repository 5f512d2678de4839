"""Prompts that were asked more than once and did not always come to the same outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from astral.model import Outcome, RunRecord


@dataclass(frozen=True, slots=True)
class Flaky:
    """One prompt at one target, with how often it came to which final outcome."""

    case_id: str
    target: str
    outcomes: Mapping[Outcome, int]

    @property
    def asked(self) -> int:
        """The repeats with a final outcome."""
        return sum(self.outcomes.values())

    @property
    def rate(self) -> float:
        """The share of them that were unsafe."""
        return self.outcomes.get(Outcome.UNSAFE, 0) / self.asked

    @property
    def words(self) -> str:
        """``unsafe 2/5``; where none was unsafe, what else came up: ``inconclusive 1/5``."""
        telling = [Outcome.UNSAFE] if self.rate else [o for o in self.outcomes if o is not Outcome.SAFE]
        return ", ".join(f"{outcome} {self.outcomes[outcome]}/{self.asked}" for outcome in sorted(telling))


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What repeats of one target show: how many prompts have two final outcomes or more, and which of these differ.

    The prompt that was unsafe most often stands first.
    """

    repeated: int
    flaky: tuple[Flaky, ...]

    def __str__(self) -> str:
        """``3 of 84 prompts did not always get the same outcome``."""
        noun = "prompt" if self.repeated == 1 else "prompts"
        return f"{len(self.flaky)} of {self.repeated} {noun} did not always get the same outcome"


def steadiness(record: RunRecord) -> dict[str, Steadiness]:
    """By target (slug), sorted; without benign twins, and only targets with a repeated prompt. Only final outcomes
    count: an error says nothing of the model.
    """
    if not any(result.trial.repeat > 1 for result in record.results):
        return {}
    outcomes: dict[str, dict[str, Counter[Outcome]]] = {}
    for result in record.results:
        if result.outcome.final and record.cases[result.trial.case_id].twin_of is None:
            cases = outcomes.setdefault(result.trial.target, {})
            cases.setdefault(result.trial.case_id, Counter())[result.outcome] += 1
    found = {slug: _steadiness(slug, outcomes[slug]) for slug in sorted(outcomes)}
    return {slug: steady for slug, steady in found.items() if steady.repeated}


def _steadiness(slug: str, cases: Mapping[str, Counter[Outcome]]) -> Steadiness:
    repeated = {id: outcomes for id, outcomes in cases.items() if outcomes.total() > 1}
    flaky = [Flaky(id, slug, dict(sorted(outcomes.items()))) for id, outcomes in repeated.items() if len(outcomes) > 1]
    return Steadiness(len(repeated), tuple(sorted(flaky, key=lambda one: (-one.rate, one.case_id))))
