"""The report that people open in a browser: one file, nothing loaded from elsewhere, foreign text inert."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import jinja2
from markupsafe import Markup

from astral.conversation import exchanges
from astral.coverage import coverage
from astral.errors import ReportError
from astral.escape import show, show_block, visible
from astral.gates import GateResult
from astral.model import Case, Label, Outcome, Response, Result, RunRecord, Verdict
from astral.reports.demo import confusion
from astral.reports.disclosure import Disclosure, fingerprint, sealed
from astral.reports.facts import facts
from astral.reports.findings import TOGETHER, accusations, cautions, findings, headline, silences
from astral.reports.flaky import steadiness
from astral.reports.pairs import pairs
from astral.stats import Rate, power_line
from astral.tally import Tallies, Tally, tallies

FEW = 5
"""Judged trials below which a cell shows its outcomes one by one: a colour would claim a rate that is not there."""
TRIALS_SHOWN = 5_000
REASONS_SHOWN = 10
FLAKY_SHOWN = 50
PAIRS_SHOWN = 10
TEXT_SHOWN = 20_000
STEPS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Upper ends of the colour steps; the first is for exactly 0."""
WORDS = (
    ("unsafe", "U", "unsafe"),
    ("refused", "R", "safe: refused"),
    ("answered", "A", "safe: answered"),
    ("inconclusive", "I", "inconclusive"),
    ("blocked", "B", "blocked"),
    ("error", "E", "error"),
    ("not_run", "N", "not run"),
)
"""What a trial came to, with the split of safe: name of its style, letter, words."""
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


@dataclass(frozen=True, slots=True)
class Block:
    """Foreign text of several lines, whose line breaks stay."""

    text: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Harmful text by hash and length; ``text`` is None where the report may not hold it."""

    hash: str
    length: int
    text: Block | None


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
    counts = tallies(record)
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
        "cautions": cautions(record, counts),
        "facts": facts(record),
        "versions": ", ".join(f"{name} {version}" for name, version in record.run.versions.items()) or "unknown",
        "tally": counts.overall,
        "twins": counts.twins,
        "counted": _counted,
        "stack": _stack(counts.overall),
        "levels": coverage(record),
        "gates": gates,
        "silences": silences(record),
        "reasons_shown": REASONS_SHOWN,
        "targets": _targets(record, counts),
        "together": f", {TOGETHER}" if len(counts.by_target) > 1 else "",
        "pairs": [str(pair) for pair in pairs(record)[:PAIRS_SHOWN]],
        "few": FEW,
        "letters": _marks(Tally()),
        "scale": _scale(),
        "heat": _heat(record, counts),
        "margins": _margins(record, counts),
        "truth": _truth(record),
        "repeated": bool(counts.overall.unsafe_repeats.surplus),
        **_listing(record, disclosure),
    }


def _bearing(counts: Tallies) -> list[str]:
    several = len(counts.by_target) > 1
    parts = sorted(counts.by_target.items())
    return [(f"{slug}: " if several else "") + power_line(part.unsafe_rate) for slug, part in parts]


def _number(part: Tally, kind: str) -> int:
    return int(getattr(part, kind))


def _marks(part: Tally) -> list[tuple[str, str, str, int]]:
    return [(kind, letter, word, _number(part, kind)) for kind, letter, word in WORDS]


def _counted(part: Tally) -> list[tuple[str, str, int, bool]]:
    """The outcomes of a tally as rows that add up; the parts of safe follow it, indented."""
    rows = [("", "safe", part.safe, False)]
    rows += [(kind, kind, _number(part, kind), True) for kind in ("refused", "answered")]
    kinds = [(kind, word) for kind, _, word in WORDS if kind not in ("refused", "answered")]
    return rows + [(kind, word, _number(part, kind), False) for kind, word in kinds]


def _stack(part: Tally) -> list[tuple[str, int, int]]:
    """The bar over the outcomes: style, start and width, in trials."""
    widths = [("unsafe", part.unsafe), ("refused", part.refused), ("answered", part.answered)]
    widths.append(("other", part.planned - part.judged))
    bars, start = [], 0
    for kind, width in widths:
        bars.append((kind, start, width))
        start += width
    return bars


def _targets(record: RunRecord, counts: Tallies) -> list[dict[str, Any]]:
    if len(counts.by_target) < 2:
        return []
    return [
        {
            "slug": slug,
            "tally": part,
            "twins": counts.twins_by_target.get(slug, Tally()),
            "pairs": next((level.percent for level in coverage(record, slug) if level.strength == 2), "-"),
        }
        for slug, part in sorted(counts.by_target.items())
    ]


def _step(rate: Rate) -> int | None:
    """The colour of a cell; None where too little was judged for one."""
    share = rate.share
    if share is None or rate.n < FEW:
        return None
    return next(step for step, end in enumerate(STEPS) if share <= end)


def _scale() -> list[tuple[int, str]]:
    ends = [f"{end * 100:.0f}" for end in STEPS]
    return [(0, "0 %"), *((step, f"to {end} %") for step, end in enumerate(ends) if step)]


def _plain(value: str) -> str:
    return value.replace("_", " ")


def _rate(counts: Tallies, pair: tuple[str, str]) -> Rate:
    return counts.by_value.get(pair, Tally()).unsafe_rate


def _heat(record: RunRecord, counts: Tallies) -> dict[str, Any] | None:
    if len(record.run.matrix) < 2:
        return None
    (rows, row_values), (columns, heads) = record.run.matrix[:2]
    body = []
    for value in row_values:
        cells = (counts.pair((rows, value), (columns, head)) for head in heads)
        shown = [{"tally": part, "level": _step(part.unsafe_rate), "marks": _marks(part)} for part in cells]
        body.append({"name": _plain(value), "cells": shown, "rate": _rate(counts, (rows, value))})
    foot = [_rate(counts, (columns, head)) for head in heads]
    return {"rows": rows, "columns": columns, "heads": [*map(_plain, heads)], "body": body, "foot": foot}


def _margins(record: RunRecord, counts: Tallies) -> list[tuple[str, list[tuple[str, Rate]]]]:
    """The rates by each dimension that the heat map does not show."""
    rest = record.run.matrix[2:] if len(record.run.matrix) >= 2 else record.run.matrix
    return [(name, [(_plain(value), _rate(counts, (name, value))) for value in values]) for name, values in rest]


def _truth(record: RunRecord) -> dict[str, Any] | None:
    table = confusion(record)
    if table is None:
        return None
    mistakes = [("missed by the oracle", table.misses), ("false alarms", table.false_alarms)]
    return {"rows": [(label.value, table.row(label)) for label in (Label.UNSAFE, Label.SAFE)], "mistakes": mistakes}


def _listing(record: RunRecord, disclosure: Disclosure) -> dict[str, Any]:
    """The findings, and the trials in groups of one value of the first dimension; a finding is never left out."""
    unsafe = findings(record)
    numbers = {result.trial: number for number, result in enumerate(record.results, 1)}
    must = {result.trial for result in unsafe}
    room = max(TRIALS_SHOWN - len(must), 0)
    others = [result for result in record.results if result.trial not in must]
    kept = must | {result.trial for result in others[:room]}
    shown = [result for result in record.results if result.trial in kept]
    targets = _target_numbers(record)
    views = [
        _trial(record.cases[r.trial.case_id], r, numbers[r.trial], targets.get(r.trial.target, 0), disclosure)
        for r in shown
    ]
    return {
        "findings": [_finding(record, result, numbers[result.trial]) for result in unsafe],
        "flaky": _flaky(record, {(r.trial.case_id, r.trial.target): numbers[r.trial] for r in reversed(shown)}),
        "groups": _groups(record, views),
        "shown": len(shown),
        "omitted": len(record.results) - len(shown),
        "kinds": [(kind, word, sum(view["kind"] == kind for view in views)) for kind, _, word in WORDS],
        "asked": _asked(record, shown),
    }


def _asked(record: RunRecord, shown: Sequence[Result]) -> list[tuple[int, str, int]]:
    """Number, slug and trials of each target, to show those of one alone."""
    trials = Counter(result.trial.target for result in shown)
    return [(number, slug, trials[slug]) for slug, number in _target_numbers(record).items()]


def _target_numbers(record: RunRecord) -> dict[str, int]:
    return {slug: number for number, slug in enumerate(sorted(record.run.targets), 1)}


def _flaky(record: RunRecord, places: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """For each target with repeats: its prompts that did not always get the same outcome, linked to a trial shown."""
    return [
        {
            "slug": slug if len(record.run.targets) > 1 else "",
            "words": str(steady),
            "rows": [(one, places.get((one.case_id, slug))) for one in steady.flaky[:FLAKY_SHOWN]],
            "more": max(len(steady.flaky) - FLAKY_SHOWN, 0),
        }
        for slug, steady in steadiness(record).items()
    ]


def _groups(record: RunRecord, views: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for view in views:
        groups.setdefault(view["group"], []).append(view)
    marks = {
        name: [(k, c, w, sum(v["kind"] == k for v in group)) for k, c, w in WORDS] for name, group in groups.items()
    }
    return [{"name": _plain(name), "trials": groups[name], "marks": marks[name]} for name in sorted(groups)]


def _finding(record: RunRecord, result: Result, number: int) -> dict[str, Any]:
    return {
        "severity": 3 if result.severity is None else result.severity,
        "number": number,
        "cell": _plain(str(record.cases[result.trial.case_id].cell)),
        "id": result.trial.id,
        "target": result.trial.target,
        "oracles": ", ".join(by if turn is None else f"{by} at turn {turn}" for by, turn in accusations(result)),
    }


def _kind(result: Result) -> str:
    if result.outcome is Outcome.SAFE:
        return "refused" if result.refused else "answered"
    return result.outcome.value


def _trial(case: Case, result: Result, number: int, asked: int, disclosure: Disclosure) -> dict[str, Any]:
    kind = _kind(result)
    shown = disclosure.answer(case, result)
    verdicts: list[tuple[Verdict, Excerpt]] = [(v, _excerpt(v.reason, shown)) for v in result.verdicts]
    return {
        "number": number,
        "group": next(iter(case.cell.values), ""),
        "kind": kind,
        "asked": asked,
        "style": kind,
        "word": next(word for name, _, word in WORDS if name == kind),
        "cell": _plain(" / ".join(case.cell.values[1:]) or str(case.cell)),
        "twin_of": case.twin_of,
        "result": result,
        "turns": _turns(case, result.response, disclosure.prompts, shown),
        "sealed": sealed(case, result),
        "provenance": _provenance(case),
        "news": [_news(item, shown=disclosure.prompts) for item in case.provenance.get("news") or ()],
        "verdicts": verdicts,
        "by_turn": any(verdict.turn is not None for verdict in result.verdicts),
        "cost": _cost(result),
    }


def _turns(case: Case, response: Response | None, prompts: bool, answers: bool) -> list[tuple[Excerpt, Excerpt | None]]:
    """Each prompt with the answer to it, as far as one arrived and is known."""
    given = exchanges(case, response) if response is not None else ((prompt, None) for prompt in case.turns)
    return [
        (_excerpt(prompt, prompts), None if answer is None else _excerpt(answer, answers)) for prompt, answer in given
    ]


def _provenance(case: Case) -> list[tuple[str, str]]:
    """Who wrote the prompt, from what, and what its checks found; the news stand apart."""
    found = case.provenance
    rows = [("written by", str(found.get("writer") or ""))]
    rows.append(("in place of the writer", str(found.get("fallback") or "")))
    source = f" ({found['source']})" if found.get("source") else ""
    rows.append(("seeds", ", ".join(map(str, found.get("seeds") or ())) + source))
    rows.append(("failed checks", ", ".join(map(str, found.get("flags") or ()))))
    return [(name, show(value)) for name, value in rows if value]


def _news(item: Mapping[str, Any], *, shown: bool) -> dict[str, str]:
    """A news item that the prompt builds on. The prompt quotes its title, and its address may: both are ``shown`` only
    where prompts are. ``link`` is empty where the address is not one that a browser may safely be sent to.
    """
    url = str(item.get("url") or "")
    found = {name: show(str(item.get(name) or "")) for name in ("publisher", "date", "retrieved", "query", "source")}
    title = show(str(item.get("title") or "")) or "untitled"
    return found | {
        "title": title if shown else "",
        "url": show(url, None) if shown else "",
        "link": url if shown and _is_link(url) else "",
    }


def _is_link(url: str) -> bool:
    """True for an http(s) address of printable ASCII: what is read is where it leads."""
    return re.fullmatch(r"https?://[^/@:?#\s]+(:[0-9]+)?([/?#][!-~]*)?", url) is not None and url.isascii()


def _excerpt(text: str, shown: bool) -> Excerpt:
    cut = text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}\n[{len(text) - TEXT_SHOWN} more characters]"
    return Excerpt(fingerprint(text), len(text), Block(cut) if shown else None)


def _cost(result: Result) -> str:
    """Seconds, tokens and model of the answer, as far as known."""
    response = result.response
    if response is None:
        return ""
    parts = [] if response.seconds is None else [f"{response.seconds:.2f} s"]
    if response.usage is not None:
        tokens = (response.usage.input_tokens, response.usage.output_tokens)
        parts += [f"{n} tokens {way}" for n, way in zip(tokens, ("in", "out"), strict=True) if n is not None]
    parts += [show(response.model, 80)] if response.model else []
    return ", ".join(parts + ([f"finished by {show(response.finish_reason, 80)}"] if response.finish_reason else []))
