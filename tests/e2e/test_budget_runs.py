"""A budget in dollars over whole runs: kept to the reply by the server's own log, across resumes and workers."""

import json
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
from desks import PREFLIGHT, SMALL, judging

from astral.testing.behaviour import default_answer, user_text
from astral.testing.replies import of_json
from astral.testing.server import LocalServer

OFFLINE = f"canaries=0 writer=template preset=smoke web=off {SMALL}"
RUN = f"target=gpt-4 oracle=llm:judge confirm=1 concurrency=4 gate=none incomplete=100% prices=prices.toml {OFFLINE}"
SCHEMA = Path(__file__).parents[2] / "docs/results.schema.json"
PRICES = """
[[price]]
model = "gpt-4"
input = 0.1
output = 0.3
host = "127.0.0.1"
date = 2026-11-01

[[price]]
model = "judge"
input = 0.2
output = 0.4
host = "127.0.0.1"

[[price]]
model = "writer"
input = 1
output = 2
host = "127.0.0.1"
"""
COST = {"gpt-4": (1000 * 0.1 + 2000 * 0.3) / 1e6, "judge": (3000 * 0.2 + 100 * 0.4) / 1e6, "writer": 0.004}
USAGE = {"gpt-4": (1000, 2000), "judge": (3000, 100), "writer": (2000, 1000)}


def expensive(request, attempt):
    """The usual answers at a length that uses budgets up."""
    model, asked = request["model"], user_text(request)
    text = "OK" if asked in PREFLIGHT else judging("safe") if model == "judge" else default_answer(request)
    tokens = dict(zip(("prompt_tokens", "completion_tokens"), USAGE[model], strict=True))
    return of_json({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": tokens})


def cost(server, *, preflight=False):
    """What the server was asked, by its log, without preflights."""
    paid = (one for one in server.requests if preflight or user_text(one.body) not in PREFLIGHT)
    return sum(COST[one.model] for one in paid)


@pytest.fixture
def paid_desk(desk, server):
    server.script = expensive
    desk.write("prices.toml", PRICES)
    return desk


def spent(desk):
    document = desk.results()
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    return {(one["model"], one["purpose"]): one for one in document["run"]["calls"]["spent"]}


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param((), id="alone"),
        pytest.param(("-p", "xdist", "-n", "2"), id="two workers", marks=pytest.mark.slow),
    ],
)
def test_a_run_stops_at_its_budget_and_resumes_go_on_from_what_was_spent(paid_desk, server, workers):
    first = paid_desk.pytest(*workers, "--astral", f"{RUN} budget=$0.01 report=json:out.json")
    assert first.code == 0, first.text
    totals = paid_desk.totals()
    assert totals["not_run"] > 5
    assert "budget" in {case["reason"] for case in paid_desk.results()["cases"]}
    in_flight = 4 * max(COST.values())
    assert 0.01 <= cost(server) <= 0.01 + in_flight

    second = paid_desk.pytest(*workers, "--astral", f"{RUN} budget=$0.017 resume=last report=json:out.json")
    assert second.code == 0, second.text
    assert 0.017 <= cost(server) <= 0.017 + in_flight
    assert paid_desk.totals()["not_run"] >= 1

    third = paid_desk.pytest(*workers, "--astral", f"{RUN} budget=$1 resume=last report=json:out.json")
    assert third.code == 0, third.text
    assert paid_desk.totals() == {"safe": 24}
    asked = [user_text(one.body) for one in server.requests if user_text(one.body) not in PREFLIGHT]
    assert len(asked) == 48, "nothing was paid twice"
    lines = spent(paid_desk)
    assert sum(one["usd"] for one in lines.values()) == pytest.approx(cost(server, preflight=True))
    assert {key: one["requests"] for key, one in lines.items()} == {
        ("gpt-4", "target"): 24,
        ("judge", "judge"): 24,
        ("gpt-4", "preflight"): 3,
        ("judge", "preflight"): 3,
    }
    told = third.out.partition("spent ")[2].partition("\n\n")[0]
    assert "$0.0362 in all: $0.0189 (gpt-4, price of 2026-11-01) +" in " ".join(told.split())


@pytest.mark.slow
def test_a_resume_with_what_is_used_up_already_asks_nothing(paid_desk, server):
    paid_desk.pytest("--astral", f"{RUN} budget=$0.01")
    before = len(server.requests)
    done = paid_desk.pytest("--astral", f"{RUN} budget=$0.01 resume=last")
    done.refused("this plan costs at least about $0.0", "but budget=$0.01; set budget=$0.0")
    assert len(server.requests) == before


@pytest.mark.slow
def test_what_an_earlier_part_cost_may_not_be_unknown(paid_desk, server):
    """The judge of the first part was at an address without a price; the one of the second has one."""
    prices = PRICES.partition('[[price]]\nmodel = "judge"')[0]
    settings = RUN.replace("target=gpt-4", f"target=openai:gpt-4@{server.url}").replace(" prices=prices.toml", "")
    assert paid_desk.pytest("--astral", f"{settings} budget=100req").code == 0
    before = len(server.requests)
    with LocalServer(expensive) as other:
        paid_desk.env["OPENAI_BASE_URL"] = other.url
        host = other.root.removeprefix("http://")
        judge = f'[[price]]\nmodel = "judge"\ninput = 1\noutput = 1\nhost = "{host}"\n'
        paid_desk.write("prices.toml", prices + judge)
        done = paid_desk.pytest("--astral", f"resume=last prices=prices.toml budget=$5 {SMALL}")
        done.refused("budget=$5 cannot be kept, because the price of judge at 127.0.0.1:", "is unknown")
        assert not other.requests
    assert len(server.requests) == before


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("gpt-5-own", "the price of gpt-5-own at 127.0.0.1"),
        ("gpt-4 oracle=llm:gpt-4o-mini", "the price of gpt-4o-mini at 127.0.0.1"),
    ],
)
def test_an_unknown_price_is_a_usage_error_before_the_first_request(paid_desk, server, target, named):
    settings = RUN.replace("target=gpt-4 ", "target=" + target + " ").replace(
        "oracle=llm:judge ", "" if "oracle" in target else "oracle=llm:judge "
    )
    done = paid_desk.pytest("--astral", f"{settings} budget=$5")
    done.refused("budget=$5 cannot be kept, because", named, "prices=FILE (docs/prices.md)", "budget=500req")
    assert not server.requests


@pytest.mark.slow
def test_it_is_refused_before_a_suite_is_paid_for(paid_desk, server):
    done = paid_desk.pytest(
        "--astral",
        f"target=gpt-5-own writer=llm:writer checker=rules preset=smoke budget=$5 prices=prices.toml {SMALL}",
    )
    done.refused("the price of gpt-5-own at 127.0.0.1")
    assert not server.requests


def test_a_plan_that_cannot_fit_is_refused_with_the_amount_that_does(paid_desk, server):
    done = paid_desk.pytest("--astral", f"{RUN} budget=$0.001")
    done.refused("this plan costs at least about $0.00", "but budget=$0.001; set budget=$0.01, or test less")
    assert not server.requests


@pytest.mark.slow
def test_a_dry_run_warns_of_both(paid_desk, server):
    settings = RUN.replace("confirm=1", "confirm=1 dry_run=on")
    short = paid_desk.pytest("--astral", f"{settings} budget=$0.001")
    unknown = paid_desk.pytest("--astral", f"{settings.replace('=gpt-4', '=own')} budget=$0.001")
    assert (short.code, unknown.code) == (0, 0)
    assert "astral: warning: this plan costs at least about $0.00" in short.out
    assert "astral: warning: budget=$0.001 cannot be kept, because the price of own at 127.0.0.1" in unknown.out
    assert not server.requests


@pytest.mark.slow
def test_what_ones_own_code_asks_is_said_to_be_outside_the_budget(paid_desk, server):
    paid_desk.write("bot.py", "def answer(prompt):\n    return 'I cannot help with that.'\n")
    paid_desk.env["PYTHONPATH"] = str(paid_desk.path)
    done = paid_desk.pytest("--astral", RUN.replace("target=gpt-4", "target=python:bot:answer") + " budget=$5")
    assert done.code == 0, done.text
    assert "budget $5; what your own code asks of others is neither seen nor limited" in done.out
    assert server.count("judge") == 24 + 1


@pytest.mark.slow
def test_replies_without_a_count_of_tokens_are_assumed_and_that_is_said(paid_desk, server):
    server.script = lambda request, attempt: of_json(
        {"choices": [{"message": {"content": judging("safe") if request["model"] == "judge" else "x" * 8000}}]}
    )
    done = paid_desk.pytest("--astral", f"{RUN} budget=$0.01 report=json:out.json")
    assert done.code == 0, done.text
    assert paid_desk.totals()["not_run"] > 5
    lines = spent(paid_desk)
    target = lines["gpt-4", "target"]
    assert target["unreported"] == target["requests"] == server.count("gpt-4") - 1
    assert target["output_tokens"] == 2000 * target["requests"]
    assert "replies without a count of tokens: 4 characters taken for one" in " ".join(done.out.split())
    paid = sum(one["usd"] for (_, purpose), one in lines.items() if purpose != "preflight")
    assert 0.01 <= paid <= 0.01 + 4 * 0.002


@pytest.mark.slow
def test_prices_of_an_unpriced_run_are_unknown_and_not_nothing(paid_desk):
    done = paid_desk.pytest("--astral", RUN.replace("prices=prices.toml ", "") + " report=json:out.json")
    said = " ".join(done.out.split())
    assert "price unknown (gpt-4 at 127.0.0.1" in said
    assert "25 requests, 25k + 50k tokens in + out; judge at 127.0.0.1" in said
    assert {one["usd"] for one in spent(paid_desk).values()} == {None}


# --- generation -------------------------------------------------------------------------------------------------------

GENERATE = f"generate own.astral.jsonl writer=llm:writer preset=smoke web=off prices=prices.toml {SMALL}"


@pytest.mark.slow
def test_a_generation_stops_at_its_budget(paid_desk, server):
    done = paid_desk.astral(*GENERATE.split(), "checker=rules", "budget=$0.08", "concurrency=2")
    assert done.code == 0, done.text
    assert "budget=$0.08 was used up before the model had written all; raise it" in done.out
    assert 0.08 <= cost(server) <= 0.08 + 2 * COST["writer"]


@pytest.mark.slow
@pytest.mark.parametrize("more", ["writer=llm:own checker=rules", "checker=llm:own"])
def test_every_model_of_a_generation_needs_a_price(paid_desk, server, more):
    done = paid_desk.astral(*GENERATE.split(), *more.split(), "budget=$5")
    assert done.code == 4, done.text
    assert "budget=$5 cannot be kept, because the price of own at 127.0.0.1" in done.text
    assert not server.requests
    assert not (paid_desk.path / "own.astral.jsonl").exists()


@pytest.mark.slow
def test_an_embedder_needs_a_price_too(paid_desk, server):
    if find_spec("chromadb") is None:  # imported here, it would meet what runs within this process have unloaded
        pytest.skip("needs chromadb: pip install 'pytest-astral[rag]'")
    settings = GENERATE.replace("preset=smoke", "preset=rag embedder=openai:embed")
    done = paid_desk.astral(*settings.split(), "checker=rules", "budget=$5")
    assert done.code == 4, done.text
    assert "the price of embed at 127.0.0.1" in done.text
    assert not server.requests
