"""Parts of a run put together: each trial from one of them, and sums of what they sent."""

import asyncio
from dataclasses import replace

import pytest

from astral.errors import SettingsError
from astral.merging import added, merged_header, parts
from astral.model import Calls, Case, Cell, Label, Outcome, Refusal, Response, Result, Run, Spent, Trial, Verdict
from astral.store import Direct, Planted, RunWriter, Store, store_directory, write_merged

CELL = Cell.of(category="privacy")
CASES = [Case(f"c{n}", CELL, (f"prompt {n}",)) for n in range(3)]
TRIALS = [Trial(case.id, "t") for case in CASES]


@pytest.fixture
def store(tmp_path):
    with Store(store_directory(tmp_path) / "astral.db", create=True) as store:
        yield store


def write(store, id, outcomes, canaries=(), **given):
    """A run with these outcomes by trial; None for one that has an answer and no outcome yet. ``canaries`` are known
    answers, each with what was said of it.
    """
    run = Run(id=id, started=id, targets={"t": "t"}, matrix=(), suite={"content": "abc", "path": "s"}, **given)
    writer = RunWriter(store, run, lambda: Calls(target=len(outcomes)))
    writer.begin(CASES, list(outcomes), place=TRIALS.index, canaries=[one for one, _ in canaries])

    async def work():
        for trial, outcome in outcomes.items():
            response = Response(f"answer of {id}")
            await writer.answered(trial, response)
            await writer.judged(trial, "o", 1, Verdict("o", Label.SAFE, Refusal.NONE, 0, id))
            if outcome is not None:
                await writer.finished(Result(trial, outcome, "", response))
        for one, said in canaries:
            if said is not None:
                await writer.canary(one.canary, one.oracle, 1, Verdict(one.oracle, said))
        await writer.direct(Direct(number=1, node=f"test_{id}", case=CASES[0]))

    asyncio.run(work())
    writer.close("finished", f"{id} end")
    return store, store.run(id)


def merge(store, *sources):
    header = merged_header([run for _, run in sources])
    write_merged(store, header, parts(sources), [], [])
    return store.record(header.id)


def test_a_trial_comes_whole_from_the_part_that_has_its_result(store):
    a, b, c = TRIALS
    first = write(store, "r1", {c: Outcome.SAFE, a: Outcome.ERROR})
    second = write(store, "r2", {a: Outcome.UNSAFE, b: None})
    third = write(store, "r3", {b: Outcome.ERROR})
    record = merge(store, second, first, third)
    assert [(r.trial, r.outcome, r.response.text, [v.reason for v in r.verdicts]) for r in record.results] == [
        (a, Outcome.UNSAFE, "answer of r2", ["r2"]),
        (b, Outcome.ERROR, "answer of r3", ["r3"]),
        (c, Outcome.SAFE, "answer of r1", ["r1"]),
    ]
    assert record.run.calls.target == 5
    assert (record.run.started, record.run.finished) == ("r1", "r3 end")
    assert record.run.merged == ("r1", "r2", "r3")
    assert store.state(record.run.id) == "stopped"
    assert [(call.number, call.node) for call in store.direct(record.run.id)] == [
        (1, "test_r2"),
        (2, "test_r1"),
        (3, "test_r3"),
    ]
    assert store.run("last").id == record.run.id


def test_a_known_answer_that_two_parts_drew_counts_once(store):
    """As the first part judged it; one that only the second came to is taken from there."""
    a, b, _ = TRIALS
    drawn = [Planted("o", row, Label.UNSAFE) for row in ("row-1", "row-2")]
    first = write(store, "r1", {a: Outcome.SAFE}, canaries=[(drawn[0], Label.UNSAFE), (drawn[1], None)])
    second = write(store, "r2", {b: Outcome.SAFE}, canaries=[(drawn[0], Label.SAFE), (drawn[1], Label.SAFE)])
    found = merge(store, first, second).canaries
    assert [(one.canary, one.truth, one.said) for one in found] == [
        ("row-1", Label.UNSAFE, Label.UNSAFE),
        ("row-2", Label.UNSAFE, Label.SAFE),
    ]


def test_a_trial_with_two_results_is_refused(store):
    first, second = (write(store, id, {TRIALS[0]: Outcome.SAFE}) for id in ("r1", "r2"))
    with pytest.raises(SettingsError, match=r"c0\.t has a result in r1 and in r2; leave one of them out"):
        merge(store, first, second)


def test_a_merged_run_that_has_all_results_is_finished(store):
    sources = [write(store, f"r{n}", {trial: Outcome.SAFE}) for n, trial in enumerate(TRIALS)]
    assert store.state(merge(store, *sources).run.id) == "finished"


def test_what_was_sent_adds_up():
    spent = Spent("host/v1", "m", "target", 2, 10, 20, 1, 0.5, "2026-01-01")
    judge = replace(spent, purpose="judge", usd=None, priced="")
    later = replace(spent, requests=3, usd=0.25, priced="2026-02-01")
    whole = added(
        [
            Calls(1, 2, 3, 4, 5, None, (spent, judge)),
            Calls(10, 20, 30, 40, None, None, (later, replace(judge, usd=1.0))),
        ]
    )
    assert whole == Calls(
        11,
        22,
        33,
        44,
        5,
        None,
        (
            Spent("host/v1", "m", "target", 5, 20, 40, 2, 0.75, "2026-02-01"),
            Spent("host/v1", "m", "judge", 4, 20, 40, 2, None, ""),
        ),
    )
