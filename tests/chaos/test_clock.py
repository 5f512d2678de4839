"""A clock that jumps: waits, order, seconds and reports do not depend on it."""

import datetime
import email.utils
import json
from pathlib import Path

import pytest
from desks import SMALL, Scripted
from killing import CASES

from astral.store import Store
from astral.testing.replies import error

CHILDREN = Path(__file__).parent / "children"
DAY = 86_400
REPORTS = "report=json:out.json,html:out.html,md:out.md"
RUN = ("--astral", f"target=gpt-4 oracle=llm:judge canaries=0 gate=none concurrency=1 {REPORTS}")


@pytest.fixture
def desk(desk):
    assert desk.astral("generate", "safety.astral.jsonl", *SMALL.split()).code == 0
    return desk


def by_clock(desk, clock, *arguments):
    return desk.pytest("-p", "clock", *arguments, env={**desk.env, "PYTHONPATH": str(CHILDREN), "CLOCK": clock})


def now():
    return datetime.datetime.now(datetime.UTC)


@pytest.mark.parametrize("clock", [f"0:0,8:{DAY},16:{-DAY}", f"0:{DAY},8:0", f"0:{-DAY},12:{DAY}"])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_waits_are_what_they_were_asked_to_be(desk, server, counted, clock, form):
    """A server that wants two seconds gets them, by the clocks of both: no retry comes early, and none a day late."""
    throttled = []

    def play(request, count):
        if request["model"] == "gpt-4" and count == 12:
            throttled.append(request["messages"])
            date, later = now(), now() + datetime.timedelta(seconds=2)
            said = "2" if form == "seconds" else email.utils.format_datetime(later, usegmt=True)
            headers = {"Retry-After": said, "Date": email.utils.format_datetime(date, usegmt=True)}
            return error(429, "slow down", headers=headers)
        return None

    server.script = Scripted(play)
    done = by_clock(desk, clock, *RUN)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}
    first, again = (logged.at for logged in server.requests if logged.body.get("messages") in throttled)
    assert again - first >= 1.0  # a date has no fractions of a second
    assert all(0 <= case["seconds"] < 60 for case in desk.results()["cases"])
    counted("cases accounted", CASES)


def test_the_last_run_is_the_one_that_was_begun_last(desk, server):
    """A clock that was set back by a day makes nothing older."""
    ids = []
    for off in (0, -DAY, DAY, 0):
        done = by_clock(desk, f"0:{off}", *RUN)
        assert done.code == 0, done.text
        ids.append(desk.results()["run"]["id"])
    with Store(desk.path / ".astral" / "astral.db") as store:
        assert store.run_ids() == ids[::-1]
    assert ids[3] in desk.astral("report", "last").out
    listed = desk.astral("runs").out
    assert sorted(ids, key=listed.index) == ids[::-1]


def test_a_resume_by_another_clock(desk, server):
    """Begun tomorrow, ended yesterday: nothing is asked twice, and the reports can be read."""
    done = by_clock(desk, f"0:{DAY}", *RUN, "-k", "politics")
    assert done.code == 0, done.text
    done = by_clock(desk, f"0:{-DAY}", "--astral", f"resume=last gate=none {REPORTS}")
    assert done.code == 0, done.text
    run = desk.results()["run"]
    assert run["started"] > now().isoformat() > run["finished"]
    assert "-1 day" not in (desk.path / "out.html").read_text() + done.text
    assert server.count("gpt-4") == CASES + 2


@pytest.mark.parametrize("year", [2038, 2039, 2106])
def test_a_year_after_which_seconds_need_more_bits(desk, server, year):
    """From one second before the 32nd bit runs over: https://en.wikipedia.org/wiki/Year_2038_problem"""
    start = datetime.datetime(2038, 1, 19, 3, 14, 6, tzinfo=datetime.UTC).replace(year=year)
    off = (start - now()).total_seconds()
    done = by_clock(desk, f"0:{off},4:{off + 60}", *RUN, "--junitxml=junit.xml")
    assert done.code == 0, done.text
    run = desk.results()["run"]
    assert run["started"].startswith(f"{year}-01-19T03:14")
    assert run["finished"] > run["started"]
    assert str(year) in (desk.path / "junit.xml").read_text()


def test_the_zone_changes_no_report(desk, server):
    first = desk.pytest(*RUN, env={**desk.env, "TZ": "Pacific/Kiritimati"})
    assert first.code == 0, first.text
    written = [(desk.path / name).read_bytes() for name in ("out.json", "out.html", "out.md")]
    for zone in ("America/Los_Angeles", "Asia/Kathmandu", "no/such/zone"):
        desk.env["TZ"] = zone
        done = desk.astral("report", "last", "gate=none", "report=json:a.json,html:a.html,md:a.md")
        assert done.code == 0, done.text
        again = [(desk.path / name).read_bytes() for name in ("a.json", "a.html", "a.md")]
        assert again == written
    assert json.loads(written[0])["run"]["started"].endswith("Z")
