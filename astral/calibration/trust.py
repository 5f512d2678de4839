"""How far the judge of a run can be trusted: its card, its canaries, what people overruled, what that does to rates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from astral.calibration.cascade import Saving, saving
from astral.calibration.correction import Corrected, corrected
from astral.calibration.judged import judged, misfit, own_results
from astral.canaries import CanaryCheck, checks
from astral.cards import card_of, identity
from astral.model import Card, Case, Label, Outcome, Result, RunRecord
from astral.overruling import reviewable
from astral.stats import Estimate, Rate

OFFLINE = "offline"
KNOWN_ANSWERS = "known answers: "
UNKNOWN_PRECISION = "judge not calibrated: how many findings are right is not known (astral calibrate)"
UNKNOWN_MISSES = "judge not calibrated: how many unsafe answers it missed is not known (astral calibrate)"


@dataclass(frozen=True, slots=True)
class Alarms:
    """How many of some findings are expected to be false alarms, with a 95 % interval; whole numbers."""

    expected: int
    low: int
    high: int

    @classmethod
    def of(cls, parts: Sequence[Estimate]) -> Alarms:
        """Of all parts together; each by itself might round to nothing."""
        sums = (sum(one.value for one in parts), sum(one.low for one in parts), sum(one.high for one in parts))
        return cls(*(math.floor(one + 0.5) for one in sums))

    @property
    def range(self) -> str:
        """``1-7``, ``3`` where both ends are one."""
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a judge's verdicts say of one target. ``raw`` is the unsafe rate by its own verdicts, before any review, and
    without the ``cut`` answers that were called unsafe with their end missing: they could not have come out safe.

    ``corrected`` is None without a card, or where ``Trust.unfit`` says why it does not apply. ``findings`` are the
    unsafe answers that the report lists, ``unseen`` those of them that nobody reviewed: only they may be false alarms.
    """

    raw: Rate
    findings: int
    unseen: int
    corrected: Corrected | None = None
    cut: int = 0

    @property
    def alarms(self) -> Alarms | None:
        """The findings that are expected to be false; None where that is not known."""
        return None if self.false is None else Alarms.of([self.false])

    @property
    def false(self) -> Estimate | None:
        """Their number before it is rounded."""
        if not self.unseen:
            return Estimate(0, 0, 0)
        if self.corrected is None or self.corrected.precision is None or self.corrected.note:
            return None
        right = self.corrected.precision
        return Estimate(*(self.unseen * (1 - share) for share in (right.value, right.high, right.low)))


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What people said of a run's answers: how many they labelled, and what became of the oracles' outcomes."""

    labelled: int = 0
    overruled: Mapping[tuple[Outcome, Outcome], int] = field(default_factory=dict)

    def __str__(self) -> str:
        """``review: 5 labelled, 2 overruled (2 unsafe -> safe)``."""
        changes = ", ".join(f"{count} {was} -> {now}" for (was, now), count in sorted(self.overruled.items()))
        total = sum(self.overruled.values())
        return f"review: {self.labelled} labelled, {total} overruled" + (f" ({changes})" if changes else "")


@dataclass(frozen=True, slots=True)
class Trust:
    """All that is known of a run's judge. ``readings`` are by target (slug), sorted, benign twins apart.

    ``unfit`` says why a card's figures do not apply to this run, if so. ``split`` counts answers on which the oracles,
    or one of them with itself, disagreed; ``waiting`` those that people should look at and have not.
    """

    card: Card | None
    readings: Mapping[str, Reading]
    canaries: tuple[CanaryCheck, ...] = ()
    saving: Saving | None = None
    reviewed: Reviewed = Reviewed()
    split: int = 0
    waiting: int = 0
    offline: bool = False
    unfit: str = ""

    @property
    def findings(self) -> int:
        return sum(reading.findings for reading in self.readings.values())

    @property
    def alarms(self) -> Alarms | None:
        """How many of all findings are expected to be false alarms; None where that is not known of one target."""
        parts = [reading.false for reading in self.readings.values()]
        known = [part for part in parts if part is not None]
        return Alarms.of(known) if len(known) == len(parts) else None

    @property
    def screening(self) -> str:
        """The line that belongs to verdicts of rules alone; empty for any other judge."""
        if not self.offline:
            return ""
        return f"offline oracle: screening only; {self._expectation()}"

    def _expectation(self) -> str:
        findings, alarms = self.findings, self.alarms
        if findings == 1:
            if alarms is None:
                return "not known whether the 1 finding is expected to be a false alarm"
            return f"{alarms.expected} of this 1 finding is expected to be a false alarm{_spread(alarms)}"
        if alarms is None:
            return f"not known how many of these {findings} findings are expected to be false alarms"
        return f"{alarms.expected} of these {findings} findings are expected to be false alarms{_spread(alarms)}"

    @property
    def cautions(self) -> list[str]:
        """What a reader must know before believing a verdict, one line each."""
        notes = [self.screening] if self.offline else []
        if self.card is None and not self.offline and any(reading.raw.n for reading in self.readings.values()):
            notes.append(UNKNOWN_PRECISION if self.findings else UNKNOWN_MISSES)
        notes += [self.unfit] if self.unfit else []
        found = [reading.corrected.note for reading in self.readings.values() if reading.corrected is not None]
        notes += dict.fromkeys(note for note in found if note)
        return notes + [KNOWN_ANSWERS + check.sentence for check in self.canaries if not check.trustworthy]

    @property
    def lines(self) -> list[str]:
        """What is known beside the cautions, one line each."""
        found = [described(self.card)] if self.card is not None else []
        several = len(self.readings) > 1
        for slug, reading in self.readings.items():
            name = f"{slug}: " if several else ""
            found += [name + line for line in _reading(reading)]
        found += [KNOWN_ANSWERS + check.sentence for check in self.canaries if check.trustworthy]
        found += [str(self.saving)] if self.saving is not None else []
        found += [self.left] if self.waiting else []
        return found + ([str(self.reviewed)] if self.reviewed.labelled else [])

    @property
    def left(self) -> str:
        """``7 answers are worth a review (astral review); 2 split verdicts``."""
        noun = "answer is" if self.waiting == 1 else "answers are"
        found = f"{self.waiting} {noun} worth a review (astral review)"
        verdicts = "verdict" if self.split == 1 else "verdicts"
        return found + (f"; {self.split} split {verdicts}" if self.split else "")


def _spread(alarms: Alarms) -> str:
    """The number alone would be all that is said of a card of three answers."""
    return "" if alarms.low == alarms.high else f" (95 % CI {alarms.range})"


def trust(record: RunRecord) -> Trust:
    """How far the verdicts of a run can be trusted, from what the record holds."""
    card = card_of(record.cards, identity(record.run.judge))
    unfit = _unfit(record, card) if card is not None else ""
    own = own_results(record)
    targets = {slug: [one for one in own if one.trial.target == slug] for slug in sorted(record.run.targets)}
    usable = None if unfit else card
    readings = {slug: _read(record.cases, results, usable) for slug, results in targets.items() if results}
    names = {str(oracle.get("name", "")).partition("(")[0] for oracle in record.run.judge.get("oracles", ())}
    split = [one for one in record.results if disagreed(one)]
    worth = {id(one) for one in record.results if one.review is None and reviewable(one) and _is_doubtful(one)}
    return Trust(
        card=card,
        readings=readings,
        canaries=checks(record),
        saving=saving(record),
        reviewed=_reviewed(record.results),
        split=len(split),
        waiting=len(worth),
        offline=names == {OFFLINE},
        unfit=unfit,
    )


def disagreed(result: Result) -> bool:
    """True where oracles disagreed on an answer, or one of them with itself: its samples, windows or judgings."""
    labels: dict[int | None, set[Label]] = {}
    for verdict in result.verdicts:
        labels.setdefault(verdict.turn, set()).add(verdict.label)
    return any(one.split for one in result.verdicts) or any(
        {Label.SAFE, Label.UNSAFE} <= found for found in labels.values()
    )


def described(card: Card) -> str:
    """``judge's card: labels.jsonl, 706 answers, 2026-11-20: sensitivity 93 % (...), specificity 98 % (...)``."""
    answers = card.sensitivity.n + card.specificity.n + sum(card.undecided)
    undecided = f", {sum(card.undecided)} undecided" if sum(card.undecided) else ""
    return (
        f"judge's card: {card.labels.rpartition('/')[2]}, {answers} answers{undecided}, {card.made[:10]}: "
        f"sensitivity {card.sensitivity}, specificity {card.specificity}"
    )


def _unfit(record: RunRecord, card: Card) -> str:
    """Why the card of single answers, all severities counted, does not fit how this run judged."""
    for kind, rate in (("unsafe", card.sensitivity), ("safe", card.specificity)):
        if not rate.n:
            return f"the judge decided no truly {kind} answer of its card, so rates are not corrected"
    return misfit(record)


def _read(cases: Mapping[str, Case], results: Sequence[Result], card: Card | None) -> Reading:
    found = judged(cases, results)
    unsafe = [one for one in results if one.outcome is Outcome.UNSAFE]
    unseen = sum(one.review is None for one in unsafe)
    known = corrected(found.asked, card, beside=found.rate.n - found.asked.n) if card is not None else None
    return Reading(found.rate, len(unsafe), unseen, known, found.cut)


def _reviewed(results: Sequence[Result]) -> Reviewed:
    labelled = [one for one in results if one.review is not None]
    changes = [
        (one.review.was, one.outcome) for one in labelled if one.review is not None and one.review.was is not None
    ]
    return Reviewed(len(labelled), Counter((was, now) for was, now in changes if was is not now))


def _is_doubtful(result: Result) -> bool:
    return result.outcome in (Outcome.UNSAFE, Outcome.INCONCLUSIVE) or disagreed(result)


def _reading(reading: Reading) -> list[str]:
    known = reading.corrected
    if known is None or known.note:
        return []
    found = [
        f"corrected for the judge's errors: {known} of judged answers truly unsafe; by its own verdicts {reading.raw}"
        + (f"; without {reading.cut} unsafe, cut off, that could not have been called safe" if reading.cut else "")
    ]
    if known.precision is not None:
        right = known.precision
        found.append(f"expected precision at this run's own rate: {right}{_false(reading)}")
    return found


def _false(reading: Reading) -> str:
    alarms = reading.alarms
    if alarms is None or not reading.findings:
        return ""
    noun = "finding is" if reading.findings == 1 else "findings are"
    return f"; {alarms.expected} ({alarms.range}) of {reading.findings} {noun} expected to be false"
