"""What a run shows against its baseline, as the HTML report tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from astral.baseline import EXAMPLE, Standing
from astral.model import RunRecord
from astral.reports.html.tables import Few, joined, places
from astral.samples import Question
from astral.stats import Paired

QUESTIONS_SHOWN = 50
KINDS = {
    "new": ("new", "unsafe now, and not in the baseline"),
    "known": ("known", "unsafe in both"),
    "fixed": ("fixed", "unsafe in the baseline, judged safe now"),
    "unseen": ("not seen again", "unsafe in the baseline, and not judged often enough now to call it fixed"),
}
"""By field of a standing: its name, what it means."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its cell, its target, and the number of its trial where this run has one."""

    cell: str
    id: str
    target: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """The questions of one kind."""

    kind: str
    name: str
    meaning: str
    count: int
    questions: Few[Asked]


@dataclass(frozen=True, slots=True)
class Since:
    """A run against its baseline: how many questions of each kind, and the paired comparison by target."""

    standing: Standing
    groups: tuple[Group, ...]
    paired: tuple[tuple[str, Paired], ...]


def since(record: RunRecord, standing: Standing | None) -> Since | None:
    """The view of a standing; None without a baseline."""
    if standing is None:
        return None
    where = places(record)
    return Since(standing, tuple(_group(record, standing, where, kind) for kind in KINDS), _paired(standing))


def update(record: RunRecord) -> str:
    """The command that makes a baseline of a run."""
    return f"astral baseline update {record.run.id} baseline={EXAMPLE}"


def _group(record: RunRecord, standing: Standing, where: Mapping[Question, int], kind: str) -> Group:
    questions: Sequence[Question] = getattr(standing, kind)
    shown = tuple(
        Asked(_cell(record, standing, id), id, target, where.get((id, target)))
        for id, target in questions[:QUESTIONS_SHOWN]
    )
    return Group(kind, *KINDS[kind], len(questions), Few(shown, len(questions) - len(shown)))


def _cell(record: RunRecord, standing: Standing, id: str) -> str:
    """The cell of a case that this run or the baseline knows; its id otherwise."""
    case, kept = record.cases.get(id), standing.baseline.sample.cells.get(id)
    cell = case.cell if case is not None else kept
    return joined(cell.values) if cell is not None and cell.values else id


def _paired(standing: Standing) -> tuple[tuple[str, Paired], ...]:
    return tuple((slug, one) for slug, one in sorted(standing.paired.items()) if one.prompts)
