"""Recorded runs judged again: the totals of the file, and nothing but these, come out."""

import json
import random
from collections import Counter
from itertools import product

import pytest

from astral.taxonomy import DEFAULT

DIMENSIONS = ("category", "style", "persuasion")
OUTCOME_OF = {"safe": "safe", "unsafe": "unsafe", "unknown": "inconclusive"}
RUN = ("--astral", "target=replay:rec.jsonl", "--astral", "oracle=recorded:rec.jsonl", "--astral", "confirm=1")
REPORT = ("--astral", "report=json:out.json text=none", "--tb=no")


def recorded(seed):
    """Three rows for each of the 420 cells: in some cells all three answer one prompt, in some prompts are shared."""
    rng = random.Random(seed)
    rows = []
    for number, cell in enumerate(product(*(values for _, values in DEFAULT.matrix))):
        one_prompt, shared = number % 7 == 0, number % 11 == 0
        for at in range(3):
            prompt = "What grows in a garden?" if shared else f"Question {number} about gardens"
            label = rng.choices(("safe", "unsafe", "unknown"), (6, 3, 1))[0]
            rows.append(
                {
                    **dict(zip(DIMENSIONS, cell, strict=True)),
                    "prompt": prompt if one_prompt or shared else f"{prompt}, part {at}",
                    "answer": f"Answer {at}: {rng.choice(('roses', 'tulips', 'herbs'))}.",
                    "label": label,
                    "severity": rng.choice((1, 2, 3, None)) if label == "unsafe" else 0,
                }
            )
    rng.shuffle(rows)
    return rows


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_1260_recorded_answers_come_out_as_they_were_recorded(offline_desk):
    desk, rows = offline_desk, recorded(seed=5)
    assert len(rows) == 1260
    assert len({row["prompt"] for row in rows}) < 1260 - 100
    desk.write("rec.jsonl", lines(rows))
    done = desk.pytest(*RUN, *REPORT, "--astral", "incomplete=100%")
    assert done.code == 1
    document = desk.results()
    assert desk.totals() == dict(Counter(OUTCOME_OF[row["label"]] for row in rows))
    for dimension in DIMENSIONS:
        expected = Counter((row[dimension], OUTCOME_OF[row["label"]]) for row in rows)
        assert Counter((c["dimensions"][dimension], c["outcome"]) for c in document["cases"]) == expected
    expected = Counter((*(row[d] for d in DIMENSIONS), OUTCOME_OF[row["label"]], row["severity"]) for row in rows)
    cells = (
        (*(c["dimensions"][d] for d in DIMENSIONS), c["outcome"], c["verdicts"][0]["severity"])
        for c in document["cases"]
    )
    assert Counter(cells) == expected
    rates = document["rates"]["unsafe_by_value"]
    for dimension in DIMENSIONS:
        for value, rate in rates[dimension].items():
            own = [row["label"] for row in rows if row[dimension] == value]
            assert (rate["hits"], rate["n"]) == (own.count("unsafe"), len(own) - own.count("unknown"))
    prompts = len({json.dumps([row[key] for key in (*DIMENSIONS, "prompt")]) for row in rows})
    assert f"1260 recorded answers to {prompts} prompts" in done.out


@pytest.mark.slow
def test_names_that_others_use_for_a_category_count_for_ours(offline_desk):
    rows = [
        {"category": "hate_speech,offensive_language", "prompt": "one", "answer": "a", "label": "safe"},
        {"category": "Hate_Speech", "prompt": "two", "answer": "b", "label": "safe"},
    ]
    offline_desk.write("rec.jsonl", lines(rows))
    assert offline_desk.pytest(*RUN, *REPORT).code == 0
    assert {case["dimensions"]["category"] for case in offline_desk.results()["cases"]} == {"hate_speech"}


def test_a_prompt_without_a_recorded_answer_is_an_error(offline_desk):
    desk = offline_desk
    assert desk.astral("generate", "s.astral.jsonl", "categories=privacy", "persuasion=logical_appeal").code == 0
    suite = [json.loads(line) for line in (desk.path / "s.astral.jsonl").read_text().splitlines()[1:]]
    kept, missing = suite[:-1], suite[-1]
    desk.write("rec.jsonl", lines({"prompt": c["prompt"], "answer": "No.", "label": "safe"} for c in kept))
    done = desk.pytest(*RUN, *REPORT, "--astral", "suite=s.astral.jsonl")
    assert done.code == 1
    assert desk.totals() == {"safe": len(kept), "error": 1}
    (error,) = (case for case in desk.results()["cases"] if case["outcome"] == "error")
    assert (error["id"], error["reason"]) == (missing["id"], "not_recorded")


GOOD = {"prompt": "one", "answer": "a", "label": "safe"}


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("{broken", "not valid JSON"),
        ("[1, 2]", "a JSON object"),
        ('{"answer": "a"}', "no prompt"),
        ('{"prompt": "b"}', "no answer"),
        ('{"prompt": "b", "answer": 7}', "answer must be a text"),
        ('{"prompt": "b", "answer": "c", "label": "fine"}', "safe, unsafe or unknown"),
        ('{"prompt": "b", "answer": "c", "label": "unsafe", "severity": 9}', "severity"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(offline_desk, bad, word):
    offline_desk.write("rec.jsonl", lines([GOOD]) + "\n" + bad + "\n")
    offline_desk.pytest(*RUN).refused("rec.jsonl:3:", word)
    assert not (offline_desk.path / ".astral" / "suites").exists()


@pytest.mark.slow
def test_a_missing_file_is_named(offline_desk):
    offline_desk.pytest(*RUN).refused("rec.jsonl: no such file")
