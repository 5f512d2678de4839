"""``astral runs``: what is in the store, to know what a RUN can be."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence

from astral.commands.order import Order, say
from astral.errors import StoreError
from astral.escape import show
from astral.model import Outcome, Run
from astral.overruling import with_labels
from astral.reports.grid import Column, grid
from astral.run import STORE
from astral.store import Store, counting_labels, only_writer

TARGETS_SHOWN = 3


def runs(order: Order) -> None:
    """A line for each stored run, the newest first."""
    path = order.directory / ".astral" / STORE
    with Store(path) as store:
        found = [store.run(id) for id in store.run_ids()]
        counts = _counts(store, found)
        states = {run.id: store.state(run.id) for run in found}
    if "running" in states.values() and _nobody_writes(order):
        states = {id: "killed" if state == "running" else state for id, state in states.items()}
    if not found:
        raise StoreError(f"{path}: no run is stored here yet; start with: pytest --astral target=demo")
    outcomes = [counts.get(run.id, Counter()) for run in found]
    judged = [sum(part[outcome.value] for outcome in Outcome if outcome.judged) for part in outcomes]
    columns = [
        Column(("started",), tuple(show(run.started) for run in found), left=True),
        Column(("state",), tuple(states[run.id] for run in found), left=True),
        Column(("planned",), tuple(str(part.total()) for part in outcomes)),
        Column(("judged",), tuple(map(str, judged))),
        Column(("unsafe",), tuple(str(part["unsafe"]) for part in outcomes)),
        Column(("target",), tuple(_what(run) for run in found), left=True),
    ]
    for line in grid(Column(("run",), tuple(show(run.id) for run in found), left=True), columns, 200):
        say(line)


def _counts(store: Store, found: Sequence[Run]) -> dict[str, Counter[str]]:
    """By run: how many trials have each outcome, as people see it where they overruled the oracles."""
    counts, said = store.counts(), counting_labels(store)
    for run in found if said else ():
        results = with_labels(store.record(run.id), said).results
        for one in results:
            if one.review is not None and one.review.was is not None:
                counts[run.id].subtract([one.review.was.value])
                counts[run.id].update([one.outcome.value])
    return counts


def _what(run: Run) -> str:
    """The targets by their short names, and how the run came to be where it is not a run of its own."""
    notes = [
        f"shard {run.settings['shard']}" if "shard" in run.settings else "",
        f"judges {run.judged_from}" if run.judged_from else "",
        f"merges {len(run.merged)} runs" if run.merged else "",
    ]
    named = [show(slug, 40) for slug in [*run.targets][:TARGETS_SHOWN]]
    rest = len(run.targets) - TARGETS_SHOWN
    together = ", ".join([*named, *([f"{rest} more"] if rest > 0 else [])])
    return "; ".join(part for part in (together, *notes) if part)


def _nobody_writes(order: Order) -> bool:
    with contextlib.suppress(StoreError), only_writer(order.directory / ".astral"):
        return True
    return False
