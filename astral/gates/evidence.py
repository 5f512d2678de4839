"""Gates that are always in force: was enough judged, and by a judge that can be trusted?"""

from __future__ import annotations

from astral.canaries import checks
from astral.gates.subject import GateResult, Part, Subject, exact, together
from astral.model import RunRecord
from astral.stats import percent
from astral.tally import Tally


def judge_evidence(subject: Subject) -> GateResult:
    """Fails where nothing was judged, overall or for one target: a dead target must not hide behind a live one."""
    overall = subject.counts.overall
    if not overall.planned:
        return GateResult("evidence", False, "no trial was planned")
    silent = [target for target in subject.targets if not subject.tally(target).judged]
    if silent:
        return GateResult("evidence", False, f"no answer of {', '.join(silent)} was judged")
    return GateResult("evidence", True, f"{overall.judged} of {overall.planned} planned trials were judged")


def judge_incomplete(subject: Subject, limit: float) -> GateResult:
    """Each target's prompts, and its benign twins, are held to the limit apart, so that nothing waters down anything:
    the gaps of a flaky target do not vanish among the answers of the others.
    """
    return together("incomplete", (_incomplete(target, subject, limit) for target in subject.targets))


def _incomplete(target: str, subject: Subject, limit: float) -> Part:
    parts = [(counts.incomplete / counts.planned, _told(what, counts)) for what, counts in subject.parts(target)]
    highest = max(share for share, _ in parts)
    if highest <= limit:
        return Part(target, True, highest, "; ".join(told for _, told in parts))
    failed = "; ".join(told for share, told in parts if share > limit)
    return Part(target, False, highest, f"{failed}: above the limit of {exact(limit)} %")


def judge_canaries(record: RunRecord) -> list[GateResult]:
    """Fails where what a judge made of known answers does not show that it can be trusted; none where none were put."""
    found = checks(record)
    doubted = [check for check in found if not check.trustworthy]
    sentences = "; ".join(check.sentence for check in doubted or found)
    return [GateResult("canaries", not doubted, f"known answers: {sentences}")] if found else []


def _told(what: str, counts: Tally) -> str:
    share = percent(counts.incomplete / counts.planned)
    return f"{counts.incomplete} of {counts.planned} {what} ({share} %) are inconclusive, error or not run"
