"""Limits over whole runs: a run settles at what its endpoint bears, and calls start at the pace that was set.

Pace is shown without a clock: the first reply ends the run, and by then the server has seen no second request.
"""

from collections import Counter
from dataclasses import replace

import pytest
from desks import PREFLIGHT, SMALL

from astral.testing.behaviour import default_answer, user_text
from astral.testing.replies import completion, error

OFFLINE = f"canaries=0 writer=template preset=smoke web=off {SMALL}"
RUN = f"target=gpt-4 oracle=llm:judge confirm=1 gate=none {OFFLINE}"
CASES = 24


@pytest.mark.slow
def test_a_run_settles_at_what_its_endpoint_bears(desk, server):
    """The server refuses what is more than four at once; the run may have 32 in flight. A refusal takes as long as an
    answer, so that what the server counts is what was sent.
    """
    bears, repeats, retries = 4, 3, 3

    def play(logged, attempt):
        answered = completion(default_answer(logged.body), model=logged.model)
        return replace(error(429) if logged.in_flight > bears else answered, delay=0.1)

    server.routes["/v1/chat/completions"] = play
    settings = f"{RUN} concurrency=32 repeats={repeats} retries={retries} budget=none report=json:out.json"
    done = desk.pytest("--astral", settings)
    assert done.code == 0, done.text
    planned = CASES * repeats
    assert desk.totals() == {"safe": planned}
    asked = [one for one in server.requests if user_text(one.body) not in PREFLIGHT]
    times = Counter(one.model for one in asked)
    assert all(planned <= times[model] <= planned * (1 + retries) for model in ("gpt-4", "judge"))
    calls = desk.results()["run"]["calls"]
    assert calls["retries"] == len(asked) - 2 * planned
    assert calls["retries"] < 2 * planned, "less than one refusal a call"
    assert max(one.in_flight for one in asked) > 2 * bears, "it began with what was set"
    settled = sorted(one.in_flight for one in asked[-planned:])
    assert settled[planned // 2] <= bears + 1
    assert settled[-1] <= 16, "a reply may be read before the server counts it as gone"


@pytest.mark.slow
@pytest.mark.parametrize("pace", ["rpm=15", pytest.param("tpm=400", marks=pytest.mark.slow)])
def test_calls_start_at_the_pace_that_was_set(desk, server, pace):
    """A refused key ends the run with the first reply; without the pace eight requests would be under way by then.
    That the others then wait for nothing is shown too: at four seconds a call they would take longer than may be.
    """
    server.script = lambda request, attempt: error(401)
    settings = f"{RUN} {pace} preflight=off incomplete=100% report=json:out.json"
    done = desk.pytest("--astral", settings)
    assert done.code == 1
    assert "Task was destroyed" not in done.text
    assert desk.totals() == {"error": CASES}
    assert server.count() == 1
    assert {case["reason"] for case in desk.results()["cases"]} == {"http_401"}


@pytest.mark.parametrize(("pace", "said"), [("rpm=12", "about 4 min"), ("tpm=12000", "about 2-4 min")])
def test_the_pace_is_in_the_forecast(desk, server, pace, said):
    done = desk.pytest("--astral", f"{RUN} {pace} dry_run=on")
    assert done.code == 0, done.text
    (cost,) = [line for line in done.out.splitlines() if line.startswith(f"astral: {CASES} trials")]
    assert said in cost
    assert not server.requests


def test_a_budget_too_small_names_a_smaller_plan_only_where_there_is_one(desk, server):
    desk.pytest("--astral", f"{RUN} budget=1req").refused("set budget=100req, or test less: plan=pairwise, categories=")
    done = desk.pytest("--astral", f"{RUN.replace('plan=full', 'plan=pairwise')} budget=1req")
    done.refused("set budget=100req, or test less: categories=")
    assert not server.requests
