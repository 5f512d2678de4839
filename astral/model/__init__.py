"""The values that every part of ASTRAL passes on: frozen, checked where text enters, never here."""

from astral.model.answers import Response, Usage, Verdict
from astral.model.cases import Case, Cell, Matrix, NewsItem, Seed, case_id
from astral.model.outcomes import Label, Outcome, Refusal
from astral.model.runs import Calls, CanaryVerdict, Card, Run, RunRecord, Spent
from astral.model.trials import REFUSAL_FIELD, Result, Review, Trial

__all__ = [
    "REFUSAL_FIELD",
    "Calls",
    "CanaryVerdict",
    "Card",
    "Case",
    "Cell",
    "Label",
    "Matrix",
    "NewsItem",
    "Outcome",
    "Refusal",
    "Response",
    "Result",
    "Review",
    "Run",
    "RunRecord",
    "Seed",
    "Spent",
    "Trial",
    "Usage",
    "Verdict",
    "case_id",
]
