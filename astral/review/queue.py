"""What people should read of a run, and in which order: one place for each answer, however many trials have it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from astral.model import Case, Label, Outcome, Response, Result, RunRecord
from astral.overruling import judges_each, label_key, reviewable
from astral.store import is_withheld


class Kind(StrEnum):
    """Why an answer is to be read; the most urgent comes first."""

    FINDING = "finding"
    DOUBTFUL = "doubtful"
    SPLIT = "split"
    AUDIT = "audit"
    LABELLED = "labelled"


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answer to a case. ``result`` is the most serious of the ``same`` trials that have this answer; ``split`` says
    that oracles, or one oracle's own judgings, did not agree on it.
    """

    key: str
    kind: Kind
    case: Case
    result: Result
    response: Response
    same: int = 1
    split: bool = False

    @property
    def withheld(self) -> bool:
        """True where only hash and length of the answer are kept: nobody can read it."""
        return is_withheld(self.response)


def queue(record: RunRecord, labelled: Collection[str] = (), audit: int = 20) -> tuple[Exchange, ...]:
    """The findings by severity, the inconclusive, the safe ones on which oracles split, ``audit`` of the other safe
    ones, drawn by the run's id, and what else has a label (``labelled`` holds the keys). Benign twins are not audited.

    ``record`` is as the oracles left it, so that an answer keeps its place when it is labelled.
    """
    found = [exchange(record, key, results) for key, results in answers(record).items()]
    known = frozenset(labelled)
    safe = [one for one in found if one.kind is Kind.AUDIT]
    drawn = _drawn(record.run.id, (one for one in safe if one.case.twin_of is None), audit)
    kept = [one for one in found if one.kind is not Kind.AUDIT or one.key in drawn]
    kept += [_labelled(one) for one in safe if one.key not in drawn and one.key in known]
    order = {kind: at for at, kind in enumerate(Kind)}
    return tuple(sorted(kept, key=lambda one: (order[one.kind], -_severity(one), _less_urgent(one))))


def mixed(run: str, exchanges: Sequence[Exchange]) -> list[int]:
    """The places of ``exchanges`` in an order that tells nothing of their outcomes, the same each time."""
    return sorted(range(len(exchanges)), key=lambda at: _draw(f"mixed {run}", exchanges[at].key))


def answers(record: RunRecord) -> dict[str, list[Result]]:
    """The reviewable trials by the key of their answer, in plan order."""
    each = judges_each(record)
    found: dict[str, list[Result]] = {}
    for result in record.results:
        if result.response is not None and reviewable(result):
            key = label_key(record.cases[result.trial.case_id], result.response, each=each)
            found.setdefault(key, []).append(result)
    return found


_GRAVITY = {Outcome.UNSAFE: 2, Outcome.INCONCLUSIVE: 1}


def exchange(record: RunRecord, key: str, results: Sequence[Result]) -> Exchange:
    """Safe ones on which nobody disagreed are of the kind ``audit`` here, drawn or not."""
    worst = max(results, key=lambda one: (_GRAVITY.get(one.outcome, 0), one.severity or 0))
    split = len({one.outcome for one in results if one.outcome.judged}) > 1 or any(map(_is_split, results))
    kinds = {Outcome.UNSAFE: Kind.FINDING, Outcome.INCONCLUSIVE: Kind.DOUBTFUL}
    kind = kinds.get(worst.outcome) or (Kind.SPLIT if split else Kind.AUDIT)
    response = worst.response or Response("")
    return Exchange(key, kind, record.cases[worst.trial.case_id], worst, response, len(results), split)


def _is_split(result: Result) -> bool:
    """True where of one answer an oracle, or one judging, said safe and another unsafe."""
    said: dict[int | None, set[Label]] = {}
    for verdict in result.verdicts:
        said.setdefault(verdict.turn, set()).add(verdict.label)
    return any(verdict.split for verdict in result.verdicts) or any(
        {Label.SAFE, Label.UNSAFE} <= labels for labels in said.values()
    )


def _labelled(one: Exchange) -> Exchange:
    return Exchange(one.key, Kind.LABELLED, one.case, one.result, one.response, one.same, one.split)


def _severity(one: Exchange) -> int:
    return (one.result.severity or 0) if one.kind is Kind.FINDING else 0


def _less_urgent(one: Exchange) -> bool:
    """Among the inconclusive, an unsafe verdict that was not confirmed is the most likely to be a finding."""
    return one.kind is Kind.DOUBTFUL and one.result.reason != "unconfirmed"


def _drawn(run: str, exchanges: Iterable[Exchange], count: int) -> frozenset[str]:
    """A random sample that a larger ``count`` only adds to, so that no answer that was read falls out of it."""
    return frozenset(sorted((one.key for one in exchanges), key=lambda key: _draw(run, key))[:count])


def _draw(seed: str, key: str) -> str:
    return hashlib.sha256(f"{seed} {key}".encode()).hexdigest()
