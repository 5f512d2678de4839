"""A comparison as a page of its own, in the same visual language as the report of a run. It holds no script."""

from __future__ import annotations

from astral.comparison import Change, Comparison, Value, Versus
from astral.comparison.wording import counted, difference_text, p_cell, p_text, several
from astral.reports.comparison_facts import TEST, changed, facts, moves, ranked, standing_out
from astral.reports.html.margins import top
from astral.reports.html.rendering import render_page
from astral.stats import Paired

FOLDED = 100
"""Prompts from which on a list is folded."""


def render(comparison: Comparison) -> str:
    """The comparison as one HTML document that loads nothing. Raises ReportError."""
    only = comparison.targets[0] if len(comparison.targets) == 1 else None
    view = {
        "comparison": comparison,
        "title": only.conclusion.partition(": ")[0] if only else f"{len(comparison.targets)} targets, A and B",
        "mood": mood,
        "facts": facts(comparison),
        "several": several(comparison),
        "test": TEST,
        "moves": moves,
        "ranked": ranked,
        "changed": changed,
        "standing_out": standing_out,
        "counted": counted,
        "difference": difference_text,
        "p_text": p_text,
        "p_cell": p_cell,
        "top": scale,
        "end_of": top,
        "reach": reach,
        "widest": widest,
        "worse": lambda one: [change for change in one.changes if change.by > 0],
        "better": lambda one: [change for change in one.changes if change.by < 0],
        "dimensions": dimensions,
        "folded": FOLDED,
    }
    return render_page("compare.html.j2", view, styles=["page.css", "compare.css"])


def mood(one: Versus) -> str:
    """``bad`` where the second side is worse, ``good`` where it is better, else ``none``."""
    return ("bad" if one.paired.second > one.paired.first else "good") if one.shown and one.paired.pairs else "none"


def scale(one: Versus) -> float:
    """Where the scale of the two drawn rates ends."""
    return top(one.rates)


def reach(found: Paired) -> float:
    """The share at either end of the scale of a drawn difference."""
    return next((end for end in (0.05, 0.1, 0.25, 0.5) if max(map(abs, found.interval or (1,))) <= end), 1.0)


def widest(one: Versus) -> float:
    """The largest share of prompts of a value that got worse or better."""
    values: list[Value] = list(one.values)
    return max((max(v.paired.worse, v.paired.better) / v.paired.prompts for v in values), default=1.0) or 1.0


def dimensions(changes: tuple[Change, ...]) -> list[str]:
    """The dimensions of the cells that are known, in their order."""
    return list(dict.fromkeys(name for change in changes if change.cell for name in change.cell.dimensions))
