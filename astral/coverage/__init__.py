"""How much of the matrix was tested."""

from astral.coverage.levels import STRENGTHS, Combination, Level, coverage

__all__ = ["STRENGTHS", "Combination", "Level", "coverage"]
