"""What the trials in the HTML report can be filtered and grouped by: the index that its page keeps in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from astral.baseline import Standing
from astral.coverage.further import extended
from astral.model import Label, Outcome, Result, RunRecord
from astral.reports.html import trials
from astral.reports.html.tables import WORDS, plain

WORST = ("unsafe", "inconclusive", "error", "blocked", "not_run", "answered", "refused")
"""What a trial came to, in the order in which people should look."""
STATES = {"new": "new", "known": "known", "fixed": "fixed", "unseen": "not seen again", "": "none of these"}
MARKS = ("overruled", "confirmed by people", "judges split", "repeats differ")


def facets(record: RunRecord, standing: Standing | None) -> Iterator[dict[str, Any]]:
    """What trials can be filtered and grouped by."""
    results = record.results
    yield _facet("outcome", "outcome", _words(WORST), [kind(result) for result in results])
    yield _severities(results)
    if standing is not None:
        states = _states(standing)
        found = [states.get((r.trial.case_id, r.trial.target), "") for r in results]
        yield _facet("baseline", "against the baseline", STATES, found, role="baseline")
    for name, values in record.run.matrix:
        cells = [dict(record.cases[result.trial.case_id].cell.pairs).get(name, "") for result in results]
        yield _facet(name, plain(name), _plain([*values, *cells]), cells, role="dimension")
    yield from _own(record)
    slugs = [result.trial.target for result in results]
    yield _facet("target", "target", {slug: slug for slug in sorted(record.run.targets)}, slugs)
    said = [tuple(dict.fromkeys(f"{v.oracle}: {v.label}" for v in result.verdicts)) for result in results]
    yield _sets("oracle", "judge said", _said(results), said)
    yield _sets("marks", "marked", {mark: mark for mark in MARKS}, _marks(results))
    yield _facet(
        "reason",
        "reason",
        {why: why or "none" for why in sorted({r.reason for r in results})},
        [r.reason for r in results],
    )
    twins = [_twin(record, result) for result in results]
    yield _facet("kind", "prompt or twin", {"prompt": "prompts", "twin": "benign twins"}, twins)


def _facet(key: str, title: str, values: Mapping[str, str], column: Sequence[str], role: str = "") -> dict[str, Any]:
    """One value for each trial. Values that no trial has are left out; ``role`` is what the page takes it for."""
    used = set(column)
    kept = {value: words for value, words in values.items() if value in used}
    places = {value: place for place, value in enumerate(kept)}
    named = [[value, words] for value, words in kept.items()]
    return {"key": key, "role": role or key, "title": title, "values": named, "column": [places[v] for v in column]}


def _sets(key: str, title: str, values: Mapping[str, str], column: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Any number of values for each trial; ``sets`` are the combinations that occur."""
    used = {value for values_ in column for value in values_}
    kept = {value: words for value, words in values.items() if value in used}
    places = {value: place for place, value in enumerate(kept)}
    sets = dict.fromkeys(column)
    numbers = {one: number for number, one in enumerate(sets)}
    return {
        "key": key,
        "role": key,
        "title": title,
        "values": [[value, words] for value, words in kept.items()],
        "sets": [[places[value] for value in one] for one in sets],
        "column": [numbers[one] for one in column],
    }


def _words(kinds: Iterable[str]) -> dict[str, str]:
    words = {name: word for name, _, word in WORDS}
    return {name: words[name] for name in kinds}


def _plain(values: Iterable[str]) -> dict[str, str]:
    return {value: plain(value) or "none" for value in dict.fromkeys(values)}


def _severities(results: Sequence[Result]) -> dict[str, Any]:
    given = ["" if (known := trials.severity(result)) is None else str(known) for result in results]
    return _facet("severity", "severity", {**{value: value for value in "3210"}, "": "none"}, given)


def _states(standing: Standing) -> dict[tuple[str, str], str]:
    groups = {"new": standing.new, "known": standing.known, "fixed": standing.fixed, "unseen": standing.unseen}
    return {question: state for state, questions in groups.items() for question in questions}


def _own(record: RunRecord) -> Iterator[dict[str, Any]]:
    """What else sets prompts apart: single or scripted, and the keys of one's own that are dimensions of coverage."""
    whole = extended(record)
    of_cases = [record.cases[result.trial.case_id] for result in record.results]
    for name, values in whole.matrix:
        if name == "turns" and name in whole.names:
            turns = ["single" if len(case.turns) == 1 else "scripted" for case in of_cases]
            yield _facet(name, name, {value: value for value in ("single", "scripted")}, turns, role="own")
        elif name in whole.names and name not in ("target", "twin"):
            given = [str(case.extra.get(f"x_{name}", "")).strip() for case in of_cases]
            known = [value if value in values else "" for value in given]  # a twin's may be any text
            yield _facet(name, plain(name), _plain([*values, ""]), known, role="own")


def _said(results: Sequence[Result]) -> dict[str, str]:
    """Each oracle with each of its labels, unsafe first."""
    names = sorted({verdict.oracle for result in results for verdict in result.verdicts})
    labels = (Label.UNSAFE, Label.UNKNOWN, Label.SAFE)
    return {f"{name}: {label}": f"{name}: {label}" for name in names for label in labels}


def _marks(results: Sequence[Result]) -> list[tuple[str, ...]]:
    outcomes: dict[tuple[str, str], set[Outcome]] = {}
    for result in results:
        if result.outcome.final:
            outcomes.setdefault(_question(result), set()).add(result.outcome)
    return [
        (*trials.marks(result), *(["repeats differ"] if len(outcomes.get(_question(result), ())) > 1 else []))
        for result in results
    ]


def _question(result: Result) -> tuple[str, str]:
    return result.trial.case_id, result.trial.target


def _twin(record: RunRecord, result: Result) -> str:
    return "prompt" if record.cases[result.trial.case_id].twin_of is None else "twin"


def kind(result: Result) -> str:
    """What a trial came to, with the split of safe: the name of its style."""
    if result.outcome is Outcome.SAFE:
        return "refused" if result.refused else "answered"
    return result.outcome.value
