"""What a pytest session says at its end: gates, reports, the summary, JUnit's totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from astral.baseline import Baseline, Standing, stand
from astral.direct import Counts
from astral.formats import Format
from astral.gates import GateResult, evaluate
from astral.model import Outcome, RunRecord
from astral.publish import append_step_summary, publish, summary_lines
from astral.reports.account import Account
from astral.reports.junit import suite_properties
from astral.samples import sample
from astral.settings import Settings


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What reports were made of, the lines of the terminal's section, and whether the gates passed."""

    account: Account
    lines: tuple[str, ...]
    passed: bool = True


def conclude(
    record: RunRecord,
    settings: Settings,
    root: Path,
    *,
    failure: str,
    baseline: Baseline | None = None,
    formats: Mapping[str, Format],
) -> Conclusion:
    """Write the reports and decide on a run with trials; ``failure`` is why the engine ended early, or empty;
    ``baseline`` what it is held against, ``formats`` those that reports may be asked for in.
    """
    standing = stand(sample(record), baseline) if baseline is not None else None
    account = Account(record, _gates(record, settings, standing), standing)
    published = publish(account, settings, root, formats)
    if published.failed:
        account = replace(account, gates=_gates(record, settings, standing, published.failed))
    lines = summary_lines(account, settings, failure=failure, written=published.written)
    lines += _overruled_lines(account)
    if trouble := append_step_summary(account, settings):
        lines += ["", trouble]
    return Conclusion(account, tuple(lines), not failure and all(gate.passed for gate in account.gates))


def _gates(
    record: RunRecord, settings: Settings, standing: Standing | None, unwritten: Sequence[str] = ()
) -> tuple[GateResult, ...]:
    return evaluate(
        record,
        gates=settings.gate,
        incomplete=settings.incomplete,
        standing=standing,
        max_age=settings.max_age,
        errors_writing=unwritten,
    )


def _overruled_lines(account: Account) -> list[str]:
    """Why pytest's own count, which is of what the oracles said, is not that of the gates."""
    changes = [(one.review.was, one.outcome) for one in account.record.results if one.review is not None]
    cleared = sum(was is Outcome.UNSAFE and now is not Outcome.UNSAFE for was, now in changes)
    accused = sum(was is not Outcome.UNSAFE and now is Outcome.UNSAFE for was, now in changes)
    if not cleared and not accused:
        return []
    more = f" and found {accused} more" if accused else ""
    marks = "F and x" if account.standing is not None else "F"
    return [
        "",
        f"{marks} above are the oracles' verdicts: people overruled {cleared} of them{more}; the gates follow people",
    ]


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


def junit_totals(config: pytest.Config, account: Account) -> None:
    """What is known of the whole run as properties of JUnit's suite."""
    from _pytest.junitxml import xml_key

    xml = config.stash.get(xml_key, None)
    if xml is not None:
        for name, value in suite_properties(account):
            xml.add_global_property(name, value)
