"""The report that people open in a browser: one file, nothing loaded from elsewhere, foreign text inert."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import jinja2
from markupsafe import Markup

from astral.calibration.trust import Trust, described, trust
from astral.coverage import coverage
from astral.errors import ReportError
from astral.escape import show_block, visible
from astral.gates import GateResult
from astral.model import RunRecord
from astral.reports import html_tables as tables
from astral.reports.disclosure import Disclosure
from astral.reports.facts import facts
from astral.reports.findings import TOGETHER, cautions, headline, silences
from astral.reports.html_trials import Block, listing
from astral.reports.pairs import pairs
from astral.stats import power_line
from astral.tally import Tallies, Tally, tallies

REASONS_SHOWN = 10
PAIRS_SHOWN = 10
_HERE = Path(__file__).parent


def write(record: RunRecord, stream: TextIO, *, text: str = "none", gates: Sequence[GateResult] = ()) -> None:
    """Write the report to an open UTF-8 stream; ``text`` is ``none``, ``prompts`` or ``all``. Raises ReportError."""
    stream.write(render(record, text=text, gates=gates))


def render(record: RunRecord, *, text: str = "none", gates: Sequence[GateResult] = ()) -> str:
    """The report as one HTML document that holds no character but those that UTF-8 can write."""
    try:
        return _environment().get_template("report.html.j2").render(_view(record, Disclosure(text), gates))
    except jinja2.TemplateError as err:
        raise ReportError(f"report.html.j2: {err}; reinstall pytest-astral") from err


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_inert,
    )


def _inert(value: Any) -> Any:
    """What every expression of the template passes through, so that no place in it can forget to escape."""
    if isinstance(value, Block):
        return show_block(value.text, indent="")
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _part(name: str) -> tuple[Markup, str]:
    """A shipped style sheet or script, and its hash as the content security policy wants it."""
    source = (_HERE / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    return Markup(source), f"'sha256-{digest}'"  # noqa: S704 - our own file, no foreign text


def _view(record: RunRecord, disclosure: Disclosure, gates: Sequence[GateResult]) -> dict[str, Any]:
    counts, judge = tallies(record), trust(record)
    style, style_hash = _part("report.css")
    script, script_hash = _part("report.js")
    sources = f"default-src 'none'; style-src {style_hash}; script-src {script_hash}"
    return {
        "policy": Markup(f"{sources}; base-uri 'none'; form-action 'none'"),  # noqa: S704 - hashes only
        "style": style,
        "script": script,
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
