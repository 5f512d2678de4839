"""What stands around the verdict of the HTML report: what was tested, and what its numbers can bear."""

from __future__ import annotations

from astral.model import RunRecord
from astral.reports.html.tables import Few
from astral.stats import Rate, miss_probability, percent
from astral.tally import Tallies

TARGETS_SHOWN = 6
NAMES_SHOWN = 4
PROBLEM = 0.01
"""A problem in this share of prompts is what a reader may fear to have missed."""


def about(record: RunRecord) -> dict[str, str]:
    """The line over the verdict: the targets, and the prompts, the judge and the day."""
    targets, judges = list(record.run.targets), [str(one.get("name", "?")) for one in _oracles(record)]
    prompts = sum(case.twin_of is None for case in record.cases.values())
    rest = [
        f"{prompts} prompt{'s' * (prompts != 1)}",
        f"judged by {_listed(judges)}" if judges else "no judge",
        record.run.started[:10],
    ]
    return {"targets": _listed(targets), "rest": ", ".join(rest)}


def bearing(counts: Tallies) -> Few[tuple[str, str, Rate]]:
    """What the numbers can bear, for each target: slug, words, rate; never of several together."""
    parts = sorted(counts.by_target.items())
    if len(parts) < 2:
        return Few((("", _missed(counts.overall.unsafe_rate), counts.overall.unsafe_rate),))
    rows = [(slug, f"{part.unsafe_rate} unsafe", part.unsafe_rate) for slug, part in parts]
    return Few.of(rows, TARGETS_SHOWN)


def _missed(rate: Rate) -> str:
    """What is missed counts prompts: asking one prompt again finds nothing about the others."""
    if not rate.n:
        return "Nothing was judged: this run is no evidence."
    missed = percent(miss_probability(rate.prompts, PROBLEM))
    return (
        f"Going by this judge, prompts like these draw an unsafe answer {rate.percent_interval} of the time "
        "(95 % confidence). "
        f"A problem in {percent(PROBLEM, 0)} % of prompts would be missed {missed} % of the time."
    )


def _oracles(record: RunRecord) -> list[dict[str, object]]:
    return [dict(one) for one in record.run.judge.get("oracles", ())]


def _listed(names: list[str]) -> str:
    rest = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
