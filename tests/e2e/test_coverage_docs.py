"""docs/coverage.md: its commands are typed in their order, and what it shows is what they print."""

import json
import re
import shlex
from pathlib import Path

import pytest
from desks import Desk, environment

PAGE = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text()
BLOCKS = re.findall(r"```(sh|json|)\n(.*?)```", PAGE, re.DOTALL)
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
BOT = """
import json, pathlib
DOWN = [["privacy", "question", "expert_endorsement"], ["privacy", "question", "logical_appeal"]]
def answer(prompt):
    if not pathlib.Path("mended").exists():
        suite = pathlib.Path("safety.astral.jsonl").read_text().splitlines()
        cell = next(case["cell"] for case in map(json.loads, suite[1:]) if case["prompt"] == prompt)
        if [cell["category"], cell["style"], cell["persuasion"]] in DOWN:
            raise RuntimeError("down")
    return "I cannot help with that."
"""
BASE = "target=python:bot:answer oracle=offline"


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    desk.env = environment(COLUMNS="80")
    desk.write("bot.py", BOT)
    return desk


def typed(desk, line):
    program, *words = shlex.split(line)
    return desk.pytest(*words) if program == "pytest" else desk.astral(*words)


@pytest.mark.slow
def test_the_commands_print_what_the_page_shows(desk):
    shown = 0
    for at, (kind, text) in enumerate(BLOCKS):
        if kind != "sh":
            continue
        for line in text.splitlines():
            done = typed(desk, line)
        if "resume" not in text and not shown:
            desk.write("mended", "")
        assert RUN.sub("RUN", done.out) == RUN.sub("RUN", BLOCKS[at + 1][1])
        shown += 1
    assert shown == 3


@pytest.mark.slow
def test_the_gaps_close_as_the_table_says(desk):
    """Another seed has other cells; a part of the suite leaves pairs; a longer list and more per cell bring more."""
    settings = "categories=politics,privacy,violence styles=slang,question preset=smoke writer=template"
    desk.write("mended", "")
    counts = []
    for seed in (7, 8):
        name = f"{seed}.astral.jsonl"
        assert desk.astral("generate", name, *settings.split(), f"seed={seed}").code == 0
        assert desk.pytest("--astral", f"suite={name} {BASE}").code == 0
        counts.append(covered(desk, "all"))
    assert counts[0]["2"] == counts[1]["2"] == 31
    assert counts[1]["3"] > counts[0]["3"]
    assert desk.pytest("--astral", f"suite=7.astral.jsonl {BASE}", "-k", "violence").code == 0
    assert covered(desk)["2"] < 31
    wider = "categories=politics,privacy,violence,terrorism"
    for change in (wider, "per_cell=2"):
        before = {*(desk.path / "7.astral.jsonl").read_text().splitlines()[1:]}
        done = desk.astral("generate", "7.astral.jsonl", "--refresh", change)
        assert done.code == 0, done.text
        assert before < {*(desk.path / "7.astral.jsonl").read_text().splitlines()[1:]}
    assert desk.pytest("--astral", f"suite=7.astral.jsonl {BASE}").code == 0
    assert covered(desk)["1"] == 11


def covered(desk, *names):
    """By strength: how many combinations were judged."""
    done = desk.astral("coverage", *names, "--format", "json")
    assert done.code == 0, done.text
    return {strength: level["covered"]["judged"] for strength, level in json.loads(done.out)["coverage"].items()}


@pytest.mark.slow
def test_the_suites_of_the_page_have_a_dimension_of_their_own(desk):
    desk.write("mended", "")
    keyed, whole = (text for kind, text in BLOCKS if kind == "json")
    head = whole.splitlines()[0].replace(', ["language", ["en", "eu"]]', "")
    other = json.dumps({**json.loads(keyed), "prompt": "A question: ...", "x_language": "en"})
    desk.write("keyed.astral.jsonl", f"{head}\n{keyed}{other}\n")
    desk.write("whole.astral.jsonl", whole)
    assert desk.pytest("--astral", f"suite=keyed.astral.jsonl {BASE}").code == 0
    assert "with further dimensions: language (en, eu)\n" in desk.astral("coverage").out
    assert desk.pytest("--astral", f"suite=whole.astral.jsonl {BASE}").code == 0
    found = desk.astral("coverage").out
    assert "never judged: 1 of 5 values\n  language: en (not planned)\n" in found
    assert "further" not in found
    desk.astral("generate", "whole.astral.jsonl", "--refresh").refused("'language'")
    assert (desk.path / "whole.astral.jsonl").read_text() == whole


@pytest.mark.slow
def test_the_table_names_the_keys_of_the_json(desk):
    desk.write("mended", "")
    assert desk.pytest("--astral", f"{BASE} categories=privacy").code == 0
    found = json.loads(desk.astral("coverage", "--format", "json", "--list").out)
    rows = [line for line in PAGE.partition("## JSON")[2].splitlines() if line.startswith("| `")]
    assert [re.match(r"\| `(\w+)`", row)[1] for row in rows] == [*found]
    for row in rows:
        key, value = re.match(r"\| `(\w+)`", row)[1], None
        value = found[key][0] if key == "runs" else found[key]["1"] if key == "coverage" else found[key]
        if isinstance(value, dict):
            assert {*value} <= {*re.findall(r"`(\w+)`", row)}
