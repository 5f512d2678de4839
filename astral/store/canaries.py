"""Known answers of a run in the store: what is planned stands as round 0, each judging as a round from 1."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from astral.model import CanaryVerdict, Label, Verdict
from astral.store.rows import dump, read_verdict, sealed, unsealed
from astral.voting import confirmed


@dataclass(frozen=True, slots=True)
class Planted:
    """A known answer that a run puts to one oracle: the row's id, its truth, how many judgings an unsafe verdict needs,
    and the verdicts so far.
    """

    oracle: str
    canary: str
    truth: Label
    confirm: int = 1
    verdicts: tuple[Verdict, ...] = ()

    @property
    def said(self) -> Label | None:
        """What the oracle said, confirmed; None while that is open."""
        settled = confirmed(self.verdicts, self.confirm)
        return None if settled is None else settled.label

    @property
    def verdict(self) -> CanaryVerdict:
        return CanaryVerdict(self.oracle, self.canary, self.truth, self.said)


def planted_row(run: str, one: Planted) -> tuple[Any, ...]:
    """The row of round 0."""
    return (run, dump(one.oracle), dump(one.canary), 0, sealed(dump({"truth": one.truth, "confirm": one.confirm})))


def read_planted(rows: Iterable[Sequence[Any]]) -> tuple[Planted, ...]:
    """Rows of (oracle, canary, round, body), rounds ascending, as known answers in the order of oracle and id."""
    found: dict[tuple[str, str], Planted] = {}
    for oracle, canary, round, body in rows:
        key = (json.loads(oracle), json.loads(canary))
        if not round:
            plan = unsealed(body)
            found[key] = Planted(*key, Label(plan["truth"]), plan["confirm"])
        elif key in found:
            found[key] = replace(found[key], verdicts=(*found[key].verdicts, read_verdict(body)))
    return tuple(found.values())
