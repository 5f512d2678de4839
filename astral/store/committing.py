"""The thread that commits: what waits goes into one transaction, and its callers go on when that is on disk."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from astral.errors import StoreError

MOST_ROWS = 64
"""Rows in one statement: older SQLite takes 999 values at most."""
MOST_WAITING = 512
"""Callers in one transaction, about."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An INSERT of rows that wait together. One statement takes many of them: each one executed lets go of the
    interpreter's lock, and may wait long to have it back while other threads compute.
    """

    into: str
    row: str
    conflict: str

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert ``rows`` in pieces whose sizes are powers of two, so that few statements are ever compiled."""
        at = 0
        while at < len(rows):
            size = min(MOST_ROWS, 1 << (len(rows) - at).bit_length() - 1)
            sql = f"INSERT INTO {self.into} VALUES {', '.join([self.row] * size)} ON CONFLICT {self.conflict}"  # noqa: S608
            connection.execute(sql, list(itertools.chain.from_iterable(rows[at : at + size])))
            at += size


Statement = tuple[Rows | str, tuple[Any, ...]]
"""A row for a table, or SQL of its own, which is executed after all rows that wait with it."""
Waiting = tuple[Sequence[Statement], "asyncio.Future[None] | None"]
"""Statements, and the future of the caller that waits for their commit."""


class Committer:
    """Commits in a thread of its own, in the order of coming. ``closing`` gives what is written with every commit."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
        closing: Callable[[], Iterable[Statement]],
    ) -> None:
        self._transaction, self._closing = transaction, closing
        self._queue: queue.SimpleQueue[list[Waiting] | None] = queue.SimpleQueue()
        self._gathered: list[Waiting] = []
        self._failure: StoreError | None = None
        self._thread = threading.Thread(target=self._commit_for_ever, name="astral-store", daemon=True)

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def close(self) -> None:
        """Commit what still waits and end the thread."""
        if self._thread.is_alive():
            self._hand_over()
            self._queue.put(None)
            self._thread.join()

    async def commit(self, statements: Sequence[Statement], *, wait: bool = True) -> None:
        """Hand ``statements`` to the thread, together with all others of this turn of the loop. Without ``wait`` they
        are on disk before, or together with, whatever is handed over later. Raises StoreError.
        """
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._hand_over)
        if not wait:
            self._gathered.append((statements, None))
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gathered.append((statements, future))
        await future

    def soon(self, statement: Statement) -> None:
        """Commit ``statement`` without anyone waiting for it; from any thread."""
        self._queue.put([([statement], None)])

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            self._queue.put(gathered)

    def _commit_for_ever(self) -> None:
        while (batch := self._queue.get()) is not None:
            last = False
            while not self._queue.empty() and len(batch) < MOST_WAITING and not last:
                more = self._queue.get()
                batch += more or ()
                last = more is None
            self._commit_batch(batch)
            if last:
                return

    def _commit_batch(self, batch: Sequence[Waiting]) -> None:
        """One transaction. After one that failed no other is tried: what nobody waited for was in it, and what follows
        must not stand in the store without it.
        """
        if self._failure is None:
            try:
                with self._transaction() as connection:
                    _execute(connection, itertools.chain(*(statements for statements, _ in batch), self._closing()))
            except StoreError as err:
                self._failure = err
        futures = [future for _, future in batch if future is not None]
        if futures:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                futures[0].get_loop().call_soon_threadsafe(_release, futures, self._failure)


def _execute(connection: sqlite3.Connection, statements: Iterator[Statement]) -> None:
    rows: dict[Rows, list[Sequence[Any]]] = {}
    others: list[tuple[str, tuple[Any, ...]]] = []
    for target, values in statements:
        if isinstance(target, Rows):
            rows.setdefault(target, []).append(values)
        else:
            others.append((target, values))
    for table, found in rows.items():
        table.insert(connection, found)
    for sql, only in others:
        connection.execute(sql, only)


def _release(futures: Iterable[asyncio.Future[None]], error: StoreError | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
