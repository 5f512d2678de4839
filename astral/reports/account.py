"""All that a report is made of."""

from __future__ import annotations

from dataclasses import dataclass

from astral.baseline import Standing
from astral.gates import GateResult
from astral.model import RunRecord


@dataclass(frozen=True, slots=True)
class Account:
    """A run with what was made of it: what its gates said, how it stands against a baseline (None without one), and how
    much harmful ``text`` a report may hold (``none``, ``prompts``, ``all``).
    """

    record: RunRecord
    gates: tuple[GateResult, ...] = ()
    standing: Standing | None = None
    text: str = "none"
