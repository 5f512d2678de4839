"""The gates that were asked for, as ``gate=`` spells them: ``any``, ``rate<=2%(bound=lower)``, ``regression``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from astral.errors import SettingsError, did_you_mean
from astral.setting_values import split_outside_brackets

NAMES = ("any", "none")


@dataclass(frozen=True, slots=True)
class GateSpec:
    """One gate: its name, its limit (a share from 0 to 1) where it has one, and its options as they were read."""

    name: str
    limit: float | None = None
    options: Mapping[str, str | float] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def read_gates(text: str) -> tuple[GateSpec, ...]:
    """Gates of a setting's text, in its order. Raises SettingsError."""
    found = []
    for part in split_outside_brackets(text):
        if part not in NAMES:
            raise SettingsError(f"unknown gate {part!r}{did_you_mean(part, NAMES)}")
        found.append(GateSpec(part))
    return tuple(found)
