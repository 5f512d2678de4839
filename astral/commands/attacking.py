"""``astral calibrate --attacks``: the attack pack put to the user's own judges."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from astral.calibration.attacked import AttackReport, asked_rows, attack_lines, run_attacks
from astral.calibration.calibrating import Kept
from astral.commands.judges import (
    announce,
    build_judges,
    closed_loop,
    joined,
    judging_forecast,
    over,
    write_out,
)
from astral.commands.order import Order, say
from astral.commands.progress import progress_bar
from astral.engine import DRAIN_SECONDS, Loop
from astral.header import judge_facts, now, own_versions
from astral.journal import key_of
from astral.model import Case, Response, Verdict
from astral.protocols import Oracle
from astral.store import store_directory

FORMAT = 1


class Remembering:
    """A judge whose verdicts are kept until all rows are judged, so that none is paid for twice."""

    def __init__(self, oracle: Oracle, kept: Kept) -> None:
        self.name, self._oracle, self._kept = oracle.name, oracle, kept
        self.said = 0

    async def judge(self, case: Case, response: Response) -> Verdict:
        """The verdict that is on disk, or a new one, which is then. Raises what the oracle raises."""
        key = key_of(case.turns, response.earlier, response.text, response.finish_reason, case.cell.pairs)
        found = self._kept.verdicts(key, 1)
        verdict = found[0] if found else await self._oracle.judge(case, response)
        if not found and isinstance(verdict, Verdict):
            self._kept.keep(key, 1, 1, verdict)
        self.said += 1
        return verdict


def attack(order: Order) -> int:
    """Say the cost, ask, print. 0: done; 1: nothing could be judged; 2: interrupted."""
    settings, context = order.settings, order.context()
    oracles = build_judges(order, context)
    facts = judge_facts(oracles, settings)
    pairs = [(row.case, row.response) for row in asked_rows()]
    forecast = joined(judging_forecast(oracle, pairs, confirm=1) for oracle in oracles)
    directory = store_directory(order.directory)
    with ExitStack() as opened:
        loop = opened.enter_context(closed_loop(context))
        announce(order, context, oracles, forecast, judgings=len(pairs) * len(oracles), loop=loop)
        if settings.dry_run:
            return 0
        reports = []
        for oracle, described in zip(oracles, facts["oracles"], strict=True):
            kept = Kept(oracle, described, order.directory / "attacks", directory).open()
            report = _asked(Remembering(oracle, kept), loop, settings.concurrency, kept, len(pairs))
            if report is None:
                return int(pytest.ExitCode.INTERRUPTED)
            reports.append(report)
            for line in ("", *attack_lines(report, min(shutil.get_terminal_size().columns, 120))):
                say(line)
        say("")
        write_out(order, "--json", lambda: attacks_text(facts, reports))
    return 0 if all(report.flips.n for report in reports) else 1


def _asked(oracle: Remembering, loop: Loop, concurrency: int, kept: Kept, planned: int) -> AttackReport | None:
    """What the judge made of the pack; None where somebody stopped it. What was said is kept unless all is judged."""
    complete = False
    try:
        future = loop.start(run_attacks(oracle, concurrency=concurrency))
        with progress_bar("attacking") as tick:
            while not over(future, 0.2):
                tick(oracle.said, planned)
        report = future.result()
        complete = not report.errors
        return report
    except KeyboardInterrupt:
        future.cancel()
        over(future, DRAIN_SECONDS)
        say(f"interrupted; {kept.count} verdicts are kept, and the same command goes on from there")
        return None
    finally:
        kept.close(done=complete)


def attacks_text(judge: Mapping[str, Any], reports: Sequence[AttackReport]) -> str:
    """The reports as one JSON document: ASCII, keys sorted, no text of any row."""
    document = {
        "format": FORMAT,
        "made": now(),
        "version": own_versions()["pytest-astral"],
        "judge": judge,
        "attacks": [report.as_json() for report in reports],
    }
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"
