"""Known answers in whole runs: mixed in unseen, judged once, never counted, and told where the judge fails them."""

import json
import re
import signal
import threading

import pytest
from desks import PREFLIGHT, SMALL, Desk, asked, judging

from astral.canaries import canary_rows
from astral.model import Label
from astral.store import Store
from astral.testing.behaviour import response_data, user_text
from astral.testing.replies import completion, error
from astral.testing.server import LocalServer

RUN = ("--astral", f"target=gpt-4 oracle=llm:judge writer=template web=off {SMALL} report=json:out.json")
CASES = 24
BY_TEXT = {row.response.text: row for row in canary_rows()}


def shown(request):
    """The row that a judge is asked about; None for the answer of a trial."""
    answer = response_data(request)
    return next((row for text, row in BY_TEXT.items() if text in answer), None)


def judged(server, model="judge"):
    """The rows that a judge was asked about, in the order of asking."""
    requests = (one.body for one in server.requests if one.model == model and user_text(one.body) not in PREFLIGHT)
    return [row for row in map(shown, requests) if row is not None]


def stored(desk, run="last"):
    with Store(desk.path / ".astral" / "astral.db") as store:
        return store.record(run).canaries


def saying(word):
    """A judge that always says the same of known answers, and what is true of all others."""

    def play(request, attempt):
        return judging(word) if request["model"].startswith("judge") and shown(request) else None

    return play


def test_a_judge_that_knows_them_is_trusted(desk, server):
    done = desk.pytest(*RUN)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}  # they are in no total
    rows = judged(server)
    assert len(set(rows)) == 6
    assert len(rows) == 9  # an unsafe one is confirmed, as that of a trial is
    assert sum(row.truth is Label.UNSAFE for row in set(rows)) == 3
    assert {row.category for row in rows} <= {"politics", "drugs_weapons", "privacy", "violence"}
    found = stored(desk)
    assert {one.canary for one in found} == {row.id for row in rows}
    assert all(one.said is one.truth and one.oracle == "llm:judge" for one in found)
    document = desk.results()
    assert document["coverage"]["1"]["covered"]["judged"] == document["coverage"]["1"]["total"]
    assert document["run"]["calls"]["judge"] == CASES + 9
    assert not any(row.id in (desk.path / "out.json").read_text() for row in canary_rows())


@pytest.mark.parametrize(("word", "wrong"), [("safe", 3), ("unsafe", 3), ("unknown", 0)])
def test_a_judge_that_is_asleep_fails_the_run(desk, server, word, wrong):
    server.script = saying(word)
    done = desk.pytest(*RUN)
    assert done.code == 1
    assert desk.totals() == {"safe": CASES}
    unknown = ", 6 unknown" if word == "unknown" else ""
    counts = f"llm:judge: 6 judged, {wrong} wrong{unknown}: "
    told = f"gate canaries failed: known answers: {counts}"
    assert told in " ".join(done.out.split())
    assert " ".join(done.out.split()).count(counts) == 1, "said by the gate, and by no note beside it"
    assert any(counts in warning for warning in desk.results()["warnings"])
    again = desk.astral("report")
    assert counts in " ".join(again.out.split())


def test_one_slip_is_no_sleep(desk, server):
    slipped = []

    def play(request, attempt):
        if request["model"] != "judge" or (row := shown(request)) is None or row.truth is Label.UNSAFE:
            return None
        slipped.append(row)
        return judging("unsafe") if row == slipped[0] else None

    server.script = play
    assert desk.pytest(*RUN).code == 0
    assert sum(one.said is not one.truth for one in stored(desk)) == 1


def test_they_cannot_be_told_from_cases(desk, server):
    assert desk.pytest(*RUN, "--astral", "confirm=1 concurrency=1").code == 0
    requests = [one.body for one in server.requests if one.model == "judge" and user_text(one.body) not in PREFLIGHT]
    known = {json.dumps(body): shown(body) for body in requests}
    rows = {row for row in known.values() if row}
    assert len(rows) == 6
    assert {case["dimensions"]["category"] for case in desk.results()["cases"]} >= {row.category for row in rows}
    skeletons = {bool(row): set() for row in known.values()}
    for text, row in known.items():
        body = json.loads(text)
        assert "canary" not in text.lower()
        for id in (*(one.id for one in rows), *(one.case.id for one in rows)):
            assert id not in text
        skeletons[bool(row)].add(_skeleton(body))
    assert skeletons[True] <= skeletons[False]
    places = [at for at, row in enumerate(known.values()) if row]
    assert places != [*range(6)]
    assert places != [*range(CASES, CASES + 6)]


def _skeleton(body):
    """The request without what is data: the texts between marked lines, and the category."""
    told = [re.sub(r"[0-9a-f]{32,}", "NONCE", message["content"]) for message in body["messages"]]
    told = [re.sub(r"(begins =+\n).*?(\n=+ NONCE)", r"\1DATA\2", text, flags=re.DOTALL) for text in told]
    told = [re.sub(r"Category: .*", "CATEGORY", text) for text in told]
    told = [re.sub(r'category "[^"]*"', "CATEGORY", text) for text in told]
    rest = {key: value for key, value in body.items() if key != "messages"}
    return json.dumps([told, [message["role"] for message in body["messages"]], rest], sort_keys=True)


def test_none_are_sent_where_none_are_wanted(desk, server):
    done = desk.pytest(*RUN, "--astral", "canaries=0")
    assert done.code == 0
    assert judged(server) == []
    assert stored(desk) == ()
    assert "known answers" not in done.out


@pytest.mark.slow
def test_rules_and_python_tests_are_asked_none(desk, server):
    assert desk.pytest(*RUN, "--astral", "oracle=offline").code == 0
    assert stored(desk) == ()
    desk.write("test_mine.py", "def test_mine(astral_oracle): assert astral_oracle('hello', 'hi').safe\n")
    done = desk.pytest("--astral", "target=gpt-4 oracle=llm:judge", "test_mine.py")
    assert done.code == 0, done.text
    assert server.count("judge") == 1
    assert judged(server) == []


@pytest.mark.slow
def test_two_runs_draw_others_and_each_oracle_of_a_run_the_same(desk, server):
    both = ("--astral", "oracle=llm:judge,llm:judge-2 canaries=10")
    assert desk.pytest(*RUN, *both).code == 0
    first = {row.id for row in judged(server)}
    assert first == {row.id for row in judged(server, "judge-2")}
    assert len(first) == 10
    assert len(stored(desk)) == 20
    before = len(server.requests)
    assert desk.pytest(*RUN, *both).code == 0
    assert {row.id for row in map(shown, (one.body for one in server.requests[before:])) if row} != first


# --- trouble on the way -----------------------------------------------------------------------------------------------


def test_a_judge_that_fails_on_them_does_not_stop_the_run_and_is_asked_again(desk, server):
    broken = True

    def play(request, attempt):
        failing = broken and request["model"] == "judge" and shown(request)
        return error(400, "not today") if failing else None

    server.script = play
    done = desk.pytest(*RUN)
    assert done.code == 1
    assert desk.totals() == {"safe": CASES}
    assert "0 judged, 0 wrong, 6 not judged: nothing shows" in " ".join(done.out.split())
    assert "to go on: pytest --astral resume=last" in done.out
    planned = {one.canary for one in stored(desk)}
    broken = False
    before = len(server.requests)
    again = desk.pytest("--astral", "resume=last report=json:out.json")
    assert again.code == 0, again.text
    assert {row.id for row in map(shown, (one.body for one in server.requests[before:])) if row} == planned
    assert all(one.said is one.truth for one in stored(desk))
    assert len(asked(server, "gpt-4")) == CASES
    last = desk.pytest("--astral", "resume=last")
    assert "nothing is left to ask" in last.out


def test_a_budget_that_ends_leaves_them_unjudged(desk, server):
    done = desk.pytest(*RUN, "--astral", f"budget={2 * CASES + 6}req gate=none incomplete=100%")
    spent = desk.results()["run"]["calls"]
    assert spent["target"] + spent["judge"] <= 2 * CASES + 6
    said = [one.said for one in stored(desk)]
    assert len(said) == 6
    assert done.code == (0 if any(said) else 1)


def test_a_budget_without_room_for_them_is_refused(desk, server):
    desk.pytest(*RUN, "--astral", f"budget={2 * CASES}req").refused(f"needs at least {2 * CASES + 6} requests")
    assert not server.requests
    assert desk.pytest(*RUN, "--astral", f"budget={2 * CASES}req canaries=0").code == 0


def test_the_first_finding_stops_them_too(desk, server):
    server.script = lambda request, attempt: "[UNSAFE] a bad answer" if request["model"] == "gpt-4" else None
    done = desk.pytest(*RUN, "--astral", "concurrency=1 canaries=24", "-x")
    assert done.code == 1
    assert len(judged(server)) < 12
    assert len(stored(desk)) == 24


class Ending:
    """Ends its client at the ``number``-th known answer that the judge is asked about."""

    def __init__(self, number, how):
        self.number, self.how, self.seen, self.client = number, how, 0, None
        self.started = threading.Event()

    def __call__(self, request, attempt):
        if request["model"] == "judge" and user_text(request) not in PREFLIGHT and shown(request):
            self.seen += 1
            if self.seen == self.number:
                assert self.started.wait(10)
                self.client.send_signal(self.how)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("number", [1, 4, 9])
def test_a_resumed_run_goes_on_with_the_same_and_asks_none_twice(tmp_path, how, number):
    ending = Ending(number, how)
    with LocalServer(ending) as server:
        desk = Desk(tmp_path, server)
        ending.client = desk.start(*RUN, "--astral", "concurrency=1")
        ending.started.set()
        ending.client.communicate(timeout=40)
        assert ending.client.returncode != 0
        planned = {one.canary for one in stored(desk)}
        assert len(planned) == 6
        done = desk.pytest("--astral", "resume=last report=json:out.json")
        assert done.code == 0, done.text
        assert desk.totals() == {"safe": CASES}
        assert {one.canary for one in stored(desk)} == planned == {row.id for row in judged(server)}
        assert all(one.said is one.truth for one in stored(desk))
        assert len(judged(server)) <= 9 + 1  # what was under way when the run was ended


# --- other commands ---------------------------------------------------------------------------------------------------


def test_a_dry_run_counts_them(desk, server):
    done = desk.pytest(*RUN, "--astral", "dry_run=on")
    assert done.code == 0
    assert "judged by llm:judge as well: 6 known answers (canaries=0: none)" in done.out
    assert f"{CASES} target calls + {CASES + 6}-{2 * (CASES + 6)} judge calls" in done.out
    assert not server.requests


def test_a_second_judging_draws_its_own(desk, server):
    assert desk.pytest(*RUN, "--astral", "canaries=0").code == 0
    server.script = saying("safe")
    done = desk.astral("judge", "last", "oracle=llm:judge-2", "canaries=4")
    assert done.code == 1
    assert "llm:judge-2: 4 judged, 2 wrong" in " ".join(done.out.split())
    assert len({row.id for row in judged(server, "judge-2")}) == 4
    assert stored(desk, "last")[0].oracle == "llm:judge-2"


@pytest.mark.slow
def test_shards_that_are_merged_bring_theirs(desk, server):
    for shard in ("1/2", "2/2"):
        assert desk.pytest(*RUN, "--astral", f"shard={shard} canaries=30").code == 0
    with Store(desk.path / ".astral" / "astral.db") as store:
        one, other = (store.record(run).canaries for run in store.run_ids())
    done = desk.astral("merge", *_runs(desk))
    assert done.code == 0, done.text
    merged = stored(desk)
    ids = {verdict.canary for verdict in (*one, *other)}
    assert len(ids) < 60  # some were drawn twice, and count once
    assert {verdict.canary for verdict in merged} == ids
    assert len(merged) == len(ids)
    assert all(verdict.said is verdict.truth for verdict in merged)


def _runs(desk):
    with Store(desk.path / ".astral" / "astral.db") as store:
        return store.run_ids()


@pytest.mark.slow
def test_an_answer_to_one_is_never_shown(desk, server):
    server.script = lambda request, attempt: (
        completion(judging("safe"), model="judge") if request["model"] == "judge" and shown(request) else None
    )
    done = desk.pytest(*RUN, "--astral", "text=all report=json:out.json,html:out.html", "-vv", "-rA")
    assert done.code == 1
    everything = done.text + (desk.path / "out.html").read_text() + (desk.path / "out.json").read_text()
    for row in set(judged(server)):
        assert row.response.text[:40] not in everything
