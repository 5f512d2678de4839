"""Findings as SARIF 2.1.0 (OASIS, docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html), for code scanning.

What GitHub reads of it, and how much: https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/
sarif-support-for-code-scanning (read 2026-11-21).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO
from urllib.parse import quote

from astral.calibration.trust import disagreed
from astral.comparison.wording import counted
from astral.escape import show
from astral.markdown import PROMPT_LIMIT
from astral.model import Case, Outcome, Result
from astral.reports.account import Account
from astral.reports.disclosure import Disclosure
from astral.reports.findings import accusations, reviewed, silences, worst_first
from astral.reports.sarif_rules import rules
from astral.samples import Question

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
RESULTS_SHOWN = 5_000
"""Results that GitHub shows of one run; it refuses a file with more than 25,000 (the page named above, "Results per
run"), and one of more than 10 MB once it is compressed."""
NOTICES_SHOWN = 20
LEVELS = {1: "warning", 2: "error", 3: "error"}
FINGERPRINT = "primaryLocationLineHash"
"""The only fingerprint that GitHub compares. Left out, it would be made of the first 100 characters of the line, which
hold the cell and nothing of the prompt."""


@dataclass(frozen=True)
class _Finding:
    """The unsafe answers to one question, the worst first; ``asked`` counts its trials. ``new`` is None without a
    baseline.
    """

    case: Case
    results: tuple[Result, ...]
    asked: int
    new: bool | None = None

    @property
    def question(self) -> Question:
        return self.results[0].trial.case_id, self.results[0].trial.target

    @property
    def severity(self) -> int:
        return self.results[0].severity or 3


def write(account: Account, stream: TextIO) -> None:
    """Write the log to an open stream as ASCII, keys sorted: the same account gives the same bytes."""
    json.dump(document(account), stream, indent=1, sort_keys=True, allow_nan=False)
    stream.write("\n")


def document(account: Account) -> dict[str, Any]:
    """The log as plain dictionaries. At most ``RESULTS_SHOWN`` findings are in it, the most severe ones."""
    record, found = account.record, _findings(account)
    described = rules(record, {one.case.cell.category: one.severity for one in reversed(found)})
    at = {rule["id"]: number for number, rule in enumerate(described)}
    driver = {"name": "pytest-astral", "rules": described}
    if version := record.run.versions.get("pytest-astral"):
        driver["version"] = show(version, 60)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
                "invocations": [_invocation(account, found)],
                "results": [_result(account, one, at[one.case.cell.category]) for one in found[:RESULTS_SHOWN]],
                "properties": _properties(account, len(found)),
            }
        ],
    }


def _findings(account: Account) -> list[_Finding]:
    """One for each question with an unsafe answer: repeats of a prompt are the same finding."""
    record = account.record
    unsafe: dict[Question, list[Result]] = {}
    for result in worst_first(record, account.standing):
        unsafe.setdefault((result.trial.case_id, result.trial.target), []).append(result)
    asked = dict.fromkeys(unsafe, 0)
    for result in record.results:
        if (question := (result.trial.case_id, result.trial.target)) in asked:
            asked[question] += 1
    new = frozenset(account.standing.new) if account.standing is not None else None
    return [
        _Finding(record.cases[one[0]], tuple(found), asked[one], None if new is None else one in new)
        for one, found in unsafe.items()
    ]


def fingerprint(case: Case, target: str) -> str:
    """What a finding is known by, whatever the run, its order, its shard and the line: prompt, cell and target."""
    known = [list(case.turns), [list(pair) for pair in case.cell.pairs], target]
    return hashlib.sha256(json.dumps(known, separators=(",", ":")).encode("ascii")).hexdigest()[:32]


def _result(account: Account, one: _Finding, rule: int) -> dict[str, Any]:
    worst, known = one.results[0], fingerprint(one.case, one.question[1])
    found = {
        "ruleId": one.case.cell.category,
        "ruleIndex": rule,
        "kind": "fail",
        "level": LEVELS.get(one.severity, "error"),
        "message": {"text": _message(one)},
        "locations": [{"physicalLocation": _place(account, one.case)}],
        "partialFingerprints": {FINGERPRINT: f"{known}:1", "astralFinding/v1": known},
        "occurrenceCount": len(one.results),
        "properties": _facts(account, one, worst),
    }
    return found | _state(account, one)


def _message(one: _Finding) -> str:
    """A first sentence that can stand alone; ids and names only. Square and curly brackets mean something in SARIF."""
    cell = one.case.cell
    rest = ", ".join(f"{name} {value}" for name, value in cell.pairs if name != "category")
    times = f" {len(one.results)} of {counted(one.asked, 'answer')} were unsafe." if one.asked > 1 else ""
    return _sign(
        f"{show(one.question[1])} gave an unsafe answer of severity {one.severity} to a prompt on {cell.category}."
        f" Case {one.case.id}{f', {rest}' if rest else ''}.{times}"
    )


def _sign(text: str) -> str:
    """``text`` for a message: brackets would begin a link or a placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return show(text, 1_000).translate(str.maketrans("[]{}", "()()"))


def _facts(account: Account, one: _Finding, worst: Result) -> dict[str, Any]:
    """What a viewer may show beside the message; texts as far as they may be shown."""
    disclosure, case = Disclosure(account.text), one.case
    found: dict[str, Any] = {
        "case": case.id,
        "target": one.question[1],
        "severity": one.severity,
        "trials": [result.trial.id for result in one.results],
        "oracles": list(dict.fromkeys(show(oracle, 60) for oracle, _ in accusations(worst))),
        "split": disagreed(worst),
        **{f"cell.{show(name, 60)}": value for name, value in case.cell.pairs},
    }
    if worst.review is not None:
        found["reviewed"] = show(reviewed(worst), 200)
    if disclosure.prompts:
        found["turns"] = [turn[:PROMPT_LIMIT] for turn in case.turns]
    if worst.response is not None and disclosure.answer(case, worst):
        found["answer"] = worst.response.text[:PROMPT_LIMIT]
    return found


def _state(account: Account, one: _Finding) -> dict[str, Any]:
    """New or known: where one result may be suppressed, all say whether they are."""
    standing = account.standing
    if standing is None:
        return {}
    if one.new:
        return {"baselineState": "new", "suppressions": []}
    since = f"known since {standing.baseline.since.get(one.question, standing.baseline.made)[:10]}"
    why = _sign(f"{since}: in the baseline {standing.baseline.path}")
    return {"baselineState": "unchanged", "suppressions": [{"kind": "external", "justification": why}]}


def _place(account: Account, case: Case) -> dict[str, Any]:
    """The line of the suite; the first one where the case is in no suite that is here."""
    named = str(account.record.run.suite.get("path") or "").split(", ")[0]
    path, line = account.places.get(case.id, (named, 1))
    return {
        "artifactLocation": {"uri": _uri(path), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 2},
    }


def _uri(path: str) -> str:
    """Relative to the root of the repository; of a path that leads elsewhere, or begins on some machine, its name only.

    GitHub closes an alert and opens another one when its path changes ("Consistent filepaths", page named above).
    """
    parts = path.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or re.fullmatch("[A-Za-z]:", parts[0]):
        parts = parts[-1:]
    return quote("/".join(parts), safe="/", errors="backslashreplace") or "suite.astral.jsonl"


def _invocation(account: Account, found: Sequence[_Finding]) -> dict[str, Any]:
    """How the run went. It was no success where a trial is missing: what nobody asked is not fixed."""
    run, results = account.record.run, account.record.results
    missing = any(result.outcome in (Outcome.ERROR, Outcome.NOT_RUN) for result in results)
    told: dict[str, Any] = {
        "executionSuccessful": not missing and any(result.outcome.judged for result in results),
        "toolExecutionNotifications": [*_notices(account, found)],
    }
    times = {"startTimeUtc": run.started, "endTimeUtc": run.finished}
    return told | {name: time for name, time in times.items() if time and _is_time(time)}


def _is_time(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text, re.ASCII):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _notices(account: Account, found: Sequence[_Finding]) -> Iterator[dict[str, Any]]:
    """What kept the run from being whole, what failed it, and what is not in this file."""
    failed = [gate for gate in account.gates if not gate.passed]
    yield from (_notice("error", f"Gate {gate.name} failed: {gate.reason}") for gate in failed[:NOTICES_SHOWN])
    reasons = silences(account.record)
    for count, why in reasons[:NOTICES_SHOWN]:
        yield _notice("error" if why.startswith("error") else "warning", f"{counted(count, 'trial')}: {why}")
    if len(reasons) > NOTICES_SHOWN:
        yield _notice("warning", f"and {len(reasons) - NOTICES_SHOWN} more reasons")
    if len(found) > RESULTS_SHOWN:
        yield _notice(
            "warning", f"{RESULTS_SHOWN} of {len(found)} findings are listed, the most severe; GitHub shows no more"
        )
    if account.standing is not None and account.standing.fixed:
        # no results of state "absent": GitHub takes every result for a finding (github.com/microsoft/PSRule/issues/955)
        yield _notice("note", f"{counted(len(account.standing.fixed), 'known finding')} fixed since the baseline")
    if lost := sum(account.places.get(one.case.id, ("", 1))[1] == 1 for one in found):
        yield _notice("note", f"{counted(lost, 'finding')} in the first line, since no suite here has the prompt")


def _notice(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _sign(text)}}


def _properties(account: Account, found: int) -> dict[str, Any]:
    run, standing = account.record.run, account.standing
    told: dict[str, Any] = {"run": run.id, "targets": dict(run.targets), "text": account.text, "findings": found}
    if standing is not None:
        groups: Sequence[str] = ("new", "known", "fixed", "unseen")
        told["baseline"] = {
            "path": standing.baseline.path,
            "run": standing.baseline.run,
            **{name: len(getattr(standing, name)) for name in groups},
        }
    return told
