"""A budget in dollars, and what was spent: exact to the reply, whatever the order of sending and answering."""

import asyncio
import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_network, opened

from astral.cost import amount, spent_so_far, spent_text
from astral.errors import BudgetExhausted, SettingsError
from astral.model import Calls, Run, Spent, Usage
from astral.prices import Price, Prices
from astral.setting_values import Budget, read_budget
from astral.store.rows import read_run, run_header
from astral.testing.replies import of_json
from astral.testing.server import LocalServer

PRICES = Prices([Price("m", 2, 10, host="h", date="2026-11-01"), Price("j", 1, 0)])
AT_H = {"endpoint": "h/v1", "model": "m"}
NOTHING = Usage(0, 0)
HELLO = [{"role": "user", "content": "hello"}]


def network(usd, prices=PRICES):
    return make_network(budget=Budget(usd=usd), prices=prices)


def sent(net, purpose="target", **where):
    net.sending(purpose, retry=False, **{**AT_H, **where})


def replied(net, usage, purpose="target", assumed=NOTHING, **where):
    net.received(usage, purpose, assumed, **{**AT_H, **where})


# --- the budget -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "usd", "shown"),
    [
        ("$5", 5, "$5"),
        ("$0.50", 0.5, "$0.50"),
        ("$0.5", 0.5, "$0.50"),
        ("5usd", 5, "$5"),
        ("$0.000001", 1e-6, "$0.000001"),
        ("$0.0125", 0.0125, "$0.0125"),
        ("$1234567.5", 1234567.5, "$1234567.50"),
    ],
)
def test_dollars_are_read_and_shown(typed, usd, shown):
    budget = read_budget(typed)
    assert budget == Budget(usd=usd)
    assert str(budget) == shown
    assert read_budget(shown) == budget


@pytest.mark.parametrize(
    "typed", ["$", "$0", "$-1", "$1e3", "$5k", "$.5", "5$", "$1.0000001", "usd", "", "/bin/bash.50"]
)
def test_what_a_shell_makes_of_a_dollar_sign_is_explained(typed):
    with pytest.raises(SettingsError, match=r"single quotes only, so write 'budget=\$5' or budget=5usd"):
        read_budget(typed)


def test_no_request_is_sent_once_the_budget_is_used_up_and_replies_in_flight_are_still_counted():
    net = network(0.001)
    for _ in range(3):
        sent(net)
    replied(net, Usage(400, 20))
    replied(net, Usage(100, 0))
    assert net.budget.usd == pytest.approx(0.0012)
    with pytest.raises(BudgetExhausted, match=r"the budget of \$0.001 is used up; go on with resume=last"):
        sent(net)
    replied(net, Usage(0, 100))
    assert net.budget.usd == pytest.approx(0.0022)
    assert [one.requests for one in net.calls_so_far().spent] == [3]


def test_round_amounts_that_floats_miss_use_a_budget_up():
    net = network(0.3, Prices([Price("m", 0.1, 0, per=1)]))
    for _ in range(3):
        sent(net)
        replied(net, Usage(1, 0))
    with pytest.raises(BudgetExhausted):
        sent(net)


def test_a_preflight_is_outside_the_budget_and_inside_what_was_spent():
    net = network(0.001)
    sent(net, "preflight")
    replied(net, Usage(10**6, 10**6), "preflight")
    assert (net.budget.usd, net.budget.requests) == (0, 0)
    assert net.calls_so_far().spent == (Spent("h/v1", "m", "preflight", 1, 10**6, 10**6, 0, 12.0, "2026-11-01"),)


def test_an_unknown_price_is_refused_before_the_request_and_never_taken_for_nothing():
    net = network(1000)
    with pytest.raises(BudgetExhausted, match="the price of m at elsewhere:8000 is unknown; give it with prices=FILE"):
        sent(net, endpoint="elsewhere:8000/v1")
    assert net.calls_so_far() == replace(Calls(), spent=net.calls_so_far().spent)
    sent(net, model="j")
    assert net.budget.requests == 1


@given(
    st.integers(1, 400).map(lambda n: n / 1e6),
    st.lists(st.one_of(st.tuples(st.integers(0, 60), st.integers(0, 20)), st.integers(0, 10)), max_size=60),
)
def test_the_budget_is_passed_by_no_more_than_what_was_in_flight_when_it_was_reached(usd, schedule):
    """A pair is a request whose reply will report these tokens; a number picks the request whose reply comes now."""
    net, flying, at_reach, spent = network(usd), [], None, 0.0

    def cost(usage):
        return (usage.input_tokens * 2 + usage.output_tokens * 10) / 1e6

    for step in [*schedule, *[0] * len(schedule)]:
        if isinstance(step, tuple):
            try:
                sent(net)
            except BudgetExhausted:
                assert spent >= usd - 1e-9, "refused too early"
            else:
                assert spent < usd, "sent too late"
                flying.append(Usage(*step))
        elif flying:
            usage = flying.pop(step % len(flying))
            if spent < usd <= spent + cost(usage) + 1e-9:
                at_reach = cost(usage) + sum(map(cost, flying))
            replied(net, usage)
            spent += cost(usage)
    assert net.budget.usd == pytest.approx(spent)
    assert spent <= usd + (at_reach or 0.0) + 1e-9


def test_calls_over_real_connections_keep_the_budget_and_the_ledger_agrees_with_the_server():
    async def work():
        async with opened(concurrency=3, budget=Budget(usd=0.001), prices=prices) as net:
            endpoint = net.endpoint(server.url, None)
            calls = (endpoint.chat("m", HELLO, purpose="target") for _ in range(40))
            return await asyncio.gather(*calls, return_exceptions=True), net.calls_so_far().spent

    prices = Prices([Price("m", 2, 10, host="127.0.0.1")])
    reply = of_json(
        {"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 20, "completion_tokens": 6}}
    )
    with LocalServer(lambda request, attempt: reply) as server:
        outcomes, (spent,) = asyncio.run(work())
        assert spent.requests == server.count() == sum(not isinstance(o, BudgetExhausted) for o in outcomes)
        assert spent.endpoint == server.url.removeprefix("http://")
    assert spent.usd == pytest.approx(server.count() * 1e-4)
    assert 10 <= server.count() <= 10 + 2


# --- what was spent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "counted", "unreported"),
    [
        (Usage(30, 4), (30, 4), 0),
        (Usage(30, 0), (30, 0), 0),
        (Usage(), (7, 3), 1),
        (Usage(0, 0), (7, 3), 1),
        (Usage(30, None), (30, 3), 1),
        (Usage(None, 4), (7, 4), 1),
    ],
)
def test_tokens_that_an_endpoint_does_not_report_are_assumed_and_counted_as_such(usage, counted, unreported):
    net = network(1)
    sent(net)
    replied(net, usage, assumed=Usage(7, 3))
    (spent,) = net.calls_so_far().spent
    assert (spent.input_tokens, spent.output_tokens, spent.unreported) == (*counted, unreported)
    assert net.budget.tokens == sum(counted)
    assert net.budget.usd == spent.usd == pytest.approx((counted[0] * 2 + counted[1] * 10) / 1e6)


def test_an_embedding_without_output_is_reported_in_full():
    net = network(1)
    sent(net, "writer")
    replied(net, Usage(30), "writer", Usage(7, 0))
    assert net.calls_so_far().spent[0].unreported == 0


def test_a_resumed_run_goes_on_from_tokens_and_dollars_at_the_prices_of_now():
    before = Calls(
        target=3,
        judge=2,
        preflight=1,
        spent=(
            Spent("h/v1", "m", "target", 3, 100, 10, 1, None),
            Spent("h/v1", "j", "judge", 2, 50, 5, 0, 99.0, "2020-01-01"),
            Spent("h/v1", "m", "preflight", 1, 10**6, 0, 0, 2.0),
        ),
    )
    net = network(1)
    net.carry(before)
    assert (net.budget.requests, net.budget.tokens) == (5, 165)
    assert net.budget.usd == pytest.approx(0.0003 + 0.00005)
    sent(net)
    replied(net, Usage(100, 0))
    after = net.calls_so_far()
    assert after.target == 4
    assert after.spent[0] == Spent("h/v1", "m", "target", 4, 200, 10, 1, pytest.approx(0.0005), "2026-11-01")
    assert len(after.spent) == 3


def test_a_run_of_a_version_that_kept_no_ledger_carries_what_its_endpoints_reported():
    net = network(1)
    net.carry(Calls(target=3, judge=2, preflight=1, retries=1, input_tokens=100, output_tokens=10))
    assert (net.budget.requests, net.budget.tokens, net.budget.usd) == (5, 110, 0)
    assert net.calls_so_far().retries == 1


def test_the_store_keeps_the_ledger_and_reads_runs_that_have_none():
    header = run_header(Run("r", "2026-11-21T00:00:00Z", {"m": "m"}, (("category", ("privacy",)),)))
    kept = Calls(target=3, spent=(Spent("h/v1", "m", "target", 3, 100, 10, 1, 0.5, "2026-11-01"),))
    old = json.dumps({"target": 3, "judge": 0, "preflight": 0, "retries": 0, "input_tokens": 5, "output_tokens": None})
    assert read_run(("r", "2026-11-21T00:00:00Z", None, header, json.dumps(asdict(kept)))).calls == kept
    assert read_run(("r", "2026-11-21T00:00:00Z", None, header, old)).calls == Calls(target=3, input_tokens=5)


def test_a_fresh_network_has_the_prices_and_a_budget_of_its_own():
    net = network(0.0001)
    sent(net)
    replied(net, Usage(1000, 0))
    other = net.fresh()
    sent(other)
    assert (other.budget.usd, other.calls_so_far().spent[0].requests) == (0, 1)


# --- in words ---------------------------------------------------------------------------------------------------------

MINI = Spent("api.openai.com/v1", "gpt-4o-mini", "judge", 84, 15_000, 300, 0, 0.0023, "2026-09-29")
OWN = Spent("h:9/v1", "llama", "target", 84, 12_400, 3_000, 0, 0.01)
UNKNOWN = Spent("h:9/v1", "my-model", "target", 84, 12_400, 3_000)


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        ((), ""),
        ((MINI,), "$0.0023 (gpt-4o-mini, price of 2026-09-29)"),
        ((MINI, replace(MINI, purpose="target")), "$0.0046 (gpt-4o-mini, price of 2026-09-29)"),
        ((MINI, OWN), "$0.0123 in all: $0.0023 (gpt-4o-mini, price of 2026-09-29) + $0.0100 (llama, your price)"),
        (
            (MINI, UNKNOWN),
            "$0.0023 (gpt-4o-mini, price of 2026-09-29) + "
            "price unknown (my-model at h:9: 84 requests, 12k + 3k tokens in + out)",
        ),
        (
            (UNKNOWN, MINI, replace(UNKNOWN, model="judge", purpose="judge")),
            "$0.0023 (gpt-4o-mini, price of 2026-09-29) + "
            "price unknown (my-model at h:9: 84 requests, 12k + 3k tokens in + out; "
            "judge at h:9: 84 requests, 12k + 3k tokens in + out)",
        ),
        (
            (replace(UNKNOWN, model="", requests=1),),
            "price unknown (h:9/v1: 1 request, 12k + 3k tokens in + out)",
        ),
        (
            (replace(MINI, unreported=1),),
            "$0.0023 (gpt-4o-mini, price of 2026-09-29); 1 reply without a count of tokens: 4 characters taken for one",
        ),
    ],
)
def test_what_was_spent(spent, said):
    assert spent_text(Calls(spent=spent)) == said


def test_what_failed_requests_cost_is_said_to_be_unknown():
    assert spent_text(Calls(retries=1, spent=(MINI,))).endswith(
        "; what failed requests cost is unknown and not counted"
    )


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        ((), ""),
        ((MINI, OWN), "$0.0123"),
        ((MINI, UNKNOWN), "$0.0023 + ?"),
        ((UNKNOWN,), "15k tokens"),
        ((MINI, Spent("h", "new", "target", 1)), "$0.0023"),
    ],
)
def test_what_was_spent_so_far_in_few_characters(spent, said):
    assert spent_so_far(spent) == said


@given(st.floats(1e-9, 1e6))
def test_an_amount_that_is_something_is_never_shown_as_nothing(usd):
    assert float(amount(usd).removeprefix("$").replace(",", "")) == pytest.approx(
        usd, rel=0.051, abs=0.006 * (usd >= 1)
    )
