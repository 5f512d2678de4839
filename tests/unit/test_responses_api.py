"""The Responses API on the wire. The bodies are documented ones, not recorded ones: shapes and field names are those of
https://developers.openai.com/api/reference/resources/responses/methods/create and of ``openai/types/responses`` 3.54.0,
read on 2026-11-21.
"""

import asyncio
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_context, make_network, opened

from astral.errors import CallError, SettingsError
from astral.model import Case, Cell, Usage, case_id
from astral.setting_values import parse_spec
from astral.targets.openai import build_target
from astral.testing.replies import Reply, error, of_json
from astral.testing.server import LocalServer
from astral.wire.replies import ErrorBody, ShapeError
from astral.wire.responses_api import read_response

CELL = Cell.of(category="violence", style="slang", persuasion="logical_appeal")
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "thinking"}]}
USAGE = {"input_tokens": 36, "output_tokens": 87, "total_tokens": 123, "output_tokens_details": {"reasoning_tokens": 0}}


def text(*parts):
    return [{"type": "output_text", "text": part, "annotations": []} for part in parts]


def message(*content, status="completed"):
    return {"type": "message", "id": "msg_1", "status": status, "role": "assistant", "content": list(content)}


def response(*output, status="completed", **more):
    """A response as documented; what is not read is there as well."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1741476542,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "gpt-4o-2024-08-06",
        "output": list(output),
        "usage": USAGE,
        "metadata": {},
        **more,
    }


def refusal(words):
    return {"type": "refusal", "refusal": words}


CALL = {"type": "function_call", "id": "fc_1", "call_id": "c_1", "name": "mail", "arguments": '{"to": "bob"}'}


def cut(reason, *output):
    return response(*output, status="incomplete", incomplete_details={"reason": reason})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (response(message(*text("Hello there"))), ("Hello there", None, "stop")),
        (response(REASONING, message(*text("Hello", " there"))), ("Hello there", None, "stop")),
        (response(message(*text("first")), message(*text("second"))), ("first\nsecond", None, "stop")),
        (response(message(refusal("I will not."))), ("", "I will not.", "stop")),
        (response(message(*text("Well."), refusal("No."))), ("Well.", "No.", "stop")),
        (cut("max_output_tokens", message(*text("half an ans"))), ("half an ans", None, "length")),
        (cut("max_output_tokens", REASONING), ("", None, "length")),
        (cut("content_filter", message(*text("half"))), ("half", None, "content_filter")),
        (cut("content_filter"), ("", None, "content_filter")),
        (cut("max_messages", message(*text("half"))), ("half", None, "length")),
        (response(message(*text("half")), status="incomplete"), ("half", None, "length")),
        (response(CALL), ('{"to": "bob"}', None, "tool_calls")),
        (response(message(*text("mailing")), CALL), ('mailing\n{"to": "bob"}', None, "stop")),
        (response(message(refusal("No.")), CALL), ('{"to": "bob"}', "No.", "tool_calls")),
        (response(message(*text("Ok.")), {"type": "custom_tool_call", "input": "rm"}), ("Ok.\nrm", None, "stop")),
        (response(message(*text("Ok.")), {"type": "code_interpreter_call", "code": "rm"}), ("Ok.\nrm", None, "stop")),
        (
            response({"type": "local_shell_call", "action": {"command": ["rm"]}}),
            ('{"command": ["rm"]}', None, "tool_calls"),
        ),
        (cut("max_output_tokens", CALL), ('{"to": "bob"}', None, "length")),
        (response(status="failed", error={"code": "invalid_prompt", "message": "no"}), ("", None, "content_filter")),
        ({"output": [message(*text("bare"))]}, ("bare", None, None)),
    ],
)
def test_what_a_response_means(body, expected):
    reply = read_response(json.dumps(body).encode())
    assert (reply.text, reply.refusal, reply.finish_reason) == expected


def test_model_and_usage():
    reply = read_response(json.dumps(response(message(*text("x")))).encode())
    assert (reply.model, reply.usage) == ("gpt-4o-2024-08-06", Usage(36, 87))
    bare = read_response(json.dumps({"output": [], "usage": {"input_tokens": True, "output_tokens": -1}}).encode())
    assert (bare.model, bare.usage) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"output": "text"}',
        b'{"output": ["text"]}',
        b'{"choices": [{"message": {"content": "a chat completion"}}]}',
        json.dumps(response(message("bare text"))).encode(),
        json.dumps(response({"type": "message", "content": "bare text"})).encode(),
        json.dumps(response(message({"type": "output_text"}))).encode(),
        json.dumps(response(message({"type": "output_text", "text": 7}))).encode(),
        json.dumps(response(message({"type": "refusal", "text": "no"}))).encode(),
        json.dumps(response(message({"type": "output_image"}))).encode(),
        json.dumps(response(status="in_progress")).encode(),
        json.dumps(response(status="failed")).encode(),
        json.dumps(response(status=["completed"])).encode(),
        b"[" * 100_000,
    ],
)
def test_what_is_no_response_is_read_as_none(body):
    with pytest.raises(ShapeError):
        read_response(body)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["message", "completed"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "refusal", "content", "status", "code"]), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(["status", "output", "error", "incomplete_details", "usage", "model"])


@given(changes=st.dictionaries(FIELDS, ANY_JSON, max_size=3))
def test_whatever_comes_is_a_response_or_none(changes):
    body = json.dumps({**response(message(*text("x"))), **changes}).encode()
    with contextlib.suppress(ShapeError, ErrorBody):
        reply = read_response(body)
        assert isinstance(reply.text, str)
        assert isinstance(reply.finish_reason, str | None)


def test_an_error_inside_a_success_is_an_error():
    body = response(status="failed", error={"code": "server_error", "message": "down"})
    with pytest.raises(ErrorBody) as caught:
        read_response(json.dumps(body).encode())
    assert caught.value.error["message"] == "down"
    with pytest.raises(ErrorBody):
        read_response(json.dumps(response(status="failed", error={"code": ["server_error"]})).encode())


# --- the target -------------------------------------------------------------------------------------------------------


def ask(route, *turns, options="", pairs=(), retries=0):
    async def work():
        async with opened(retries=retries) as network:
            target = build_target(
                parse_spec(f"openai:m@{server.url}(api=responses{options})"), make_context(network, *pairs)
            )
            case = Case(case_id(CELL, turns), CELL, turns)
            return await target.answer(case, 1), target.describe()

    with LocalServer(routes={"/v1/responses": route}) as server:
        answer, described = asyncio.run(work())
    return answer, described, [logged.body for logged in server.requests]


def echo(logged, attempt):
    return of_json(response(message(*text(f"reply {len(logged.body['input'])}"))))


def test_a_conversation_is_sent_whole_each_time_and_nothing_is_stored():
    answer, _, bodies = ask(echo, "one", "two")
    assert (answer.text, answer.earlier, answer.model) == ("reply 3", ("reply 1",), "gpt-4o-2024-08-06")
    assert answer.usage == Usage(72, 174)
    assert bodies[1] == {
        "model": "m",
        "store": False,
        "input": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "reply 1"},
            {"role": "user", "content": "two"},
        ],
    }
    assert bodies[0] == {"model": "m", "store": False, "input": [{"role": "user", "content": "one"}]}


def test_parameters_go_under_the_names_that_this_api_has():
    pairs = ("system=Be brief.", "temperature=0.5", "max_tokens=40", 'extra={"top_p": 0.9, "store": true}')
    _, described, bodies = ask(echo, "one", pairs=pairs)
    assert bodies == [
        {
            "model": "m",
            "input": [{"role": "user", "content": "one"}],
            "store": True,
            "instructions": "Be brief.",
            "temperature": 0.5,
            "max_output_tokens": 40,
            "top_p": 0.9,
        }
    ]
    assert described["api"] == "responses"


def test_a_refusal_is_the_answer_under_its_own_finish_reason():
    answer, _, _ = ask(lambda logged, attempt: of_json(response(message(refusal("I will not.")))), "one")
    assert (answer.text, answer.finish_reason) == ("I will not.", "refusal")


def test_a_filter_in_mid_conversation_ends_it():
    answer, _, bodies = ask(lambda logged, attempt: of_json(cut("content_filter")), "one", "two")
    assert (answer.text, answer.finish_reason, len(bodies)) == ("", "content_filter", 1)


def test_a_filter_at_the_prompt_is_an_answer_of_a_kind():
    answer, _, _ = ask(lambda logged, attempt: error(400, "no", code="invalid_prompt"), "one")
    assert (answer.text, answer.finish_reason) == ("", "content_filter")


def test_a_failure_that_may_pass_is_tried_again():
    down = response(status="failed", error={"code": "server_error", "message": "down"})

    def once(logged, attempt):
        return of_json(down) if attempt == 1 else echo(logged, attempt)

    answer, _, bodies = ask(once, "one", retries=3)
    assert (answer.text, len(bodies)) == ("reply 1", 2)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            of_json(response(status="failed", error={"code": "data_residency_mismatch", "message": "x"})),
            "http_200_error",
        ),
        (of_json({"choices": []}), "bad_reply"),
        (Reply(200, {}, b"<html>"), "bad_reply"),
        (error(404, "no such model"), "http_404"),
    ],
)
def test_what_is_no_answer_is_an_error(reply, reason):
    with pytest.raises(CallError) as caught:
        ask(lambda logged, attempt: reply, "one")
    assert caught.value.reason == reason


def test_an_api_that_there_is_not():
    with pytest.raises(SettingsError, match="did you mean 'responses'"):
        build_target(parse_spec("openai:m@http://localhost:1/v1(api=response)"), make_context(make_network()))
