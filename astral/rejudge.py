"""A run that asks no target: the answers of a stored run, judged again by other oracles or other rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from astral.context import Context
from astral.errors import SettingsError
from astral.header import check_same_judge, judge_facts, now, own_versions
from astral.model import Outcome, Result, Run, Trial
from astral.planning import Plan
from astral.registry import Registry
from astral.run import SafetyRun
from astral.settings import Settings
from astral.store import Progress, is_withheld

NO_ANSWER, WITHHELD = "no_answer", "withheld"


class Rejudging(SafetyRun):
    """Judges the answers of the run ``source``; with ``resume`` set, goes on with such a run.

    The new run has answers, cases and targets of its source, so that it stands on its own. ``trials`` are those that
    ``begin_judging`` began.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        context: Context,
        directory: Path,
        say: Callable[[str], None],
        *,
        source: str,
    ) -> None:
        super().__init__(settings, registry, context, directory, say)
        self._source = source
        self.trials: tuple[Trial, ...] = ()

    def build(self) -> None:
        """Make the oracles. No target is built: nothing can be asked."""
        slugs, self.slugs = self.slugs, {}
        super().build()
        self.slugs = slugs

    def begin_judging(self) -> None:
        """Preflight of the oracles, the cost, the plan, and off. Raises AstralError before anything is stored."""
        plan = self._of_stored()
        self.trials = tuple(self._outlook(plan).pending)
        self._start(plan, window=None)

    def foresee(self) -> None:
        """Say plan and cost; nothing is sent or stored."""
        self._foresee(self._of_stored())

    def _of_stored(self) -> Plan:
        judge = judge_facts(self._oracles, self.settings)
        record = self._store.record(self._resumed.id if self._resumed else self._source)
        if not record.results:
            raise SettingsError(f"run {record.run.id} has no trial that could be judged; name another: astral runs")
        run = self._resumed or self._new_header(record.run, judge)
        check_same_judge(run, judge)
        if self._resumed is not None:
            self._finals = {one.trial: one for one in record.results if one.outcome.final}
        settled = [u for r in record.results if r.trial not in self._finals and (u := unjudged(r)) is not None]
        if not self._resumed and (words := exceptions(record.results)):
            self._say(f"astral: of {len(record.results)} trials {words}")
        known = self._store.progress(record.run.id)
        return Plan(
            run,
            [result.trial for result in record.results],
            record.cases,
            known if self._resumed else {trial: _unjudged_yet(done) for trial, done in known.items()},
            {} if self._resumed else known,
            settled,
            place=self._store.places(record.run.id).__getitem__,
            canaries=self._canaries(record.cases.values()),
        )

    def _new_header(self, judged: Run, judge: Mapping[str, Any]) -> Run:
        oracles = ",".join(oracle["name"] for oracle in judge["oracles"])
        return Run(
            id=self.id,
            started=now(),
            targets=judged.targets,
            matrix=judged.matrix,
            suite=judged.suite,
            settings={**self.settings.as_text(only=lambda key: key.fixed), "oracle": oracles},
            judge=judge,
            versions=own_versions(),
            params=judged.params,
            judged_from=judged.id,
        )


def _unjudged_yet(done: Progress) -> Progress:
    return Progress(done.response, asking=done.asking, origin=done.origin)


def unjudged(result: Result) -> Result | None:
    """What becomes of a trial whose answer cannot be judged; None where it can."""
    if result.outcome is Outcome.BLOCKED:
        return Result(result.trial, Outcome.BLOCKED, result.reason, detail=result.detail)
    if result.response is None:
        detail = "that run has no answer to judge; go on with it by resume=, then judge again"
        return Result(result.trial, Outcome.NOT_RUN, NO_ANSWER, detail=detail)
    if is_withheld(result.response):
        detail = "only hash and length of this answer are kept, so it cannot be judged again"
        return Result(result.trial, Outcome.INCONCLUSIVE, WITHHELD, detail=detail)
    return None


def exceptions(results: Iterable[Result]) -> str:
    """``3 have no answer, 1 was blocked``: what cannot be judged again among the results of a stored run."""
    words = {
        Outcome.NOT_RUN: "without an answer stay not_run",
        Outcome.BLOCKED: "blocked by the provider's filter stay blocked",
        Outcome.INCONCLUSIVE: "whose text was withheld are inconclusive",
    }
    found = Counter(settled.outcome for settled in map(unjudged, results) if settled is not None)
    return ", ".join(f"{found[outcome]} {word}" for outcome, word in words.items() if found[outcome])
