"""The report that people open in a browser: one file, nothing loaded from elsewhere, foreign text inert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from astral.baseline import Standing
from astral.calibration.trust import Trust, trust
from astral.gates import GateResult
from astral.model import RunRecord
from astral.reports.account import Account
from astral.reports.disclosure import Disclosure
from astral.reports.facts import facts
from astral.reports.findings import TOGETHER, cautions, headline
from astral.reports.html import explorer
from astral.reports.html.bearing import about, bearing
from astral.reports.html.heat import heat_maps, scale
from astral.reports.html.judge import readings, standpoint, truth
from astral.reports.html.margins import margins
from astral.reports.html.rendering import render_page
from astral.reports.html.repeats import repeats
from astral.reports.html.sides import LEVEL, chance, points, sides
from astral.reports.html.since import since, update
from astral.reports.html.tables import FEW, Few, counted, marks, plain, stack, tied
from astral.reports.html.tiles import corrections, cost
from astral.reports.html.untested import untested
from astral.reports.html.worst import worst
from astral.tally import Tallies, Tally, tallies

FAILURES_SHOWN = 5
NOTES_SHOWN = 3
REASONS_SHOWN = 20


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
    account, counts, judge = Account(record, tuple(gates), standing, text), tallies(record), trust(record)
    view = {
        **_first_screen(account, counts, judge),
        **_overview(record, counts, judge),
        "explorer": explorer.view(record, Disclosure(text), standing),
    }
    styles = ["page.css", "overview.css", "explorer.css"]
    given = {"sections": _sections(view), **view}
    return render_page("page.html.j2", given, styles=styles, scripts=explorer.SCRIPTS)


def _first_screen(account: Account, counts: Tallies, judge: Trust) -> dict[str, Any]:
    """The verdict, what is new, the worst findings, the judge, what was not tested, and the gates."""
    record, gates, disclosure = account.record, account.gates, Disclosure(account.text)
    sentence = headline(counts, gates)
    told = cautions(record, counts, judge, gates)
    return {
        "text": disclosure.text,
        "headline": sentence,
        "about": about(record),
        "bearing": bearing(counts),
        "failures": [gate for gate in gates if not gate.passed and gate.reason not in str(sentence)][:FAILURES_SHOWN],
        "notes": Few.of([note for note in told if note not in judge.cautions], NOTES_SHOWN),
        "cautions": told,
        "gates": sorted(gates, key=lambda gate: gate.passed),
        "update": update(record),
        "since": since(record, account.standing),
        "worst": worst(record, disclosure, account.standing),
        "judge": standpoint(record, judge),
        "untested": untested(record, counts),
    }


def _overview(record: RunRecord, counts: Tallies, judge: Trust) -> dict[str, Any]:
    """The numbers, the maps, the comparisons and the facts."""
    return {
        "together": f", {TOGETHER}" if len(counts.by_target) > 1 else "",
        "tally": counts.overall,
        "twins": counts.twins,
        "counted": counted(counts.overall),
        "stack": stack(counts.overall),
        "corrections": corrections(judge),
        "cost": cost(record.run),
        "few": FEW,
        "letters": marks(Tally()),
        "scale": scale(),
        "maps": heat_maps(record, counts),
        "margins": margins(record, counts),
        "sides": sides(record, counts, judge),
        "level": LEVEL,
        "trust": judge,
        "readings": readings(judge),
        "truth": truth(record),
        "repeats": repeats(record),
        "repeated": bool(counts.overall.unsafe_repeats.surplus),
        "reasons_shown": REASONS_SHOWN,
        "facts": facts(record),
        "versions": ", ".join(f"{name} {version}" for name, version in record.run.versions.items()) or "unknown",
        "plain": plain,
        "tied": tied,
        "chance": chance,
        "points": points,
    }


def _sections(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The sections that this report has: id and words of the link to each."""
    found = [
        ("gates", "Gates", view["gates"]),
        ("numbers", "Numbers", True),
        ("maps", "Heat maps", view["maps"]),
        ("margins", "By value", view["margins"].parts),
        ("targets", "Targets", view["sides"]),
        ("coverage", "Coverage", True),
        ("judge", "Judge", view["trust"].readings),
        ("baseline", "Baseline", view["since"]),
        ("repeats", "Repeats", view["repeats"]),
        ("explorer", "Trials", True),
        ("facts", "Facts", True),
    ]
    return [(id, words) for id, words, there in found if there]
