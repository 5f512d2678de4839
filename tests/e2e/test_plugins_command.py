"""``astral plugins``, and oracles of strangers in whole runs: each harms its own verdict and nothing else."""

import pytest

from astral.testing.server import LocalServer

CONFTEST = """
import os, sys, time
import pytest

@pytest.hookimpl(optionalhook=True)
def pytest_astral_oracles():
    def odd(case, response, *, how="none"):
        if how == "exit":
            sys.exit(0)
        if how == "hang":
            time.sleep(60)
        if how == "print":
            print("::error::forged", "\\x1b[31m", "= 1 passed in 0.01s =")
            sys.stderr.write("to stderr\\n")
        if how == "type":
            return 1
        if how == "raise":
            raise ValueError(response.text)
        if how == "mutate":
            case.provenance["seeds"] = []
        return True

    return {"odd": odd}
"""
RUN = ("--astral", "target=python:bot:answer categories=privacy plan=full incomplete=100% timeout=1 concurrency=40")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "outcome", "said"),
    [
        ("none", "safe", ""),
        ("exit", "error", "oracle odd(how=exit) raised SystemExit"),
        ("hang", "error", "oracle odd(how=hang) did not return within 1 s"),
        ("type", "error", "oracle odd(how=type) returned 1"),
        ("raise", "error", "oracle odd(how=raise) raised ValueError: [text withheld]"),
        ("mutate", "safe", ""),
        ("print", "safe", ""),
    ],
)
@pytest.mark.parametrize("capture", ["fd", "no"])
def test_a_strangers_oracle_harms_its_own_verdicts_only(offline_desk, how, outcome, said, capture):
    offline_desk.write("conftest.py", CONFTEST)
    offline_desk.write("bot.py", "def answer(prompt): return 'an answer'")
    done = offline_desk.pytest(*RUN, "--astral", f"oracle=odd(how={how})", "--capture", capture, "-rA")
    assert f"30 {outcome}" in done.out, done.out
    assert said in " ".join(done.out.split())
    assert "forged" not in done.out + done.err
    assert "to stderr" not in done.out + done.err
    assert "\x1b" not in done.out + done.err


@pytest.mark.slow
def test_a_cascade_asks_the_model_only_about_what_the_rules_do_not_call_safe(offline_desk):
    with LocalServer() as server:
        run = ("--astral", "target=demo categories=privacy plan=full incomplete=100% canaries=0 budget=none gate=none")
        named = (f"llm:judge@{server.url}", "offline")
        first = offline_desk.pytest(*run, "--astral", f"oracle={','.join(named)} vote=cascade report=json:a.json")
        asked = server.count()
        second = offline_desk.pytest(
            *run, "--astral", f"oracle={','.join(named[::-1])} vote=cascade report=json:b.json"
        )
    a, b = (offline_desk.results(name) for name in ("a.json", "b.json"))
    assert a["totals"]["overall"] == b["totals"]["overall"]
    assert 1 < asked < 30
    judged = [case for case in a["cases"] if len(case["verdicts"]) > 1]
    assert 0 < len(judged) < 30
    assert all("offline" in {v["oracle"] for v in case["verdicts"]} for case in judged)
    assert first.code == second.code


@pytest.mark.slow
def test_what_can_be_chosen_is_listed_with_where_it_comes_from(offline_desk):
    offline_desk.write("conftest.py", CONFTEST)
    done = offline_desk.astral("plugins")
    assert done.code == 0
    rows = [line.split(maxsplit=2) for line in done.out.splitlines()]
    assert ["oracle", "odd", "conftest.py"] in rows
    assert ["oracle", "llm", "built in"] in rows
    assert ["oracle", "keyword_policy", "plugins/keyword_policy.py"] in rows
    assert offline_desk.files() == {"conftest.py"}


@pytest.mark.slow
def test_a_hook_that_fails_is_listed_as_trouble_beside_the_others(offline_desk):
    offline_desk.write("conftest.py", "def pytest_astral_targets():\n    raise ValueError('x\\x1b[31m')\n")
    done = offline_desk.astral("plugins")
    assert done.code == 1
    assert "trouble: " in done.out
    assert r"pytest_astral_targets raised ValueError: x\u{1b}[31m" in done.out
    assert ["oracle", "llm", "built in"] in [line.split(maxsplit=2) for line in done.out.splitlines()]
