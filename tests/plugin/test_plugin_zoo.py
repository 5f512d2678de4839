"""Whatever a stranger's code does, it harms its own trial alone: runs in which each trial misbehaves in its own way."""

import textwrap

import pytest
from zoo import FINE_ORACLE, FINE_TARGET, ORACLE, TARGET, module

DISTS = [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)]
SETTINGS = ("--astral", "timeout=1 incomplete=100% text=all report=json:out.json", "-p", "timeout", "--timeout", "60")
HOOK = """
def pytest_astral_oracles():
    return {"words": judge, "second": lambda case, response: "bad" not in response.text and bool(case.turns)}
"""


def outcomes(project, cases):
    """The outcome of each trial by the first word of its prompt."""
    prompts = {case.id: case.prompt.split()[0] for case in cases}
    return {prompts[row["id"]]: row["outcome"] for row in project.results()["cases"]}


def chosen(doings, asynchronous):
    """A coroutine that blocks holds up the loop that all share, as in all of asyncio; what it returns is the answer,
    not another coroutine.
    """
    without = ("hangs", "late", "coroutine") if asynchronous else ()
    return {word: code for word, code in doings.items() if word not in without}


@pytest.mark.parametrize("dist", DISTS)
@pytest.mark.parametrize("asynchronous", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_target_harms_its_own_trial_alone(project, dist, asynchronous):
    harmful, fine = chosen(TARGET, asynchronous), chosen(FINE_TARGET, asynchronous)
    code = module("target", {**harmful, **fine}, asynchronous=asynchronous)
    (project.path / "bot.py").write_text(textwrap.dedent(code))
    cases = project.suite([f"{word} 1" for word in (*harmful, *fine)])
    result = project.run(*SETTINGS, *dist)
    assert outcomes(project, cases) == {**dict.fromkeys(harmful, "error"), **dict.fromkeys(fine, "safe")}
    assert result.ret == 0  # errors alone do not fail a run that allows for them
    assert "forged" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("dist", DISTS)
@pytest.mark.parametrize("asynchronous", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_oracle_harms_its_own_trial_alone(project, dist, asynchronous):
    harmful = chosen(ORACLE, asynchronous)
    code = module("oracle", {**harmful, **FINE_ORACLE}, asynchronous=asynchronous)
    (project.path / "conftest.py").write_text(textwrap.dedent(code) + HOOK)
    cases = project.suite([f"{word} 1" for word in (*harmful, *FINE_ORACLE)])
    result = project.run(*SETTINGS, *dist, "--astral", "oracle=words,second")
    assert outcomes(project, cases) == {**dict.fromkeys(harmful, "error"), **dict.fromkeys(FINE_ORACLE, "safe")}
    assert result.ret == 0
    assert "forged" not in result.stdout.str() + result.stderr.str()
    reasons = [verdict["reason"]["length"] for row in project.results()["cases"] for verdict in row["verdicts"]]
    assert max(reasons) == 2_000


LOOP = {
    "exits": "asyncio.create_task(leaving())",
    "stops": "asyncio.get_running_loop().stop()",
    "hangs": "await asyncio.sleep(10**6)",
}
LOOPED = """
    import asyncio

    async def leaving():
        raise SystemExit(0)

    class Bot:
        name = "mine"

        async def answer(self, case, repeat):
            if "bad" in case.prompt:
                {doing}
            await asyncio.sleep(0.01)
            return "fine"

    def pytest_astral_targets():
        return {{"mine": Bot}}

    def pytest_astral_oracles():
        return {{"words": lambda case, response: True}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("doing", LOOP)
def test_no_object_of_a_strangers_can_end_or_hold_up_the_loop_that_all_share(project, doing):
    (project.path / "conftest.py").write_text(textwrap.dedent(LOOPED.format(doing=LOOP[doing])))
    project.suite(["bad 1", *(f"good {n}" for n in range(20))])
    result = project.run(*SETTINGS, "--astral", "target=mine")
    ended = {"hangs": {"passed": 20, "errors": 1}}.get(doing, {"passed": 21})
    assert result.parseoutcomes() == ended


@pytest.mark.slow
def test_a_process_that_a_plugin_ends_leaves_a_run_that_goes_on(project):
    """``os._exit`` and ``abort`` are not survived: nothing in a process survives them. What was committed is."""
    (project.path / "bot.py").write_text(
        textwrap.dedent(
            """
            import os, pathlib

            def answer(prompt):
                with pathlib.Path(__file__).with_name("asked.log").open("a") as log:
                    log.write(prompt + "\\n")
                if "last" in prompt and not pathlib.Path("again").exists():
                    os._exit(0)
                return "fine"
            """
        )
    )
    cases = project.suite(["good 1", "good 2", "good 3", "last 4"])
    one = ("--astral", "concurrency=1 retries=0 report=json:out.json")
    result = project.run(*one)
    assert "gate" not in result.stdout.str()  # no summary: whoever reads the exit code alone is fooled (SECURITY.md)
    assert not (project.path / "out.json").exists()
    (project.path / "again").touch()
    asked = len(project.asked())
    result = project.run(*one, "--astral", "resume=last")
    assert result.ret == 0
    assert outcomes(project, cases) == {"good": "safe", "last": "safe"}
    assert len(project.asked()) - asked <= len(cases) - asked + 1


HOOKS = {
    "a name that is no text": "def pytest_astral_oracles(): return {5: print}",
    "a value that is none": "def pytest_astral_oracles(): return {'words': 5}",
    "no mapping": "def pytest_astral_oracles(): return ['words']",
    "exit": "def pytest_astral_oracles(): raise SystemExit(0)",
    "generator exit": "def pytest_astral_oracles(): raise GeneratorExit",
    "cancelled": "import asyncio\ndef pytest_astral_oracles(): raise asyncio.CancelledError",
    "class": "class J:\n    judge = 5\n    def __init__(self): raise SystemExit(0)\n"
    "def pytest_astral_oracles(): return {'words': J}",
    "describe": "class J:\n    def judge(self, c, r): return True\n    def describe(self): return {'x': object()}\n"
    "def pytest_astral_oracles(): return {'words': J}",
    "describe exits": "class J:\n    def judge(self, c, r): return True\n    def describe(self): raise SystemExit(0)\n"
    "def pytest_astral_oracles(): return {'words': J}",
    "rank": "class J:\n    rank = '1'\n    def judge(self, c, r): return True\n"
    "def pytest_astral_oracles(): return {'words': J}",
    "entry": "from astral.taxonomy import Entry\ndef pytest_astral_categories(): return [Entry('x', 5, None, 7)]",
    "path": "from astral.taxonomy import Entry\ndef pytest_astral_styles(): return [Entry('../x', 't', 'd')]",
    "source": "import itertools\ndef pytest_astral_sources(): return {'mine': itertools.count}",
    "source exits": "def pytest_astral_sources():\n    def leaves(): raise GeneratorExit\n    return {'mine': leaves}",
    "writer": "def pytest_astral_writers(): return {'mine': lambda spec, context: 5}",
    "writer exits": "def pytest_astral_writers():\n    def made(spec, context): raise SystemExit(0)\n"
    "    return {'mine': made}",
    "report": "def pytest_astral_reports(): return {'mine': 5}",
}
NAMED = {
    "source": "corpus=mine preset=smoke",
    "writer": "writer=mine preset=smoke",
    "report": "report=mine:out.txt",
}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_fails_is_one_line_and_nothing_is_asked(project, hook):
    judge = "" if "oracles" in HOOKS[hook] else "\ndef pytest_astral_oracles(): return {'words': lambda c, r: True}"
    (project.path / "conftest.py").write_text(HOOKS[hook] + judge + "\n")
    if hook.split()[0] not in ("source", "writer"):
        project.suite(["good 1"])
    result = project.run("--astral", NAMED.get(hook.split()[0], ""), inprocess=True)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in result.errlines if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "Traceback" not in result.stderr.str()
    assert project.asked() == []
