"""Identical questions have one key; a change in anything that an answer depends on gives another."""

import asyncio
import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.model import Calls, Case, Cell, Label, Outcome, Refusal, Response, Result, Run, Trial, Verdict
from astral.reuse import Questions, reusable
from astral.store import RunWriter, Store, is_withheld, store_directory

CELL = Cell.of(category="child_abuse", style="slang", persuasion="logical_appeal")
CASE = Case("c", CELL, ("one", "two"))
FACTS = {
    "api": "chat",
    "endpoint": "host/v1",
    "model": "m",
    "system_sha256": "ab",
    "temperature": 0.5,
    "max_tokens": 100,
    "extra": {"top_p": 1, "stop": ["x"]},
}
TRIAL = Trial("c", "t")


def key(facts=FACTS, case=CASE, trial=TRIAL, opaque=()):
    return Questions({case.id: case}, {trial.target: facts}, opaque).key(trial)


def paths(facts, above=()):
    for name, value in facts.items():
        if isinstance(value, dict):
            yield from paths(value, (*above, name))
        yield (*above, name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(paths(FACTS))), JSON)
def test_a_change_of_any_parameter_is_another_question(path, value):
    changed = copy.deepcopy(FACTS)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert (key(changed) == key()) == (json.dumps(changed, sort_keys=True) == json.dumps(FACTS, sort_keys=True))
    del inner[path[-1]]
    assert key(changed) != key()


TURNS = st.lists(st.text(max_size=4), min_size=1, max_size=3).map(tuple)


@given(TURNS, TURNS, st.integers(1, 3), st.integers(1, 3))
def test_other_turns_or_another_repeat_are_another_question(a, b, first, second):
    keys = [
        key(case=replace(CASE, turns=turns), trial=replace(TRIAL, repeat=n)) for turns, n in ((a, first), (b, second))
    ]
    assert (keys[0] == keys[1]) == ((a, first) == (b, second))


LOOK_ALIKE = [
    "\u00e9",
    "e\u0301",
    "\uff41",
    "a",
    "A",
    "\u0430",
    "\u2126",
    "\u03a9",
    "\ufb01",
    "fi",
    "\u200b",
    "",
    " ",
    "\xa0",
]
LOOK_ALIKE += ["\x00", "\ud800", "\ufffd", "\n", "\r\n", "\\u00e9", "\u0130", "i"]


@given(*[st.lists(st.sampled_from(LOOK_ALIKE), max_size=4).map("".join)] * 2)
def test_what_looks_alike_or_is_normalised_alike_is_another_question(a, b):
    assert (key(case=replace(CASE, turns=(a,))) == key(case=replace(CASE, turns=(b,)))) == (a == b)
    assert (key({**FACTS, "model": a}) == key({**FACTS, "model": b})) == (a == b)
    assert (key({**FACTS, a: 1}) == key({**FACTS, b: 1})) == (a == b)


def test_the_name_of_target_and_case_is_no_part_of_the_question_where_a_target_describes_itself():
    renamed, moved = replace(CASE, id="d"), replace(CASE, cell=Cell.of(category="privacy"))
    assert key(case=renamed, trial=Trial("d", "u")) == key(case=moved) == key()
    assert key(json.loads(json.dumps(dict(reversed(FACTS.items()))))) == key()


@pytest.mark.parametrize(
    "case", [replace(CASE, id="d"), replace(CASE, cell=Cell.of(category="privacy")), replace(CASE, twin_of="e")]
)
def test_to_a_target_that_may_look_at_all_of_a_case_all_of_it_belongs_to_the_question(case):
    assert key(case=case, trial=Trial(case.id, "t"), opaque=["t"]) != key(opaque=["t"])


# --- in a store -------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    with Store(store_directory(tmp_path) / "astral.db", create=True) as store:
        yield store


QUESTIONS = Questions({"c": CASE}, {"t": FACTS})
UNSAFE = Verdict("o", Label.UNSAFE, Refusal.NONE, 2)


def write(store, id, response, outcome=Outcome.SAFE, *, hash_only=False, judged_from="", asking=QUESTIONS.key):
    suite = {"content": "abc", "path": "s"}
    run = Run(id=id, started="2026", targets={"t": "t"}, matrix=(), suite=suite, judged_from=judged_from)

    async def work():
        await writer.answered(TRIAL, response)
        await writer.finished(Result(TRIAL, outcome, "", response, (UNSAFE,)), hash_only=hash_only)

    writer = RunWriter(store, run, Calls, asking)
    writer.begin([CASE], [TRIAL])
    asyncio.run(work())
    writer.close("finished", None)


def found(store):
    done = reusable(store, QUESTIONS, [TRIAL]).get(TRIAL)
    return done and (done.response.text, done.origin)


def test_the_answer_that_was_stored_last_is_taken_and_names_its_run(store):
    assert found(store) is None
    write(store, "r2", Response("older"))
    write(store, "r1", Response("newer", earlier=("before",)))
    assert found(store) == ("newer", "r1")
    assert reusable(store, QUESTIONS, [replace(TRIAL, repeat=2)]) == {}
    more = [Trial("c", "t", repeat) for repeat in range(1, 1200)]  # more than one question to SQLite
    assert set(reusable(store, QUESTIONS, more)) == {TRIAL}


@pytest.mark.parametrize("response", [Response("", finish_reason="content_filter"), Response(" \u200b")])
def test_an_answer_without_text_is_asked_again(store, response):
    write(store, "r1", response, Outcome.BLOCKED)
    assert found(store) is None


def test_a_withheld_answer_is_withheld_wherever_it_was_taken_from_and_never_taken_again(store):
    said = Response("a secret answer")
    write(store, "r1", said, Outcome.INCONCLUSIVE)
    write(store, "r2", Response("another answer"))
    write(store, "r3", said, Outcome.UNSAFE, hash_only=True)
    assert found(store) == ("another answer", "r2")
    kept = {run: store.record(run).results[0].response for run in ("r1", "r2", "r3")}
    assert [is_withheld(response) for response in kept.values()] == [True, False, True]


def test_judging_again_withholds_the_answer_of_the_run_that_was_judged(store):
    said = Response("a secret answer", earlier=("so",))
    unknown = {"asking": lambda trial: None}  # as in a store of the first version
    write(store, "r1", said, Outcome.INCONCLUSIVE, **unknown)
    write(store, "r2", said, Outcome.UNSAFE, hash_only=True, judged_from="r1", **unknown)
    assert is_withheld(store.record("r1").results[0].response)
