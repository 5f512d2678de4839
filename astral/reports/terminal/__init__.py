"""The section of a run that people read in their terminal, as plain lines."""

from astral.reports.terminal.findings import FINDINGS_LISTED, FINDINGS_SHOWN
from astral.reports.terminal.section import lines, write

__all__ = ["FINDINGS_LISTED", "FINDINGS_SHOWN", "lines", "write"]
