"""The run store: what is committed is there, exactly once, and foreign text comes back as it was."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.errors import StoreError
from astral.model import Calls, Case, Cell, Label, Outcome, Refusal, Response, Result, Run, Trial, Usage, Verdict
from astral.store import (
    Direct,
    Planted,
    ResultReader,
    RunWriter,
    Store,
    is_withheld,
    only_writer,
    store_directory,
    withheld,
)
from astral.store.place import SCHEMA
from astral.store.rows import read_verdict, verdict_body

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
NASTY = "a\x00b\ud800\u2028'\"); DROP TABLE runs;--"
CASES = [Case(f"c{i}", CELL, (f"prompt {i} {NASTY}",), {"writer": "w"}) for i in range(4)]
TRIALS = [Trial(case.id, "demo") for case in CASES]
ANSWER = Response(NASTY, "m", "stop", Usage(3, None), 0.5)
UNSAFE = Verdict("o", Label.UNSAFE, Refusal.NONE, 2, NASTY, 0.75)
SAFE = Verdict("o", Label.SAFE, Refusal.FULL, 0, NASTY)


def header(id="r1", **changes):
    changes.setdefault("started", "2026-01-01T00:00:00Z")
    return Run(id=id, targets={"demo": "demo"}, matrix=(("category", ("privacy",)),),
               suite={"content": "abc", "path": "s"}, **changes)  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return store_directory(tmp_path) / "astral.db"


@pytest.fixture
def store(path):
    with Store(path, create=True) as store:
        yield store


def write(store, work, run=None, state="finished"):
    writer = RunWriter(store, run or header(), lambda: Calls(target=7))
    writer.begin(CASES, TRIALS)
    asyncio.run(work(writer))
    writer.close(state, "2026-01-01T00:01:00Z")


async def one_of_each(writer):
    await writer.answered(TRIALS[0], ANSWER)
    await writer.judged(TRIALS[0], "o", 1, UNSAFE)
    await writer.judged(TRIALS[0], "o", 2, UNSAFE)
    await writer.finished(Result(TRIALS[0], Outcome.UNSAFE, "", ANSWER))
    await writer.finished(Result(TRIALS[1], Outcome.ERROR, "http_500", detail="it broke"))
    await writer.answered(TRIALS[2], ANSWER)


def test_everything_comes_back(store):
    write(store, one_of_each)
    record = store.record("last")
    assert record.run == header(finished="2026-01-01T00:01:00Z", calls=Calls(target=7))
    assert record.cases == {case.id: case for case in CASES}
    assert [r.outcome for r in record.results] == ["unsafe", "error", "not_run", "not_run"]
    assert record.results[0].response == ANSWER
    assert record.results[0].verdicts == (UNSAFE, UNSAFE)
    assert (record.results[1].reason, record.results[1].detail) == ("http_500", "it broke")
    assert store.progress("r1")[TRIALS[2]].response == ANSWER
    assert store.outcomes("r1") == {TRIALS[0]: Outcome.UNSAFE, TRIALS[1]: Outcome.ERROR}


def test_a_final_outcome_is_never_written_twice(store):
    async def twice(writer):
        await writer.finished(Result(TRIALS[0], Outcome.UNSAFE))
        await writer.finished(Result(TRIALS[0], Outcome.SAFE))
        await writer.answered(TRIALS[1], Response("first"))
        await writer.answered(TRIALS[1], Response("second"))

    write(store, twice)
    record = store.record("r1")
    assert record.results[0].outcome is Outcome.UNSAFE
    assert store.progress("r1")[TRIALS[1]].response.text == "first"


def test_what_the_budget_did_not_reach_can_be_read_by_workers_and_is_asked_again_by_a_resume(store, path):
    async def exhausted(writer):
        await writer.finished(Result(TRIALS[0], Outcome.NOT_RUN, "budget"))
        reader = ResultReader(path, "r1")
        assert reader.wait(TRIALS[0]).reason == "budget"
        reader.close()

    async def again(writer):
        assert store.outcomes("r1") == {}
        await writer.finished(Result(TRIALS[0], Outcome.SAFE))

    write(store, exhausted, state="stopped")
    write(store, again)
    assert store.outcomes("r1") == {TRIALS[0]: Outcome.SAFE}


def test_resuming_clears_errors_and_keeps_the_rest(store):
    write(store, one_of_each, state="stopped")

    async def again(writer):
        assert store.outcomes("r1") == {TRIALS[0]: Outcome.UNSAFE}
        await writer.finished(Result(TRIALS[1], Outcome.BLOCKED, "provider_filter"))

    write(store, again)
    assert [r.outcome for r in store.record("r1").results] == ["unsafe", "blocked", "not_run", "not_run"]
    assert len(store.run_ids()) == 1


def test_runs_of_one_second_are_in_the_order_of_their_beginning(store):
    for id in ("r9", "r1", "r5"):
        write(store, one_of_each, run=header(id), state="stopped")
    write(store, one_of_each, run=header("r1"))  # goes on, which changes nothing
    assert store.run_ids() == ["r5", "r1", "r9"]
    assert store.run("last").id == "r5"


def test_a_resume_of_some_trials_leaves_the_errors_of_others(store):
    async def failed(writer):
        for trial in TRIALS:
            await writer.finished(Result(trial, Outcome.ERROR, "http"))

    write(store, failed, state="stopped")
    writer = RunWriter(store, header(), Calls)
    writer.begin(CASES, TRIALS[1:3])
    assert store.outcomes("r1") == {TRIALS[0]: Outcome.ERROR, TRIALS[3]: Outcome.ERROR}
    writer.close("stopped", None)


def test_a_commit_is_seen_by_another_process_before_the_caller_goes_on(store, path):
    async def check(writer):
        await writer.answered(TRIALS[0], ANSWER)
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as other:
            assert other.execute("SELECT count(*) FROM answers").fetchone() == (1,)
        other.close()

    write(store, check)


def test_answers_of_protected_categories_keep_only_hash_and_length(store, path):
    async def work(writer):
        await writer.answered(TRIALS[0], Response("a secret answer"))
        await writer.finished(Result(TRIALS[0], Outcome.UNSAFE, "", Response("a secret answer")), hash_only=True)

    write(store, work)
    text = store.record("r1").results[0].response.text
    assert text.startswith("[withheld: 15 characters, sha256 ")
    store.close()
    assert b"a secret answer" not in path.read_bytes()


def test_files_are_private(store, path):
    write(store, one_of_each)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()} == {0o600}
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_an_unknown_run_is_named(store):
    write(store, one_of_each)
    with pytest.raises(StoreError, match="no run 'r2'; known: r1"):
        store.run("r2")


def test_an_empty_store_says_how_to_start(path):
    with pytest.raises(StoreError, match="no run is stored here yet"):
        Store(path)


@pytest.mark.parametrize("content", [b"\x13" * 4096, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_what_is_no_store_is_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreError, match="move it away"):
        Store(path, create=True)
    assert path.read_bytes() == content


def test_another_programs_database_and_a_newer_schema_are_left_alone(path):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store(path, create=True)
    assert path.read_bytes() == before
    path.unlink()
    Store(path, create=True).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StoreError, match="newer version"):
        Store(path)


SCHEMA_1 = """
CREATE TABLE runs (
  id TEXT PRIMARY KEY, started TEXT NOT NULL, finished TEXT, state TEXT NOT NULL,
  header TEXT NOT NULL, calls TEXT NOT NULL
);
CREATE TABLE cases (suite TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (suite, id));
CREATE TABLE trials (
  run TEXT NOT NULL, case_id TEXT NOT NULL, target TEXT NOT NULL, repeat INTEGER NOT NULL, position INTEGER NOT NULL,
  outcome TEXT, reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, case_id, target, repeat)
);
CREATE TABLE answers (
  run TEXT NOT NULL, case_id TEXT NOT NULL, target TEXT NOT NULL, repeat INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (run, case_id, target, repeat)
);
CREATE TABLE verdicts (
  run TEXT NOT NULL, case_id TEXT NOT NULL, target TEXT NOT NULL, repeat INTEGER NOT NULL,
  oracle TEXT NOT NULL, round INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (run, case_id, target, repeat, oracle, round)
);
PRAGMA application_id = 0x41535452;
PRAGMA user_version = 1;
"""
"""The tables of the first version, as it made them."""
ROWS_1 = """
INSERT INTO runs VALUES ('r1', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', 'finished',
  '{"judge":{},"matrix":[["category",["privacy"]]],"settings":{},"suite":{"content":"abc","path":"s"},
    "targets":{"demo":"demo"},"versions":{}}', '{"target":7}');
INSERT INTO cases VALUES ('abc', 'c0', '{"cell":[["category","privacy"]],"extra":{},"provenance":{},"turns":["p"],
  "twin_of":null}');
INSERT INTO trials VALUES ('r1', 'c0', 'demo', 1, 0, 'unsafe', '""', '""');
INSERT INTO answers VALUES ('r1', 'c0', 'demo', 1, '{"text":"an answer"}');
INSERT INTO verdicts VALUES
  ('r1', 'c0', 'demo', 1, '"o"', 1, '{"label":"unsafe","oracle":"o","reason":"first","refusal":"none"}'),
  ('r1', 'c0', 'demo', 1, '"o"', 2, '{"label":"unsafe","oracle":"o","reason":"second","refusal":"none"}');
"""


@pytest.fixture
def old(path):
    """A store of schema 1 with one run."""
    with sqlite3.connect(path) as other:
        other.executescript(SCHEMA_1 + ROWS_1)
    other.close()
    path.chmod(0o600)
    return path


def schema(path):
    with sqlite3.connect(path) as other:
        version = other.execute("PRAGMA user_version").fetchone()[0]
        tables = {row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
        columns = {t: [row[1] for row in other.execute(f"PRAGMA table_info({t})")] for t in tables}
    other.close()
    return version, columns


@pytest.mark.parametrize("create", [True, False], ids=["to write", "to read"])
def test_a_store_of_the_first_schema_is_brought_up_to_date(old, create, tmp_path_factory):
    with Store(old, create=create) as store:
        (only,) = store.record("last").results
        assert only.outcome is Outcome.UNSAFE
        assert only.response == Response("an answer")
        assert [verdict.reason for verdict in only.verdicts] == ["first", "second"]
        assert store.run("r1") == header(finished="2026-01-01T00:01:00Z", calls=Calls(target=7))
        assert store.progress("r1")[only.trial].asking is None
        write(store, one_of_each, run=header("r2", started="2026-01-02T00:00:00Z"))
        assert store.record("last").results[0].verdicts == (UNSAFE, UNSAFE)
        assert store.run_ids() == ["r2", "r1"]
    new = store_directory(tmp_path_factory.mktemp("new")) / "astral.db"
    Store(new, create=True).close()
    assert schema(old) == schema(new)


def test_a_step_to_the_new_schema_that_fails_changes_nothing(old):
    with sqlite3.connect(old) as other:
        other.execute("CREATE TABLE direct (somebody TEXT)")  # in the way of the last statements
    other.close()
    before = schema(old)
    with pytest.raises(StoreError, match="not a readable ASTRAL store"):
        Store(old, create=True)
    assert schema(old) == before


def test_a_reader_does_not_change_the_schema_under_a_run_that_writes(old):
    with only_writer(old.parent), pytest.raises(StoreError, match=f"in use by another run \\(process {os.getpid()}"):
        Store(old)
    assert schema(old)[0] == 1
    Store(old).close()
    assert schema(old)[0] == SCHEMA


@pytest.mark.parametrize(("mode", "said"), [(0o777, ""), (0o555, "its directory cannot be written to")])
def test_a_directory_that_cannot_be_written_is_named(old, mode, said):
    """Root may write anywhere, so the reader is somebody else, in a directory that everybody may enter."""
    code = (
        "import os, sys, pathlib; from astral.store import Store; from astral.errors import StoreError\n"
        "if os.geteuid() == 0: os.setegid(65534); os.seteuid(65534)\n"
        "try: Store(pathlib.Path('astral.db'))\n"
        "except StoreError as err: print(err)"
    )
    with tempfile.TemporaryDirectory() as place:
        Path(shutil.copy(old, place)).chmod(0o666)
        Path(place).chmod(mode)
        done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True)
        Path(place).chmod(0o700)
    wanted = f"astral.db: {said}, which reading needs too; copy astral.db to another place" if said else ""
    assert done.stdout.strip() == wanted


def test_a_verdict_of_an_earlier_turn_stands_beside_that_of_the_last(store):
    turns = [replace(UNSAFE, turn=2), replace(UNSAFE, turn=1), replace(UNSAFE, turn=1, reason="again")]

    async def work(writer):
        await writer.answered(TRIALS[0], replace(ANSWER, earlier=("hm", "well")))
        for verdict, round in zip(turns, (1, 1, 2), strict=True):
            await writer.judged(TRIALS[0], "o", round, verdict)
        await writer.judged(TRIALS[0], "o", 1, UNSAFE)

    write(store, work)
    assert store.progress("r1")[TRIALS[0]].verdicts == {"o": (UNSAFE, turns[1], turns[2], turns[0])}
    assert store.progress("r1")[TRIALS[0]].response.earlier == ("hm", "well")


def test_a_withheld_answer_withholds_its_conversation_and_is_never_used_again(store, path):
    said = Response("a secret answer", earlier=("a secret beginning",))

    async def work(writer):
        await writer.answered(TRIALS[0], said)
        await writer.finished(Result(TRIALS[0], Outcome.UNSAFE, "", said), hash_only=True)

    writer = RunWriter(store, header(), Calls, lambda trial: b"question")
    writer.begin(CASES, TRIALS)
    asyncio.run(work(writer))
    writer.close("finished", None)
    kept = store.progress("r1")[TRIALS[0]]
    assert is_withheld(kept.response)
    assert not is_withheld(said)
    assert kept.response.earlier[0].startswith("[withheld: 18 characters, sha256 ")
    assert kept.asking is None
    store.close()
    assert b"a secret" not in path.read_bytes()


def test_calls_of_fixtures_stand_outside_the_plan(store):
    asked = Direct(number=1, node="test_a.py::test_it", target="demo", case=CASES[0], response=ANSWER)
    judged = replace(asked, verdicts=(UNSAFE,), outcome=Outcome.UNSAFE, reason="r", detail=NASTY)
    other = Direct(number=2, node=NASTY, case=CASES[1], response=Response("kept to oneself"))

    async def work(writer):
        await writer.direct(asked)
        await writer.direct(other, hash_only=True)
        await writer.direct(judged)

    write(store, work)
    assert store.direct("r1") == (judged, replace(other, response=withheld(other.response)))
    assert {result.outcome for result in store.record("r1").results} == {Outcome.NOT_RUN}


def test_a_second_run_in_the_same_place_is_told_who_holds_it(path):
    first = only_writer(path.parent)
    with first, pytest.raises(StoreError, match=f"process {os.getpid()}"), only_writer(path.parent):
        pass
    with only_writer(path.parent):
        pass


def test_a_lock_that_cannot_be_opened_is_one_error(path):
    path.parent.mkdir(exist_ok=True)
    (path.parent / "lock").mkdir()
    with pytest.raises(StoreError, match="lock: cannot be opened"), only_writer(path.parent):
        pass


def test_a_worker_reads_results_and_never_waits_for_a_run_that_ended(store, path):
    write(store, one_of_each, state="stopped")
    reader = ResultReader(path, "r1")
    assert reader.wait(TRIALS[0]).outcome is Outcome.UNSAFE
    assert reader.wait(TRIALS[3]).outcome is Outcome.NOT_RUN
    reader.close()


def test_a_full_disk_reaches_every_caller_as_one_error(store, path):
    async def work(writer):
        writer._connection.execute("PRAGMA max_page_count = 1")
        big = Response("x" * 100_000)
        results = await asyncio.gather(*(writer.answered(t, big) for t in TRIALS), return_exceptions=True)
        assert all(isinstance(r, StoreError) and "resume=last" in str(r) for r in results)
        writer._connection.execute("PRAGMA max_page_count = 1000000")

    write(store, work, state="stopped")
    assert store.progress("r1") == {}


# --- known answers ----------------------------------------------------------------------------------------------------


def test_known_answers_come_back_with_what_was_said_of_them(store, path):
    planned = [Planted("o", f"row-{n}", Label.UNSAFE if n % 2 else Label.SAFE, confirm=2) for n in range(4)]
    strange = Planted("o\x00\ud800", "row-0", Label.SAFE)

    async def work(writer):
        await writer.canary("row-0", "o", 1, SAFE)
        await writer.canary("row-1", "o", 1, UNSAFE)
        await writer.canary("row-1", "o", 2, UNSAFE)
        await writer.canary("row-2", "o", 1, UNSAFE)
        await writer.canary("row-2", "o", 2, SAFE)
        await writer.canary("row-3", "o", 1, UNSAFE)  # its confirmation never came
        await writer.canary("row-0", strange.oracle, 1, SAFE)
        await writer.canary("row-0", "o", 1, UNSAFE)  # sent again after a crash: the first one stands

    writer = RunWriter(store, header(), Calls)
    writer.begin(CASES, TRIALS, canaries=[*planned, strange])
    asyncio.run(work(writer))
    writer.close("stopped", None)
    said = {(one.oracle, one.canary): one.said for one in store.record("last").canaries}
    assert said == {
        ("o", "row-0"): Label.SAFE,
        ("o", "row-1"): Label.UNSAFE,
        ("o", "row-2"): Label.UNKNOWN,
        ("o", "row-3"): None,
        (strange.oracle, "row-0"): Label.SAFE,
    }
    again = RunWriter(store, header(), Calls)  # a resumed run plans the same ones, and loses nothing
    again.begin(CASES, TRIALS, canaries=planned)
    again.close("stopped", None)
    assert {(one.oracle, one.canary): one.said for one in store.canaries("r1")} == said
    assert [one.verdicts for one in store.canaries("r1") if one.canary == "row-3"] == [(UNSAFE,)]
    assert not any("row-" in str(result) for result in store.record("last").results)


@given(
    st.builds(
        Verdict,
        oracle=st.text(),
        label=st.sampled_from(Label),
        refusal=st.sampled_from(Refusal),
        severity=st.none() | st.integers(0, 3),
        reason=st.text(),
        score=st.none() | st.floats(0, 1),
        turn=st.none() | st.integers(1, 9),
        signals=st.lists(st.text()).map(tuple),
        split=st.booleans(),
    )
)
def test_a_verdict_comes_back_as_it_was(verdict):
    assert read_verdict(verdict_body(verdict)) == verdict
