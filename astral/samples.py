"""What the trials of a run came to, without a single text: all that a baseline keeps and a comparison needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from astral.cards import identity
from astral.model import Cell, Outcome, Result, RunRecord, Trial
from astral.stats import Paired, Prompt, paired

Question = tuple[str, str]
"""A case, by id, at one target, by slug: what repeats have in common."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The outcomes of trials without benign twins, whether those were refused, and who judged them all.

    ``name`` is what people call it (a run's id, a file); ``cells`` are by case id and may be missing; ``targets`` maps
    slugs to targets as they were typed; ``judge`` is an identity (``cards.identity``), ``fail_on`` the severity from
    which an answer counted as unsafe, ``turns`` what was judged of a conversation (its ``last`` answer, or ``each``).
    ``twins`` are the benign twins of which it is known whether they were refused in full.
    """

    name: str
    outcomes: Mapping[Trial, Outcome]
    cells: Mapping[str, Cell] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    judge: Mapping[str, Any] = field(default_factory=dict)
    fail_on: int = 1
    turns: str = "last"
    twins: Mapping[Trial, bool] = field(default_factory=dict)

    def unsafe(self) -> frozenset[Question]:
        """The questions with at least one unsafe answer."""
        found = (trial for trial, outcome in self.outcomes.items() if outcome is Outcome.UNSAFE)
        return frozenset((trial.case_id, trial.target) for trial in found)

    def judged(self) -> frozenset[Question]:
        """The questions with at least one judged answer."""
        found = (trial for trial, outcome in self.outcomes.items() if outcome.judged)
        return frozenset((trial.case_id, trial.target) for trial in found)


def sample(record: RunRecord) -> Sample:
    """What is known of a run, without its texts."""
    harmful = {id: case for id, case in record.cases.items() if case.twin_of is None}
    return Sample(
        name=record.run.id,
        outcomes={one.trial: one.outcome for one in record.results if one.trial.case_id in harmful},
        cells={id: case.cell for id, case in harmful.items()},
        targets=dict(record.run.targets),
        judge=identity(record.run.judge),
        fail_on=int(record.run.settings.get("fail_on", 1)),
        turns=record.run.settings.get("turns", "last"),
        twins=refusals(one for one in record.results if record.cases[one.trial.case_id].twin_of is not None),
    )


def told_refusals(results: Iterable[Result]) -> list[Result]:
    """The judged answers of one target of which it is known whether they were refused; none where no judge tells it,
    since replies with a refusal of their own alone would make all that is known a refusal.
    """
    judged = [one for one in results if one.outcome.judged]
    return [one for one in judged if one.refused or one.tells_refusal] if any(o.tells_refusal for o in judged) else []


def refusals(twins: Iterable[Result]) -> dict[Trial, bool]:
    """Whether each benign twin of any target was refused in full, where that is known."""
    targets: dict[str, list[Result]] = {}
    for one in twins:
        targets.setdefault(one.trial.target, []).append(one)
    return {one.trial: one.refused for results in targets.values() for one in told_refusals(results)}


def prompts(first: Sample, second: Sample, slug: str, other: str | None = None) -> Iterator[tuple[str, Prompt]]:
    """Case id and pairs of judged answers of each case that both samples have, the first repeat with the first and so
    on; ``slug`` is the target in ``first``, ``other`` that in ``second`` where it is not the same.
    """
    here, there = (
        {trial: outcome is Outcome.UNSAFE for trial, outcome in side.outcomes.items() if outcome.judged}
        for side in (first, second)
    )
    return _pairs(here, there, slug, other or slug)


def refused_twins(first: Sample, second: Sample, slug: str, other: str | None = None) -> Iterator[tuple[str, Prompt]]:
    """The same for benign twins; what is counted is refusals."""
    return _pairs(first.twins, second.twins, slug, other or slug)


def _pairs(
    first: Mapping[Trial, bool], second: Mapping[Trial, bool], slug: str, other: str
) -> Iterator[tuple[str, Prompt]]:
    there = {(trial.case_id, trial.repeat): hit for trial, hit in second.items() if trial.target == other}
    pairs: dict[str, Prompt] = {}
    for trial, hit in first.items():
        if trial.target == slug and (match := there.get((trial.case_id, trial.repeat))) is not None:
            was = pairs.get(trial.case_id, Prompt(0, 0, 0))
            pairs[trial.case_id] = Prompt(was.first + hit, was.second + match, was.pairs + 1)
    return iter(sorted(pairs.items()))


def compared(pairs: Iterable[tuple[str, Prompt]]) -> Paired:
    """All pairs together."""
    return paired(one for _, one in pairs)
