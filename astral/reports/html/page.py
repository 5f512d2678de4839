"""The report that people open in a browser: one file, nothing loaded from elsewhere, foreign text inert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from astral.baseline import Standing
from astral.calibration.trust import Trust, described, trust
from astral.coverage import coverage
from astral.gates import GateResult
from astral.model import RunRecord
from astral.reports.disclosure import Disclosure
from astral.reports.facts import facts
from astral.reports.findings import TOGETHER, cautions, headline, silences
from astral.reports.html import tables
from astral.reports.html.rendering import render_page
from astral.reports.html.trials import listing
from astral.reports.pairs import pairs
from astral.stats import power_line
from astral.tally import Tallies, Tally, tallies

REASONS_SHOWN = 10
PAIRS_SHOWN = 10


def write(
    record: RunRecord,
    stream: TextIO,
    *,
    text: str = "none",
    gates: Sequence[GateResult] = (),
    standing: Standing | None = None,
) -> None:
    """Write the report to an open UTF-8 stream; ``text`` is ``none``, ``prompts`` or ``all``. Raises ReportError."""
    stream.write(render(record, text=text, gates=gates, standing=standing))


def render(
    record: RunRecord, *, text: str = "none", gates: Sequence[GateResult] = (), standing: Standing | None = None
) -> str:
    """The report as one HTML document that holds no character but those that UTF-8 can write."""
    view = _view(record, Disclosure(text), gates, standing)
    return render_page("page.html.j2", view, styles=["page.css"], scripts=["page.js"])


def _view(
    record: RunRecord, disclosure: Disclosure, gates: Sequence[GateResult], standing: Standing | None
) -> dict[str, Any]:
    counts, judge = tallies(record), trust(record)
    return {
        "text": disclosure.text,
        "headline": headline(counts),
        "mood": "bad" if counts.overall.unsafe else "good" if counts.overall.judged else "",
        "bearing": _bearing(counts),
        "cautions": cautions(record, counts, judge, gates),
        "trust": judge,
        "told": _told(judge),
        "facts": facts(record),
        "versions": ", ".join(f"{name} {version}" for name, version in record.run.versions.items()) or "unknown",
        "tally": counts.overall,
        "twins": counts.twins,
        "counted": tables.counted,
        "stack": tables.stack(counts.overall),
        "levels": coverage(record),
        "gates": gates,
        "silences": silences(record),
        "reasons_shown": REASONS_SHOWN,
        "targets": tables.targets(record, counts),
        "together": f", {TOGETHER}" if len(counts.by_target) > 1 else "",
        "pairs": [str(pair) for pair in pairs(record)[:PAIRS_SHOWN]],
        "few": tables.FEW,
        "letters": tables.marks(Tally()),
        "scale": tables.scale(),
        "heat": tables.heat(record, counts),
        "margins": tables.margins(record, counts),
        "truth": tables.truth(record),
        "repeated": bool(counts.overall.unsafe_repeats.surplus),
        **listing(record, disclosure),
    }


def _bearing(counts: Tallies) -> list[str]:
    several = len(counts.by_target) > 1
    parts = sorted(counts.by_target.items())
    return [(f"{slug}: " if several else "") + power_line(part.unsafe_rate) for slug, part in parts]


def _told(judge: Trust) -> list[tuple[str, str]]:
    """What is known of the judge, row by row: each with its name."""
    if judge.card is None:
        rows = [("card", "none: the judge was not held against people's labels (astral calibrate LABELS.jsonl)")]
    else:
        rows = [("card", described(judge.card).removeprefix("judge's card: "))]
    rows += [("known answers", check.sentence) for check in judge.canaries]
    rows += [("cascade", str(judge.saving).removeprefix("cascade: "))] if judge.saving is not None else []
    reviewed = str(judge.reviewed).removeprefix("review: ") if judge.reviewed.labelled else "nobody looked yet"
    return [*rows, ("review", f"{reviewed}; {judge.left}" if judge.waiting else reviewed)]
