"""Exact accounting: over a thousand random schedules of faults, each a whole pytest session whose trials add up."""

from dataclasses import replace
from itertools import count

import pytest
from foretold import Foretold, Stopped, without_faults
from hypothesis import HealthCheck, given, seed, settings
from schedules import TARGETS, Play, Schedule, schedules
from sessions import REPORTS, apart, both, child, reported, session, six

from astral.testing.server import LocalServer

PARTS, EACH = 8, 130
JUDGED = ("safe", "unsafe")
FINAL = (*JUDGED, "inconclusive", "blocked")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_planned_is_the_sum_of_the_six_outcomes_whatever_goes_wrong(part, tmp_path, counted):
    numbers = count()

    @seed(part)
    @settings(max_examples=EACH, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(schedules())
    def check(schedule):
        play = Play(schedule)
        with LocalServer(play) as server:
            ran = session(tmp_path / str(next(numbers)), schedule, server)
        check_run(ran, schedule, play, server)
        counted("fault schedules")
        counted("faults injected", play.faults)
        counted("cases accounted", len(ran.document["cases"]))

    check()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(24))
def test_so_it_is_in_a_process_of_its_own(number, tmp_path, counted):
    schedule = Schedule(
        seed=number,
        stopping=number % 4 == 3,
        cases=6,
        twins=number % 2 == 0,
        talks=2 * (number % 3 == 0),
        targets=1 + number % 2,
        repeats=1 if number % 3 == 0 else 2,
        judges=1 + number % 3,
        vote=("any", "majority", "unanimous", "cascade")[number % 4],
        turns=("last", "each")[number % 2],
        concurrency=1 + number % 8,
        spare=(None, None, 4)[number % 3],
        maxfail=(0, 0, 0, 2)[number % 4],
    )
    play = Play(schedule)
    with LocalServer(play) as server:
        ran = child(tmp_path / "run", schedule, server)
        check_run(ran, schedule, play, server)
    counted("fault schedules")
    counted("faults injected", play.faults)
    counted("cases accounted", len(ran.document["cases"]))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dist", ["load", "loadscope", "loadfile", "loadgroup", "worksteal", "each"])
@pytest.mark.parametrize("maxfail", [0, 2])
def test_so_it_is_with_workers(dist, maxfail, tmp_path, counted):
    pytest.importorskip("xdist")
    schedule = Schedule(seed=len(dist), cases=6, twins=True, targets=2, judges=2, vote="majority", maxfail=maxfail)
    play = Play(schedule)
    with LocalServer(play) as server:
        ran = child(tmp_path / "run", schedule, server, flags=("-n", "2", "--dist", dist))
        check_run(ran, schedule, play, server, dist=dist)
    counted("fault schedules")
    counted("faults injected", play.faults)
    counted("cases accounted", len(ran.document["cases"]))


def check_resumed(ran, schedule, play, server):
    """On a good day the run goes on where it stopped: what was final stays, what was answered is not asked again, and
    the rest comes to what it is without faults.
    """
    before, asked = {_trial(one): one for one in ran.document["cases"]}, len(_asked(play))
    play.share = 0.0
    whole = replace(schedule, maxfail=0)
    again = session(ran.path, whole, server, f"resume=last budget=none incomplete={schedule.incomplete}%", REPORTS)
    assert again.code in (0, 1), again.text
    check_sums(again, whole)
    good, turns = without_faults(schedule), {case.id: len(case.turns) for case in schedule.planned}
    for one in again.document["cases"]:
        was = before[_trial(one)]
        if was["outcome"] in FINAL:
            assert (one["outcome"], one["verdicts"]) == (was["outcome"], was["verdicts"])
        else:
            assert one["outcome"] in (good[one["id"], one["target"]], "inconclusive"), (one, schedule)
    unanswered = [one for one in before.values() if one["outcome"] not in FINAL and one["response"] is None]
    assert len(_asked(play)) - asked == sum(turns[one["id"]] for one in unanswered)
    check_code(again.code, again.document, schedule)


def _trial(one):
    return one["id"], one["target"], one["repeat"]


def _asked(play):
    return [turn for turn in play.turns if turn.model in TARGETS]


def check_run(ran, schedule, play, server, *, dist=""):
    """All that is promised of one run, whose workers are given their tests by ``dist`` where it has some."""
    interrupted = bool(dist) and halted(ran, schedule)  # so xdist says that it stops at the limit of failures
    assert ran.code in ((2,) if interrupted else (0, 1)), ran.text
    document = ran.document
    check_sums(ran, schedule)
    stopped = Stopped(early=halted(ran, schedule), broke="budget" in {case["reason"] for case in document["cases"]})
    check_outcomes(document, schedule, play, stopped)
    check_requests(document, schedule, play, server, stopped)
    check_tests(ran, document, times=2 if dist == "each" else 1, cut_short=interrupted)
    if not interrupted:
        check_code(ran.code, document, schedule)


def check_sums(ran, schedule):
    """The same six numbers wherever they are told, and as many trials as were selected."""
    found, parts = both(ran), apart(ran)
    assert len(set(found.values())) == 1, found
    assert len(set(parts.values())) == 1, parts
    assert tuple(map(sum, zip(*parts["store"], strict=True))) == found["store"]
    asked = schedule.targets * schedule.repeats
    prompts = sum(case.twin_of is None for case in schedule.planned)
    assert tuple(map(sum, parts["store"])) == (prompts * asked, (len(schedule.planned) - prompts) * asked)


def halted(ran, schedule):
    """True when pytest stopped at its limit of failures."""
    bad = sum(word in ("failure", "error") for _, _, word in reported(ran.junit))
    return bool(schedule.maxfail) and bad >= schedule.maxfail


def check_outcomes(document, schedule, play, stopped):
    """Each trial came to what the server's replies make of it; and where it was judged, to what it is on a good day."""
    foretold, good = Foretold(play, stopped), without_faults(schedule)
    faultless = schedule.vote != "cascade"  # there an oracle that cannot tell leaves the word to the next
    for case in schedule.planned:
        for target in TARGETS[: schedule.targets]:
            rows = [one for one in document["cases"] if (one["id"], one["target"]) == (case.id, target)]
            outcomes = [one["outcome"] for one in rows]
            assert sorted(one["repeat"] for one in rows) == [*range(1, schedule.repeats + 1)]
            assert foretold.fits(case, target, outcomes), (case, outcomes, foretold.allowed(case, target))
            assert not faultless or {*outcomes} & {*JUDGED} <= {good[case.id, target]}


def check_requests(document, schedule, play, server, stopped):
    """No more requests than the plan can need, and each is counted: those in flight at a stop may have been lost."""
    trials, calls = len(document["cases"]), document["run"]["calls"]
    asked = {model: sum(turn.model == model for turn in play.turns) for model in TARGETS}
    tries = 1 + schedule.retries
    longest = max((len(case.turns) for case in schedule.planned), default=1)
    assert sum(asked.values()) <= trials * tries * longest
    judged = sum(turn.model not in TARGETS for turn in play.turns)
    assert judged <= trials * longest * schedule.judges * schedule.confirm * 3 * tries
    sent = calls["target"], calls["judge"]
    seen = sum(asked.values()), server.count() - sum(asked.values()) - calls["preflight"]
    assert sent == seen or (stopped.early and all(a >= b for a, b in zip(sent, seen, strict=True))), (sent, seen)
    assert schedule.spare is None or sum(sent) <= schedule.budget
    assert not stopped.broke or sum(sent) == schedule.budget


def check_tests(ran, document, *, times, cut_short):
    """No trial but a safe one is a test that passed, and each test is one trial; ``--dist each`` runs each twice. Where
    a run is ``cut_short``, a worker does not wait for a trial that is still in flight.
    """
    outcomes = {}
    for case in document["cases"]:
        suffix = f".r{case['repeat']}" if case["repeat"] > 1 else ""
        outcomes[f"{case['id']}.{case['target']}{suffix}"] = case["outcome"]
    tests = list(reported(ran.junit))
    assert len(tests) <= len({name for name, _, _ in tests}) * times
    words = {"safe": "", "unsafe": "failure", "error": "error"}
    for name, outcome, word in tests:
        assert outcome == outcomes[name] or (cut_short and outcome == "not_run")
        assert word == words.get(outcome, "skipped")


def check_code(code, document, schedule):
    """0 only where every target was judged, nothing is unsafe, and no more is missing than may be."""
    totals = document["totals"]
    parts = [totals["by_target"], totals["twins"]["by_target"]]
    missing = [_missing(counts) for part in parts for counts in part.values()]
    judged = all(part["safe"] + part["unsafe"] for part in totals["by_target"].values())
    good = judged and not totals["overall"]["unsafe"] and max(missing) * 100 <= schedule.incomplete
    assert code in ((0, 1) if good and schedule.canaries else (not good,)), (code, totals)


def _missing(counts):
    return (counts["inconclusive"] + counts["error"] + counts["not_run"]) / max(sum(six(counts)), 1)
