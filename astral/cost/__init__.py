"""What a run or a generation will ask for and cost, said before the first request."""

from astral.cost.forecast import Forecast, Span, Use, check_budget, check_carried, check_priced
from astral.cost.generation import Generation, embedding, generation_estimate
from astral.cost.spending import amount, spent_so_far, spent_text
from astral.cost.trials import models, run_forecast
from astral.cost.wording import ASSUMED, Pace, assumptions, cost_line, use_lines

__all__ = [
    "ASSUMED",
    "Forecast",
    "Generation",
    "Pace",
    "Span",
    "Use",
    "amount",
    "assumptions",
    "check_budget",
    "check_carried",
    "check_priced",
    "cost_line",
    "embedding",
    "generation_estimate",
    "models",
    "run_forecast",
    "spent_so_far",
    "spent_text",
    "use_lines",
]
