"""The judges of a calibration: each oracle, and each vote that several of them may hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from astral.calibration.agreement import Agreement, krippendorff_alpha
from astral.calibration.calibrating import Said, counted
from astral.calibration.labels import LabelledRow
from astral.calibration.measures import Judgement, forced
from astral.judging import cascade_order
from astral.model import Label
from astral.protocols import Oracle
from astral.voting import vote_label

VOTES = ("any", "majority", "unanimous", "cascade")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge made of one row: its label, the label it would be forced to, and its score where it has one.

    ``rounds`` are the labels of all askings, None for one without a verdict. Where ``label`` is None, ``error`` says
    why there is none.
    """

    label: Label | None
    forced: Label | None = None
    score: float | None = None
    rounds: tuple[Label | None, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Juror:
    """An oracle, or a vote of all oracles, with an opinion on each row in order. ``vote`` is empty for an oracle.

    ``chosen``: this is who would judge a run with these settings.
    """

    name: str
    opinions: tuple[Opinion, ...]
    vote: str = ""
    chosen: bool = False

    def judgements(self, rows: Sequence[LabelledRow], *, decide: bool = False) -> list[Judgement]:
        """What it said of the rows that it judged; with ``decide``, unknowns are decided by the score."""
        found = []
        for row, opinion in zip(rows, self.opinions, strict=True):
            said = opinion.forced if decide else opinion.label
            if said is not None:
                found.append(Judgement(cluster(row), row.label, said, opinion.score))
        return found

    def only(self, places: Sequence[int]) -> Juror:
        """The same juror on the rows at these places."""
        return Juror(self.name, tuple(self.opinions[at] for at in places), self.vote, self.chosen)


def cluster(row: LabelledRow) -> str:
    """What rows of one prompt share: their errors are not independent of each other."""
    return json.dumps(row.turns)


def jurors(oracles: Sequence[Oracle], said: Mapping[str, Sequence[Sequence[Said]]], *, vote: str) -> tuple[Juror, ...]:
    """Each oracle in the order given and, of several, each vote. ``said`` is by oracle, row and asking."""
    alone = {one.name: tuple(_opinion(asked) for asked in said[one.name]) for one in oracles}
    several = len(oracles) > 1
    found = [Juror(name, opinions, chosen=not several) for name, opinions in alone.items()]
    if several:
        order = [one.name for one in cascade_order(oracles)]
        for way in VOTES:
            names = order if way == "cascade" else list(alone)
            opinions = tuple(_voted(way, one) for one in zip(*(alone[name] for name in names), strict=True))
            found.append(Juror(f"vote={way}", opinions, way, chosen=way == vote))
    return tuple(found)


def _opinion(asked: Sequence[Said]) -> Opinion:
    first = counted(asked)
    rounds = tuple(said.label for said in asked)
    if first.verdict is None:
        return Opinion(None, rounds=rounds, error=first.error)
    label, score = first.verdict.label, first.verdict.score
    decided = forced(Judgement("", Label.SAFE, label, score)).said
    return Opinion(label, decided, score, rounds)


def _voted(vote: str, opinions: Sequence[Opinion]) -> Opinion:
    """The vote of all oracles on one row; without one where an oracle that a run would have asked gave no verdict."""
    label, error = _label(vote, [one.label for one in opinions], opinions)
    if label is None:
        return Opinion(None, error=error)
    decided, _ = _label(vote, [one.forced for one in opinions], opinions)
    times = max(len(one.rounds) for one in opinions)
    return Opinion(label, decided, rounds=tuple(_rounds(vote, opinions, times)))


def _rounds(vote: str, opinions: Sequence[Opinion], times: int) -> Iterator[Label | None]:
    """The votes asking by asking; an oracle that was asked once says the same each time."""
    for at in range(times):
        said = [_at(one.rounds, at) for one in opinions]
        yield _label(vote, said, opinions)[0]


def _at(rounds: Sequence[Label | None], at: int) -> Label | None:
    return rounds[0] if len(rounds) == 1 else rounds[at] if at < len(rounds) else None


def _label(vote: str, labels: Sequence[Label | None], opinions: Sequence[Opinion]) -> tuple[Label | None, str]:
    asked = list(_asked(labels)) if vote == "cascade" else list(labels)
    for label, opinion in zip(asked, opinions, strict=False):
        if label is None:
            return None, opinion.error or "error"
    return vote_label(vote, [label for label in asked if label is not None])[0], ""


def _asked(labels: Iterable[Label | None]) -> Iterator[Label | None]:
    """The labels of a cascade up to the first that says safe."""
    for label in labels:
        yield label
        if label is Label.SAFE or label is None:
            return


def agreement(found: Sequence[Juror], rows: Sequence[LabelledRow]) -> Agreement | None:
    """Krippendorff's alpha of the oracles over these rows. Unknown is no call: who abstains disagrees with nobody."""
    oracles = [one for one in found if not one.vote]
    if len(oracles) < 2:
        return None
    calls = [[_call(one.opinions[at].label) for one in oracles] for at in range(len(rows))]
    return krippendorff_alpha(calls, [cluster(row) for row in rows])


def _call(label: Label | None) -> str | None:
    return None if label in (None, Label.UNKNOWN) else str(label)
