"""How a run stands against its baseline, as the results hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astral.baseline import Standing
from astral.samples import Question
from astral.stats import Paired


def against(standing: Standing) -> dict[str, Any]:
    baseline = standing.baseline
    groups = {name: getattr(standing, name) for name in ("new", "known", "fixed", "unseen")}
    return {
        "path": baseline.path,
        "run": baseline.run,
        "made": baseline.made,
        "counts": {
            **{name: len(found) for name, found in groups.items()},
            "unasked": standing.unasked,
            "added": standing.added,
        },
        **{name: _questions(found) for name, found in groups.items()},
        "by_target": {slug: _paired(one) for slug, one in standing.paired.items()},
    }


def _questions(found: Sequence[Question]) -> list[dict[str, str]]:
    return [{"id": id, "target": target} for id, target in found]


def _paired(one: Paired) -> dict[str, Any]:
    low, high = one.interval or (None, None)
    return {
        "prompts": one.prompts,
        "pairs": one.pairs,
        "unsafe_then": one.first,
        "unsafe_now": one.second,
        "worse": one.worse,
        "better": one.better,
        "difference": one.difference,
        "low": low,
        "high": high,
        "p_worse": one.p_worse,
        "p": one.p,
    }
