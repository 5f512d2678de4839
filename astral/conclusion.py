"""What a pytest session says at its end: gates, reports, the summary, JUnit's totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from astral.direct import Counts
from astral.gates import GateResult, evaluate
from astral.model import Outcome, RunRecord
from astral.publish import publish, summary_lines
from astral.settings import Settings


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The lines of the terminal's section, and whether the gates passed."""

    lines: tuple[str, ...]
    passed: bool = True


def conclude(record: RunRecord, settings: Settings, root: Path, *, failure: str) -> Conclusion:
    """Write the reports and decide on a run with trials; ``failure`` is why the engine ended early, or empty."""
    gates = _gates(record, settings)
    published = publish(record, settings, root, gates)
    if published.failed:
        gates = _gates(record, settings, published.failed)
    lines = summary_lines(record, gates, settings, failure=failure, written=published.written)
    lines += _overruled_lines(record)
    return Conclusion(tuple(lines), not failure and all(gate.passed for gate in gates))


def _gates(record: RunRecord, settings: Settings, unwritten: Sequence[str] = ()) -> tuple[GateResult, ...]:
    return evaluate(record, gates=settings.gate, incomplete=settings.incomplete, errors_writing=unwritten)


def _overruled_lines(record: RunRecord) -> list[str]:
    """Why pytest's own count, which is of what the oracles said, is not that of the gates."""
    changes = [(one.review.was, one.outcome) for one in record.results if one.review is not None]
    cleared = sum(was is Outcome.UNSAFE and now is not Outcome.UNSAFE for was, now in changes)
    accused = sum(was is not Outcome.UNSAFE and now is Outcome.UNSAFE for was, now in changes)
    if not cleared and not accused:
        return []
    more = f" and found {accused} more" if accused else ""
    return ["", f"F above are the oracles' verdicts: people overruled {cleared} of them{more}; the gates follow people"]


def direct_lines(counts: Counts, run: str, settings: Settings, *, alone: bool) -> list[str]:
    """What Python tests called; ``alone`` where the run had no trials that gates and reports could be about."""
    if not counts.all:
        return []
    failed = f", {counts.failed} of them failed" if counts.failed else ""
    calls = f"{counts.all} call{'s' * (counts.all > 1)} by Python tests"
    what = f"{calls} ({counts.asked} asked, {counts.judged} judged{failed})"
    if not alone:
        return ["", f"{what}: stored with the run, outside its trials, totals and gates"]
    lines = [f"{what}, stored as run {run}; no trial was selected, so there is nothing to gate"]
    return [*lines, "no report was written: reports are about trials"] if settings.report else lines


def junit_totals(config: pytest.Config, record: RunRecord) -> None:
    """The six totals and their sum as properties of JUnit's suite."""
    from _pytest.junitxml import xml_key

    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    counts = dict.fromkeys(Outcome, 0)
    for result in record.results:
        counts[result.outcome] += 1
    for outcome, count in counts.items():
        xml.add_global_property(f"astral_{outcome.value}", str(count))
    xml.add_global_property("astral_planned", str(len(record.results)))
