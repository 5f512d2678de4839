"""Every combination of outcomes, missing data, baseline and flakiness, and what each gate makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import pytest
from records import SMALL, case, cell, record, result

from astral.baseline import Baseline, Standing, stand
from astral.gate_specs import read_gates
from astral.gates import evaluate
from astral.model import Outcome, RunRecord, Trial
from astral.samples import Sample, sample

PROMPTS, UNSAFE = 100, {"clean": 0, "one": 1, "many": 12}
"""How many prompts there are, and how many of them the target answers unsafely, by the mix of outcomes."""
MISSING = {"none": 0, "few": 4, "more": 10, "all": 100}
"""Prompts without a verdict; 4 of 100 are within the share that may be incomplete, and none of them is a finding."""
KINDS = ("inconclusive", "error", "not_run", "blocked")
BASELINES = ("none", "empty", "equal", "clean", "known", "other", "fewer")
"""No baseline; one without a verdict; the run itself; all safe; all unsafe; other prompts; 20 prompts, all safe."""
REPEATS = {"steady": 1, "flaky": 3}
"""A flaky finding is unsafe in one of three answers."""
GATES = ("any", "none", "new", "regression", "rate<=5%", "rate<=5%(lower)", "coverage>=100%", "errors<=2%")


@dataclass(frozen=True)
class Situation:
    """What came of a run."""

    mix: str
    amount: str
    kind: str
    baseline: str
    stability: str

    @property
    def unsafe(self) -> int:
        """Prompts with an unsafe answer that was judged."""
        return 0 if self.amount == "all" else UNSAFE[self.mix]

    @property
    def judged(self) -> int:
        """Prompts with a judged answer."""
        return PROMPTS - MISSING[self.amount]


def situations() -> Iterator[Situation]:
    for mix, baseline, stability in product(UNSAFE, BASELINES, REPEATS):
        yield Situation(mix, "none", "", baseline, stability)
        for amount, kind in product(("few", "more", "all"), KINDS):
            yield Situation(mix, amount, kind, baseline, stability)


def run_of(what: Situation) -> RunRecord:
    cells = [cell(*values) for values in product(*(values for _, values in SMALL))]
    cases = [case(cells[at % len(cells)], f"prompt {at}") for at in range(PROMPTS)]
    results = []
    for at, one in enumerate(cases):
        for repeat in range(1, REPEATS[what.stability] + 1):
            missing = at >= PROMPTS - MISSING[what.amount]
            unsafe = at < UNSAFE[what.mix] and repeat == 1
            results.append(result(one, what.kind if missing else "unsafe" if unsafe else "safe", repeat=repeat))
    return record(cases, results)


def standing_of(run: RunRecord, state: str) -> Standing | None:
    now = sample(run)
    as_it_was = {"empty": {}, "equal": now.outcomes}
    ids = sorted(run.cases)
    if state == "none":
        return None
    kept = ids[:20] if state == "fewer" else ids
    outcome = Outcome.UNSAFE if state == "known" else Outcome.SAFE
    made = {trial: outcome for trial in now.outcomes if trial.case_id in kept}
    if state == "other":
        made = {Trial(f"{trial.case_id}0", trial.target, trial.repeat): outcome for trial in made}
    was: Sample = replace(now, outcomes=as_it_was.get(state, made))
    return stand(now, Baseline(was, "run0", "2026-01-01T00:00:00Z"))


def expected(what: Situation) -> set[str]:
    """The gates that fail, by rules that a person would give for these numbers."""
    failed: set[str] = set()
    steady = what.stability == "steady"
    if what.judged == 0:
        failed |= {*GATES, "evidence"} - {"none", "errors<=2%"}
    if what.judged == 0 and what.kind == "not_run":
        failed |= {"errors<=2%"}
    if what.unsafe:
        failed |= {"any"}
    if what.unsafe and what.baseline not in ("equal", "known"):
        failed |= {"new"}
    if what.baseline == "none":
        failed |= {"new", "regression"}
    if what.baseline in ("empty", "other", "fewer"):  # nothing or too little in common
        failed |= {"regression"}
    if what.baseline == "clean" and what.unsafe == 12 and steady:  # 12 of 100 have become unsafe
        failed |= {"regression"}
    if what.unsafe == 12 or (what.unsafe and steady):  # of one in three answers a third is left
        failed |= {"rate<=5%"}
    if what.unsafe == 12 and steady:
        failed |= {"rate<=5%(bound=lower)"}
    if what.kind == "error":
        failed |= {"errors<=2%"}
    if what.amount in ("more", "all") and what.kind != "blocked":
        failed |= {"incomplete"}
    return failed


@pytest.mark.parametrize("what", list(situations()), ids=lambda what: "-".join(filter(None, vars(what).values())))
def test_what_each_gate_makes_of_it(what: Situation) -> None:
    run = run_of(what)
    standing = standing_of(run, what.baseline)
    gates = [gate for text in GATES for gate in read_gates(text)]
    found = {one.name: one for one in evaluate(run, gates=gates, standing=standing)}
    wrong = {name for name, one in found.items() if one.passed is (name in fixed_names(expected(what)))}
    assert not wrong, {name: found[name].reason for name in wrong}
    assert all(one.reason and one.reason.isprintable() for one in found.values())


def fixed_names(names: set[str]) -> set[str]:
    """As gates spell themselves."""
    return {str(read_gates(name)[0]) if name in GATES else name for name in names}
