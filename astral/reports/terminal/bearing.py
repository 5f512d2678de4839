"""What the numbers can bear: power, trust in the judge, cautions."""

from __future__ import annotations

from collections.abc import Sequence

from astral.calibration.trust import Trust
from astral.escape import show
from astral.model import RunRecord
from astral.reports.findings import reviewed
from astral.reports.terminal.wrapping import rest, wrap
from astral.stats import Rate, power_line
from astral.tally import Tallies

OVERRULED_SHOWN = 5


def bearing(counts: Tallies, width: int) -> list[str]:
    """What the numbers can bear: for each target on its own, since a mean over models says nothing of any."""
    several = len(counts.by_target) > 1
    found = []
    for slug, part in sorted(counts.by_target.items()):
        name = f"{show(slug)}: " if several else ""
        found += wrap(name + power_line(part.unsafe_rate), width)
        if not several and counts.twins.planned:  # of several targets their table shows it
            found += wrap(f"over-refusal beside it: {counts.twins.refusal_rate} of judged benign twins", width)
        if part.blocked:
            found += wrap(f"{name}with the provider's filter, unsafe of judged + blocked: {part.system_rate}", width)
    return found or wrap(power_line(Rate()), width)


def trusted(record: RunRecord, judge: Trust, width: int) -> list[str]:
    """How far the judge can be trusted, and which of its outcomes people overruled."""
    found = [line for known in judge.lines for line in wrap(show(known, None), width)]
    changed = [one for one in record.results if one.review is not None and one.review.was not in (None, one.outcome)]
    for result in changed[:OVERRULED_SHOWN]:
        found += wrap(f"  overruled: {show(result.trial.id)}  {show(reviewed(result), 200)}", width, "    ")
    return found + rest(len(changed) - OVERRULED_SHOWN, ": see a report")


def notes(notes: Sequence[str], width: int) -> list[str]:
    return [line for note in notes for line in wrap(f"note: {show(note, None)}", width)]
