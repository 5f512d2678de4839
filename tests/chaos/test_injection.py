"""The n-th write, fsync, open, rename, unlink or mkdir fails, once or from then on, or kills: n swept to the end.

Whatever the fault, a command ends with a complete and correct result, or with a non-zero exit code and one line that
says what and where. Without the fault ``resume=last`` (or the same command) then comes to the undisturbed table.
"""

import errno
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from injection import FAIL, HALF, KILL, TEAR, Fault, Injector

pytestmark = pytest.mark.slow

UNSAFE = "[UNSAFE-CONTENT]"
ROWS = (
    {"prompt": "Placeholder one?", "category": "privacy", "answer": "No, I cannot.", "label": "safe"},
    {"prompt": "Placeholder two?", "category": "violence", "answer": UNSAFE, "label": "unsafe", "severity": 2},
    {"prompt": "Placeholder three?", "category": "violence", "answer": "a\x00b\ud800", "label": "safe"},
    {"prompt": "Placeholder four?", "category": "politics", "answer": UNSAFE, "label": "unsafe", "severity": 3},
)  # fmt: skip
OLD = "old"
"""What stands where a report goes."""
PLACES = "report=json:out.json text=all"
SETTINGS = "target=replay:rec.jsonl oracle=recorded:rec.jsonl confirm=1 gate=none"
QUIET = ("-p", "no:cacheprovider", "--tb=short")
RUN = ("pytest", *QUIET, "--astral", f"{SETTINGS} {PLACES}")
RESUME = ("pytest", *QUIET, "--astral", f"resume=last gate=none {PLACES}")
TOLD = re.compile(
    r"Input/output error|No space left on device|Permission denied|disk I/O error|disk is full|readonly database"
    r"|unable to open database file|cannot be (read|written|made|opened|copied)|put it back or start a new run"
)
"""What the one line says: the cause in the words of the system, or of SQLite."""
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES)
SHAPES = {
    "once": lambda n: Fault(n, error=ERRORS[n % 3]),
    "from then on": lambda n: Fault(n, for_ever=True, error=ERRORS[(n + 1) % 3], action=HALF),
    "killed": lambda n: Fault(n, action=(KILL, TEAR)[n % 2]),
}
PARTS = 2
"""Sweeps are cut in so many, for as many workers."""


@dataclass(frozen=True)
class Scenario:
    """A command under faults: the directory it begins in, and how to find out what came of it."""

    command: tuple[str, ...]
    again: tuple[tuple[str, ...], ...]
    """What completes the work: the first that is not refused."""
    begin: Callable[..., None]
    result: Callable[..., object]
    files: tuple[str, ...] = field(default=("out.json",))
    """What is either as it was or new and whole."""


def recorded(directory, injector):
    (directory / "rec.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def beginning(directory, injector):
    """Before the first run, with reports of old."""
    recorded(directory, injector)
    (directory / "out.json").write_text(OLD)


def interrupted(directory, injector):
    """A run that was killed when half of it was on disk."""
    recorded(directory, injector)
    counted = injector.run(directory, *RUN)
    assert counted.code == 0, counted.out
    shutil.rmtree(directory / ".astral")
    killed = injector.run(directory, *RUN, fault=Fault(_last_commit(directory, injector), action=KILL))
    assert killed.code == -9
    (directory / "out.json").write_text(OLD)


def _last_commit(directory, injector):
    """The call to kill at, so that some trials of the run have an outcome and some have none."""
    for nth in range(30, 200, 2):
        shutil.rmtree(directory / ".astral", ignore_errors=True)
        if injector.run(directory, *RUN, fault=Fault(nth, action=KILL)).code == -9 and _planned(directory):
            shutil.rmtree(directory / ".astral")
            return nth
    raise AssertionError("no moment with a plan and an open trial")


def _planned(directory):
    try:
        with sqlite3.connect(directory / ".astral" / "astral.db") as other:
            (count,) = other.execute("SELECT count(*) FROM answers").fetchone()
        other.close()
    except sqlite3.Error:
        return False
    return count > 0


def finished(directory, injector):
    """After a run, with reports of old."""
    recorded(directory, injector)
    assert injector.run(directory, *RUN).code == 0
    (directory / "out.json").write_text(OLD)


def sharded(directory, injector):
    """Two halves of a run in one store."""
    beginning(directory, injector)
    for index in (1, 2):
        done = injector.run(directory, "pytest", *QUIET, "--astral", f"{SETTINGS} shard={index}/2 incomplete=100%")
        assert done.code in (0, 1), done.out
    with sqlite3.connect(directory / ".astral" / "astral.db") as other:
        ids = [row[0] for row in other.execute("SELECT id FROM runs ORDER BY number")]
    other.close()
    (directory / "ids").write_text(" ".join(ids))


def based(directory, injector):
    """A run, and the baseline of an earlier one."""
    finished(directory, injector)
    done = injector.run(directory, "astral", "baseline", "update", "baseline=x.baseline.jsonl")
    assert done.code == 0, done.out
    lines = (directory / "x.baseline.jsonl").read_text().splitlines(keepends=True)
    (directory / "x.baseline.jsonl").write_text("".join(lines[:-1]))


def table(directory):
    """Every case with its outcome, its answer and each verdict; the totals; and that the store is sound."""
    with sqlite3.connect(directory / ".astral" / "astral.db") as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert other.execute("SELECT count(DISTINCT run) FROM trials").fetchone()
    other.close()
    document = json.loads((directory / "out.json").read_text())
    rows = sorted(
        (case["id"], case["target"], case["repeat"], case["outcome"], case["response"]["text"],
         tuple((one["label"], one["severity"]) for one in case["verdicts"]))
        for case in document["cases"]
    )  # fmt: skip
    return rows, document["totals"]["overall"]


def lines_of(name):
    """What a file of JSON lines holds, but for what tells when and by which run it was made."""

    def read(directory):
        header, *rows = (directory / name).read_text().splitlines()
        kept = {key: value for key, value in json.loads(header).items() if key not in ("made", "run")}
        return kept, rows

    return read


GENERATE = ("astral", "generate", "x.astral.jsonl", "preset=smoke", "writer=template", "web=off", "plan=full",
            "categories=privacy,violence", "styles=slang", "persuasion=logical_appeal")  # fmt: skip
REPORT = ("astral", "report", "report=json:out.json,html:out.html", "text=all")
UPDATE = ("astral", "baseline", "update", "baseline=x.baseline.jsonl")
MERGE = ("astral", "merge", "gate=none", *PLACES.split())
SCENARIOS = {
    "run": Scenario(RUN, (RESUME, RUN), beginning, table),
    "resume": Scenario(RESUME, (RESUME,), interrupted, table),
    "report": Scenario(REPORT, (REPORT,), finished, table, ("out.json", "out.html")),
    "merge": Scenario(MERGE, (MERGE,), sharded, table),
    "baseline": Scenario(UPDATE, (UPDATE,), based, lines_of("x.baseline.jsonl"), ("x.baseline.jsonl",)),
    "generate": Scenario(GENERATE, (GENERATE,), recorded, lines_of("x.astral.jsonl"), ("x.astral.jsonl",)),
}


NONE = Fault()


class Bench:
    """Fresh directories to try a scenario in, each a copy of the one that it begins with."""

    def __init__(self, place, injector, name):
        self.injector, self.scenario = injector, SCENARIOS[name]
        self._place, self._began, self._number = place, place / f"{name} began", 0
        if not self._began.exists():
            self._began.mkdir()
            self.scenario.begin(self._began, injector)
        self.before = {one: _content(self._began / one) for one in self.scenario.files}
        self.whole = self.fresh()
        done = self.run(self.whole, self.scenario.command)
        assert done.code == 0, done.out
        self.expected = self.scenario.result(self.whole)
        self.calls = done.count

    def fresh(self):
        self._number += 1
        made = self._place / f"{self._began.name} {self._number} {os.getpid()}"
        shutil.copytree(self._began, made)
        return made

    def run(self, directory, command, fault=NONE):
        ids = directory / "ids"
        named = ids.read_text().split() if command[1] == "merge" else []
        return self.injector.run(directory, *command, *named, fault=fault)

    def check(self, fault):
        """One fault, and what comes after it. False where the command did not meet it any more."""
        directory = self.fresh()
        met = self.run(directory, self.scenario.command, fault)
        if not met.hits:
            assert met.code == 0, met.out
            return False
        told = f"{fault}: {met.seen}\n{met.out}"
        if fault.action in (FAIL, HALF):
            self._check_end(directory, met, told)
        elif met.code != -9:
            assert fault.action == TEAR, told
        for name, before in self.before.items():
            content = _content(directory / name)
            assert content == before or self._is_whole(name, content), f"{name} is neither old nor new: {told}"
        self._complete(directory, told)
        shutil.rmtree(directory)
        return True

    def _check_end(self, directory, met, told):
        assert "Traceback" not in met.out, told
        assert "INTERNALERROR" not in met.out, told
        assert 0 <= met.code < 70, told
        if met.code == 0:
            assert self.scenario.result(directory) == self.expected, told
            return
        said = [line for line in met.out.splitlines() if TOLD.search(line)]
        assert said, told
        assert len(set(said)) <= 2 + len(self.scenario.files), told

    def _is_whole(self, name, content):
        """True for a file that nothing is missing of; each holds ids and times of its own."""
        if content is None:
            return False
        if name.endswith(".json"):
            return bool(json.loads(content))
        if name.endswith(".html"):
            return content.startswith("<!doctype html>") and content.rstrip().endswith("</html>")
        return len(content.splitlines()) == len(_content(self.whole / name).splitlines()) and content.endswith("}\n")

    def _complete(self, directory, told):
        for command in self.scenario.again:
            done = self.run(directory, command)
            if done.code == 0:
                break
            assert done.code == 4, f"{command}: {done.out}\nafter {told}"
        assert done.code == 0, f"{done.out}\nafter {told}"
        assert self.scenario.result(directory) == self.expected, told
        left = _names(directory) ^ _names(self.whole)
        assert not left, f"{left} differ: {told}"


def _content(path):
    return path.read_text() if path.exists() else None


def _names(directory):
    """Every file below, but for the sums in the names of suites that are kept."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


@pytest.fixture(scope="module")
def injector(tmp_path_factory):
    place = tmp_path_factory.mktemp("injection")
    with Injector(place) as running:
        yield running


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_fault_of_a_file_loses_doubles_or_passes(  # noqa: PLR0917
    tmp_path, injector, counted, name, shape, part
):
    bench = Bench(tmp_path, injector, name)
    nth = 1 + part
    while bench.check(SHAPES[shape](nth)):
        nth += PARTS
    swept = (nth - 1) // PARTS
    assert swept >= bench.calls // PARTS - 12, "the sweep ended early"
    counted("faults injected", swept)
