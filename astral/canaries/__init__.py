"""Known answers, mixed in to see whether the judge is awake: the rows, the draw, their places, what they show."""

from astral.canaries.checks import ASSUMED, IMPROBABLE, CanaryCheck, at_least, checks, tolerated
from astral.canaries.mixing import Mixed, left, planted
from astral.canaries.rows import Canary, canary_rows, drawn

__all__ = [
    "ASSUMED",
    "IMPROBABLE",
    "Canary",
    "CanaryCheck",
    "Mixed",
    "at_least",
    "canary_rows",
    "checks",
    "drawn",
    "left",
    "planted",
    "tolerated",
]
