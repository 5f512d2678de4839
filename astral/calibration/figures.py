"""What a calibration found: each judge's figures over all rows and by source, and the rows it got wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from astral.calibration.agreement import Agreement
from astral.calibration.calibrating import Said
from astral.calibration.correction import Corrected, corrected
from astral.calibration.labels import LabelFile, LabelledRow
from astral.calibration.measures import Confusion, Judgement, flip_rate
from astral.calibration.panel import Juror, agreement, cluster
from astral.calibration.scores import Reliability, auroc, reliability
from astral.cards import identity
from astral.model import Card, Label
from astral.stats import Estimate, Rate

PREVALENCES = (0.02, 0.05)
"""Shares of unsafe answers at which a run's precision is foretold: what tests of good models see."""


@dataclass(frozen=True)
class Figures:
    """How one judge did on some rows. ``forced`` is None where forcing changes nothing."""

    juror: Juror
    rows: tuple[LabelledRow, ...]

    @cached_property
    def _judgements(self) -> list[Judgement]:
        return self.juror.judgements(self.rows)

    @cached_property
    def confusion(self) -> Confusion:
        """Of the rows that were judged; those that were not are in ``errors``."""
        return Confusion.of(self._judgements)

    @cached_property
    def forced(self) -> Confusion | None:
        decided = Confusion.of(self.juror.judgements(self.rows, decide=True))
        return None if decided.counts == self.confusion.counts else decided

    @cached_property
    def errors(self) -> Mapping[Label, Counter[str]]:
        """The rows without a verdict, by truth, with the reasons."""
        found: dict[Label, Counter[str]] = {Label.UNSAFE: Counter(), Label.SAFE: Counter()}
        for row, opinion in zip(self.rows, self.juror.opinions, strict=True):
            if opinion.label is None:
                found[row.label][opinion.error] += 1
        return found

    @property
    def unjudged(self) -> int:
        return sum(counts.total() for counts in self.errors.values())

    @cached_property
    def flips(self) -> Rate:
        pairs = zip(self.rows, self.juror.opinions, strict=True)
        return flip_rate((cluster(row), opinion.rounds) for row, opinion in pairs)

    @cached_property
    def auroc(self) -> Estimate | None:
        return auroc(self._judgements)

    @cached_property
    def reliability(self) -> Reliability | None:
        return reliability(self._judgements)

    def precision_at(self, prevalence: float) -> Estimate | None:
        """The share of true findings among those called unsafe where this share of answers is unsafe."""
        return self.confusion.precision_at(prevalence)

    def wrong(self, truth: Label) -> list[int]:
        """The places of the rows of that truth which were called the other."""
        other = Label.SAFE if truth is Label.UNSAFE else Label.UNSAFE
        pairs = enumerate(zip(self.rows, self.juror.opinions, strict=True))
        return [at for at, (row, opinion) in pairs if row.label is truth and opinion.label is other]


@dataclass(frozen=True)
class Scope:
    """Some of the rows, all of them (``source`` is None) or those of one source, with each judge's figures."""

    source: str | None
    rows: tuple[LabelledRow, ...]
    figures: tuple[Figures, ...]
    agreement: Agreement | None

    @property
    def unsafe(self) -> int:
        return sum(row.label is Label.UNSAFE for row in self.rows)

    @property
    def safe(self) -> int:
        return len(self.rows) - self.unsafe

    @property
    def prompts(self) -> int:
        return len({row.turns for row in self.rows})


def scopes(rows: Sequence[LabelledRow], found: Sequence[Juror]) -> tuple[Scope, ...]:
    """All rows and, where the rows name more than one source, each source in the order of its first row."""
    places: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        places.setdefault(row.source, []).append(at)
    parts = [_scope(None, range(len(rows)), rows, found)]
    if len(places) > 1:
        parts += [_scope(source, at, rows, found) for source, at in places.items()]
    return tuple(parts)


def _scope(source: str | None, places: Sequence[int], rows: Sequence[LabelledRow], found: Sequence[Juror]) -> Scope:
    chosen = tuple(rows[at] for at in places)
    here = [one.only(places) for one in found]
    return Scope(source, chosen, tuple(Figures(one, chosen) for one in here), agreement(here, chosen))


@dataclass(frozen=True, slots=True)
class RunRate:
    """The unsafe rate of a stored run as it was judged, benign twins apart, whatever people said later.

    ``asked`` is the part that the oracles were asked about (``judged.Judged``). ``same_judge``: by the calibrated
    judge; else ``card`` is that of the other one, if there is one. ``unfit`` says why no card fits how that run judged.
    """

    run: str
    rate: Rate
    asked: Rate
    same_judge: bool = False
    card: Card | None = None
    unfit: str = ""


@dataclass(frozen=True)
class Calibrated:
    """A calibration that was made: ``labels`` is the file as people name it, ``judge`` as a run's header has it,
    ``said`` by oracle, row and asking.
    """

    labels: str
    file: LabelFile
    judge: Mapping[str, Any]
    repeats: int
    said: Mapping[str, Sequence[Sequence[Said]]]
    jurors: tuple[Juror, ...]
    made: str
    version: str
    run: RunRate | None = None

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """All rows first, then each source where there are several."""
        return scopes(self.file.rows, self.jurors)

    @property
    def prevalences(self) -> tuple[float, ...]:
        """The shares of unsafe answers at which precision is foretold, the run's own last: what is truly unsafe there
        as far as that is known, since the share that was called so has the false alarms in it. A share of 0 or 1, at
        which precision says nothing of a judge, is left out.
        """
        own = self._prevalence
        return PREVALENCES if own is None or own in (0, 1) else (*PREVALENCES, own)

    @property
    def _prevalence(self) -> float | None:
        """The run's truly unsafe share of all answers, the undecided among them; as it was judged without a card."""
        card, known = self._run_card, self.corrected
        if self.run is None or card is None or known is None or known.note:
            return self.run.rate.share if self.run else None
        unsafe = known.share * (1 + card.undecided[0] / card.sensitivity.n)
        safe = (1 - known.share) * (1 + card.undecided[1] / card.specificity.n)
        return unsafe / (unsafe + safe)

    @property
    def chosen(self) -> Figures:
        """Over all rows, the figures of whoever would judge a run with these settings."""
        return next(one for one in self.scopes[0].figures if one.juror.chosen)

    @property
    def unjudged(self) -> int:
        """The rows that an oracle gave no verdict on."""
        oracles = [one.juror.opinions for one in self.scopes[0].figures if not one.juror.vote]
        return sum(any(opinions[at].label is None for opinions in oracles) for at in range(len(self.file.rows)))

    def card(self, figures: Figures, judge: Mapping[str, Any]) -> Card:
        """What is known of a judge now: ``figures`` over all rows, ``judge`` its identity (``astral.cards``)."""
        counts = figures.confusion.counts
        return Card(
            judge=judge,
            sensitivity=figures.confusion.sensitivity,
            specificity=figures.confusion.specificity,
            undecided=(counts.undecided_unsafe, counts.undecided_safe),
            labels=self.labels,
            sha256=self.file.sha256,
            made=self.made,
            version=self.version,
        )

    @property
    def corrected(self) -> Corrected | None:
        """The run's unsafe rate without what its judge is known to get wrong; None where nothing is known of that."""
        if self.run is None or self.run.unfit or (card := self._run_card) is None:
            return None
        return corrected(self.run.asked, card, beside=self.run.rate.n - self.run.asked.n)

    @property
    def _run_card(self) -> Card | None:
        """What is known of the run's judge: the figures here, where it is the one that was calibrated."""
        if self.run is None or not self.run.same_judge:
            return self.run.card if self.run else None
        return self.card(self.chosen, identity(self.judge))
