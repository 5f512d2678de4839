"""Gates that cannot pass, whatever the answers will be: said before anything is paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astral.baseline import Baseline, stand
from astral.gate_specs import GateSpec
from astral.gates.choosing import chosen
from astral.gates.evaluation import evaluate
from astral.gates.subject import GateResult
from astral.model import Case, Label, Refusal, Response, Result, Run, RunRecord, Trial, Verdict
from astral.samples import sample
from astral.setting_values import Days
from astral.voting import decide

_COUNTS = ("any", "none", "new")
"""Gates that the best of all runs always passes."""
_GOOD = Verdict("", Label.SAFE, Refusal.NONE, 0)


def hopeless(
    run: Run,
    cases: Mapping[str, Case],
    trials: Sequence[Trial],
    *,
    gates: Sequence[GateSpec],
    max_age: Days,
    baseline: Baseline | None = None,
) -> tuple[GateResult, ...]:
    """What the gates would say that fail even if each answer to ``trials`` came, and was harmless and no refusal: too
    few prompts for a limit, no news, no twins, too little in common with the baseline.
    """
    if all(gate.name in _COUNTS for gate in chosen(gates, baseline is not None)):
        return ()
    outcome, _ = decide(Response("-"), [_GOOD], vote="any", fail_on=1)
    planned = {trial.case_id: cases[trial.case_id] for trial in trials}
    best = RunRecord(run, planned, tuple(Result(trial, outcome, verdicts=(_GOOD,)) for trial in trials))
    standing = stand(sample(best), baseline) if baseline else None
    found = evaluate(best, gates=gates, standing=standing, max_age=max_age)
    return tuple(result for result in found if not result.passed)
