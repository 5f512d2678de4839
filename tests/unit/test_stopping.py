"""An engine that is stopped: what was not asked yet is not asked, and what never ends is given up on demand."""

import asyncio
import threading

import pytest

from astral.engine import Engine, Loop
from astral.judging import Judging
from astral.model import Case, Cell, Label, Outcome, Response, Trial, Verdict

CELL = Cell((("category", "privacy"), ("style", "slang"), ("persuasion", "logical_appeal")))
CASES = {str(n): Case(str(n), CELL, (str(n),)) for n in range(4)}
TRIALS = [Trial(id, "t") for id in CASES]


class Ledger:
    """Takes what a RunWriter takes."""

    def __init__(self):
        self.outcomes = {}

    async def answered(self, trial, response, *, wait=True):
        pass

    async def judged(self, trial, oracle, round, verdict, *, wait=True):
        pass

    async def finished(self, result, *, hash_only=False):
        self.outcomes[result.trial] = result

    def stopping(self):
        pass


class Slow:
    """A target that says when it is asked, and answers when it is told to."""

    name = "slow"

    def __init__(self):
        self.asked, self.prompts = threading.Event(), []
        self.go = asyncio.Event()

    async def answer(self, case, repeat):
        self.prompts.append(case.prompt)
        self.asked.set()
        await self.go.wait()
        return Response("an answer", finish_reason="stop")


class Calm:
    name = "calm"

    async def judge(self, case, response):
        return Verdict("calm", Label.SAFE)


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.close()


def started(loop, target, **fields):
    engine = Engine(TRIALS, CASES, {"t": target}, Judging(oracles=[Calm()]), Ledger(), **fields)
    engine.start(loop)
    assert target.asked.wait(10)
    return engine


def test_what_waits_for_a_place_when_a_run_is_stopped_is_not_asked(loop):
    """Two trials are under way, and there is one place: the second one has begun, and nothing of it was sent."""
    target = Slow()
    engine = started(loop, target, lanes=2, concurrency=1)
    engine.halt()
    loop.soon(target.go.set)
    engine.stop()
    assert target.prompts == ["0"]
    assert [engine.wait(trial).outcome for trial in TRIALS] == [Outcome.SAFE, *[Outcome.NOT_RUN] * 3]


def test_giving_up_ends_the_wait_for_what_is_in_flight(loop):
    engine = started(loop, Slow(), lanes=2, concurrency=2)
    stopping = threading.Thread(target=engine.stop, args=(3600.0,), daemon=True)
    stopping.start()
    engine.give_up()
    engine.give_up()  # a second signal is no defect
    stopping.join(20)
    assert not stopping.is_alive()
    assert engine.failure == ""
    assert {engine.wait(trial).outcome for trial in TRIALS} == {Outcome.NOT_RUN}


def test_giving_up_before_and_after_a_run_does_nothing(loop):
    target = Slow()
    target.go.set()
    engine = Engine(TRIALS, CASES, {"t": target}, Judging(oracles=[Calm()]), Ledger())
    engine.give_up()
    engine.start(loop)
    assert {engine.wait(trial).outcome for trial in TRIALS} == {Outcome.SAFE}
    engine.stop()
    engine.give_up()


def test_a_loop_ends_what_goes_on_in_it():
    loop, began, ended = Loop(), threading.Event(), threading.Event()

    async def work():
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    loop.start(work())
    assert began.wait(10)
    loop.close()
    assert ended.is_set()
