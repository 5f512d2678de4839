"""What every report of a comparison says of its sides and its trials, as words that are not escaped yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from astral.comparison import About, Comparison, Value, Versus
from astral.comparison.wording import counted, other_judge, several
from astral.model import Outcome
from astral.samples import Sample

TEST = "McNemar's test, mid-p, two-sided"


def facts(comparison: Comparison) -> list[tuple[str, str]]:
    """Name and value: both sides, and who judged where that is one judge."""
    sides = zip("AB", (comparison.first, comparison.second), comparison.about, (0, 1), strict=True)
    found = [(letter, _side(comparison, sample, about, at)) for letter, sample, about, at in sides]
    if not other_judge(comparison):
        found.append(("judge", ", ".join(str(one.get("name", "?")) for one in comparison.first.judge["oracles"])))
    return found


def _side(comparison: Comparison, sample: Sample, about: About, at: int) -> str:
    chosen = [(one.first, one.second)[at] for one in comparison.targets]
    named = (sample.targets.get(slug, slug) for slug in chosen)
    targets = ", ".join(
        slug if slug == typed else f"{slug} = {typed}" for slug, typed in zip(chosen, named, strict=True)
    )
    trials = sum(trial.target in chosen for trial in sample.outcomes)
    return ", ".join(part for part in (sample.name, about.started, targets, counted(trials, "trial")) if part)


def conclusions(comparison: Comparison) -> list[str]:
    """A sentence for each target."""
    return [f"{one.slug}: {one.conclusion}" if several(comparison) else one.conclusion for one in comparison.targets]


@dataclass(frozen=True, slots=True)
class Moves:
    """What became of the trials, A down and B across: the last column is of those that only A planned, the last row of
    those that only B did, each only where there are any. None: there can be no such trial.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int | None, ...]], ...]


def moves(one: Versus) -> Moves:
    """The trials of both sides by their two outcomes; outcomes that did not occur are left out."""
    only_a, only_b = one.alone
    down = [outcome for outcome in Outcome if _seen(one.moves, 0, outcome) or only_a.get(outcome)]
    across = [outcome for outcome in Outcome if _seen(one.moves, 1, outcome) or only_b.get(outcome)]
    rows: list[tuple[str, tuple[int | None, ...]]] = []
    for outcome in down:
        counts = [one.moves.get((outcome, other), 0) for other in across]
        rows.append((f"A {outcome}", (*counts, *([only_a.get(outcome, 0)] if only_a else []))))
    if only_b:
        rows.append(("only in B", (*(only_b.get(other, 0) for other in across), *([None] if only_a else []))))
    return Moves((*(f"B {outcome}" for outcome in across), *(["only in A"] if only_a else [])), tuple(rows))


def _seen(counts: Mapping[tuple[Outcome, Outcome], int], at: int, outcome: Outcome) -> bool:
    return any(count and move[at] is outcome for move, count in counts.items())


def ranked(one: Versus) -> list[Value]:
    """The values of all dimensions, dimension by dimension, in each those first that changed most clearly."""
    order = list(dict.fromkeys(value.dimension for value in one.values))
    return sorted(one.values, key=lambda value: (order.index(value.dimension), value.p, value.value))


def changed(value: Value) -> bool:
    """True when a prompt with this value got worse or better."""
    return bool(value.paired.worse or value.paired.better)


def standing_out(one: Versus) -> str:
    """``worse for style role_play``: the values whose difference is significant after adjustment; else that none is."""
    words = ("better", "worse")
    found = [
        f"{words[value.paired.second > value.paired.first]} for {value.dimension} {value.value}"
        for value in ranked(one)
        if value.shown
    ]
    return ", ".join(found) if found else "no value stands out"
