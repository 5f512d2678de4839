"""Whether a run is good enough."""

from astral.gates.choosing import check_gates, chosen
from astral.gates.evaluation import evaluate
from astral.gates.foresight import hopeless
from astral.gates.subject import GateResult

__all__ = ["GateResult", "check_gates", "chosen", "evaluate", "hopeless"]
