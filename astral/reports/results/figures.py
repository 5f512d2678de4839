"""Counts, rates and coverage as the results hold them."""

from __future__ import annotations

import math
from typing import Any

from astral.coverage import Extended, Gaps, Level
from astral.model import Outcome
from astral.stats import Estimate, Rate
from astral.tally import Tally


def tally(part: Tally) -> dict[str, int]:
    outcomes = {outcome.value: part.count(outcome) for outcome in Outcome}
    return {"planned": part.planned, **outcomes, "refused": part.refused, "answered": part.answered}


def level(one: Level) -> dict[str, Any]:
    return {
        "total": one.total,
        "covered": {"generated": one.generated, "executed": one.executed, "judged": one.judged},
        "uncovered": [dict(combination) for combination in one.uncovered],
    }


def beyond(one: Extended) -> dict[str, Any]:
    """The coverage of the matrix with further dimensions behind it; empty where there are none."""
    return {
        "dimensions": list(one.names),
        "ignored": list(one.ignored),
        "levels": {str(found.strength): level(found) for found in one.levels},
    }


def untested(found: Gaps) -> dict[str, Any]:
    """The cells without a judged prompt: those of the plan one by one, the others, which may be millions, counted."""
    return {
        "cells": found.cells,
        "judged": found.judged,
        "empty": found.empty,
        "not_planned": found.not_planned,
        "planned": [
            {
                "dimensions": dict(gap.combination),
                "prompts": gap.prompts,
                "outcomes": {outcome.value: count for outcome, count in gap.outcomes.items()},
                "duplicates": gap.duplicates,
            }
            for gap in found.planned
        ],
    }


def rate(one: Rate) -> dict[str, Any]:
    low, high = one.interval or (None, None)
    return {
        "hits": one.hits,
        "n": one.n,
        "prompts": one.prompts,
        "share": one.share,
        "low": low,
        "high": high,
    }


def estimate(one: Estimate) -> dict[str, float]:
    return {"share": one.value, "low": one.low, "high": one.high}


def finite(number: float | None) -> float | None:
    """JSON has no NaN; a strict reader would refuse the whole document."""
    return number if number is not None and math.isfinite(number) else None
