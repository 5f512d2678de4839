"""Scripted conversations from a suite file to the reports, and repeats of a prompt, against a local server."""

import json
import os
import re
import signal

import pytest
from desks import Scripted, asked, judging
from explored import Explored

from astral.testing.behaviour import MARKER, REFUSAL, response_data

MATRIX = [["category", ["privacy", "violence"]], ["style", ["slang"]], ["persuasion", ["logical_appeal"]]]
RUN = (
    *("--astral", "target=gpt-4 oracle=llm:judge canaries=0 suite=talk.astral.jsonl"),
    *("--astral", "report=json:out.json,html:out.html text=all"),
)


def talks(desk, count=2, category="privacy"):
    """A suite of ``count`` conversations of three turns."""
    cell = {"category": category, "style": "slang", "persuasion": "logical_appeal"}
    cases = [{"cell": cell, "turns": [f"opening {n}?", f"middle {n}?", f"ending {n}?"]} for n in range(count)]
    rows = [{"astral_suite": 1, "matrix": MATRIX}, *cases]
    desk.write("talk.astral.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def play(request, number):
    """A target whose second answer is the unsafe one; the judge is the server's own."""
    if request["model"] == "judge":
        return None
    prompts = [message["content"] for message in request["messages"] if message["role"] == "user"]
    return f"{MARKER} to {prompts[-1]}" if len(prompts) == 2 else f"{REFUSAL} to {prompts[-1]}"


def test_last_judges_the_last_answer_and_shows_the_judge_all_of_them(desk, server):
    talks(desk)
    server.script = Scripted(play)
    assert desk.pytest(*RUN).code == 0
    assert desk.totals() == {"safe": 2}
    questions = asked(server, "judge")
    assert len(questions) == 2
    for question in questions:
        names = ["prompt 1 of 3", "response 1 of 3", "prompt 2 of 3", "response 2 of 3", "prompt 3 of 3", "response"]
        places = [question.index(f"NONCE {name} begins") for name in names]
        assert places == sorted(places)
        assert f"{MARKER} to middle" in question
        assert "It is the last one of a conversation" in question
    for case in desk.results()["cases"]:
        assert [answer["text"].split(" to ")[0] for answer in case["response"]["earlier"]] == [REFUSAL, MARKER]
        assert [verdict["turn"] for verdict in case["verdicts"]] == [None]


def test_each_judges_every_answer_and_the_finding_says_which_turn(desk, server):
    talks(desk)
    server.script = Scripted(play)
    done = desk.pytest(*RUN, "--astral", "turns=each confirm=2")
    assert done.code == 1
    assert desk.totals() == {"unsafe": 2}
    assert len(asked(server, "judge")) == 2 * (3 + 1)
    assert len(re.findall(r"^  \S+  at turn 2$", done.out, re.MULTILINE)) == 2
    for case in desk.results()["cases"]:
        unsafe = [verdict["turn"] for verdict in case["verdicts"] if verdict["label"] == "unsafe"]
        assert unsafe == [2, 2]
        assert sorted({verdict["turn"] for verdict in case["verdicts"]}) == [1, 2, 3]
    page = (desk.path / "out.html").read_text()
    assert [len(one["answers"]) for one in Explored(page).trials] == [3, 3]
    assert "llm:judge at turn 2" in page


def test_the_cost_of_judging_each_answer_is_told_beforehand(desk, server):
    talks(desk)
    done = desk.pytest(*RUN, "--astral", "turns=each confirm=1 dry_run=on")
    assert "6 target calls + 6 judge calls" in done.out
    assert not server.requests


@pytest.mark.slow
def test_a_killed_run_judges_only_the_turns_that_have_no_verdict_yet(desk, server):
    talks(desk, count=4)
    judged = []

    def until_killed(request, number):
        if request["model"] == "judge":
            judged.append(response_data(request))
            if len(judged) == 7:
                os.kill(child.pid, signal.SIGKILL)
        return play(request, number)

    server.script = Scripted(until_killed)
    concurrency = 1
    child = desk.start(*RUN, "--astral", f"turns=each confirm=2 concurrency={concurrency}")
    child.communicate(timeout=50)
    assert child.returncode == -signal.SIGKILL
    before = len(judged)
    server.script = Scripted(play)
    assert desk.pytest("--astral", "resume=last report=json:out.json").code == 1
    assert desk.totals() == {"unsafe": 4}
    assert len(asked(server, "gpt-4")) == 12  # the one place was the judge's
    questions = len(asked(server, "judge"))
    assert 16 <= questions <= 16 + concurrency  # four judgings of each conversation, the one in flight again
    assert questions > before
    for case in desk.results()["cases"]:
        assert sorted(verdict["turn"] for verdict in case["verdicts"]) == [1, 2, 2, 3]


def test_unsafe_answers_about_child_abuse_are_nowhere_kept_whatever_the_turn(desk, server):
    cell = {"category": "child_abuse", "style": "slang", "persuasion": "logical_appeal"}
    matrix = [["category", ["child_abuse"]], *MATRIX[1:]]
    rows = [{"astral_suite": 1, "matrix": matrix}, {"cell": cell, "turns": ["opening?", "middle?", "ending?"]}]
    desk.write("talk.astral.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    server.script = Scripted(play)
    assert desk.pytest(*RUN, "--astral", "turns=each").code == 1
    for name in ("out.json", "out.html"):
        assert f"{MARKER} to" not in (desk.path / name).read_text()
    stored = b"".join(path.read_bytes() for path in desk.path.rglob("astral.db"))
    answers = desk.results()["cases"][0]["response"]
    assert not any("text" in answer for answer in (answers, *answers["earlier"]))
    assert stored


# --- repeats ----------------------------------------------------------------------------------------------------------


def test_flaky_prompts_and_their_rate_are_in_every_report(desk, server):
    cell = {"category": "privacy", "style": "slang", "persuasion": "logical_appeal"}
    rows = [{"astral_suite": 1, "matrix": MATRIX}, *({"cell": cell, "prompt": f"prompt {n}?"} for n in range(3))]
    desk.write("talk.astral.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    times = {}

    def moody(request, number):
        if request["model"] == "judge":
            return judging("unsafe" if MARKER in response_data(request) else "safe")
        prompt = request["messages"][-1]["content"]
        times[prompt] = times.get(prompt, 0) + 1
        return MARKER if prompt == "prompt 1?" and times[prompt] in (2, 4) else REFUSAL

    server.script = Scripted(moody)
    done = desk.pytest(*RUN, "--astral", "repeats=5 concurrency=1")
    assert done.code == 1
    assert "flaky: 1 of 3 prompts did not always get the same outcome" in done.out
    assert "unsafe 2/5" in done.out
    assert "2 of 15 unsafe in repeats of 3 prompts" in done.out
    results = desk.results()
    (flaky,) = results["flaky"]
    assert (flaky["outcomes"], flaky["rate"]) == ({"safe": 3, "unsafe": 2}, 0.4)
    rate = results["rates"]["unsafe"]
    assert (rate["hits"], rate["n"], rate["prompts"]) == (2, 15, 3)
    assert rate["high"] - rate["low"] > 0.35  # 15 independent trials would give 0.34
    assert results["models"] == {"gpt-4": {"gpt-4": 15}}
    page = (desk.path / "out.html").read_text()
    assert "1 of 3 prompts did not always get the same outcome" in page
    assert "repeats of one prompt taken as a cluster" in page
