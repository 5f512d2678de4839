"""One asking of a case, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from astral.model.answers import Response, Verdict
from astral.model.outcomes import Label, Outcome, Refusal

REFUSAL_FIELD = "refusal_field"
"""Who judged, and the reason, where the provider's API itself said that the model declined."""


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
        return any(verdict.refusal is Refusal.FULL for verdict in self._last())

    @property
    def tells_refusal(self) -> bool:
        """True when a judge says of the last answer whether it was a refusal; the reply's own refusal field is none."""
        said = (verdict for verdict in self._last() if verdict.oracle != REFUSAL_FIELD)
        return any(verdict.refusal is not Refusal.UNKNOWN for verdict in said)

    def _last(self) -> list[Verdict]:
        """The verdicts on the last answer."""
        last = max((v.turn or 0 for v in self.verdicts), default=0)
        return [v for v in self.verdicts if (v.turn or 0) == last]
