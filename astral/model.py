"""The values that every part of ASTRAL passes on: frozen, checked where text enters, never here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from astral.stats import Rate


class Outcome(StrEnum):
    """What became of a trial. The six are disjoint and add up to the planned trials."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    INCONCLUSIVE = "inconclusive"
    BLOCKED = "blocked"
    ERROR = "error"
    NOT_RUN = "not_run"

    @property
    def final(self) -> bool:
        """True when a resumed run does not ask this trial again."""
        return self in (Outcome.SAFE, Outcome.UNSAFE, Outcome.INCONCLUSIVE, Outcome.BLOCKED)

    @property
    def judged(self) -> bool:
        """True when the trial has a verdict that counts in rates and coverage."""
        return self in (Outcome.SAFE, Outcome.UNSAFE)


class Label(StrEnum):
    """What one oracle says of one response."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"


class Refusal(StrEnum):
    """How far the response declined the request."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination of the matrix: an ordered tuple of (dimension, value)."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, **values: str) -> Cell:
        return cls(tuple(values.items()))

    def __getitem__(self, dimension: str) -> str:
        for name, value in self.pairs:
            if name == dimension:
                return value
        raise KeyError(dimension)

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.pairs)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(value for _, value in self.pairs)

    @property
    def category(self) -> str:
        return self["category"]

    @property
    def style(self) -> str:
        return self["style"]

    @property
    def persuasion(self) -> str:
        return self["persuasion"]

    def __str__(self) -> str:
        return " / ".join(self.values)


@dataclass(frozen=True, slots=True)
class Seed:
    """A corpus row that a writer builds on. ``goal`` follows "how to", ``topic`` follows "about"; both may be empty."""

    text: str
    source: str
    id: str = ""
    category: str = ""
    kind: str = "unsafe"
    goal: str = ""
    topic: str = ""
    twin_of: str = ""
    licence: str = ""

    def __repr__(self) -> str:  # seeds are harmful text: keep them out of tracebacks and --showlocals
        return f"<Seed {self.id or 'without id'}, {len(self.text)} chars>"


@dataclass(frozen=True, slots=True)
class NewsItem:
    """A hit of live search, every text of it a stranger's.

    ``date`` is ISO 8601 (``2026-11-20``), empty where the publisher gave none; ``retrieved`` is ISO 8601 UTC;
    ``category`` is what was searched for; ``source`` the search that found it; ``text`` the page's own, where fetched.
    """

    title: str
    url: str
    snippet: str = ""
    publisher: str = ""
    date: str = ""
    query: str = ""
    retrieved: str = ""
    source: str = ""
    category: str = ""
    text: str = ""

    def __repr__(self) -> str:
        return f"<NewsItem {self.date or 'undated'}, {len(self.title)} chars>"


@dataclass(frozen=True, slots=True)
class Case:
    """A prompt (or scripted turns) with its cell and where it came from."""

    id: str
    cell: Cell
    turns: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict, hash=False)
    twin_of: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def prompt(self) -> str:
        """The last user text: what the judged answer replies to."""
        return self.turns[-1]

    def __repr__(self) -> str:  # prompts are harmful text: keep them out of tracebacks and --showlocals
        return f"<Case {self.id}>"


def case_id(cell: Cell, turns: tuple[str, ...]) -> str:
    """``category-style-persuasion-<12 hex>``: the hash is SHA-256 over the canonical (ASCII) JSON of the turns."""
    digest = hashlib.sha256(json.dumps(list(turns), separators=(",", ":")).encode("ascii")).hexdigest()
    return "-".join([*cell.values, digest[:12]])


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint reported them; None where it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What a target answered.

    ``finish_reason`` is OpenAI's word: ``stop``, ``length``, ``content_filter``; ``refusal`` when ``text`` came in the
    reply's own refusal field; None when unknown. ``seconds`` is the wall time of the successful call. ``id`` is the
    answer's own name where it has one: a recorded answer is found again by it. ``earlier`` are the answers to the
    turns before the last one of a scripted conversation, ``earlier_finish`` their finish reasons (empty where unknown).
    """

    text: str
    model: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    seconds: float | None = None
    id: str | None = None
    earlier: tuple[str, ...] = ()
    earlier_finish: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Response {len(self.text)} chars, {self.finish_reason or 'no finish reason'}>"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one oracle says of one response.

    ``severity`` is 0..3 (0 unless unsafe) or None where the oracle cannot tell; ``score`` is P(unsafe) or None.
    ``turn`` counts the answers of a conversation from 1 where each is judged; None: the verdict is on the last one.
    ``signals`` are the names of what an explainable oracle saw; ``split`` says that the oracle's own samples did not
    agree: such a verdict is for people to review.
    """

    oracle: str
    label: Label
    refusal: Refusal = Refusal.UNKNOWN
    severity: int | None = None
    reason: str = ""
    score: float | None = None
    turn: int | None = None
    signals: tuple[str, ...] = ()
    split: bool = False

    def __repr__(self) -> str:
        return f"<Verdict {self.label} by {self.oracle}>"


@dataclass(frozen=True, slots=True, order=True)
class Trial:
    """One asking of a case: case × target × repeat. ``target`` is the slug; ``repeat`` counts from 1."""

    case_id: str
    target: str
    repeat: int = 1

    @property
    def id(self) -> str:
        suffix = f".r{self.repeat}" if self.repeat > 1 else ""
        return f"{self.case_id}.{self.target}{suffix}"


@dataclass(frozen=True, slots=True)
class Review:
    """What a person said of an answer. ``when`` is ISO 8601 UTC; ``was`` the outcome that the oracles came to."""

    label: Label
    who: str
    when: str
    note: str = ""
    was: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a trial. ``reason`` is a short machine-readable word (``budget``, ``truncated``, ``http_429``)."""

    trial: Trial
    outcome: Outcome
    reason: str = ""
    response: Response | None = None
    verdicts: tuple[Verdict, ...] = ()
    detail: str = ""
    """One escaped line for people: what went wrong and what to do. Never holds prompt or answer text."""
    origin: str = ""
    """The earlier run that the answer was taken from; empty for an answer that this run got."""
    review: Review | None = None
    """What a person said, which ``outcome`` follows; None where nobody looked."""

    @property
    def severity(self) -> int | None:
        """The highest severity among the unsafe verdicts, of which an unknown one counts as 3; None when there is none.
        Where a person judged, what they said counts: 3 where only they said unsafe, None where they did not.
        """
        if self.review is not None and self.review.label is not Label.UNSAFE:
            return None
        unsafe = [v for v in self.verdicts if v.label is Label.UNSAFE]
        return max((3 if v.severity is None else v.severity for v in unsafe), default=3 if self.review else None)

    @property
    def refused(self) -> bool:
        """True when the answer was safe because the target refused in full; of a conversation, the last answer."""
        if self.outcome is not Outcome.SAFE:
            return False
        last = max((v.turn or 0 for v in self.verdicts), default=0)
        return any(v.refusal is Refusal.FULL for v in self.verdicts if (v.turn or 0) == last)


Matrix = tuple[tuple[str, tuple[str, ...]], ...]
"""The dimensions in order, each with its values: ``(("category", ("animal_abuse", ...)), ("style", (...)), ...)``."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one model at one endpoint (``host/path``) was asked for one purpose, and what that cost.

    The tokens are those that the endpoint reported; for the ``unreported`` replies, which came without a count, four
    characters are taken for one. Requests without a reply, whose tokens nobody knows, count as requests only. ``usd``
    is None where the price is unknown; ``priced`` is the day of the price, empty where its file gives none.
    """

    endpoint: str
    model: str
    purpose: str
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unreported: int = 0
    usd: float | None = None
    priced: str = ""

    def plus(self, other: Spent) -> Spent:
        """Both together under the names of this one; the price is unknown where one of theirs is."""
        return replace(
            self,
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            unreported=self.unreported + other.unreported,
            usd=None if self.usd is None or other.usd is None else self.usd + other.usd,
            priced=max(self.priced, other.priced),
        )


@dataclass(frozen=True, slots=True)
class Calls:
    """How many requests were sent, by purpose, and the tokens that the endpoints reported (None: not reported).

    ``spent`` breaks requests and tokens down; it is empty for runs of versions that did not.
    """

    target: int = 0
    judge: int = 0
    preflight: int = 0
    retries: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    spent: tuple[Spent, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """The header of a stored run.

    ``targets`` maps each slug to the target as the user typed it; times are ISO 8601 UTC.
    ``suite`` holds path, content hash, preset, writer, plan, seed and fallback share as the suite's header gave them;
    ``settings`` every key that shapes the run, as text, without secrets; ``judge`` the oracles with model, prompt
    hash and temperature; ``params`` by slug all that a target's answers depend on beside case and repeat, as the target
    describes itself. ``judged_from`` is the run whose answers were judged again; ``merged`` the shards that were put
    together; ``reused`` the earlier runs that answers were taken from, each with how many.
    """

    id: str
    started: str
    targets: Mapping[str, str]
    matrix: Matrix
    finished: str | None = None
    suite: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    judge: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    calls: Calls = Calls()
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    judged_from: str = ""
    merged: tuple[str, ...] = ()
    reused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CanaryVerdict:
    """What an oracle, confirmed as for trials, said of a known answer that was mixed in: None where it was not judged.

    ``canary`` is the row's id.
    """

    oracle: str
    canary: str
    truth: Label
    said: Label | None


@dataclass(frozen=True, slots=True)
class Card:
    """How well a judge agreed with people on labelled answers.

    ``judge`` is its identity (``cards.identity``): the facts of its oracles without their addresses, vote and
    confirmation. ``sensitivity`` counts unsafe verdicts among the truly unsafe answers that it decided (repeats of one
    prompt are a cluster), ``specificity`` safe ones among the truly safe; ``undecided`` are (unsafe, safe) answers that
    it called unknown. ``labels`` names the file they came from, ``sha256`` is its content's; ``made`` is ISO 8601 UTC.
    """

    judge: Mapping[str, Any]
    sensitivity: Rate
    specificity: Rate
    undecided: tuple[int, int]
    labels: str
    sha256: str
    made: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """All that reports need of a run: its header, its cases by id, a result for every planned trial in plan order.

    Trials that were never reached stand here with ``Outcome.NOT_RUN``. ``canaries`` are the judge's verdicts on known
    answers; ``cards`` all that is known of judges here, whether or not they are this run's.
    """

    run: Run
    cases: Mapping[str, Case]
    results: tuple[Result, ...]
    canaries: tuple[CanaryVerdict, ...] = ()
    cards: tuple[Card, ...] = ()
