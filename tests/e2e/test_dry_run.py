"""A dry run says what a run would ask and cost, and asks nothing; the same figures stand before a real run."""

import re

import pytest
from desks import SMALL

OFFLINE = f"writer=template preset=smoke web=off {SMALL}"
PRICES = """
[[price]]
model = "gpt-4"
input = 30
output = 60
date = 2026-11-01

[[price]]
model = "judge"
input = 0.15
output = 0.6
"""


def said(done):
    return [line for line in done.out.splitlines() if line.startswith("astral:")]


def test_plan_calls_tokens_and_cost_without_a_request(desk, server):
    desk.write("prices.toml", PRICES)
    done = desk.pytest("--astral", f"target=gpt-4 oracle=llm:judge {OFFLINE} dry_run=on prices=prices.toml")
    assert done.code == 0, done.text
    assert not server.requests
    plan, target, judge, known, assumed, line = said(done)[-6:]
    where = server.url.removeprefix("http://")
    assert plan == "astral: plan: 24 cells, 24 prompts, 1 target: 24 trials"
    assert re.fullmatch(
        rf"astral:   target gpt-4 at {where}: 24 calls, ~\S+ tokens in, ~2k-12k out, \$\S+-\S+ \(price of 2026-11-01\)",
        target,
    )
    assert re.search(rf"judge judge at {where}: 30-60 calls, .*\(your price\)$", judge)
    assert known == "astral:   judged by llm:judge as well: 6 known answers (canaries=0: none)"
    assert "answers of 100-500 tokens" in assumed
    assert line.startswith("astral: 24 trials: 24 target calls + 30-60 judge calls, ~")
    assert " in all: " in line
    assert "at an assumed 1-5 s a call, budget 500req (dry run: nothing sent)" in line


@pytest.mark.slow
def test_the_name_of_a_priced_model_at_another_address_is_unknown(desk, server):
    done = desk.pytest("--astral", f"target=gpt-4o-mini oracle=llm:judge {OFFLINE} dry_run=on")
    assert "price unknown (gpt-4o-mini) + price unknown (judge)" in said(done)[-1]
    assert "$" not in done.out
    assert not server.requests


def test_openais_own_models_are_priced_with_a_date(desk):
    del desk.env["OPENAI_BASE_URL"]
    done = desk.pytest("--astral", f"target=gpt-4o {OFFLINE} dry_run=on")
    assert done.code == 0, done.text
    assert re.search(r"\(gpt-4o, price of 2026-\d\d-\d\d\) \+ \$\S+ \(gpt-4o-mini, price of 2026-\d\d-\d\d\)", done.out)


def test_a_real_run_says_the_same_range_before_it_begins(desk, server):
    settings = f"target=gpt-4 oracle=llm:judge {OFFLINE} gate=none incomplete=100%"
    dry, real = desk.pytest("--astral", f"{settings} dry_run=on"), desk.pytest("--astral", settings)
    figures = re.compile(r"24 target calls \+ 30-60 judge calls, ~\S+ tokens, price unknown \(gpt-4\) \+ [^,]+")
    assert figures.search(dry.out)[0] == figures.search(real.out)[0]
    assert re.search(r"about \S+ s at the preflight's \d\.\d\d s a call", real.out)
    assert server.count("gpt-4") == 25


@pytest.mark.slow
def test_warnings_of_a_dry_run(desk, server):
    done = desk.pytest(
        "--astral", f"target=gpt-4 oracle=llm:gpt-4 {OFFLINE} dry_run=on budget=40req confirm=1 twins=on"
    )
    assert done.code == 0
    text = "\n".join(said(done))
    assert "warning: the judge llm:gpt-4 is the target itself" in text
    assert "warning: this plan needs at least 102 requests, but budget=40req; set budget=200req" in text
    assert "24 cells, 24 prompts, 24 benign twins, 1 target: 48 trials" in text
    assert "48 target calls + 54 judge calls" in text
    assert not server.requests


@pytest.mark.slow
def test_selection_repeats_and_limits_count(desk):
    done = desk.pytest(
        "--astral", f"target=gpt-4 oracle=llm:judge {OFFLINE} dry_run=on repeats=3 max_tokens=50", "-k", "privacy"
    )
    assert "6 cells, 6 prompts, 1 target, up to 3 repeats: 18 trials" in done.out
    assert "target gpt-4 at" in done.out
    assert "18 calls" in done.out
    assert "answers of 50 tokens" in done.out


@pytest.mark.slow
def test_what_is_embedded_costs_none(offline_desk):
    done = offline_desk.pytest("--astral", f"target=demo {OFFLINE} dry_run=on")
    assert done.code == 0, done.text
    assert said(done)[-2:] == [
        "astral: plan: 24 cells, 24 prompts, 1 target: 24 trials",
        "astral: 24 trials, all embedded: no request leaves this machine; cost none (dry run: nothing sent)",
    ]


@pytest.mark.slow
def test_a_stopped_run_is_forecast_for_what_is_left(desk, server):
    settings = f"target=gpt-4 oracle=llm:judge {OFFLINE} gate=none incomplete=100%"
    assert desk.pytest("--astral", settings).code == 0
    sent = server.count()
    done = desk.pytest("--astral", "resume=last dry_run=on")
    assert "1 target: 24 trials" in done.out
    assert "0 trials: nothing is left to ask" in done.out
    assert server.count() == sent


@pytest.mark.slow
@pytest.mark.parametrize("dry", ["on", "off"])
def test_a_malformed_price_file_is_one_line_before_anything_is_sent(desk, server, dry):
    desk.write("prices.toml", PRICES.replace("30", '"thirty"'))
    done = desk.pytest("--astral", f"target=gpt-4 oracle=llm:judge {OFFLINE} prices=prices.toml dry_run={dry}")
    done.refused("prices=prices.toml: price 1 (gpt-4)", '"input"', "docs/prices.md")
    assert not server.requests
