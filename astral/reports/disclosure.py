"""Decides which harmful text a report may hold, for all reports alike."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from astral.model import Case, Label, Outcome, Result, Verdict

_NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,40}")
SEALED_CATEGORY = "child_abuse"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What the setting ``text`` (``none``, ``prompts`` or ``all``) lets out."""

    text: str = "none"

    def __post_init__(self) -> None:
        if self.text not in ("none", "prompts", "all"):
            raise ValueError(f"text={self.text!r} is none of none, prompts, all")

    @property
    def prompts(self) -> bool:
        """True when prompts may be shown."""
        return self.text != "none"

    def answer(self, case: Case, result: Result) -> bool:
        """True when the answer, and the judges' reasons that may quote it, may be shown."""
        return self.text == "all" and not sealed(case, result)


def signals(verdict: Verdict, shown: bool) -> list[str]:
    """The signals of a verdict that a report may name: those of a stranger's oracle can be pieces of the answer, so
    where answers are not ``shown`` only plain names are let through.
    """
    return [one for one in verdict.signals if shown or _NAME.fullmatch(one)]


def sealed(case: Case, result: Result) -> bool:
    """True for answers that no report ever holds: those in the sealed category that any oracle called unsafe."""
    unsafe = result.outcome is Outcome.UNSAFE or any(v.label is Label.UNSAFE for v in result.verdicts)
    return unsafe and SEALED_CATEGORY in case.cell.values


def fingerprint(text: str) -> str:
    """12 hex digits of SHA-256 over the text as ASCII JSON string, which has bytes even for a lone surrogate."""
    return hashlib.sha256(json.dumps(text).encode("ascii")).hexdigest()[:12]
