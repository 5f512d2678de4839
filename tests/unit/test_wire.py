"""The one way to the network, against a real local server: every fault, and what must come of it."""

import asyncio
import contextlib
import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import traceback
import zlib
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import Naps, make_network, opened

from astral.errors import BudgetExhausted, CallError, SettingsError
from astral.limits import BudgetMeter
from astral.model import Calls, Usage
from astral.secrets import Redactor
from astral.setting_values import Budget
from astral.testing.replies import Reply, completion, error, of_json
from astral.testing.server import LocalServer
from astral.wire.client import IDLE_SECONDS
from astral.wire.exchange import Exchange
from astral.wire.failures import Failure, retry_after
from astral.wire.replies import ChatReply, ErrorBody, ShapeError, read_reply
from astral.wire.transport import BodyRefused, unpacked

KEY = "sk-canary-0123456789abcdef"
HELLO = [{"role": "user", "content": "hello"}]


def ask(script, *, model="m", key=KEY, messages=HELLO, purpose="target", params=None, **options):
    """Ask once; the reply or the CallError, and the server."""

    async def work():
        async with opened(**options) as network:
            try:
                return await network.endpoint(server.url, key).chat(model, messages, purpose=purpose, **params or {})
            except CallError as err:
                return err

    with LocalServer(script) as server:
        return asyncio.run(work()), server


def always(reply):
    return lambda request, attempt: reply


# --- good replies -----------------------------------------------------------------------------------------------------


def test_a_reply_is_read():
    reply, server = ask(always("good morning"))
    assert (reply.text, reply.finish_reason, reply.model, reply.attempts) == ("good morning", "stop", "m", 1)
    assert reply.usage == Usage(10, 2)
    assert 0 < reply.seconds < 5
    (request,) = server.requests
    assert request.body == {"model": "m", "messages": HELLO}
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"


def test_params_are_sent_as_given_and_no_others():
    _, server = ask(always("x"), params={"temperature": 0.5, "max_tokens": 7})
    assert set(server.requests[0].body) == {"model", "messages", "temperature", "max_tokens"}


@pytest.mark.parametrize(
    ("reply", "text", "refusal", "finish"),
    [
        (completion(None, refusal="I will not."), "", "I will not.", "stop"),
        (completion("x", refusal="y"), "x", "y", "stop"),
        (completion([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab", None, "stop"),
        (completion([]), "", None, "stop"),
        (completion("", finish_reason="content_filter"), "", None, "content_filter"),
        (completion("x", finish_reason=None), "x", None, None),
        (completion("cut", finish_reason="length"), "cut", None, "length"),
        (
            completion(None, tool_calls=[{"function": {"name": "f", "arguments": '{"a": 1}'}}]),
            '{"a": 1}',
            None,
            "tool_calls",
        ),
        (completion(None, tool_calls=[{"function": {"name": "f", "arguments": ""}}]), "", None, "tool_calls"),
        (completion(None, tool_calls=[None, {"function": 5}]), "", None, "tool_calls"),
        (completion("text", tool_calls=[{"function": {"arguments": "{}"}}]), "text\n{}", None, "stop"),
        (completion("Fine.", tool_calls=[{"type": "custom", "custom": {"input": "rm"}}]), "Fine.\nrm", None, "stop"),
        (completion("Fine.", tool_calls=[{"function": {"arguments": {"a": "ü"}}}]), 'Fine.\n{"a": "ü"}', None, "stop"),
        (completion("Fine.", tool_calls={"function": {"arguments": "x"}}), "Fine.\nx", None, "stop"),
        (completion("Fine.", tool_calls=[{"shell": "x"}]), 'Fine.\n{"shell": "x"}', None, "stop"),
        (completion("Fine.", function_call={"name": "f", "arguments": "x"}), "Fine.\nx", None, "stop"),
        (completion(None, function_call={"name": "f", "arguments": "x"}), "x", None, "tool_calls"),
        (completion("a\ud800b\x00"), "a\ud800b\x00", None, "stop"),
    ],
)
def test_the_shapes_of_a_message(reply, text, refusal, finish):
    found, _ = ask(always(reply))
    assert (found.text, found.refusal, found.finish_reason) == (text, refusal, finish)


def test_lone_surrogates_are_sent_on_as_replacement_characters():
    reply, server = ask(always("x"), messages=[{"role": "user", "content": "a\ud800b😀\x00"}])
    assert reply.text == "x"
    assert server.requests[0].body["messages"][0]["content"] == "a\ufffdb😀\x00"


@pytest.mark.parametrize(
    "usage", [None, 5, {}, {"prompt_tokens": "7"}, {"prompt_tokens": -1}, {"completion_tokens": True}]
)
def test_tokens_that_are_not_reported_are_unknown_and_not_zero(usage):
    body = json.loads(completion("x").body)
    body["usage"] = usage
    assert ask(always(of_json(body)))[0].usage is None


def test_a_wrong_content_type_over_good_json_is_taken():
    good = completion("x")
    reply, _ = ask(always(Reply(200, {"Content-Type": "text/html"}, good.body)))
    assert reply.text == "x"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate"])
def test_a_compressed_reply_is_unpacked(coding):
    raw = zlib.compressobj(wbits=-15)
    body = completion("x").body
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw deflate": raw.compress(body) + raw.flush(),
    }
    reply, _ = ask(always(Reply(200, {"Content-Encoding": coding.split()[-1]}, packed[coding])))
    assert reply.text == "x"


def test_connections_are_reused():
    async def work():
        async with opened(concurrency=1) as network:
            for _ in range(5):
                await network.endpoint(server.url, None).chat("m", HELLO, purpose="target")

    with LocalServer(always("x")) as server:
        asyncio.run(work())
        assert server.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_is_replaced():
    async def work():
        async with opened() as network:
            for _ in range(3):
                reply = await network.endpoint(server.url, None).chat("m", HELLO, purpose="target")
                await asyncio.sleep(0.05)
            return reply, network.calls

    with LocalServer(always(Reply(200, {"Connection": "close"}, completion("x").body))) as server:
        reply, calls = asyncio.run(work())
    assert reply.text == "x"
    assert calls.retries == 0


def test_no_cookie_links_one_asking_to_the_next():
    async def work():
        async with opened() as network:
            for _ in range(2):
                await network.endpoint(server.url, None).chat("m", HELLO, purpose="target")

    with LocalServer(always(Reply(200, {"Set-Cookie": "session=1"}, completion("x").body))) as server:
        asyncio.run(work())
        assert "cookie" not in server.requests[1].headers


def test_a_connection_that_was_closed_unannounced_is_replaced_in_silence():
    async def work():
        async with opened(retries=0) as network:
            endpoint = network.endpoint(server.url, None)
            await endpoint.chat("m", HELLO, purpose="target")
            while server.open_connections:
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.05)  # what the server did arrives here
            reply = await endpoint.chat("m", HELLO, purpose="target")
            return reply, network.calls

    with LocalServer(always(Reply(200, {}, completion("x").body, fault="close"))) as server:
        reply, calls = asyncio.run(work())
        assert (reply.attempts, calls.retries, calls.target, server.count()) == (1, 0, 2, 2)
        assert server.connections == 2


def test_a_connection_that_is_reset_at_the_moment_of_the_request_is_replaced_in_silence():
    async def work():
        async with opened(sleep=naps) as network:
            endpoint = network.endpoint(server.url, None)
            replies = [await endpoint.chat("m", HELLO, purpose="target") for _ in range(3)]
            return replies, network.calls

    naps = Naps()
    with LocalServer(always(Reply(200, {}, completion("x").body, fault="stale"))) as server:
        replies, calls = asyncio.run(work())
        assert server.count() == 3
    assert [reply.attempts for reply in replies] == [1, 1, 1]
    assert (calls.target, calls.retries, naps.seconds) == (5, 2, [])  # what was sent in vain counts as sent


def test_what_is_sent_again_in_silence_stays_within_the_retries():
    async def work():
        async with opened(retries=0) as network:
            endpoint = network.endpoint(server.url, None)
            await endpoint.chat("m", HELLO, purpose="target")
            with pytest.raises(CallError) as caught:
                await endpoint.chat("m", HELLO, purpose="target")
            return caught.value

    with LocalServer(always(Reply(200, {}, completion("x").body, fault="stale"))) as server:
        err = asyncio.run(work())
        assert (err.reason, server.count()) == ("network", 1)


@pytest.mark.slow
def test_an_idle_connection_is_given_up_before_servers_do():
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.url, None)
            for _ in range(2):
                await endpoint.chat("m", HELLO, purpose="target")
                await asyncio.sleep(IDLE_SECONDS + 0.1)

    with LocalServer() as server:
        asyncio.run(work())
        assert server.connections == 2


def test_the_connections_are_closed_at_the_end():
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.url, None)
            await asyncio.gather(*(endpoint.chat(f"m{n}", HELLO, purpose="target") for n in range(8)))
            assert server.open_connections == 8
        while server.open_connections:
            await asyncio.sleep(0.005)

    with LocalServer(always(Reply(200, {}, completion("x").body, delay=0.05))) as server:
        asyncio.run(asyncio.wait_for(work(), 10))


def test_what_is_no_http_is_a_broken_connection():
    err, server = ask(always(Reply(body=b"SSH-2.0-OpenSSH_9.2\r\n", fault="bare")), retries=1)
    assert (err.reason, server.count()) == ("network", 2)
    assert "the connection broke" in str(err)


def test_a_reply_in_chunks_with_a_trailer_and_odd_headers():
    headers = {"Transfer-Encoding": "chunked", "x-odd": ["\xe9", "twice"], "CONTENT-TYPE": "text/plain"}
    reply, _ = ask(always(Reply(200, headers, completion("in pieces").body)))
    assert reply.text == "in pieces"


# --- other wire formats -----------------------------------------------------------------------------------------------


def exchange(server, given, **endpoint):
    async def work():
        async with opened() as network:
            return await network.endpoint(server.root + "/base", KEY, **endpoint).send(given, "target")

    return asyncio.run(work())


def read_text(body):
    return ChatReply(body.decode())


def test_an_exchange_of_another_format_is_sent_as_it_says():
    form = Exchange(
        body=b"q=hello",
        read=read_text,
        path="/ask it/\xe9",
        method="PUT",
        headers={"X-Session": "7", "accept": "text/plain"},
        content_type="application/x-www-form-urlencoded",
    )
    with LocalServer(routes={"/base/": lambda logged, attempt: Reply(200, {}, b"an answer")}) as server:
        assert exchange(server, form, headers={"api-key": KEY}, query="api-version=1&x=a b").text == "an answer"
        (seen,) = server.requests
    assert (seen.method, seen.path, seen.body) == ("PUT", "/base/ask%20it/%C3%A9?api-version=1&x=a%20b", "q=hello")
    wanted = {
        "api-key": KEY,
        "x-session": "7",
        "accept": "text/plain",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": "7",
        "host": f"127.0.0.1:{server.root.rpartition(':')[2]}",
    }
    assert wanted.items() <= seen.headers.items()
    assert "authorization" not in seen.headers


def test_a_get_without_body_says_nothing_of_one():
    with LocalServer(routes={"/base": lambda logged, attempt: Reply(200, {}, b"got")}) as server:
        assert exchange(server, Exchange(body=b"", read=read_text, path="", method="GET")).text == "got"
        (seen,) = server.requests
    assert (seen.method, seen.path, seen.body) == ("GET", "/base", None)
    assert not {"content-type", "content-length", "transfer-encoding"} & set(seen.headers)


def test_a_format_may_know_what_a_status_means():
    def refused(status, headers, body):
        return Failure("blocked", "its filter", filtered=True) if body == b"blocked" else None

    given = Exchange(body=b"{}", read=read_text, path="/x", refused=refused)
    replies = iter([Reply(451, {}, b"blocked"), Reply(451, {}, b"other")])
    with LocalServer(routes={"/base/x": lambda logged, attempt: next(replies)}) as server:
        assert exchange(server, given).finish_reason == "content_filter"
        with pytest.raises(CallError, match="451"):
            exchange(server, given)


def test_a_path_that_is_missing_stops_an_endpoint_without_models():
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.root, KEY)
            for path in ("/a", "/b"):
                with pytest.raises(CallError, match="no such model or path"):
                    await endpoint.send(Exchange(body=b"{}", read=read_text, path=path), "target")

    with LocalServer() as server:
        asyncio.run(work())
        assert [logged.path for logged in server.requests] == ["/a"]


def test_endpoints_differ_by_their_headers_and_query():
    network = make_network()
    made = [
        network.endpoint("http://localhost:1/v1", KEY, **more)
        for more in ({}, {"headers": {"a": "1"}}, {"headers": {"a": "2"}}, {"query": "v=1"}, {"query": "v=1"})
    ]
    assert len({id(endpoint) for endpoint in made}) == 4
    assert made[3] is made[4]


def test_a_header_that_cannot_be_sent_is_an_error_without_its_value():
    given = Exchange(body=b"{}", read=read_text, headers={"X": f"{KEY}\r\nY: 1"})
    with LocalServer() as server, pytest.raises(CallError) as caught:
        exchange(server, given)
    assert caught.value.reason == "bad_request"
    assert "sk-" not in str(caught.value)
    assert server.requests == ()


# --- bad replies ------------------------------------------------------------------------------------------------------

BROKEN = {
    "empty": b"",
    "cut": b'{"choices": [{"mess',
    "html": b"<html><body>502</body></html>",
    "null": b"null",
    "list": b"[]",
    "object": b"{}",
    "number": b"7",
    "text": b'"text"',
    "no choices": b'{"choices": []}',
    "choices null": b'{"choices": null}',
    "choice is text": b'{"choices": ["x"]}',
    "no message": b'{"choices": [{}]}',
    "message is text": b'{"choices": [{"message": "x"}]}',
    "content 5": b'{"choices": [{"message": {"content": 5}}]}',
    "content object": b'{"choices": [{"message": {"content": {}}}]}',
    "image part": b'{"choices": [{"message": {"content": [{"type": "image_url"}]}}]}',
    "part of text": b'{"choices": [{"message": {"content": ["x"]}}]}',
    "text part 5": b'{"choices": [{"message": {"content": [{"type": "text", "text": 5}]}}]}',
    "invalid utf-8": b'{"choices": [{"message": {"content": "\xff\xfe"}}]}',
    "deep": b"[" * 100_000,
    "long number": b'{"choices": ' + b"9" * 5000 + b"}",
    "many values": b'{"choices": [' + b"[]," * 250_000 + b"0]}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_no_completion_is_a_bad_reply_tried_twice(body):
    err, server = ask(always(Reply(200, {"Content-Type": "application/json"}, body)))
    assert isinstance(err, CallError)
    assert (err.reason, err.fatal) == ("bad_reply", False)
    assert "(after 2 tries)" in str(err)
    assert server.count() == 2


def test_commas_and_brackets_of_an_answer_are_no_values():
    text = '1, 2, [{"a": "\\\\"}, ' * 60_000
    assert ask(always(text))[0].text == text


def test_a_bad_reply_may_pass():
    reply, _ = ask(lambda request, attempt: Reply(200, {}, b"{}") if attempt == 1 else "fine")
    assert (reply.text, reply.attempts) == ("fine", 2)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["choices", "message", "content", "tool_calls", "function", "error", "usage", "type", "text"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_no_json_body_makes_the_reader_fail_otherwise(value):
    for body in (
        value,
        {"choices": [{"message": value}]},
        {"choices": [{"message": {"content": value, "tool_calls": value}}]},
    ):
        with contextlib.suppress(ShapeError, ErrorBody):
            assert isinstance(read_reply(json.dumps(body).encode()).text, str)


def test_an_error_with_a_success_status():
    err, server = ask(always(error(200, "overloaded")))
    assert err.reason == "http_200_error"
    assert str(err).endswith("the server says: overloaded")
    assert server.count() == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(200, {}, b" " * (5 * 2**20)), "too_large"),
        (Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * (200 * 2**20), 1)), "too_large"),
        (Reply(200, {"Content-Encoding": "br"}, b"xx"), "bad_reply"),
        (Reply(200, {"Content-Encoding": "zstd"}, b"xx"), "bad_reply"),
        (Reply(200, {"Content-Encoding": "gzip, gzip"}, b"xx"), "bad_reply"),
        (Reply(200, {"Content-Encoding": "gzip"}, b"not gzip"), "bad_reply"),
        (Reply(200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 1000)[:-4]), "bad_reply"),
    ],
    ids=["5 MiB", "gzip bomb", "br", "zstd", "gzip twice", "not gzip", "gzip cut"],
)
def test_bodies_that_are_not_read_to_the_end(reply, reason):
    err, _ = ask(always(reply))
    assert (type(err), err.reason) == (CallError, reason)


def test_unpacking_stops_at_the_limit():
    bomb = zlib.compress(b"\0" * 10_000_000)
    with pytest.raises(BodyRefused, match="larger than 9 KiB"):
        unpacked(bomb, "deflate", 9 * 1024)
    assert unpacked(zlib.compress(b"x" * 50), "deflate", 50) == b"x" * 50


# --- statuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_passing_failures_are_tried_again(status):
    naps = Naps()
    reply, server = ask(lambda request, attempt: error(status) if attempt < 3 else "fine", sleep=naps)
    assert (reply.text, reply.attempts, server.count()) == ("fine", 3, 3)
    assert 0.5 <= naps.seconds[0] <= 1
    assert 1 <= naps.seconds[1] <= 2


@pytest.mark.parametrize("retries", [0, 1, 4])
def test_retries_are_bounded(retries):
    err, server = ask(always(error(503, "try later")), retries=retries)
    assert err.reason == "http_503"
    assert not err.fatal
    assert server.count() == retries + 1


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (401, "http_401", "the key was refused (401); check OPENAI_API_KEY"),
        (403, "http_403", "check what OPENAI_API_KEY may do"),
        (404, "http_404", "no such model"),
        (405, "http_405", "no chat endpoint"),
        (410, "http_410", "no chat endpoint"),
        (402, "quota", "quota is used up"),
        (307, "http_307", "the server redirects (307)"),
    ],
)
def test_failures_that_stop_are_met_once(status, reason, words):
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.url, KEY)
            errors = []
            for _ in range(3):
                with pytest.raises(CallError) as caught:
                    await endpoint.chat("m", HELLO, purpose="target")
                errors.append(caught.value)
            return errors

    with LocalServer(always(error(status, "no"))) as server:
        errors = asyncio.run(work())
        assert server.count() == 1
    assert {(e.reason, e.fatal, str(e)) for e in errors} == {(reason, True, str(errors[0]))}
    assert words in str(errors[0])
    assert str(errors[0]).startswith(f"openai at 127.0.0.1:{server.url.split(':')[2].split('/')[0]}/v1: ")


@pytest.mark.parametrize(
    "broken",
    [
        {"body": b" " * (5 * 2**20)},
        {"headers": {"Content-Encoding": "br"}, "body": b"xx"},
        {"headers": {"Content-Encoding": "gzip"}, "body": gzip.compress(b" " * (50 * 2**20), 1)},
        {"headers": {"Content-Length": "1000"}, "body": b"half", "fault": "cut"},
        {"body": b" " * 65_536, "fault": "flood"},
    ],
    ids=["5 MiB", "br", "gzip bomb", "cut", "endless"],
)
def test_a_status_says_what_is_wrong_though_its_body_cannot_be_read(broken):
    for status, reason, requests in ((401, "http_401", 1), (503, "http_503", 2)):
        err, server = ask(always(Reply(status, **broken)), retries=1)
        assert (err.reason, server.count()) == (reason, requests)


def test_calls_that_wait_for_a_place_learn_of_a_stop():
    async def work():
        async with opened(concurrency=1) as network:
            endpoint = network.endpoint(server.url, KEY)
            calls = (endpoint.chat("m", HELLO, purpose="target") for _ in range(5))
            return await asyncio.gather(*calls, return_exceptions=True)

    with LocalServer(always(error(429, "pay", code="insufficient_quota"))) as server:
        assert {e.reason for e in asyncio.run(work())} == {"quota"}
        assert server.count() == 1


def test_a_missing_model_does_not_stop_another():
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.url, KEY)
            with pytest.raises(CallError, match="no such model"):
                await endpoint.chat("gone", HELLO, purpose="target")
            return await endpoint.chat("here", HELLO, purpose="target")

    def script(request, attempt):
        return error(404, code="model_not_found") if request["model"] == "gone" else "fine"

    with LocalServer(script) as server:
        assert asyncio.run(work()).text == "fine"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (error(400, code="context_length_exceeded"), "context_length"),
        (
            of_json({"object": "error", "message": "This model's maximum context length is 9", "code": 400}, 400),
            "context_length",
        ),
        (error(400, "what"), "http_400"),
        (error(413), "http_413"),
        (error(422), "http_422"),
        (Reply(418, {}, b"teapot"), "http_418"),
        (Reply(400, {}, b"[" * 100_000), "http_400"),
        (Reply(400, {}, b"\xff"), "http_400"),
        (of_json({"error": "a bare text"}, 400), "http_400"),
        (of_json({"error": {"message": 5, "code": 7}}, 400), "http_400"),
    ],
)
def test_other_refused_requests(reply, reason):
    err, server = ask(always(reply))
    assert (err.reason, err.fatal, server.count()) == (reason, False, 1)


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "no", code="content_filter"),
        error(400, "no", code="content_policy_violation"),
        error(400, "no", innererror={"code": "ResponsibleAIPolicyViolation"}),
        error(403, "no", metadata={"reasons": ["violence"], "flagged_input": "..."}),
    ],
)
def test_a_prompt_that_the_filter_refused_is_an_answer_without_text(reply):
    found, server = ask(always(reply))
    assert (found.text, found.finish_reason, server.count()) == ("", "content_filter", 1)


def test_redirects_are_not_followed():
    with LocalServer() as other:
        err, server = ask(lambda request, attempt: Reply(307, {"Location": f"{other.url}/chat/completions"}))
        assert err.reason == "http_307"
        assert server.count() == 1
        assert other.requests == ()


# --- waits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("1.5", 1.5),
        ("0", 0),
        ("-5", 0),
        ("3600", 60),
        ("9" * 400, 60),
        ("Wed, 21 Oct 2015 07:28:05 GMT", 5),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0),
        ("Wed, 21 Oct 2099 07:00:00 GMT", 60),
    ],
)
def test_the_wait_that_the_server_asks_for(value, seconds):
    headers = {"Retry-After": value, "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    naps = Naps()
    reply, _ = ask(lambda request, attempt: error(429, headers=headers) if attempt == 1 else "fine", sleep=naps)
    assert reply.text == "fine"
    assert sum(naps.seconds) == pytest.approx(seconds, abs=0.5)


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "soon", "", "1e3", "1_0", "0x10", "Wed, 99 Oct 99999 07:28:00 GMT"]
)
def test_a_wait_that_says_nothing_is_ignored(value):
    assert retry_after({"retry-after": value}) is None


@given(st.text())
def test_no_retry_after_makes_it_fail(value):
    assert retry_after({"retry-after": value}) is None or 0 <= retry_after({"retry-after": value}) <= 60


# --- connections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["reset", "reset_in_body", "cut"])
def test_broken_connections_are_tried_again(fault):
    broken = Reply(200, {}, completion("a partial text that nobody may see").body, fault=fault)
    reply, server = ask(lambda request, attempt: broken if attempt == 1 else "fine")
    assert (reply.text, reply.attempts, server.count()) == ("fine", 2, 2)
    err, _ = ask(always(broken), retries=1)
    assert "the connection broke (" in str(err)
    assert (err.reason, "partial" in str(err)) == ("network", False)


@pytest.mark.parametrize(
    "slow",
    [
        {"fault": "drip"},
        {"fault": "drip_head", "drip_seconds": 0.001},
        {"fault": "endless"},
        {"fault": "hang"},
        {"delay": 30.0},
    ],
    ids=["drip", "endless headers", "endless body", "nothing", "late headers"],
)
def test_the_deadline_is_total(slow):
    started = time.monotonic()
    err, server = ask(always(Reply(200, {}, completion("x").body, **slow)), timeout=0.3, retries=1)
    assert err.reason == "timeout"
    assert "no complete reply within 0.3 s; raise timeout= (after 2 tries)" in str(err)
    assert time.monotonic() - started < 5
    assert server.count() == 2


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}], ids=["in one", "in chunks"])
def test_a_body_is_bounded_however_it_is_framed(headers):
    good = completion("x").body
    longest = b" " * (4 * 2**20 - len(good)) + good
    reply, _ = ask(always(Reply(200, headers, longest, chunk=65_536)), timeout=60.0)
    assert reply.text == "x"
    err, server = ask(always(Reply(200, headers, b" " + longest, chunk=65_536)), timeout=60.0)
    assert (err.reason, str(err).endswith("the reply is larger than 4096 KiB"), server.count()) == (
        "too_large",
        True,
        1,
    )


def test_the_framing_of_a_body_is_bounded_as_well():
    good = completion("x").body
    padded = b"".join(b"0000000%x;%s\r\n%c\r\n" % (1, b"e" * 60_000, byte) for byte in good) + b"0\r\n\r\n"
    err, _ = ask(always(Reply(200, {"Transfer-Encoding": "Chunked"}, padded)), timeout=60.0)
    assert err.reason == "too_large"


def test_a_head_is_bounded():
    err, _ = ask(always(Reply(200, {"X": "x" * 200_000}, completion("x").body)), retries=1)
    assert err.reason == "network"


def test_a_connection_that_is_refused_at_once():
    server = LocalServer()
    server.refusing = True

    async def work():
        async with opened(retries=1) as network:
            with pytest.raises(CallError) as caught:
                await network.endpoint(server.url, None).chat("m", HELLO, purpose="target")
            return caught.value

    with server:
        assert asyncio.run(work()).reason == "network"
        assert (server.requests, server.connections) == ((), 2)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, made = (tmp_path_factory.mktemp("tls") / name for name in ("key.pem", "cert.pem"))
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return key, made


@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_checked(certificate, trusted, monkeypatch):
    key, made = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)

    async def work():
        async with opened(retries=2) as network:
            endpoint = network.endpoint(server.url, KEY)
            return [await endpoint.chat("m", HELLO, purpose="target") for _ in range(2)]

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with LocalServer(always("in secret"), tls=context) as server:
        if trusted:
            assert [reply.text for reply in asyncio.run(work())] == ["in secret"] * 2
            assert server.connections == 1
        else:
            with pytest.raises(CallError, match="its TLS certificate was refused"):
                asyncio.run(work())
            assert server.requests == ()


def test_a_netrc_file_is_not_read(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password canary-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    _, server = ask(always("x"))
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_nobody_listens():
    async def work():
        async with opened(retries=1) as network:
            with pytest.raises(CallError) as caught:
                await network.endpoint(f"http://127.0.0.1:{port}/v1", None).chat("m", HELLO, purpose="target")
            return caught.value

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    err = asyncio.run(work())
    assert err.reason == "network"
    assert "no connection (" in str(err)
    assert "check the address and that the server runs" in str(err)


def test_an_unknown_host():
    async def work():
        async with opened(retries=0) as network:
            with pytest.raises(CallError) as caught:
                await network.endpoint("http://nowhere.invalid/v1", None).chat("m", HELLO, purpose="target")
            return caught.value

    assert asyncio.run(work()).reason == "network"


def test_http_where_https_is_asked():
    async def work():
        async with opened(retries=0) as network:
            with pytest.raises(CallError) as caught:
                await network.endpoint(server.url.replace("http:", "https:"), None).chat("m", HELLO, purpose="target")
            return caught.value

    with LocalServer() as server:
        assert asyncio.run(work()).reason == "network"
        assert server.requests == ()


def test_the_proxy_of_the_environment_is_used_but_never_for_this_machine(monkeypatch):
    async def work():
        async with opened(retries=0) as network:
            await network.endpoint(server.url, None).chat("m", HELLO, purpose="target")
            return await network.endpoint("http://model.invalid/v1", None).chat("m", HELLO, purpose="target")

    with LocalServer() as server, LocalServer(always("by proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        reply = asyncio.run(work())
        assert (reply.text, server.count(), proxy.count()) == ("by proxy", 1, 1)


# --- what is shared and counted --------------------------------------------------------------------------------


def test_concurrency_holds_for_all_who_call_one_endpoint():
    async def work():
        async with opened(concurrency=3) as network:
            endpoint = network.endpoint(server.url, KEY)
            assert network.endpoint(server.url + "/", KEY) is endpoint
            await asyncio.gather(
                *(endpoint.chat(f"m{i % 2}", HELLO, purpose="judge" if i % 3 else "target") for i in range(30))
            )

    with LocalServer(always(Reply(200, {}, completion("x").body, delay=0.005))) as server:
        asyncio.run(work())
        assert server.max_in_flight == 3
        assert server.count() == 30


def test_a_run_settles_at_what_the_endpoint_bears():
    """A server that refuses whatever is more than four at once, and a run that is allowed 32."""
    bears, cases, retries = 4, 160, 3

    async def work():
        async with opened(
            concurrency=32, retries=retries, sleep=lambda seconds: asyncio.sleep(seconds / 20)
        ) as network:
            endpoint = network.endpoint(server.url, KEY)
            calls = (
                endpoint.chat("m", [{"role": "user", "content": f"case {n}"}], purpose="target") for n in range(cases)
            )
            replies = await asyncio.gather(*calls)
            return replies, endpoint.limiter, network.calls

    def play(logged, attempt):
        return error(429) if logged.in_flight > bears else Reply(200, {}, completion("fine").body, delay=0.01)

    with LocalServer(routes={"/v1/chat/completions": play}) as server:
        replies, limiter, calls = asyncio.run(work())
        asked = Counter(logged.body["messages"][0]["content"] for logged in server.requests)
    assert [reply.text for reply in replies] == ["fine"] * cases
    assert len(asked) == cases
    assert max(asked.values()) <= 1 + retries
    assert limiter.limit <= bears + 1
    assert limiter.throttles == calls.retries == asked.total() - cases
    assert limiter.throttles < cases / 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_the_server_asks_of_one_call_is_kept_by_all(status):
    async def work():
        async with opened(concurrency=1, sleep=naps) as network:
            endpoint = network.endpoint(server.url, KEY)
            calls = (endpoint.chat(f"m{n}", HELLO, purpose="target") for n in range(20))
            return await asyncio.gather(*calls)

    naps, first = Naps(), iter([error(status, headers={"Retry-After": "30"})])
    with LocalServer(lambda request, attempt: next(first, "fine")) as server:
        assert {reply.text for reply in asyncio.run(work())} == {"fine"}
        assert server.count() == 21
    assert naps.seconds == [pytest.approx(30, abs=1)]


def test_the_tokens_of_a_minute_space_the_calls():
    async def work():
        async with opened(concurrency=1, tpm=600, sleep=naps) as network:
            endpoint = network.endpoint(server.url, KEY)
            await asyncio.gather(*(endpoint.chat("m", HELLO, purpose="target") for _ in range(4)))

    naps = Naps()
    body = {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 10, "completion_tokens": 90}}
    with LocalServer(always(of_json(body))) as server:
        asyncio.run(work())
    assert sum(naps.seconds) == pytest.approx(30, abs=1)  # three times the 10 s that 100 tokens take


def test_endpoints_differ_by_address_and_key():
    network = make_network()
    one = network.endpoint("http://localhost:1/v1", KEY)
    assert network.endpoint("http://localhost:2/v1", KEY) is not one
    assert network.endpoint("http://localhost:1/v1", None) is not one
    assert network.endpoint(None, KEY).name == "api.openai.com/v1"


def test_the_budget_bounds_what_is_sent_retries_included():
    async def work():
        async with opened(budget=Budget(requests=5)) as network:
            endpoint = network.endpoint(server.url, KEY)
            await endpoint.chat("m", HELLO, purpose="preflight")
            calls = (endpoint.chat("m", [{"role": "user", "content": str(i)}], purpose="target") for i in range(8))
            return await asyncio.gather(*calls, return_exceptions=True), network.calls

    def script(request, attempt):
        content = request["messages"][0]["content"]
        return error(500) if content == "0" and attempt == 1 else "x"

    with LocalServer(script) as server:
        outcomes, calls = asyncio.run(work())
        assert server.count() == 1 + 5
    assert sum(isinstance(o, BudgetExhausted) for o in outcomes) in (3, 4)
    assert (calls.target, calls.preflight) == (5, 1)


def test_a_budget_of_tokens_holds_where_none_are_reported():
    async def work():
        async with opened(budget=Budget(tokens=20), concurrency=1) as network:
            endpoint = network.endpoint(server.url, KEY)
            calls = (endpoint.chat("m", HELLO, purpose="target") for _ in range(10))
            return await asyncio.gather(*calls, return_exceptions=True)

    with LocalServer(always(of_json({"choices": [{"message": {"content": "x" * 40}}]}))) as server:
        outcomes = asyncio.run(work())
        assert server.count() == 2
    assert sum(isinstance(outcome, BudgetExhausted) for outcome in outcomes) == 8


def test_the_counts_add_up_to_what_the_server_saw():
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.url, KEY)
            for purpose in ("target", "target", "judge", "writer", "preflight"):
                await endpoint.chat(purpose, HELLO, purpose=purpose)
            return network.calls_so_far(), network.calls

    with LocalServer(lambda request, attempt: error(503) if attempt == 1 else "two words") as server:
        calls, counts = asyncio.run(work())
        assert counts.target + counts.judge + counts.writer + counts.preflight == server.count()
    assert sum(spent.requests for spent in calls.spent) == server.count()
    plain = replace(calls, spent=())
    assert plain == Calls(target=3, judge=2, preflight=2, retries=4, input_tokens=50, output_tokens=10)


def test_a_refused_response_format_is_dropped_for_good():
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.url, KEY)
            for _ in range(3):
                reply = await endpoint.chat("m", HELLO, purpose="judge", response_format={"type": "json_object"})
            return reply

    def script(request, attempt):
        return error(400, "response_format is not supported") if "response_format" in request else "plain"

    with LocalServer(script) as server:
        assert asyncio.run(work()).text == "plain"
        assert ["response_format" in r.body for r in server.requests] == [True, False, False, False]


def test_a_request_that_is_refused_either_way_keeps_its_format():
    async def work():
        async with opened() as network:
            endpoint = network.endpoint(server.url, KEY)
            for _ in range(2):
                with pytest.raises(CallError, match="temperature"):
                    await endpoint.chat("m", HELLO, purpose="judge", response_format={"type": "json_object"})

    with LocalServer(always(error(400, "temperature is not supported"))) as server:
        asyncio.run(work())
        assert ["response_format" in r.body for r in server.requests] == [True, False, True, False]


# --- secrets and foreign text --------------------------------------------------------------------------------


def test_the_key_that_a_server_echoes_is_redacted_everywhere():
    async def work(endpoint):
        await endpoint.chat("m", HELLO, purpose="target")

    async def whole():
        async with opened() as network:
            with pytest.raises(CallError) as caught:
                await work(network.endpoint(server.url, KEY))
            return caught.value

    for status in (400, 401, 403, 404, 429, 500):
        with LocalServer(always(error(status, f"Incorrect API key provided: {KEY}. {'x' * 150}{KEY}"))) as server:
            err = asyncio.run(whole())
        assert (err.__cause__, err.__context__) == (None, None)
        text = "".join(traceback.TracebackException.from_exception(err, capture_locals=True).format())
        assert KEY not in text
        assert KEY[:12] not in text


def test_the_key_in_an_answer_is_redacted():
    reply, _ = ask(always(f"your key is {KEY}"))
    assert reply.text == "your key is [redacted]"


def test_foreign_text_in_an_error_is_one_inert_line():
    err, _ = ask(always(error(400, "bad\n\x1b[31mred\u202e\r\n::error::x")))
    assert str(err).isprintable()
    assert "\\u{1b}" in str(err)
    assert len(str(err)) < 400


@pytest.mark.parametrize(
    "url", ["localhost:1/v1", "ftp://x/v1", "http://", "http://[::1", "http://x:99999/v1", "http://u:pass-word@x/v1"]
)
def test_addresses_that_cannot_be_used(url):
    with pytest.raises(SettingsError) as caught:
        make_network().endpoint(url, None)
    assert "pass-word" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel-123"])
def test_keys_that_cannot_be_sent(key):
    with pytest.raises(SettingsError, match="MY_KEY holds") as caught:
        make_network().endpoint("http://localhost/v1", key, key_name="MY_KEY")
    assert not key or key not in str(caught.value)


def test_custom_headers_of_the_environment_do_not_replace_the_key(monkeypatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer other-key-123456\nX-Team: red")
    _, server = ask(always("x"))
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def cancelled_call(endpoint, server):
    """Ask, and cancel as soon as the server has the request."""
    hanging = asyncio.create_task(endpoint.chat("slow", HELLO, purpose="target"))
    while not server.count():
        await asyncio.sleep(0.01)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


def test_a_cancelled_call_gives_its_place_back():
    async def work():
        async with opened(concurrency=1, timeout=20) as network:
            endpoint = network.endpoint(server.url, KEY)
            await cancelled_call(endpoint, server)
            return await endpoint.chat("fast", HELLO, purpose="target")

    with LocalServer(lambda r, a: Reply(200, {}, b"{}", delay=30) if r["model"] == "slow" else "fine") as server:
        assert asyncio.run(work()).text == "fine"


def test_a_call_that_is_cancelled_takes_its_connection_along():
    async def work():
        async with opened(concurrency=1, timeout=20) as network:
            endpoint = network.endpoint(server.url, KEY)
            await cancelled_call(endpoint, server)
            while server.open_connections:
                await asyncio.sleep(0.005)
            assert network.in_flight == 0

    with LocalServer(always(Reply(200, {}, b"{}", delay=30))) as server:
        asyncio.run(asyncio.wait_for(work(), 10))


def test_asking_loads_no_sdk():
    code = """if True:
        import asyncio, sys
        from networks import make_network
        from astral.testing.server import LocalServer
        with LocalServer() as server:
            asyncio.run(make_network().endpoint(server.url, None).chat("m", [], purpose="target"))
        sys.exit(bool({"openai", "httpx2", "pydantic"} & set(sys.modules)))"""
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_importing_it_loads_nothing_heavy():
    code = (
        "import sys, astral.wire, astral.wire.access, astral.wire.transport;"
        "sys.exit(bool({'openai', 'httpx2', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ}, check=False).returncode == 0


def test_a_meter_can_be_shared_by_networks_of_a_resumed_run():
    meter = BudgetMeter(Budget(requests=3), used_requests=2)

    async def work():
        network = make_network(redactor=Redactor())
        network.budget = meter
        try:
            endpoint = network.endpoint(server.url, None)
            await endpoint.chat("m", HELLO, purpose="target")
            with pytest.raises(BudgetExhausted):
                await endpoint.chat("m", HELLO, purpose="target")
        finally:
            await network.aclose()

    with LocalServer() as server:
        asyncio.run(work())
