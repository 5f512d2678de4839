"""Whether a run is good enough."""

from astral.gates.evaluation import GateResult, evaluate

__all__ = ["GateResult", "evaluate"]
