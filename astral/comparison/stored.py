"""A stored run as one side of a comparison, without reading more of it than that takes."""

from __future__ import annotations

from dataclasses import replace

from astral.comparison.versus import About
from astral.model import Outcome, Run, RunRecord, Trial
from astral.overruling import with_labels
from astral.samples import Sample, sample
from astral.store import Store, counting_labels

_HASH = 12
"""The digits that a case's id ends with: those of its turns."""


def stored(store: Store, name: str) -> tuple[Sample, About]:
    """The run ``name`` (or ``last``) with the outcomes that people's labels make of it: the same sample as that of its
    whole record, at a fraction of the time. Raises StoreError.
    """
    run = store.run(name)
    cells = store.prompts(run.id)
    outcomes = {trial: outcome for trial, outcome in store.planned(run.id).items() if trial.case_id in cells}
    reviewed = _reviewed(store, run, outcomes)
    found = replace(sample(RunRecord(run, {}, ())), outcomes={**outcomes, **reviewed}, cells=cells)
    about = About(
        suite=str(run.suite.get("content") or ""),
        started=run.started,
        reviewed=len(reviewed),
        judged_from=run.judged_from,
        reused=store.origins(run.id),
    )
    return found, about


def _reviewed(store: Store, run: Run, outcomes: dict[Trial, Outcome]) -> dict[Trial, Outcome]:
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
