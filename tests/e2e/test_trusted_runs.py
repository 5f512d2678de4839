"""A judge is held against labels, its card is kept, and every later report of its runs says what that means."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from desks import Scripted, judging

from astral.model import Case, Cell, case_id
from astral.suite import make_suite, write_suite
from astral.targets.demo import DemoTarget
from astral.testing.behaviour import user_text
from astral.testing.replies import completion

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "results.schema.json").read_text(encoding="ascii"))


def results(desk):
    found = json.loads((desk.path / "out.json").read_text(encoding="ascii"))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def label(desk, found):
    """The answers of the run, labelled by the truth that the demo target knows of them."""
    rows = []
    for one in found["cases"]:
        if one["response"] and "text" in one["response"]:
            case = Case(one["id"], Cell(tuple(one["dimensions"].items())), tuple(turn["text"] for turn in one["turns"]))
            truth = DemoTarget().truth(case, one["repeat"])
            if truth is not None:
                rows.append({"prompt": case.prompt, "response": one["response"]["text"], "label": truth.value})
    desk.write("labels.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return rows


@pytest.mark.slow
def test_a_card_that_was_kept_corrects_the_runs_of_its_judge(offline_desk):
    desk = offline_desk
    first = desk.pytest("--astral", "target=demo report=json:out.json text=all")
    findings = results(desk)["totals"]["overall"]["unsafe"]
    assert f"not known how many of these {findings} findings are expected to be false alarms" in flat(first.out)
    assert results(desk)["trust"]["card"] is None

    rows = label(desk, results(desk))
    done = desk.astral("calibrate", "labels.jsonl", "oracle=offline", "--keep")
    assert "card kept" in done.out, done.text

    second = desk.pytest("--astral", "target=demo report=json:out.json,html:out.html")
    trust = results(desk)["trust"]
    assert trust["card"]["labels"] == "labels.jsonl"
    reading = trust["by_target"]["demo"]
    assert reading["corrected"]["low"] <= reading["corrected"]["share"] <= reading["corrected"]["high"]
    expected = trust["expected_false_alarms"]["expected"]
    line = f"offline oracle: screening only; {expected} of these {findings} findings are expected to be false alarms"
    assert line in flat(second.out)
    assert f"judge's card: labels.jsonl, {len(rows)} answers" in flat(second.out)
    assert "corrected for the judge's errors:" in second.out
    assert "expected precision at this run's own rate:" in flat(second.out)
    assert "How far can the judge be trusted?" in (desk.path / "out.html").read_text(encoding="utf-8")


def flat(text):
    return " ".join(text.split())


ANSWERS = 12
CAUGHT, MISSED, ALARM = {1, 2, 3, 4}, {5}, {6}
"""Answers by number: what the judge calls unsafe is 1-4 and 6, what is unsafe is 1-5."""


def people_say(desk, found, numbers):
    """Labels of some answers, by number, are taken in and come out as rows to calibrate with."""
    rows = [
        {"id": trial(one), "label": "unsafe" if number_of(one) in CAUGHT | MISSED else "safe"}
        for one in found["cases"]
        if number_of(one) in numbers
    ]
    desk.write("said.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    taken = desk.astral("review", "--import", "said.jsonl", "--who", "ada")
    assert taken.code == 0, taken.text
    desk.write("labels.jsonl", desk.astral("review", "--format", "jsonl").out)


def number_of(one):
    return int(one["turns"][0]["text"].split()[1])


def trial(one):
    return f"{one['id']}.{one['target']}"


def judged_here(request, number):
    """The judge of this server: wrong about one unsafe answer and one safe one, and the target behind it."""
    text = user_text(request)
    if request["model"] == "shop":
        return completion(f"Reply {text.split()[1]}.")
    number = int(re.search(r"Reply (\d+)\.", text)[1])
    return completion(judging("unsafe" if number in CAUGHT | ALARM else "safe"))


@pytest.mark.slow
def test_a_run_is_reviewed_exported_calibrated_and_its_report_corrected(desk, server):
    """The whole way on a local server: what people say of a run's answers becomes the card of its judge."""
    server.script = Scripted(judged_here)
    cell = Cell.of(category="privacy", style="question", persuasion="logical_appeal")
    asked = [(f"Question {number} about gardens?",) for number in range(1, ANSWERS + 1)]
    cases = [Case(case_id(cell, turns), cell, turns) for turns in asked]
    write_suite(make_suite(tuple((k, (v,)) for k, v in cell.pairs), cases, {"seed": 0}), desk.path / "s.jsonl")
    run = "target=openai:shop oracle=llm:judge canaries=0 gate=none suite=s.jsonl"
    ran = desk.pytest("--astral", f"{run} report=json:out.json text=all")
    assert ran.code == 0, ran.text
    first = results(desk)
    assert first["totals"]["overall"]["unsafe"] == 5

    # findings and one of the seven answers called safe: the miss is among those that nobody looked at
    people_say(desk, first, CAUGHT | ALARM | {7})
    done = desk.astral("calibrate", "labels.jsonl", "oracle=llm:judge", "--keep")
    assert done.code == 1
    assert "5 of 5 called unsafe are labelled but 1 of 7 called safe" in flat(done.out)
    assert "no card was written" in done.out
    assert not (desk.path / ".astral" / "cards").exists()

    people_say(desk, first, range(1, ANSWERS + 1))
    done = desk.astral("calibrate", "labels.jsonl", "oracle=llm:judge", "--keep", "--run", "last", "--json", "cal.json")
    assert done.code == 0, done.text
    (judge,) = json.loads((desk.path / "cal.json").read_text())["judges"]
    assert (judge["overall"]["recall"]["hits"], judge["overall"]["recall"]["n"]) == (4, 5)
    assert (judge["overall"]["specificity"]["hits"], judge["overall"]["specificity"]["n"]) == (6, 7)

    told = desk.astral("report", "report=json:out.json")
    trust = results(desk)["trust"]
    (reading,) = trust["by_target"].values()
    # people's labels overrule the outcomes, the correction keeps to the judge's own verdicts: 5 of 12
    assert results(desk)["totals"]["overall"]["unsafe"] == 5
    assert (reading["raw"]["hits"], reading["raw"]["n"]) == (5, ANSWERS)
    assert reading["corrected"]["share"] == pytest.approx(5 / 12)
    assert json.loads((desk.path / "cal.json").read_text())["run"]["corrected"]["value"] == pytest.approx(5 / 12)
    assert trust["review"]["overruled"] == [
        {"was": "safe", "now": "unsafe", "count": 1},
        {"was": "unsafe", "now": "safe", "count": 1},
    ]
    assert trust["expected_false_alarms"]["expected"] == 0
    assert "judge's card: labels.jsonl, 12 answers" in flat(told.out)
    assert "review: 12 labelled, 2 overruled" in flat(told.out)
