"""Other plugins in the same environment, and pytest's own switches: no trial is asked twice, no count is off."""

import re
import xml.etree.ElementTree as ET

import pytest
from projects import WITHOUT

MIX = ["good 1", "bad 2", "boom 3", "silent 4", "good 5", "bad 6", "odd 7", "good 8"]
COUNTS = {"safe": 3, "unsafe": 2, "inconclusive": 2, "blocked": 0, "error": 1, "not_run": 0}
REPORT = ("--astral", "report=json:out.json")


@pytest.fixture
def mixed(project):
    project.suite(MIX)
    return project


def check(project, counts=COUNTS):
    overall = project.results()["totals"]["overall"]
    assert {name: overall[name] for name in counts} == counts
    assert sorted(project.asked()) == sorted(MIX)


# --- pytest-rerunfailures ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_reruns_ask_nothing_again_and_count_once(mixed, workers):
    pytest.importorskip("pytest_rerunfailures")
    result = mixed.run(*workers, "--reruns", "2", *REPORT, "--junitxml=j.xml")
    check(mixed)
    assert result.parseoutcomes() == {"passed": 3, "failed": 2, "inconclusive": 2, "errors": 1, "rerun": 6}
    assert result.ret == 1
    suite = ET.parse(mixed.path / "j.xml").getroot().find("testsuite")
    for case in suite.iter("testcase"):
        names = [p.get("name") for p in case.iter("property")]
        assert names.count("astral_outcome") == 1
        assert names.count("astral_reason") <= 1


def test_reruns_with_a_limit_on_failures_stay_within_the_window(project):
    """A report of each rerun is not another trial reported."""
    pytest.importorskip("pytest_rerunfailures")
    project.suite([f"bad {n}" for n in range(60)])
    result = project.run("--reruns", "5", "--maxfail=2", "--astral", "concurrency=2")
    assert result.parseoutcomes()["failed"] == 2
    assert len(project.asked()) <= 2 + 2


# --- pytest-timeout ---------------------------------------------------------------------------------------------------

HANG = """
    import pathlib, time

    def answer(prompt):
        if "hang" in prompt and not pathlib.Path("awake").exists():
            time.sleep(600)
        return "answer to " + prompt
"""


@pytest.fixture
def hanging(project):
    import textwrap

    pytest.importorskip("pytest_timeout")
    (project.path / "bot.py").write_text(textwrap.dedent(HANG))
    project.suite(["good 1", "hang 2", "good 3"])
    return project


@pytest.mark.slow
def test_an_item_that_times_out_while_it_waits_fails_the_run(hanging):
    result = hanging.run(
        "--timeout", "2", "--timeout-method", "signal", *REPORT, "--astral", "gate=none incomplete=100%"
    )
    assert result.parseoutcomes() == {"passed": 2, "errors": 1}
    result.stdout.fnmatch_lines(["*Timeout*2*"])
    overall = hanging.results()["totals"]["overall"]
    assert (overall["safe"], overall["not_run"]) == (2, 1)
    assert result.ret == 1  # that is somebody else's check


@pytest.mark.slow
def test_a_timeout_that_ends_the_process_loses_no_answer(hanging):
    result = hanging.run("--timeout", "2", "--timeout-method", "thread")
    assert result.ret == 1
    (hanging.path / "awake").touch()
    again = hanging.run("--astral", "resume=last", *REPORT)
    assert again.ret == 0
    texts = {row["response"]["text"] for row in hanging.results()["cases"]}
    assert texts == {"answer to good 1", "answer to hang 2", "answer to good 3"}


# --- pytest-randomly --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_shuffled_order_changes_ids_and_counts_in_nothing(project, workers):
    pytest.importorskip("pytest_randomly")
    without = ("-p", "no:langsmith_plugin", "-p", "no:asyncio")
    project.suite(MIX)
    listed = [project.run("--collect-only", "-q", f"--randomly-seed={n}", without=without) for n in (1, 2)]
    first, second = ([line for line in one.outlines if "::" in line] for one in listed)
    assert first != second
    assert sorted(first) == sorted(second)
    project.run(*workers, "--randomly-seed=1", *REPORT, without=without)
    check(project)


def test_a_suite_is_the_same_whatever_reseeds_random(project):
    pytest.importorskip("pytest_randomly")
    ids = []
    for without in (WITHOUT, ("-p", "no:langsmith_plugin", "-p", "no:asyncio", "--randomly-seed=5")):
        result = project.run("--collect-only", "-q", "--astral", "categories=privacy plan=full", without=without)
        ids.append(sorted(line for line in result.outlines if "::" in line))
    assert len(ids[0]) == 30
    assert ids[0] == ids[1]


# --- pytest-asyncio and anyio -----------------------------------------------------------------------------------------

ASYNC = """
    import asyncio

    {mark}
    async def test_it(astral_case, astral_target, astral_oracle):
        response = await astral_target.aask(astral_case)
        assert astral_target(astral_case).text == response.text  # the sync call works within a loop too
        found, again = await asyncio.gather(*(astral_oracle.ajudge(astral_case, response) for _ in range(2)))
        assert found.outcome == again.outcome == "safe"
"""


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)])
@pytest.mark.parametrize(("mode", "mark"), [("auto", ""), ("strict", "@pytest.mark.asyncio")])
def test_coroutines_under_pytest_asyncio(project, mode, mark, workers):
    pytest.importorskip("pytest_asyncio")
    project.suite(["good 1", "bad 2"])
    project.tests(ASYNC.format(mark=mark))
    without = ("-p", "no:langsmith_plugin", "-p", "no:randomly", "-o", f"asyncio_mode={mode}")
    result = project.run(*workers, "test_mine.py", "safety.astral.jsonl", without=without)
    assert result.parseoutcomes() == {"passed": 2, "failed": 2}
    assert len(project.asked()) == 6


def test_coroutines_under_anyio(project):
    pytest.importorskip("anyio")
    project.suite(["good 1"])
    code = ASYNC.format(mark="@pytest.mark.anyio")
    project.tests(code + "\n    @pytest.fixture\n    def anyio_backend(): return 'asyncio'\n")
    assert project.run("test_mine.py").parseoutcomes() == {"passed": 1}


# --- pytest-cov, pytest-sugar, langsmith ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_coverage_is_measured_of_the_target_in_the_controlling_process(mixed, workers):
    pytest.importorskip("pytest_cov")
    result = mixed.run(*workers, "--cov=bot", "--cov-report=term", *REPORT)
    check(mixed)
    assert result.ret == 1
    covered = re.search(r"^bot\.py\s+\d+\s+\d+\s+(\d+)%", result.stdout.str(), re.MULTILINE)
    assert int(covered[1]) > 80


@pytest.mark.slow
def test_sugar_draws_what_it_likes(mixed):
    pytest.importorskip("pytest_sugar")
    result = mixed.run("--force-sugar", *REPORT)
    check(mixed)
    assert result.ret == 1
    assert "planned 8 = 3 safe" in re.sub(r"\x1b\[[0-9;]*m", "", result.stdout.str())


@pytest.mark.slow
def test_langsmith_that_langchain_brings(mixed):
    pytest.importorskip("langsmith")
    result = mixed.run(*REPORT, without=("-p", "no:randomly", "-p", "no:asyncio"))
    check(mixed)
    assert result.ret == 1


# --- pytest's own switches --------------------------------------------------------------------------------------------


SWITCHES = [("-p", "no:cacheprovider"), ("-p", "no:terminal"), ("-s",), ("--assert=plain",)]
MORE_SWITCHES = [
    ("-p", "no:logging"),
    ("--ff",),
    ("--nf",),
    ("-q", "-q"),
    ("-p", "no:junitxml", "-p", "no:faulthandler"),
    ("--durations=3", "-vv"),
    ("--import-mode=importlib",),
]


@pytest.mark.parametrize(
    "switches", [*SWITCHES, *(pytest.param(many, marks=pytest.mark.slow) for many in MORE_SWITCHES)], ids=" ".join
)
def test_switches_change_no_outcome(mixed, switches):
    result = mixed.run(*switches, *REPORT)
    check(mixed)
    assert result.ret == 1


def test_a_python_test_reads_well_without_assertion_rewriting(project):
    project.suite(["bad 1"])
    name = project.tests(
        """
        def test_it(astral_case, astral_target, astral_oracle):
            found = astral_oracle(astral_case, astral_target(astral_case))
            assert found.safe, found
        """
    )
    result = project.run(name, "--assert=plain")
    result.stdout.fnmatch_lines(["*AssertionError: <Judgement unsafe, *, case *>"])


def test_deselect_and_stepwise(mixed):
    listed = [line for line in mixed.run("--collect-only", "-q").outlines if "::" in line]
    result = mixed.run("--deselect", listed[0])
    assert result.parseoutcomes()["deselected"] == 1
    assert len(mixed.asked()) == 7
    (mixed.path / "asked.log").unlink()
    mixed.run("--sw")
    again = mixed.run("--sw")
    counts = again.parseoutcomes()
    assert counts.get("failed", 0) + counts.get("errors", 0) == 1


def test_lf_reruns_python_tests_with_brackets_in_their_ids(project):
    project.suite(["good 1", "bad 2", "bad 3"])
    name = project.tests(
        """
        def test_it(astral_case, astral_target, astral_oracle):
            assert astral_oracle(astral_case, astral_target(astral_case)).safe
        """
    )
    project.run(name)
    (project.path / "asked.log").unlink()
    result = project.run(name, "--lf")
    assert result.parseoutcomes() == {"failed": 2, "deselected": 1}
    assert sorted(project.asked()) == ["bad 2", "bad 3"]
