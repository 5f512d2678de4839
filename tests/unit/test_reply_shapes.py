"""Whatever an endpoint says, a target has a response or one CallError; and what it says to wait is bounded."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mutations import JSON_PIECES, mutated, replaced, values
from networks import Naps, make_network
from records import case, cell

from astral.adapters import checked_response
from astral.errors import CallError
from astral.model import Label, Response, Usage
from astral.oracles.contract import RESPONSE_FORMAT
from astral.oracles.llm import LLMOracle
from astral.targets.openai import OpenAITarget
from astral.taxonomy import DEFAULT
from astral.wire import Endpoint
from astral.wire.client import Client
from astral.wire.failures import RETRY_AFTER_LIMIT, retry_after

CASE = case(cell("privacy", "slang", "logic"), "a prompt")
CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m-1",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {
                "role": "assistant",
                "content": "an answer",
                "refusal": None,
                "annotations": [],
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "prompt_tokens_details": {}},
    "system_fingerprint": "fp",
}
"""As in https://developers.openai.com/api/reference/resources/chat, read 2026-11-21."""
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "m-1",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [
                {"type": "output_text", "text": "an answer", "annotations": []},
                {"type": "refusal", "refusal": "no"},
            ],
        },
        {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"},
    ],
    "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}
"""As in https://developers.openai.com/api/reference/resources/responses, read 2026-11-21."""
BODIES = {"chat": CHAT, "responses": RESPONSE}
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 413, 418, 422, 429, 500, 503, 529, 599])
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "date", "content-type", "x"]), st.text(max_size=12) | st.just("1"), max_size=3
)


class Canned(Endpoint):
    """An endpoint that gives one and the same reply."""

    reply: tuple[int, Mapping[str, str], bytes]

    def _client(self) -> Client:
        return self  # type: ignore[return-value]

    async def exchanged(self, exchange: object) -> tuple[int, Mapping[str, str], bytes]:
        return self.reply


def endpoint(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Canned:
    made = make_network(retries=1).endpoint("http://h/v1", "a-key-of-ours", made=Canned)
    assert isinstance(made, Canned)
    made.reply = (status, headers or {}, body)
    return made


def told(body: bytes, api: str = "chat", status: int = 200, headers: Mapping[str, str] | None = None) -> Response | str:
    """What a target makes of a reply: a response that all the others can take, or the reason of the error."""
    target = OpenAITarget("m", "m", endpoint(body, status, headers), api=api)
    found: Response | CallError
    try:
        found = asyncio.run(target.answer(CASE, 1))
    except CallError as err:
        found = err
    if isinstance(found, CallError):
        assert str(found).isprintable()
        assert found.reason
        return found.reason
    assert checked_response("m", found) == found
    return found


@pytest.mark.parametrize("api", BODIES)
def test_the_examples_are_right(api: str) -> None:
    found = told(json.dumps(BODIES[api]).encode(), api)
    assert isinstance(found, Response)
    assert found.text == "an answer\n{}"
    assert (found.model, found.usage) == ("m-1", Usage(3, 2))


@pytest.mark.parametrize("api", BODIES)
def test_one_slip_in_a_reply_gives_a_response_or_one_error(api: str) -> None:
    found: set[type] = set()

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(replaced(BODIES[api]))
    def check(value: object) -> None:
        found.add(type(told(json.dumps(value).encode(), api)))

    check()
    assert found == {Response, str}


@pytest.mark.parametrize("api", BODIES)
def test_any_bytes_under_any_status_give_a_response_or_one_error(api: str) -> None:
    whole = json.dumps(BODIES[api]).encode()

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=80) | mutated(whole, JSON_PIECES) | values().map(_dumped), STATUSES, HEADERS)
    def check(body: bytes, status: int, headers: dict[str, str]) -> None:
        found = told(body, api, status, headers)
        if isinstance(found, Response):
            assert 200 <= status < 300 or found == Response("", None, "content_filter", None, found.seconds)

    check()


def _dumped(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


VERDICT = {"label": "safe", "refusal": "none", "severity": 0, "reason": "r"}


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    mutated(json.dumps(VERDICT).encode(), JSON_PIECES).map(lambda text: text.decode("utf-8", "replace"))
    | replaced(VERDICT).map(json.dumps)
    | st.lists(st.just(json.dumps(VERDICT)) | st.sampled_from(["", " ", "\n", "```", "no", "{}"]), max_size=3).map(
        "".join
    )
)
@example(json.dumps(VERDICT))
@example(json.dumps(VERDICT) * 2)
@example(json.dumps({**VERDICT, "severity": 0.0}))
@example(json.dumps({**VERDICT, "severity": False}))
@example(json.dumps(VERDICT).replace("safe", "s\\u0061fe"))
def test_a_judge_that_slips_says_nothing(text: str) -> None:
    """Through the whole oracle: safe only if the text is one object with these four keys, and that value of each."""
    body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
    made = endpoint(body)
    oracle = LLMOracle("j", "j", made, DEFAULT)
    verdict = asyncio.run(oracle.judge(CASE, Response("an answer")))
    try:
        pairs = json.loads(text, object_pairs_hook=lambda found: found)
        good = isinstance(pairs, list) and sorted(dict(pairs)) == sorted(VERDICT) and len(pairs) == 4
        fields = dict(pairs) if good else {}
    except (ValueError, TypeError, RecursionError):
        fields = {}
    known = RESPONSE_FORMAT["json_schema"]["schema"]["properties"]["refusal"]["enum"]
    right = (
        fields.get("label") == "safe"
        and fields.get("refusal") in known
        and type(fields.get("severity")) in (int, type(None))
        and fields.get("severity") in (0, None)
        and isinstance(fields.get("reason"), str)
    )
    assert (verdict.label is Label.SAFE) == right


# --- waits ------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def asked(value: str) -> float | None:
    return retry_after({"retry-after": value, "date": format_datetime(NOW, usegmt=True)})


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9), st.floats(0, 1e9))
def test_who_asks_for_a_longer_wait_gets_no_shorter_one(seconds: float, more: float) -> None:
    short, long = asked(f"{seconds:.3f}"), asked(f"{seconds + more:.3f}")
    assert short is not None
    assert long is not None
    assert 0 <= short <= long <= RETRY_AFTER_LIMIT
    assert short == min(max(float(f"{seconds:.3f}"), 0), RETRY_AFTER_LIMIT)


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_a_later_day_is_no_shorter_wait(seconds: int, more: int) -> None:
    days = (format_datetime(NOW + timedelta(seconds=found), usegmt=True) for found in (seconds, seconds + more))
    short, long = map(asked, days)
    assert short is not None
    assert long is not None
    assert 0 <= short <= long <= RETRY_AFTER_LIMIT
    assert short == min(max(seconds, 0), RETRY_AFTER_LIMIT)


@given(st.text(st.sampled_from("0123456789.-+eE_ nainfNAIF,:GMTWedOct"), max_size=14) | st.text())
@example("nan")
@example("-inf")
@example("1e999")
@example("\u0663")
def test_any_header_is_a_bounded_number_of_seconds_or_none(value: str) -> None:
    for headers in ({"retry-after": value}, {"retry-after": "5", "date": value}, {"retry-after": value, "date": value}):
        found = retry_after(headers)
        assert found is None or (math.isfinite(found) and 0 <= found <= RETRY_AFTER_LIMIT)


@pytest.mark.parametrize("seed", range(5))
def test_waits_grow_up_to_a_limit_and_are_never_the_same_for_all(seed: int) -> None:
    naps = Naps()
    network = make_network(retries=12, sleep=naps)
    network.rng = random.Random(seed)
    made = network.endpoint("http://h/v1", None, made=Canned)
    assert isinstance(made, Canned)
    made.reply = (500, {}, b"")
    with pytest.raises(CallError, match="after 13 tries"):
        asyncio.run(made.chat("m", [{"role": "user", "content": "x"}], purpose="target"))
    assert len(naps.seconds) == 12
    for number, seconds in enumerate(naps.seconds):
        longest = min(2.0**number, 30.0)
        assert longest / 2 <= seconds <= longest
    assert len(set(naps.seconds)) == 12
