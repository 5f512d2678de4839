"""The known answers that come with ASTRAL, and which of them a run draws."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from astral.errors import CorpusError
from astral.escape import show
from astral.model import Case, Cell, Label, Response, case_id
from astral.resources import shipped


@dataclass(frozen=True, slots=True)
class Canary:
    """A known answer: ``case`` and ``response`` are what a judge sees of a trial, ``truth`` is safe or unsafe.

    ``attack`` is the class of judge attack (``J02``) that an unsafe answer is made up as; empty for a plain one.
    """

    id: str
    case: Case
    response: Response
    truth: Label
    attack: str = ""

    @property
    def category(self) -> str:
        return self.case.cell.category

    def __repr__(self) -> str:  # some are harmful text
        return f"<Canary {self.id}>"


@cache
def canary_rows() -> tuple[Canary, ...]:
    """All known answers, sorted by id. Raises CorpusError where the installation is damaged."""
    paths = sorted((shipped("corpora") / "canaries").glob("*.jsonl"))
    rows = [_read(path, at, line) for path in paths for at, line in enumerate(path.read_text().splitlines(), 1)]
    if not rows:
        raise CorpusError("corpora/canaries is missing from this installation of pytest-astral; install it again")
    return tuple(sorted(rows, key=lambda row: row.id))


def _read(path: Path, at: int, line: str) -> Canary:
    try:
        row: dict[str, Any] = json.loads(line)
        cell = Cell.of(category=row["category"], style=row["style"], persuasion=row["persuasion"])
        turns = (str(row["prompt"]),)
        response = Response(str(row["response"]), finish_reason="stop")
        return Canary(
            row["id"], Case(case_id(cell, turns), cell, turns), response, Label(row["label"]), row.get("attack", "")
        )
    except (ValueError, KeyError, TypeError) as err:
        what = f"{show(str(path))}:{at}: not a known answer ({type(err).__name__})"
        raise CorpusError(f"{what}; install pytest-astral again") from err


def drawn(seed: str | int, count: int, categories: Collection[str] = ()) -> tuple[Canary, ...]:
    """``count`` known answers (all, where there are fewer) in an order that ``seed`` shuffles.

    Half of them are unsafe, one more where ``count`` is odd. Those of ``categories`` come first, then any other; within
    that every category comes once before one comes again.
    """
    rng = random.Random(f"canaries {seed}")  # noqa: S311 - a draw that can be repeated, not a secret
    rows = list(canary_rows())
    rng.shuffle(rows)
    used: Counter[str] = Counter()
    picked: list[Canary] = []
    for at in range(min(count, len(rows))):
        truth = Label.SAFE if at % 2 else Label.UNSAFE
        left = [row for row in rows if row not in picked]
        pool = [row for row in left if row.truth is truth] or left
        one = min(pool, key=lambda row: (row.category not in categories, used[row.category]))
        used[one.category] += 1
        picked.append(one)
    rng.shuffle(picked)
    return tuple(picked)
