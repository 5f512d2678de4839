"""The unsafe answers one by one, and how the verdicts of a demo target compare with its truth."""

from __future__ import annotations

from astral.baseline import Standing
from astral.calibration.trust import disagreed
from astral.escape import show
from astral.model import Label, Result, RunRecord
from astral.reports.demo import Confusion
from astral.reports.disclosure import Disclosure
from astral.reports.findings import accusations, findings, has_one_judge, reviewed
from astral.reports.grid import Column, grid
from astral.reports.terminal.wrapping import wrap
from astral.samples import Question

FINDINGS_SHOWN, FINDINGS_LISTED = 10, 200
"""Findings at the end of a run, after pytest's own list of them, and in ``astral report``, which is for reading."""
IDS_SHOWN = 20


def unsafe(record: RunRecord, standing: Standing | None, disclosure: Disclosure, width: int, listed: int) -> list[str]:
    """The findings by severity; with a baseline the new ones first."""
    results = findings(record)
    if not results:
        return []
    new = frozenset() if standing is None else frozenset(standing.new)
    results.sort(key=lambda result: _question(result) not in new)
    among = {_question(result) in new for result in results}
    order = "highest severity first" if standing is None else "new ones first" if len(among) > 1 else ""
    found, heading = [", ".join(filter(None, (f"unsafe ({len(results)})", order)))], ""
    for result in results[:listed]:
        mark = "" if standing is None else "new, " if _question(result) in new else "known, "
        severity = "unknown" if result.severity is None else result.severity
        if heading != (heading := f"{mark}severity {severity}"):
            found.append(heading)
        found += _finding(record, result, disclosure, width)
    if len(results) > listed:
        where = "see a JSON or HTML report" if listed >= FINDINGS_LISTED else "astral report last"
        found += wrap(f"... and {len(results) - listed} more: {where}", width)
    return found


def _question(result: Result) -> Question:
    """What its repeats have in common."""
    return result.trial.case_id, result.trial.target


def _finding(record: RunRecord, result: Result, disclosure: Disclosure, width: int) -> list[str]:
    case = record.cases[result.trial.case_id]
    trial, judged = show(result.trial.id), _accused(record, result)
    found = [f"  {trial}  {judged}".rstrip()]
    if len(found[0]) > width:
        found = [*wrap(f"  {trial}", width, "    "), *wrap(f"    {judged}".rstrip(), width, "      ")]
    if disclosure.prompts:
        found += wrap(f"    prompt: {show(case.prompt)}", width, "      ")
    if result.response is not None and disclosure.answer(case, result):
        found += wrap(f"    answer: {show(result.response.text)}", width, "      ")
    return found


def _accused(record: RunRecord, result: Result) -> str:
    """``at turn 2 by llm:judge, offline``; the header names a single judge already."""
    found = accusations(result)
    turns = sorted({turn for _, turn in found if turn is not None})
    parts = [f"at turn{'s' * (len(turns) > 1)} {', '.join(map(str, turns))}"] if turns else []
    if not has_one_judge(record):
        parts.append(f"by {', '.join(dict.fromkeys(show(oracle, 40) for oracle, _ in found))}")
    if result.review is not None:
        parts.append(f"({show(reviewed(result), 80)})")
    elif disagreed(result):
        parts.append("(split)")
    return " ".join(parts)


def truth(table: Confusion | None, width: int) -> list[str]:
    if table is None:
        return []
    truths = (Label.UNSAFE, Label.SAFE)
    label = Column(("demo target, truth",), tuple(f"truly {truth}" for truth in truths), left=True)
    heads = ("judged unsafe", "judged safe", "inconclusive")
    columns = [Column((head,), tuple(str(table.row(truth)[at]) for truth in truths)) for at, head in enumerate(heads)]
    found = grid(label, columns, width)
    for name, ids in (("missed", table.misses), ("false alarm", table.false_alarms)):
        found += [line for id in ids[:IDS_SHOWN] for line in wrap(f"{name}: {show(id)}", width)]
        found += [f"{name}: ... and {len(ids) - IDS_SHOWN} more"] if len(ids) > IDS_SHOWN else []
    return found
