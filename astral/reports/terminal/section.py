"""The section as a whole: first the verdict and what led to it, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from astral.baseline import Standing
from astral.calibration.trust import trust
from astral.coverage import coverage
from astral.escape import show
from astral.gates import GateResult
from astral.model import RunRecord
from astral.reports.demo import confusion
from astral.reports.disclosure import Disclosure
from astral.reports.findings import cautions, headline
from astral.reports.flaky import steadiness
from astral.reports.terminal.bearing import bearing, notes, trusted
from astral.reports.terminal.decision import against, gate_lines
from astral.reports.terminal.findings import FINDINGS_SHOWN, truth, unsafe
from astral.reports.terminal.tables import margins, table, targets
from astral.reports.terminal.totals import about, covered, flaky, outcomes, silent, together, twins
from astral.reports.terminal.wrapping import wrap
from astral.tally import tallies

NARROWEST = 40


def write(record: RunRecord, stream: TextIO, *, width: int = 80, unicode: bool = True, text: str = "none") -> None:
    """Write the lines to an open stream."""
    stream.writelines(line + "\n" for line in lines(record, width=width, unicode=unicode, text=text))


def lines(
    record: RunRecord,
    *,
    width: int,
    unicode: bool,
    text: str = "none",
    gates: Sequence[GateResult] = (),
    standing: Standing | None = None,
    listed: int = FINDINGS_SHOWN,
) -> list[str]:
    """The whole section without its heading, each line at most ``width`` (from 40) wide and inert.

    ``unicode=False`` keeps to ASCII. ``text`` governs prompts and answers under findings, of which at most ``listed``
    are shown; ``gates`` are those in force, ``standing`` is how the run stands against its baseline.
    """
    width = max(width, NARROWEST)
    counts, judge = tallies(record), trust(record)
    sections = [
        wrap(show(str(headline(counts, gates)), None), width),
        gate_lines(gates, width),
        against(standing, gates, width),
        unsafe(record, standing, Disclosure(text), width, listed),
        about(record, width),
        [*together(counts), *outcomes(counts.overall, width), *silent(record, width)],
        covered(coverage(record), width),
        *((table(record, counts, width), margins(record, counts, width)) if counts.overall.judged else ()),
        targets(record, counts, width) if len(counts.by_target) > 1 else [],
        twins(counts, width),
        flaky(steadiness(record), width),
        truth(confusion(record), width),
        bearing(counts, width),
        trusted(record, judge, width),
        notes(cautions(record, counts, judge, gates), width),
    ]
    found = [line for section in sections if section for line in ("", *section)][1:]
    return found if unicode else [line.encode("ascii", "backslashreplace").decode("ascii") for line in found]
