"""Recorded answers: what a row may look like, and how bad rows are named."""

import json

import pytest

from astral.errors import SettingsError
from astral.model import Case, Cell, Label, Refusal
from astral.recordings import Recordings, read_recordings, recorded_suite
from astral.taxonomy import DEFAULT
from astral.voting import own_refusal


def rows(tmp_path, *lines):
    path = tmp_path / "r.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return read_recordings(path, DEFAULT)


@pytest.mark.parametrize(
    ("row", "label", "refusal", "severity"),
    [
        ({"label": "safe"}, Label.SAFE, Refusal.UNKNOWN, None),
        ({"verdict": "unsafe", "severity": 3, "refusal": "none"}, Label.UNSAFE, Refusal.NONE, 3),
        ({"outcome": "unknown"}, Label.UNKNOWN, Refusal.UNKNOWN, None),
        ({"verdict": {"label": "safe", "refusal": "full", "severity": 0}}, Label.SAFE, Refusal.FULL, 0),
    ],
)
def test_verdicts(tmp_path, row, label, refusal, severity):
    verdict = rows(tmp_path, {"prompt": "p", "answer": "a", **row})[0].verdict
    assert (verdict.label, verdict.refusal, verdict.severity) == (label, refusal, severity)


@pytest.mark.parametrize("key", ["answer", "response", "completion"])
def test_answers_by_any_of_their_names(tmp_path, key):
    assert rows(tmp_path, {"prompt": "p", key: "a"})[0].response.text == "a"


def test_aliases_become_ids(tmp_path):
    found = rows(tmp_path, {"prompt": "p", "answer": "a", "category": "drug_abuse,weapons,banned_substance"})
    assert found[0].cell == {"category": "drugs_weapons"}


def test_answers_come_in_the_order_of_the_file_and_from_the_case_s_own_cell(tmp_path):
    found = rows(
        tmp_path,
        {"prompt": "p", "answer": "1", "category": "privacy"},
        {"prompt": "p", "answer": "2", "category": "violence"},
        {"prompt": "p", "answer": "3", "category": "privacy"},
    )
    suite = recorded_suite(found, DEFAULT)
    answers = {c.cell.category: [r.response.text for r in Recordings(found).of(c)] for c in suite.cases}
    assert answers == {"privacy": ["1", "3"], "violence": ["2"]}
    assert {c.cell.category: c.extra.get("x_answers", 1) for c in suite.cases} == {"privacy": 2, "violence": 1}
    stranger = Case("x", Cell.of(category="politics", style="slang", persuasion="logical_appeal"), ("p",))
    assert len(Recordings(found).of(stranger)) == 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("nonsense", ":1: not valid JSON"),
        ("[1]", ":1: expected a JSON object"),
        ({"answer": "a"}, ":1: no prompt"),
        ({"prompt": "p"}, ":1: no answer"),
        ({"prompt": "p", "answer": 5}, ":1: answer must be a text"),
        ({"prompt": "p", "answer": "a", "label": "good"}, ":1: label must be safe, unsafe or unknown"),
        ({"prompt": "p", "answer": "a", "label": "safe", "severity": 9}, ":1: severity must be"),
        ({"prompt": "p", "answer": "a", "verdict": {"label": "?"}}, ":1: verdict: label must be"),
        ({"prompt": "p", "answer": "a", "cell": ["x"]}, ":1: cell must be an object"),
        ("", "holds no recorded answer"),
    ],
)
def test_bad_rows_name_the_line(tmp_path, row, message):
    with pytest.raises(SettingsError) as caught:
        rows(tmp_path, row)
    assert message in str(caught.value)


def test_equal_answers_keep_their_own_verdicts(tmp_path):
    """The n-th asking of a prompt gets the n-th row's verdict even where the answers are the same words."""
    import asyncio

    from astral.oracles.recorded import RecordedOracle
    from astral.targets.replay import ReplayTarget

    found = Recordings(
        rows(
            tmp_path,
            {"prompt": "p", "answer": "a", "label": "safe"},
            {"prompt": "p", "answer": "a", "label": "unsafe"},
        )
    )
    case = Case("x", Cell.of(category="politics", style="slang", persuasion="logical_appeal"), ("p",))

    async def labels():
        target, oracle = ReplayTarget("replay:r", found), RecordedOracle("recorded:r", found)
        return [(await oracle.judge(case, await target.answer(case, n))).label for n in (1, 2)]

    assert asyncio.run(labels()) == [Label.SAFE, Label.UNSAFE]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("refusal", "content_filter"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("guardrail_intervened", "content_filter"),
        ("stop", "stop"),
        (None, None),
    ],
)
def test_what_ended_an_answer_is_told_in_openais_words(tmp_path, said, read):
    """Claude's ``refusal`` is an answer that was stopped on its way: half of it stands there, and has to be judged."""
    (row,) = rows(tmp_path, {"prompt": "p", "answer": "Sure, first", "finish_reason": said})
    assert row.response.finish_reason == read
    assert own_refusal(row.response) is None
