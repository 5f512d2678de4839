"""A run in the process that owns it: plan, preflight, engine, store, and what came out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from astral.baseline import Baseline, Known, baseline_lines, known_findings, open_baseline
from astral.canaries import planted
from astral.cards import load_cards
from astral.context import Context
from astral.cost import Pace, check_carried, check_priced, models
from astral.direct import Counts, DirectCalls
from astral.engine import Engine, Loop
from astral.errors import SettingsError
from astral.escape import show
from astral.formats import Format, check_reports
from astral.gates import check_gates, chosen, hopeless
from astral.header import (
    Suites,
    asks_turns_only,
    cases_of,
    check_same,
    judge_facts,
    new_header,
    new_run_id,
    now,
    target_facts,
)
from astral.judging import Judging, check_cascade
from astral.model import Card, Case, Outcome, Result, Run, RunRecord, Trial
from astral.outlook import Outlook, asked_of
from astral.overruling import overruled
from astral.planning import Plan
from astral.preflight import preflight
from astral.protocols import Oracle, Target
from astral.registry import Registry
from astral.reuse import Questions, reusable
from astral.settings import Settings
from astral.store import Planted, Progress, RunWriter, Store, only_writer, store_directory
from astral.trials import PlanOrder, default_oracle, target_slugs

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
        if self._resumed:
            context.network.carry(self._resumed.calls)
        self._engine: Engine | None = None
        self._loop: Loop | None = None
        self._writer: RunWriter | None = None
        self._direct: DirectCalls | None = None
        self._finals: dict[Trial, Result] = {}
        self._settled: frozenset[Trial] = frozenset()
        self._cases: Mapping[str, Case] = {}
        self._reported = 0
        self._targets: dict[str, Target] = {}
        self._oracles: list[Oracle] = []
        self._prices = context.network.prices
        self._cards: tuple[Card, ...] = ()
        self.baseline: Baseline | None = None
        self.formats: Mapping[str, Format] = {}

    # --- before -----------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make targets and oracles: missing keys and unknown names show here, before anything is sent."""
        self._targets = {name: self._registry.target(spec, self._context) for name, spec in self.slugs.items()}
        self._oracles = [self._registry.oracle(spec, self._context) for spec in default_oracle(self.settings)]
        self.formats = check_reports(self.settings.report, self._registry, self._context.root)
        self._cards = load_cards(self.settings.card, self._context.root, self.store_path.parent)
        names = [oracle.name for oracle in self._oracles]
        if len(set(names)) < len(names):
            raise SettingsError(f"oracle= names {names[0]!r} twice; confirm=2 already judges unsafe answers again")
        check_cascade(self._oracles, self.settings.vote)
        self._hold_against()
        if not self.settings.dry_run:  # before anything is sent, the writing of a suite included
            check_priced(models([*self._targets.values(), *self._oracles]), self.settings.budget, self._prices)
            if self._resumed is not None:
                check_carried(self._resumed.calls, self.settings.budget, self._prices)

    def _hold_against(self) -> None:
        """Find the baseline, which gates may need, and see that the same judge made it. Raises AstralError."""
        check_gates(self.settings.gate, baseline=self.settings.baseline is not None)
        self.baseline = open_baseline(self.settings, self._context.root, judge_facts(self._oracles, self.settings))

    @property
    def known(self) -> Known:
        """The findings that are no news: none where it is not for the gate ``new`` to decide."""
        gates = chosen(self.settings.gate, self.baseline is not None)
        if self.baseline is None or all(gate.name != "new" for gate in gates):
            return Known()
        return known_findings(self.baseline, self.slugs)

    def baseline_lines(self) -> list[str]:
        """What the head of a run says of its baseline."""
        targets = {name: spec.text for name, spec in self.slugs.items()}
        return [*baseline_lines(self.baseline, targets)] if self.baseline is not None else []

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
        self._start(self._planned(trials, suites), window=window)

    def _planned(self, trials: Sequence[Trial], suites: Suites) -> Plan:
        trials = list(dict.fromkeys(trials))
        cases = cases_of(suites)
        run = self._header(suites)
        known = self._known(run, trials)
        place = PlanOrder(cases.values(), self.slugs)
        opaque = [name for name, target in self._targets.items() if not asks_turns_only(target)]
        questions = Questions(cases, self._params(), opaque)
        taken: dict[Trial, Progress] = {}
        if self.settings.reuse == "answers":
            unknown = (trial for trial in trials if trial not in known and trial not in self._finals)
            taken = reusable(self._store, questions, unknown)
        return Plan(
            run,
            trials,
            cases,
            {**known, **taken},
            taken,
            reused=len(taken),
            place=place,
            asking=questions.key,
            canaries=self._canaries(cases[trial.case_id] for trial in trials),
        )

    def _known(self, run: Run, trials: Sequence[Trial]) -> dict[Trial, Progress]:
        """What an earlier part of this run has already: answers that only lack a verdict. Final results are kept."""
        if self._resumed is None:
            return {}
        known, wanted = self._store.progress(run.id), frozenset(trials)
        found = self._store.results(run.id, known)
        self._finals = {one.trial: one for one in found if one.outcome.final and one.trial in wanted}
        return {trial: done for trial, done in known.items() if trial not in self._finals}

    def _start(self, plan: Plan, *, window: int | None) -> None:
        outlook = self._outlook(plan)
        pending, forecast = outlook.pending, outlook.forecast()
        outlook.check(forecast)
        self._warn_of_gates(plan)
        tried = self.settings.preflight and forecast.possible
        seconds = preflight(asked_of(outlook), self.loop) if tried else None
        self._say(outlook.cost(forecast, None if seconds is None else Pace.measured(seconds)))
        self._settled, self._cases = frozenset(result.trial for result in plan.settled), plan.cases
        writer = RunWriter(self._store, plan.run, self._context.network.calls_so_far, plan.asking)
        cases = (plan.cases[id] for id in dict.fromkeys(trial.case_id for trial in plan.trials))
        writer.begin(
            cases, plan.trials, place=plan.place, answers=plan.taken, settled=plan.settled, canaries=plan.canaries
        )
        self._writer = writer
        self._engine = Engine(
            pending,
            plan.cases,
            self._targets,
            self._judging(),
            self._writer,
            progress=plan.progress,
            lanes=2 * self.settings.concurrency,
            concurrency=self.settings.concurrency,
            window=window,
            canaries=plan.canaries,
            seed=self._seed,
        )
        self._engine.start(self.loop)

    def _outlook(self, plan: Plan) -> Outlook:
        settled = {result.trial for result in plan.settled}
        pending = [trial for trial in plan.trials if trial not in self._finals and trial not in settled]
        return Outlook(plan, pending, self.settings, self._context, self._targets, self._oracles)

    @property
    def _seed(self) -> str:
        """What known answers are drawn by: with the run's own id, so that no provider meets the same ones each time."""
        return f"{self.settings.seed} {self.id}"

    def _canaries(self, cases: Iterable[Case]) -> Sequence[Planted]:
        """The known answers of this run: those that it began with, else such as its cases might be."""
        known = self._store.canaries(self.id) if self._resumed else ()
        categories = sorted({case.cell.category for case in cases})
        return known or planted(self._judging(), self._seed, self.settings.canaries, categories)

    def _judging(self) -> Judging:
        settings = self.settings
        return Judging(
            oracles=self._oracles,
            vote=settings.vote,
            confirm=settings.confirm,
            fail_on=settings.fail_on,
            turns=settings.turns,
            clean=self._context.network.redactor.clean,
        )

    def dry_run(self, trials: Sequence[Trial], suites: Suites) -> None:
        """Say the plan, what ``begin`` would ask for and what it would cost; nothing is sent or stored."""
        self._foresee(self._planned(trials, suites))

    def _foresee(self, plan: Plan) -> None:
        self._warn_of_gates(plan)
        for line in self._outlook(plan).lines(self.judge_note()):
            self._say(line)

    def _warn_of_gates(self, plan: Plan) -> None:
        """Name the gates that fail whatever the answers will be, before these are paid for."""
        gates, max_age = self.settings.gate, self.settings.max_age
        for one in hopeless(plan.run, plan.cases, plan.trials, gates=gates, max_age=max_age, baseline=self.baseline):
            self._say(f"astral: warning: gate {one.name} cannot pass in this run: {show(one.reason, None)}")

    def _header(self, suites: Suites) -> Run:
        judge, params = judge_facts(self._oracles, self.settings), self._params()
        if self._resumed is not None:
            check_same(self._resumed, judge, suites, params)
            return self._resumed
        targets = {name: spec.text for name, spec in self.slugs.items()}
        return new_header(self.id, targets, judge, self.settings, suites, params=params)

    def _params(self) -> dict[str, dict[str, Any]]:
        root = self._context.root
        return {
            name: target_facts(target, self.slugs[name], self.settings, root) for name, target in self._targets.items()
        }

    # --- calls of Python tests --------------------------------------------------------------------------------------

    @property
    def loop(self) -> Loop:
        """The loop that everything of this run is asked in; it begins with its first use."""
        if self._loop is None:
            self._loop = Loop()
        return self._loop

    def direct(self, suites: Suites) -> DirectCalls:
        """What makes the calls of Python tests; a run that planned no trial begins with the first of them."""
        if self._direct is None:
            if self._writer is None:
                if self._resumed is not None:
                    raise SettingsError(f"resume={self.id} goes on with trials, and none was selected; leave it out")
                run = self._header(suites)
                writer = RunWriter(self._store, run, self._context.network.calls_so_far)
                writer.begin((), ())
                self._writer = writer
            self._direct = DirectCalls(
                self._targets,
                self._judging(),
                self._writer,
                concurrency=self.settings.concurrency,
                first=max((call.number for call in self._store.direct(self.id)), default=0) + 1,
                unscreened=frozenset(name for name, spec in self.slugs.items() if spec.kind == "replay"),
            )
        return self._direct

    @property
    def direct_counts(self) -> Counts:
        """How much Python tests have called so far."""
        return self._direct.counts if self._direct else Counts()

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

    def give_up(self) -> None:
        """Wait no longer for what is in flight; for handlers of signals."""
        if self._engine is not None:
            self._engine.give_up()

    def finish(self) -> RunRecord | None:
        """End the engine, close the run in the store, and return all of it; None when the run never began."""
        if self._writer is None:
            return None
        if self._direct is not None:
            self.loop.run(self._direct.close())
        if self._engine is not None:
            self._engine.stop()
        complete = self._settled.issuperset(self._store.unfinished(self.id))
        self._writer.close("finished" if complete else "stopped", now())
        record = overruled(self._store.record(self.id, cases=self._cases), self._store)
        return replace(record, cards=self._cards)

    @property
    def done(self) -> tuple[int, int]:
        """How many trials have a result, and how many there are, earlier parts of the run included."""
        done, begun = self._engine.done if self._engine else (0, 0)
        return len(self._finals) + done, len(self._finals) + begun

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


def _model(one: Any) -> tuple[int, str] | None:
    return (id(one.endpoint), one.model) if hasattr(one, "endpoint") and hasattr(one, "model") else None
