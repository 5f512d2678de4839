"""Writes one run: a caller goes on only when its own row is on disk."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from astral.errors import StoreError
from astral.model import Calls, Case, Response, Result, Run, Trial, Verdict
from astral.store.canaries import Planted, planted_row
from astral.store.committing import Committer, Rows, Statement
from astral.store.place import connect, unwritten
from astral.store.reading import Store
from astral.store.rows import (
    KEY,
    NEW_RUN,
    Direct,
    Progress,
    calls_body,
    case_body,
    direct_body,
    dump,
    response_body,
    run_header,
    trial_key,
    verdict_body,
    withheld,
)

_ANSWERS = Rows(
    "answers (run, case_id, target, repeat, body, asking, origin)",
    "(?, ?, ?, ?, ?, ?, ?)",
    "(run, case_id, target, repeat) DO NOTHING",
)
_VERDICTS = Rows(
    "verdicts (run, case_id, target, repeat, oracle, turn, round, body)",
    "(?, ?, ?, ?, ?, ?, ?, ?)",
    "(run, case_id, target, repeat, oracle, turn, round) DO NOTHING",
)
_CANARIES = Rows(
    "canaries (run, oracle, canary, round, body)", "(?, ?, ?, ?, ?)", "(run, oracle, canary, round) DO NOTHING"
)
_OUTCOMES = Rows(
    "trials (run, case_id, target, repeat, outcome, reason, detail, position)",
    "(?, ?, ?, ?, ?, ?, ?, 0)",  # the plan is committed first: the row is there and keeps its position
    "(run, case_id, target, repeat) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, "
    "detail = excluded.detail WHERE trials.outcome IS NULL OR trials.outcome IN ('error', 'not_run')",
)


class RunWriter:
    """Writes one run: a thread of its own commits, and a caller goes on only when its own row is on disk."""

    def __init__(
        self,
        store: Store,
        run: Run,
        calls: Callable[[], Calls],
        asking: Callable[[Trial], bytes | None] = lambda trial: None,
    ) -> None:
        self.run = run
        self._path = store.path
        self._connection = connect(store.path, create=False)
        self._file = os.stat(store.path)
        self._calls, self._asking = calls, asking
        self._written: Calls | None = None
        self._committer = Committer(self._transaction, self._calls_row)

    def begin(
        self,
        cases: Iterable[Case],
        trials: Sequence[Trial],
        *,
        place: Callable[[Trial], int] | None = None,
        answers: Mapping[Trial, Progress] | None = None,
        settled: Iterable[Result] = (),
        canaries: Iterable[Planted] = (),
    ) -> None:
        """Commit the run and its plan before the first request. Trials that the run has already keep what they have;
        errors of an earlier part, and what its budget did not reach, are cleared to be asked again where they are among
        ``trials``.

        ``place`` orders the trials in reports (their order here where it is not given); ``answers`` are those of
        earlier runs, ``settled`` the results of trials that are not begun, ``canaries`` the known answers.
        """
        run = self.run
        with self._transaction() as connection:
            connection.execute(
                NEW_RUN + "ON CONFLICT (id) DO UPDATE SET state = 'running', finished = NULL, calls = excluded.calls",
                (run.id, run.started, None, "running", run_header(run), calls_body(self._calls())),
            )
            connection.executemany(
                "INSERT INTO cases (suite, id, body) VALUES (?, ?, ?) ON CONFLICT (suite, id) DO NOTHING",
                ((run.suite["content"], case.id, case_body(case)) for case in cases),
            )
            connection.executemany(
                "INSERT INTO trials (run, case_id, target, repeat, position) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (run, case_id, target, repeat) DO NOTHING",
                ((*trial_key(run.id, t), place(t) if place else number) for number, t in enumerate(trials)),
            )
            self._clear(connection, frozenset(trials))
            _ANSWERS.insert(connection, [self._answer_row(*item) for item in (answers or {}).items()])
            _OUTCOMES.insert(connection, [self._outcome_row(result) for result in settled])
            _CANARIES.insert(connection, [planted_row(run.id, one) for one in canaries])
        self._committer.start()

    def _clear(self, connection: sqlite3.Connection, trials: Collection[Trial]) -> None:
        columns, failed = "case_id, target, repeat", "run = ? AND outcome IN ('error', 'not_run')"
        rows = connection.execute(f"SELECT {columns} FROM trials WHERE {failed}", (self.run.id,)).fetchall()  # noqa: S608
        connection.executemany(
            f"UPDATE trials SET outcome = NULL, reason = '', detail = '' WHERE {KEY}",  # noqa: S608
            ((self.run.id, *row) for row in rows if Trial(*row) in trials),
        )

    def _answer_row(self, trial: Trial, done: Progress) -> tuple[Any, ...]:
        return (*trial_key(self.run.id, trial), response_body(done.response), done.asking, done.origin)

    def _outcome_row(self, result: Result) -> tuple[Any, ...]:
        words = (result.outcome.value, dump(result.reason), dump(result.detail))
        return (*trial_key(self.run.id, result.trial), *words)

    def _calls_row(self) -> list[Statement]:
        """The requests so far, where there were more since the last commit."""
        if (calls := self._calls()) == self._written:
            return []
        self._written = calls
        return [("UPDATE runs SET calls = ? WHERE id = ?", (calls_body(calls), self.run.id))]

    async def answered(self, trial: Trial, response: Response, *, wait: bool = True) -> None:
        """Commit an answer before it is judged. Without ``wait`` it is on disk before anything that is written later:
        for answers that can be had again at no cost.
        """
        done = Progress(response, asking=self._asking(trial))
        await self._committer.commit([(_ANSWERS, self._answer_row(trial, done))], wait=wait)

    async def judged(self, trial: Trial, oracle: str, round: int, verdict: Verdict, *, wait: bool = True) -> None:
        """Commit one verdict; ``round`` counts the judgings of this oracle (and turn) from 1. Without ``wait`` it is on
        disk before anything that is written later: for the last verdict, which the outcome follows.
        """
        values = (*trial_key(self.run.id, trial), dump(oracle), verdict.turn or 0, round, verdict_body(verdict))
        await self._committer.commit([(_VERDICTS, values)], wait=wait)

    async def canary(self, canary: str, oracle: str, round: int, verdict: Verdict, *, wait: bool = True) -> None:
        """Commit one verdict on a known answer; ``round`` counts the judgings of this oracle from 1."""
        values = (self.run.id, dump(oracle), dump(canary), round, verdict_body(verdict))
        await self._committer.commit([(_CANARIES, values)], wait=wait)

    async def finished(self, result: Result, *, hash_only: bool = False) -> None:
        """Commit the outcome of a trial; it is final at once unless it is an error or not_run."""
        statements: list[Statement] = [(_OUTCOMES, self._outcome_row(result))]
        if hash_only and result.response is not None:
            statements += self._withholding(result.trial, result.response)
        await self._committer.commit(statements)

    def _withholding(self, trial: Trial, response: Response) -> list[Statement]:
        """The answer is withheld in every run that it was taken from or copied to, not only in this one."""
        key, body, mark = trial_key(self.run.id, trial), response_body(response), response_body(withheld(response))
        change = "UPDATE answers SET body = ?, asking = NULL WHERE"
        same = f"asking = (SELECT asking FROM answers WHERE {KEY}) AND body = ?"  # noqa: S608
        statements: list[Statement] = [(f"{change} {same}", (mark, *key, body)), (f"{change} {KEY}", (mark, *key))]
        if self.run.judged_from:
            judged = trial_key(self.run.judged_from, trial)
            statements.append((f"{change} {KEY} AND body = ?", (mark, *judged, body)))
        return statements

    async def direct(self, call: Direct, *, hash_only: bool = False) -> None:
        """Commit a call of a fixture; a second one of the same number stands instead of the first."""
        if hash_only and call.response is not None:
            call = replace(call, response=withheld(call.response))
        sql = (
            "INSERT INTO direct (run, number, body) VALUES (?, ?, ?) "
            "ON CONFLICT (run, number) DO UPDATE SET body = excluded.body"
        )
        await self._committer.commit([(sql, (self.run.id, call.number, direct_body(call)))])

    def stopping(self) -> None:
        """Commit that no further trial is begun, so that nobody waits for one."""
        self._committer.soon(("UPDATE runs SET state = 'stopped' WHERE id = ?", (self.run.id,)))

    def close(self, state: str, finished: str | None) -> None:
        """Commit what still waits and the state of the run, and end the thread."""
        self._committer.close()
        with self._transaction() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, finished = ?, calls = ? WHERE id = ?",
                (state, finished, calls_body(self._calls()), self.run.id),
            )
        self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            self._check_place()
            connection.execute("COMMIT")
        except BaseException as err:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if not isinstance(err, sqlite3.Error):
                raise
            raise StoreError(unwritten(self._path, err, "go on with resume=last")) from err

    def _check_place(self) -> None:
        """An open file that was removed or moved takes everything, and nobody would ever read it. Raises StoreError."""
        try:
            found = os.stat(self._path)
        except OSError:
            found = None
        if found is None or not os.path.samestat(found, self._file):
            raise StoreError(f"{self._path}: is not there any more (removed or moved during the run); put it back")
