"""``astral coverage``: how much of the matrix stored runs have judged, alone or together, and what they left out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace

from astral.commands.order import Order, say
from astral.coverage import united
from astral.errors import StoreError
from astral.model import Case, RunRecord
from astral.overruling import with_labels
from astral.reports.coverage import lines
from astral.reports.coverage_files import document, markdown
from astral.run import STORE
from astral.store import Store, counting_labels

ALL = "all"
WIDEST = 120


def coverage(order: Order) -> None:
    """Print the coverage of the last run, of those that are named, or of all that planned a trial."""
    form, listed = order.choice("--format", "text", "md", "json"), "--list" in order.options
    with Store(order.directory / ".astral" / STORE) as store:
        records = list(_records(store, _ids(store, order.words or ("last",))))
    found, runs = united(records), [record.run for record in records]
    if form == "json":
        say(document(found, runs, listed=listed))
        return
    width = min(shutil.get_terminal_size().columns, WIDEST)
    text = lines(found, runs, width=width, listed=listed) if form == "text" else markdown(found, runs, listed=listed)
    for line in text:
        say(line)


def _ids(store: Store, names: Sequence[str]) -> list[str]:
    """The runs that are meant, each once. Raises StoreError."""
    found: list[str] = []
    for name in names:
        found += sorted(store.counts()) if name == ALL else [store.run(name).id]
    if not found:
        raise StoreError(f"{store.path}: no run is stored here yet; start with: pytest --astral target=demo")
    return list(dict.fromkeys(found))


def _records(store: Store, ids: Sequence[str]) -> Iterator[RunRecord]:
    """The runs with what people said, without their answers, so that many of them fit into memory."""
    labels = counting_labels(store)
    cases: dict[str, dict[str, Case]] = {}
    for id in ids:
        known = cases.setdefault(str(store.run(id).suite.get("content", "")), {})
        record = with_labels(store.record(id, cases=known), labels)
        known |= record.cases
        yield replace(record, results=tuple(replace(one, response=None, verdicts=()) for one in record.results))
