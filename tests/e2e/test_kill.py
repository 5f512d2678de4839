"""Runs that are killed, interrupted or ended by a signal, and what ``resume=last`` makes of them.

The sweep over every request is in tests/chaos/test_kills.py.
"""

import signal
import threading
from collections import Counter
from dataclasses import replace

import pytest
from desks import SMALL, Desk, Scripted, asked
from killing import CASES, Chain, undisturbed_run

from astral.testing.behaviour import REFUSAL
from astral.testing.replies import completion

pytestmark = pytest.mark.slow

RUN = ("--astral", f"target=gpt-4 oracle=llm:judge canaries=0 {SMALL} report=json:out.json")
RESUME = ("--astral", "resume=last report=json:out.json")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return undisturbed_run(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize(
    ("stage", "number", "concurrency"),
    [
        ("in the body of an answer", 1, 1),
        ("after the last byte of an answer", 9, 4),
        ("between an answer and its judge", 14, 8),
    ],
)
def test_kill_9_loses_nothing_and_repeats_only_what_was_in_flight(  # noqa: PLR0917
    desk, server, undisturbed, stage, number, concurrency
):
    chain = Chain(desk, server, undisturbed, concurrency)
    chain.killed(stage, number)
    chain.finished()
    chain.nothing_is_left()


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
