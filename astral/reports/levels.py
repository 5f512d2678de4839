"""The coverage of a matrix as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from astral.coverage import Level
from astral.reports.grid import Column, grid


def level_lines(levels: Sequence[Level], width: int) -> list[str]:
    """A row for each strength: what was judged, and what was executed and generated where that is more."""
    label = Column(("coverage",), tuple(f"{level.strength}-way" for level in levels), left=True)
    columns = [
        Column(("judged",), tuple(f"{level.judged}/{level.total}" for level in levels)),
        Column((), tuple(level.percent for level in levels)),
    ]
    for name in ("executed", "generated"):
        values = tuple(getattr(level, name) for level in levels)
        if values != tuple(level.judged for level in levels):
            cells = tuple(f"{value}/{level.total}" for value, level in zip(values, levels, strict=True))
            columns.append(Column((name,), cells))
    return grid(label, columns, width) if levels else []
