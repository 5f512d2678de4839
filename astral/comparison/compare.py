"""Holds two samples against each other, target by target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from astral.comparison.cautions import cautions
from astral.comparison.versus import About, Change, Comparison, OverRefusal, Value, Versus
from astral.comparison.wording import conclusion, family
from astral.model import Cell, Outcome
from astral.samples import Sample, compared, prompts, refused_twins
from astral.stats import Prompt, Rate, clustered, holm

Slugs = tuple[str, str]


def slugs(of: Sample) -> tuple[str, ...]:
    """The targets of a sample, sorted."""
    return tuple(sorted({*of.targets, *(trial.target for trial in of.outcomes)}))


def shared_targets(first: Sample, second: Sample) -> tuple[Slugs, ...]:
    """The targets that are held against each other: those of the same slug, or, where each side has but one, these
    two; empty where there is nothing to compare.
    """
    here, there = slugs(first), slugs(second)
    same = tuple((slug, slug) for slug in here if slug in there)
    return same or (((here[0], there[0]),) if len(here) == len(there) == 1 else ())


def compare(
    first: Sample,
    second: Sample,
    targets: Sequence[Slugs] | None = None,
    about: tuple[About, About] = (About(), About()),
) -> Comparison:
    """What changed from ``first`` to ``second``; ``targets`` are pairs of slugs (None: ``shared_targets``).

    Only prompts with a verdict on both sides are compared, each repeat with the same one of the other side.
    """
    chosen = shared_targets(first, second) if targets is None else tuple(targets)
    cells = {**second.cells, **first.cells}  # an id holds the values of its cell: the two cannot disagree
    found = _adjusted([_versus(first, second, pair, cells) for pair in chosen])
    left_out = (
        tuple(slug for slug in slugs(first) if targets is None and slug not in {one.first for one in found}),
        tuple(slug for slug in slugs(second) if targets is None and slug not in {one.second for one in found}),
    )
    made = Comparison(first, second, about, found, left_out, family=family(found))
    made = replace(made, cautions=tuple(cautions(made)))
    return replace(made, targets=tuple(replace(one, conclusion=conclusion(made, one)) for one in found))


def _versus(first: Sample, second: Sample, pair: Slugs, cells: Mapping[str, Cell]) -> Versus:
    """One target of each side, with p-values that are not adjusted yet."""
    shared = [one for one in prompts(first, second, *pair) if one[1].pairs]
    whole = compared(shared)
    here, there = _trials(first, pair[0]), _trials(second, pair[1])
    changes = [Change(id, prompt, cells.get(id)) for id, prompt in shared if prompt.first != prompt.second]
    return Versus(
        *pair,
        paired=whole,
        rates=_rates(shared),
        moves=Counter((outcome, there[key]) for key, outcome in here.items() if key in there),
        alone=(
            Counter(outcome for key, outcome in here.items() if key not in there),
            Counter(outcome for key, outcome in there.items() if key not in here),
        ),
        changes=tuple(sorted(changes, key=lambda one: (-one.by, one.case_id))),
        values=tuple(_values(shared, cells)),
        p=(p := whole.p),
        adjusted=p,
        over_refusal=_over_refusal(first, second, pair),
    )


def _rates(shared: Sequence[tuple[str, Prompt]]) -> tuple[Rate, Rate]:
    return (
        clustered((prompt.first, prompt.pairs) for _, prompt in shared),
        clustered((prompt.second, prompt.pairs) for _, prompt in shared),
    )


def _over_refusal(first: Sample, second: Sample, pair: Slugs) -> OverRefusal:
    twins = list(refused_twins(first, second, *pair))
    whole = compared(twins)
    return OverRefusal(whole, _rates(twins), p := whole.p, p)


def _trials(of: Sample, slug: str) -> dict[tuple[str, int], Outcome]:
    return {(trial.case_id, trial.repeat): outcome for trial, outcome in of.outcomes.items() if trial.target == slug}


def _values(shared: Sequence[tuple[str, Prompt]], cells: Mapping[str, Cell]) -> list[Value]:
    groups: dict[str, dict[str, list[tuple[str, Prompt]]]] = {}
    for id, prompt in shared:
        for dimension, value in cells[id].pairs if id in cells else ():
            groups.setdefault(dimension, {}).setdefault(value, []).append((id, prompt))
    ordered = ((name, value, by[value]) for name, by in groups.items() for value in sorted(by))
    parts = [(name, value, compared(found)) for name, value, found in ordered]
    return [Value(name, value, part, p := part.p, p) for name, value, part in parts]


def _adjusted(found: Sequence[Versus]) -> tuple[Versus, ...]:
    """The same with p-values by Holm's method: over the targets, and over all values of all of them."""
    targets = holm([one.p for one in found])
    refusals = iter(holm([one.over_refusal.p for one in found if one.over_refusal.known]))
    values = iter(holm([value.p for one in found for value in one.values]))
    return tuple(
        replace(
            one,
            adjusted=p,
            values=tuple(replace(value, adjusted=next(values)) for value in one.values),
            over_refusal=replace(one.over_refusal, adjusted=next(refusals))
            if one.over_refusal.known
            else OverRefusal(),
        )
        for one, p in zip(found, targets, strict=True)
    )
