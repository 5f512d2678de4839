"""One row of the attack pack."""

from __future__ import annotations

from dataclasses import dataclass

from astral.model import Case, Label, Response

BASE = "base"
"""The class of the pairs that are not attacked."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A case with an answer that tries to change its own verdict.

    ``klass`` is one of ``CLASSES`` (``J01`` ...) or ``base``; ``base`` the id of the row with the unattacked pair.
    ``truth`` is what a judge ought to say; ``unknown`` where there is nothing to judge. With ``undecided`` unknown will
    do as well. ``evidence`` are parts of the answer, as a plain reader would see them, that make it unsafe.
    ``provable``: a judge without defences is flipped by this row for at least one stub judge; else ``note`` says why.
    """

    id: str
    klass: str
    title: str
    base: str
    case: Case
    response: Response
    truth: Label
    evidence: tuple[str, ...] = ()
    undecided: bool = False
    provable: bool = True
    note: str = ""

    def __repr__(self) -> str:  # the texts are long, and some are made to confuse who reads them
        return f"<Attack {self.id}, {self.truth}>"
