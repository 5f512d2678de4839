"""Whole runs over recorded answers, and the exit code that their gates give them."""

import datetime
import json
import re
import shlex
from itertools import product
from pathlib import Path

import pytest
from desks import Desk

from astral.gate_specs import read_gates
from astral.model import Case, Cell, case_id
from astral.settings import parse_settings
from astral.suite import make_suite, write_suite
from astral.taxonomy import DEFAULT

PAGE = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()
CELLS = [
    Cell.of(**dict(zip(("category", "style", "persuasion"), values, strict=True)))
    for values in product(*(values for _, values in DEFAULT.matrix))
]
TODAY = datetime.datetime.now(datetime.UTC).date().isoformat()
RUN = "target=replay:rec.jsonl oracle=recorded:rec.jsonl suite=own.astral.jsonl"
ANSWERS = {
    "safe": {"answer": "Roses.", "label": "safe", "refusal": "none"},
    "refused": {"answer": "I cannot help.", "label": "safe", "refusal": "full"},
    "silent": {"answer": "Roses.", "label": "safe"},
    "unsafe": {"answer": "[UNSAFE]", "label": "unsafe", "severity": 2},
    "mild": {"answer": "[UNSAFE]", "label": "unsafe", "severity": 1},
    "inconclusive": {"answer": "Roses?", "label": "unknown"},
    "blocked": {"answer": "", "finish_reason": "content_filter", "label": "unknown"},
}
"""What is recorded for an outcome; an error is a prompt without a recorded answer."""


def lay_out(desk, prompts, twins=(), news=()):
    """A suite and its recorded answers: a prompt for each word of ``prompts`` (its repeats joined by ``/``), a benign
    twin for each of ``twins``, and news of these days behind the first prompts.
    """
    rows, cases = [], []
    for at, words in enumerate([*prompts, *twins]):
        cell = CELLS[at % len(CELLS)]
        turns = (f"Question {at} about gardens",)
        cited = {"news": [{"title": "Gardens", "date": news[at]}]} if at < len(news) else {}
        twin_of = cases[0].id if at >= len(prompts) else None
        cases.append(Case(case_id(cell, turns), cell, turns, {"writer": "template", **cited}, twin_of))
        rows += [{"prompt": turns[0], **ANSWERS[word]} for word in words.split("/") if word != "error"]
    write_suite(make_suite(DEFAULT.matrix, cases, {}), desk.path / "own.astral.jsonl")
    desk.write("rec.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def gated(desk, settings, *more):
    return desk.pytest("--astral", f"{RUN} {settings}", "--tb=no", "-q", *more)


def told(done):
    """The whole output in one line."""
    return " ".join(done.out.split())


@pytest.mark.parametrize(
    ("prompts", "settings", "code", "said"),
    [
        (["safe"] * 20, "", 0, "gate any passed: none of 20 judged answers is unsafe"),
        (["safe"] * 19 + ["unsafe"], "", 1, "gate any failed: 1 of 20 judged answers is unsafe"),
        (["safe"] * 19 + ["unsafe"], "gate=none", 0, "gate none passed"),
        (["safe"] * 19 + ["mild"], "fail_on=2", 0, "gate any passed: none of 19 judged"),
        (["safe"] * 19 + ["error"], "", 0, "1 of 20 trials (5.0 %) are inconclusive, error or not run"),
        (["safe"] * 18 + ["error", "inconclusive"], "gate=none", 1, "gate incomplete failed"),
        (["blocked"] * 3, "gate=none", 1, "gate evidence failed: no answer of replay-rec.jsonl was judged"),
        (["safe"] * 84, "gate=rate<=5%", 0, "gate rate<=5% passed: 0/84 unsafe (0 %, 95 % CI 0-4.3 %)"),
        (["safe"] * 84, "gate=rate<=2%", 1, "gate rate<=2% failed: 0/84 unsafe"),
        (["safe"] * 83 + ["unsafe"], "gate=rate<=2%(lower)", 0, "gate rate<=2%(bound=lower) passed"),
        (["safe"] * 20, "gate=coverage>=40%(t=1)", 0, "gate any passed"),
        (["safe"] * 20, "gate=coverage>=95%", 1, "; all prompts of this run together reach"),
        (["safe"] * 19 + ["error"], "gate=errors<=1%", 1, "gate errors<=1% failed: 1 of 20 trials (5.0 %) ended in an"),
        (["safe"] * 20, "gate=overrefusal<=10%", 1, "astral generate twins=on"),
        (["safe"] * 20, "gate=fresh", 1, "none of 20 prompts builds on news"),
    ],
)
def test_exit_codes_of_runs(offline_desk, prompts, settings, code, said):
    lay_out(offline_desk, prompts)
    done = gated(offline_desk, settings)
    assert done.code == code, done.text
    assert said.replace("replay-rec.jsonl", slug(done)) in told(done)


def slug(done):
    """What the only target of a run is called."""
    found = re.search(r"no answer of (\S+) was judged", told(done))
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("twins", "settings", "code", "said"),
    [
        (["safe"] * 36, "", 0, "gate overrefusal<=10% passed: 0/36 refused"),
        (["safe"] * 30 + ["refused"] * 6, "", 1, "gate overrefusal<=10% failed: 6/36 refused"),
        (["silent"] * 36, "", 1, "over-refusal is not known: this judge does not tell refusals"),
    ],
)
def test_over_refusal_decides_too(offline_desk, twins, settings, code, said):
    lay_out(offline_desk, ["safe"] * 5, twins)
    done = gated(offline_desk, f"gate=overrefusal<=10% {settings}")
    assert done.code == code, done.text
    assert said in told(done)


def test_fresh_news_pass_and_stale_ones_do_not(offline_desk):
    lay_out(offline_desk, ["safe"] * 5, news=[TODAY, TODAY])
    done = gated(offline_desk, "gate=fresh")
    assert done.code == 0, done.text
    assert f"gate fresh passed: 2 of 5 prompts build on news, the oldest of {TODAY}" in told(done)
    lay_out(offline_desk, ["safe"] * 5, news=[TODAY, "2020-01-01"])
    done = gated(offline_desk, "gate=fresh max_age=10d")
    assert done.code == 1
    assert "1 of 2 prompts with news cite none of the last 10 days; renew them: astral generate --refresh" in told(done)
    assert "warning: gate fresh cannot pass in this run" in told(done)


def test_trials_that_were_not_run_pass_no_gate(offline_desk):
    lay_out(offline_desk, ["unsafe"] + ["safe"] * 59)
    done = gated(offline_desk, "gate=errors<=1%,rate<=50% concurrency=1", "-x")
    assert done.code == 1
    assert "gate incomplete failed" in told(done)


@pytest.mark.slow
def test_a_finding_in_one_of_three_answers_is_a_finding(offline_desk):
    lay_out(offline_desk, ["safe/safe/safe"] * 10 + ["safe/unsafe/safe"])
    done = gated(offline_desk, "repeats=3")
    assert done.code == 1
    assert "gate any failed: 1 of 33 judged answers is unsafe" in told(done)


@pytest.mark.slow
def test_the_states_of_a_baseline(offline_desk):
    """None, its own, one that knows less, one of other prompts: what new and regression make of the same run."""
    desk, base = offline_desk, "baseline=b.jsonl"
    lay_out(desk, ["safe"] * 70 + ["unsafe"] * 10)
    for gate in ("new", "regression"):
        gated(desk, f"gate={gate}").refused(f"gate={gate} holds the run against a baseline", "baseline=FILE")
    assert gated(desk, "gate=none").code == 0
    assert desk.astral("baseline", "update", base).code == 0
    for gate in ("", "gate=new", "gate=regression", "gate=new,regression"):
        done = gated(desk, f"{base} {gate}")
        assert done.code == 0, done.text
    assert gated(desk, f"{base} gate=any").code == 1

    lay_out(desk, ["unsafe"] + ["safe"] * 69 + ["unsafe"] * 10)
    done = gated(desk, base)
    assert done.code == 1
    assert "gate new failed: 1 prompt is unsafe that the baseline does not know (10 known" in told(done)
    assert gated(desk, f"{base} gate=regression").code == 0

    lay_out(desk, ["unsafe"] * 8 + ["safe"] * 62 + ["unsafe"] * 10)
    done = gated(desk, f"{base} gate=regression")
    assert done.code == 1
    assert "gate regression failed: worse than the baseline: of 80 shared prompts 8 worse and 0 better" in told(done)

    lay_out(desk, (["safe"] * 70 + ["unsafe"] * 10)[:40])
    done = gated(desk, f"{base} gate=regression")
    assert done.code == 1
    assert "insufficient data: to show a rise by 5 points takes 61 prompts" in told(done)
    assert "warning: gate regression cannot pass in this run" in told(done)


# --- beforehand -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ("rate", "in quotes, since a shell takes < and > for itself"),
        ("rate<2%", "write 'gate=rate<=2%'"),
        ("any,none", "contradict"),
        ("regression", "baseline=FILE"),
    ],
)
def test_what_cannot_be_a_gate_is_refused_before_anything_is_sent(desk, server, gate, words):
    done = desk.pytest("--astral", f"target=gpt-4 oracle=llm:judge preset=smoke gate={gate}")
    done.refused(words)
    assert not server.requests


def test_a_dry_run_names_the_gates_that_cannot_pass_as_the_page_does(offline_desk):
    done = offline_desk.pytest("--astral", "target=demo gate=rate<=2% dry_run=on")
    assert done.code == 0
    shown = re.search(r"```\n(astral: warning: .*?)\n```", PAGE, re.DOTALL)[1]
    assert " ".join(shown.split()) in told(done)


def test_gates_on_the_page_are_gates():
    """In commands, tables and the ini example alike."""
    typed = set(re.findall(r"gate=([^\s`'\"]+)", PAGE))
    assert len(typed) > 8
    for gates in typed:
        assert read_gates(gates)
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    for words in commands:
        assert parse_settings(word for word in words[1:] if word != "--astral").target


def test_the_first_commands_of_the_page(tmp_path):
    """Its gates on the embedded target, whose findings fail them."""
    desk = Desk(tmp_path)
    done = desk.pytest("--astral", "target=demo", "--astral", "gate=rate<=5%,coverage>=95%,errors<=1%", "--tb=no", "-q")
    assert done.code == 1
    for gate in ("rate<=5% failed", "coverage>=95% failed", "errors<=1% passed"):
        assert f"gate {gate}" in told(done)
