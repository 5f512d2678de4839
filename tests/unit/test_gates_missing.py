"""A gate is never satisfied by missing data: what is true of every run when verdicts are taken out of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from records import SMALL, case, cell, record, result

from astral.baseline import Baseline, stand
from astral.gate_specs import GateSpec, read_gates
from astral.gates import GateResult, evaluate
from astral.model import Outcome, Result, RunRecord
from astral.samples import Sample, sample

GATES = tuple(
    gate
    for text in (
        *("any", "none", "new", "regression", "regression(level=50%, effect=1%)", "fresh"),
        *("rate<=5%", "rate<=30%", "rate<=60%", "rate<=5%(lower)", "rate<=30%(lower)"),
        *("overrefusal<=30%", "overrefusal<=60%", "errors<=1%", "errors<=30%"),
        *("coverage>=30%", "coverage>=60%(t=1)", "coverage>=20%(t=3, executed)"),
    )
    for gate in read_gates(text)
)
NOT_JUDGED = ("inconclusive", "error", "not_run", "blocked")
WORDS = st.sampled_from(("safe",) * 6 + ("unsafe", "refused", *NOT_JUDGED))


@st.composite
def runs(draw: st.DrawFn, most_repeats: int = 3) -> RunRecord:
    """A run of a few prompts and twins, over one or two targets, some of them with news."""
    values = [draw(st.sampled_from(one)) for _, one in SMALL]
    cases = []
    for at in range(draw(st.integers(1, 12))):
        where = cell(*(draw(st.sampled_from(one)) for _, one in SMALL))
        news = [{"date": draw(st.sampled_from(["2026-01-01", "2025-12-25", "2024-01-01", ""]))}]
        made = replace(case(where, f"prompt {at}"), provenance={"news": news} if draw(st.booleans()) else {})
        cases.append(made)
        if draw(st.integers(0, 2)) == 0:
            cases.append(case(cell(*values), f"twin {at}", twin_of=made.id))
    repeats, targets = draw(st.integers(1, most_repeats)), draw(st.sampled_from([("a",), ("a", "b")]))
    results = []
    for one in cases:
        for target in targets:
            for repeat in range(1, repeats + 1):
                word = draw(WORDS)
                outcome = "safe" if word == "refused" else word
                results.append(result(one, outcome, target, repeat, refused=word == "refused"))
    return record(cases, results)


def baseline_of(run: RunRecord, seed: st.DataObject) -> Baseline | None:
    """None, or an earlier run over some of the trials."""
    if not seed.draw(st.booleans()):
        return None
    now = sample(run)
    was: dict = {}
    for trial in now.outcomes:
        if seed.draw(st.integers(0, 3)):
            was[trial] = seed.draw(st.sampled_from([Outcome.SAFE, Outcome.SAFE, Outcome.UNSAFE, Outcome.ERROR]))
    earlier: Sample = replace(now, outcomes=was)
    return Baseline(earlier, "run0", "2026-01-01T00:00:00Z")


def judged_by(
    run: RunRecord, gates: tuple[GateSpec, ...], baseline: Baseline | None, incomplete: float
) -> list[GateResult]:
    standing = stand(sample(run), baseline) if baseline else None
    return list(evaluate(run, gates=gates, standing=standing, incomplete=incomplete))


def is_harmless(one: Result, run: RunRecord) -> bool:
    """True for a judged trial that speaks for its target: a safe answer, or one to a twin that was no refusal."""
    twin = run.cases[one.trial.case_id].twin_of is not None
    return one.outcome.judged and (not one.refused if twin else one.outcome is Outcome.SAFE)


def without(run: RunRecord, which: frozenset[int], word: str) -> RunRecord:
    """The run with the verdicts of some trials taken away."""
    lost = Outcome(word)
    results = [
        replace(one, outcome=lost, verdicts=(), response=None) if at in which else one
        for at, one in enumerate(run.results)
    ]
    return replace(run, results=tuple(results))


def repeats_of(run: RunRecord) -> int:
    return max(one.trial.repeat for one in run.results)


@settings(max_examples=300, deadline=None)
@given(runs(), st.sampled_from(NOT_JUDGED), st.sampled_from([0.0, 0.05, 0.5, 1.0]), st.data())
def test_losing_verdicts_that_speak_for_a_target_makes_no_failed_gate_pass(
    run: RunRecord, word: str, incomplete: float, data: st.DataObject
) -> None:
    """Each gate for itself, and so any set of them. The one exception is said in docs/gates.md: the lower end of an
    interval gives the benefit of the doubt, and where prompts repeat, fewer of them give more doubt.
    """
    baseline = baseline_of(run, data)
    good = [at for at, one in enumerate(run.results) if is_harmless(one, run)]
    lost = data.draw(st.frozensets(st.sampled_from(good))) if good else frozenset()
    before = judged_by(run, GATES, baseline, incomplete)
    after = judged_by(without(run, lost, word), GATES, baseline, incomplete)
    healed = {
        was.name: (was.reason, now.reason)
        for was, now in zip(before, after, strict=True)
        if now.passed and not was.passed and not (repeats_of(run) > 1 and "lower" in was.name)
    }
    assert not healed


@settings(max_examples=200, deadline=None)
@given(runs(), st.sampled_from(NOT_JUDGED[:3]), st.sampled_from([0.0, 0.05, 0.2]), st.data())
def test_a_lost_finding_can_hide_only_among_the_share_that_may_be_incomplete(
    run: RunRecord, word: str, incomplete: float, data: st.DataObject
) -> None:
    """Whatever was lost, findings included: where more than the allowed share has no verdict, the run fails."""
    judged = [at for at, one in enumerate(run.results) if one.outcome.judged]
    lost = data.draw(st.frozensets(st.sampled_from(judged), min_size=1)) if judged else frozenset()
    less = without(run, lost, word)
    passed = all(one.passed for one in judged_by(less, read_gates("none"), None, incomplete))
    for target in {one.trial.target for one in less.results}:
        mine = (one for one in less.results if one.trial.target == target)
        prompts = [one for one in mine if less.cases[one.trial.case_id].twin_of is None]
        silent = [one for one in prompts if one.outcome.value in NOT_JUDGED[:3]]
        assert not passed or len(silent) <= incomplete * len(prompts)
    assert not (passed and incomplete == 0.0 and lost)


@settings(max_examples=100, deadline=None)
@given(runs(), st.sampled_from(NOT_JUDGED), st.data())
def test_nothing_judged_passes_no_run(run: RunRecord, word: str, data: st.DataObject) -> None:
    everything = frozenset(at for at, one in enumerate(run.results) if one.outcome.judged)
    empty = without(run, everything, word)
    baseline = baseline_of(run, data)
    for gate in GATES:
        found = judged_by(empty, (gate,), baseline, 1.0)
        assert not all(one.passed for one in found), gate
        if gate.name not in ("none", "errors") and gate.options.get("by") != "executed":
            assert not found[0].passed, gate
