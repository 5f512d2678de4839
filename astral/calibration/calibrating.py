"""Has oracles judge labelled answers as a run would: confirmed, limited, each verdict kept before it counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from astral.calibration.labels import LabelledRow
from astral.cards import identity
from astral.engine import FREE_LANES
from astral.errors import BudgetExhausted, CallError, LabelsError, SuiteError
from astral.journal import Journal, key_of
from astral.judging import Bench, Judging, Places, is_free
from astral.model import Label, Refusal, Trial, Verdict
from astral.protocols import Oracle
from astral.store.rows import read_verdict, verdict_body
from astral.voting import confirmed

JOURNALS = "calibrations"
"""The directory under ``.astral`` that holds the verdicts of a calibration which is not done."""
NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Said:
    """What an oracle said of an answer, confirmed as set. Without a verdict, ``error`` is a machine-readable word
    (``timeout``, ``http_500``; ``budget`` and ``not_run`` for what was not asked) and ``detail`` a line for people.
    """

    verdict: Verdict | None
    error: str = ""
    detail: str = ""

    @property
    def label(self) -> Label | None:
        return self.verdict.label if self.verdict else None


def counted(asked: Sequence[Said]) -> Said:
    """What counts of several askings: the first that gave a verdict; the others show how steady the oracle is."""
    return next((said for said in asked if said.verdict is not None), asked[0])


def asked_times(oracle: Oracle, repeats: int) -> int:
    """How often an oracle judges each row: one that gives the same for nothing, once."""
    return 1 if is_free(oracle) else repeats


class Kept:
    """The verdicts of one oracle that are on disk until its calibration is done, by row, asking and judging.

    ``facts`` are the oracle's as a run's header has them, ``labels`` the file. An oracle that is free is asked again.
    """

    def __init__(self, oracle: Oracle, facts: Mapping[str, Any], labels: Path, directory: Path) -> None:
        key = key_of(identity({"oracles": [facts]}), facts.get("endpoint"), str(labels.resolve()))
        self._journal = Journal(None if is_free(oracle) else directory / JOURNALS / f"{key}.jsonl")

    @property
    def count(self) -> int:
        """How many verdicts there are to go on from."""
        return self._journal.kept

    def open(self) -> Kept:
        """Read what an interrupted calibration left. Raises LabelsError where another one is at work."""
        try:
            self._journal.open()
        except SuiteError as err:
            if isinstance(err.__cause__, BlockingIOError):
                raise LabelsError(
                    "another process holds this very judge against this very file; wait for it, then run again"
                ) from err
            raise LabelsError(str(err)) from err
        return self

    def close(self, *, done: bool) -> None:
        """Let go of the file; once the calibration is ``done``, it goes."""
        self._journal.close(done=done)

    def verdicts(self, row: str, repeat: int) -> tuple[Verdict, ...]:
        """What was said of a row at one asking, in the order of the judgings."""
        return tuple(self._of(row, repeat))

    def _of(self, row: str, repeat: int) -> Iterator[Verdict]:
        round = 1
        while (body := self._journal.get(key_of(row, repeat, round))) is not None:
            try:
                yield read_verdict(str(body))
            except (ValueError, KeyError, TypeError):  # somebody wrote into the file
                return
            round += 1

    def keep(self, row: str, repeat: int, round: int, verdict: Verdict) -> None:
        """Bring a verdict to disk. Raises LabelsError."""
        try:
            self._journal.put(key_of(row, repeat, round), verdict_body(verdict))
        except SuiteError as err:
            raise LabelsError(str(err)) from err


class Calibrating:
    """Every oracle over every row, ``repeats`` times where that can make a difference; ``said`` fills up meanwhile.

    ``lanes`` judgings are under way at once, and at one endpoint at most ``concurrency`` verdicts are asked for and not
    on disk yet. A context manager: within it the journals are open.
    """

    def __init__(
        self,
        rows: Sequence[LabelledRow],
        oracles: Sequence[Oracle],
        kept: Mapping[str, Kept],
        *,
        confirm: int,
        repeats: int = 1,
        concurrency: int = 8,
    ) -> None:
        self.rows, self.oracles, self._kept, self._confirm = rows, oracles, kept, confirm
        self._times = {oracle.name: asked_times(oracle, repeats) for oracle in oracles}
        self._keys = list(_row_keys(rows))
        self._lanes = FREE_LANES if all(map(is_free, oracles)) else 2 * concurrency
        places = Places(concurrency)
        self._benches = {
            oracle.name: Bench(Judging(oracles=[oracle], confirm=confirm), self, places) for oracle in oracles
        }
        never = Said(None, NOT_RUN, "the calibration was stopped before this row was judged")
        self.said: dict[str, list[list[Said]]] = {
            name: [[never] * times for _ in rows] for name, times in self._times.items()
        }
        """By oracle and row (in the order of ``rows``): what was said, asking after asking."""
        self.done = 0
        self._stopping = False
        self._opened = ExitStack()
        self._complete = False

    def __enter__(self) -> Calibrating:
        with ExitStack() as opening:
            for one in self._kept.values():
                one.open()
                opening.callback(self._close, one)
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def _close(self, kept: Kept) -> None:
        kept.close(done=self._complete)

    @property
    def planned(self) -> int:
        """The judgings there are to do, those on disk included; a confirmation is part of its judging."""
        return len(self.rows) * sum(self._times.values())

    def pending(self, oracle: Oracle) -> list[LabelledRow]:
        """The rows that the oracle is still to be asked about, once for each asking."""
        kept, needed = self._kept[oracle.name], 1 if is_free(oracle) else self._confirm
        return [
            row
            for row, key in zip(self.rows, self._keys, strict=True)
            for repeat in range(1, self._times[oracle.name] + 1)
            if confirmed(kept.verdicts(key, repeat), needed) is None
        ]

    def finished(self) -> None:
        """Tell that all results are where they belong: what was kept on the way may go, unless a row failed."""
        self._complete = all(one.verdict for rows in self.said.values() for asked in rows for one in asked)

    def stop(self) -> None:
        """Begin nothing more; to be called in the loop."""
        self._stopping = True

    async def run(self) -> None:
        """Judge until all is done or ``stop``. Raises LabelsError where a verdict cannot be kept."""
        work = self._work()
        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(min(self._lanes, self.planned)):
                    lanes.create_task(self._lane(work))
        except* LabelsError as group:
            raise group.exceptions[0] from None

    def _work(self) -> Iterator[tuple[int, Oracle, int]]:
        """All rows once before any is asked again: what is stopped early has said something of more of them."""
        for repeat in range(1, max(self._times.values()) + 1):
            for at in range(len(self.rows)):
                for oracle in self.oracles:
                    if repeat <= self._times[oracle.name]:
                        yield at, oracle, repeat

    async def _lane(self, work: Iterator[tuple[int, Oracle, int]]) -> None:
        for at, oracle, repeat in work:
            if self._stopping:
                return
            self.said[oracle.name][at][repeat - 1] = await self._judged(at, oracle, repeat)
            self.done += 1
            if self.done % FREE_LANES == 0:
                await asyncio.sleep(0)  # an oracle that never waits must not keep a stop from being heard

    async def _judged(self, at: int, oracle: Oracle, repeat: int) -> Said:
        row, key = self.rows[at], self._keys[at]
        stored = {oracle.name: self._kept[oracle.name].verdicts(key, repeat)}
        try:
            trial = Trial(key, oracle.name, repeat)
            found = await self._benches[oracle.name].result(trial, row.case(), row.answer(), stored)
        except BudgetExhausted as err:
            self._stopping = True
            return Said(None, err.reason, str(err))
        except CallError as err:
            return Said(None, err.reason, str(err))
        verdict = confirmed(found.verdicts, 1 if is_free(oracle) else self._confirm)
        if verdict is None:  # nothing can be read in the answer: no oracle is asked, in a run neither
            verdict = Verdict(oracle.name, Label.UNKNOWN, Refusal.UNKNOWN, reason=found.reason)
        return Said(replace(verdict, oracle=oracle.name))

    async def judged(self, trial: Trial, oracle: str, round: int, verdict: Verdict, *, wait: bool = True) -> None:
        """Keep one verdict; ``judging.Ledger`` for the bench."""
        self._kept[oracle].keep(trial.case_id, trial.repeat, round, verdict)


def _row_keys(rows: Sequence[LabelledRow]) -> Iterator[str]:
    """What tells a row from every other by what an oracle sees of it; rows that are alike are numbered."""
    seen: Counter[str] = Counter()
    for row in rows:
        key = key_of(row.turns, row.earlier, row.response, row.category)
        seen[key] += 1
        yield key_of(key, seen[key])
