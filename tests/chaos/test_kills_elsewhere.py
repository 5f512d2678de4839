"""``kill -9`` while a plan, a report, a judging or a suite is written: what was there stays, or all of it is new."""

import json
import re
import shutil
import signal
import stat
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from desks import PATIENCE, SMALL, Desk
from killing import CASES, Killer, Marksman, all_requests, judged_cases, table
from writer_server import WRITING, ScriptedWriter

from astral.store import Store
from astral.suite import read_suite
from astral.testing.replies import Reply, completion

CHILDREN = Path(__file__).parent / "children"
DEMO = ("--astral", "target=demo oracle=offline gate=none incomplete=100% report=json:out.json,html:out.html")
GO_ON = ("--astral", "resume=last incomplete=100% gate=none report=json:out.json,html:out.html")
DIED = -signal.SIGKILL


def dying(desk, moment, *arguments):
    """The child dies at ``KIND|WORD|N``; its code is 0 where it never comes to that."""
    env = {**desk.env, "PYTHONPATH": str(CHILDREN), "DIE_AT": moment}
    return desk.pytest("-p", "dying", *arguments, env=env)


def make_suite(desk):
    assert desk.astral("generate", "safety.astral.jsonl", *SMALL.split()).code == 0


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A directory with a suite, and the table of its run with the embedded target."""
    desk = Desk(tmp_path_factory.mktemp("finished"))
    make_suite(desk)
    done = desk.pytest(*DEMO)
    assert done.code == 0, done.text
    return desk.path, table(desk)


@pytest.fixture
def demo(finished, offline_desk):
    """A desk with the suite alone."""
    shutil.copy(finished[0] / "safety.astral.jsonl", offline_desk.path)
    return offline_desk


# --- a run that needs no network --------------------------------------------------------------------------------------

STATEMENTS = [
    "sql|CREATE TABLE|1",
    "sql|COMMIT|1",
    "sql|INSERT INTO runs|1",
    "sql|INSERT INTO trials|9",
    "sql|COMMIT|2",
    "sql|BEGIN IMMEDIATE|3",
    "sql|INSERT INTO answers|1",
    "sql|INSERT INTO verdicts|1",
    "sql|INSERT INTO trials (run, case_id, target, repeat, outcome|1",
    "sql|COMMIT|3",
    "sql|UPDATE runs SET state|1",
    "sql|UPDATE runs SET state|2",
]


@pytest.mark.parametrize("moment", STATEMENTS)
def test_kill_9_at_a_statement_of_the_store(demo, finished, counted, moment):
    """In the making of the store, in the plan, among the answers, at the end: the run is there whole, or not at all."""
    assert dying(demo, moment, *DEMO).code == DIED
    assert not (demo.path / "out.json").exists()
    with Store(demo.path / ".astral" / "astral.db") as store:
        assert store.damage() == ""
        planned = [len(store.trials(run)) for run in store.run_ids()]
    assert planned in ([], [CASES])
    done = demo.pytest(*(GO_ON if planned else DEMO))
    assert done.code == 0, done.text
    assert table(demo) == finished[1]
    counted("kills survived")


def test_kill_9_between_the_plan_and_the_first_request(desk, server, counted):
    """The plan is on disk before anything is sent: nothing was asked, and all of it is known to be missing."""
    make_suite(desk)
    run = ("--astral", "target=gpt-4 oracle=llm:judge canaries=0 preflight=off report=json:out.json")
    assert dying(desk, "socket.connect|127.0.0.1|1", *run).code == DIED
    assert server.requests == ()
    assert f"{CASES} not_run" in desk.astral("report", "last", "incomplete=100%").out
    done = desk.pytest("--astral", "resume=last preflight=off report=json:out.json")
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}
    assert server.count("gpt-4") == CASES == server.count("judge")
    counted("kills survived")


@pytest.mark.parametrize("name", ["out.json", "out.html"])
@pytest.mark.parametrize("moment", ["open|.{}.|1", "fsync||{}", "os.rename|.{}.|1", "after"])
def test_kill_9_while_a_report_is_written(demo, finished, counted, name, moment):
    """The old report or the new one, whole; what lies beside it is nobody else's to read and no report."""
    old = "an old report"
    for report in ("out.json", "out.html"):
        demo.write(report, old)
    is_first = name == "out.json"
    at = "fsync||2" if moment == "after" and is_first else "fsync||4" if moment == "after" else moment
    at = at.format((1 if is_first else 3) if "fsync" in at else name)
    assert dying(demo, at, *DEMO).code == DIED
    if moment == "after":
        assert (demo.path / name).read_text().strip().endswith("}" if is_first else "</html>")
    else:
        assert (demo.path / name).read_text() == old
    if not is_first:
        assert table(demo) == finished[1]
    for left in demo.path.glob(".out.*"):
        assert stat.S_IMODE(left.stat().st_mode) == 0o600
    done = demo.pytest(*GO_ON)
    assert done.code == 0, done.text
    assert table(demo) == finished[1]
    assert (demo.path / name).read_text() != old
    counted("kills survived")


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["in the body of a verdict", "between an answer and its judge"])
def test_kill_9_while_answers_are_judged_again(desk, server, counted, stage):
    """Killed three times over: no target is asked, every verdict on disk is kept, and the table is the same."""
    judge = ("judge", "oracle=llm:judge", "confirm=2", "canaries=0", "gate=none", "concurrency=4")
    server.script = killer = Killer()
    make_suite(desk)
    first = desk.pytest("--astral", "target=gpt-4 oracle=offline gate=none incomplete=100%")
    assert first.code == 0, first.text
    done = desk.astral(*judge, "report=json:out.json")
    assert done.code == 0, done.text
    expected, judgings = table(desk), judged_cases(server.requests)
    sent = len(server.requests)

    server.script = killer = Killer()
    source = run_ids(desk)[1]
    for number in (2, 9, 17):
        killer.aim(stage, number)
        words = ("judge", "resume=last", "gate=none", "concurrency=4") if number > 2 else (judge[0], source, *judge[1:])
        child = desk.start_command(*words)
        killer.at(child.pid)
        out, _ = child.communicate(timeout=PATIENCE)
        assert (child.returncode, killer.killed) == (DIED, True), out
    done = desk.astral("judge", "resume=last", "gate=none", "report=json:out.json")
    assert done.code == 0, done.text
    assert table(desk) == expected
    repeated = judged_cases(server.requests[sent:]) - judgings
    assert repeated.total() <= 3 * 4
    assert judgings <= judged_cases(server.requests[sent:])
    assert server.count("gpt-4") == CASES + 1  # and the preflight
    counted("kills survived", 3)


def run_ids(desk):
    with Store(desk.path / ".astral" / "astral.db") as store:
        return store.run_ids()


@pytest.fixture(scope="module")
def shards(tmp_path_factory, finished):
    """A directory whose store has a run in two shards."""
    desk = Desk(tmp_path_factory.mktemp("shards"))
    shutil.copy(finished[0] / "safety.astral.jsonl", desk.path)
    for part in ("1/2", "2/2"):
        done = desk.pytest(*DEMO, "--astral", f"shard={part}")
        assert done.code == 0, done.text
    return desk.path


@pytest.mark.parametrize(
    "moment",
    ["sql|BEGIN|1", "sql|INSERT INTO runs|1", "sql|INSERT|3", "sql|INSERT|5", "sql|COMMIT|1", "open|.out.json.|1"],
)
def test_kill_9_while_shards_are_put_together(shards, finished, offline_desk, counted, moment):
    """The whole run or nothing of it, and its parts as they were."""
    shutil.copytree(shards / ".astral", offline_desk.path / ".astral")
    shutil.copy(shards / "safety.astral.jsonl", offline_desk.path)
    parts = run_ids(offline_desk)
    words = ("merge", *parts, "gate=none", "incomplete=100%", "report=json:out.json")
    died = dying_command(offline_desk, moment, *words)
    assert died.code == DIED, died.text
    found = run_ids(offline_desk)
    assert set(parts) <= set(found)
    assert len(found) == (3 if moment.startswith("open") else 2)
    done = offline_desk.astral(*words)
    assert done.code == 0, done.text
    assert table(offline_desk) == finished[1]
    counted("kills survived")


def dying_command(desk, moment, *words):
    env = {**desk.env, "PYTHONPATH": str(CHILDREN), "DIE_AT": moment}
    command = [sys.executable, "-m", "astral.cli", *words, "-p", "dying"]
    return desk.run(command, env=env)


# --- a suite that a model writes --------------------------------------------------------------------------------------


class Editor(Marksman):
    """A writer that kills its client at a stage of the n-th request for prompts."""

    def __init__(self):
        super().__init__()
        self._writer = ScriptedWriter()

    def __call__(self, request, attempt):
        said = self._writer(request, attempt)
        if WRITING not in request["messages"][0]["content"]:
            return said
        reply, number = said if isinstance(said, Reply) else completion(said), self._writer.written
        return replace(reply, watch=lambda stage: self.sees(stage, number))


def prompts_asked(requests):
    """The questions for prompts, without the markers that are drawn anew each time."""
    texts = (json.dumps(logged.body["messages"]) for logged in requests)
    return Counter(re.sub(r"[0-9a-f]{32}", "", text) for text in texts if WRITING in text)


@pytest.mark.parametrize("stage", ["head", "half", "sent"])
def test_kill_9_while_a_suite_is_written(desk, server, counted, stage):
    """What was paid for is in the journal: killed three times over, no more is asked again than was in flight."""
    words = ("generate", "out.astral.jsonl", f"writer=llm:some-model@{server.url}", "preset=smoke", "concurrency=2")
    server.script = editor = Editor()
    kept = 0
    for number in (1, 5, 9):
        editor.aim(stage, number)
        child = desk.start_command(*words, *SMALL.split()[1:])
        editor.at(child.pid)
        out, _ = child.communicate(timeout=PATIENCE)
        assert (child.returncode, editor.killed) == (DIED, True), out
        assert not (desk.path / "out.astral.jsonl").exists()
        rows = journal_rows(desk)
        assert kept <= rows
        kept = rows
    done = desk.astral(*words, *SMALL.split()[1:])
    assert done.code == 0, done.text
    assert len(read_suite(desk.path / "out.astral.jsonl").cases) == CASES
    asked = prompts_asked(all_requests(server))
    assert asked.total() - len(asked) <= 3 * 2
    assert not list((desk.path / ".astral" / "drafts").glob("*.jsonl"))
    counted("kills survived", 3)


def journal_rows(desk):
    return sum(path.read_bytes().count(b"\n") for path in (desk.path / ".astral" / "drafts").glob("*.jsonl"))


@pytest.mark.parametrize("moment", ["open|.out.astral.jsonl.|1", "os.rename|out.astral.jsonl|1"])
def test_kill_9_while_a_finished_suite_is_put_in_its_place(desk, server, counted, moment):
    """The file is whole or not there, and the journal goes only after it: nothing is asked for again."""
    words = ("generate", "out.astral.jsonl", f"writer=llm:some-model@{server.url}", "preset=smoke", *SMALL.split()[1:])
    server.script = ScriptedWriter()
    died = dying_command(desk, moment, *words)
    assert died.code == DIED, died.text
    assert not (desk.path / "out.astral.jsonl").exists()
    before = prompts_asked(server.requests)
    done = desk.astral(*words)
    assert done.code == 0, done.text
    assert prompts_asked(server.requests) == before
    assert len(read_suite(desk.path / "out.astral.jsonl").cases) == CASES
    counted("kills survived")
