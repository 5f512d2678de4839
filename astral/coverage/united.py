"""The coverage of several runs together, and what each of them brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from astral.coverage.further import Extended, extended_of
from astral.coverage.gaps import Gaps, gaps_of
from astral.coverage.levels import STRENGTHS, Level, covered_by, hits, levels
from astral.coverage.prompts import Combination, owners
from astral.model import Matrix, RunRecord


@dataclass(frozen=True, slots=True)
class Part:
    """What one run brings to the whole. The counts stand for t = 1, 2, 3, as far as the matrix goes.

    ``judged`` are the combinations that it judged, ``added`` those that no earlier run had, ``alone`` those that no
    other run has: without it they would be lost.
    """

    run: str
    started: str
    judged: tuple[int, ...]
    added: tuple[int, ...]
    alone: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class United:
    """The coverage of several runs as if they were one, over their ``matrix`` united; ``parts`` by start."""

    matrix: Matrix
    levels: tuple[Level, ...]
    parts: tuple[Part, ...]
    gaps: Gaps
    extended: Extended


def united(records: Iterable[RunRecord]) -> United:
    """What runs of one suite or of several cover together; the order in which they are given does not matter.

    Dimensions and values stand in the order in which the runs, by their start, first have them. A prompt counts once:
    for the cell that it had in the earliest run, also where a later suite puts the same words elsewhere.
    """
    ordered = sorted(records, key=lambda record: (record.run.started, record.run.id))
    matrix = _matrix(record.run.matrix for record in ordered)
    owner = owners(ordered)
    return United(
        matrix=matrix,
        levels=levels(matrix, hits(ordered, owner)),
        parts=_parts(ordered, [hits([record], owner).judged for record in ordered], matrix),
        gaps=gaps_of(ordered, owner, matrix),
        extended=extended_of(ordered, owner, matrix),
    )


def _matrix(matrices: Iterable[Matrix]) -> Matrix:
    found: dict[str, dict[str, None]] = {}
    for matrix in matrices:
        for name, values in matrix:
            found.setdefault(name, {}).update(dict.fromkeys(values))
    return tuple((name, tuple(values)) for name, values in found.items())


def _parts(records: Sequence[RunRecord], judged: Sequence[set[Combination]], matrix: Matrix) -> tuple[Part, ...]:
    """What each run judged, with what no earlier and what no other one did."""
    counts: list[list[tuple[int, int, int]]] = [[] for _ in records]
    for t in STRENGTHS[: len(matrix)]:
        covered = [covered_by(cells, matrix, t) for cells in judged]
        runs = Counter(one for own in covered for one in own)
        seen: set[Combination] = set()
        for of_run, own in zip(counts, covered, strict=True):
            of_run.append((len(own), len(own - seen), sum(runs[one] == 1 for one in own)))
            seen |= own
    return tuple(
        Part(record.run.id, record.run.started, *_columns(of_run))
        for record, of_run in zip(records, counts, strict=True)
    )


def _columns(rows: Sequence[tuple[int, int, int]]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    return tuple(row[0] for row in rows), tuple(row[1] for row in rows), tuple(row[2] for row in rows)
