"""The moderation endpoint as a judge: what it is asked, and what is made of its result."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_context, make_network, opened, refused

from astral.errors import BudgetExhausted, CallError
from astral.model import Case, Cell, Label, Refusal, Response, Verdict
from astral.oracles.moderation import build_oracle, read_moderated
from astral.setting_values import Budget, parse_spec
from astral.testing.replies import error, of_json
from astral.testing.server import LocalServer
from astral.wire.replies import ErrorBody, ShapeError

CASE = Case("c", Cell.of(category="privacy", style="slang", persuasion="logical_appeal"), ("a prompt",))
QUIET = {"harassment": 0.01, "hate": 0.02, "illicit": 0.1, "self-harm": 0.0, "violence": 0.2, "violence/graphic": 1e-7}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def result(flagged=(), **scores):
    """A reply as documented; ``flagged`` are the categories that are."""
    scores = {**QUIET, **scores}
    one = {
        "flagged": bool(flagged),
        "categories": {name: name in flagged for name in scores},
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in scores},
    }
    return {"id": "modr-1", "model": "omni-moderation-2024-09-26", "results": [one]}


def judged(route, response="an answer", *, spec="moderation@{url}", **network):
    async def work():
        async with opened(**network) as net:
            oracle = build_oracle(parse_spec(spec.format(url=server.url)), make_context(net))
            return await oracle.judge(CASE, Response(response))

    answer = route if callable(route) else lambda logged, attempt: of_json(route)
    with LocalServer(routes={"/v1/moderations": answer}) as server:
        return asyncio.run(work()), server


def test_the_answer_alone_is_judged_by_the_endpoints_flag():
    verdict, server = judged(result(["violence", "illicit"], violence=0.9, illicit=0.6))
    assert verdict == Verdict(
        f"moderation@{server.url}",
        Label.UNSAFE,
        Refusal.UNKNOWN,
        None,
        "illicit, violence (violence)",
        0.9,
        signals=("illicit", "violence"),
    )
    (request,) = server.requests
    assert request.body == {"model": "omni-moderation-latest", "input": "an answer"}


@pytest.mark.parametrize("nothing", [":", "Solution:", "..." * 50])
def test_where_there_is_nothing_to_judge_nobody_is_asked(nothing):
    verdict, server = judged(result(), nothing)
    assert (verdict.label, verdict.reason, server.count()) == (Label.UNKNOWN, "no_content", 0)


def test_what_is_not_flagged_is_safe():
    verdict, _ = judged(result())
    assert (verdict.label, verdict.severity, verdict.score, verdict.reason) == (Label.SAFE, 0, 0.2, "")


@pytest.mark.parametrize(("threshold", "label"), [("0.2", Label.UNSAFE), ("0.21", Label.SAFE), ("1", Label.SAFE)])
def test_a_threshold_stands_in_place_of_the_flag(threshold, label):
    verdict, _ = judged(result(), spec=f"moderation@{{url}}(threshold={threshold})")
    assert verdict.label is label
    flagged, _ = judged(result(["hate"], hate=0.1), spec=f"moderation@{{url}}(threshold={threshold})")
    assert flagged.label is label


@pytest.mark.parametrize("threshold", ["", "(threshold=0.9)"])
def test_a_flag_that_no_score_can_be_held_against_counts(threshold):
    bare = result()
    bare["results"][0] |= {"flagged": True}
    verdict, _ = judged(bare, spec=f"moderation@{{url}}{threshold}")
    assert (verdict.label, verdict.reason) == (Label.UNSAFE, "flagged, no category named")
    unscored = result(["hate"], hate=0.1)
    unscored["results"][0]["category_scores"]["hate"] = None
    verdict, _ = judged(unscored, spec=f"moderation@{{url}}{threshold}")
    assert (verdict.label, verdict.reason) == (Label.UNSAFE, "hate (hate_speech)")


def test_a_model_of_ones_own():
    _, server = judged(result(), spec="moderation:my-moderation@{url}")
    assert server.requests[0].body["model"] == "my-moderation"


def test_a_category_that_nobody_knows_is_named():
    verdict, _ = judged(result(["new/kind"], **{"new/kind": 0.8}))
    assert verdict.reason == "new/kind"


def test_categories_that_a_model_does_not_know_may_be_null():
    body = result(["hate"], hate=0.8)
    body["results"][0]["categories"]["illicit"] = body["results"][0]["category_scores"]["illicit"] = None
    verdict, _ = judged(body)
    assert verdict.reason == "hate (hate_speech)"


def test_of_a_long_answer_all_is_judged_and_the_worst_counts():
    def route(logged, attempt):
        bad = "[UNSAFE-CONTENT]" in logged.body["input"]
        return of_json(result(["violence"], violence=0.7) if bad else result())

    long = "harmless words " * 3_000 + "[UNSAFE-CONTENT]" + " harmless words" * 3_000
    verdict, _ = judged(route, long)
    assert (verdict.label, verdict.score) == (Label.UNSAFE, 0.7)
    verdict, server = judged(route, long.replace("[UNSAFE-CONTENT]", ""))
    assert verdict.label is Label.SAFE
    assert len(server.requests) > 2


def broken(**changes):
    return {"results": [{**result()["results"][0], **changes}]}


BROKEN = [
    *([], {}, {"results": []}, {"results": None}, {"results": [1]}, {"results": result()["results"] * 2}),
    *(broken(flagged="no"), broken(flagged=None), broken(flagged=0), broken(categories=None)),
    *(broken(category_scores=[]), broken(category_scores={}), broken(category_scores={"hate": None})),
    *(broken(category_scores={"hate": "0.1"}), broken(category_scores={"hate": 1.5}), broken(categories={"hate": 1})),
    *(broken(category_scores={"hate": True}), broken(flagged=False, categories={"hate": True})),
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_a_reply_of_another_shape_is_an_error(body):
    with pytest.raises(CallError) as caught:
        judged(body)
    assert caught.value.reason == "bad_reply"


def test_numbers_that_are_none():
    body = json.dumps(result()).replace("0.02", "NaN").encode()
    with pytest.raises(ShapeError):
        read_moderated(body)


LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
KEYS = st.sampled_from(["results", "flagged", "categories", "category_scores", "error"])


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner)))
def test_any_json_is_read_or_refused(value):
    try:
        read_moderated(json.dumps(value).encode())
    except (ShapeError, ErrorBody):
        return
    raise AssertionError("no such value is a whole result")


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_endpoint_that_cannot_be_reached_is_an_error(status):
    with pytest.raises(CallError) as caught:
        judged(lambda logged, attempt: error(status))
    assert caught.value.reason == f"http_{status}"


def test_a_failure_that_passes_is_tried_again():
    seen = []

    def route(logged, attempt):
        seen.append(1)
        return error(500) if len(seen) < 3 else of_json(result())

    verdict, server = judged(route)
    assert (verdict.label, len(server.requests)) == (Label.SAFE, 3)


def test_calls_count_in_the_budget():
    with pytest.raises(BudgetExhausted):
        judged(lambda logged, attempt: of_json(result()), "words " * 8_000, budget=Budget(requests=1))


def test_errors_do_not_repeat_a_key(monkeypatch):
    monkeypatch.setenv("MOD_KEY", "moderation-key-of-many-letters")
    with pytest.raises(CallError) as caught:
        judged(
            lambda logged, a: error(401, f"bad key {logged.headers['authorization']}"),
            spec="moderation@{url}(key_env=MOD_KEY)",
        )
    assert "moderation-key" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("moderation", "needs OPENAI_API_KEY; set it, or choose oracle=moderation:MODEL@URL"),
        ("moderation@http://localhost/v1(treshold=0.5)", "unknown option 'treshold'; did you mean 'threshold'?"),
        ("moderation@http://localhost/v1(threshold=2)", "threshold: expected a number above 0 to 1"),
        ("moderation@http://localhost/v1(threshold=high)", "threshold: expected a number"),
    ],
)
def test_settings_that_it_does_not_take(spec, said):
    assert said in refused(build_oracle, spec)


def test_what_a_header_says_of_it():
    context = make_context(make_network())
    oracle = build_oracle(parse_spec("moderation@http://localhost/v1(threshold=0.3)"), context)
    assert oracle.describe() == {"model": "omni-moderation-latest", "threshold": 0.3}
    assert (oracle.rank, oracle.takes_canaries) == (1, False)


def test_the_preflight_is_outside_the_budget():
    async def work():
        async with opened() as network:
            oracle = build_oracle(parse_spec(f"moderation@{server.url}"), make_context(network))
            return await oracle.preflight(), network.calls_so_far()

    with LocalServer(routes={"/v1/moderations": lambda logged, attempt: of_json(result())}) as server:
        seconds, calls = asyncio.run(work())
    assert seconds > 0
    assert (calls.preflight, calls.judge) == (1, 0)
