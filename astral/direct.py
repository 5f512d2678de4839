"""The calls that Python tests make through fixtures: asked, judged, limited and stored like trials, but none of them.

They stay outside the plan, its totals, coverage and gates; their requests count to the budget.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Protocol

from astral.adapters import checked_response
from astral.engine import Loop
from astral.errors import BudgetExhausted, CallError
from astral.judging import Bench, Judging, only_call_errors
from astral.model import Case, Outcome, Response, Result, Trial, Verdict
from astral.protocols import Target
from astral.screening import RULES, screen_turns
from astral.store import HASH_ONLY, Direct, RunWriter

CLOSING_SECONDS = 1.0
"""How long a call that is given up may take to end; a plugin may not listen."""


class Calls(Protocol):
    """What a fixture can have done for it, in the controller and in workers alike; ``node`` is the test that asks."""

    def ask(self, node: str, target: str, case: Case) -> Future[Response]:
        """The answer of a target (by its slug) to a case."""

    def judge(self, node: str, case: Case, response: Response) -> Future[Result]:
        """What all oracles of the run make of an answer."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many answers were asked for and judged by Python tests, and how many of these calls failed."""

    asked: int = 0
    judged: int = 0
    failed: int = 0

    @property
    def all(self) -> int:
        return self.asked + self.judged


class Unwritten:
    """A ledger for verdicts that are stored with the whole call."""

    async def judged(self, trial: Trial, oracle: str, round: int, verdict: Verdict, *, wait: bool = True) -> None:
        """Nothing: the call's own row holds the verdict."""


class DirectCalls:
    """Asks and judges on behalf of Python tests. ``first`` is the number of the first call within the run.

    ``unscreened`` targets send nothing to anyone, so that the content gate need not look at what they are asked.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        judging: Judging,
        writer: RunWriter,
        *,
        concurrency: int,
        first: int = 1,
        unscreened: frozenset[str] = frozenset(),
    ) -> None:
        self.counts = Counts()
        self._targets, self._writer, self._unscreened = targets, writer, unscreened
        self._bench = Bench(judging, Unwritten())
        self._number = first
        self._places = asyncio.Semaphore(concurrency)
        self._over = False
        self._under_way: set[asyncio.Task[Any]] = set()

    async def ask(self, node: str, target: str, case: Case) -> Response:
        """The target's answer, committed before it is returned. Raises CallError, BudgetExhausted, StoreError."""
        call = self._begin(node, case, target)
        self.counts = replace(self.counts, asked=self.counts.asked + 1)
        with self._until_closed():
            try:
                response = await self._answer(target, case)
            except CallError as err:
                await self._failed(call, err)
                raise
            await self._store(replace(call, response=response))
        return response

    async def judge(self, node: str, case: Case, response: Response) -> Result:
        """What the oracles make of it, committed before it is returned. Raises CallError, BudgetExhausted, StoreError.

        The result's trial has no target: the answer may have come from anywhere.
        """
        call = replace(self._begin(node, case), response=response)
        self.counts = replace(self.counts, judged=self.counts.judged + 1)
        with self._until_closed():
            try:
                found = await self._bench.result(Trial(case.id, ""), case, response, {})
            except CallError as err:
                await self._failed(call, err)
                raise
            await self._store(replace(call, verdicts=found.verdicts, outcome=found.outcome, reason=found.reason))
        return found

    async def close(self) -> None:
        """Take no more calls and give up those under way: the run is at its end, and no test waits for them."""
        self._over = True
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSING_SECONDS)

    @contextlib.contextmanager
    def _until_closed(self) -> Iterator[None]:
        """Have ``close`` cancel what this task does meanwhile."""
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

    def _begin(self, node: str, case: Case, target: str = "") -> Direct:
        if self._over:
            raise CallError("stopped", "the run has ended; call target and oracle during a test")
        number, self._number = self._number, self._number + 1
        return Direct(number=number, node=node, case=case, target=target)

    async def _answer(self, name: str, case: Case) -> Response:
        rule = None if name in self._unscreened else screen_turns(case.turns)
        if rule is not None:
            raise CallError("screened", f"the content gate keeps out this prompt ({rule}: {RULES[rule]}); reword it")
        target, clean = self._targets[name], self._bench.judging.clean
        async with self._places:
            with only_call_errors("target", target.name, case.turns, clean):
                return checked_response(target.name, await target.answer(case, 1), clean)

    async def _failed(self, call: Direct, err: CallError) -> None:
        self.counts = replace(self.counts, failed=self.counts.failed + 1)
        outcome = Outcome.NOT_RUN if isinstance(err, BudgetExhausted) else Outcome.ERROR
        await self._store(replace(call, outcome=outcome, reason=err.reason, detail=str(err)))

    async def _store(self, call: Direct) -> None:
        """An answer in such a category is never kept whole: nobody may ever judge it."""
        category = dict(call.case.cell.pairs).get("category")
        await self._writer.direct(call, hash_only=category in HASH_ONLY)


class LocalCalls:
    """``Calls`` in the controlling process. ``direct`` gives what makes them, once it is needed."""

    def __init__(self, loop: Loop, direct: Callable[[], DirectCalls]) -> None:
        self._loop, self._direct = loop, direct

    def ask(self, node: str, target: str, case: Case) -> Future[Response]:
        return self._loop.start(self._ask(node, target, case))

    def judge(self, node: str, case: Case, response: Response) -> Future[Result]:
        return self._loop.start(self._judge(node, case, response))

    async def _ask(self, node: str, target: str, case: Case) -> Response:
        return await self._direct().ask(node, target, case)

    async def _judge(self, node: str, case: Case, response: Response) -> Result:
        return await self._direct().judge(node, case, response)
