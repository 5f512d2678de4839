"""Places, pace and budget."""

import asyncio
import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.errors import BudgetExhausted
from astral.limits import BudgetMeter, Limiter
from astral.limits.width import Width
from astral.setting_values import Budget


class Clock:
    """A clock that moves only by being slept on, after the loop went round so many times."""

    def __init__(self, rounds=1):
        self.now = 100.0
        self.naps = []
        self._rounds = rounds

    async def sleep(self, seconds):
        self.naps.append(seconds)
        for _ in range(self._rounds):
            await asyncio.sleep(0)
        self.now += seconds


def limiter(concurrency, rpm=None, tpm=None):
    clock = Clock()
    return Limiter(concurrency, rpm, tpm, sleep=clock.sleep, monotonic=lambda: clock.now), clock


def test_never_more_in_flight_than_places():
    async def work():
        limit, _ = limiter(3)
        inside = most = 0

        async def call():
            nonlocal inside, most
            async with limit.place():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(call() for _ in range(20)))
        return most

    assert asyncio.run(work()) == 3


def test_a_limiter_goes_on_in_another_event_loop():
    now, naps = [100.0], []

    async def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 1:
            await asyncio.Event().wait()  # until its loop ends
        now[0] += seconds

    limit = Limiter(2, 60, sleep=sleep, monotonic=lambda: now[0])

    async def call():
        async with limit.place():
            pass

    async def first():
        async with limit.place():
            waiting = asyncio.ensure_future(call())
            while not naps:
                await asyncio.sleep(0)
            now[0] += 5  # the waiting one is let in by the end of this place, and its clock is left behind
        await waiting

    asyncio.run(first())
    asyncio.run(asyncio.wait_for(call(), 5))
    assert naps == [1.0, 1.0]


def test_waiting_is_first_come_first_served_and_urgent_first():
    async def work():
        limit, _ = limiter(1)
        order = []

        async def call(name, urgent):
            async with limit.place(urgent=urgent):
                order.append(name)
                await asyncio.sleep(0)

        calls = [("t0", False), ("t1", False), ("t2", False), ("j1", True), ("j2", True)]
        await asyncio.gather(*(call(*c) for c in calls))
        return order

    assert asyncio.run(work()) == ["t0", "j1", "j2", "t1", "t2"]


@pytest.mark.parametrize("rpm", [60, 7.5, 6000])
def test_starts_are_spaced_evenly(rpm):
    async def work():
        limit, clock = limiter(10, rpm)
        starts = []

        async def call():
            async with limit.place():
                starts.append(clock.now)

        await asyncio.gather(*(call() for _ in range(5)))
        return starts

    starts = asyncio.run(work())
    assert [b - a for a, b in itertools.pairwise(starts)] == pytest.approx([60 / rpm] * 4)


def test_a_call_that_is_not_sent_leaves_its_turn_to_the_next_one():
    """A run of a thousand cases at 60 a minute whose key was refused ends at once."""

    async def work(rpm, tpm):
        clock = Clock(rounds=20)
        limit = Limiter(2, rpm, tpm, sleep=clock.sleep, monotonic=lambda: clock.now)
        starts = []

        async def call(sent):
            async with limit.place(tokens=10) as place:
                starts.append(clock.now - 100)
                if not sent:
                    limit.unsent(place)

        await asyncio.gather(*(call(n in (0, 3)) for n in range(6)))
        assert len(asyncio.all_tasks()) == 1, "no clock is left"
        return starts

    assert asyncio.run(work(60, None)) == pytest.approx([0, 1, 1, 1, 2, 2])
    assert asyncio.run(work(None, 600)) == pytest.approx([0, 1, 1, 1, 2, 2])


def test_a_limiter_that_was_idle_does_not_burst():
    async def work():
        limit, clock = limiter(10, 60)
        clock.now += 1000
        starts = []

        async def call():
            async with limit.place():
                starts.append(clock.now)

        await asyncio.gather(call(), call())
        return starts

    first, second = asyncio.run(work())
    assert second - first == pytest.approx(1.0)


@pytest.mark.parametrize("rpm", [None, 60])
def test_cancelled_waiters_leave_no_trace(rpm):
    async def work():
        limit, _ = limiter(1, rpm)

        async def call():
            async with limit.place():
                await asyncio.sleep(0)

        async with limit.place():
            waiting = [asyncio.create_task(call()) for _ in range(3)]
            await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.wait_for(call(), 1)

    asyncio.run(work())


def test_a_place_given_to_a_call_that_is_cancelled_goes_to_the_next():
    async def work():
        limit, _ = limiter(1)
        got = []

        async def call(name):
            async with limit.place():
                got.append(name)

        async with limit.place():
            first, second = asyncio.create_task(call("first")), asyncio.create_task(call("second"))
            await asyncio.sleep(0)
        first.cancel()  # its turn has come, and it has not run yet
        await asyncio.gather(first, second, return_exceptions=True)
        return got

    assert asyncio.run(work()) == ["second"]


# --- how many an endpoint bears ---------------------------------------------------------------------------------------


def test_the_limit_is_halved_once_for_all_calls_that_were_in_flight_together():
    async def work():
        limit, _ = limiter(32)
        seen = []
        async with contextlib.AsyncExitStack() as stack:
            places = [await stack.enter_async_context(limit.place()) for _ in range(32)]
            for place in places[:28]:
                limit.throttled(None, place)
                seen.append(limit.limit)
        async with limit.place() as later:
            limit.throttled(None, later)
            seen.append(limit.limit)
        return seen, limit.throttles

    seen, throttles = asyncio.run(work())
    assert seen == [16] * 28 + [8]
    assert throttles == 29


def test_a_shrunk_limit_holds_back_those_who_wait():
    async def work():
        limit, _ = limiter(8)
        inside = most = 0

        async def call(number):
            nonlocal inside, most
            async with limit.place() as place:
                inside += 1
                most = max(most, inside) if number >= 8 else most
                if number == 0:
                    limit.throttled(None, place)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(call(number) for number in range(40)))
        return most

    assert asyncio.run(work()) == 4


def shrunk(refusals, most=64):
    """A width after so many refusals, each to a later round."""
    width = Width(most)
    for number in range(1, refusals + 1):
        width.throttled(number, number)
    return width


@pytest.mark.parametrize(
    ("refusals", "in_flight", "successes", "limit"),
    [(2, 16, 15, 16), (2, 16, 16, 17), (2, 17, 16 + 17, 18), (2, 15, 1000, 16), (0, 64, 1000, 64), (9, 1, 1, 1)],
    ids=["not yet", "a round", "two rounds", "not used", "at the top", "from one"],
)
def test_the_limit_grows_by_one_in_a_round_of_successes_that_used_it(refusals, in_flight, successes, limit):
    width = shrunk(refusals)
    for _ in range(successes):
        width.succeeded(in_flight)
    assert width.limit == limit


def test_it_grows_slowly_towards_what_was_too_much_and_no_further_than_what_was_set():
    width, grown = shrunk(1, most=8), []
    for number in range(1, 1000):
        before = width.limit
        width.succeeded(8)
        if width.limit > before:
            grown.append((number, width.limit))
    assert grown == [(4, 5), (4 + 5, 6), (4 + 5 + 6, 7), (4 + 5 + 6 + 70, 8)]


@given(st.integers(1, 64), st.lists(st.sampled_from("yyyyn"), max_size=300))
def test_the_limit_stays_between_one_and_what_was_set(most, replies):
    subject = Width(most)
    for start, reply in enumerate(replies, 1):
        if reply == "n":
            assert 0 <= subject.throttled(start, start) <= 30
        else:
            subject.succeeded(subject.limit)
        assert 1 <= subject.limit <= most


def test_refusals_without_a_success_between_make_all_wait_ever_longer():
    subject = Width(64)
    assert [subject.throttled(n, n) for n in range(1, 9)] == [0, 1, 2, 4, 8, 16, 30, 30]
    subject.succeeded(1)
    assert subject.throttled(9, 9) == 0


def test_what_the_server_asks_to_wait_all_wait():
    async def work():
        limit, clock = limiter(8)
        starts = []

        async def call():
            async with limit.place():
                starts.append(clock.now)

        async with limit.place() as place:
            limit.throttled(7.5, place)
            limit.throttled(3.0, place)  # shorter: the longest stands
        await asyncio.gather(*(call() for _ in range(200)))
        return starts, clock.naps

    starts, naps = asyncio.run(work())
    assert set(starts) == {107.5}
    assert naps == [7.5]


def test_a_wait_that_is_asked_for_while_others_wait_is_kept():
    async def work():
        limit, clock = limiter(8, 60)  # the second waits for 1 s
        starts = []

        async def call():
            async with limit.place():
                starts.append(clock.now)

        async with limit.place() as place:
            waiting = asyncio.create_task(call())
            await asyncio.sleep(0)
            limit.throttled(30, place)
        await waiting
        return starts

    assert asyncio.run(work()) == [130.0]


# --- tokens -----------------------------------------------------------------------------------------------------------


def tokens(used):
    """When calls start that assume 100 tokens each and use as many as given, at 6,000 tokens a minute."""

    async def work():
        limit, clock = limiter(50, tpm=6000)
        starts = []

        async def call(count):
            async with limit.place(tokens=100) as place:
                starts.append(clock.now - 100)
                if count is not None:
                    limit.used_tokens(count, place)

        for count in used:
            await call(count)
        return starts

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("used", "starts"),
    [
        ([None] * 4, [0, 1, 2, 3]),
        ([100] * 4, [0, 1, 2, 3]),
        ([300, None, None], [0, 3, 4]),
        ([0, 0, 50, None], [0, 0, 0, 0.5]),
        ([6000, None], [0, 60]),
    ],
)
def test_calls_start_as_their_tokens_allow(used, starts):
    assert tokens(used) == pytest.approx(starts)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30))
def test_no_minute_starts_calls_of_more_tokens_than_allowed(used):
    starts = tokens(used)
    for first, begun in enumerate(starts):
        within = [count for count, at in zip(used[first:], starts[first:], strict=True) if at < begun + 60]
        assert sum(within[:-1]) <= 6000 + 1e-6


def test_tokens_that_were_not_used_let_those_who_wait_start_sooner():
    async def work():
        limit, clock = limiter(50, tpm=6000)

        async def call():
            async with limit.place(tokens=100):
                return clock.now

        first = limit.place(tokens=6000)
        async with first:
            waiting = asyncio.create_task(call())
            limit.used_tokens(100, first)
            return await waiting

    assert asyncio.run(work()) == pytest.approx(101)


# --- the budget -------------------------------------------------------------------------------------------------------


def test_the_budget_of_requests_is_exact():
    meter = BudgetMeter(Budget(requests=2))
    meter.reserve()
    meter.reserve()
    with pytest.raises(BudgetExhausted, match=r"the budget of 2req is used up; .*resume=last") as caught:
        meter.reserve()
    assert caught.value.reason == "budget"
    assert caught.value.fatal
    assert meter.requests == 2


def test_the_budget_of_tokens_ends_with_the_reply_that_passes_it():
    meter = BudgetMeter(Budget(tokens=10))
    meter.reserve()
    meter.add_tokens(9)
    meter.reserve()
    meter.add_tokens(9)
    with pytest.raises(BudgetExhausted):
        meter.reserve()


def test_a_resumed_run_starts_from_what_was_used():
    meter = BudgetMeter(Budget(requests=5), used_requests=4)
    meter.reserve()
    with pytest.raises(BudgetExhausted):
        meter.reserve()
    carried = BudgetMeter(Budget(tokens=5))
    carried.carry(requests=1, tokens=5)
    with pytest.raises(BudgetExhausted):
        carried.reserve()


def test_no_budget_is_no_limit():
    meter = BudgetMeter(Budget())
    for _ in range(1000):
        meter.reserve()
        meter.add_tokens(10**9)
    assert meter.requests == 1000
