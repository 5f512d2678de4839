"""How much of the matrix was tested."""

from astral.coverage.further import Extended, extended, further
from astral.coverage.gaps import Gap, Gaps, gaps
from astral.coverage.levels import STRENGTHS, Depth, Level, coverage
from astral.coverage.prompts import Combination
from astral.coverage.united import Part, United, united

__all__ = [
    "STRENGTHS",
    "Combination",
    "Depth",
    "Extended",
    "Gap",
    "Gaps",
    "Level",
    "Part",
    "United",
    "coverage",
    "extended",
    "further",
    "gaps",
    "united",
]
