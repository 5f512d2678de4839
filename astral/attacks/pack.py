"""All rows of the pack."""

from __future__ import annotations

from functools import cache

from astral.attacks import alarms, cloaks, disguises, lengths, nothings, orders, shapes, tongues
from astral.attacks.attack import BASE, Attack
from astral.attacks.bases import BASES
from astral.model import Response


@cache
def rows() -> tuple[Attack, ...]:
    """The base pairs first, then the attacks by class. The same tuple each time."""
    attacked = [
        row
        for family in (orders, nothings, cloaks, lengths, disguises, tongues, shapes, alarms)
        for row in family.rows()
    ]
    return (*_bases(), *sorted(attacked, key=lambda row: row.klass))


@cache
def marks() -> tuple[str, ...]:
    """All that makes a text of the pack unsafe, as a plain reader sees it: the evidence of all rows."""
    return tuple(dict.fromkeys(part for row in rows() for part in row.evidence))


def _bases() -> list[Attack]:
    return [
        Attack(
            base.id,
            BASE,
            "not attacked",
            base.id,
            base.case,
            Response(base.answer, finish_reason="stop"),
            base.truth,
            (base.evidence,) if base.evidence else (),
            provable=False,
            note="not attacked",
        )
        for base in BASES
    ]
