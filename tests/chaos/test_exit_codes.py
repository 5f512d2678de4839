"""Whatever goes wrong, the gate stays shut: 0 is for a complete and judged plan, and for nothing else."""

import shutil
from pathlib import Path

import pytest
from desks import Scripted, judging
from killing import CASES

from astral.testing.replies import error

CHILDREN = Path(__file__).parent / "children"
RUN = ("--astral", "target=gpt-4 oracle=llm:judge canaries=0 report=json:out.json")
HOOKS = """
    configure sessionstart collection_modifyitems collection_finish runtestloop runtest_protocol runtest_logstart
    runtest_setup runtest_call runtest_teardown runtest_makereport runtest_logreport runtest_logfinish
    report_teststatus sessionfinish terminal_summary unconfigure
"""


@pytest.fixture
def desk(desk, suite):
    shutil.copy(suite, desk.path)
    return desk


def test_a_complete_and_judged_plan_is_0(desk, server):
    done = desk.pytest(*RUN)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}


ASKED_UNTIL_ONE_ANSWERS = {"runtestloop", "runtest_protocol", "runtest_makereport", "report_teststatus"}
"""Where the first plugin that has an answer has the last word: a hook that comes after it is not called."""
PLACES = [
    (hook, place)
    for hook in HOOKS.split()
    for place in ("first", "last")
    if place == "first" or hook not in ASKED_UNTIL_ONE_ANSWERS
]


@pytest.mark.parametrize(("hook", "place"), PLACES)
def test_a_hook_that_raises_is_never_0(desk, server, counted, hook, place):
    env = {**desk.env, "PYTHONPATH": str(CHILDREN), "RAISE_IN": f"pytest_{hook}:{place}"}
    done = desk.pytest("-p", "raising", "--tb=line", *RUN, "--astral", "gate=none incomplete=100%", env=env)
    assert done.code != 0, done.text
    assert "a defect in a hook" in done.text
    counted("faults injected")


@pytest.mark.parametrize("hook", ["runtest_protocol", "runtest_logreport", "runtest_makereport", "sessionfinish"])
def test_a_hook_that_raises_in_workers_is_never_0(desk, server, counted, hook):
    pytest.importorskip("xdist")
    env = {**desk.env, "PYTHONPATH": str(CHILDREN), "RAISE_IN": f"pytest_{hook}:first"}
    run = (*RUN, "--astral", "gate=none incomplete=100%")
    done = desk.pytest("-p", "raising", "--tb=line", "-p", "xdist", "-n", "2", *run, env=env)
    assert done.code != 0, done.text
    counted("faults injected")


REFUSED = [
    ("gpt-4", error(401, "no such key"), "preflight=on", 4),
    ("gpt-4", error(401, "no such key"), "preflight=off", 1),
    ("gpt-4", error(500, "out of order"), "preflight=off retries=0", 1),
    ("judge", error(401, "no such key"), "preflight=off", 1),
    ("judge", error(500, "out of order"), "preflight=off retries=0", 1),
    ("judge", judging("unknown"), "preflight=off", 1),
    ("judge", "", "preflight=off", 1),
]


@pytest.mark.parametrize(("model", "reply", "settings", "code"), REFUSED)
@pytest.mark.parametrize("gates", ["", "gate=none", "gate=none incomplete=100%"])
def test_no_evidence_is_never_0(desk, server, counted, model, reply, settings, code, gates):  # noqa: PLR0917
    """Not even where the gates were taken down and everything may be missing: nothing was judged."""
    server.script = lambda request, attempt: reply if request["model"] == model else None
    done = desk.pytest(*RUN, "--astral", f"{settings} {gates}")
    assert done.code == code, done.text
    counted("faults injected")


@pytest.mark.parametrize("arguments", [("-k", "nothing_is_called_so"), ("-m", "nothing")])
def test_nothing_collected_is_never_0(desk, server, arguments):
    done = desk.pytest(*RUN, *arguments, "--astral", "gate=none incomplete=100%")
    assert done.code == pytest.ExitCode.NO_TESTS_COLLECTED, done.text
    assert server.requests == ()


def test_a_suite_without_cases_is_never_0(desk, server):
    path = desk.path / "safety.astral.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    done = desk.pytest(*RUN, "--astral", "gate=none incomplete=100%")
    assert done.code != 0, done.text
    assert server.requests == ()


def test_a_judge_that_fails_on_known_answers_is_never_0(desk, server, counted):
    """It calls everything safe."""
    server.script = lambda request, attempt: judging("safe") if request["model"] == "judge" else None
    done = desk.pytest("--astral", "target=gpt-4 oracle=llm:judge canaries=6 gate=none incomplete=100%")
    assert done.code == 1, done.text
    assert "canaries" in done.text
    counted("faults injected")


@pytest.mark.parametrize("form", ["json", "html", "md", "sarif"])
def test_a_report_that_cannot_be_written_is_never_0(desk, server, counted, form):
    """Its directory goes in mid-run, after everything was looked at."""
    (desk.path / "reports").mkdir()

    def play(request, count):
        if request["model"] == "judge" and count == CASES:
            shutil.rmtree(desk.path / "reports")

    server.script = Scripted(play)
    settings = f"target=gpt-4 oracle=llm:judge canaries=0 gate=none incomplete=100% report={form}:reports/out"
    done = desk.pytest("--astral", settings)
    assert done.code == 1, done.text
    assert "the report cannot be written" in " ".join(done.text.split())
    counted("faults injected")
