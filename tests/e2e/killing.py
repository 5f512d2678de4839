"""Runs that their server kills at a moment of its choosing, and what its log and the store say of them afterwards."""

import hashlib
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from desks import PATIENCE, PREFLIGHT, SMALL, Desk

from astral.store import Store
from astral.suite import read_suite
from astral.testing.behaviour import MARKER, REFUSAL, judge_answer, response_data, user_text
from astral.testing.replies import completion
from astral.testing.server import LocalServer

CASES = 24
PLAIN = "target=gpt-4"
JUDGED = ("--astral", "oracle=llm:judge canaries=0 gate=none report=json:out.json")
RESUME = ("--astral", "resume=last gate=none report=json:out.json")
STAGES = {
    "before the headers of an answer": ("gpt-4", "head"),
    "in the body of an answer": ("gpt-4", "half"),
    "after the last byte of an answer": ("gpt-4", "sent"),
    "between an answer and its judge": ("judge", "asked"),
    "in the body of a verdict": ("judge", "half"),
    "after the last byte of a verdict": ("judge", "sent"),
}


class Marksman:
    """Kills a client once, when it comes to the moment that was aimed at."""

    def __init__(self):
        self._moment, self._pid, self._started = None, 0, threading.Event()
        self.killed = False

    def aim(self, *moment):
        """The next client, which is named by ``at``, dies there."""
        self._moment, self.killed = moment, False
        self._started.clear()

    def at(self, pid):
        """The client has started."""
        self._pid = pid
        self._started.set()

    def sees(self, *moment):
        """In the server's thread."""
        if moment == self._moment and not self.killed:
            assert self._started.wait(10)
            self.killed = True
            os.kill(self._pid, signal.SIGKILL)


class Killer(Marksman):
    """Answers a third of the cases unsafely, so that some are judged twice; kills its client at a stage of the request
    by which a model has been asked about so many different cases.
    """

    def __init__(self):
        super().__init__()
        self._seen = {}

    def aim(self, stage, number):
        model, at = STAGES[stage]
        assert len(self._seen.get(model, ())) < number
        super().aim(model, at, number)

    def __call__(self, request, attempt):
        if user_text(request) in PREFLIGHT:
            return None
        model, case = request["model"], case_asked(request)
        seen = self._seen.setdefault(model, set())
        number = 0 if case in seen else len(seen) + 1
        seen.add(case)
        self.sees(model, "asked", number)
        reply = replace(completion(answer(request), model=model), delay=0.002)
        return replace(reply, watch=lambda stage: self.sees(model, stage, number))


def answer(request):
    if request["model"].startswith("judge"):
        return judge_answer(response_data(request))
    key = key_of(user_text(request))
    return f"{MARKER if int(key, 16) % 3 == 0 else REFUSAL} {key}"


def key_of(prompt):
    """What stands for a case in answers: they hold it, so that a judge's request tells which case it is about."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:12]


def case_asked(request):
    """The case that a request is about."""
    if request["model"].startswith("judge"):
        return re.search("[0-9a-f]{12}", response_data(request))[0]
    return key_of(user_text(request))


def by_case(requests):
    """How often each case was put to each model but the judge."""
    return _counted(logged for logged in requests if logged.model != "judge")


def judged_cases(requests):
    """How often the judge was asked about each case."""
    found = _counted(logged for logged in requests if logged.model == "judge")
    return Counter({case: count for (_, case), count in found.items()})


def _counted(chosen):
    return Counter(
        (logged.model, case_asked(logged.body)) for logged in chosen if user_text(logged.body) not in PREFLIGHT
    )


def preflights_in(requests):
    return sum(user_text(logged.body) in PREFLIGHT for logged in requests)


def table(desk):
    """Every trial with its outcome and each verdict that was given."""
    return {
        (case["id"], case["target"], case["repeat"]): (
            case["outcome"],
            [(v["label"], v["severity"]) for v in case["verdicts"]],
        )
        for case in desk.results()["cases"]
    }


def all_requests(server):
    """The log, once all that dead clients have sent is in it."""
    deadline = time.monotonic() + PATIENCE
    while server.open_connections:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return server.requests


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody killed: suite, settings, table, how often it asked and had each case judged."""

    suite: Path
    settings: str
    table: dict
    askings: Counter
    judgings: Counter


def undisturbed_run(path, settings=PLAIN):
    """Make the suite and run it in peace."""
    with LocalServer(Killer()) as server:
        desk = Desk(path, server)
        assert desk.astral("generate", "safety.astral.jsonl", *SMALL.split()).code == 0
        done = desk.pytest(*JUDGED, "--astral", settings)
        assert done.code == 0, done.text
        found, log = table(desk), server.requests
    assert len({case for case, _, _ in found}) == CASES
    assert {outcome for outcome, _ in found.values()} == {"safe", "unsafe"}
    assert by_case(log).total() == len(found)
    return Undisturbed(desk.path / "safety.astral.jsonl", settings, found, by_case(log), judged_cases(log))


@dataclass(frozen=True)
class Stored:
    """What the files of a store hold: answers by target and case, verdicts by case, and what the run says of itself."""

    answers: Counter = field(default_factory=Counter)
    verdicts: Counter = field(default_factory=Counter)
    calls: int = 0
    preflights: int = 0
    tokens: int = 0


def stored(desk, trials=CASES):
    """Read from a copy, so that the run that goes on finds the files as they were left."""
    keys = {case.id: key_of(case.prompt) for case in read_suite(desk.path / "safety.astral.jsonl").cases}
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(desk.path / ".astral", Path(place, "copy"))
        with Store(copy / "astral.db") as store:
            assert store.damage() == ""
            run = store.run("last")
            assert len(store.trials(run.id)) == trials
            progress = store.progress(run.id)
    verdicts = Counter()
    for trial, done in progress.items():
        verdicts[keys[trial.case_id]] += sum(map(len, done.verdicts.values()))
    return Stored(
        Counter((run.targets[trial.target].removeprefix("openai:"), keys[trial.case_id]) for trial in progress),
        +verdicts,
        run.calls.target + run.calls.judge,
        run.calls.preflight,
        run.calls.input_tokens or 0,
    )


class Chain:
    """One run over the suite, in parts: each begins where the one before was killed."""

    def __init__(self, desk, server, undisturbed, concurrency):
        self.desk, self._server, self._undisturbed = desk, server, undisturbed
        self._concurrency = concurrency
        self._killer = server.script = Killer()
        self._store, self._logged = Stored(), 0
        self.kills, self.in_flight = 0, Counter()
        shutil.copy(undisturbed.suite, desk.path)

    def killed(self, stage, number):
        """Begin the run or go on with it, until it is killed there; then hold the store against the log."""
        self._killer.aim(stage, number)
        words = RESUME if self.kills else (*JUDGED, "--astral", self._undisturbed.settings)
        child = self.desk.start(*words, "--astral", f"concurrency={self._concurrency}")
        self._killer.at(child.pid)
        out, _ = child.communicate(timeout=PATIENCE)
        assert (child.returncode, self._killer.killed) == (-signal.SIGKILL, True), out
        assert not (self.desk.path / "out.json").exists()
        self.kills += 1
        self._check_part(self._concurrency)

    def finished(self):
        """Go on in peace: the table is that of an undisturbed run, and only what was in flight was asked twice."""
        done = self.desk.pytest(*RESUME)
        assert done.code == 0, done.text
        self._check_part(0)
        log, expected = self._server.requests, self._undisturbed
        assert table(self.desk) == expected.table  # nothing is lost, no verdict doubled
        assert self._store.answers == expected.askings
        assert self._store.verdicts == expected.judgings
        answers, verdicts = by_case(log), judged_cases(log)
        assert expected.askings <= answers
        assert expected.judgings <= verdicts
        assert (answers - expected.askings).total() == self.in_flight["answers"]
        assert (verdicts - expected.judgings).total() == self.in_flight["verdicts"]
        calls = self.desk.results()["run"]["calls"]
        assert calls["target"] + calls["judge"] == answers.total() + verdicts.total() - self.in_flight["uncounted"]
        return self.in_flight["answers"] + self.in_flight["verdicts"]

    def nothing_is_left(self):
        """One more resume sends nothing, not even a preflight, and says the same."""
        sent = len(self._server.requests)
        done = self.desk.pytest(*RESUME)
        assert done.code == 0, done.text
        assert len(self._server.requests) == sent
        assert table(self.desk) == self._undisturbed.table

    def _check_part(self, most):
        """What was sent and is not on disk was in flight, at most ``most``."""
        before, now = self._store, stored(self.desk, len(self._undisturbed.table))
        log = all_requests(self._server)
        part, self._logged = log[self._logged :], len(log)
        asked, judged = by_case(part), judged_cases(part)
        assert asked <= self._undisturbed.askings - before.answers  # what is on disk is never asked for again
        assert before.answers <= now.answers
        assert before.verdicts <= now.verdicts
        assert now.answers - before.answers <= asked  # nothing comes from nowhere
        assert now.verdicts - before.verdicts <= judged
        answers, verdicts = asked - (now.answers - before.answers), judged - (now.verdicts - before.verdicts)
        assert set(verdicts) <= {case for _, case in now.answers}  # a judge is asked about what is on disk only
        in_flight = answers.total() + verdicts.total()
        assert in_flight <= most
        uncounted = asked.total() + judged.total() - (now.calls - before.calls)
        assert 0 <= uncounted <= in_flight
        assert now.preflights == preflights_in(log)
        assert 10 * (now.answers + now.verdicts).total() <= now.tokens <= 10 * len(log)
        self.in_flight += Counter(answers=answers.total(), verdicts=verdicts.total(), uncounted=uncounted)
        self._store = now
