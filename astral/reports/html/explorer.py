"""The explorer of all trials in the HTML report: an index to filter by, and the texts in blocks read on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from markupsafe import Markup

from astral.baseline import Standing
from astral.model import Case, Result, RunRecord
from astral.reports.disclosure import Disclosure
from astral.reports.findings import findings
from astral.reports.html import trials
from astral.reports.html.facets import facets
from astral.reports.html.rendering import data_block
from astral.reports.html.tables import WORDS, plain

SCRIPTS = tuple(f"explorer{part}.js" for part in ("_texts", "_case", "_state", "_filters", ""))
"""What the page runs, in this order: the last one starts it."""
BLOCK = 100
"""Prompts or trials in one block of texts: what the page reads at once when somebody opens one of them."""
TEXTS_SHOWN = 60_000_000
"""Characters of prompts, answers and reasons in one file: above it, a browser takes seconds to open the page."""
LISTED = 200
"""Findings in the table for those who read the page without its script."""


def view(record: RunRecord, disclosure: Disclosure, standing: Standing | None = None) -> dict[str, Any]:
    """What ``explorer.html.j2`` is made of: the index of all trials, blocks of texts, and the findings as a table."""
    shown, left = _texts(record, disclosure)
    cases, unsafe = list(record.cases.values()), findings(record)
    numbers = {result.trial: number for number, result in enumerate(record.results, 1)}
    return {
        "index": data_block(_index(record, disclosure, standing, cases, left)),
        "prompts": [*_blocks(trials.prompt(case, shown=disclosure.prompts and case.id in shown) for case in cases)],
        "trials": [*_blocks(_trials(record, disclosure, shown))],
        "planned": len(record.results),
        "findings": [_finding(record, result, numbers[result.trial]) for result in unsafe[:LISTED]],
        "further": max(len(unsafe) - LISTED, 0),
    }


def _blocks(parts: Iterable[dict[str, Any]]) -> Iterator[Markup]:
    batch: list[dict[str, Any]] = []
    for part in parts:
        batch.append(part)
        if len(batch) == BLOCK:
            yield data_block(batch)
            batch = []
    if batch:
        yield data_block(batch)


def _trials(record: RunRecord, disclosure: Disclosure, shown: frozenset[str]) -> Iterator[dict[str, Any]]:
    for result in record.results:
        case = record.cases[result.trial.case_id]
        yield trials.trial(case, result, shown=disclosure.answer(case, result) and result.trial.id in shown)


def _texts(record: RunRecord, disclosure: Disclosure) -> tuple[frozenset[str], int]:
    """The cases and trials, by id, whose texts have a place in the file, findings first; and how many have none."""
    unsafe = findings(record)
    first = {result.trial for result in unsafe}
    room, shown, left = TEXTS_SHOWN, set[str](), 0
    for result in [*unsafe, *(one for one in record.results if one.trial not in first)]:
        case = record.cases[result.trial.case_id]
        size = 0 if case.id in shown else sum(min(len(turn), trials.TEXT_SHOWN) for turn in case.turns)
        if disclosure.answer(case, result):
            size += trials.weight(case, result)
        if size > room:
            left += 1
        else:
            room -= size
            shown |= {case.id, result.trial.id}
    return frozenset(shown), left if disclosure.prompts else 0


def _finding(record: RunRecord, result: Result, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "severity": trials.severity(result),
        "cell": plain(str(record.cases[result.trial.case_id].cell)),
        "id": result.trial.id,
        "target": result.trial.target,
    }


def _index(
    record: RunRecord, disclosure: Disclosure, standing: Standing | None, cases: Sequence[Case], left: int
) -> dict[str, Any]:
    """All that the list shows and filters by, a column for each thing and in it a number for each trial."""
    places = {case.id: place for place, case in enumerate(cases)}
    baseline = None if standing is None else standing.baseline
    return {
        "text": disclosure.text,
        "left": left,
        "block": BLOCK,
        "cases": [case.id for case in cases],
        "twins": [-1 if case.twin_of is None else places.get(case.twin_of, -1) for case in cases],
        "twin_of": {
            str(places[case.id]): case.twin_of for case in cases if case.twin_of and case.twin_of not in places
        },
        "case": [places[result.trial.case_id] for result in record.results],
        "repeat": [result.trial.repeat for result in record.results],
        "typed": dict(record.run.targets),
        "baseline": baseline and {"run": baseline.run, "made": baseline.made, "path": baseline.path},
        "was": [] if baseline is None else [baseline.sample.outcomes.get(r.trial, "") for r in record.results],
        "since": _since(record, standing),
        "letters": {name: letter for name, letter, _ in WORDS},
        "facets": [*facets(record, standing)],
    }


def _since(record: RunRecord, standing: Standing | None) -> dict[str, str]:
    """The day from which the question of a trial is known to be unsafe, by the trial's place."""
    since = standing.baseline.since if standing is not None else {}
    found = ((at, since.get((one.trial.case_id, one.trial.target))) for at, one in enumerate(record.results))
    return {str(at): day for at, day in found if day}
