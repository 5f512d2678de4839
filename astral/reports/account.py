"""All that a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from astral.baseline import Standing
from astral.gates import GateResult
from astral.model import RunRecord


@dataclass(frozen=True, slots=True)
class Account:
    """A run with what was made of it: what its gates said, how it stands against a baseline (None without one), and how
    much harmful ``text`` a report may hold (``none``, ``prompts``, ``all``). ``places`` are the file (from the root of
    its repository) and the line of each case, by id, where its suite is here as it was; empty where it is not.
    """

    record: RunRecord
    gates: tuple[GateResult, ...] = ()
    standing: Standing | None = None
    text: str = "none"
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)
