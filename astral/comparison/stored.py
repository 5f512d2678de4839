"""A stored run as one side of a comparison, without reading more of it than that takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from astral.comparison.versus import About
from astral.model import Outcome, Result, Run, RunRecord, Trial
from astral.overruling import with_labels
from astral.samples import Sample, refusals, sample
from astral.store import Store, counting_labels

_HASH = 12
"""The digits that a case's id ends with: those of its turns."""


def stored(store: Store, name: str) -> tuple[Sample, About]:
    """The run ``name`` (or ``last``) with the outcomes that people's labels make of it: the same sample as that of its
    whole record, at a fraction of the time. Raises StoreError.
    """
    run = store.run(name)
    cells = store.prompts(run.id)
    planned = store.planned(run.id)
    reviewed = _reviewed(store, run, planned)
    planned |= reviewed
    found = replace(
        sample(RunRecord(run, {}, ())),
        outcomes={trial: outcome for trial, outcome in planned.items() if trial.case_id in cells},
        cells=cells,
        twins=_twins(store, run, {trial: one for trial, one in planned.items() if trial.case_id not in cells}),
    )
    about = About(
        suite=str(run.suite.get("content") or ""),
        started=run.started,
        reviewed=sum(trial.case_id in cells for trial in reviewed),
        judged_from=run.judged_from,
        reused=store.origins(run.id),
    )
    return found, about


def _twins(store: Store, run: Run, outcomes: Mapping[Trial, Outcome]) -> dict[Trial, bool]:
    """Whether the benign twins with these outcomes were refused, where that is known."""
    said = store.verdicts(run.id, outcomes) if outcomes else {}
    return refusals(Result(trial, outcome, verdicts=said.get(trial, ())) for trial, outcome in outcomes.items())


def _reviewed(store: Store, run: Run, outcomes: Mapping[Trial, Outcome]) -> dict[Trial, Outcome]:
    """The outcomes that follow people's labels. A label holds for the same answer to the same turns in any run, and of
    these the id of a case has the hash; only such trials are read whole.
    """
    said = counting_labels(store)
    asked = {one.trial.case_id[-_HASH:] for one in said.values()}
    trials = [trial for trial in outcomes if trial.case_id[-_HASH:] in asked] if asked else []
    if not trials:
        return {}
    results = with_labels(store.excerpt(run, trials), said).results
    return {one.trial: one.outcome for one in results if one.review is not None}
