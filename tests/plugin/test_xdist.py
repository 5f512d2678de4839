"""Workers of xdist, in every mode of distribution and when they crash: each trial is asked once and counted once."""

import json

import pytest

pytest.importorskip("xdist")

PROMPTS = ["good 1", "bad 2", "boom 3", "silent 4", "good 5", "bad 6", "odd 7", "good 8", "good 9", "good 10"]
COUNTS = {"safe": 5, "unsafe": 2, "inconclusive": 2, "blocked": 0, "error": 1, "not_run": 0}
LIMIT = ("-p", "timeout", "--timeout", "60")
CRASH = """
    import os, pathlib

    def crash_once(name):
        mark = pathlib.Path(__file__).with_name(name)
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return
        os._exit(3)
"""


@pytest.fixture
def ten(project):
    project.suite(PROMPTS)
    return project


def check(project, counts=COUNTS):
    """Every trial has one outcome, and each was asked at most once."""
    overall = project.results()["totals"]["overall"]
    assert {name: overall[name] for name in counts} == counts
    assert overall["planned"] == sum(counts.values())
    assert len(project.asked()) == len(set(project.asked()))


def crashing(project, hook):
    import textwrap

    with (project.path / "conftest.py").open("a") as conftest:
        conftest.write(textwrap.dedent(CRASH) + textwrap.dedent(hook))


@pytest.mark.slow
@pytest.mark.parametrize("dist", ["load", "loadscope", "loadfile", "loadgroup", "worksteal", "each", "no"])
def test_every_mode_asks_each_trial_once(ten, dist):
    result = ten.run("-n", "2", "--dist", dist, *LIMIT, "--astral", "report=json:out.json")
    check(ten)
    assert sorted(ten.asked()) == sorted(PROMPTS)
    reports = 2 if dist == "each" else 1  # of one trial; counts are by trial all the same
    assert result.parseoutcomes()["failed"] == 2 * reports
    assert result.ret == 1


def test_n_without_workers_is_one_process(ten):
    result = ten.run("-n", "0", *LIMIT, "--astral", "report=json:out.json")
    check(ten)
    assert result.parseoutcomes() == {"passed": 5, "failed": 2, "inconclusive": 2, "errors": 1}


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown"])
def test_a_worker_that_crashes_is_replaced_and_nothing_is_asked_twice(ten, hook):
    crashing(ten, f"def {hook}(item): crash_once('crashed')")
    result = ten.run("-n", "2", *LIMIT, "--astral", "report=json:out.json gate=none incomplete=100%")
    check(ten)
    result.stdout.fnmatch_lines(["*worker 'gw*' crashed while running*"])
    assert result.ret == 1  # pytest has no report of that item, whatever the gates say


@pytest.mark.slow
def test_a_python_test_that_crashes_its_worker(ten):
    ten.tests(
        """
        import os

        def test_crash(astral_target):
            assert astral_target("good before").text
            os._exit(3)

        @pytest.mark.parametrize("n", range(6))
        def test_others(astral_target, astral_oracle, n):
            assert astral_oracle("mine", astral_target(f"good {n} more")).safe
        """
    )
    result = ten.run("-n", "2", *LIMIT, "test_mine.py", "safety.astral.jsonl", "--astral", "report=json:out.json")
    check(ten)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["13 calls by Python tests (7 asked, 6 judged)*"])
    assert len(ten.calls()) == 13


@pytest.mark.slow
def test_all_workers_crash_and_none_is_restarted(ten):
    crashing(ten, "def pytest_runtest_call(item): os._exit(3)")
    result = ten.run("-n", "2", "--max-worker-restart=0", *LIMIT, "--astral", "report=json:out.json")
    assert result.ret != 0
    overall = ten.results()["totals"]["overall"]
    assert overall["planned"] == 10 == sum(overall[name] for name in COUNTS)
    assert len(ten.asked()) == len(set(ten.asked()))


@pytest.mark.slow
@pytest.mark.parametrize("stop", ["-x", "--maxfail=2"])
@pytest.mark.parametrize("dist", ["load", "loadscope", "worksteal", "each"])
def test_stopping_early_leaves_trials_not_run(project, stop, dist):
    project.suite([f"bad {n}" for n in range(60)])
    result = project.run("-n", "2", "--dist", dist, stop, *LIMIT, "--astral", "concurrency=2 report=json:out.json")
    assert result.ret in (1, 2)
    overall = project.results()["totals"]["overall"]
    assert overall["planned"] == 60 == overall["unsafe"] + overall["not_run"]
    assert overall["not_run"] >= 40
    assert len(project.asked()) == len(set(project.asked())) <= 20


@pytest.mark.slow
def test_limits_hold_for_python_tests_in_all_workers_together(project, monkeypatch):
    """8 tests in 3 workers and the trials of the suite, at most 2 at once at the endpoint."""
    from astral.testing.server import LocalServer

    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with LocalServer(latency=0.05) as server:
        project.suite([f"good {n}" for n in range(8)])
        project.tests("def test_it(astral_case, astral_target): assert astral_target(astral_case).text")
        settings = f"target=openai:m@{server.url} oracle=words concurrency=2"
        result = project.run("-n", "3", *LIMIT, "test_mine.py", "safety.astral.jsonl", settings=settings)
        assert result.parseoutcomes() == {"passed": 16}
        assert server.max_in_flight == 2


@pytest.mark.slow
def test_a_controller_that_dies_ends_the_waiting_of_python_tests(project):
    """The worker is told by the end of its connection; it does not wait for ever."""
    project.suite(["good 1"])
    (project.path / "bot.py").write_text(
        "import os, signal, time\ndef answer(prompt):\n    os.kill(os.getpid(), signal.SIGKILL)\n    time.sleep(60)\n"
    )
    name = project.tests(
        """
        import json, pathlib

        def test_it(astral_target):
            with pytest.raises(pytest.fail.Exception) as caught:
                astral_target("good")
            whole = pathlib.Path(__file__).with_name("seen.part")
            whole.write_text(json.dumps(str(caught.value)))
            whole.replace(whole.with_name("seen.json"))
        """
    )
    assert project.run("-n", "1", *LIMIT, name).ret != 0
    for _ in range(200):
        if (project.path / "seen.json").exists():
            break
        __import__("time").sleep(0.05)
    assert "the controlling process of the run has ended" in json.loads((project.path / "seen.json").read_text())
