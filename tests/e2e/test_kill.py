"""Runs that are killed, interrupted or ended by a signal, and what ``resume=last`` makes of them."""

import hashlib
import os
import random
import re
import shutil
import signal
import sys
import threading
from collections import Counter
from dataclasses import replace

import pytest
from desks import PREFLIGHT, SMALL, Desk, Scripted, asked

from astral.testing.behaviour import MARKER, REFUSAL, judge_answer, response_data, user_text
from astral.testing.replies import completion
from astral.testing.server import LocalServer

pytestmark = pytest.mark.slow

RUN = ("--astral", f"target=gpt-4 oracle=llm:judge canaries=0 {SMALL} report=json:out.json")
OVER_SUITE = ("--astral", "target=gpt-4 oracle=llm:judge canaries=0 report=json:out.json")
RESUME = ("--astral", "resume=last report=json:out.json")
SEED = 20
CASES = 24
STAGES = {
    "before the headers of an answer": ("gpt-4", "head"),
    "in the body of an answer": ("gpt-4", "half"),
    "after the last byte of an answer": ("gpt-4", "sent"),
    "when a judge is asked": ("judge", "asked"),
    "in the body of a verdict": ("judge", "half"),
    "after the last byte of a verdict": ("judge", "sent"),
}


def moments():
    """20 moments: stage, the n-th request of its model, concurrency. Three of each stage and two more; the first and
    the last request of each model are among them, the others are drawn.
    """
    rng = random.Random(SEED)
    places = [(stage, concurrency) for stage in STAGES for concurrency in (1, 4, 8)]
    places += [(rng.choice([*STAGES]), rng.choice((4, 8))) for _ in range(2)]
    ends = {0: 1, 4: CASES, 9: 1, 16: CASES}
    return [(at, stage, ends.get(at) or rng.randint(2, CASES - 1), many) for at, (stage, many) in enumerate(places)]


class Killer:
    """Answers a third of the cases unsafely, so that some are judged twice; kills its client at a moment."""

    def __init__(self, server, model="", at="", number=0):
        self._server, self._moment, self._at = server, (model, number), at
        self._counts = Counter()
        self.pid, self.started, self.killed = 0, threading.Event(), False
        self.before = None
        """How many requests came from the client that was killed."""

    def __call__(self, request, attempt):
        if user_text(request) in PREFLIGHT:
            if self.killed and self.before is None:
                self.before = len(self._server.requests) - 1
            return None
        model = request["model"]
        self._counts[model] += 1
        reply = replace(completion(answer(request), model=model), delay=0.002)
        if (model, self._counts[model]) != self._moment or self.killed:
            return reply
        if self._at == "asked":
            self._kill("asked")
        return replace(reply, watch=self._kill)

    def _kill(self, stage):
        if stage == self._at and not self.killed:
            assert self.started.wait(10)
            os.kill(self.pid, signal.SIGKILL)
            self.killed = True


def answer(request):
    if request["model"] == "judge":
        return judge_answer(response_data(request))
    key = hashlib.sha256(user_text(request).encode()).hexdigest()[:12]
    return f"{MARKER if int(key, 16) % 3 == 0 else REFUSAL} {key}"


def case_of(logged):
    """The case that a request is about, by the hash of its prompt: answers hold it."""
    if logged.model == "judge":
        return re.search("[0-9a-f]{12}", response_data(logged.body))[0]
    return hashlib.sha256(user_text(logged.body).encode()).hexdigest()[:12]


def by_case(requests, model):
    """How often each case was put to ``model``."""
    chosen = (logged for logged in requests if logged.model == model)
    return Counter(case_of(logged) for logged in chosen if user_text(logged.body) not in PREFLIGHT)


def table(desk):
    """Every case with its outcome and each verdict that was given."""
    cases = desk.results()["cases"]
    return {case["id"]: (case["outcome"], [(v["label"], v["severity"]) for v in case["verdicts"]]) for case in cases}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The suite, the table of a run that nobody killed, and how often it put each case to the judge."""
    with LocalServer() as server:
        server.script = Killer(server)
        desk = Desk(tmp_path_factory.mktemp("undisturbed"), server)
        assert desk.astral("generate", "safety.astral.jsonl", *SMALL.split()).code == 0
        assert desk.pytest(*OVER_SUITE, "--astral", "gate=none").code == 0
    found = table(desk)
    assert len(found) == CASES
    assert {outcome for outcome, _ in found.values()} == {"safe", "unsafe"}
    return desk.path / "safety.astral.jsonl", found, by_case(server.requests, "judge")


@pytest.mark.parametrize(("index", "stage", "number", "concurrency"), moments())
def test_kill_9_loses_nothing_and_repeats_only_what_was_in_flight(  # noqa: PLR0917
    desk, server, undisturbed, index, stage, number, concurrency
):
    suite, expected, judgings = undisturbed
    shutil.copy(suite, desk.path)
    server.script = killer = Killer(server, *STAGES[stage], number)
    child = desk.start(*OVER_SUITE, "--astral", f"gate=none concurrency={concurrency}")
    killer.pid = child.pid
    killer.started.set()
    out, _ = child.communicate(timeout=40)
    assert (child.returncode, killer.killed) == (-signal.SIGKILL, True), out
    assert not (desk.path / "out.json").exists()

    done = desk.pytest(*RESUME, "--astral", "gate=none")
    assert done.code == 0, done.text
    assert table(desk) == expected  # nothing is lost, no verdict doubled

    first = server.requests[: killer.before]
    asked_before, judged_before = by_case(first, "gpt-4"), by_case(first, "judge")
    unjudged = asked_before.keys() - judged_before.keys()  # a judge is asked about what is on disk only
    answers, verdicts = by_case(server.requests, "gpt-4"), by_case(server.requests, "judge")
    again = {case: count - 1 for case, count in answers.items() if count > 1}
    judged_again = verdicts - judgings
    sys.stdout.write(
        f"{index}: killed {stage}, request {number}, concurrency {concurrency}: {len(first)} requests before, "
        f"{len(unjudged)} answers not judged yet, {len(again)} asked again, {judged_again.total()} judged again\n"
    )
    assert len(answers) == CASES
    assert max(asked_before.values()) == 1
    assert again.keys() <= unjudged
    assert set(again.values()) <= {1}
    assert judgings <= verdicts
    assert set(judged_again.values()) <= {1}
    assert judged_again.keys() <= set(last_judged(first, concurrency))
    # target and judge share one endpoint, and a place there is given back when an answer or a verdict is on disk
    assert len(again) + judged_again.total() <= concurrency

    sent = len(server.requests)
    done = desk.pytest(*RESUME, "--astral", "gate=none")
    assert done.code == 0, done.text
    assert len(server.requests) == sent  # nothing is left to ask, so not even a preflight is sent
    assert table(desk) == expected


def last_judged(requests, count):
    asked = [logged for logged in requests if logged.model == "judge" and user_text(logged.body) not in PREFLIGHT]
    return [case_of(logged) for logged in asked[-count:]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_run_in_good_order(desk, server, number):
    """What was in flight is still taken in, a summary says what is missing, and resuming repeats nothing."""
    reached = threading.Event()

    def play(request, count):
        if request["model"] == "gpt-4" and count >= 10:
            reached.set()
            return replace(completion(REFUSAL), delay=0.3)  # two at a time: the rest would take 2 s and more
        return None

    server.script = Scripted(play)
    child = desk.start(*RUN, "--astral", "concurrency=2")
    assert reached.wait(40)
    child.send_signal(number)
    out, _ = child.communicate(timeout=40)
    assert child.returncode == pytest.ExitCode.INTERRUPTED
    assert "= astral =" in out
    assert "not_run" in out
    first = desk.totals()
    assert first["safe"] >= 9
    assert first["not_run"] >= 1
    assert sum(first.values()) == CASES

    server.script = None
    assert desk.pytest(*RESUME).code == 0
    assert desk.totals() == {"safe": CASES}
    assert set(Counter(asked(server, "gpt-4")).values()) == {1}
    assert set(Counter(asked(server, "judge")).values()) == {1}


# --- a run goes on only as it began -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A directory with a finished run of the embedded target and its suite."""
    desk = Desk(tmp_path_factory.mktemp("stored"))
    assert desk.astral("generate", "safety.astral.jsonl", *SMALL.split()).code == 0
    assert desk.pytest("--astral", "target=demo gate=none incomplete=100% confirm=1").code == 0
    return desk


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("fail_on=2", ("fail_on", "'1'", "'2'")),
        ("confirm=2", ("confirm", "'1'", "'2'")),
        ("target=gpt-4", ("target", "'demo'", "'gpt-4'")),
        ("temperature=0.5", ("temperature",)),
    ],
)
def test_a_changed_setting_is_refused_by_name(stored, setting, words):
    stored.pytest("--astral", f"resume=last {setting}").refused("resume=", "start a new run", *words)


def test_an_unknown_run_is_refused(stored):
    stored.pytest("--astral", "resume=20200101-000000-beef").refused("no run '20200101-000000-beef'", "known: ")


def test_a_changed_suite_is_refused(stored):
    suite = stored.path / "safety.astral.jsonl"
    kept = suite.read_bytes()
    try:
        assert stored.astral("generate", "safety.astral.jsonl", *SMALL.split(), "seed=9").code == 0
        stored.pytest("--astral", "resume=last").refused("safety.astral.jsonl has changed", "start a new run")
    finally:
        suite.write_bytes(kept)
    done = stored.pytest("--astral", "resume=last gate=none incomplete=100%")
    assert done.code == 0
    assert "planned 24" in done.out


def test_nothing_to_resume(offline_desk):
    offline_desk.pytest("--astral", "resume=last").refused("no run is stored here yet")
    assert not (offline_desk.path / ".astral").exists()
