"""``astral merge``: the shards of a run, from this store or brought from elsewhere, as one run."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from astral.baseline import baseline_for
from astral.cards import load_cards
from astral.commands.order import Order, say
from astral.conclusion import conclude
from astral.errors import SettingsError, StoreError
from astral.escape import show
from astral.formats import check_reports
from astral.gates import check_gates
from astral.merging import Missing, check_alike, merged_header, missing_trials, parts, shards, unfinished
from astral.model import Run
from astral.overruling import overruled
from astral.run import STORE
from astral.store import Store, borrowed, only_writer, store_directory, write_merged

Source = tuple[Store, Run]


def merge(order: Order) -> int:
    """Write the merged run and report on it; the exit code is that of a run."""
    with contextlib.ExitStack() as stack:
        sources = [_source(order, word, stack) for word in order.words]
        runs = [run for _, run in sources]
        check_alike(runs)
        missing = _missing(order, runs)
        header = merged_header(runs)
        check_gates(order.settings.gate, baseline=order.settings.baseline is not None)
        formats = check_reports(order.settings.report, order.registry(), order.root)
        baseline = baseline_for(header, order.settings, order.root)
        chosen = parts(sources)
        path = store_directory(order.directory) / STORE
        stack.enter_context(only_writer(path.parent))
        store = stack.enter_context(Store(path, create=True))
        write_merged(store, header, chosen, missing.trials, missing.cases)
        say(f"astral: run {header.id} puts together {', '.join(header.merged)}")
        for line in unfinished(sources):
            say(f"astral: warning: {line}")
        record = overruled(store.record(header.id), store)
        record = replace(record, cards=load_cards(order.settings.card, order.root, path.parent))
    conclusion = conclude(record, order.settings, order.root, failure="", baseline=baseline, formats=formats)
    for line in conclusion.lines:
        say(line)
    return 0 if conclusion.passed else 1


def _missing(order: Order, runs: Sequence[Run]) -> Missing:
    absent, count = shards(runs)
    if not absent:
        return Missing()
    named = f"{'shard' if len(absent) == 1 else 'shards'} {', '.join(map(str, absent))} of {count}"
    if "--partial" not in order.options:
        raise SettingsError(
            f"{named} {'is' if len(absent) == 1 else 'are'} missing; name the run, or add --partial: its trials then "
            "stand in the report as not_run"
        )
    found = missing_trials(runs[0], absent, count, order.root)
    say(f"astral: warning: {named} missing: {len(found.trials)} trials are not_run")
    return found


def _source(order: Order, word: str, stack: contextlib.ExitStack) -> Source:
    """The run that ``word`` names: of this store, or ``DIR[:RUN]`` or ``FILE[:RUN]`` of another, read from a copy."""
    own = order.directory / ".astral" / STORE
    known: list[str] = []
    if own.exists():
        store = stack.enter_context(Store(own))
        known = store.run_ids()
        if word in known or (known and word == "last"):
            return store, store.run(word)
    path, name = _store_path(order.root, word)
    if path is None:
        here = f"runs of this store: {', '.join(known[:5])}" if known else "this store has no run yet"
        raise StoreError(f"{show(word)}: neither a run of this store nor another store (DIR, DIR:RUN, FILE.db); {here}")
    place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="astral-merge-")))
    other = stack.enter_context(borrowed(path, place))
    try:
        return other, other.run(name)
    except StoreError as err:
        raise StoreError(str(err).replace(str(other.path), show(str(path)))) from None


def _store_path(root: Path, word: str) -> tuple[Path | None, str]:
    """The database that is meant, and the run in it (the newest where none is named)."""
    for text, name in ((word, "last"), (word.rpartition(":")[0], word.rpartition(":")[2])):
        path = root / text if text else None
        if path is None:
            continue
        for candidate in (path, path / STORE, path / ".astral" / STORE):
            if candidate.is_file():
                return candidate, name
    return None, ""
