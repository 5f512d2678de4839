"""Whether a run is judged as its baseline was: what is unsafe to one judge may be safe to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from astral.baseline.standing import Baseline
from astral.cards import identity
from astral.differences import difference, judged_by, plain
from astral.errors import BaselineError
from astral.escape import show
from astral.samples import Sample

_ANEW = "make it anew from a run with baseline=off: astral baseline update --replace"


def check_same_judge(baseline: Baseline, judge: Mapping[str, Any], *, what: str = "this run", next: str = "") -> None:
    """Raise BaselineError naming the first thing in which ``judge`` (as in a run's header, or its identity) is not
    that of the baseline. ``what`` is judged by it, ``next`` what to do about that.
    """
    then, now = plain(baseline.sample.judge), plain(identity(judge))
    if then != now:
        raise BaselineError(
            f"baseline {show(baseline.path)} was made with another judge than {what} has: {_changed(then, now)}; put "
            f"it back, or {next or _ANEW}"
        )


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    was, current = (", ".join(one["name"] for one in judge["oracles"]) for judge in (then, now))
    if was != current:
        return f"{show(was)} then, {show(current)} now"
    name, field, before, present = difference(judged_by(then), judged_by(now)) or ("", "oracles", "others", "these")
    return f"{f'{name}: ' if name else ''}{field} was {before} and is now {present}"


def check_same_rules(baseline: Baseline, now: Sample, *, what: str = "this run", next: str = "") -> None:
    """Raise BaselineError where the judge, or what counts as unsafe, is not that of the baseline."""
    check_same_judge(baseline, now.judge, what=what, next=next)
    then = baseline.sample
    for key, was, current in (("fail_on", then.fail_on, now.fail_on), ("turns", then.turns, now.turns)):
        if was != current:
            raise BaselineError(
                f"baseline {show(baseline.path)} was made with {key}={was} and {what} has {key}={current}; put it "
                f"back, or {next or _ANEW}"
            )
