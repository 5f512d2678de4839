"""1,260 cases through an endpoint on its bad days: a seeded schedule of faults for target and judge alike.

The fault of a request follows from seed, model, case and attempt alone, so that a schedule can be played again.
"""

import gzip
import hashlib
import json
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from desks import OUTCOMES, PREFLIGHT, Desk

from astral.suite import read_suite
from astral.testing.behaviour import MARKER, REFUSAL, judge_answer, response_data, user_text
from astral.testing.replies import Reply, completion, error, of_json
from astral.testing.server import LocalServer

pytestmark = pytest.mark.slow

CASES, RETRIES, CONFIRM = 1260, 3, 2
SUITE = ("plan=full", "per_cell=3", "preset=smoke", "writer=template")
RUN = (
    f"target=gpt-4 oracle=llm:judge canaries=0 confirm={CONFIRM} retries={RETRIES} "
    "concurrency=32 timeout=10 budget=none"
)
LENIENT = "gate=none incomplete=100% report=json:out.json text=none"
AT_ONCE = {"Retry-After": "0"}
HTML = Reply(headers={"Content-Type": "text/html"}, body=b"<html>busy</html>")


def plain(text):
    return completion(text)


def body(value):
    return lambda text: Reply(headers={"Content-Type": "application/json"}, body=value)


def status(code, **headers):
    return lambda text: error(code, "try again", headers=headers or None)


def broken(fault):
    return lambda text: replace(plain(text), fault=fault)


PASSING = {
    "429": (1, status(429)),
    "429, after 0": (6, status(429, **AT_ONCE)),
    "429, after 0.01": (4, status(429, **{"Retry-After": "0.01"})),
    "500, after 0": (4, status(500, **AT_ONCE)),
    "502, after 0": (4, status(502, **AT_ONCE)),
    "503": (1, status(503)),
    "529, after 0": (4, status(529, **AT_ONCE)),
    "reset before the headers": (2, broken("reset")),
    "reset in the body": (2, broken("reset_in_body")),
    "end in the body": (2, broken("cut")),
}
"""Worth another try: weight and reply. Those without Retry-After cost a second each, so they are few."""
SPOILT = {
    "half a JSON": (2, lambda text: Reply(body=plain(text).body[:40])),
    "HTML": (2, lambda text: HTML),
    "nothing": (1, body(b"")),
    "null": (1, body(b"null")),
    "[]": (1, body(b"[]")),
    "{}": (1, body(b"{}")),
    "content is a number": (2, lambda text: completion(7)),
}
"""No answer at all: asked once more."""
FINAL = {
    "an error under 200": (1, lambda text: of_json({"error": {"message": "no", "code": "x"}})),
    "prompt too long": (1, lambda text: error(400, "maximum context length is 5", code="context_length_exceeded")),
    "content policy": (2, lambda text: error(400, "no", code="content_policy_violation")),
}
"""Not asked again."""
ANSWERS = {
    "slow": (6, lambda text: replace(plain(text), delay=0.05)),
    "gzip": (6, lambda text: gzipped(plain(text))),
    "chunked": (6, lambda text: chunked(plain(text))),
    "connection closed after it": (4, lambda text: replace(plain(text), fault="close")),
    "wrong content type": (4, lambda text: replace(plain(text), headers={"Content-Type": "text/html"})),
    "another model": (6, lambda text: completion(text, model="another-model")),
    "content is a list": (6, lambda text: completion([{"type": "text", "text": text}])),
    "content is null": (2, lambda text: completion(None)),
    "a tool call": (4, lambda text: completion(None, tool_calls=[{"function": {"arguments": text}}])),
    "refusal field": (4, lambda text: completion(None, refusal=text) if REFUSAL in text else plain(text)),
    "cut off": (4, lambda text: completion(text, finish_reason="length")),
    "filtered": (4, lambda text: completion(text, finish_reason="content_filter")),
}
"""Usable, if odd: asked no more."""
ODD = {**PASSING, **SPOILT, **FINAL, **ANSWERS}


def gzipped(reply):
    return replace(reply, headers={**reply.headers, "Content-Encoding": "gzip"}, body=gzip.compress(reply.body))


def chunked(reply):
    return replace(reply, headers={**reply.headers, "Transfer-Encoding": "chunked"})


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def truth(key):
    """What the target says of the prompt with that digest: a fifth is unsafe, a quarter is a plain refusal."""
    number = int(key, 16) % 20
    return f"{MARKER} answer {key}" if number < 4 else f"{REFUSAL} {key}" if number < 9 else f"An answer {key}"


class Schedule:
    """A script for the server, and what it did: each asking as the list of what was replied to its attempts."""

    def __init__(self, seed, share):
        self._seed, self._share = seed, share
        self.played = Counter()
        self.askings = defaultdict(list)
        self._rounds = defaultdict(list)

    def __call__(self, request, attempt):
        asked = user_text(request)
        if asked in PREFLIGHT:
            return None
        judge = request["model"] == "judge"
        response = response_data(request) if judge else ""
        key = re.search("[0-9a-f]{12}", response)[0] if judge else digest(asked)
        rounds = self._rounds[request["model"], key]
        if (name := digest(json.dumps(request["messages"]))) not in rounds:
            rounds.append(name)
        asking = (request["model"], key, rounds.index(name))
        fault, reply = self._drawn(asking, attempt, judge_answer(response) if judge else truth(key))
        self.played[fault] += 1
        self.askings[asking].append(fault)
        return reply

    def _drawn(self, asking, attempt, text):
        rng = random.Random(f"{self._seed} {asking} {attempt}")
        if rng.random() >= self._share:
            return "good", text
        [fault] = rng.choices(list(ODD), [weight for weight, _ in ODD.values()])
        return fault, ODD[fault][1](text)


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("suite"))
    assert desk.astral("generate", "safety.astral.jsonl", *SUITE).code == 0
    return desk.path / "safety.astral.jsonl"


def run(path, suite, schedule):
    with LocalServer(schedule) as server:
        desk = Desk(path, server)
        child = desk.start("--astral", f"{RUN} {LENIENT} suite={suite}")
        out, _ = child.communicate(timeout=280)
    assert child.returncode == 0, out[-3000:]
    return desk.results(), server


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, suite):
    """The run without faults: each case with its outcome and the labels of its verdicts."""
    document, _ = run(tmp_path_factory.mktemp("undisturbed"), suite, Schedule(0, 0.0))
    assert {case["outcome"] for case in document["cases"]} == {"safe", "unsafe"}
    return {case["id"]: (case["outcome"], labels(case)) for case in document["cases"]}


def labels(case):
    """The labels that the judge gave, those aside that say that it could not tell."""
    return {verdict["label"] for verdict in case["verdicts"]} - {"unknown"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_faults_cost_verdicts_but_change_none(tmp_path, suite, undisturbed, seed):
    schedule = Schedule(seed, 0.3)
    document, server = run(tmp_path, suite, schedule)
    overall = document["totals"]["overall"]
    outcomes = {outcome: overall[outcome] for outcome in OUTCOMES}
    played = ", ".join(f"{count} x {fault}" for fault, count in schedule.played.most_common())
    sys.stdout.write(f"seed {seed}: {outcomes}; {len(server.requests)} requests: {played}\n")

    assert overall["planned"] == sum(outcomes.values()) == CASES
    assert set(schedule.played) == {"good", *ODD}
    check_askings(schedule)
    check_outcomes(document, schedule, undisturbed, {case.id: digest(case.prompt) for case in read_suite(suite).cases})
    sent = Counter()
    for (model, _, _), replies in schedule.askings.items():
        sent[model] += len(replies)
    calls = document["run"]["calls"]
    unheard = calls["target"] + calls["judge"] - sent.total()  # sent into a connection that was being closed
    assert 0 <= unheard <= schedule.played["connection closed after it"]


def check_askings(schedule):
    """By the server's log: no asking has more than 1 + retries attempts, and none goes on after its success."""
    for (model, _, number), replies in schedule.askings.items():
        assert len(replies) <= 1 + RETRIES, replies
        assert number < (CONFIRM if model == "judge" else 1)
        *before, _ = replies
        assert set(before) <= {*PASSING, *SPOILT}, replies
        assert sum(reply in SPOILT for reply in replies) <= 2, replies
    assert len({key for model, key, _ in schedule.askings if model == "gpt-4"}) == CASES


def check_outcomes(document, schedule, undisturbed, keys):
    """Errors are the cases whose asking failed, and no others; a case that was judged got the verdict it gets without
    faults."""
    last = defaultdict(list)
    for (model, key, _), replies in schedule.askings.items():
        last[key].append((model, replies[-1]))
    wrong = {*PASSING, *SPOILT, *FINAL} - {"content policy"}
    judged = 0
    for case in document["cases"]:
        ends = last[keys[case["id"]]]
        outcome, said = undisturbed[case["id"]]
        assert (case["outcome"] == "error") == any(fault in wrong for _, fault in ends), (case["outcome"], ends)
        assert (case["outcome"] == "blocked") == (("gpt-4", "content policy") in ends), (case["outcome"], ends)
        assert case["outcome"] in (outcome, "inconclusive", "blocked", "error"), ends
        assert labels(case) <= said, ends
        judged += case["outcome"] in ("safe", "unsafe")
        if all(fault in ("good", *PASSING) for _, fault in ends) and case["outcome"] != "error":
            assert (case["outcome"], labels(case)) == (outcome, said)
    assert judged > CASES * 0.8
