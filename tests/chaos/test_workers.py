"""Workers of xdist that end in the middle of a case, and what stops a run or repeats its tests: the store decides."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from desks import asked
from killing import CASES, JUDGED, RESUME, Killer, by_case, judged_cases, table, undisturbed_run

pytest.importorskip("xdist")

CHILDREN = Path(__file__).parent / "children"
RUN = (*JUDGED, "--astral", "target=gpt-4")
FINAL = {"safe", "unsafe", "inconclusive", "blocked"}
CRASHES = [
    ("one:pytest_runtest_setup", 1),
    ("one:pytest_runtest_call", 0),
    ("all:pytest_runtest_call", 0),
    ("all:pytest_runtest_teardown", 1),
]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return undisturbed_run(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def desk(desk, server, undisturbed):
    shutil.copy(undisturbed.suite, desk.path)
    server.script = Killer()
    return desk


def check_accounts(desk, server, undisturbed):
    """Planned is the sum, no case stands twice or was asked twice, and what has an outcome has the right one."""
    found = table(desk)  # and the sums
    assert found.keys() == undisturbed.table.keys()
    assert set(by_case(server.requests).values()) <= {1}
    for trial, (outcome, verdicts) in found.items():
        if outcome in FINAL:
            assert (outcome, verdicts) == undisturbed.table[trial]
        else:
            assert outcome == "not_run"
    return Counter(outcome for outcome, _ in found.values())


def go_on(desk, server, undisturbed):
    """A resume asks what is left, once."""
    done = desk.pytest(*RESUME)
    assert done.code == 0, done.text
    assert table(desk) == undisturbed.table
    assert by_case(server.requests) == undisturbed.askings
    assert judged_cases(server.requests) == undisturbed.judgings


@pytest.mark.parametrize("dist", ["load", "loadscope", "loadfile", "worksteal", "each"])
@pytest.mark.parametrize(("crash", "restarts"), CRASHES)
def test_workers_that_crash_lose_no_answer(desk, server, undisturbed, counted, dist, crash, restarts):  # noqa: PLR0917
    env = {**desk.env, "PYTHONPATH": str(CHILDREN), "CRASH": crash}
    workers = ("-p", "xdist", "-n", "4", "--dist", dist, f"--max-worker-restart={restarts}")
    done = desk.pytest("-p", "crashing", *workers, *RUN, env=env)
    assert "crashed" in done.text
    assert done.code != 0, done.text
    counts = check_accounts(desk, server, undisturbed)
    if counts["not_run"]:
        go_on(desk, server, undisturbed)
    counted("workers crashed", 1 if crash.startswith("one") else 4)
    counted("cases accounted", CASES)


def test_a_crash_is_no_success_though_all_is_judged(desk, server, undisturbed):
    """All answers are there and no gate objects: an item without a report is nevertheless somebody's failure."""
    env = {**desk.env, "PYTHONPATH": str(CHILDREN), "CRASH": "one:pytest_runtest_teardown"}
    done = desk.pytest("-p", "crashing", "-p", "xdist", "-n", "2", *RUN, "--astral", "incomplete=100%", env=env)
    assert done.code == pytest.ExitCode.TESTS_FAILED, done.text
    assert check_accounts(desk, server, undisturbed)["not_run"] == 0


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
def test_reruns_ask_nothing_again(desk, server, undisturbed, counted, workers):
    pytest.importorskip("pytest_rerunfailures")
    done = desk.pytest("-p", "pytest_rerunfailures", "--reruns", "2", *workers, *RUN)
    assert "rerun" in done.text
    assert done.code == 0, done.text
    assert table(desk) == undisturbed.table
    assert by_case(server.requests) == undisturbed.askings
    assert judged_cases(server.requests) == undisturbed.judgings
    counted("cases accounted", CASES)


@pytest.mark.parametrize("stop", ["-x", "--maxfail=3"])
@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
def test_a_run_that_stops_early_goes_on_where_it_stopped(desk, server, undisturbed, counted, stop, workers):  # noqa: PLR0917
    done = desk.pytest(stop, *workers, *RUN, "--astral", "concurrency=2")
    assert done.code != 0, done.text
    counts = check_accounts(desk, server, undisturbed)
    assert counts["unsafe"] >= 1
    assert counts["not_run"] >= 1
    go_on(desk, server, undisturbed)
    counted("cases accounted", CASES)


def test_lf_asks_only_what_failed_and_the_rest_is_deselected(desk, server, undisturbed):
    first = desk.pytest(*RUN)
    assert first.code == 0, first.text
    unsafe = sum(outcome == "unsafe" for outcome, _ in undisturbed.table.values())
    before = len(asked(server, "gpt-4"))
    done = desk.pytest("--lf", *RUN)
    assert f"{CASES - unsafe} deselected" in done.text
    assert desk.totals() == {"unsafe": unsafe}
    assert len(asked(server, "gpt-4")) - before == unsafe
