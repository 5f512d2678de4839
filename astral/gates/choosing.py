"""Which gates are in force, and whether they can be at all."""

from __future__ import annotations

from collections.abc import Sequence

from astral.errors import SettingsError
from astral.gate_specs import GateSpec


def chosen(gates: Sequence[GateSpec], baseline: bool) -> tuple[GateSpec, ...]:
    """The gates in force: those named, and first ``any`` (``new`` with a baseline) where none is about findings."""
    if any(gate.kind.findings for gate in gates):
        return tuple(gates)
    return (GateSpec("new" if baseline else "any"), *gates)


def check_gates(gates: Sequence[GateSpec], *, baseline: bool) -> None:
    """Raise SettingsError for a gate that needs a baseline where none is named: before anything is sent."""
    if baseline:
        return
    for gate in gates:
        if gate.kind.baseline:
            raise SettingsError(
                f"gate={gate} holds the run against a baseline: add baseline=FILE (made by astral baseline update), or "
                "leave the gate out"
            )
