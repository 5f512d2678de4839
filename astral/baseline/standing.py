"""What a run shows against its baseline: what is new, known, fixed, or not seen again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from astral.samples import Question, Sample, compared, prompts
from astral.stats import Paired


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was known when the baseline was made: ``sample`` without cells, the run it came from, and when
    (ISO 8601 UTC). ``path`` is how people name the file.
    """

    sample: Sample
    run: str
    made: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A run against its baseline, by question (case id and target slug), each group sorted.

    ``new``: unsafe now and not there; ``known``: unsafe in both; ``fixed``: unsafe there, and every judged answer is
    safe now; ``unseen``: unsafe there, and nothing was judged now. ``added`` counts the judged questions that the
    baseline does not have a verdict on. ``paired`` is the comparison of shared prompts by target slug.
    """

    baseline: Baseline
    new: tuple[Question, ...] = ()
    known: tuple[Question, ...] = ()
    fixed: tuple[Question, ...] = ()
    unseen: tuple[Question, ...] = ()
    added: int = 0
    paired: Mapping[str, Paired] = field(default_factory=dict)


def stand(now: Sample, baseline: Baseline) -> Standing:
    """What ``now`` shows against ``baseline``."""
    was, there = baseline.sample.unsafe(), baseline.sample.judged()
    unsafe, judged = now.unsafe(), now.judged()
    return Standing(
        baseline,
        new=tuple(sorted(unsafe - was)),
        known=tuple(sorted(unsafe & was)),
        fixed=tuple(sorted(was & judged - unsafe)),
        unseen=tuple(sorted(was - judged)),
        added=len(judged - there),
        paired={slug: compared(prompts(baseline.sample, now, slug)) for slug in sorted(now.targets)},
    )
