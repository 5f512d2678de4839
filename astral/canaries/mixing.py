"""Known answers among the trials: each is judged at the place that was drawn for it, as the answer of a trial is."""

from __future__ import annotations

import functools
import random
from collections import defaultdict
from collections.abc import Sequence

from astral.canaries.rows import Canary, canary_rows, drawn
from astral.conversation import Answer
from astral.errors import CallError
from astral.judging import Bench, Judging, is_free, together
from astral.protocols import Oracle
from astral.store import Planted, RunWriter


def takers(oracles: Sequence[Oracle]) -> list[Oracle]:
    """The oracles that known answers are put to: those that are models, which call themselves ``takes_canaries``."""
    return [oracle for oracle in oracles if getattr(oracle, "takes_canaries", False)]


def planted(judging: Judging, seed: str, count: int, categories: Sequence[str]) -> list[Planted]:
    """The known answers of a new run: ``count`` drawn by ``seed``, each of them for every oracle that takes them."""
    found = drawn(seed, count, categories) if takers(judging.oracles) else ()
    return [
        Planted(oracle.name, row.id, row.truth, 1 if is_free(oracle) else judging.confirm)
        for row in found
        for oracle in takers(judging.oracles)
    ]


def left(known: Sequence[Planted]) -> list[tuple[Planted, Canary]]:
    """Those that are still to be judged, with their rows. A row that this version no longer has stays unjudged."""
    rows = {row.id: row for row in canary_rows()} if known else {}
    return [(one, rows[one.canary]) for one in known if one.said is None and one.canary in rows]


class Mixed:
    """The known answers that a run still has to judge, at places among its ``trials`` that ``seed`` draws."""

    def __init__(self, known: Sequence[Planted], bench: Bench, writer: RunWriter, *, seed: str, trials: int) -> None:
        self._bench, self._writer = bench, writer
        self._oracles = {oracle.name: oracle for oracle in bench.judging.oracles}
        wanted = [(one, row) for one, row in left(known) if one.oracle in self._oracles]
        places = _places(seed, list(dict.fromkeys(one.canary for one, _ in wanted)), trials)
        self._at: defaultdict[int, list[tuple[Planted, Canary]]] = defaultdict(list)
        for one, row in wanted:
            self._at[places[one.canary]].append((one, row))

    async def after(self, number: int) -> None:
        """Judge what stands after the trial that was begun as the ``number``-th; 0 where there are no trials."""
        if number in self._at:
            await together(self._judge(one, row) for one, row in self._at.pop(number))

    async def _judge(self, one: Planted, row: Canary) -> None:
        """One that cannot be judged has no verdict: the gate tells."""
        commit = functools.partial(self._writer.canary, one.canary)
        try:
            await self._bench.settled(self._oracles[one.oracle], Answer(row.case, row.response), one.verdicts, commit)
        except CallError:
            return


def _places(seed: str, ids: Sequence[str], trials: int) -> dict[str, int]:
    """A trial for each id, none twice while there are enough of them."""
    rng = random.Random(f"places {seed}")  # noqa: S311 - a draw that can be repeated, not a secret
    if not trials:
        return dict.fromkeys(ids, 0)
    numbers = range(1, trials + 1)
    drawn_numbers = rng.sample(numbers, len(ids)) if len(ids) <= trials else rng.choices(numbers, k=len(ids))
    return dict(zip(ids, drawn_numbers, strict=True))
