"""Copies stored runs: a store that is another's is only read, and parts of a run become one."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astral.errors import StoreError
from astral.model import Case, Run, Trial
from astral.store.place import transaction
from astral.store.reading import Store
from astral.store.rows import NEW_RUN, calls_body, case_body, run_header


@dataclass(frozen=True)
class Part:
    """A stored run that goes into another. ``left_out`` are its trials that another part has a better row of."""

    store: Store
    run: Run
    left_out: Collection[Trial] = ()


def borrowed(path: Path, place: Path) -> Store:
    """A store that stays as it is: a copy of it in the directory ``place`` is opened. Raises StoreError."""
    copy = place / path.name
    try:
        for name in (path.name, f"{path.name}-wal"):
            if (path.parent / name).exists():
                shutil.copyfile(path.parent / name, place / name)
    except OSError as err:
        raise StoreError(f"{path}: cannot be copied ({err.strerror}); check the file and the room for a copy") from err
    try:
        return Store(copy, create=True)
    except StoreError as err:
        raise StoreError(str(err).replace(str(copy), str(path))) from None


def write_merged(
    store: Store, run: Run, parts: Sequence[Part], missing: Iterable[tuple[Trial, int]], cases: Iterable[Case]
) -> None:
    """Write ``run``, which has all rows of its parts, in one transaction. ``missing`` are trials, with their places in
    the plan, that no part has, and ``cases`` those that they ask. Raises StoreError.
    """
    suite = run.suite["content"]
    with transaction(store.path, "merge") as connection:
        connection.execute(
            NEW_RUN, (run.id, run.started, run.finished, "stopped", run_header(run), calls_body(run.calls))
        )
        number = 0
        for part in parts:
            for table, columns in _COLUMNS.items():
                holes = ", ".join("?" * (len(columns.split(",")) + 1))
                sql = f"INSERT INTO {table} (run, {columns}) VALUES ({holes})"  # noqa: S608
                connection.executemany(sql, ((run.id, *row) for row in _rows(part, table, columns)))
            connection.executemany(_CANARY, ((run.id, *row) for row in part.store.rows_of(part.run.id, *_CANARIES)))
            connection.executemany(_CASE, ((suite, *row) for row in part.store.case_rows(part.run.id)))
            direct = part.store.rows_of(part.run.id, "direct", "number, body")
            connection.executemany(
                "INSERT INTO direct (run, number, body) VALUES (?, ?, ?)",
                ((run.id, number + at, body) for at, (_, body) in enumerate(direct, 1)),
            )
            number += len(direct)
        connection.executemany(_CASE, ((suite, case.id, case_body(case)) for case in cases))
        connection.executemany(
            "INSERT INTO trials (run, case_id, target, repeat, position) VALUES (?, ?, ?, ?, ?)",
            ((run.id, trial.case_id, trial.target, trial.repeat, at) for trial, at in missing),
        )
        connection.execute(_STATE, (run.id, run.id))


_COLUMNS = {
    "trials": "case_id, target, repeat, position, outcome, reason, detail",
    "answers": "case_id, target, repeat, body, asking, origin",
    "verdicts": "case_id, target, repeat, oracle, turn, round, body",
}
"""What is copied of each table beside the run; the trial comes first."""
_CANARIES = ("canaries", "oracle, canary, round, body")
_CANARY = (
    "INSERT INTO canaries (run, oracle, canary, round, body) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (run, oracle, canary, round) DO NOTHING"
)
"""A known answer that several parts drew counts once, as the first of them judged it: a second time shows no more."""
_CASE = "INSERT INTO cases (suite, id, body) VALUES (?, ?, ?) ON CONFLICT (suite, id) DO NOTHING"
_STATE = (
    "UPDATE runs SET state = 'finished' WHERE id = ? AND NOT EXISTS (SELECT 1 FROM trials WHERE run = ? "
    "AND (outcome IS NULL OR outcome IN ('error', 'not_run')))"
)


def _rows(part: Part, table: str, columns: str) -> Iterator[Sequence[Any]]:
    found = part.store.rows_of(part.run.id, table, columns)
    if not part.left_out:
        return iter(found)
    return (row for row in found if Trial(*row[:3]) not in part.left_out)
