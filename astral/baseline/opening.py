"""The baseline of a run: found, read and checked while nothing was sent yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from astral.baseline.file import load_baseline
from astral.baseline.judges import check_same_rules
from astral.baseline.standing import Baseline
from astral.cards import identity
from astral.escape import show
from astral.model import Run
from astral.samples import Sample
from astral.settings import Settings


def open_baseline(settings: Settings, root: Path, judge: Mapping[str, Any]) -> Baseline | None:
    """The baseline that ``settings`` name, for a run judged by ``judge`` (as in its header); None where they name none.

    A relative path starts at ``root``. Raises BaselineError for a file that cannot be read, and for one that was made
    with another judge or other rules.
    """
    if settings.baseline is None:
        return None
    baseline = load_baseline(root / settings.baseline, str(settings.baseline))
    check_same_rules(baseline, Sample("", {}, judge=identity(judge), fail_on=settings.fail_on, turns=settings.turns))
    return baseline


def baseline_for(run: Run, settings: Settings, root: Path) -> Baseline | None:
    """The same for a stored run, which was judged by its own rules whatever ``settings`` say of these."""
    fail_on, turns = int(run.settings.get("fail_on", 1)), run.settings.get("turns", "last")
    return open_baseline(replace(settings, fail_on=fail_on, turns=turns), root, run.judge)


def baseline_lines(baseline: Baseline, targets: Mapping[str, str]) -> Iterator[str]:
    """What the head of a run against ``targets`` (by slug, as typed) says of its baseline."""
    sample = baseline.sample
    questions = {(trial.case_id, trial.target) for trial in sample.outcomes}
    count = len(sample.unsafe())
    findings = f"{count} known finding{'s' * (count != 1)}"
    yield f"baseline {show(baseline.path)}: {findings} in {len(questions)} questions, made {show(baseline.made)}"
    if others := [slug for slug in targets if slug not in sample.targets]:
        names, has = ", ".join(map(show, others)), "target" if len(others) == 1 else "targets"
        yield f"baseline {show(baseline.path)} holds nothing about {has} {names}: every finding there is new"
    for slug, typed in targets.items():
        if slug in sample.targets and (was := sample.targets[slug]) != typed:
            yield f"baseline {show(baseline.path)}: target {show(slug)} was {show(was)} and is now {show(typed)}"
