"""Gates that are always in force: was enough judged, and by a judge that can be trusted?"""

from __future__ import annotations

from astral.canaries import checks
from astral.gates.subject import GateResult
from astral.model import RunRecord
from astral.stats import percent
from astral.tally import Tallies, Tally


def judge_evidence(counts: Tallies) -> GateResult:
    """Fails where nothing was judged, overall or for one target: a dead target must not hide behind a live one."""
    if not counts.overall.planned:
        return GateResult("evidence", False, "no trial was planned")
    silent = sorted(slug for slug, part in counts.by_target.items() if not part.judged)
    if silent:
        return GateResult("evidence", False, f"no answer of {', '.join(silent)} was judged")
    return GateResult(
        "evidence", True, f"{counts.overall.judged} of {counts.overall.planned} planned trials were judged"
    )


def judge_incomplete(counts: Tallies, limit: float) -> GateResult:
    """Prompts and benign twins are held to the limit apart, so that neither can water the other down."""
    parts = [("trials", counts.overall), ("twins", counts.twins)]
    reasons = [_share(what, part) for what, part in parts if part.planned]
    failed = [_share(what, part) for what, part in parts if part.planned and part.incomplete / part.planned > limit]
    if failed:
        return GateResult("incomplete", False, f"{'; '.join(failed)}: above the limit of {limit * 100:g} %")
    return GateResult("incomplete", bool(reasons), "; ".join(reasons) or "no trial was planned")


def judge_canaries(record: RunRecord) -> list[GateResult]:
    """Fails where what a judge made of known answers does not show that it can be trusted; none where none were put."""
    found = checks(record)
    doubted = [check for check in found if not check.trustworthy]
    sentences = "; ".join(check.sentence for check in doubted or found)
    return [GateResult("canaries", not doubted, f"known answers: {sentences}")] if found else []


def _share(what: str, part: Tally) -> str:
    share = percent(part.incomplete / part.planned)
    return f"{part.incomplete} of {part.planned} {what} ({share} %) are inconclusive, error or not run"
