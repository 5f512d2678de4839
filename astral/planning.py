"""What a run begins with: its trials, what is known of them already, and the known answers among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from astral.model import Case, Result, Run, Trial
from astral.store import Planted, Progress


@dataclass(frozen=True)
class Plan:
    """What a run begins with. ``progress`` are the answers that it has, ``taken`` those of them that are another run's
    and not yet its own; ``settled`` the results of trials that are not begun; ``place`` the order of reports;
    ``canaries`` the known answers that are put to its judges, judged ones included.
    """

    run: Run
    trials: Sequence[Trial]
    cases: Mapping[str, Case]
    progress: Mapping[Trial, Progress]
    taken: Mapping[Trial, Progress]
    settled: Sequence[Result] = ()
    reused: int = 0
    place: Callable[[Trial], int] | None = None
    asking: Callable[[Trial], bytes | None] = lambda trial: None
    canaries: Sequence[Planted] = ()


def plan_text(trials: Sequence[Trial], cases: Mapping[str, Case]) -> str:
    """``84 cells, 84 prompts, 84 twins, 1 target: 168 trials``."""
    chosen = [cases[id] for id in dict.fromkeys(trial.case_id for trial in trials)]
    twins = sum(case.twin_of is not None for case in chosen)
    repeats = max((trial.repeat for trial in trials), default=1)
    parts = [
        counted(len({case.cell for case in chosen}), "cell"),
        counted(len(chosen) - twins, "prompt"),
        *([counted(twins, "benign twin")] if twins else []),
        counted(len({trial.target for trial in trials}), "target"),
        *([f"up to {repeats} repeats"] if repeats > 1 else []),
    ]
    return f"{', '.join(parts)}: {counted(len(trials), 'trial')}"


def counted(count: int, noun: str) -> str:
    """``1 trial``, ``84 trials``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
