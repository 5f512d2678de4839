"""Files that are not as they were written: bytes flipped at every kind of place, cut off, missing, another's.

A store opens with what was committed, or says clearly that it does not; never with another verdict than was given, and
what is refused stays as it was.
"""

import asyncio
import os
import random
import shutil
import sqlite3
import time
from dataclasses import replace

import pytest

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
    store_directory,
    write_label,
)
from astral.store.place import SCHEMA

SEED = 7
DB, LOG = "astral.db", "astral.db-wal"
FLIPS = int(os.environ.get("ASTRAL_FLIPS", "2500"))
"""Of the store; an environment variable makes it more (0: every byte)."""
CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
CASES = [Case(f"c{number}", CELL, (f"Placeholder {number}?",), {"writer": "w"}) for number in range(5)]
TRIALS = [Trial(case.id, "demo", repeat) for case in CASES for repeat in (1, 2)]
UNSAFE = Verdict("o", Label.UNSAFE, Refusal.NONE, 2, "because", 0.75)
SAFE = Verdict("o", Label.SAFE, Refusal.FULL, 0, "because not")
UNKNOWN = Verdict("o", Label.UNKNOWN, Refusal.UNKNOWN, None, "a\x00b\ud800")
RUN = Run("r1", "2026-01-01T00:00:00Z", {"demo": "demo"}, (("category", ("privacy",)),),
          suite={"content": "abc", "path": "s"}, settings={"fail_on": "1"})  # fmt: skip
STEPS = (
    (UNSAFE, Outcome.UNSAFE),
    (SAFE, Outcome.SAFE),
    (UNKNOWN, Outcome.INCONCLUSIVE),
    (None, Outcome.BLOCKED),
    (None, Outcome.ERROR),
    (UNSAFE, Outcome.UNSAFE),
    (SAFE, Outcome.SAFE),
    (SAFE, None),
)
"""What comes of the trials one after the other; the rest is not begun."""


def seen(store):
    """All that can be read of a store."""
    if not store.run_ids():
        return None
    record = store.record("r1")
    return (
        record,
        store.progress("r1"),
        store.outcomes("r1"),
        store.planned("r1"),
        store.unfinished("r1"),
        store.canaries("r1"),
        store.direct("r1"),
        label_histories(store),
        counting_labels(store),
        store.counts(),
        store.state("r1"),
    )


def look(path):
    with Store(path) as store:
        return seen(store)


class Made:
    """A small store as a run left it (``closed``), as a kill left it (``killed``: with a log), and all between."""

    def __init__(self, place):
        home = store_directory(place)
        self.path, self.killed = home / "astral.db", place / "killed"
        with Store(self.path, create=True) as store, Store(self.path) as self._other:
            self.states = [None]
            asyncio.run(self._write(store))
        self.closed = place / "closed"
        self._copy(self.closed)
        label = Labelling(exchange_key(CASES[0], Response("[PLACEHOLDER]")), Label.SAFE, "a", "2026-01-01T00:00:09Z",
                          "r1", TRIALS[0])  # fmt: skip
        write_label(self.path, label)
        self._copy(self.closed)
        self.whole = look(self.path)

    async def _write(self, store):
        writer = RunWriter(store, RUN, lambda: Calls(target=7), lambda trial: trial.id.encode())
        writer.begin(CASES, TRIALS, canaries=[Planted("o", "row-1", Label.UNSAFE, confirm=2)])
        self._note()
        for trial, (verdict, outcome) in zip(TRIALS, STEPS, strict=False):
            if verdict is not None:
                await writer.answered(trial, Response(f"[PLACEHOLDER] {trial.id}", "m", "stop", Usage(3, 5), 0.5))
                self._note()
                await writer.judged(trial, "o", 1, verdict)
                self._note()
            if outcome is not None:
                await writer.finished(Result(trial, outcome, "a reason" if verdict is None else ""))
                self._note()
        await writer.canary("row-1", "o", 1, UNSAFE)
        self._note()
        call = Direct(number=1, node="test_a.py::test", target="demo", case=CASES[0], response=Response("x"))
        await writer.direct(replace(call, verdicts=(UNSAFE,), outcome=Outcome.UNSAFE))
        self._note()
        self._copy(self.killed)
        writer.close("stopped", "2026-01-01T00:01:00Z")

    def _note(self):
        self.states.append(seen(self._other))

    def _copy(self, place):
        place.mkdir(exist_ok=True)
        for name in ("astral.db", "astral.db-wal"):
            if (self.path.parent / name).exists():
                shutil.copyfile(self.path.parent / name, place / name)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("made"))


class Patient:
    """Files to be damaged again and again, in a directory of their own."""

    def __init__(self, place, like):
        self.place = place
        self.files = {path.name: path.read_bytes() for path in like.iterdir()}
        self.path = place / "astral.db"

    def put(self, changed=None):
        """The files as they were, but for those in ``changed`` (None: missing)."""
        for path in self.place.iterdir():
            path.unlink()
        for name, content in {**self.files, **(changed or {})}.items():
            if content is not None:
                (self.place / name).write_bytes(content)

    def read(self):
        """What is read, or StoreError, which then names the file in one line and has changed none."""
        before = {path.name: path.read_bytes() for path in self.place.iterdir() if not path.name.endswith("-shm")}
        try:
            return look(self.path)
        except StoreError as err:
            told = str(err)
            kept = all((self.place / name).read_bytes() == content for name, content in before.items())
            if str(self.path) not in told or "\n" in told or not kept:
                pytest.fail(f"not one line about the file, or it was changed: {told}")
            raise


@pytest.fixture
def patient(tmp_path, request, made):
    return Patient(tmp_path, made.killed if request.param == "killed" else made.closed)


def flips(content, seed=SEED):
    """Copies of ``content`` with one byte changed each, at drawn places, most of them where something stands."""
    rng = random.Random(seed)
    places = range(len(content))
    if FLIPS:
        live = [at for at in places if content[at]]
        places = [
            *range(100),
            *rng.sample(live, min(len(live), FLIPS)),
            *rng.sample(places, min(len(content), FLIPS // 4)),
        ]
    for at in places:
        change = rng.choice((1 << rng.randrange(8), rng.randrange(1, 256)))
        yield at, content[:at] + bytes([content[at] ^ change]) + content[at + 1 :]


def same(found, whole):
    """Assert that nothing stands there but what was written; what is only shown, such as the order, may be lost."""
    record, truth = found[0], whole[0]
    assert {one.trial for one in record.results} == {one.trial for one in truth.results}
    was = {one.trial: one for one in truth.results}
    for one in record.results:
        before = was[one.trial]
        assert one.outcome in (before.outcome, Outcome.NOT_RUN), (one, before)
        assert one.verdicts == before.verdicts
        assert one.response == before.response
    assert record.cases == truth.cases
    assert record.canaries == truth.canaries
    assert replace(record.run, started="", finished="") == replace(truth.run, started="", finished="")
    assert [one.verdict for one in found[5]] == [one.verdict for one in whole[5]]
    assert found[6] == whole[6]
    assert {key: one.label for key, one in found[8].items()} == {key: one.label for key, one in whole[8].items()}


@pytest.mark.parametrize("patient", ["closed"], indirect=True)
def test_no_flipped_byte_of_a_store_changes_a_verdict(patient, made, counted):
    told = tried = 0
    for at, content in flips(patient.files[DB]):
        patient.put({DB: content})
        tried += 1
        try:
            found = patient.read()
        except StoreError:
            told += 1
            continue
        assert found is not None, f"byte {at}: an empty store"
        try:
            same(found, made.whole)
        except AssertionError as err:
            raise AssertionError(f"byte {at} of astral.db: {err}") from err
    assert told > tried / 4
    counted("faults injected", tried)


@pytest.mark.parametrize("patient", ["killed"], indirect=True)
@pytest.mark.parametrize("name", [DB, LOG])
def test_a_flipped_byte_after_a_kill_loses_the_last_commits_at_most(patient, made, name, counted):
    """The log has sums of its own: what comes after a damaged place in it was never committed."""
    tried = 0
    for at, content in flips(patient.files[name], FLIPS // 6):
        patient.put({name: content})
        tried += 1
        try:
            found = patient.read()
        except StoreError:
            continue
        assert found in made.states, f"byte {at} of {name}"
    counted("faults injected", tried)


@pytest.mark.parametrize("patient", ["killed"], indirect=True)
def test_a_log_cut_at_any_place_is_a_shorter_run(patient, made, counted):
    """At every frame, and at drawn places within."""
    content, rng = patient.files[LOG], random.Random(SEED)
    cuts = [32 + 4120 * number for number in range((len(content) - 32) // 4120 + 1)]
    reached = set()
    for cut in [0, 1, 31, *cuts, *rng.sample(range(len(content)), 150)]:
        patient.put({LOG: content[:cut]})
        found = patient.read()
        assert found in made.states, cut
        reached.add(made.states.index(found))
    assert reached == set(range(len(made.states)))
    counted("faults injected", len(cuts) + 153)


@pytest.mark.parametrize("patient", ["closed"], indirect=True)
def test_a_store_cut_off_is_refused(patient, made, counted):
    content = patient.files[DB]
    for cut in [1, 15, 16, 99, 100, *range(512, len(content), 512)]:
        patient.put({DB: content[:cut]})
        with pytest.raises(StoreError):
            patient.read()
    counted("faults injected", 5 + len(range(512, len(content), 512)))


@pytest.mark.parametrize("patient", ["killed"], indirect=True)
def test_files_of_a_killed_run_that_came_apart(patient, made, counted):
    """Missing, or copied alone: the part that is there, or a clear word."""
    assert _read(patient) == made.states[-1]
    patient.put({LOG: None})
    assert patient.read() in made.states
    for content in (None, b""):
        patient.put({DB: content})
        with pytest.raises(StoreError, match=r"no run is stored here yet|the log of a store that is not beside it"):
            patient.read()
        with pytest.raises(StoreError, match="the log of a store that is not beside it"):
            Store(patient.path, create=True)
        assert (patient.place / "astral.db-wal").read_bytes() == patient.files[LOG]
    patient.put()
    (patient.place / "astral.db-shm").write_bytes(os.urandom(32768))
    assert patient.read() == made.states[-1]
    patient.put({DB: (made.closed / DB).read_bytes()})  # the log of an earlier time
    assert patient.read()[0].results == made.whole[0].results
    counted("faults injected", 5)


def _read(patient):
    patient.put()
    return patient.read()


# --- what was never a store of this version ---------------------------------------------------------------------------


def another(path, version=0, application=0):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
        other.execute(f"PRAGMA user_version = {version}")
        other.execute(f"PRAGMA application_id = {application}")
    other.close()


def another_with_a_log(path):
    """Of a program that runs, or was killed: its last words are in the log only."""
    elsewhere = path.with_name("elsewhere.db")
    other = sqlite3.connect(elsewhere, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE mine (x)")
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.execute("INSERT INTO mine VALUES (1)")
    for end in ("", "-wal"):
        shutil.copyfile(f"{elsewhere}{end}", f"{path}{end}")
    other.close()
    elsewhere.unlink()


STRANGE = {
    "random bytes": (lambda path: path.write_bytes(random.Random(1).randbytes(9000)), "not a readable ASTRAL store"),
    "a text": (lambda path: path.write_text("mine, all mine\n" * 500), "not a readable ASTRAL store"),
    "another program's": (another, "a database of another program"),
    "another program's, with a number": (lambda path: another(path, 2, 77), "a database of another program"),
    "another program's, with a log": (another_with_a_log, "a database of another program"),
    "a newer one": (lambda path: another(path, SCHEMA + 1, 0x41535452), "written by a newer version"),
    "one of no version": (lambda path: another(path, -5, 0x41535452), "damaged .its schema is number -5"),
    "a far newer one": (lambda path: another(path, 2**31 - 1, 0x41535452), "written by a newer version"),
    "ours in name only": (lambda path: another(path, SCHEMA, 0x41535452), "damaged .it has no table answers"),
    "ours in name only, and older": (lambda path: another(path, 1, 0x41535452), "not a readable ASTRAL store"),
}


@pytest.mark.parametrize("create", [False, True], ids=["to read", "to write"])
@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_store_of_ours_is_told_and_left_alone(tmp_path, name, create, counted):
    path = tmp_path / "astral.db"
    make, words = STRANGE[name]
    make(path)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    with pytest.raises(StoreError, match=words) as err:
        Store(path, create=create)
    assert str(path) in str(err.value)
    assert before.items() <= {one.name: one.read_bytes() for one in tmp_path.iterdir()}.items()
    counted("faults injected")


def test_an_empty_file_is_a_new_store(tmp_path):
    path = tmp_path / "astral.db"
    path.touch()
    with Store(path, create=True) as store:
        assert store.run_ids() == []


# --- held by somebody else --------------------------------------------------------------------------------------------


def test_a_viewer_that_reads_holds_nobody_up(made, tmp_path, counted):
    shutil.copytree(made.closed, tmp_path / "x")
    path = tmp_path / "x" / "astral.db"
    viewer = sqlite3.connect(path, isolation_level=None)
    viewer.execute("BEGIN")
    viewer.execute("SELECT count(*) FROM trials").fetchone()
    label = Labelling("e", Label.SAFE, "a", "2026-01-01T00:00:09Z", "r1", TRIALS[0])
    began = time.monotonic()
    assert write_label(path, label).label is Label.SAFE
    assert time.monotonic() - began < 4
    viewer.close()
    counted("faults injected")


def test_a_viewer_that_writes_is_waited_for_and_then_named(made, tmp_path, counted):
    """Five seconds, then a line; what waits is not committed later behind the back of who was told so."""
    shutil.copytree(made.closed, tmp_path / "x")
    path = tmp_path / "x" / "astral.db"
    with Store(path) as store:
        writer = RunWriter(store, RUN, Calls)
        writer.begin(CASES, TRIALS)
        viewer = sqlite3.connect(path, isolation_level=None)
        viewer.execute("BEGIN IMMEDIATE")
        began = time.monotonic()

        async def work():
            both = (writer.answered(trial, Response("never")) for trial in TRIALS[-2:])
            return await asyncio.gather(*both, return_exceptions=True)

        said = asyncio.run(work())
        assert 4 < time.monotonic() - began < 12
        assert all(isinstance(one, StoreError) and "in use by another program" in str(one) for one in said)
        viewer.execute("ROLLBACK")
        viewer.close()
        writer.close("stopped", None)
        assert store.progress("r1").keys().isdisjoint(TRIALS[-2:])
    counted("faults injected")
