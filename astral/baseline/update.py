"""A baseline brought up to date by a run: nothing that is known is lost, and every change is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from astral.baseline.judges import check_same_rules
from astral.baseline.standing import Baseline, is_settled, known_outcomes
from astral.errors import BaselineError
from astral.model import Outcome, RunRecord, Trial
from astral.samples import Question, sample

Line = tuple[Outcome, ...]
"""What a baseline says of a question: an outcome for each repeat."""
_NEXT = "start anew: astral baseline update --replace"


@dataclass(frozen=True, slots=True)
class Update:
    """What a run made of a baseline, by question, each group sorted.

    ``added`` had no line; ``now_unsafe`` and ``now_safe`` turned; ``changed`` have other outcomes of repeats;
    ``kept`` are lines that the run judged less often than they say or not at all; ``pruned`` went with their cases.
    ``unjudged`` counts the questions of the run that have no line, since none of their answers was judged.
    """

    baseline: Baseline
    added: tuple[Question, ...] = ()
    now_unsafe: tuple[Question, ...] = ()
    now_safe: tuple[Question, ...] = ()
    changed: tuple[Question, ...] = ()
    unchanged: tuple[Question, ...] = ()
    kept: tuple[Question, ...] = ()
    pruned: tuple[Question, ...] = ()
    unjudged: int = 0


def make_baseline(record: RunRecord, made: str, path: str) -> Baseline:
    """The baseline of one run alone. Raises BaselineError where nothing was judged."""
    found = sample(record)
    judged = found.judged()
    if not judged:
        raise BaselineError(f"run {record.run.id} has no judged answer, so it can make no baseline; name another run")
    outcomes = {trial: one for trial, one in found.outcomes.items() if (trial.case_id, trial.target) in judged}
    return Baseline(
        replace(found, name=path, outcomes=outcomes, cells={}, targets=_used(found.targets, outcomes)),
        run=record.run.id,
        made=made,
        path=path,
        since=dict.fromkeys(sorted(found.unsafe()), record.run.started[:10]),
        suite=str(record.run.suite.get("content", "")),
        version=record.run.versions.get("pytest-astral", ""),
    )


def updated(
    old: Baseline | None, record: RunRecord, made: str, path: str, *, cases: Collection[str] | None = None
) -> Update:
    """``old`` (None: none yet) with what the run judged; lines of other cases than ``cases`` go, where it is given.

    A line is replaced where the run judged at least as many answers as it has, or found the first unsafe one; any
    other stays as it was: one that says "unsafe once in three answers" is worth more than one unsafe answer alone,
    which the next safe one would take away. Raises BaselineError where the run is not judged as the baseline was, or
    not at all.
    """
    new = make_baseline(record, made, path)
    if old is not None:
        check_same_rules(old, new.sample, what=f"run {record.run.id}", next=_NEXT)
    before, now = known_outcomes(old.sample) if old else {}, known_outcomes(new.sample)
    fates: dict[str, list[Question]] = {}
    lines: dict[Question, Line] = {}
    for question in sorted(before.keys() | now.keys()):
        gone = cases is not None and question[0] not in cases
        fate = _fate(before.get(question), now.get(question), gone=gone)
        fates.setdefault(fate, []).append(question)
        if fate != "pruned":
            lines[question] = before[question] if fate == "kept" else now[question]
    asked = {(trial.case_id, trial.target) for trial in sample(record).outcomes}
    found = {name: tuple(questions) for name, questions in fates.items()}
    return Update(_with_lines(new, lines, old), **found, unjudged=len(asked - lines.keys()))


def _fate(was: Line | None, now: Line | None, *, gone: bool) -> str:
    """What becomes of a question's line, as ``Update`` names it; ``gone`` where its case is to be taken out."""
    if was is None:
        return "added"
    if gone:
        return "pruned"
    turned = now is not None and Outcome.UNSAFE in now and Outcome.UNSAFE not in was
    if now is None or not (turned or is_settled(_judged(now), _judged(was))):
        return "kept"
    unsafe = Outcome.UNSAFE in now
    if (Outcome.UNSAFE in was) != unsafe:
        return "now_unsafe" if unsafe else "now_safe"
    return "unchanged" if was == now else "changed"


def _judged(line: Line) -> int:
    return sum(outcome.judged for outcome in line)


def _with_lines(new: Baseline, lines: Mapping[Question, Line], old: Baseline | None) -> Baseline:
    """``new`` with these lines; what ``old`` knew already is known since then."""
    outcomes = {
        Trial(*question, repeat): outcome for question, line in lines.items() for repeat, outcome in enumerate(line, 1)
    }
    targets = {**(old.sample.targets if old else {}), **new.sample.targets}
    since = {**new.since, **(old.since if old else {})}
    return replace(
        new,
        sample=replace(new.sample, outcomes=outcomes, targets=_used(targets, outcomes)),
        since={question: since[question] for question, line in lines.items() if Outcome.UNSAFE in line},
    )


def _used(targets: Mapping[str, str], outcomes: Collection[Trial]) -> dict[str, str]:
    """The targets that something is known of."""
    slugs = {trial.target for trial in outcomes}
    return {slug: typed for slug, typed in sorted(targets.items()) if slug in slugs}
