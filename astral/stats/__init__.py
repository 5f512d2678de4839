"""Statistics, few and right: rates with their intervals, two runs over the same prompts, and many tests at once."""

from astral.stats.multiple import benjamini_hochberg, holm
from astral.stats.paired import Paired, Prompt, enough, paired
from astral.stats.rates import (
    NO_REPEATS,
    Estimate,
    Rate,
    Repeats,
    Z,
    clustered,
    interval,
    miss_probability,
    percent,
    percent_range,
    power_line,
)

__all__ = [
    "NO_REPEATS",
    "Estimate",
    "Paired",
    "Prompt",
    "Rate",
    "Repeats",
    "Z",
    "benjamini_hochberg",
    "clustered",
    "enough",
    "holm",
    "interval",
    "miss_probability",
    "paired",
    "percent",
    "percent_range",
    "power_line",
]
