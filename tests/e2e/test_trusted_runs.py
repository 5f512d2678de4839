"""A judge is held against labels, its card is kept, and every later report of its runs says what that means."""

import json
from pathlib import Path

import jsonschema
import pytest

from astral.model import Case, Cell
from astral.targets.demo import DemoTarget

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
