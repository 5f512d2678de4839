"""The store against a dictionary: whatever is planned, answered, judged, killed, resumed and labelled, in any order.

A kill is a copy of the files at a moment: what a process that is gone has left. What was acknowledged is in it; of what
waited for its commit there is all of a group or nothing (N1, N10). A final outcome, an answer and a verdict stay as
they were first written (N2, N4); the plan is there from the beginning (N5); costs add up (N6); a run in pieces is a run
in one piece (N8); and there is one writer.
"""

import asyncio
import copy
import json
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from astral.errors import StoreError
from astral.model import Calls, Case, Cell, Label, Outcome, Refusal, Response, Result, Run, Trial, Usage, Verdict
from astral.store import (
    Direct,
    Labelling,
    Planted,
    RunWriter,
    Store,
    counting_labels,
    exchange_key,
    label_histories,
    only_writer,
    store_directory,
    withheld,
    write_label,
)

EXAMPLES, STEPS = 200, 40
CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
TEXTS = st.text(st.characters(codec=None) | st.sampled_from("\x00\ud800\udfff\u2028\x85'\"%{"), max_size=12)
CASES = [Case(f"c{number}", CELL, (f"Placeholder {number} \x00\ud83d",), {"writer": "\udc00"}) for number in range(4)]
TRIALS = [Trial(case.id, target, repeat) for case in CASES for target in ("demo", "t2") for repeat in (1, 2)]
ORACLES = ("o", "p\x00\ud800")
CANARIES = ("row-1", "row-2")
RUNS = ("r1", "r2", "r3")
FINAL = {Outcome.SAFE, Outcome.UNSAFE, Outcome.INCONCLUSIVE, Outcome.BLOCKED}
SOME = st.lists(st.sampled_from(TRIALS), min_size=1, max_size=6, unique=True)
VERDICTS = st.builds(
    Verdict,
    st.just("o"),
    st.sampled_from(Label),
    st.sampled_from(Refusal),
    st.none() | st.integers(0, 3),
    TEXTS,
    st.none() | st.floats(0, 1),
    turn=st.none() | st.integers(1, 2),
    signals=st.lists(TEXTS, max_size=2).map(tuple),
)
RESPONSES = st.builds(Response, TEXTS, TEXTS, st.sampled_from(["stop", "length"]),
                      st.none() | st.builds(Usage, st.integers(0, 9), st.none()), earlier=st.lists(TEXTS, max_size=2).map(tuple))  # fmt: skip  # noqa: E501


@dataclass
class Planned:
    """What the model knows of one run."""

    header: Run
    places: dict = field(default_factory=dict)
    answers: dict = field(default_factory=dict)
    verdicts: dict = field(default_factory=dict)
    outcomes: dict = field(default_factory=dict)
    canaries: dict = field(default_factory=dict)
    direct: dict = field(default_factory=dict)
    calls: int = 0


def header(id):
    return Run(id=id, started="2026-01-01T00:00:00Z", targets={"demo": "demo", "t2": "t\ud800"},
               matrix=(("category", ("privacy",)),), suite={"content": "abc", "path": "s\x00"})  # fmt: skip


class StoreAgainstModel(RuleBasedStateMachine):
    """``model`` is what was acknowledged, ``waiting`` the changes that nobody waits for and a kill may lose."""

    def __init__(self):
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.path = store_directory(self.place) / "astral.db"
        self.loop = asyncio.new_event_loop()
        self.model, self.labels, self.order = {}, [], []
        self.store = self.writer = self.run = self.lock = None
        self.readers = []
        self.kills = 0

    @initialize()
    def open(self):
        self.lock = only_writer(self.path.parent)
        self.lock.__enter__()
        self.store = Store(self.path, create=True)

    # --- a run begins, goes on, ends ----------------------------------------------------------------------------------

    @precondition(lambda self: self.writer is None)
    @rule(id=st.sampled_from(RUNS), trials=SOME, planted=st.booleans())
    def plan(self, id, trials, planted):
        """A new run, or one that goes on: its errors among these trials are asked again."""
        self.run = self.model.setdefault(id, Planned(header(id)))
        if id not in self.order:
            self.order.append(id)
        run = self.run
        self.writer = RunWriter(
            self.store, run.header, lambda: Calls(target=run.calls), lambda trial: trial.id.encode()
        )
        canaries = [Planted("o", name, Label.UNSAFE, confirm=2) for name in CANARIES] if planted else []
        self.writer.begin(CASES, trials, place=TRIALS.index, canaries=canaries)
        for trial in trials:
            run.places.setdefault(trial, TRIALS.index(trial))
            if trial in run.outcomes and run.outcomes[trial].outcome not in FINAL:
                del run.outcomes[trial]
        for one in canaries:
            run.canaries.setdefault(one.canary, ())

    @precondition(lambda self: self.writer is not None)
    @rule(state=st.sampled_from(["finished", "stopped"]))
    def end(self, state):
        self.writer.close(state, "2026-01-01T00:01:00Z")
        assert self.store.state(self.run.header.id) == state
        self.writer = self.run = None

    @precondition(lambda self: self.writer is None)
    @rule()
    def reopen(self):
        self._close()
        self.open()

    # --- what a run writes --------------------------------------------------------------------------------------------

    def _do(self, work):
        return self.loop.run_until_complete(work)

    @precondition(lambda self: self.run is not None and self.run.places)
    @rule(response=RESPONSES, which=st.integers(0, 99))
    def answer(self, response, which):
        trial = self._trial(which)
        self.run.calls += 1
        self._do(self.writer.answered(trial, response))
        self.run.answers.setdefault(trial, response)

    @precondition(lambda self: self.run is not None and self.run.answers)
    @rule(verdict=VERDICTS, oracle=st.sampled_from(ORACLES), round=st.integers(1, 2), which=st.integers(0, 99))
    def verdict(self, verdict, oracle, round, which):
        trial = sorted(self.run.answers)[which % len(self.run.answers)]
        verdict = replace(verdict, oracle=oracle)
        self._do(self.writer.judged(trial, oracle, round, verdict))
        self.run.verdicts.setdefault((trial, oracle, verdict.turn or 0, round), verdict)

    @precondition(lambda self: self.run is not None and self.run.places)
    @rule(outcome=st.sampled_from(Outcome), reason=TEXTS, detail=TEXTS, hidden=st.booleans(), which=st.integers(0, 99))
    def outcome(self, outcome, reason, detail, hidden, which):
        trial = self._trial(which)
        response = self.run.answers.get(trial)
        one = Result(trial, outcome, reason, response, detail=detail)
        self._do(self.writer.finished(one, hash_only=hidden))
        if trial not in self.run.outcomes or self.run.outcomes[trial].outcome not in FINAL:
            self.run.outcomes[trial] = one
        if hidden and response is not None:
            self._hide(trial, response)

    def _hide(self, trial, response):
        """In every run that has the same answer to the same question."""
        if not response.text.startswith("[withheld"):
            for run in self.model.values():
                if run is self.run or run.answers.get(trial) == response:
                    run.answers[trial] = withheld(run.answers[trial])

    @precondition(lambda self: self.run is not None and self.run.canaries)
    @rule(verdict=VERDICTS, name=st.sampled_from(CANARIES), round=st.integers(1, 2))
    def canary(self, verdict, name, round):
        said = self.run.canaries[name]
        if round <= len(said) + 1:  # an oracle is asked once more only after it was asked
            self._do(self.writer.canary(name, "o", round, verdict))
            if round == len(said) + 1:
                self.run.canaries[name] = (*said, verdict)

    @precondition(lambda self: self.run is not None)
    @rule(number=st.integers(1, 3), response=RESPONSES, node=TEXTS, verdict=VERDICTS, outcome=st.sampled_from(Outcome))
    def direct_call(self, number, response, node, verdict, outcome):
        call = Direct(number=number, node=node, case=CASES[0], target="demo", response=response, verdicts=(verdict,),
                      outcome=outcome)  # fmt: skip
        self._do(self.writer.direct(call))
        self.run.direct[number] = call

    @precondition(lambda self: self.writer is None)
    @rule(case=st.sampled_from(CASES), answer=TEXTS, label=st.sampled_from([*Label, None]), who=st.sampled_from(["a", "b\ud800"]),  # noqa: E501
          note=TEXTS, second=st.integers(0, 9))  # fmt: skip
    def label(self, case, answer, label, who, note, second):  # noqa: PLR0917
        one = Labelling(
            exchange_key(case, Response(answer)), label, who, f"2026-01-01T00:00:0{second}Z", "r1", TRIALS[0], note
        )
        self.lock.__exit__(None, None, None)
        try:
            self.labels.append(write_label(self.path, one))
        finally:
            self.lock = only_writer(self.path.parent)
            self.lock.__enter__()

    # --- kills --------------------------------------------------------------------------------------------------------

    @rule(settle=st.booleans())
    def kill(self, settle):
        """Everything that was acknowledged is in what is left; with ``settle`` the log is taken in first, as by a
        viewer.
        """
        self._killed(self._left())
        if settle:
            with sqlite3.connect(self.path) as viewer:
                viewer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            viewer.close()
        self.open()

    @precondition(lambda self: self.run is not None and self.run.places)
    @rule(responses=st.lists(RESPONSES, min_size=1, max_size=4), outcome=st.sampled_from([*FINAL]))
    def kill_with_a_group_that_waits(self, responses, outcome):
        """The writer waits behind a viewer, and dies: nothing of the group is there. A second life has all of it."""
        viewer = sqlite3.connect(self.path, isolation_level=None)
        viewer.execute("BEGIN IMMEDIATE")
        pairs = list(zip(sorted(self.run.places), responses, strict=False))

        async def hand_over():
            both = [asyncio.ensure_future(self.writer.answered(*pair)) for pair in pairs]
            both += [asyncio.ensure_future(self.writer.finished(Result(pairs[-1][0], outcome, "", pairs[-1][1])))]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            left = self._left()
            viewer.execute("ROLLBACK")
            await asyncio.gather(*both)
            return left

        left = self._do(hand_over())
        viewer.close()
        before = copy.deepcopy(self.model)
        for trial, response in pairs:
            self.run.answers.setdefault(trial, response)
        self.run.outcomes.setdefault(pairs[-1][0], Result(pairs[-1][0], outcome, "", pairs[-1][1]))
        if self.run.outcomes[pairs[-1][0]].outcome not in FINAL:
            self.run.outcomes[pairs[-1][0]] = Result(pairs[-1][0], outcome, "", pairs[-1][1])
        self.agrees()
        self.model = before
        self._killed(left)
        self.open()

    def _left(self):
        """The files as they are now: what a kill at this moment would leave."""
        left = Path(tempfile.mkdtemp(dir=self.place))
        for name in ("astral.db", "astral.db-wal"):
            if (self.path.parent / name).exists():
                shutil.copyfile(self.path.parent / name, left / name)
        return left

    def _killed(self, left):
        """Go on with what is left, as the next process does."""
        if self.writer is not None:
            self.writer.close("stopped", None)
        self._close()
        for name in ("astral.db", "astral.db-wal", "astral.db-shm"):
            (self.path.parent / name).unlink(missing_ok=True)
            if (left / name).exists():
                shutil.move(left / name, self.path.parent / name)
        left.rmdir()
        self.writer = self.run = None
        self.kills += 1

    # --- others -------------------------------------------------------------------------------------------------------

    @rule()
    def second_writer(self):
        with (
            pytest.raises(StoreError, match=f"in use by another run .process {os.getpid()}"),
            only_writer(self.path.parent),
        ):
            pass
        if self.order:
            one = Labelling("key", Label.SAFE, "a", "2026-01-01T00:00:00Z", "r1", TRIALS[0])
            with pytest.raises(StoreError, match="in use by another run"):
                write_label(self.path, one)

    @precondition(lambda self: len(self.readers) < 2)
    @rule()
    def reader_comes(self):
        self.readers.append(Store(self.path))

    @precondition(lambda self: self.readers)
    @rule()
    def reader_goes(self):
        self.readers.pop(0).close()

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def agrees(self):
        for store in (self.store, *self.readers):
            if store is not None:
                self._agrees(store)

    def _agrees(self, store):
        assert store.run_ids() == self.order[::-1]
        for id, run in self.model.items():
            self._run_agrees(store, id, run)
        found = label_histories(store)
        assert Counter(len(history) for history in found.values()).total() == len({one.exchange for one in self.labels})
        assert sorted(map(repr, self.labels)) == sorted(repr(one) for history in found.values() for one in history)
        assert all(counting_labels(store)[key] in found[key] for key in counting_labels(store))

    def _run_agrees(self, store, id, run):
        record = store.record(id)
        assert record.run.settings == {}
        assert record.run.targets == run.header.targets
        assert record.run.calls.target >= 0
        assert [one.trial for one in record.results] == sorted(run.places, key=run.places.__getitem__)
        assert set(store.unfinished(id)) == {
            trial for trial in run.places if trial not in run.outcomes or run.outcomes[trial].outcome not in FINAL
        }
        by_trial = {}
        for (trial, *_), verdict in sorted(run.verdicts.items(), key=lambda item: (item[0][0], _stored(item[0]))):
            by_trial.setdefault(trial, []).append(verdict)
        for one in record.results:
            planned = run.outcomes.get(one.trial)
            assert one.outcome is (planned.outcome if planned else Outcome.NOT_RUN)
            assert (one.reason, one.detail) == ((planned.reason, planned.detail) if planned else ("", ""))
            assert one.response == run.answers.get(one.trial)
            assert one.verdicts == tuple(by_trial.get(one.trial, ()))
        assert {one.canary: one.verdicts for one in store.canaries(id)} == run.canaries
        assert {call.number: call for call in store.direct(id)} == run.direct
        assert record.cases == {case.id: case for case in CASES if any(t.case_id == case.id for t in run.places)}

    def _trial(self, which):
        return sorted(self.run.places)[which % len(self.run.places)]

    def _close(self):
        for reader in self.readers:
            reader.close()
        self.readers = []
        if self.store is not None:
            self.store.close()
            self.store = None
        if self.lock is not None:
            self.lock.__exit__(None, None, None)
            self.lock = None

    def teardown(self):
        if self.writer is not None:
            self.writer.close("stopped", None)
        self._close()
        self.loop.close()
        shutil.rmtree(self.place)
        StoreAgainstModel.killed += self.kills

    killed = 0


def _stored(key):
    """The order in which verdicts of one trial stand: by the stored form of the oracle's name."""
    _, oracle, turn, round = key
    return json.dumps(oracle), turn, round


def test_the_store_is_the_dictionary(counted):
    kept = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    StoreAgainstModel.killed = 0
    run_state_machine_as_test(StoreAgainstModel, settings=kept)
    assert StoreAgainstModel.killed > EXAMPLES
    counted("kills survived", StoreAgainstModel.killed)
