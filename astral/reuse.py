"""Which questions are identical, so that the answer of an earlier run can stand for asking again."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any

from astral.model import Case, Trial
from astral.store import Progress, Store
from astral.voting import before_judging


class Questions:
    """Tells questions apart by all that an answer depends on: what a target says of itself (``params`` by slug), the
    turns, and which repeat it is. To the targets of ``opaque``, which may look at all of a case, all of it counts.
    """

    def __init__(
        self, cases: Mapping[str, Case], params: Mapping[str, Mapping[str, Any]], opaque: Collection[str] = ()
    ) -> None:
        self._cases, self._opaque = cases, frozenset(opaque)
        self._begun = {slug: sha256(_canonical(facts)) for slug, facts in params.items()}

    def key(self, trial: Trial) -> bytes:
        """SHA-256 over the canonical JSON of the target's description, then of turns and repeat."""
        case = self._cases[trial.case_id]
        asked: list[Any] = [case.turns, trial.repeat]
        if trial.target in self._opaque:
            asked += [case.id, case.cell.pairs, case.twin_of]
        digest = self._begun[trial.target].copy()
        digest.update(_canonical(asked))
        return digest.digest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def reusable(store: Store, questions: Questions, trials: Iterable[Trial]) -> dict[Trial, Progress]:
    """The newest answers that earlier runs got to the same questions, each with its run.

    An answer without text (a filter's, or none at all) is not one: that is asked again. So is one whose text was
    withheld, which the store keeps no key for.
    """
    keys = {trial: questions.key(trial) for trial in trials}
    known = store.newest_answers(keys.values())
    return {
        trial: Progress(known[key][0], asking=key, origin=known[key][1])
        for trial, key in keys.items()
        if key in known and before_judging(known[key][0]) is None
    }
