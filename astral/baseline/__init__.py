"""Baselines: what a project knows to be unsafe already, kept in a small file, and what a run shows against it."""

from astral.baseline.standing import Baseline, Standing, stand

__all__ = ["Baseline", "Standing", "stand"]
