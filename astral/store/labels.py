"""What people said of answers: a history that only grows, of which the last word on each answer counts."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from astral.errors import StoreError
from astral.model import Label, Response, Trial
from astral.store.damage import FLAWS, damaged
from astral.store.place import connect, only_writer, transaction
from astral.store.reading import Store
from astral.store.rows import KEY, dump, is_withheld, read_response, response_body, trial_key, withheld

_COLUMNS = "exchange, number, label, who, made, note, run, case_id, target, repeat"
_WITHDRAWN = ""


@dataclass(frozen=True, slots=True)
class Labelling:
    """One act of labelling an answer. ``exchange`` is the answer's key, ``when`` ISO 8601 UTC; ``run`` and ``trial``
    are where the answer was seen. ``label`` None takes back the last label that ``who`` gave this answer.
    """

    exchange: str
    label: Label | None
    who: str
    when: str
    run: str
    trial: Trial
    note: str = ""


def counting(history: Iterable[Labelling]) -> Labelling | None:
    """The label that counts of one answer's history in order: the last one that was not taken back; None without."""
    standing: list[Labelling] = []
    for one in history:
        if one.label is not None:
            standing.append(one)
            continue
        own = (at for at in reversed(range(len(standing))) if standing[at].who == one.who)
        if (at := next(own, None)) is not None:
            del standing[at]
    return standing[-1] if standing else None


def label_histories(store: Store) -> dict[str, tuple[Labelling, ...]]:
    """All labellings by answer, each history in the order of time; of one second, in the order of writing."""
    found: dict[str, list[Labelling]] = {}
    with _reading(store.path) as connection:
        for row in connection.execute(f"SELECT {_COLUMNS} FROM labels ORDER BY exchange, made, number"):  # noqa: S608
            found.setdefault(row[0], []).append(_labelling(row))
    return {exchange: tuple(history) for exchange, history in found.items()}


def counting_labels(store: Store) -> dict[str, Labelling]:
    """By answer: the label that counts. Answers whose labels were all taken back are not among them."""
    standing = ((exchange, counting(history)) for exchange, history in label_histories(store).items())
    return {exchange: one for exchange, one in standing if one is not None}


def write_label(path: Path, one: Labelling, *, sealed: Response | None = None) -> Labelling:
    """Add a labelling and give it as it is stored: never before an earlier one of its answer, whatever the clock says.

    ``sealed`` is the answer itself where nobody keeps its text once it is unsafe: only its hash and length stay, in
    every run. Raises StoreError, also while a run writes; then nothing is stored.
    """
    with _writing(path) as connection:
        rows = _rows(connection, one.exchange)
        one = replace(one, when=max([one.when, *(row[4] for row in rows)]))
        _insert(connection, one, rows)
        if sealed is not None:
            _withhold(connection, one.trial.case_id, sealed)
    return one


def import_labels(
    path: Path, labellings: Sequence[Labelling], *, sealed: Iterable[tuple[str, Response]] = ()
) -> tuple[Labelling, ...]:
    """Add labellings from elsewhere, all or none, and give those that were not there yet. They take their places by
    time: an earlier label of the same answer stays in its history and does not count again.

    ``sealed`` are answers, each with its case's id, of which only hash and length stay. Raises StoreError.
    """
    new: list[Labelling] = []
    with _writing(path) as connection:
        for one in labellings:
            rows = _rows(connection, one.exchange)
            if not any(_same(one, _labelling(row)) for row in rows):
                _insert(connection, one, rows)
                new.append(one)
        for case_id, response in sealed:
            _withhold(connection, case_id, response)
    return tuple(new)


def _same(one: Labelling, other: Labelling) -> bool:
    """True for one act of labelling, whichever of the runs with this answer it was seen in."""
    return (one.label, one.who, one.when, one.note) == (other.label, other.who, other.when, other.note)


def _rows(connection: sqlite3.Connection, exchange: str) -> list[Any]:
    return connection.execute(f"SELECT {_COLUMNS} FROM labels WHERE exchange = ?", (exchange,)).fetchall()  # noqa: S608


def _insert(connection: sqlite3.Connection, one: Labelling, rows: Sequence[Sequence[Any]]) -> None:
    number = max((row[1] for row in rows), default=0) + 1
    word = _WITHDRAWN if one.label is None else one.label.value
    connection.execute(
        f"INSERT INTO labels ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (one.exchange, number, word, dump(one.who), one.when, dump(one.note), *trial_key(one.run, one.trial)),
    )


def _withhold(connection: sqlite3.Connection, case_id: str, response: Response) -> None:
    """Leave only hash and length of that answer to that case, wherever a run has it."""
    if is_withheld(response):
        return
    mark = withheld(response)
    rows = connection.execute("SELECT run, target, repeat, body FROM answers WHERE case_id = ?", (case_id,)).fetchall()
    for run, target, repeat, body in rows:
        found = read_response(body)
        hidden = found if is_withheld(found) else withheld(found)
        if (hidden.text, hidden.earlier) == (mark.text, mark.earlier):
            connection.execute(
                f"UPDATE answers SET body = ?, asking = NULL WHERE {KEY}",  # noqa: S608
                (response_body(hidden), *trial_key(run, Trial(case_id, target, repeat))),
            )


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, by the only writer for as long as it takes."""
    with only_writer(path.parent), transaction(path, "label") as connection:
        yield connection


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(path, create=False)
    try:
        yield connection
    except sqlite3.Error as err:
        raise StoreError(f"{path}: cannot be read ({err})") from err
    except FLAWS as err:
        raise StoreError(damaged(path, f"{type(err).__name__} in a label")) from err
    finally:
        connection.close()


def _labelling(row: Sequence[Any]) -> Labelling:
    exchange, _, label, who, made, note, run, *trial = row
    said = None if label == _WITHDRAWN else Label(label)
    return Labelling(exchange, said, json.loads(who), made, run, Trial(*trial), json.loads(note))
