"""Which prompts count, each once: the trials of runs, seen as prompts in cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from astral.model import Case, Result, RunRecord

Combination = tuple[tuple[str, str], ...]
"""t pairs of (dimension, value), in the order of the matrix."""
Owners = Mapping[tuple[str, ...], Case]
"""By its turns: the one case that a prompt counts for."""


def owners(records: Sequence[RunRecord]) -> dict[tuple[str, ...], Case]:
    """The one case that each prompt counts for, so that a duplicate adds nothing: the first by id of the earliest run.

    Benign twins are no prompts. ``records`` stand in the order of their starts.
    """
    owner: dict[tuple[str, ...], Case] = {}
    for record in records:
        for case in sorted((c for c in record.cases.values() if c.twin_of is None), key=lambda c: c.id):
            owner.setdefault(case.turns, case)
    return owner


def asked(record: RunRecord, owner: Owners, target: str | None = None) -> Iterator[tuple[Case, Result]]:
    """Each trial of a prompt, without twins, with the case that it counts for; of one target (by slug) when given."""
    for result in record.results:
        case = record.cases[result.trial.case_id]
        if case.twin_of is None and target in (None, result.trial.target):
            yield owner[case.turns], result
