"""Runs trials: one asyncio loop in a background thread takes each from target to oracles to the store."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from astral.adapters import checked_response
from astral.canaries import Mixed
from astral.errors import BudgetExhausted, CallError, StoreError
from astral.escape import show
from astral.judging import Bench, Judging, Places, is_free, only_call_errors
from astral.model import Case, Outcome, Response, Result, Trial
from astral.protocols import Target
from astral.store import HASH_ONLY, Planted, Progress, RunWriter

T = TypeVar("T")
DRAIN_SECONDS = 5.0
"""How long calls in flight may go on after the run was stopped."""
CANCEL_SECONDS = 1.0
"""How long they have to end when they are cancelled then."""
PATIENCE = 600.0
"""The same for known answers that alone are left: calls have deadlines, but a judge of one's own may have none."""
FREE_LANES = 256
"""Trials under way at once where targets and oracles do all at once and for nothing: one commit serves them all."""


class Loop:
    """An asyncio loop in a daemon thread; coroutines are handed to it from the thread that pytest runs in."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="astral-engine", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._loop_has_ended():
            pass

    def _loop_has_ended(self) -> bool:
        """Run until ``close``. A task of a plugin's own may raise SystemExit or KeyboardInterrupt, which asyncio lets
        through, or stop the loop: one that ended there would be waited for for ever.
        """
        with contextlib.suppress(BaseException):
            self._loop.run_forever()
        return self._closing

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin ``work``; the future belongs to the calling thread's world (concurrent.futures)."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def soon(self, call: Any, *values: Any) -> None:
        """Call a plain function in the loop's thread; nothing happens once the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *values)

    def close(self) -> None:
        """End the loop and what goes on in it. What a hanging plugin still does is left to its daemon thread."""
        with contextlib.suppress(TimeoutError, RuntimeError):
            self.start(_cancel_others()).result(DRAIN_SECONDS)
        self._closing = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DRAIN_SECONDS)
        if not self._thread.is_alive():
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


async def _cancel_others() -> None:
    """A session that was broken off leaves calls in flight; a loop must not end before they do."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        done, _ = await asyncio.wait(others, timeout=CANCEL_SECONDS)
        for task in done - {task for task in done if task.cancelled()}:
            task.exception()  # whoever waited for it is gone: asyncio need not tell


class _Stopped(Exception):
    """The run was stopped before this trial was asked."""


class Engine:
    """Takes the planned trials through target, oracles and store, and hands out their results.

    ``lanes`` trials are under way at once. At one endpoint at most ``concurrency`` answers and verdicts are asked for
    and not on disk yet: no more than that are asked for again after a crash. A target that calls itself
    ``deterministic`` gives the same answer again for nothing: its answers need only be on disk before the outcome.
    With ``window`` set, no trial is begun that is more than that many ahead of the last one reported (``reported()``),
    so that stopping at the first finding stays cheap. The known answers ``canaries`` are judged among the trials, at
    places that ``seed`` draws, each together with the trial it stands at: what pytest waits for includes them.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        cases: Mapping[str, Case],
        targets: Mapping[str, Target],
        judging: Judging,
        writer: RunWriter,
        *,
        progress: Mapping[Trial, Progress] | None = None,
        lanes: int = 16,
        concurrency: int = 8,
        window: int | None = None,
        canaries: Sequence[Planted] = (),
        seed: str = "",
    ) -> None:
        self._trials, self._cases, self._targets = trials, cases, targets
        self._planned = frozenset(trials)
        self._places = Places(concurrency)
        self._bench, self._writer, self._lanes = Bench(judging, writer, self._places), writer, lanes
        self._canaries = Mixed(canaries, self._bench, writer, seed=seed, trials=len(trials))
        self._progress = dict(progress or {})
        if all(is_free(one) for one in (*targets.values(), *judging.oracles)):
            self._lanes = FREE_LANES
        self._queue: Iterator[Trial] = iter(trials)
        self._wanted: deque[Trial] = deque()
        self._begun: set[Trial] = set()
        self._allowed = window if window is not None else len(trials)
        self._window = window
        self._stopping = False
        self._results: dict[Trial, Result] = {}
        self._awaited: set[Trial] = set()
        self._arrived = threading.Condition()
        self._over: str | None = None
        self._loop: Loop | None = None

    # --- from pytest's thread ---------------------------------------------------------------------------------------

    def start(self, loop: Loop) -> None:
        """Begin asking."""
        self._loop = loop
        self._room = asyncio.Event()
        self._main = loop.start(self._work())

    def wait(self, trial: Trial) -> Result:
        """The result of a trial. Never waits for ever: when the engine ends first, the trial is not_run or an error."""
        if (found := self._results.get(trial)) is None:  # kept: a case of two suites, or a rerun, asks again
            found = self._awaiting(trial)
        if found is not None:
            return found
        if self._over:
            return Result(trial, Outcome.ERROR, "engine", detail=self._over)
        return Result(trial, Outcome.NOT_RUN, "stopped")

    def _awaiting(self, trial: Trial) -> Result | None:
        with self._arrived:
            self._awaited.add(trial)  # first: the loop looks here after it has put the result there
            while trial not in self._results and self._over is None:
                self._arrived.wait(1.0)  # wakes up for signals too
            self._awaited.discard(trial)
        return self._results.get(trial)

    def reported(self, count: int) -> None:
        """Tell that ``count`` trials have been reported: more may be begun."""
        if self._window is not None and self._loop is not None:
            self._loop.soon(self._allow, count + self._window)

    def want(self, trial: Trial) -> None:
        """Tell that somebody waits for this trial now: it is begun next, whatever the window says.

        Workers of xdist take trials in an order of their own; without this they could wait for each other for ever.
        """
        if self._window is not None and self._loop is not None:
            self._loop.soon(self._prefer, trial)

    def halt(self) -> None:
        """Begin no more trials; does not wait."""
        if self._loop is not None:
            self._loop.soon(self._begin_stopping)

    def stop(self, drain: float = DRAIN_SECONDS) -> None:
        """Begin no more trials, let those in flight end for at most ``drain`` seconds, then cancel them. Where only
        known answers were left to judge, these are waited for: nobody else does.
        """
        if self._loop is None:
            return
        self.halt()
        if not self._has_ended(drain if self._trials else PATIENCE):
            self._main.cancel()
            self._has_ended(CANCEL_SECONDS)

    def give_up(self) -> None:
        """Cancel what is in flight, so that ``stop`` need not wait any longer; from a handler of signals too."""
        if self._loop is not None:
            self._main.cancel()

    def _has_ended(self, seconds: float) -> bool:
        with self._arrived:
            return self._arrived.wait_for(lambda: self._over is not None, seconds)

    @property
    def done(self) -> tuple[int, int]:
        """How many trials have a result, and how many there are; for any thread."""
        return len(self._results), len(self._trials)

    @property
    def failure(self) -> str:
        """Why the engine ended before its work was done; empty when it did not."""
        return self._over or ""

    # --- in the loop ------------------------------------------------------------------------------------------------

    def _allow(self, allowed: int) -> None:
        self._allowed = max(self._allowed, allowed)
        self._room.set()

    def _prefer(self, trial: Trial) -> None:
        if trial in self._planned and trial not in self._begun:
            self._wanted.append(trial)
            self._room.set()

    def _begin_stopping(self) -> None:
        self._stopping = True
        self._room.set()

    async def _work(self) -> None:
        failure = ""
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._canaries.after(0))
                for _ in range(min(self._lanes, len(self._trials))):
                    lanes.create_task(self._lane())
        except* StoreError as group:
            failure = str(group.exceptions[0])
        except* (Exception, SystemExit, KeyboardInterrupt, GeneratorExit) as group:
            first = group.exceptions[0]
            failure = f"the engine failed: {type(first).__name__}: {show(str(first))}; please report this"
        finally:
            self._writer.stopping()  # workers of xdist wait for rows that will not come
            with self._arrived:
                self._over = failure
                self._arrived.notify_all()

    async def _lane(self) -> None:
        while (trial := await self._next()) is not None:
            number = len(self._begun)
            found = await self._run_trial(trial)
            await self._canaries.after(number)
            # what items show, and no more: reports read the answers from the store
            self._results[trial] = replace(found, response=None, verdicts=found.verdicts if _is_shown(found) else ())
            if trial in self._awaited:
                self._tell()

    def _tell(self) -> None:
        with self._arrived:
            self._arrived.notify_all()

    async def _next(self) -> Trial | None:
        while not self._stopping and len(self._begun) < len(self._trials):
            if (trial := self._ready()) is not None:
                self._begun.add(trial)
                return trial
            self._room.clear()
            await self._room.wait()
        self._room.set()  # the other lanes need not wait any longer either
        return None

    def _ready(self) -> Trial | None:
        """The next trial that may be begun: one that is waited for, else the next in plan order within the window."""
        if self._wanted:
            wanted = self._wanted.popleft()
            return wanted if wanted not in self._begun else self._ready()
        if len(self._begun) >= self._allowed:
            return None
        return next((trial for trial in self._queue if trial not in self._begun), None)

    async def _run_trial(self, trial: Trial) -> Result:
        case = self._cases[trial.case_id]
        try:
            found = await self._asked_and_judged(trial, case)
        except _Stopped:
            found = Result(trial, Outcome.NOT_RUN, "stopped")
        except BudgetExhausted as err:
            found = Result(trial, Outcome.NOT_RUN, "budget", detail=str(err))
        except CallError as err:
            found = Result(trial, Outcome.ERROR, err.reason, detail=str(err))
        hash_only = found.outcome is Outcome.UNSAFE and case.cell.category in HASH_ONLY
        await self._writer.finished(found, hash_only=hash_only)
        return found

    async def _asked_and_judged(self, trial: Trial, case: Case) -> Result:
        done = self._progress.pop(trial, None)
        if done is None:
            response = await self._answered(trial, case)
        else:
            response = done.response
        return await self._bench.result(trial, case, response, done.verdicts if done else {})

    async def _answered(self, trial: Trial, case: Case) -> Response:
        """The answer, on disk."""
        target = self._targets[trial.target]
        if is_free(target):
            response = await self._ask(trial, case)
            await self._writer.answered(trial, response, wait=False)
            return response
        async with self._places.at(target):
            if self._stopping:  # meanwhile: begun, but nothing was sent
                raise _Stopped
            response = await self._ask(trial, case)
            await self._writer.answered(trial, response)
            return response

    async def _ask(self, trial: Trial, case: Case) -> Response:
        target = self._targets[trial.target]
        clean = self._bench.judging.clean
        with only_call_errors("target", target.name, case.turns, clean):
            return checked_response(target.name, await target.answer(case, trial.repeat), clean)


def _is_shown(found: Result) -> bool:
    """True when a line on it names who judged it."""
    return found.outcome is Outcome.UNSAFE
