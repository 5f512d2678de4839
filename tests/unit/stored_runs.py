"""Puts run records into a store as a run does: the plan, then answers, verdicts and outcomes, each as it comes."""

from __future__ import annotations

import asyncio

from astral.model import Calls, Outcome, RunRecord
from astral.store import RunWriter, Store


def keep(store: Store, record: RunRecord) -> None:
    """Write the whole of ``record``; trials that were not run stay without an outcome."""
    writer = RunWriter(store, record.run, Calls)
    writer.begin(list(record.cases.values()), [one.trial for one in record.results])

    async def work() -> None:
        for one in record.results:
            if one.outcome is Outcome.NOT_RUN:
                continue
            if one.response is not None:
                await writer.answered(one.trial, one.response)
                for verdict in one.verdicts:
                    await writer.judged(one.trial, verdict.oracle, 1, verdict)
            await writer.finished(one)

    asyncio.run(work())
    writer.close("finished", record.run.finished or "")
