"""The main job against an OpenAI-compatible endpoint: how often is asked, what is kept, what is refused up front."""

import json
import socket

import pytest
from desks import KEY, SMALL, Scripted, asked, judging, preflights, with_all_plugins

from astral.testing.behaviour import MARKER, REFUSAL, response_data
from astral.testing.replies import Reply, completion, error, of_json

RUN = (
    *("--astral", "target=gpt-4"),
    *("--astral", "oracle=llm:judge"),
    *("--astral", "canaries=0 preset=smoke report=json:out.json"),
)


def test_84_cases_are_84_target_calls_and_84_judge_calls(desk, server):
    server.latency = 0.02
    done = desk.pytest(*RUN, "--astral", "confirm=1 concurrency=4", env=with_all_plugins(desk.env))
    assert done.code == 0
    assert desk.totals() == {"safe": 84}
    for model in ("gpt-4", "judge"):
        questions = asked(server, model)
        assert len(questions) == len(set(questions)) == 84
        assert preflights(server, model) == 1
    assert server.count() == 2 * 84 + 2
    assert 2 <= server.max_in_flight <= 4
    calls = desk.results()["run"]["calls"]
    assert (calls["target"], calls["judge"], calls["preflight"], calls["retries"]) == (84, 84, 2, 0)
    for logged in server.requests:
        assert logged.headers["authorization"] == f"Bearer {KEY}"
        if logged.model == "gpt-4":
            assert set(logged.body) == {"model", "messages"}  # no sampling parameter that nobody set


@pytest.mark.slow
def test_workers_of_xdist_change_nothing(desk, server):
    done = desk.pytest(*RUN, "--astral", "confirm=1 concurrency=4", "-n", "2", env=with_all_plugins(desk.env))
    assert done.code == 0
    assert desk.totals() == {"safe": 84}
    for model in ("gpt-4", "judge"):
        questions = asked(server, model)
        assert len(questions) == len(set(questions)) == 84
        assert preflights(server, model) == 1
    assert server.max_in_flight <= 4


def test_each_unsafe_verdict_is_judged_once_more(desk, server):
    judged = []

    def play(request, number):
        if request["model"] == "gpt-4":
            return f"{MARKER} answer {number}" if number % 4 == 0 else REFUSAL
        answer = response_data(request)
        judged.append(answer)
        again = judged.count(answer) > 1
        withdrawn = MARKER in answer and int(answer.split()[-1]) % 8 == 0 and again
        return judging("safe") if withdrawn else None

    server.script = Scripted(play)
    done = desk.pytest(*RUN, "--astral", "confirm=2")
    assert done.code == 1
    assert desk.totals() == {"safe": 63, "unsafe": 11, "inconclusive": 10}
    assert len(asked(server, "gpt-4")) == 84
    assert len(asked(server, "judge")) == 84 + 21
    cases = desk.results()["cases"]
    unconfirmed = [case for case in cases if case["outcome"] == "inconclusive"]
    assert {case["reason"] for case in unconfirmed} == {"unconfirmed"}
    assert all([v["label"] for v in case["verdicts"]] == ["unsafe", "safe"] for case in unconfirmed)
    assert all(len(case["verdicts"]) == 2 for case in cases if case["outcome"] == "unsafe")
    assert all(len(case["verdicts"]) == 1 for case in cases if case["outcome"] == "safe")


# --- refused before the plan is sent ----------------------------------------------------------------------------------


def test_a_missing_key_sends_nothing(desk, server):
    del desk.env["OPENAI_API_KEY"]
    desk.pytest(*RUN).refused("OPENAI_API_KEY", "gpt-4")
    assert not server.requests


def test_a_missing_judge_is_no_silent_change_of_judge(desk, server):
    del desk.env["OPENAI_API_KEY"]
    target = f"target=openai:gpt-4@{server.url}"  # a local server needs no key, the default judge does
    desk.pytest("--astral", target).refused("OPENAI_API_KEY", "oracle=llm:", "oracle=offline")
    assert not server.requests


def test_an_unreachable_endpoint(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port, connections are refused
        desk.env["OPENAI_BASE_URL"] = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        desk.pytest(*RUN, "--astral", "retries=0").refused("preflight of target gpt-4 failed", "no connection")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (Reply(200, {"Content-Type": "text/html"}, b"<html><b>It works!</b></html>"), "preflight of target gpt-4"),
        (of_json({}), "preflight of target gpt-4"),
        (error(401, f"Incorrect API key provided: {KEY}"), "OPENAI_API_KEY"),
        (error(404, "The model does not exist", code="model_not_found"), "preflight of target gpt-4"),
    ],
    ids=["html", "empty object", "401", "404"],
)
def test_an_endpoint_that_cannot_work(desk, server, reply, word):
    server.script = lambda request, attempt: reply
    done = desk.pytest(*RUN, "--astral", "retries=0")
    done.refused(word)
    assert KEY not in done.text
    assert server.count() == preflights(server, "gpt-4") >= 1


def test_a_plan_above_the_budget_is_refused_with_a_number_that_is_enough(desk, server):
    done = desk.pytest(*RUN, "--astral", "confirm=1 budget=100req")
    done.refused("168 requests", "budget=100req")
    assert not server.requests
    offered = next(word for word in done.text.split() if word.startswith("budget=") and word != "budget=100req;")
    done = desk.pytest(*RUN, "--astral", f"confirm=1 {offered.strip(',;')}")
    assert done.code == 0
    assert desk.totals() == {"safe": 84}


# --- trouble on the way -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_confirmations_beyond_the_budget_leave_trials_not_run_and_resume_asks_only_what_is_missing(desk, server):
    server.script = Scripted(lambda request, number: f"{MARKER} {number}" if request["model"] == "gpt-4" else None)
    done = desk.pytest(*RUN, "--astral", f"{SMALL} confirm=2 budget=48req gate=none")
    assert done.code == 1
    first = desk.totals()
    assert set(first) == {"unsafe", "not_run"}
    assert first["not_run"] >= 6  # 24 answers need 48 judgings, which 48 requests cannot hold
    assert len(asked(server, "gpt-4")) + len(asked(server, "judge")) == 48
    done = desk.pytest("--astral", "resume=last budget=500req report=json:out.json")
    assert done.code == 1
    assert desk.totals() == {"unsafe": 24}
    assert len(asked(server, "gpt-4")) == 24
    assert len(asked(server, "judge")) == 48


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("-n", "2"), ("-n", "2", "-x")])
def test_a_budget_that_ends_early_never_leaves_workers_waiting(desk, server, arguments):
    server.script = Scripted(lambda request, number: f"{MARKER} {number}" if request["model"] == "gpt-4" else None)
    first = desk.pytest(*RUN, "--astral", f"{SMALL} confirm=2 budget=48req", *arguments, env=with_all_plugins(desk.env))
    assert first.code in (1, 2)
    assert desk.totals()["not_run"] >= 6


@pytest.mark.slow
def test_a_judge_that_dies_keeps_the_answers_and_resume_only_judges(desk, server):
    server.script = Scripted(lambda r, number: error(500, "down") if r["model"] == "judge" and number > 30 else None)
    done = desk.pytest(*RUN, "--astral", "confirm=1 retries=0")
    assert done.code == 1
    assert desk.totals() == {"safe": 30, "error": 54}
    assert (
        done.out.count("the server answered 500; use resume=last later") == 54 + 1
    )  # one a trial, one among the reasons
    assert "_pytest/runner.py" not in done.out
    errors = [case for case in desk.results()["cases"] if case["outcome"] == "error"]
    assert all(case["response"]["text"] == REFUSAL for case in errors)
    prompts = asked(server, "gpt-4")
    assert len(prompts) == len(set(prompts)) == 84
    server.script = None
    done = desk.pytest("--astral", "resume=last report=json:out.json")
    assert done.code == 0
    assert desk.totals() == {"safe": 84}
    assert len(asked(server, "gpt-4")) == 84
    assert len(asked(server, "judge")) == 84 + 54


def test_the_key_is_in_no_artefact(desk, server):
    """Whatever an endpoint says: it echoes the key in answers, in verdicts and in errors here."""

    def play(request, number):
        if request["model"] == "judge":
            return judging("unsafe").replace("as scripted", f"it leaks {KEY}")
        return (f"the key is {KEY}", error(400, f"bad key {KEY}"), error(500, KEY))[number % 3]

    server.script = Scripted(play)
    settings = f"{SMALL} retries=0 text=all report=json:out.json,html:out.html"
    done = desk.pytest(
        "--astral", f"target=gpt-4 oracle=llm:judge {settings}", "-vv", "-rA", "--showlocals", "--junitxml=j.xml"
    )
    assert done.code == 1
    assert set(desk.totals()) == {"unsafe", "error"}
    report = desk.astral("report", "last", "text=all", "report=json:later.json,html:later.html")
    assert report.code == 0
    texts = {name: (desk.path / name).read_bytes().decode("utf-8", "replace") for name in desk.files()}
    assert {"out.json", "out.html", "j.xml", "later.json", "later.html"} <= set(texts)
    assert any(name.endswith("astral.db") for name in texts)
    texts |= {"stdout and stderr": done.text, "astral report": report.text}
    assert [name for name, text in texts.items() if KEY in text] == []


@pytest.mark.slow
def test_a_key_that_the_server_puts_into_model_and_finish_reason_is_in_no_artefact(desk, server):
    def play(request, attempt):
        if request["model"] == "judge":
            return None
        return completion("no", model=f"gpt-4 for {KEY}", finish_reason=f"stop {KEY} {'z' * 100_000}")

    server.script = play
    settings = f"target=gpt-4 oracle=llm:judge {SMALL} writer=template web=off report=json:out.json,html:out.html"
    done = desk.pytest("--astral", settings, "-vv", "-rA", "--showlocals", "--junitxml=j.xml")
    texts = {name: (desk.path / name).read_bytes().decode("utf-8", "replace") for name in desk.files()}
    texts["stdout and stderr"] = done.text
    assert [name for name, text in texts.items() if KEY in text] == []
    assert max(map(len, texts.values())) < 2_000_000
    assert "gpt-4 for [redacted]" in done.out


def test_what_a_model_would_have_a_tool_do_is_judged_beside_what_it_says(desk, server):
    call = {"id": "1", "type": "function", "function": {"name": "mail", "arguments": json.dumps({"body": MARKER})}}
    message = {"content": "On it.", "tool_calls": [call]}
    body = {"model": "gpt-4", "choices": [{"message": message, "finish_reason": "tool_calls"}]}
    server.script = lambda request, attempt: None if request["model"] == "judge" else of_json(body)
    settings = (
        f"target=gpt-4 oracle=llm:judge {SMALL} writer=template web=off report=json:out.json gate=none preflight=off"
    )
    desk.pytest("--astral", settings)
    assert desk.totals() == {"unsafe": 24}


@pytest.mark.slow
def test_a_resumed_run_is_judged_where_it_began(desk, server):
    server.script = lambda request, attempt: error(500, "x") if request["model"] == "judge" else None
    settings = (
        f"target=openai:gpt-4@{server.url} oracle=llm:judge {SMALL} writer=template web=off retries=0 preflight=off"
    )
    desk.pytest("--astral", settings)
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    sent = len(server.requests)
    desk.pytest("--astral", "resume=last", env=desk.env | {"OPENAI_BASE_URL": elsewhere}).refused(
        "judge", "endpoint was", "is now", "start a new run"
    )
    assert len(server.requests) == sent
