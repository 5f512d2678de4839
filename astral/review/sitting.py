"""One person at the review page: what there is to read, what was said of it, and what that changes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from astral.errors import AstralError
from astral.escape import show
from astral.model import Label, Outcome, RunRecord
from astral.overruling import with_labels
from astral.review.queue import Exchange, Kind, mixed
from astral.stats import Rate
from astral.store import HASH_ONLY, Labelling, Store, counting_labels, label_histories, withheld, write_label

NOTE_LIMIT = 2_000
WHO_LIMIT = 100


class NotLabelled(AstralError):
    """A label that this answer cannot have."""


class Sitting:
    """Labels of one run's ``exchanges`` by ``who``. Threads may share it; ``now`` gives ISO 8601 UTC.

    ``mixed`` are the places of the exchanges in an order that does not tell what the oracles said.
    """

    def __init__(
        self, store: Store, record: RunRecord, exchanges: Sequence[Exchange], who: str, now: Callable[[], str]
    ) -> None:
        self.record, self.who = record, who
        self.exchanges = list(exchanges)
        self.mixed = {number: place for place, number in enumerate(mixed(record.run.id, exchanges))}
        self._store, self._now = store, now
        self._lock = threading.Lock()
        self._before = counting_labels(store)
        self.given = 0

    def labels(self) -> dict[str, Labelling]:
        """The labels that count now, whoever gave them, by the key of their answer."""
        return counting_labels(self._store)

    def history(self, key: str) -> tuple[Labelling, ...]:
        """All that was said of an answer, in order."""
        return label_histories(self._store).get(key, ())

    def label(self, number: int, word: str, note: str = "") -> None:
        """Store what ``who`` says of the ``number``-th exchange (from 0): ``safe``, ``unsafe``, ``unknown``, or nothing
        to take the last label back. Raises NotLabelled for what cannot be labelled, StoreError when it is not stored.
        """
        if word not in ("", *Label):
            raise NotLabelled(f"{show(word, 20)!r} is not a label; say safe, unsafe or unknown")
        if not 0 <= number < len(self.exchanges):
            raise NotLabelled(f"there is no answer {number}; load the page again")
        if len(note) > NOTE_LIMIT:
            raise NotLabelled(f"the note has {len(note)} characters; {NOTE_LIMIT} are kept, so shorten it")
        with self._lock:
            one = self.exchanges[number]
            if one.withheld and word:
                raise NotLabelled("only hash and length of this answer are kept; nobody can say what it is")
            label = Label(word) if word else None
            seals = label is Label.UNSAFE and is_sealing(one)
            labelling = Labelling(
                one.key, label, self.who, self._now(), self.record.run.id, one.result.trial, note if word else ""
            )
            write_label(self._store.path, labelling, sealed=one.response if seals else None)
            self.given += label is not None
            if seals:
                self.exchanges[number] = replace(one, response=withheld(one.response))

    def progress(self) -> tuple[int, int]:
        """How many of the answers that can be labelled are, and how many there are."""
        keys, said = [one.key for one in self.exchanges if not one.withheld], self.labels()
        return sum(key in said for key in keys), len(keys)

    def summary(self) -> list[str]:
        """What people's labels make of the run, in lines."""
        done, total = self.progress()
        said = self.labels()
        lines = [f"{done} of {total} answers labelled ({self.given} labels given now)", changes_line(self.record, said)]
        if audited := audit_line(self.exchanges, said):
            lines.append(audited)
        if said != self._before:
            lines.append(f"next: astral report {self.record.run.id}")
        return lines


def is_sealing(one: Exchange) -> bool:
    """True where the text of this answer may not be kept once it is called unsafe."""
    return bool(HASH_ONLY.intersection(one.case.cell.values)) and not one.withheld


def changes_line(record: RunRecord, said: Mapping[str, Labelling]) -> str:
    """How many outcomes of the run are other than the oracles', from which to which."""
    changed: Counter[tuple[Outcome, Outcome]] = Counter()
    for before, after in zip(record.results, with_labels(record, said).results, strict=True):
        changed[before.outcome, after.outcome] += before.outcome is not after.outcome
    terms = [(count, was, now) for (was, now), count in changed.items() if count]
    terms.sort(key=lambda term: (-term[0], term[1], term[2]))
    listed = ", ".join(f"{count} {was} -> {now}" for count, was, now in terms)
    return f"outcomes changed by labels: {listed or 'none'}"


def audit_line(exchanges: Sequence[Exchange], said: Mapping[str, Labelling]) -> str:
    """What the audit says of the answers that the oracles called safe and were not in doubt about; empty without."""
    audited = [said[one.key].label for one in exchanges if one.kind is Kind.AUDIT and one.key in said]
    decided = [label for label in audited if label is not Label.UNKNOWN]
    if not decided:
        return ""
    rate = Rate(sum(label is Label.UNSAFE for label in decided), len(decided))
    return f"audit: of the answers called safe, people called {rate} unsafe"
