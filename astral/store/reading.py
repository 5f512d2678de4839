"""Reads stored runs, also while another process writes one."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from astral.errors import StoreError
from astral.model import Case, Cell, Outcome, Response, Result, Run, RunRecord, Trial, Verdict
from astral.store.canaries import Planted, read_planted
from astral.store.damage import told
from astral.store.place import connect
from astral.store.rows import (
    KEY,
    Direct,
    Progress,
    read_case,
    read_cell,
    read_direct,
    read_response,
    read_run,
    read_verdict,
    trial_key,
)

_BATCH = 500
"""Values in one question to SQLite, which takes 999 in every build."""
_TRIALS = (
    "SELECT case_id, target, repeat, outcome, reason, detail, position, body, origin "
    "FROM trials LEFT JOIN answers USING (run, case_id, target, repeat) "
    "WHERE run = ? ORDER BY case_id, target, repeat"
)
_VERDICTS = (
    "SELECT case_id, target, repeat, body FROM verdicts WHERE run = ? "
    "ORDER BY case_id, target, repeat, oracle, turn, round"
)
_OPEN = "(outcome IS NULL OR outcome IN ('error', 'not_run'))"
_shared_verdict = lru_cache(maxsize=1 << 12)(read_verdict)  # the same words come again and again


@lru_cache(maxsize=1 << 10)
def _word(stored: str) -> str:
    return str(json.loads(stored or '""'))


class Store:
    """Reads runs; a ``RunWriter`` made of it writes one.

    ``sound``: the whole file is looked at first (3 ms a megabyte). Damage is a StoreError there and wherever a row is
    read, and never another outcome than the one that was written.
    """

    def __init__(self, path: Path, *, create: bool = False, sound: bool = True) -> None:
        self.path = path
        self._connection = connect(path, create=create, sound=sound)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as err:
            raise StoreError(f"{self.path}: cannot be read ({err})") from err

    def run_ids(self) -> list[str]:
        """All runs, the one that was begun (or merged) last first."""
        return [row[0] for row in self._rows("SELECT id FROM runs ORDER BY number DESC, id DESC")]

    def planning_ids(self) -> list[str]:
        """The runs that planned a trial (Python tests alone plan none), in the same order."""
        return list(self._planning(self.run_ids()))

    def _planning(self, ids: Iterable[str]) -> Iterator[str]:
        return (id for id in ids if self._rows("SELECT 1 FROM trials WHERE run = ? LIMIT 1", id))

    @told
    def run(self, name: str) -> Run:
        """The header of run ``name``; ``last`` is the newest that planned a trial.

        Raises StoreError naming what there is.
        """
        ids = self.run_ids()
        if name == "last" and ids:
            name = next(self._planning(ids), ids[0])
        rows = self._rows("SELECT id, started, finished, header, calls FROM runs WHERE id = ?", name)
        if not rows:
            known = f"known: {', '.join(ids[:5])}" if ids else "none is stored yet"
            raise StoreError(f"{self.path}: no run {name!r}; {known}")
        return read_run(rows[0])

    def state(self, run: str) -> str:
        """``running``, ``finished`` (no trial is left to ask) or ``stopped``."""
        rows = self._rows("SELECT state FROM runs WHERE id = ?", run)
        return rows[0][0] if rows else "stopped"

    @told
    def trials(self, run: str) -> list[Trial]:
        """The planned trials in plan order."""
        return [
            Trial(*row)
            for row in self._rows("SELECT case_id, target, repeat FROM trials WHERE run = ? ORDER BY position", run)
        ]

    @told
    def places(self, run: str) -> dict[Trial, int]:
        """Where each trial stands in the plan."""
        sql = "SELECT case_id, target, repeat, position FROM trials WHERE run = ?"
        return {Trial(*row[:3]): row[3] for row in self._rows(sql, run)}

    @told
    def unfinished(self, run: str) -> list[Trial]:
        """The planned trials without a final outcome."""
        sql = f"SELECT case_id, target, repeat FROM trials WHERE run = ? AND {_OPEN}"  # noqa: S608
        return [Trial(*row) for row in self._rows(sql, run)]

    @told
    def outcomes(self, run: str) -> dict[Trial, Outcome]:
        """The trials that have an outcome, errors included."""
        sql = "SELECT case_id, target, repeat, outcome FROM trials WHERE run = ? AND outcome IS NOT NULL"
        return {Trial(*row[:3]): Outcome(row[3]) for row in self._rows(sql, run)}

    @told
    def planned(self, run: str) -> dict[Trial, Outcome]:
        """Every planned trial in plan order with its outcome; ``not_run`` for those that have none."""
        sql = "SELECT case_id, target, repeat, outcome FROM trials WHERE run = ? ORDER BY position"
        return {Trial(*row[:3]): Outcome(row[3] or Outcome.NOT_RUN) for row in self._rows(sql, run)}

    @told
    def prompts(self, run: str) -> dict[str, Cell]:
        """The cells of the cases that were planned, by id, without benign twins; no text is kept of them."""
        found = ((id, read_cell(body)) for id, body in self.case_rows(run))
        return {id: cell for id, cell in found if cell is not None}

    @told
    def verdicts(self, run: str, trials: Container[Trial]) -> dict[Trial, tuple[Verdict, ...]]:
        """What judges said of the answers to these trials; of no other is a word read."""
        found: dict[Trial, tuple[Verdict, ...]] = {}
        for case_id, target, repeat, body in self._rows(_VERDICTS, run):
            if (trial := Trial(case_id, target, repeat)) in trials:
                found[trial] = (*found.get(trial, ()), _shared_verdict(body))
        return found

    def origins(self, run: str) -> dict[str, int]:
        """The earlier runs that answers were taken from, each with how many."""
        sql = "SELECT origin, count(*) FROM answers WHERE run = ? AND origin <> '' GROUP BY origin ORDER BY origin"
        return dict(self._rows(sql, run))

    @told
    def excerpt(self, run: Run, trials: Iterable[Trial]) -> RunRecord:
        """A part of a run's record: the trials among these that have an outcome, with their cases."""
        results = tuple(one for trial in trials if (one := self.result(run.id, trial)) is not None)
        sql = "SELECT id, body FROM cases WHERE suite = ? AND id = ?"
        ids = sorted({one.trial.case_id for one in results})
        rows = (row for id in ids for row in self._rows(sql, run.suite["content"], id))
        return RunRecord(run, {id: read_case(id, body) for id, body in rows}, results)

    @told
    def record(self, name: str, *, cases: Mapping[str, Case] | None = None) -> RunRecord:
        """Everything reports need of a run. Those of its ``cases`` that the caller has, by id, are not read again."""
        run = self.run(name)
        found = self._cases(run, cases or {})
        results = self._merged(run.id, {id: case.id for id, case in found.items()})
        reused = Counter(one.origin for one in results if one.origin)
        canaries = tuple(one.verdict for one in self.canaries(run.id))
        return RunRecord(replace(run, reused=dict(sorted(reused.items()))), found, results, canaries)

    def _cases(self, run: Run, known: Mapping[str, Case]) -> dict[str, Case]:
        """The cases of the plan by id, in the order of their ids."""
        sql = "SELECT DISTINCT case_id FROM trials WHERE run = ? ORDER BY case_id"
        ids = [row[0] for row in self._rows(sql, run.id)]
        if all(id in known for id in ids):
            return {id: known[id] for id in ids}
        read = {id: read_case(id, body) for id, body in self.case_rows(run.id)}
        return {id: known.get(id) or read[id] for id in ids if id in known or id in read}

    @told
    def results(self, run: str, progress: Mapping[Trial, Progress] | None = None) -> tuple[Result, ...]:
        """A result for every planned trial, in plan order; ``progress`` is what ``progress()`` gave, if it is known."""
        if progress is None:
            return self._merged(run, {})
        sql = "SELECT case_id, target, repeat, outcome, reason, detail FROM trials WHERE run = ? ORDER BY position"
        return tuple(self._result(row, progress) for row in self._rows(sql, run))

    def _merged(self, run: str, names: Mapping[str, str]) -> tuple[Result, ...]:
        """A result for every planned trial, in plan order: three tables read side by side in the order of their keys,
        so that no row is held but in what it becomes. ``names`` are case ids that are held already.
        """
        return tuple(result for _, result in sorted(self._placed(run, names), key=lambda pair: pair[0]))

    def _placed(self, run: str, names: Mapping[str, str]) -> Iterator[tuple[int, Result]]:
        trials = self._connection.execute(_TRIALS, (run,))
        verdicts = self._connection.execute(_VERDICTS, (run,))
        waiting = next(verdicts, None)
        slugs: dict[str, str] = {}
        for id, target, repeat, outcome, reason, detail, place, body, origin in trials:
            found: list[Verdict] = []
            while waiting is not None and waiting[:3] <= (id, target, repeat):
                if waiting[:3] == (id, target, repeat):
                    found.append(_shared_verdict(waiting[3]))
                waiting = next(verdicts, None)
            trial = Trial(names.get(id, id), slugs.setdefault(target, target), repeat)
            response = None if body is None else read_response(body)
            shown = Outcome(outcome) if outcome else Outcome.NOT_RUN
            told = tuple(found) if response is not None else ()
            yield place, Result(trial, shown, _word(reason), response, told, _word(detail), origin or "")

    @told
    def newest_answers(self, keys: Iterable[bytes]) -> dict[bytes, tuple[Response, str]]:
        """By ``asking``: the answer of the run begun last that has one, and the run that got it. Others have none."""
        found: dict[bytes, tuple[str, str]] = {}
        wanted = list(dict.fromkeys(keys))
        for at in range(0, len(wanted), _BATCH):
            part = wanted[at : at + _BATCH]
            sql = (
                "SELECT asking, body, CASE origin WHEN '' THEN run ELSE origin END FROM answers "  # noqa: S608
                f"JOIN runs ON runs.id = answers.run WHERE asking IN ({','.join('?' * len(part))}) "
                "ORDER BY number, case_id, target, repeat"
            )
            found |= {asking: (body, run) for asking, body, run in self._rows(sql, *part)}
        return {asking: (read_response(body), run) for asking, (body, run) in found.items()}

    @told
    def rows_of(self, run: str, table: str, columns: str) -> list[Any]:
        """Rows as they are stored, to be copied, in the order of the first of ``columns``."""
        return self._rows(f"SELECT {columns} FROM {table} WHERE run = ? ORDER BY 1", run)  # noqa: S608

    @told
    def case_rows(self, run: str) -> list[Any]:
        """Id and body of each case of a run, as they are stored."""
        sql = "SELECT id, body FROM cases WHERE suite = ? AND id IN (SELECT case_id FROM trials WHERE run = ?)"
        return self._rows(sql, self.run(run).suite["content"], run)

    def damage(self) -> str:
        """What is wrong with the file; empty for a sound one."""
        (found,) = self._rows("PRAGMA quick_check(1)")[0]
        return "" if found == "ok" else str(found)

    @told
    def counts(self) -> dict[str, Counter[str]]:
        """By run: how many trials have each outcome, with ``not_run`` for those that have none."""
        found: dict[str, Counter[str]] = {}
        for run, outcome, count in self._rows("SELECT run, outcome, count(*) FROM trials GROUP BY run, outcome"):
            found.setdefault(run, Counter())[Outcome(outcome or Outcome.NOT_RUN).value] += count
        return found

    @staticmethod
    def _result(row: Sequence[Any], progress: Mapping[Trial, Progress]) -> Result:
        trial = Trial(*row[:3])
        done = progress.get(trial)
        verdicts = tuple(v for rounds in done.verdicts.values() for v in rounds) if done else ()
        outcome = Outcome(row[3]) if row[3] else Outcome.NOT_RUN
        return Result(
            trial,
            outcome,
            json.loads(row[4] or '""'),
            done.response if done else None,
            verdicts,
            json.loads(row[5] or '""'),
            done.origin if done else "",
        )

    @told
    def result(self, run: str, trial: Trial) -> Result | None:
        """What became of a trial so far; None while it is under way."""
        columns = "case_id, target, repeat, outcome, reason, detail"
        sql = f"SELECT {columns} FROM trials WHERE {KEY} AND outcome IS NOT NULL"  # noqa: S608
        rows = self._rows(sql, *trial_key(run, trial))
        if not rows:
            return None
        return self._result(rows[0], self._progress(f"WHERE {KEY}", *trial_key(run, trial)))

    @told
    def progress(self, run: str) -> dict[Trial, Progress]:
        """Stored answers and verdicts by trial."""
        return self._progress("WHERE run = ?", run)

    def _progress(self, where: str, *values: Any) -> dict[Trial, Progress]:
        verdicts: dict[Trial, dict[str, tuple[Verdict, ...]]] = {}
        sql = f"SELECT case_id, target, repeat, oracle, body FROM verdicts {where} ORDER BY oracle, turn, round"  # noqa: S608
        for case_id, target, repeat, oracle, body in self._rows(sql, *values):
            rounds = verdicts.setdefault(Trial(case_id, target, repeat), {})
            name = json.loads(oracle)
            rounds[name] = (*rounds.get(name, ()), read_verdict(body))
        sql = f"SELECT case_id, target, repeat, body, asking, origin FROM answers {where}"  # noqa: S608
        answers = ((Trial(*row[:3]), *row[3:]) for row in self._rows(sql, *values))
        return {
            trial: Progress(read_response(body), verdicts.get(trial, {}), asking, origin)
            for trial, body, asking, origin in answers
        }

    @told
    def canaries(self, run: str) -> tuple[Planted, ...]:
        """The known answers of a run, by oracle and id; none in runs of versions that had none."""
        sql = "SELECT oracle, canary, round, body FROM canaries WHERE run = ? ORDER BY oracle, canary, round"
        return read_planted(self._rows(sql, run))

    @told
    def direct(self, run: str) -> tuple[Direct, ...]:
        """The calls of fixtures in Python tests, in the order of their numbers."""
        return tuple(
            read_direct(*row)
            for row in self._rows("SELECT number, body FROM direct WHERE run = ? ORDER BY number", run)
        )
