"""What becomes of a trial, what an oracle says of an answer, and how far the answer declined."""

from __future__ import annotations

from enum import StrEnum


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
