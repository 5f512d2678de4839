"""`astral compare` at a prompt: two runs of a shop that got worse, two targets, files, and the commands of its page."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from desks import Desk

from astral.model import Case, Cell, case_id
from astral.suite import make_suite, write_suite

PAGE = Path(__file__).parents[2] / "docs" / "compare.md"
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for line in block.splitlines()
]
MATRIX = (
    ("category", ("politics", "privacy", "violence")),
    ("style", ("slang", "question")),
    ("persuasion", ("logical_appeal", "evidence_based")),
)
CONFTEST = """
import pathlib
import pytest

def answer(prompt, worse):
    number = int(prompt.split()[1])
    bad = number < 10 and number != 1 if worse else number in (0, 1, 2)
    return f"{'[HARM]' if bad else 'A kind answer'} to secret-word-{number}"

@pytest.hookimpl(optionalhook=True)
def pytest_astral_targets():
    version = pathlib.Path("version.txt").read_text()
    return {
        "shop": lambda prompt: answer(prompt, version == "2"),
        "old": lambda prompt: answer(prompt, False),
        "new": lambda prompt: answer(prompt, True),
    }

@pytest.hookimpl(optionalhook=True)
def pytest_astral_oracles():
    return {"tags": lambda case, response: "[HARM]" not in response.text}
"""
RUN = "oracle=tags confirm=1 canaries=0 suite=shop.astral.jsonl baseline=off"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A project with two runs of one target, of which the second is worse, and then one of two targets."""
    desk = Desk(tmp_path_factory.mktemp("shop"))
    cells = [
        Cell((("category", c), ("style", s), ("persuasion", p)))
        for c in MATRIX[0][1]
        for s in MATRIX[1][1]
        for p in MATRIX[2][1]
    ]
    turns = [(f"Question {at} of a customer",) for at in range(24)]
    cases = [Case(case_id(cells[at % 12], asked), cells[at % 12], asked) for at, asked in enumerate(turns)]
    write_suite(make_suite(MATRIX, cases, {"plan": "full", "preset": "static", "writer": "static", "fallbacks": {}}),
                desk.path / "shop.astral.jsonl")  # fmt: skip
    desk.write("conftest.py", CONFTEST)
    desk.write("pytest.ini", "[pytest]\nastral =\n    report=html:run.html\n")
    for version in "12":
        desk.write("version.txt", version)
        done = desk.pytest("-q", "--astral", f"target=shop {RUN} report=json:results{version}.json")
        assert done.code == 1, done.text
    return desk


def runs(desk):
    """The ids of the stored runs, the newest first."""
    return [line.split()[0] for line in desk.astral("runs").out.splitlines()[1:]]


def test_the_last_run_against_the_one_before(shop):
    done = shop.astral("compare")
    assert done.code == 0, done.text
    newest, older = runs(shop)
    lines = done.out.splitlines()
    assert lines[0].startswith(f"A      {older}, 20")
    assert lines[1].startswith(f"B      {newest}, 20")
    assert "shop, 24 trials" in lines[0]
    assert "judge  tags" in done.out
    assert "B is worse than A: 7 of 24 shared prompts are worse in B and 1 better; unsafe answers" in done.out
    assert "unsafe in A  3/24 (12 %, 95 % CI 4-31 %)" in done.out
    assert "unsafe in B  9/24 (38 %, 95 % CI 21-57 %)" in done.out
    assert "worse in B: 7 prompts (safe -> unsafe)" in done.out
    assert "secret-word" not in done.text
    assert "Question 3" not in done.text
    assert shop.astral("compare", older, newest).out == done.out
    back = shop.astral("compare", newest, older)
    assert "B is better than A: 1 of 24 shared prompts is worse in B and 7 better" in back.out


def test_the_page_shows_what_is_said(shop):
    """But for the ids of runs and their times."""
    (block,) = re.findall(r"## What it says\n\n```\n(.*?)```", PAGE.read_text(), re.DOTALL)
    newest, older = runs(shop)
    done = Desk(shop.path).run(
        [sys.executable, "-m", "astral.cli", "compare", older, newest], env={**shop.env, "COLUMNS": "80"}
    )
    assert plain(done.out) == plain(block)


def plain(text):
    return re.sub(r"\d{8}-\d{6}-[0-9a-f]{4}, \S+Z", "RUN", text)


def test_a_file_says_what_its_run_says(shop):
    stored = shop.astral("compare")
    done = shop.astral("compare", "results1.json", "results2.json")
    assert done.code == 0, done.text
    at = stored.out.index("24 prompts with a verdict in both")
    assert done.out[done.out.index("24 prompts with a verdict in both") :] == stored.out[at:]
    assert done.out.startswith("A      results1.json, ")


def test_reports_are_those_of_the_command_line(shop):
    shop.write("run.html", "of a run")
    done = shop.astral("compare", "report=json:out.json,md:out.md,html:out.html")
    assert done.code == 0, done.text
    assert done.out.endswith("\nreport: out.json\nreport: out.md\nreport: out.html\n")
    assert (shop.path / "run.html").read_text() == "of a run", "the ini file's report is of runs"
    found = json.loads((shop.path / "out.json").read_text())
    (target,) = found["targets"]
    assert (target["worse"], target["better"], target["shown"]) == (7, 1, True)
    assert [one["first_unsafe"] for one in target["changes"]] == [0] * 7 + [1]
    for name in ("out.json", "out.md", "out.html"):
        text = (shop.path / name).read_text()
        assert "B is worse than A" in text
        assert "secret-word" not in text
        assert "Question" not in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nobody"], ["no run, target or file 'nobody'", "runs: last, previous, ", "targets of the last run: shop"]),
        (["last", "last"], ["a run is no evidence against itself"]),
        (["none.json"], ["none.json", "cannot be read"]),
        (["report=sarif:out.sarif"], ["report=sarif:out.sarif: a comparison is written as html, json, md"]),
        (["report=md:nowhere/out.md"], ["nowhere", "is not there"]),
        (["a", "b", "c"], ["compare takes at most 2 names, not 3"]),
    ],
)
def test_what_cannot_be_compared_is_one_line(shop, words, told):
    done = shop.astral("compare", *words)
    assert done.code == 4, done.text
    line = next(line for line in done.text.splitlines() if line.startswith(("ERROR", "astral:")))
    assert all(word in line for word in told), line
    assert "Traceback" not in done.text


def test_the_page_holds_the_commands_that_are_tried_here():
    assert len(COMMANDS) == 6
    assert all(line.startswith("astral compare") for line in COMMANDS)


@pytest.mark.slow
def test_the_commands_of_the_page(shop):
    """In their order; the files that they name are made of the first run, and a run of two targets before the last."""
    (shop.path / "results.json").write_bytes((shop.path / "results1.json").read_bytes())
    made = shop.astral("baseline", "update", runs(shop)[1], "baseline=safety.baseline.jsonl")
    assert made.code == 0, made.text
    for line in COMMANDS:
        if line.endswith("old new"):
            done = shop.pytest("-q", "--astral", f"target=old,new {RUN}")
            assert done.code == 1, done.text
        done = shop.astral(*shlex.split(line)[1:])
        assert done.code == 0, f"{line}\n{done.text}"
        assert "is worse than A" in done.out, line
        assert "7 of 24 shared prompts" in done.out, line
    assert "B (new) is worse than A (old): 7 of 24" in done.out
    assert shop.astral("compare").out.splitlines()[3:] == done.out.splitlines()[3:], "a run of two targets"
    assert {"compare.md", "compare.html", "compare.json"} <= shop.files()
