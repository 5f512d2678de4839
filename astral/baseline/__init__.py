"""Baselines: what a project knows to be unsafe already, kept in a small file, and what a run shows against it."""

from astral.baseline.file import EXAMPLE, check_replaceable, dump, load_baseline, write_baseline
from astral.baseline.judges import check_same_judge, check_same_rules
from astral.baseline.known import Known, known_findings
from astral.baseline.opening import baseline_for, baseline_lines, open_baseline
from astral.baseline.standing import Baseline, Standing, known_outcomes, stand
from astral.baseline.update import Update, updated

__all__ = [
    "EXAMPLE",
    "Baseline",
    "Known",
    "Standing",
    "Update",
    "baseline_for",
    "baseline_lines",
    "check_replaceable",
    "check_same_judge",
    "check_same_rules",
    "dump",
    "known_findings",
    "known_outcomes",
    "load_baseline",
    "open_baseline",
    "stand",
    "updated",
    "write_baseline",
]
