"""Two runs, or two targets of one, over the same prompts: what changed, and how sure one can be that it did."""

from astral.comparison.compare import compare, shared_targets, slugs
from astral.comparison.versus import About, Change, Comparison, OverRefusal, Value, Versus

__all__ = ["About", "Change", "Comparison", "OverRefusal", "Value", "Versus", "compare", "shared_targets", "slugs"]
