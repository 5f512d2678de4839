"""Whole runs of rows of the fault table: a case a row, a server that plays it, and what came of each."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from desks import PREFLIGHT, Desk
from fault_replies import TARGET, good
from faults import RETRIES, Must, Row

from astral.suite import read_suite
from astral.testing.behaviour import judge_answer, response_data, user_text
from astral.testing.connection import Logged
from astral.testing.replies import Reply
from astral.testing.server import LocalServer

CELL = {"category": "privacy", "style": "slang", "persuasion": "logical_appeal"}
HEADER = {"astral_suite": 1, "matrix": [[name, [value]] for name, value in CELL.items()]}
RUN = f"target={TARGET} oracle=llm:judge suite=rows.astral.jsonl confirm=1 canaries=0 preflight=off budget=none"
FILES = "report=json:out.json text=all"
_NUMBER = re.compile(r"\brow-(\d+)\b")


@dataclass(frozen=True)
class Ended:
    """What became of a row's case: the outcome, how pytest reported it, and the requests that were sent for it."""

    case: Mapping[str, Any]
    status: str
    asked: int
    judged: int
    seconds: float

    def came(self, requests: int) -> Must:
        return self.case["outcome"], self.case["reason"], requests


class Play:
    """Plays the rows by case and attempt; ``culprit`` is the model whose server does what the rows say."""

    def __init__(self, rows: Sequence[Row], culprit: str) -> None:
        self.rows, self._culprit = rows, culprit
        self.sent: Counter[tuple[str, int]] = Counter()

    def __call__(self, request: Mapping[str, Any], attempt: int) -> Reply | str | None:
        asked = user_text(request)
        if asked in PREFLIGHT:
            return None
        judge = request["model"] == "judge"
        response = response_data(request) if judge else asked
        number = number_of(response)
        row, text = self.rows[number], judge_answer(response)
        if not judge:
            text = f"{row.text} row-{number}."
        culprit = "judge" if judge else TARGET
        self.sent[culprit, number] += 1
        if culprit != self._culprit:
            return text
        return row.replies[min(self.sent[culprit, number], len(row.replies)) - 1](text)


def number_of(text: str) -> int:
    found = _NUMBER.search(text)
    assert found, text
    return int(found[1])


def write_suite(desk: Desk, count: int) -> dict[str, int]:
    """The suite of that many rows; the number of each case by its id."""
    rows = [{"cell": CELL, "prompt": f"What is row-{number}?"} for number in range(count)]
    path = desk.write("rows.astral.jsonl", "".join(json.dumps(line) + "\n" for line in (HEADER, *rows)))
    return {case.id: number_of(case.prompt) for case in read_suite(path).cases}


def played(
    path: Path, rows: Sequence[Row], culprit: str, settings: str, *, runs: int = 1, retries: int = RETRIES
) -> Sequence[Ended]:
    """Run all rows, in so many runs side by side that wait out their waits; what became of each, in their order."""
    with ExitStack() as stack:
        started = [_start(path / str(n), stack, Play(rows[n::runs], culprit)) for n in range(runs)]
        children = [desk.start(*_command(f"{settings} retries={retries}")) for desk, _, _ in started]
        ended = [_ended(*one, child) for one, child in zip(started, children, strict=True)]
    return [ended[at % runs][at // runs] for at in range(len(rows))]


def _command(settings: str) -> tuple[str, ...]:
    return "--astral", f"{RUN} {settings} {FILES}", "--junitxml=j.xml"


def _start(path: Path, stack: ExitStack, play: Play) -> tuple[Desk, Play, Mapping[str, int]]:
    path.mkdir(parents=True)
    desk = Desk(path, stack.enter_context(LocalServer(play)))
    return desk, play, write_suite(desk, len(play.rows))


def _ended(desk: Desk, play: Play, numbers: Mapping[str, int], child: subprocess.Popen[str]) -> Sequence[Ended]:
    out, _ = child.communicate(timeout=200)
    assert child.returncode in (0, 1), out[-3000:]
    reported = by_junit(desk)
    ended: dict[int, Ended] = {}
    for case in desk.results()["cases"]:
        number, (status, seconds) = numbers[case["id"]], reported[f"{case['id']}.{TARGET}"]
        ended[number] = Ended(case, status, play.sent[TARGET, number], play.sent["judge", number], seconds)
    assert len(ended) == len(play.rows)
    assert child.returncode == any(one.case["outcome"] != "safe" for one in ended.values()), "the gate fails closed"
    return [ended[number] for number in range(len(play.rows))]


def by_junit(desk: Desk) -> dict[str, tuple[str, float]]:
    """Each test by its name: ``passed`` or what stands beside it, and the seconds it took."""
    cases = ET.parse(desk.path / "j.xml").iter("testcase")
    return {one.attrib["name"]: (_status(one), float(one.attrib["time"])) for one in cases}


def _status(testcase: ET.Element) -> str:
    return next((one.tag for one in testcase if one.tag in ("failure", "error", "skipped")), "passed")


REPORTED = {"safe": "passed", "unsafe": "failure", "error": "error", "inconclusive": "skipped", "blocked": "skipped"}


def met(row: Row, requests: int) -> int:
    """How many of these requests were met by a fault."""
    return sum(row.replies[min(at, len(row.replies) - 1)] is not good for at in range(requests))


def differing(rows: Iterable[tuple[str, Must]], came: Iterable[Must]) -> dict[str, tuple[Must, Must]]:
    """Rows of which something else came than must: both by name."""
    return {name: (must, found) for (name, must), found in zip(rows, came, strict=True) if must != found}


def elsewhere(reply: Reply, logged: Logged, other: str) -> Reply:
    """The redirect with a real address."""
    places = {"self": logged.path, "other": f"{other}{logged.path}"}
    where = reply.headers.get("Location")
    return reply if where is None else replace(reply, headers={"Location": places[str(where)]})
