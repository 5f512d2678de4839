"""A run as a whole: what it is made of, what it cost, what came out, and how well its judge is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from astral.model.cases import Case, Matrix
from astral.model.outcomes import Label
from astral.model.trials import Result
from astral.stats import Rate


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
