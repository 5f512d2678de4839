"""How much may be sent: the places and the pace at one endpoint, and the budget of a run."""

from astral.limits.budget import BudgetMeter
from astral.limits.places import Limiter, Sleep

__all__ = ["BudgetMeter", "Limiter", "Sleep"]
