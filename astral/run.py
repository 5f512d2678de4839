"""A run in the process that owns it: plan, preflight, engine, store, and what came out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from astral.adapters import FunctionTarget
from astral.context import Context
from astral.cost import ASSUMED, Forecast, Pace, assumptions, check_budget, cost_line, run_forecast, use_lines
from astral.engine import Engine, Loop
from astral.errors import CallError, SettingsError
from astral.escape import show
from astral.header import Suites, check_same, judge_facts, new_header, new_run_id, now
from astral.judging import Judging
from astral.model import Calls, Case, Outcome, Result, Run, RunRecord, Trial
from astral.prices import Prices, load_prices
from astral.protocols import Checked, Oracle, Target
from astral.registry import Registry
from astral.settings import Settings
from astral.store import Progress, RunWriter, Store, only_writer, store_directory
from astral.trials import default_oracle, target_slugs

STORE = "astral.db"


class SafetyRun:
    """Runs the planned trials of one run. ``say`` prints a line for people.

    ``begin()`` once with all trials, ``wait()`` for each, ``finish()`` once; ``close()`` always.
    """

    def __init__(
        self, settings: Settings, registry: Registry, context: Context, directory: Path, say: Callable[[str], None]
    ) -> None:
        self.settings, self.slugs = settings, target_slugs(settings.target)
        self.store_path = store_directory(directory) / STORE
        self._registry, self._context, self._say = registry, context, say
        self._open = contextlib.ExitStack()
        self._open.enter_context(only_writer(self.store_path.parent))
        self._store = self._open.enter_context(Store(self.store_path, create=True))
        self._resumed = self._store.run(settings.resume) if settings.resume else None
        self.id = self._resumed.id if self._resumed else new_run_id()
        self._before = self._resumed.calls if self._resumed else Calls()
        if self._resumed:
            tokens = (self._before.input_tokens or 0) + (self._before.output_tokens or 0)
            context.network.budget.carry(requests=self._before.target + self._before.judge, tokens=tokens)
        self._engine: Engine | None = None
        self._loop: Loop | None = None
        self._writer: RunWriter | None = None
        self._finals: dict[Trial, Result] = {}
        self._reported = 0
        self._targets: dict[str, Target] = {}
        self._oracles: list[Oracle] = []
        self._prices = Prices(())

    # --- before -----------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make targets and oracles: missing keys and unknown names show here, before anything is sent."""
        if (own := self.settings.prices) is None:
            self._prices = load_prices()
        else:
            self._prices = load_prices(self._context.root / own, shown=str(own))
        self._targets = {name: self._registry.target(spec, self._context) for name, spec in self.slugs.items()}
        self._oracles = [self._registry.oracle(spec, self._context) for spec in default_oracle(self.settings)]
        names = [oracle.name for oracle in self._oracles]
        if len(set(names)) < len(names):
            raise SettingsError(f"oracle= names {names[0]!r} twice; confirm=2 already judges unsafe answers again")

    def judge_note(self) -> str:
        """A warning when a target judges itself; empty otherwise."""
        models = {_model(target) for target in self._targets.values()} - {None}
        same = [oracle.name for oracle in self._oracles if _model(oracle) in models]
        return (
            f"the judge {show(same[0])} is the target itself and may be lenient with it; choose another: oracle=llm:..."
            if same
            else ""
        )

    def begin(self, trials: Sequence[Trial], suites: Suites, *, window: int | None) -> None:
        """Preflight, say the cost, commit the plan, start asking. Raises AstralError before anything was planned."""
        trials = list(dict.fromkeys(trials))
        run = self._header(suites)
        progress = self._stored(run, trials)
        pending = [trial for trial in trials if trial not in self._finals]
        cases = {case.id: case for _, suite in suites for case in suite.cases}
        plan = self._forecast(pending, cases, progress)
        check_budget(plan, self.settings.budget, self._context.network.budget.requests)
        self._loop = Loop()
        needed = {trial.target for trial in pending if trial not in progress}
        seconds = self._preflight(needed) if self.settings.preflight and plan.requests else None
        self._say(self._cost(plan, len(pending), None if seconds is None else Pace.measured(seconds)))
        self._writer = RunWriter(self._store, run, self._calls)
        self._writer.begin((cases[t.case_id] for t in trials), trials)
        self._engine = Engine(
            pending,
            cases,
            self._targets,
            self._judging(),
            self._writer,
            progress=progress,
            lanes=2 * self.settings.concurrency,
            concurrency=self.settings.concurrency,
            window=window,
        )
        self._engine.start(self._loop)

    def _stored(self, run: Run, trials: Sequence[Trial]) -> dict[Trial, Progress]:
        """What an earlier part of this run has already: final results, and answers that only lack a verdict."""
        if self._resumed is None:
            return {}
        done = self._store.outcomes(run.id)
        self._finals = {t: r for t in trials if (o := done.get(t)) and o.final and (r := self._store.result(run.id, t))}
        return self._store.progress(run.id)

    def _cost(self, plan: Forecast, trials: int, pace: Pace | None) -> str:
        settings = self.settings
        return cost_line(
            plan,
            prices=self._prices,
            budget=settings.budget,
            trials=trials,
            pace=pace,
            concurrency=settings.concurrency,
            rpm=settings.rpm,
            code=any(isinstance(one, FunctionTarget) for one in self._targets.values()),
        )

    def _judging(self) -> Judging:
        settings = self.settings
        return Judging(oracles=self._oracles, vote=settings.vote, confirm=settings.confirm, fail_on=settings.fail_on)

    def dry_run(self, trials: Sequence[Trial], suites: Suites) -> None:
        """Say the plan, what ``begin`` would ask for and what it would cost; nothing is sent or stored."""
        trials = list(dict.fromkeys(trials))
        cases = {case.id: case for _, suite in suites for case in suite.cases}
        self._say(f"astral: plan: {_plan_text(trials, cases)}")
        progress = self._stored(self._header(suites), trials) if trials else {}
        pending = [trial for trial in trials if trial not in self._finals]
        plan = self._forecast(pending, cases, progress)
        for line in use_lines(plan, self._prices):
            self._say(f"astral:   {line}")
        if plan.requests:
            self._say(f"astral:   {assumptions(self.settings.confirm, self.settings.max_tokens)}")
        if note := self.judge_note():
            self._say(f"astral: warning: {note}")
        try:
            check_budget(plan, self.settings.budget, self._context.network.budget.requests)
        except SettingsError as err:
            self._say(f"astral: warning: {err}")
        self._say(self._cost(plan, len(pending), ASSUMED) + " (dry run: nothing sent)")

    def _header(self, suites: Suites) -> Run:
        judge = judge_facts(self._oracles, self.settings)
        if self._resumed is not None:
            check_same(self._resumed, judge, suites)
            return self._resumed
        return new_header(self.id, {name: spec.text for name, spec in self.slugs.items()}, judge, self.settings, suites)

    def _forecast(
        self, pending: Sequence[Trial], cases: Mapping[str, Case], progress: Mapping[Trial, Progress]
    ) -> Forecast:
        asked = [trial for trial in pending if trial not in progress]
        return run_forecast(
            [(one, [cases[t.case_id] for t in asked if t.target == name]) for name, one in self._targets.items()],
            [cases[trial.case_id] for trial in pending],
            self._oracles,
            confirm=self.settings.confirm,
            max_tokens=self.settings.max_tokens,
        )

    def _preflight(self, targets: Collection[str]) -> float | None:
        """One call to each endpoint and model that will be asked; the slowest's seconds. Raises SettingsError."""
        assert self._loop is not None
        seen: set[tuple[int, str]] = set()
        seconds = []
        asked: list[tuple[str, Any]] = [("target", one) for name, one in self._targets.items() if name in targets]
        asked += [("oracle", one) for one in self._oracles]
        for kind, one in asked:
            if not isinstance(one, Checked):
                continue
            key = (id(getattr(one, "endpoint", one)), str(getattr(one, "model", one.name)))
            if key in seen:
                continue
            seen.add(key)
            try:
                seconds.append(self._loop.run(one.preflight()))
            except CallError as err:
                raise SettingsError(
                    f"preflight of {kind} {show(one.name)} failed: {err} (preflight=off skips this check)"
                ) from None
        return max(seconds, default=None)

    def _calls(self) -> Calls:
        here, before = self._context.network.calls.as_calls(), self._before
        return Calls(
            target=here.target + before.target,
            judge=here.judge + before.judge,
            preflight=here.preflight + before.preflight,
            retries=here.retries + before.retries,
            input_tokens=_add(here.input_tokens, before.input_tokens),
            output_tokens=_add(here.output_tokens, before.output_tokens),
        )

    # --- during and after -------------------------------------------------------------------------------------------

    def wait(self, trial: Trial) -> Result:
        """The result of a trial, from this part of the run or an earlier one."""
        if trial in self._finals:
            return self._finals[trial]
        if self._engine is None:
            return Result(trial, Outcome.ERROR, "engine", detail="the run did not begin; see the messages above")
        return self._engine.wait(trial)

    def reported(self) -> None:
        """Tell that pytest has reported one more trial."""
        self._reported += 1
        if self._engine is not None:
            self._engine.reported(self._reported)

    def want(self, trial: Trial) -> None:
        """Tell that an item now waits for this trial."""
        if self._engine is not None:
            self._engine.want(trial)

    def halt(self) -> None:
        """Begin no more trials, and let workers that wait for one know that it will not come."""
        if self._engine is not None and self._writer is not None:
            self._engine.halt()
            self._writer.stopping()

    def finish(self) -> RunRecord | None:
        """End the engine, close the run in the store, and return all of it; None when the run never began."""
        if self._engine is None or self._writer is None:
            return None
        self._engine.stop()
        left = [o for o in self._store.outcomes(self.id).values() if o.final]
        state = "finished" if len(left) == len(self._store.trials(self.id)) else "stopped"
        self._writer.close(state, now())
        return self._store.record(self.id)

    @property
    def failure(self) -> str:
        """Why the engine ended before its work was done; empty when it did not."""
        return self._engine.failure if self._engine else ""

    def close(self) -> None:
        """Let go of network, loop, store and lock."""
        if self._loop is not None:
            with contextlib.suppress(Exception):
                self._loop.run(self._context.network.aclose())
            self._loop.close()
            self._loop = None
        self._open.close()


def _plan_text(trials: Sequence[Trial], cases: Mapping[str, Case]) -> str:
    """``84 cells, 84 prompts, 84 twins, 1 target: 168 trials``."""
    chosen = [cases[id] for id in dict.fromkeys(trial.case_id for trial in trials)]
    twins = sum(case.twin_of is not None for case in chosen)
    repeats = max((trial.repeat for trial in trials), default=1)
    parts = [
        _counted(len({case.cell for case in chosen}), "cell"),
        _counted(len(chosen) - twins, "prompt"),
        *([_counted(twins, "benign twin")] if twins else []),
        _counted(len({trial.target for trial in trials}), "target"),
        *([f"up to {repeats} repeats"] if repeats > 1 else []),
    ]
    return f"{', '.join(parts)}: {_counted(len(trials), 'trial')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _model(one: Any) -> tuple[int, str] | None:
    return (id(one.endpoint), one.model) if hasattr(one, "endpoint") and hasattr(one, "model") else None


def _add(a: int | None, b: int | None) -> int | None:
    return None if a is None and b is None else (a or 0) + (b or 0)
