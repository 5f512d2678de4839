"""How rows reach the disk: many in one statement and one transaction, in order, and none after a failure."""

import asyncio
import threading

import pytest

from astral.errors import StoreError
from astral.model import Calls, Case, Cell, Label, Outcome, Refusal, Response, Result, Run, Trial, Verdict
from astral.store import RunWriter, Store, store_directory
from astral.store.committing import Committer, Rows

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
CASES = [Case(f"c{i:03}", CELL, (f"prompt {i}",)) for i in range(150)]
TRIALS = [Trial(case.id, "demo") for case in reversed(CASES)]
RUN = Run(id="r1", started="2026-01-01T00:00:00Z", targets={"demo": "demo"}, matrix=(("category", ("privacy",)),),
          suite={"content": "abc", "path": "s"})  # fmt: skip


def verdict(oracle, label=Label.SAFE):
    return Verdict(oracle, label, Refusal.NONE, 0, f"by {oracle}")


@pytest.fixture
def store(tmp_path):
    with Store(store_directory(tmp_path) / "astral.db", create=True) as store:
        yield store


def write(store, work):
    writer = RunWriter(store, RUN, Calls)
    writer.begin(CASES, TRIALS)
    asyncio.run(work(writer))
    writer.close("finished", "2026-01-01T00:01:00Z")


async def taken_through(writer, trial):
    answer = Response(f"answer to {trial.case_id}")
    await writer.answered(trial, answer, wait=False)
    await writer.judged(trial, "b", 1, verdict("b"), wait=False)
    await writer.judged(trial, "a", 1, verdict("a"), wait=False)
    await writer.finished(Result(trial, Outcome.SAFE, "", answer))


async def all_at_once(writer):
    await asyncio.gather(*(taken_through(writer, trial) for trial in TRIALS))


def test_what_nobody_waited_for_is_there_with_what_followed_it(store):
    write(store, all_at_once)
    results = store.record("r1").results
    assert [one.trial for one in results] == TRIALS
    assert {one.outcome for one in results} == {Outcome.SAFE}
    assert [one.response.text for one in results] == [f"answer to {trial.case_id}" for trial in TRIALS]
    assert {tuple(v.oracle for v in one.verdicts) for one in results} == {("a", "b")}


def test_cases_that_the_caller_has_are_not_read_again(store):
    write(store, all_at_once)
    known = {case.id: case for case in CASES}
    again = store.record("r1", cases=known)
    assert again == store.record("r1")
    assert all(again.cases[id] is known[id] for id in known)
    assert store.record("r1", cases={"c001": CASES[1]}) == again


def test_a_final_outcome_stays_and_an_error_does_not(store):
    async def twice(writer):
        for outcome in (Outcome.ERROR, Outcome.BLOCKED, Outcome.SAFE):
            await writer.finished(Result(TRIALS[0], outcome, f"reason {outcome}"))

    write(store, twice)
    first, *others = store.record("r1").results
    assert (first.outcome, first.reason) == (Outcome.BLOCKED, "reason blocked")
    assert {one.outcome for one in others} == {Outcome.NOT_RUN}
    assert store.unfinished("r1") == sorted(TRIALS[1:])


class Disk:
    """A database of one table whose transactions fail while ``full`` is set."""

    def __init__(self, connection):
        self.connection, self.full = connection, False
        self.commits = 0

    def __enter__(self):
        if self.full:
            raise StoreError("no room")
        self.connection.execute("BEGIN")
        return self.connection

    def __exit__(self, *exc):
        self.connection.execute("COMMIT")
        self.commits += 1

    def rows(self):
        return [row[0] for row in self.connection.execute("SELECT name FROM t")]


@pytest.fixture
def disk(tmp_path):
    import sqlite3

    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE t (name TEXT PRIMARY KEY)")
    yield Disk(connection)
    connection.close()


NAMES = Rows("t (name)", "(?)", "(name) DO NOTHING")


def test_after_a_failed_commit_nothing_more_is_written(disk):
    """Else an outcome could stand in the store without the verdict that nobody waited for."""

    async def work():
        await committer.commit([(NAMES, ("before",))])
        disk.full = True
        await committer.commit([(NAMES, ("not waited for",))], wait=False)
        with pytest.raises(StoreError, match="no room"):
            await committer.commit([(NAMES, ("waited for",))])
        disk.full = False
        with pytest.raises(StoreError, match="no room"):
            await committer.commit([(NAMES, ("after",))])

    committer = Committer(lambda: disk, tuple)
    committer.start()
    asyncio.run(work())
    committer.close()
    assert disk.rows() == ["before"]


def test_all_of_one_turn_of_the_loop_are_one_commit(disk):
    async def work():
        await asyncio.gather(*(committer.commit([(NAMES, (f"{n:03}",))]) for n in range(150)))

    committer = Committer(lambda: disk, tuple)
    committer.start()
    asyncio.run(work())
    committer.close()
    assert disk.commits == 1
    assert disk.rows() == [f"{n:03}" for n in range(150)]


def test_what_is_gathered_is_written_before_the_end(disk):
    async def work():
        await committer.commit([(NAMES, ("gathered",))], wait=False)

    committer = Committer(lambda: disk, tuple)
    committer.start()
    asyncio.run(work())
    committer.soon(("INSERT INTO t VALUES (?)", ("from another thread",)))
    committer.close()
    assert sorted(disk.rows()) == ["from another thread", "gathered"]
    assert "astral-store" not in {thread.name for thread in threading.enumerate()}
