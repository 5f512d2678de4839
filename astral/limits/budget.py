"""The budget of a run: what has been used of it."""

from __future__ import annotations

from astral.errors import BudgetExhausted
from astral.setting_values import Budget

SAME_AMOUNT = 1e-9
"""Dollars; amounts nearer to each other are the same. Sums of binary fractions may miss a round budget by less."""


class BudgetMeter:
    """Counts what a run has used against its budget. ``used_*`` are the figures of an earlier part of the run.

    A request is counted when it is sent, tokens and dollars when its reply has come: nothing is sent once the budget is
    used up, so that it is passed by no more than what was in flight at that moment.
    """

    def __init__(self, budget: Budget, *, used_requests: int = 0, used_tokens: int = 0, used_usd: float = 0.0) -> None:
        self.budget = budget
        self.requests = used_requests
        self.tokens = used_tokens
        self.usd = used_usd

    def carry(self, *, requests: int, tokens: int, usd: float = 0.0) -> None:
        """Add what an earlier part of the run used, once that is known."""
        self.requests += requests
        self.tokens += tokens
        self.usd += usd

    @property
    def used_up(self) -> bool:
        """True when nothing more may be sent."""
        budget = self.budget
        return (
            (budget.requests is not None and self.requests >= budget.requests)
            or (budget.tokens is not None and self.tokens >= budget.tokens)
            or (budget.usd is not None and self.usd >= budget.usd - SAME_AMOUNT)
        )

    def reserve(self) -> None:
        """Count one request that is about to be sent. Raises BudgetExhausted when there is nothing left."""
        if self.used_up:
            raise BudgetExhausted(
                f"the budget of {self.budget} is used up; go on with resume=last and a larger budget="
            )
        self.requests += 1

    def add_tokens(self, count: int) -> None:
        """Count the tokens of a reply; calls in flight may carry the sum past the budget, no later one is sent."""
        self.tokens += count

    def add_cost(self, usd: float) -> None:
        """Count the cost of a reply in dollars; calls in flight may carry it past the budget as tokens may."""
        self.usd += usd
