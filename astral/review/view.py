"""What the page is told of an answer: plain values whose every text is visible and inert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from astral.conversation import exchanges as asked_and_answered
from astral.escape import show, show_block
from astral.model import Verdict
from astral.overruling import judges_each
from astral.review.queue import Exchange
from astral.review.sitting import Sitting, is_sealing
from astral.store import Labelling
from astral.taxonomy import Taxonomy


def queue_view(sitting: Sitting) -> dict[str, Any]:
    """The list of the page: all that stands in it but the texts."""
    said = sitting.labels()
    return {
        "run": show(sitting.record.run.id),
        "who": show(sitting.who),
        "targets": len(sitting.record.run.targets),
        "rows": [row_view(sitting, number, said) for number in range(len(sitting.exchanges))],
    }


def row_view(sitting: Sitting, number: int, said: Mapping[str, Labelling]) -> dict[str, Any]:
    """One line of that list; ``said`` are the labels that count."""
    one = sitting.exchanges[number]
    values = [show(value.replace("_", " ")) for value in one.case.cell.values]
    return {
        "number": number,
        "mixed": sitting.mixed[number],
        "kind": one.kind.value,
        "title": values[0] if values else "case",
        "cell": " / ".join(values[1:]),
        "target": show(one.result.trial.target),
        "split": one.split,
        "twin": one.case.twin_of is not None,
        "same": one.same,
        "withheld": one.withheld,
        "sealing": is_sealing(one),
        "label": _labelling(said.get(one.key)),
    }


def case_view(sitting: Sitting, number: int, taxonomy: Taxonomy) -> dict[str, Any]:
    """One answer with all that a person needs to judge it, and what the oracles said."""
    one = sitting.exchanges[number]
    each = judges_each(sitting.record) and len(one.case.turns) > 1
    title, definition = _category(one, taxonomy)
    return {
        "id": show(one.result.trial.id, None),
        "category": title,
        "definition": definition,
        "each": each,
        "turns": [
            {"prompt": _text(prompt), "answer": None if answer is None else _text(answer)}
            for prompt, answer in asked_and_answered(one.case, one.response)
        ],
        "outcome": one.result.outcome.value,
        "reason": show(one.result.reason),
        "severity": one.result.severity,
        "refused": one.result.refused,
        "finish": show(one.response.finish_reason or ""),
        "model": show(one.response.model or ""),
        "verdicts": _verdicts(one.result.verdicts),
        "history": [_labelling(labelling) for labelling in sitting.history(one.key)],
    }


def _text(text: str) -> str:
    return show_block(text, indent="")


def _category(one: Exchange, taxonomy: Taxonomy) -> tuple[str, str]:
    id = dict(one.case.cell.pairs).get("category", "")
    try:
        entry = taxonomy.entry("category", id)
    except KeyError:
        return show(id.replace("_", " ")), ""
    return show(entry.title), show(entry.definition, None)


def _verdicts(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    return [
        {
            "oracle": show(verdict.oracle),
            "label": verdict.label.value,
            "refusal": verdict.refusal.value,
            "severity": verdict.severity,
            "score": None if verdict.score is None else f"{verdict.score:.2f}",
            "reason": _text(verdict.reason),
            "turn": verdict.turn,
            "signals": [show(signal) for signal in verdict.signals],
            "split": verdict.split,
        }
        for verdict in verdicts
    ]


def _labelling(one: Labelling | None) -> dict[str, str] | None:
    if one is None:
        return None
    label = "" if one.label is None else one.label.value
    return {"label": label, "who": show(one.who), "when": show(one.when), "note": show(one.note, None)}
