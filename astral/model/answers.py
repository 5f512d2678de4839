"""What a target answered, and what one oracle said of it."""

from __future__ import annotations

from dataclasses import dataclass

from astral.escape import show
from astral.model.outcomes import Label, Refusal


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
        return f"<Response {len(self.text)} chars, {show(self.finish_reason or '', 40) or 'no finish reason'}>"


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
        return f"<Verdict {self.label} by {show(self.oracle, 60)}>"
