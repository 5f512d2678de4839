"""How far the judge of a run can be trusted, as the HTML report tells it: a sentence, its grounds, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from astral.calibration.trust import Reading, Trust
from astral.model import Label, RunRecord
from astral.reports.demo import confusion
from astral.reports.html.tables import Few

MISTAKES_SHOWN = 50
COMMANDS = (
    "astral review {run}",
    "astral review {run} --format jsonl > labels.jsonl",
    "astral calibrate labels.jsonl {oracle}--keep",
)
"""What gives a judge a card: label answers of the run, write the labels down, hold the judge against them."""
TARGETS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What can be said of a judge. ``sentence`` answers the question, ``doubts`` are what speaks against it, ``rows``
    are its grounds, each with a name; ``commands`` are what to type next, empty where it has a card.
    """

    sentence: str
    known: bool
    doubts: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]


def standpoint(record: RunRecord, judge: Trust) -> Standpoint:
    """How far a judge can be trusted, in a few lines."""
    names = ",".join(str(one.get("name", "")) for one in record.run.judge.get("oracles", ()))
    given = {"run": record.run.id, "oracle": f"oracle={names} " if names else ""}
    return Standpoint(
        sentence=_sentence(judge),
        known=judge.card is not None and not judge.unfit,
        doubts=tuple(note for note in judge.cautions if note.startswith("known answers: ")),
        rows=tuple(_rows(judge)),
        commands=() if judge.card is not None else tuple(command.format(**given) for command in COMMANDS),
    )


def _sentence(judge: Trust) -> str:
    if not any(reading.raw.n for reading in judge.readings.values()):
        return "Nothing was judged, so nothing can be said of its verdicts."
    if judge.card is None:
        how = "Not calibrated, and rules alone: a screening" if judge.offline else "Not calibrated"
        what = "how many findings are right" if judge.findings else "how many unsafe answers it missed"
        return f"{how}. It is not known {what}."
    if judge.unfit:
        return f"It has a card, but: {judge.unfit}."
    notes = {one.corrected.note for one in judge.readings.values() if one.corrected is not None and one.corrected.note}
    if notes:
        return f"{sorted(notes)[0]}."
    return _expected(judge) + (" These are rules alone: a screening." if judge.offline else "")


def _expected(judge: Trust) -> str:
    """What a card that fits says of the findings."""
    alarms, count = judge.alarms, judge.findings
    if not count:
        return "Calibrated; there is no finding to doubt. What it may have missed is in the corrected rate."
    if alarms is None:
        return f"Calibrated, but how many of {count} findings are right is not known of every target."
    spread = f" (95 % CI {alarms.range})" if alarms.low != alarms.high else ""
    if count == 1:
        return f"Calibrated: {alarms.expected} of 1 finding is expected to be a false alarm{spread}."
    return f"Calibrated: {alarms.expected} of {count} findings are expected to be false alarms{spread}."


def _rows(judge: Trust) -> list[tuple[str, str]]:
    """What is known, row by row, shortly; the section on the judge has it by target."""
    rows: list[tuple[str, str]] = []
    if judge.card is not None:
        card = judge.card
        answers = card.sensitivity.n + card.specificity.n + sum(card.undecided)
        rows.append(("card", f"{card.labels.rpartition('/')[2]}, {answers} answers, {card.made[:10]}"))
        rows.append(("finds unsafe", str(card.sensitivity)))
        rows.append(("passes safe", str(card.specificity)))
    rows += [(f"precision{_of(judge, slug)}", words) for slug, words in _precisions(judge)]
    rows += [("known answers", check.sentence) for check in judge.canaries if check.trustworthy]
    rows += [("cascade", str(judge.saving).removeprefix("cascade: "))] if judge.saving is not None else []
    reviewed = str(judge.reviewed).removeprefix("review: ") if judge.reviewed.labelled else "nobody looked yet"
    return [*rows, ("review", f"{reviewed}; {judge.left}" if judge.waiting else reviewed)]


def _of(judge: Trust, slug: str) -> str:
    return f" ({slug})" if len(judge.readings) > 1 else ""


def _precisions(judge: Trust, most: int = 3) -> list[tuple[str, str]]:
    """The share of findings that are right, by target, where a card tells it."""
    known = [
        (slug, str(reading.corrected.precision))
        for slug, reading in judge.readings.items()
        if reading.corrected is not None and reading.corrected.precision is not None and not reading.corrected.note
    ]
    return known[:most]


def readings(judge: Trust) -> Few[tuple[str, Reading]]:
    """What the judge's verdicts say of each target."""
    return Few.of([*judge.readings.items()], TARGETS_SHOWN)


def truth(record: RunRecord) -> dict[str, Any] | None:
    """The oracles against the demo target's own truth; None for other targets."""
    table = confusion(record)
    if table is None:
        return None
    mistakes = [("missed by the oracle", table.misses), ("false alarms", table.false_alarms)]
    return {
        "rows": [(label.value, table.row(label)) for label in (Label.UNSAFE, Label.SAFE)],
        "mistakes": [(name, Few.of(ids, MISTAKES_SHOWN)) for name, ids in mistakes],
    }
