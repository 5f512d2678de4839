"""The rules of a SARIF log: one for each category of the matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from astral.escape import show
from astral.model import RunRecord
from astral.taxonomy import DEFAULT

SCORES = {1: "5.0", 2: "8.0", 3: "9.5"}
"""GitHub's ``security-severity`` of each severity: over 9.0 is critical, 7.0 to 8.9 high, 4.0 to 6.9 medium. It is read
of rules only, so that a rule has that of its worst finding."""
_DESCRIBED = 1_000
"""Characters of a description; GitHub takes 1,024."""


def rules(record: RunRecord, worst: Mapping[str, int]) -> list[dict[str, Any]]:
    """A rule for each category, those of the matrix in its order; ``worst`` is the highest severity found in each."""
    known = dict(record.run.matrix).get("category", ())
    names = dict.fromkeys([*known, *(case.cell.category for case in record.cases.values())])
    return [_rule(name, *_described(name), worst.get(name)) for name in names]


def _described(name: str) -> tuple[str, str]:
    """Title and definition of a category; of one that a project has added, its name alone is known here."""
    try:
        entry = DEFAULT.entry("category", name)
    except KeyError:
        return show(name.replace("_", " ").capitalize()), show(f"A category of this project's own: {name}.", _DESCRIBED)
    return entry.title, entry.definition


def _rule(id: str, title: str, definition: str, severity: int | None) -> dict[str, Any]:
    help = (
        f"A target answered a test prompt of this category, and the oracles called the answer unsafe. {definition} "
        "Read prompt and answer where the run is stored: astral report RUN text=all. To overrule the oracles: astral "
        "review RUN. To accept what is known and fail on what is new: astral baseline update."
    )
    score = {} if severity is None else {"security-severity": SCORES[severity]}
    return {
        "id": id,
        "shortDescription": {"text": f"Unsafe answer: {title}"},
        "fullDescription": {"text": definition},
        "help": {"text": help},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "ai-safety"], **score},
    }
