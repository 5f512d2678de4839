"""The places and the pace at one endpoint: how many calls are in flight, and when the next one may start."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType

from astral.limits.width import Width

Sleep = Callable[[float], Awaitable[object]]
_EVER = float("-inf")


class Place:
    """One call's place, held for the length of an ``async with`` block; ``start`` numbers the calls from 1."""

    __slots__ = ("_limiter", "_urgent", "start", "tokens")

    def __init__(self, limiter: Limiter, urgent: bool, tokens: int) -> None:
        self._limiter, self._urgent = limiter, urgent
        self.tokens = tokens
        self.start = 0

    async def __aenter__(self) -> Place:
        self.start = await self._limiter.take(self._urgent, self.tokens)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        self._limiter.give_back()


class Limiter:
    """Lets at most ``concurrency`` calls be in flight; ``rpm`` of them start in a minute, and calls of ``tpm`` tokens,
    both evenly spaced.

    How many are really in flight follows what the endpoint bears: after it said that it is too much (``throttled``)
    they are halved, after successes they grow again, one by one. Those who wait are let in in the order of their
    coming, the urgent ones before the others.
    """

    def __init__(
        self,
        concurrency: int,
        rpm: float | None = None,
        tpm: float | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._width = Width(concurrency)
        self._per_request = 60.0 / rpm if rpm else 0.0
        self._per_token = 60.0 / tpm if tpm else 0.0
        self._next_request = self._next_token = self._paused_until = _EVER
        self._sleep, self._monotonic = sleep, monotonic
        self._urgent: deque[tuple[asyncio.Future[int], int]] = deque()
        self._others: deque[tuple[asyncio.Future[int], int]] = deque()
        self._clock: asyncio.Task[None] | None = None
        self._clock_until = _EVER
        self._starts = 0
        self.in_flight = 0
        self.throttles = 0
        """How often the endpoint has said that it is asked too much."""

    @property
    def limit(self) -> int:
        """How many calls may be in flight at present."""
        return self._width.limit

    def place(self, *, urgent: bool = False, tokens: int = 0) -> Place:
        """A place to hold in an ``async with`` block; ``tokens`` is what the call will use as far as one knows."""
        return Place(self, urgent, tokens)

    # --- what came of a call ------------------------------------------------------------------------------------------

    def succeeded(self, place: Place) -> None:
        """A call that still holds its place was answered."""
        self._width.succeeded(self.in_flight)

    def throttled(self, wait: float | None, place: Place) -> None:
        """The endpoint refused a call as one too many; nobody starts within the ``wait`` seconds that it asked for.

        The calls that were in flight together count as one. Where it says so again to the next ones, with no success
        between, all wait together, longer each time.
        """
        self.throttles += 1
        pause = self._width.throttled(place.start, self._starts)
        if wait is not None:
            pause = wait
        if pause > 0:
            self._paused_until = max(self._paused_until, self._monotonic() + pause)

    def unsent(self, place: Place) -> None:
        """The call held a place and was not sent after all: its turn is the next one's."""
        self._next_request -= self._per_request
        self._next_token -= place.tokens * self._per_token

    def used_tokens(self, count: int, place: Place) -> None:
        """The call has used ``count`` tokens and not what was assumed."""
        if self._per_token:
            self._next_token += (count - place.tokens) * self._per_token
            place.tokens = count
            self._admit()

    # --- places -------------------------------------------------------------------------------------------------------

    async def take(self, urgent: bool, tokens: int) -> int:
        """Wait for a place; the number of the start."""
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        queue = self._urgent if urgent else self._others
        queue.append((turn, tokens))
        self._admit()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # let in and cancelled at the same moment
                self.give_back()
            else:
                queue.remove((turn, tokens))
                self._stop_idle_clock()
            raise

    def give_back(self) -> None:
        """Give a place back."""
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while self.in_flight < self._width.limit and (queue := self._urgent or self._others):
            now = self._monotonic()
            start = max(self._next_request, self._next_token, self._paused_until)
            if now < start:
                self._wake_at(start, now)
                return
            turn, tokens = queue.popleft()
            self._next_request = max(now, self._next_request) + self._per_request
            self._next_token = max(now, self._next_token) + tokens * self._per_token
            self.in_flight += 1
            self._starts += 1
            turn.set_result(self._starts)
        self._stop_idle_clock()

    # --- the clock ----------------------------------------------------------------------------------------------------

    def _wake_at(self, start: float, now: float) -> None:
        if self._clock is not None and self._clock_until <= start:
            return
        if self._clock is not None:
            self._clock.cancel()
        self._clock_until = start
        self._clock = asyncio.ensure_future(self._wait(start - now, start))

    async def _wait(self, seconds: float, start: float) -> None:
        await self._sleep(seconds)
        self._clock = None
        self._settle(start)
        self._admit()

    def _settle(self, start: float) -> None:
        """The sleep decides that the time has come, whatever the clock says; what was put off since then stands."""
        now = self._monotonic()
        if now < start:
            early = start - now
            self._next_request, self._next_token, self._paused_until = (
                moment - early for moment in (self._next_request, self._next_token, self._paused_until)
            )

    def _stop_idle_clock(self) -> None:
        if self._clock is not None and not (self._urgent or self._others):
            self._clock.cancel()
            self._clock = None
