"""What is left of a plan will ask for so much, cost so much, and fit the budget or not: said before it is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astral.canaries import left
from astral.context import Context
from astral.cost import ASSUMED, Forecast, Pace, assumptions, check_budget, cost_line, run_forecast, use_lines
from astral.errors import SettingsError
from astral.escape import show
from astral.model import Trial
from astral.planning import Plan, counted, plan_text
from astral.protocols import Oracle, Target
from astral.settings import Settings


@dataclass(frozen=True)
class Outlook:
    """The forecast of ``pending``, the trials of ``plan`` that are still to be asked or judged."""

    plan: Plan
    pending: Sequence[Trial]
    settings: Settings
    context: Context
    targets: Mapping[str, Target]
    oracles: Sequence[Oracle]

    def forecast(self) -> Forecast:
        """The calls and tokens that it takes."""
        plan, settings = self.plan, self.settings
        asked = [trial for trial in self.pending if trial not in plan.progress]
        return run_forecast(
            [(one, [plan.cases[t.case_id] for t in asked if t.target == name]) for name, one in self.targets.items()],
            [plan.cases[trial.case_id] for trial in self.pending],
            self.oracles,
            confirm=settings.confirm,
            max_tokens=settings.max_tokens,
            turns=settings.turns,
            vote=settings.vote,
            canaries=[(one.oracle, row.case, row.response) for one, row in left(plan.canaries)],
        )

    def check(self, forecast: Forecast) -> None:
        """Raise SettingsError when it does not fit what is left of the budget."""
        network = self.context.network
        check_budget(forecast, network.budget, network.prices, cells=self.settings.plan)

    def cost(self, forecast: Forecast, pace: Pace | None) -> str:
        """The line before the run: calls, tokens, price, time, budget."""
        settings = self.settings
        return cost_line(
            forecast,
            prices=self.context.network.prices,
            budget=settings.budget,
            trials=len(self.pending),
            pace=pace,
            concurrency=settings.concurrency,
            rpm=settings.rpm,
            tpm=settings.tpm,
            code=any(getattr(one, "own_code", False) for one in self.targets.values()),
            reused=self.plan.reused,
        )

    def lines(self, note: str) -> Iterator[str]:
        """What a dry run says; ``note`` is a warning about the judge, or empty."""
        yield f"astral: plan: {plan_text(self.plan.trials, self.plan.cases)}"
        forecast = self.forecast()
        for line in (*use_lines(forecast, self.context.network.prices), *self._canary_lines()):
            yield f"astral:   {line}"
        if forecast.possible:
            yield f"astral:   {assumptions(self.settings.confirm, self.settings.max_tokens)}"
        if note:
            yield f"astral: warning: {note}"
        try:
            self.check(forecast)
        except SettingsError as err:
            yield f"astral: warning: {err}"
        yield f"{self.cost(forecast, ASSUMED)} (dry run: nothing sent)"

    def _canary_lines(self) -> Iterator[str]:
        for oracle, count in Counter(one.oracle for one, _ in left(self.plan.canaries)).items():
            known = counted(count, "known answer")
            yield f"judged by {show(oracle, 80)} as well: {known} (canaries=0: none)"


def asked_of(outlook: Outlook) -> list[tuple[str, Any]]:
    """The targets that are still to be asked, and all oracles, each with that word."""
    needed = {trial.target for trial in outlook.pending if trial not in outlook.plan.progress}
    targets: list[tuple[str, Any]] = [("target", one) for name, one in outlook.targets.items() if name in needed]
    return [*targets, *(("oracle", one) for one in outlook.oracles)]
