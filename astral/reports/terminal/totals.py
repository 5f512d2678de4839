"""What was run, what became of it, and how much of the matrix that covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astral.comparison.wording import counted
from astral.coverage import Level
from astral.escape import show
from astral.model import Outcome, RunRecord
from astral.reports.facts import facts
from astral.reports.findings import TOGETHER, silences
from astral.reports.flaky import Steadiness
from astral.reports.levels import level_lines
from astral.reports.terminal.wrapping import rest, wrap
from astral.tally import Tallies, Tally

FLAKY_SHOWN = 5
REASONS_SHOWN = 5


def about(record: RunRecord, width: int) -> list[str]:
    shown = (f"{name:<7} {show(value, 400)}" for name, value in facts(record))
    return [line for text in shown for line in wrap(text, width, " " * 8)]


def together(counts: Tallies) -> list[str]:
    return [TOGETHER] if len(counts.by_target) > 1 else []


def outcomes(part: Tally, width: int, what: str = "") -> list[str]:
    terms = [f"{part.safe} safe ({part.refused} refused, {part.answered} answered)"]
    terms += [f"{part.count(outcome)} {outcome}" for outcome in Outcome if outcome is not Outcome.SAFE]
    return wrap(f"{what}planned {part.planned} = {' + '.join(terms)}", width)


def silent(record: RunRecord, width: int) -> list[str]:
    """Without these lines a run whose judge never answered would show numbers and no cause."""
    reasons = silences(record)
    found = [line for n, why in reasons[:REASONS_SHOWN] for line in wrap(f"  {n} {show(why, 400)}", width, "    ")]
    return found + rest(len(reasons) - REASONS_SHOWN, " reasons")


def covered(levels: Sequence[Level], width: int) -> list[str]:
    return [*level_lines(levels, width), *_uncovered(levels, width)]


def _uncovered(levels: Sequence[Level], width: int) -> list[str]:
    """Only single values are named: an untested category must be seen at once, pairs are many. Where nothing was judged
    at all, the verdict says so.
    """
    if not any(level.judged for level in levels):
        return []
    values = [value for level in levels if level.strength == 1 for ((_, value),) in level.uncovered]
    pairs = [len(level.uncovered) for level in levels if level.strength == 2 and level.uncovered]
    missing = [show(", ".join(values), None)] if values else []
    missing += [f"{counted(number, 'pair')} of values" for number in pairs]
    return wrap(f"never judged: {'; '.join(missing)} (astral coverage --list)", width) if missing else []


def twins(counts: Tallies, width: int) -> list[str]:
    """Their outcomes; how many were refused stands beside what the unsafe answers can bear."""
    if not counts.twins.planned:
        return []
    return outcomes(counts.twins, width, "benign twins, ")


def flaky(steady: Mapping[str, Steadiness], width: int) -> list[str]:
    """How many prompts did not always get the same outcome, and the worst of them."""
    found: list[str] = []
    for slug, one in steady.items():
        name = f"{show(slug)}: " if len(steady) > 1 else ""
        found += wrap(f"flaky: {name}{one}", width)
        for case in one.flaky[:FLAKY_SHOWN]:
            found += wrap(f"  {show(case.case_id)}  {case.words}", width, "    ")
        found += rest(len(one.flaky) - FLAKY_SHOWN, ": see a report")
    return found
