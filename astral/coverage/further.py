"""Coverage of the matrix and of what else sets prompts apart: target, turns, twins, keys of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from astral.coverage.levels import Hits, Level, levels
from astral.coverage.prompts import Combination, Owners, asked, owners
from astral.escape import is_name
from astral.model import Case, Matrix, Outcome, RunRecord

MOST_VALUES = 50
"""Distinct values up to which a key of one's own sorts prompts; with more it describes each of them."""
SINGLE, SCRIPTED, WITH_TWIN = "single", "scripted", "with_twin"


@dataclass(frozen=True, slots=True)
class Extended:
    """The suite's matrix with the further dimensions (``names``) behind it, and its coverage.

    ``ignored`` says, a sentence each, which keys of the suite were passed over and why. Without further dimensions
    ``names`` and ``levels`` are empty.
    """

    matrix: Matrix
    names: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    ignored: tuple[str, ...] = ()


def further(record: RunRecord) -> tuple[Level, ...]:
    """The coverage of the extended matrix, one level for each t in 1, 2, 3; empty without a further dimension."""
    return extended(record).levels


def extended(record: RunRecord) -> Extended:
    """The coverage of the matrix together with the further dimensions that this run has.

    These are ``target`` (the slugs, where there are several), ``turns`` (``single`` and ``scripted``, where both
    exist), ``twin`` (``with_twin``, where the suite has benign twins) and NAME for each key ``x_NAME`` of the suite
    whose values are plain names (so that no report of them can hold harmful text), at most 50 different ones.

    Twins cover nothing by themselves here either. A prompt hits ``with_twin`` as far as the two of them came at the
    same target: generated where a twin was planned beside it, judged where both were. A prompt without a twin has no
    value in that dimension: its absence is nothing that one would want covered.
    """
    return extended_of([record], owners([record]), record.run.matrix)


def extended_of(records: Sequence[RunRecord], owner: Owners, matrix: Matrix) -> Extended:
    """The same over several runs, whose ``matrix`` is theirs united."""
    named = _target_names(records)
    targets = tuple(dict.fromkeys(name for names in named for name in names.values()))
    has_twins = any(case.twin_of is not None for record in records for case in record.cases.values())
    more = {
        **({"target": targets} if len(targets) > 1 else {}),
        **({"turns": (SINGLE, SCRIPTED)} if len({_turns(case) for case in owner.values()}) > 1 else {}),
        **({"twin": (WITH_TWIN,)} if has_twins else {}),
    }
    more = {name: values for name, values in more.items() if name not in dict(matrix)}
    own, ignored = _own_keys(owner, {*dict(matrix), "target", "turns", "twin"})
    whole = (*matrix, *more.items(), *own)
    if len(whole) == len(matrix):
        return Extended(matrix, ignored=ignored)
    places = {turns: _place(case, [name for name, _ in own]) for turns, case in owner.items()}
    found = Hits(generated=set(places.values()))
    for record, names in zip(records, named, strict=True):
        _add(found, record, owner, places, names)
    return Extended(whole, (*more, *dict(own)), levels(whole, found), ignored)


def _place(case: Case, own: Sequence[str]) -> Combination:
    """The cell of a prompt with all that it says of further dimensions; a dimension of the suite's own goes before."""
    given = [(name, text) for name in own if (text := _named(case.extra.get(f"x_{name}")))]
    return (*given, ("turns", _turns(case)), *case.cell.pairs)


def _add(
    found: Hits,
    record: RunRecord,
    owner: Owners,
    places: Mapping[tuple[str, ...], Combination],
    names: Mapping[str, str],
) -> None:
    """The trials of one run; a prompt has a twin only as far as the twin itself came at the same target."""
    beside: dict[tuple[tuple[str, ...], str], set[Outcome]] = {}
    for result in record.results:
        case = record.cases[result.trial.case_id]
        prompt = record.cases.get(case.twin_of) if case.twin_of is not None else None
        if prompt is not None:
            beside.setdefault((prompt.turns, result.trial.target), set()).add(result.outcome)
    for case, result in asked(record, owner):
        slug = result.trial.target
        place = (("target", names.get(slug, slug)), *places[case.turns])
        found.add(place, result.outcome)
        twins = beside.get((case.turns, slug), ())
        if twins:
            with_twin = (("twin", WITH_TWIN), *place)
            found.generated.add(with_twin)
            if result.outcome.final and any(twin.final for twin in twins):
                found.executed.add(with_twin)
            if result.outcome.judged and any(twin.judged for twin in twins):
                found.judged.add(with_twin)


def _turns(case: Case) -> str:
    return SINGLE if len(case.turns) == 1 else SCRIPTED


def _named(value: object) -> str:
    """A name that can be a value; empty for anything else."""
    text = value.strip() if isinstance(value, str) else ""
    return text if is_name(text) else ""


def _own_keys(owner: Owners, taken: set[str]) -> tuple[Matrix, tuple[str, ...]]:
    """The keys ``x_NAME`` that are dimensions, each with its values, and why the others are not."""
    keys = sorted({key for case in owner.values() for key in case.extra if is_name(key)})
    found: list[tuple[str, tuple[str, ...]]] = []
    ignored: list[str] = []
    for key in keys:
        given = [case.extra[key] for case in owner.values() if key in case.extra]
        values = sorted({text for value in given if (text := _named(value))})
        reason = _reason(key.removeprefix("x_"), given, values, len(owner), taken)
        if reason:
            ignored.append(f"{key}: {reason}")
        elif len(values) > 1:
            found.append((key.removeprefix("x_"), tuple(values)))
    return tuple(found), tuple(ignored)


def _reason(name: str, given: Sequence[object], values: Sequence[str], prompts: int, taken: set[str]) -> str:
    """Why a key is no dimension; empty for one that is, and for one that says the same of every prompt."""
    if name in taken:
        return f"the name {name} is taken by a dimension"
    if not all(map(_named, given)):
        return "not all of its values are names (letters, digits and _ . : + -, at most 40)"
    if len(values) > MOST_VALUES:
        return f"{len(values)} different values, more than {MOST_VALUES}"
    if len(values) == 1 and len(given) < prompts:
        return f"only one value, and {prompts - len(given)} of {prompts} prompts have none; give each prompt one"
    return ""


def _target_names(records: Sequence[RunRecord]) -> list[dict[str, str]]:
    """By run: what each slug is called; by the target as it was typed where one slug stands for several."""
    typed: dict[str, set[str]] = {}
    for record in records:
        for slug, target in record.run.targets.items():
            typed.setdefault(slug, set()).add(target)
    return [
        {slug: slug if len(typed[slug]) == 1 else target for slug, target in record.run.targets.items()}
        for record in records
    ]
