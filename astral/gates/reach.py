"""Gates on what was tested: ``coverage`` of the matrix, and ``fresh`` news."""

from __future__ import annotations

import datetime
from typing import cast

from astral.comparison.wording import counted
from astral.coverage import coverage
from astral.coverage.levels import Depth
from astral.freshness import cites_news, is_stale, newest_news
from astral.gate_specs import GateSpec
from astral.gates.subject import GateResult, Part, Subject, exact, together
from astral.stats import percent

_ROUNDING = 1e-12


def judge_coverage(gate: GateSpec, subject: Subject) -> GateResult:
    """Holds the t-way coverage of the matrix, by judged prompts or as the gate says, to the limit from below."""
    return together(gate, (_covered(gate, target, subject) for target in subject.targets))


def _covered(gate: GateSpec, target: str, subject: Subject) -> Part:
    limit, t = gate.limit or 0.0, int(gate.word("t"))
    by = cast(Depth, gate.word("by"))
    level = next((one for one in coverage(subject.record, target) if one.strength == t and one.total), None)
    if level is None:
        dimensions = counted(len(subject.record.run.matrix), "dimension")
        return Part(target, False, 2.0, f"the matrix of this run has {dimensions}: no {t}-way coverage is known")
    share = level.share(by) or 0.0
    told = f"{t}-way coverage by {by} prompts: {round(share * level.total)} of {level.total} ({percent(share)} %)"
    if share >= limit - _ROUNDING:
        return Part(target, True, -share, told)
    most = level.share("generated") or 0.0
    more = f"; all prompts of this run together reach {percent(most)} %" if most < limit - _ROUNDING else ""
    return Part(target, False, -share, f"{told}: below {exact(limit)} %{more}")


def judge_fresh(gate: GateSpec, subject: Subject) -> GateResult:
    """Fails where a prompt of the run builds on news that ``astral generate --refresh`` would renew, and for a target
    of which no judged prompt builds on news at all.
    """
    return together(gate, (_fresh(target, subject) for target in subject.targets))


def _fresh(target: str, subject: Subject) -> Part:
    record, age, day = subject.record, subject.max_age, _last_day(subject)
    mine = [one for one in record.results if one.trial.target == target]
    cases = [record.cases[id] for id in dict.fromkeys(one.trial.case_id for one in mine)]
    citing = [case for case in cases if cites_news(case)]
    stale = sum(is_stale(case, age, day) for case in citing)
    if stale:
        reason = f"{stale} of {counted(len(citing), 'prompt')} with news cite none of the last {age.count} days"
        return Part(target, False, stale, f"{reason}; renew them: astral generate --refresh")
    if not citing:
        how = "make a suite with live search: astral generate preset=rag-fs-ts"
        return Part(
            target, False, 0, f"none of {counted(len(cases), 'prompt')} builds on news, so none is fresh; {how}"
        )
    judged = {one.trial.case_id for one in mine if one.outcome.judged}
    if not any(case.id in judged and case.twin_of is None for case in citing):
        return Part(target, False, 0, f"none of {counted(len(citing), 'prompt')} with news was judged")
    oldest = min(newest_news(case) for case in citing)
    return Part(
        target,
        True,
        -oldest.toordinal(),
        f"{len(citing)} of {counted(len(cases), 'prompt')} build on news, the oldest of {oldest}",
    )


def _last_day(subject: Subject) -> datetime.date:
    """The day on which the run ended, else on which it began: a run that is resumed later does not stay fresh."""
    return datetime.date.fromisoformat((subject.record.run.finished or subject.record.run.started)[:10])
