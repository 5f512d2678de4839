"""What a run shows against its baseline, what it makes of it, and which judge may do so."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from records import case, cell, of_outcomes, record, result

from astral.baseline import Baseline, baseline_lines, check_same_judge, known_findings, known_outcomes, stand, updated
from astral.cards import identity
from astral.errors import BaselineError
from astral.model import Outcome, Trial
from astral.samples import Sample, sample

FILE = "safety.baseline.jsonl"
SHORT = {"u": "unsafe", "s": "safe", "i": "inconclusive", "b": "blocked", "e": "error", "-": "not_run"}


def outcomes(spelled):
    """Trials of ``"a.m=us b.n=e"``: case a at target m is unsafe, then safe; case b at n is an error."""
    found = {}
    for word in spelled.split():
        question, _, letters = word.partition("=")
        for repeat, letter in enumerate(letters, 1):
            if letter != " ":
                found[Trial(*question.split("."), repeat)] = Outcome(SHORT[letter])
    return found


def of(spelled):
    found = outcomes(spelled)
    return Sample("now", found, targets={trial.target: trial.target for trial in found})


def at(spelled):
    found = of(spelled)
    return Baseline(found, "run0", "2026-01-01T00:00:00Z", FILE, dict.fromkeys(found.unsafe(), "2025-12-31"))


def names(questions):
    return " ".join(".".join(question) for question in questions)


# --- standing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "now", "groups"),
    [
        # one answer each
        ("a.m=s", "a.m=s", {}),
        ("a.m=s", "a.m=u", {"new": "a.m"}),
        ("a.m=u", "a.m=u", {"known": "a.m"}),
        ("a.m=u", "a.m=s", {"fixed": "a.m"}),
        # cases added and taken out
        ("a.m=s", "a.m=s b.m=s", {"added": 1}),
        ("a.m=s", "a.m=s b.m=u", {"new": "b.m", "added": 1}),
        ("a.m=s b.m=u", "a.m=s", {"unseen": "b.m", "unasked": 1}),
        ("a.m=u b.m=u", "a.m=u", {"known": "a.m", "unseen": "b.m", "unasked": 1}),
        # no verdict: neither fixed nor new, and an unjudged question is not added
        *[("a.m=u", f"a.m={letter}", {"unseen": "a.m"}) for letter in "ibe-"],
        *[("a.m=s", f"a.m={letter}", {}) for letter in "ibe-"],
        ("a.m=s", "a.m=s b.m=e", {}),
        # flaky repeats: one unsafe answer is enough, then and now
        ("a.m=sus", "a.m=uss", {"known": "a.m"}),
        ("a.m=sss", "a.m=ssu", {"new": "a.m"}),
        ("a.m=sus", "a.m=sss", {"fixed": "a.m"}),
        ("a.m=u", "a.m=sss", {"fixed": "a.m"}),
        # fewer judged answers than then show nothing fixed
        ("a.m=sus", "a.m=s", {"unseen": "a.m"}),
        ("a.m=sus", "a.m=ses", {"unseen": "a.m"}),
        ("a.m=sus", "a.m=sess", {"fixed": "a.m"}),
        ("a.m=use", "a.m=ss", {"fixed": "a.m"}),
        ("a.m=sus", "a.m=u", {"known": "a.m"}),
        # several targets, one of them renamed
        ("a.m=u a.n=s", "a.m=s a.n=u", {"new": "a.n", "fixed": "a.m"}),
        ("a.m=u b.m=s", "a.o=u b.o=s", {"new": "a.o", "unseen": "a.m", "unasked": 1, "added": 2}),
        ("b.n=u a.m=u b.m=u", "b.n=u b.m=u a.m=u", {"known": "a.m b.m b.n"}),
    ],
)
def test_each_finding_stands_in_one_group(then, now, groups):
    found = stand(of(now), at(then))
    expected = {"new": "", "known": "", "fixed": "", "unseen": "", "added": 0, "unasked": 0} | groups
    assert {
        key: names(value) if isinstance(value := getattr(found, key), tuple) else value for key in expected
    } == expected


spelled = st.dictionaries(
    st.sampled_from(["a.m", "b.m", "a.n", "b.n"]), st.text("usibe-", min_size=1, max_size=3), min_size=1
).map(lambda found: " ".join(f"{question}={letters}" for question, letters in found.items()))


@given(spelled, spelled)
def test_groups_are_disjoint_and_hold_every_finding(then, now):
    was, found = at(then), stand(of(now), at(then))
    groups = (found.new, found.known, found.fixed, found.unseen)
    assert sum(map(len, groups)) == len(set().union(*groups)) == len(was.sample.unsafe() | of(now).unsafe())
    assert {*found.known, *found.fixed, *found.unseen} == was.sample.unsafe()
    assert {*found.new, *found.known} == of(now).unsafe()


def test_each_target_is_compared_over_the_prompts_that_both_have():
    found = stand(of("a.m=uu b.m=s c.m=u a.n=s"), at("a.m=su b.m=s d.m=s a.n=s"))
    assert {slug: (one.prompts, one.pairs) for slug, one in found.paired.items()} == {"m": (2, 3), "n": (1, 1)}
    assert stand(of("a.o=u"), at("a.m=s")).paired["o"].prompts == 0


# --- update -----------------------------------------------------------------------------------------------------------


def run_of(spelled, id="run2", started="2026-02-02T10:00:00Z", suite="abc"):
    """A run with these outcomes; cases are named as in ``spelled``."""
    where = cell("privacy", "slang", "logic")
    trials = outcomes(spelled)
    cases = {name: replace(case(where, name), id=name) for name in sorted({trial.case_id for trial in trials})}
    results = [result(cases[t.case_id], outcome, t.target, t.repeat) for t, outcome in trials.items()]
    made = record(cases.values(), results)
    header = replace(made.run, id=id, started=started, suite={"content": suite, "cases": len(cases)})
    return replace(made, run=header)


def first(spelled):
    return updated(None, run_of(spelled, "run1", "2026-01-01T10:00:00Z"), "2026-01-01T11:00:00Z", FILE).baseline


def renewed(then, now, **given):
    return updated(first(then), run_of(now), "2026-02-02T11:00:00Z", FILE, **given)


def lines(baseline):
    """The lines as ``outcomes`` spells them."""
    letters = {outcome: letter for letter, outcome in SHORT.items()}
    found = known_outcomes(baseline.sample).items()
    return " ".join(f"{'.'.join(question)}={''.join(letters[one] for one in line)}" for question, line in found)


@pytest.mark.parametrize(
    ("then", "now", "result", "told"),
    [
        ("a.m=s", "a.m=s", "a.m=s", {"unchanged": "a.m"}),
        ("a.m=s", "a.m=u", "a.m=u", {"now_unsafe": "a.m"}),
        ("a.m=u", "a.m=s", "a.m=s", {"now_safe": "a.m"}),
        ("a.m=us", "a.m=uu", "a.m=uu", {"changed": "a.m"}),
        ("a.m=s", "a.m=s b.m=u", "a.m=s b.m=u", {"unchanged": "a.m", "added": "b.m"}),
        # what the run did not judge stays as it was
        ("a.m=u b.m=s", "c.m=s", "a.m=u b.m=s c.m=s", {"kept": "a.m b.m", "added": "c.m"}),
        ("a.m=u b.m=s", "a.m=e b.m=s", "a.m=u b.m=s", {"kept": "a.m", "unchanged": "b.m"}),
        ("a.m=u b.m=s", "a.m=b b.m=s", "a.m=u b.m=s", {"kept": "a.m", "unchanged": "b.m"}),
        ("a.m=sus", "a.m=ses", "a.m=sus", {"kept": "a.m"}),
        ("a.m=sss", "a.m=s", "a.m=sss", {"kept": "a.m"}),
        ("a.m=sss", "a.m=u", "a.m=u", {"now_unsafe": "a.m"}),
        ("a.m=sus", "a.m=u", "a.m=sus", {"kept": "a.m"}),
        ("a.m=sus", "a.m=uuu", "a.m=uuu", {"changed": "a.m"}),
        ("a.m=ss", "a.m=ses", "a.m=ses", {"changed": "a.m"}),
        # other targets
        ("a.m=u a.n=u", "a.m=s", "a.m=s a.n=u", {"now_safe": "a.m", "kept": "a.n"}),
        ("a.m=u", "a.o=s", "a.m=u a.o=s", {"kept": "a.m", "added": "a.o"}),
    ],
)
def test_a_run_replaces_what_it_judged_and_keeps_the_rest(then, now, result, told):
    found = renewed(then, now)
    assert lines(found.baseline) == result
    groups = ("added", "now_unsafe", "now_safe", "changed", "unchanged", "kept", "pruned")
    assert {key: names(getattr(found, key)) for key in groups if getattr(found, key)} == told
    assert found.baseline.run == "run2"
    assert set(found.baseline.sample.targets) == {trial.target for trial in found.baseline.sample.outcomes}


@given(spelled, spelled)
def test_no_known_finding_is_lost_and_a_second_time_changes_nothing(then, now):
    assume(of(then).judged() and of(now).judged())
    found = renewed(then, now)
    standing = stand(of(now), first(then))
    assert found.baseline.sample.unsafe() == {*standing.known, *standing.new, *standing.unseen}
    assert set(found.now_safe) == {*standing.fixed}
    again = updated(found.baseline, run_of(now), "2026-02-02T11:00:00Z", FILE)
    assert again.baseline == found.baseline
    assert not again.added + again.now_unsafe + again.now_safe + again.changed
    every = found.added + found.now_unsafe + found.now_safe + found.changed + found.unchanged + found.kept
    assert sorted(every) == sorted(known_outcomes(found.baseline.sample))


def test_a_finding_is_known_since_the_run_that_found_it_first():
    found = renewed("a.m=u b.m=s c.m=u d.m=u", "a.m=u b.m=u c.m=e d.m=s e.m=u").baseline
    assert {case: day for (case, _), day in found.since.items()} == {
        "a": "2026-01-01",
        "b": "2026-02-02",
        "c": "2026-01-01",
        "e": "2026-02-02",
    }
    known = known_findings(found, ["m"])
    assert known.reason(Trial("a", "m", 3)) == f"known since 2026-01-01: {FILE}"
    assert known.reason(Trial("d", "m")) == known.reason(Trial("a", "n")) == ""
    assert type(known)(**known.row()) == known
    assert known_findings(found, ["n"]).since == {}


def test_lines_of_cases_that_are_gone_go_when_asked():
    found = renewed("a.m=u b.m=s c.m=u", "a.m=e d.m=s", cases={"a", "c", "d"})
    assert lines(found.baseline) == "a.m=u c.m=u d.m=s"
    assert names(found.pruned) == "b.m"
    assert names(found.kept) == "a.m c.m"
    assert not renewed("a.m=u", "b.m=s").pruned


def test_questions_without_an_answer_are_counted():
    assert renewed("a.m=u", "a.m=e b.m=e c.m=b d.m=s").unjudged == 2


# --- who judges -------------------------------------------------------------------------------------------------------

JUDGE = {
    "oracles": [
        {
            "name": "llm:judge@http://one.example/v1",
            "endpoint": "one.example/v1",
            "prompt_hash": "0" * 64,
            "extra": {"k": 1},
        }
    ],
    "vote": "any",
    "confirm": 2,
}


def judged(**changes):
    """``JUDGE`` with these fields of itself or of its oracle changed."""
    oracle = {**JUDGE["oracles"][0], **{k: v for k, v in changes.items() if k not in JUDGE}}
    return {**JUDGE, "oracles": [oracle], **{k: v for k, v in changes.items() if k in JUDGE}}


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (judged(model="other"), "llm:judge: model was not set and is now other"),
        (judged(prompt_hash="1" * 64), "llm:judge: prompt_hash was 000000000000 and is now 111111111111"),
        (judged(extra={"k": 2}), "llm:judge: extra.k was 1 and is now 2"),
        (judged(confirm=3), "confirm was 2 and is now 3"),
        (judged(name="llm:other"), "llm:judge then, llm:other now"),
        ({**JUDGE, "oracles": JUDGE["oracles"] * 2}, "llm:judge then, llm:judge, llm:judge now"),
    ],
)
def test_another_judge_is_refused_and_what_differs_is_named(judge, words):
    baseline = replace(at("a.m=u"), sample=replace(of("a.m=u"), judge=identity(JUDGE)))
    with pytest.raises(BaselineError) as caught:
        check_same_judge(baseline, judge)
    assert str(caught.value).startswith(f"baseline {FILE} was made with another judge than this run has: {words}; ")
    assert "astral baseline update --replace" in str(caught.value)


def test_the_same_judge_elsewhere_is_the_same():
    baseline = replace(at("a.m=u"), sample=replace(of("a.m=u"), judge=identity(JUDGE)))
    check_same_judge(baseline, judged(name="llm:judge@http://two.example/v1", endpoint="two.example/v1"))
    check_same_judge(baseline, identity(JUDGE))
    check_same_judge(baseline, judged(vote="majority"))  # of one oracle


@pytest.mark.parametrize(("key", "value"), [("fail_on", "2"), ("turns", "each"), ("judge", None)])
def test_a_run_under_other_rules_does_not_change_a_baseline(key, value):
    run = run_of("a.m=s")
    changed = {"judge": judged()} if key == "judge" else {"settings": {**run.run.settings, key: value}}
    with pytest.raises(BaselineError, match=rf"{key}.*start anew: astral baseline update --replace"):
        updated(first("a.m=u"), replace(run, run=replace(run.run, **changed)), "2026-02-02T11:00:00Z", FILE)


def test_twins_are_left_out():
    run = of_outcomes("unsafe", "safe")
    twin = case(cell("privacy", "slang", "logic"), "harmless", twin_of=next(iter(run.cases)))
    with_twin = replace(run, cases={**run.cases, twin.id: twin}, results=(*run.results, result(twin, "unsafe")))
    assert updated(None, with_twin, "2026-01-01T00:00:00Z", FILE).baseline.sample.unsafe() == sample(run).unsafe()


def test_the_head_of_a_run_says_what_is_known_and_of_whom():
    baseline = at("a.m=u b.m=s a.n=u")
    assert list(baseline_lines(baseline, {"m": "m"})) == [
        f"baseline {FILE}: 2 known findings in 3 questions, made 2026-01-01T00:00:00Z"
    ]
    _, about_others, renamed = baseline_lines(baseline, {"m": "openai:m@http://x.example", "o": "o", "p": "p"})
    assert about_others == f"baseline {FILE} holds nothing about targets o, p: every finding there is new"
    assert renamed == f"baseline {FILE}: target m was m and is now openai:m@http://x.example"
