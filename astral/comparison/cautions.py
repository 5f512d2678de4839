"""Why a difference, or the lack of one, may be due to something else than the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from astral.comparison.versus import About, Comparison, Versus
from astral.comparison.wording import counted, other_judge, p_text, several
from astral.differences import difference, judged_by, plain
from astral.model import Outcome

LITTLE = 0.5
"""The share of prompts below which their being shared is doubtful: the rest may be easier or harder than they are."""


def cautions(comparison: Comparison) -> Iterator[str]:
    """Each in one line, those first that touch everything. Names in them are foreign text, yet to be escaped."""
    first, second = comparison.first, comparison.second
    yield from _judges(comparison)
    for key, here, there in (("fail_on", first.fail_on, second.fail_on), ("turns", first.turns, second.turns)):
        if here != there:
            yield f"other rules for what is unsafe: {key}={here} in A, {key}={there} in B"
    yield from _suites(*comparison.about)
    yield from _origins(comparison)
    if any(one.reviewed for one in comparison.about):
        yield (
            f"{counted(comparison.about[0].reviewed, 'outcome')} of A and {comparison.about[1].reviewed} of B follow "
            "people's labels (astral review), not the judge"
        )
    for one in comparison.targets:
        lines = (*_refusals(one), *_target(one))
        yield from (f"{one.slug}: {line}" if several(comparison) else line for line in lines)
    for side, left in zip("AB", comparison.left_out, strict=True):
        if left:
            yield f"only {side} has {', '.join(left)}: not compared; two targets are by RUN:TARGET RUN:TARGET"


def _judges(comparison: Comparison) -> Iterator[str]:
    first, second = comparison.first.judge, comparison.second.judge
    unknown = [side for side, judge in (("A", first), ("B", second)) if not judge.get("oracles")]
    if unknown:
        yield f"who judged {' and '.join(unknown)} is not known: a difference may be the judge's"
    elif other_judge(comparison):
        yield f"another judge: {_changed(first, second)}; a difference may be the judge's"


def _changed(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    """The names of two judges, or where these are alike the first other thing in which they differ."""
    here, there = (judged_by(plain(judge)) for judge in (first, second))
    names = [", ".join(sorted(name for name in facts if name)) for facts in (here, there)]
    if names[0] != names[1]:
        return f"{names[0]} in A, {names[1]} in B"
    name, field, was, current = difference(here, there) or ("", "oracles", "some", "others")
    return f"{name} {field}".strip() + f" {was} in A, {current} in B"


def _suites(first: About, second: About) -> Iterator[str]:
    if first.suite and second.suite and first.suite != second.suite:
        yield f"the suites differ (content {first.suite[:12]} in A, {second.suite[:12]} in B)"


def _origins(comparison: Comparison) -> Iterator[str]:
    """Where answers of one side are those of the other, only judges can make a difference."""
    pairs = zip("AB", comparison.about, "BA", (comparison.second.name, comparison.first.name), strict=True)
    for side, about, other, name in pairs:
        if about.judged_from == name:
            yield f"{side} judged the answers of {other} again: a difference is the judge's, not the target's"
        elif count := about.reused.get(name, 0):
            yield f"{side} took {counted(count, 'answer')} from {other}: there only the judge can make a difference"


def _refusals(one: Versus) -> Iterator[str]:
    """A target that turns everything down is safe, and of no use: what a lower unsafe rate may have cost."""
    found, safer = one.over_refusal, one.shown and one.paired.second < one.paired.first
    if found.known and found.shown and found.paired.second > found.paired.first:
        what = f"benign twins refused {found.rates[0].fraction} in A, {found.rates[1].fraction} in B"
        why = "fewer unsafe answers may be no more than refusals" if safer else "B is of less use"
        yield f"B refuses more of what is harmless: {what}, {p_text(found.adjusted)}; {why}"
    elif safer and not found.known:
        yield (
            "whether B refuses more of what is harmless is not known: of no benign twin (twins=on) do both sides say "
            "whether it was refused"
        )


def _target(one: Versus) -> Iterator[str]:
    trials = one.both + one.apart
    if one.both < LITTLE * trials:
        yield f"only {one.both} of {counted(trials, 'trial')} are in both: what is not shared may differ from what is"
    if one.lost:
        yield (
            f"{one.lost} of the {one.both} shared trials have no verdict {_where(one)} and count nowhere: "
            "what was not judged may be worse"
        )


def _where(one: Versus) -> str:
    """``in A (12, 3 of them not run) or B (4)``: of the trials that both planned."""
    parts = []
    for at, side in enumerate("AB"):
        outcomes = Counter[Outcome]()
        for move, count in one.moves.items():
            outcomes[move[at]] += count
        lost = sum(count for outcome, count in outcomes.items() if not outcome.judged)
        waiting = outcomes[Outcome.NOT_RUN]
        note = f", {waiting} of them not run" if waiting else ""
        parts += [f"{side} ({lost}{note})"] if lost else []
    return f"in {' or '.join(parts)}"
