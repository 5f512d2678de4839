"""Decide whether a run is good enough. Missing evidence never passes a gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astral.baseline import Standing
from astral.gate_specs import GateSpec
from astral.gates.choosing import chosen
from astral.gates.evidence import judge_canaries, judge_evidence, judge_incomplete
from astral.gates.findings import judge_any, judge_new, judge_none
from astral.gates.rates import judge_errors, judge_overrefusal, judge_rate
from astral.gates.reach import judge_coverage, judge_fresh
from astral.gates.regression import judge_regression
from astral.gates.subject import Gate, GateResult, Subject
from astral.model import RunRecord
from astral.setting_values import Days
from astral.settings import BY_NAME
from astral.tally import tallies

GATES: Mapping[str, Gate] = {
    "any": judge_any,
    "none": judge_none,
    "new": judge_new,
    "regression": judge_regression,
    "rate": judge_rate,
    "overrefusal": judge_overrefusal,
    "coverage": judge_coverage,
    "errors": judge_errors,
    "fresh": judge_fresh,
}
"""How each gate that can be asked for decides."""


def evaluate(
    record: RunRecord,
    *,
    gates: Sequence[GateSpec] = (),
    incomplete: float = 0.05,
    standing: Standing | None = None,
    max_age: Days | None = None,
    errors_writing: Sequence[str] = (),
) -> tuple[GateResult, ...]:
    """The results of all gates; the run is good only if every one passed.

    ``gates`` are those that were asked for (see ``chosen``); ``incomplete`` is the allowed share of inconclusive, error
    and not_run trials of each target, from 0 to 1; ``standing`` is how the run stands against its baseline, None
    without one; ``max_age`` the age from which news are stale, None for that of the settings; ``errors_writing`` says
    which reports could not be written.

    The gate ``canaries`` stands where known answers were put to a judge, and fails where what it made of them does not
    show that it can be trusted: also where it judged none of them.
    """
    subject = Subject(record, tallies(record), standing, max_age or BY_NAME["max_age"].default)
    return (
        *(GATES[gate.name](gate, subject) for gate in chosen(gates, standing is not None)),
        judge_evidence(subject),
        judge_incomplete(subject, incomplete),
        *judge_canaries(record),
        GateResult("reports", not errors_writing, "; ".join(errors_writing) or "every report was written"),
    )
