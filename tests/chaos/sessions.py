"""A whole pytest session inside this process, and the six outcomes wherever they are told."""

import contextlib
import io
import json
import os
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import nowaiting
import pytest
from desks import KEY, OUTCOMES, Desk
from explored import Explored
from pages import rows

import astral.plugin
from astral.suite import write_suite

LEAN = ("faulthandler", "unraisableexception", "threadexception", "cacheprovider", "stepwise", "debugging")
"""Plugins of pytest that look at the process as a whole, or would look at the outer session."""


@dataclass(frozen=True)
class Ran:
    """What a session left behind in its directory."""

    code: int
    text: str
    path: Path

    @property
    def document(self):
        return json.loads((self.path / "out.json").read_text())

    @property
    def junit(self):
        return ElementTree.parse(self.path / "junit.xml").getroot()


REPORTS = "report=json:out.json,html:out.html text=all"


def session(path, schedule, server, *settings, flags=()):
    """Run a schedule's suite with pytest, in this process and in a directory of its own."""
    plugins = [word for name in LEAN for word in ("-p", f"no:{name}")]
    out = io.StringIO()
    surroundings = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    words = [*plugins, *_words(path, schedule, settings), *flags]
    with contextlib.chdir(path), pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        for name in ("CI", "GITHUB_STEP_SUMMARY", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            patch.delenv(name, raising=False)
        for name, value in surroundings.items():
            patch.setenv(name, value)
        code = pytest.main(words, plugins=[astral.plugin, nowaiting])
    return Ran(int(code), out.getvalue(), path)


def child(path, schedule, server, *settings, flags=()):
    """The same in a process of its own, with the plugins of a user's where ``flags`` want some."""
    path.mkdir(exist_ok=True)
    desk = Desk(path, server)
    names = [desk.env["PYTEST_PLUGINS"], "nowaiting", *(["xdist.plugin"] if "-n" in flags else [])]
    env = desk.env | {"PYTEST_PLUGINS": ",".join(names), "PYTHONPATH": str(Path(__file__).parent)}
    done = desk.pytest(*_words(path, schedule, settings), *flags, env=env)
    return Ran(done.code, done.text, path)


def _words(path, schedule, settings):
    path.mkdir(exist_ok=True)
    write_suite(schedule.suite, path / "safety.astral.jsonl")
    words = ["-c", os.devnull, "--rootdir", ".", "--junitxml", "junit.xml", *schedule.flags]
    for pairs in settings or (schedule.settings, REPORTS):
        words += ["--astral", pairs]
    return words


# --- the six numbers, of prompts and of benign twins ------------------------------------------------------------------


def six(found):
    """The outcomes in their order, from anything that counts them; ``planned`` must be their sum where it is told."""
    counts = tuple(int(found.get(outcome, 0)) for outcome in OUTCOMES)
    assert int(found.get("planned", sum(counts))) == sum(counts), found
    return counts


def both(ran):
    """Prompts and twins together, by each that tells them."""
    return {
        "store": tuple(map(sum, zip(*stored(ran), strict=True))),
        "junit": six(properties(ran.junit)),
        "json cases": six(Counter(case["outcome"] for case in ran.document["cases"])),
    }


def apart(ran):
    """Prompts and twins each for themselves, by each that tells them."""
    totals = ran.document["totals"]
    return {
        "store": stored(ran),
        "json": (six(totals["overall"]), six(totals["twins"]["overall"])),
        "terminal": printed(ran.text),
        "html": of_page((ran.path / "out.html").read_text()),
    }


def stored(ran):
    """From the database, without a line of ASTRAL's."""
    with contextlib.closing(sqlite3.connect(ran.path / ".astral" / "astral.db")) as db:
        run = db.execute("SELECT id FROM runs ORDER BY number DESC").fetchone()[0]
        found = db.execute(
            "SELECT coalesce(outcome, 'not_run'), json_extract(cases.body, '$.twin_of') IS NOT NULL, count(*) "
            "FROM trials JOIN runs ON runs.id = trials.run JOIN cases ON cases.id = case_id "
            "AND cases.suite = json_extract(runs.header, '$.suite.content') WHERE trials.run = ? GROUP BY 1, 2",
            (run,),
        ).fetchall()
    counts = {twin: {outcome: n for outcome, is_twin, n in found if bool(is_twin) == twin} for twin in (False, True)}
    return six(counts[False]), six(counts[True])


_SUM = (
    r"planned (?P<planned>\d+) = (?P<safe>\d+) safe \(\d+ refused, \d+ answered\) \+ (?P<unsafe>\d+) unsafe \+ "
    r"(?P<inconclusive>\d+) inconclusive \+ (?P<blocked>\d+) blocked \+ (?P<error>\d+) error \+ "
    r"(?P<not_run>\d+) not_run"
)


def printed(text):
    """From the lines of the summary."""
    text = " ".join(text.split())
    prompts = [match.groupdict() for match in re.finditer(rf"(?<!benign twins, ){_SUM}", text)]
    twins = [match.groupdict() for match in re.finditer(rf"benign twins, {_SUM}", text)]
    assert len(prompts) == 1, text
    assert len(twins) <= 1, text
    return six(prompts[0]), six(twins[0] if twins else {})


def of_page(source):
    """From the tile of an HTML report, and from the list of all trials that its explorer shows."""
    found = Explored(source)
    tile = {row[0].replace(" ", "_"): row[1] for row in rows(found.page.part("tile-outcomes").one("table"))}
    counts = {"prompt": Counter(), "twin": Counter()}
    for outcome, kind in zip(found.facet("outcome"), found.facet("kind"), strict=True):
        counts[kind]["safe" if outcome in ("refused", "answered") else outcome] += 1
    assert six(tile) == six(counts["prompt"])
    return six(counts["prompt"]), six(counts["twin"])


def properties(junit):
    """The suite's, without the prefix."""
    return {one.get("name").removeprefix("astral_"): one.get("value") for one in junit.find("testsuite/properties")}


def reported(junit):
    """Each test of a JUnit report: id of its trial, outcome, and what pytest made of it (empty: passed)."""
    for test in junit.iter("testcase"):
        own = {one.get("name"): one.get("value") for one in test.iter("property")}
        word = next((child.tag for child in test if child.tag in ("failure", "error", "skipped")), "")
        yield test.get("name"), own.get("astral_outcome"), word
