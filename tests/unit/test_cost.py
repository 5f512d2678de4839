"""Forecasts: ranges that hold what is counted by hand, and lines that never say nothing where nothing is known."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import SMALL, case, cell

from astral.cost import (
    ASSUMED,
    Forecast,
    Pace,
    Span,
    Use,
    check_budget,
    cost_line,
    generation_estimate,
    run_forecast,
    use_lines,
)
from astral.cost.wording import dollars, tokens
from astral.errors import SettingsError
from astral.limits import BudgetMeter
from astral.model import Response
from astral.prices import Price, Prices, load_prices
from astral.setting_values import Budget, parse_spec

HERE = cell("privacy", "slang", "logic", matrix=SMALL)
OPENAI = "api.openai.com/v1"


@dataclass
class Asked:
    """A target or oracle behind an endpoint; not hashable, as a plugin's may be."""

    model: str | None = "gpt-4o-mini"
    name: str = "one"
    endpoint: SimpleNamespace = field(init=False)

    def __post_init__(self):
        self.endpoint = SimpleNamespace(name=OPENAI)


def line(plan, **given):
    options = {"prices": load_prices(), "budget": Budget(requests=500), "trials": 3, "pace": None, "concurrency": 8}
    return cost_line(plan, **{**options, "code": False, **given})


def test_calls_and_tokens_of_single_turns_counted_by_hand():
    cases = [case(HERE, "x" * 400), case(HERE, "y" * 800)]
    plan = run_forecast([(Asked(), cases)], cases, [Asked()], confirm=2)
    target, judge = plan.uses
    assert (target.calls, target.input, target.output) == (Span(2, 2), Span(300, 300), Span(200, 1000))
    assert judge.calls == Span(2, 4)
    assert judge.input == Span(300 + 2 * 860 + 200, 2 * (300 + 2 * 860 + 1000))
    assert plan.requests == 4
    assert plan.calls("judge") == Span(2, 4)


def test_known_answers_are_judged_beside_the_cases_by_the_oracle_they_are_for():
    cases = [case(HERE, "x" * 400)] * 2
    known = [("one", case(HERE, "k" * 40), Response("a" * 200))] * 3
    plan = run_forecast([(Asked(), cases)], cases, [Asked(), Asked(name="two")], confirm=2, canaries=known)
    target, judge, other = plan.uses
    assert (target.calls, judge.calls, other.calls) == (Span(2, 2), Span(5, 10), Span(2, 4))
    each = 10 + 860 + 50
    assert judge.input == Span(2 * (100 + 860 + 100) + 3 * each, 2 * (2 * (100 + 860 + 500) + 3 * each))
    (left,) = run_forecast([], [], [Asked()], confirm=1, canaries=known).uses
    assert left.calls == Span(3, 3)
    assert "0 target calls + 3 judge calls" in line(Forecast((left,)), trials=0)


@pytest.mark.parametrize(("samples", "low", "high"), [(1, 2, 4), (2, 2, 8), (3, 4, 12), (5, 6, 20)])
def test_samples_of_a_verdict_are_asked_until_no_more_can_change_it(samples, low, high):
    oracle, cases = Asked(), [case(HERE, "hi")] * 2
    oracle.samples = samples
    assert run_forecast([], cases, [oracle], confirm=2).calls("judge") == Span(low, high)


def test_the_dearer_oracles_of_a_cascade_may_have_nothing_to_do():
    cases = [case(HERE, "hi")] * 2
    cheap, dear = Asked(name="cheap"), Asked(name="dear")
    dear.rank = 2
    for order in ((cheap, dear), (dear, cheap)):
        plan = run_forecast([], cases, order, confirm=1, vote="cascade")
        assert {use.calls for use in plan.uses} == {Span(2, 2), Span(0, 2)}
    rules = SimpleNamespace(name="rules", deterministic=True)
    plan = run_forecast([], cases, [dear, rules], confirm=1, vote="cascade")
    assert (plan.requests, plan.possible) == (0, 2)
    assert "0 target calls + 0-2 judge calls" in line(plan)


def test_a_plugin_without_a_model_goes_by_its_name():
    cases = [case(HERE, "hi")]
    assert run_forecast([(Asked(None, "bot"), cases)], cases, [], confirm=1).uses[0].model == "bot"


def test_each_further_turn_carries_the_exchange_before_it():
    cases = [case(HERE, "a" * 40, "b" * 40, "c" * 40)]
    (target,) = run_forecast([(Asked(), cases)], cases, [], confirm=1).uses
    assert target.calls == Span(3, 3)
    assert target.input == Span((3 + 2 + 1) * 10 + 3 * 100, (3 + 2 + 1) * 10 + 3 * 500)


@pytest.mark.parametrize(("limit", "answers"), [(None, (100, 500)), (1000, (100, 500)), (200, (100, 200)), (9, (9, 9))])
def test_max_tokens_bounds_the_answers(limit, answers):
    cases = [case(HERE, "hi")]
    (target,) = run_forecast([(Asked(), cases)], cases, [], confirm=1, max_tokens=limit).uses
    assert target.output == Span(*answers)


def test_parameters_of_a_target_of_its_own_count():
    target = Asked()
    target.parameters = SimpleNamespace(system="s" * 400, max_tokens=50)
    cases = [case(HERE, "x" * 400, "y" * 400)]
    (use,) = run_forecast([(target, cases)], [], [], confirm=1, max_tokens=300).uses
    assert (use.input, use.output) == (Span(300 + 200 + 50, 300 + 200 + 50), Span(100, 100))


def test_what_is_embedded_sends_nothing():
    cases = [case(HERE, "hi")]
    plan = run_forecast([(object(), cases), (Asked(), [])], cases, [object()], confirm=2)
    assert plan.uses == ()
    assert line(plan).endswith("no request leaves this machine; cost none")
    assert "your own code is called" in line(plan, code=True)
    judged = run_forecast([], cases, [Asked()], confirm=2)
    assert "budget 500req; what your own code asks of others is neither seen nor limited" in line(judged, code=True)


@given(st.lists(st.text(min_size=1, max_size=50), min_size=1, max_size=6), st.integers(1, 3))
def test_no_upper_end_lies_below_its_lower_end_and_confirmations_only_raise_it(texts, confirm):
    cases = [case(HERE, text) for text in texts]
    once, more = (run_forecast([(Asked(), cases)], cases, [Asked()], confirm=confirm) for confirm in (1, confirm))
    for use in more.uses:
        assert all(span.low <= span.high for span in (use.calls, use.input, use.output))
    assert (once.requests, once.tokens) == (more.requests, more.tokens)
    assert once.all_tokens.high <= more.all_tokens.high


# --- words ------------------------------------------------------------------------------------------------------------


def use(model, endpoint=OPENAI, *, purpose="target"):
    size = Span(100_000, 200_000)
    return Use(purpose, endpoint, model, Span(10, 20), size, size)


def test_the_cost_of_a_known_model_has_a_range_and_a_date():
    assert "$0.07-0.15 (gpt-4o-mini, price of 2026-09-29)" in line(Forecast((use("gpt-4o-mini"),)))


def test_target_and_judge_of_one_model_are_one_cost():
    both = Forecast((use("gpt-4o-mini"), use("gpt-4o-mini", purpose="judge")))
    assert line(both).count("gpt-4o-mini") == 1
    assert "10-20 target calls + 10-20 judge calls, ~400k-800k tokens, $0.15-0.30 (gpt-4o-mini" in line(both)


def test_two_known_models_have_a_sum_and_an_unknown_one_prevents_it():
    known = Forecast((use("gpt-4o-mini"), use("gpt-4.1-mini", purpose="judge")))
    assert "$0.28-0.55 in all: $0.07-0.15 (gpt-4o-mini, " in line(known)
    mixed = Forecast((use("gpt-4o-mini"), use("llama3", "localhost:11434/v1", purpose="judge")))
    assert "in all" not in line(mixed)
    assert "+ price unknown (llama3)" in line(mixed)


def test_a_local_server_is_unknown_until_the_user_prices_it():
    plan = Forecast((use("gpt-4o-mini", "127.0.0.1:8000/v1"),))
    assert "price unknown (gpt-4o-mini)" in line(plan)
    assert "$0" not in line(plan)
    assert "$0 (gpt-4o-mini, your price)" in line(plan, prices=Prices([Price("gpt-4o-mini", 0, 0)]))


def test_a_model_of_that_name_cannot_write_on_the_screen():
    said = [line(Forecast((use("a\x1b[31m\nb"),))), *use_lines(Forecast((use("a\x1b[31m\nb"),)), load_prices())]
    assert all(text.isprintable() for text in said)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 0, "$0"),
        (0.0004, 0.0011, "$0.0004-0.0011"),
        (0.004, 0.02, "$0.004-0.020"),
        (0.02, 0.054, "$0.02-0.05"),
        (0.021, 0.023, "$0.02"),
        (1234.5, 2000, "$1,234.50-2,000.00"),
        (0, 0.3, "$0.00-0.30"),
    ],
)
def test_amounts(low, high, said):
    assert dollars(low, high) == said


@given(st.floats(1e-9, 1e6), st.floats(1, 100))
def test_an_amount_that_is_something_is_never_shown_as_nothing(low, factor):
    shown = dollars(low, low * factor)
    assert all(float(end.replace(",", "")) > 0 for end in shown.removeprefix("$").split("-"))


@pytest.mark.parametrize(
    ("span", "said"),
    [(Span(0, 0), "0"), (Span(999, 1000), "999-1k"), (Span(1200, 1300), "1k"), (Span(999_499, 1_250_000), "999k-1.2M")],
)
def test_token_counts(span, said):
    assert tokens(span) == said


@pytest.mark.parametrize(
    ("pace", "rpm", "said"),
    [
        (None, None, "time unknown"),
        (Pace.measured(1.23), None, "about 2-3 s at the preflight's 1.23 s a call"),
        (ASSUMED, None, "about 1-12 s at an assumed 1-5 s a call"),
        (ASSUMED, 5, "about 2-4 min"),
        (ASSUMED, 10, "about 60 s-2 min"),
        (ASSUMED, 1, "about 10-20 min"),
    ],
)
def test_expected_time(pace, rpm, said):
    assert said in line(Forecast((use("m"),)), pace=pace, rpm=rpm)


@pytest.mark.parametrize(
    ("rpm", "tpm", "said"),
    [
        (None, 40_000, "about 5-10 min"),  # 200k-400k tokens
        (5, 1_000_000, "about 2-4 min"),
        (5, 40_000, "about 5-10 min"),
        (None, 1e9, "about 1-12 s"),
    ],
)
def test_the_tightest_limit_of_an_endpoint_sets_the_time(rpm, tpm, said):
    assert said in line(Forecast((use("m"),)), pace=ASSUMED, rpm=rpm, tpm=tpm)


def test_tokens_a_minute_are_those_of_one_endpoint_whoever_asks():
    apart = Forecast((use("a", "one.example/v1"), use("b", "two.example/v1", purpose="judge")))
    together = Forecast((use("a", "one.example/v1"), use("b", "one.example/v1", purpose="judge")))
    assert "about 5-10 min" in line(apart, pace=ASSUMED, tpm=40_000)
    assert "about 10-20 min" in line(together, pace=ASSUMED, tpm=40_000)


def test_endpoints_work_side_by_side():
    apart = Forecast((use("a", "one.example/v1"), use("b", "two.example/v1", purpose="judge")))
    together = Forecast((use("a", "one.example/v1"), use("b", "one.example/v1", purpose="judge")))
    assert "about 10-20 s" in line(apart, pace=Pace.measured(8))
    assert "about 20-40 s" in line(together, pace=Pace.measured(8))


def test_the_budget_is_held_against_the_lower_ends():
    check(Budget(requests=10))
    check(Budget(tokens=200_000))
    check(Budget(usd=0.075))
    check(Budget(), used_requests=10**9)
    with pytest.raises(SettingsError, match=r"at least 11 requests, but budget=10req; set budget=100req"):
        check(Budget(requests=10), used_requests=1)
    with pytest.raises(SettingsError, match=r"about 200000 tokens, but budget=199999tok"):
        check(Budget(tokens=199_999))
    with pytest.raises(SettingsError, match=r"about 200001 tokens, but budget=200000tok"):
        check(Budget(tokens=200_000), used_tokens=1)
    with pytest.raises(SettingsError, match=r"costs at least about \$0.075, but budget=\$0.07; set budget=\$0.10, or"):
        check(Budget(usd=0.07))
    with pytest.raises(SettingsError, match=r"costs at least about \$1.075, but budget=\$1; set budget=\$1.35, or"):
        check(Budget(usd=1), used_usd=1)


@pytest.mark.parametrize("budget", [Budget(requests=5), Budget(tokens=5), Budget(usd=0.01)])
@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("pairwise", r"test less: categories=\.\.\.$"),
        ("3way", r"test less: plan=pairwise, categories=\.\.\.$"),
        ("full", r"test less: plan=pairwise, categories=\.\.\.$"),
    ],
)
def test_a_smaller_plan_is_proposed_where_there_is_one(budget, cells, said):
    with pytest.raises(SettingsError, match=said):
        check_budget(Forecast((use("gpt-4o-mini"),)), BudgetMeter(budget), load_prices(), cells=cells)


def check(budget, model="gpt-4o-mini", endpoint=OPENAI, **used):
    check_budget(Forecast((use(model, endpoint),)), BudgetMeter(budget, **used), load_prices(), cells="pairwise")


@pytest.mark.parametrize(
    ("model", "endpoint", "named"),
    [
        ("gpt-4o-mini", "127.0.0.1:8000/v1", "gpt-4o-mini at 127.0.0.1:8000"),
        ("llama3", OPENAI, "llama3 at api.openai.com"),
        ("m\x1b[31m", OPENAI, r"m\u{1b}[31m at api.openai.com"),
        ("", "bot.example/chat", "bot.example"),
    ],
)
def test_a_budget_in_dollars_needs_every_price(model, endpoint, named):
    with pytest.raises(SettingsError) as caught:
        check(Budget(usd=1000), model, endpoint)
    assert f"the price of {named} is unknown; give it with prices=FILE (docs/prices.md)" in str(caught.value)
    check(Budget(requests=1000), model, endpoint)


# --- generation -------------------------------------------------------------------------------------------------------


def generation(cases=84, *, writer="llm:gpt-4o-mini", checker="rules", environment=(), **given):
    options = {"rewordings": 0, "per_call": 1, "prices": load_prices(), "twins": False, **given}
    specs = {"writer": parse_spec(writer), "checker": parse_spec(checker)}
    return generation_estimate(cases, **specs, **options, environment=dict(environment))


def test_writing_and_checking_with_rewrites():
    found = generation(checker="llm:gpt-4.1-mini")
    assert found.plan.calls("writer") == Span(84, 84 * 3)
    assert found.plan.calls("checker") == Span(84, 84 * 3)
    text = "\n".join(found.lines())
    assert "84 prompts to write" in text
    assert "writer gpt-4o-mini at api.openai.com/v1: 84-252 calls" in text
    assert "in all: " in text


def test_twins_are_written_too_and_batches_save_calls():
    assert generation(twins=True).plan.calls("writer").low == 168
    assert generation(per_call=5).plan.calls("writer").low == 17
    one, five = generation(), generation(per_call=5)
    assert five.plan.all_tokens.low < one.plan.all_tokens.low


def test_news_cost_searches_queries_and_longer_questions():
    plain, full = generation(), generation(news=3, rewordings=11, searches={"duckduckgo": 11, "rss": 0})
    assert full.plan.calls("writer") == plain.plan.calls("writer")
    assert full.plan.all_tokens.low > plain.plan.all_tokens.low
    text = "\n".join(full.lines())
    assert "news queries by gpt-4o-mini at api.openai.com/v1: 11 calls" in text
    assert "news: 11 searches at duckduckgo" in text
    assert "rss" not in text
    assert "searches not counted" in text


@pytest.mark.parametrize(
    ("writer", "environment", "where", "priced"),
    [
        ("llm:gpt-4o-mini", {}, "api.openai.com/v1", True),
        ("llm:gpt-4o-mini", {"OPENAI_BASE_URL": "http://gpu:9/v1"}, "gpu:9/v1", False),
        ("llm:gpt-4o-mini@http://127.0.0.1:8000/v1", {}, "127.0.0.1:8000/v1", False),
        ("langchain:openai:gpt-4o-mini", {}, "api.openai.com", True),
        ("langchain:openai:gpt-4o-mini", {"OPENAI_BASE_URL": "http://gpu:9/v1"}, "gpu:9/v1", False),
        ("langchain:anthropic:claude-haiku-4-5", {}, "api.anthropic.com", True),
        ("langchain:azure_openai:gpt-4o-mini", {}, "azure_openai", False),
    ],
)
def test_where_a_writer_is_and_whether_its_price_is_known_there(writer, environment, where, priced):
    found = generation(writer=writer, environment=environment)
    assert found.plan.uses[0].endpoint == where
    assert ("price unknown" in "\n".join(found.lines())) is not priced


def test_offline_generation_and_strangers():
    assert generation(writer="template").lines() == ["84 prompts to write", "no request leaves this machine; cost none"]
    text = "\n".join(generation(writer="ours").lines())
    assert "ours is a plugin: what it asks of others is not known" in text
    assert "cost none" not in text
    assert generation(0).lines()[0] == "0 prompts to write"
