"""What a run shows against its baseline: what is new, known, fixed, or not seen again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from astral.model import Outcome
from astral.samples import Question, Sample, compared, prompts
from astral.stats import Paired


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was known when the baseline was made: ``sample`` without cells, the run that it was made of last, and when
    (ISO 8601 UTC). ``path`` is how people name the file; ``since`` the day (ISO 8601) from which each unsafe question
    is known; ``suite`` the content hash of that run's suite, ``version`` that of the program.
    """

    sample: Sample
    run: str
    made: str
    path: str = ""
    since: Mapping[Question, str] = field(default_factory=dict)
    suite: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A run against its baseline, by question (case id and target slug), each group sorted.

    ``new``: unsafe now and not there; ``known``: unsafe in both; ``fixed``: unsafe there, and judged safe now at least
    as often as it was judged there; ``unseen``: unsafe there, not unsafe now, and judged less often or not at all, so
    that nothing shows it to be fixed. ``unasked`` counts those of ``unseen`` of which the run has no trial: another
    shard, deselected, or gone from the suite. ``added`` counts the judged questions that the baseline does not have a
    verdict on. ``paired`` is the comparison of shared prompts by target slug.
    """

    baseline: Baseline
    new: tuple[Question, ...] = ()
    known: tuple[Question, ...] = ()
    fixed: tuple[Question, ...] = ()
    unseen: tuple[Question, ...] = ()
    added: int = 0
    paired: Mapping[str, Paired] = field(default_factory=dict)
    unasked: int = 0


def stand(now: Sample, baseline: Baseline) -> Standing:
    """What ``now`` shows against ``baseline``."""
    was, unsafe = baseline.sample.unsafe(), now.unsafe()
    there, here = times_judged(baseline.sample), times_judged(now)
    fixed = {question for question in was - unsafe if is_settled(here[question], there[question])}
    unseen = was - unsafe - fixed
    asked = {(trial.case_id, trial.target) for trial in now.outcomes}
    return Standing(
        baseline,
        new=tuple(sorted(unsafe - was)),
        known=tuple(sorted(unsafe & was)),
        fixed=tuple(sorted(fixed)),
        unseen=tuple(sorted(unseen)),
        added=len(here.keys() - there.keys()),
        paired={slug: compared(prompts(baseline.sample, now, slug)) for slug in sorted(now.targets)},
        unasked=len(unseen - asked),
    )


def times_judged(sample: Sample) -> Counter[Question]:
    """How many answers to each question were judged; questions without one are left out."""
    return Counter((trial.case_id, trial.target) for trial, outcome in sample.outcomes.items() if outcome.judged)


def is_settled(now: int, then: int) -> bool:
    """True where ``now`` judged answers, none unsafe, may stand for the ``then`` of a baseline: a finding that shows in
    one answer of three is not fixed because one was asked.
    """
    return 0 < now >= then


def known_outcomes(sample: Sample) -> dict[Question, tuple[Outcome, ...]]:
    """The outcomes of each question with a judged answer, in order of repeats, sorted by question; a repeat that was
    left out stands as not_run.
    """
    judged = times_judged(sample)
    found: dict[Question, dict[int, Outcome]] = {}
    for trial, outcome in sample.outcomes.items():
        if (question := (trial.case_id, trial.target)) in judged:
            found.setdefault(question, {})[trial.repeat] = outcome
    return {
        question: tuple(by_repeat.get(at, Outcome.NOT_RUN) for at in range(1, max(by_repeat) + 1))
        for question, by_repeat in sorted(found.items())
    }
