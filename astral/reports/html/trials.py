"""What the HTML report shows of single trials: findings, flaky prompts, and each trial with its texts and verdicts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astral.calibration.trust import disagreed
from astral.conversation import exchanges
from astral.escape import show
from astral.model import Case, Outcome, Response, Result, RunRecord, Verdict
from astral.reports.disclosure import Disclosure, fingerprint, sealed, signals
from astral.reports.findings import accusations, findings, reviewed
from astral.reports.flaky import steadiness
from astral.reports.html.rendering import Block
from astral.reports.html.tables import WORDS, plain

TRIALS_SHOWN = 5_000
FLAKY_SHOWN = 50
TEXT_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Harmful text by hash and length; ``text`` is None where the report may not hold it."""

    hash: str
    length: int
    text: Block | None


def listing(record: RunRecord, disclosure: Disclosure) -> dict[str, Any]:
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
    return [{"name": plain(name), "trials": groups[name], "marks": marks[name]} for name in sorted(groups)]


def _finding(record: RunRecord, result: Result, number: int) -> dict[str, Any]:
    return {
        "severity": 3 if result.severity is None else result.severity,
        "number": number,
        "cell": plain(str(record.cases[result.trial.case_id].cell)),
        "id": result.trial.id,
        "target": result.trial.target,
        "reviewed": reviewed(result),
        "split": disagreed(result),
        "oracles": ", ".join(by if turn is None else f"{by} at turn {turn}" for by, turn in accusations(result)),
    }


def _kind(result: Result) -> str:
    if result.outcome is Outcome.SAFE:
        return "refused" if result.refused else "answered"
    return result.outcome.value


def _trial(case: Case, result: Result, number: int, asked: int, disclosure: Disclosure) -> dict[str, Any]:
    kind = _kind(result)
    shown = disclosure.answer(case, result)
    verdicts: list[tuple[Verdict, Excerpt, str]] = [
        (v, _excerpt(v.reason, shown), ", ".join(signals(v, shown))) for v in result.verdicts
    ]
    return {
        "number": number,
        "group": next(iter(case.cell.values), ""),
        "kind": kind,
        "asked": asked,
        "style": kind,
        "word": next(word for name, _, word in WORDS if name == kind),
        "cell": plain(" / ".join(case.cell.values[1:]) or str(case.cell)),
        "twin_of": case.twin_of,
        "result": result,
        "turns": _turns(case, result.response, disclosure.prompts, shown),
        "sealed": sealed(case, result),
        "provenance": _provenance(case),
        "news": [_news(item, shown=disclosure.prompts) for item in case.provenance.get("news") or ()],
        "verdicts": verdicts,
        "reviewed": reviewed(result),
        "note": _excerpt(result.review.note, shown) if result.review is not None and result.review.note else None,
        "split": disagreed(result),
        "scored": any(verdict.score is not None for verdict in result.verdicts),
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
