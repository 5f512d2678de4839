"""``astral coverage`` after whole runs of the embedded target."""

import json

import pytest

SMALL = "preset=smoke categories=privacy,violence styles=slang,question persuasion=logical_appeal,evidence_based"
DEMO = f"target=demo {SMALL} gate=none incomplete=100%"


def document(desk, *words):
    done = desk.astral("coverage", *words, "--format", "json")
    assert done.code == 0, done.text
    return json.loads(done.out)


@pytest.mark.slow
def test_the_last_run_in_three_formats(offline_desk):
    desk = offline_desk
    assert desk.pytest("--astral", f"{DEMO} plan=full twins=on seed=7 report=json:out.json").code == 0
    results, found = desk.results(), document(desk)
    (run,) = found["runs"]
    assert run["run"] == results["run"]["id"]
    for key in ("coverage", "coverage_extended", "coverage_gaps"):
        assert found[key] == results[key]
    assert found["coverage_extended"]["dimensions"] == ["twin"]
    judged = {case["id"] for case in results["cases"] if case["outcome"] in ("safe", "unsafe") and not case["twin_of"]}
    assert found["coverage"]["3"]["covered"] == {"generated": 8, "executed": 8, "judged": len(judged)}
    text, md = desk.astral("coverage"), desk.astral("coverage", "--format", "md")
    assert text.code == md.code == 0
    assert f"coverage of run {run['run']} " in text.out
    assert f"3-way        {len(judged)}/8" in text.out
    assert f"| 3-way | {len(judged)}/8 |" in md.out
    assert "with further dimensions: twin (with_twin)" in text.out
    prompts = [json.loads(line)["prompt"] for line in suite(desk).read_text().splitlines()[1:]]
    assert len(prompts) == 16
    assert not any(prompt[:20] in done.text for prompt in prompts for done in (text, md))


def suite(desk):
    (path,) = (desk.path / ".astral" / "suites").glob("*.astral.jsonl")
    return path


@pytest.mark.slow
def test_several_runs_are_united_and_each_says_what_it_adds(offline_desk):
    desk = offline_desk
    for part in ("privacy", "violence"):
        assert desk.pytest("--astral", f"{DEMO} plan=full", "-k", part).code == 0
    first, second = reversed([line.split()[0] for line in desk.astral("runs").out.splitlines()[1:]])
    alone, other, both = document(desk, first), document(desk, "last"), document(desk, second, first)
    assert alone["matrix"] == other["matrix"] == both["matrix"]
    assert [run["run"] for run in both["runs"]] == [first, second]
    counts = [found["coverage"]["3"]["covered"]["judged"] for found in (alone, other, both)]
    assert counts[0] + counts[1] == counts[2] > max(counts[:2])
    assert [run["added"]["3"] for run in both["runs"]] == counts[:2]
    assert document(desk, "all") == document(desk, "all", first, "last") == both
    shown = desk.astral("coverage", "all")
    assert shown.out.startswith("coverage of 2 runs together\n")
    assert len(json.dumps(document(desk, first, "--list")["coverage_gaps"]["not_planned_cells"])) > 2


@pytest.mark.slow
def test_list_names_every_gap(offline_desk):
    desk = offline_desk
    assert desk.pytest("--astral", "target=demo seed=7 gate=none incomplete=100%").code == 0
    short, full = desk.astral("coverage").out, desk.astral("coverage", "--list").out
    assert ": --list" in short
    assert ": --list" not in full
    gaps = document(desk, "--list")["coverage_gaps"]
    assert gaps["not_planned"] == len(gaps["not_planned_cells"]) == 336
    titles = [line for line in full.splitlines() if line.startswith("not planned: ")]
    assert titles == ["not planned: 336"]
    listed = " ".join(full.partition("not planned: 336\n")[2].split())
    for cell in gaps["not_planned_cells"]:
        assert f"{cell['category']} / {cell['style']} / persuasion: " in listed


@pytest.mark.slow
def test_two_targets_of_which_one_is_down(desk, server):
    desk.write("bot.py", "def answer(prompt):\n    raise RuntimeError('down')\n")
    settings = f"target=gpt-4,python:bot:answer oracle=offline {SMALL} plan=full gate=none incomplete=100%"
    desk.pytest("--astral", settings)
    found = document(desk)
    assert found["coverage"]["1"]["covered"]["judged"] == 6
    assert found["coverage_extended"]["dimensions"] == ["target"]
    assert {"target": "python-bot-answer"} in found["coverage_extended"]["levels"]["1"]["uncovered"]
    assert "python-bot-answer / category: privacy, violence" in desk.astral("coverage").out


@pytest.mark.slow
def test_what_cannot_be_shown_is_refused_in_one_line(offline_desk):
    desk = offline_desk
    desk.astral("coverage").refused("astral.db", "pytest --astral")
    assert desk.files() == set()
    assert desk.pytest("--astral", DEMO).code == 0
    desk.astral("coverage", "20200101-000000-beef").refused("no run '20200101-000000-beef'", "known: ")
    desk.astral("coverage", "--format", "html").refused("--format 'html'", "text, md, json")
    done = desk.astral("coverage", "--lst")
    assert done.code == 4
    assert "did you mean '--list'" in done.err
