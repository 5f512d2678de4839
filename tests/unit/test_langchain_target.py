"""Models of langchain's providers as targets: OpenAI's over a local server; Anthropic's and Ollama's if installed."""

import asyncio
import json
from dataclasses import replace
from importlib.util import find_spec

import pytest
from networks import make_context, make_network, opened

from astral.errors import BudgetExhausted, CallError, SettingsError
from astral.model import Case, Cell, Usage, case_id
from astral.secrets import Redactor
from astral.setting_values import Budget, parse_spec
from astral.targets.langchain import build_target
from astral.testing.replies import Reply, completion, error, of_json
from astral.testing.server import LocalServer

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
TOOL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"to": "bob"}'}}
SPEC = "langchain:openai:m@{url}"


def case(*turns):
    return Case(case_id(CELL, turns), CELL, turns)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_PROXY", "ANTHROPIC_API_KEY", "LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-test")


def answer(script, *turns, pairs=(), spec=SPEC, **options):
    """What the target says to ``turns``, the server that it asked, and the network that it asked over."""

    async def work():
        async with opened(**options) as network:
            target = build_target(parse_spec(spec.format(url=server.url)), make_context(network, *pairs))
            return await target.answer(case(*turns or ("hello",)), 1), network

    with LocalServer(script) as server:
        response, network = asyncio.run(work())
    return response, server, network


# --- openai -----------------------------------------------------------------------------------------------------------


def test_an_answer():
    response, server, network = answer(lambda request, attempt: completion("good morning", model="m-2026"))
    assert (response.text, response.model, response.finish_reason) == ("good morning", "m-2026", "stop")
    assert response.usage == Usage(10, 2)
    assert response.seconds > 0
    assert response.earlier == ()
    [logged] = server.requests
    assert logged.headers["authorization"] == "Bearer key-of-the-test"
    assert logged.body["messages"] == [{"role": "user", "content": "hello"}]
    assert not {"temperature", "max_tokens", "max_completion_tokens", "top_p", "n"} & set(logged.body)
    calls = network.calls_so_far()
    assert (calls.target, calls.retries, calls.input_tokens, calls.output_tokens) == (1, 0, 10, 2)


def test_what_the_user_set_is_sent_and_nothing_else():
    pairs = ("temperature=0.5", "max_tokens=9", 'extra={"top_p": 0.9, "safe_prompt": true}', "system=be {brief}")
    _, server, _ = answer(None, pairs=pairs)
    body = server.requests[0].body
    assert body["messages"] == [{"role": "system", "content": "be {brief}"}, {"role": "user", "content": "hello"}]
    assert (body["temperature"], body["top_p"], body["safe_prompt"]) == (0.5, 0.9, True)
    assert 9 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    _, server, _ = answer(None, spec=SPEC + "(temperature=0.25)", pairs=pairs[:1])
    assert server.requests[0].body["temperature"] == 0.25


def test_turns_are_sent_one_after_the_other_with_the_replies_between():
    response, server, _ = answer(
        lambda request, attempt: f"reply {len(request['messages'])}", "one", "{two}", "t\ud800"
    )
    assert (response.text, response.earlier) == ("reply 5", ("reply 1", "reply 3"))
    assert response.usage == Usage(30, 6)
    assert [m["content"] for m in server.requests[2].body["messages"]] == [
        "one",
        "reply 1",
        "{two}",
        "reply 3",
        "t\ufffd",
    ]
    assert [m["role"] for m in server.requests[2].body["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (completion("", refusal="I can't."), ("I can't.", "refusal")),
        (completion("both", refusal="I can't."), ("both", "stop")),
        (completion("half", finish_reason="length"), ("half", "length")),
        (completion("some", finish_reason="content_filter"), ("some", "content_filter")),
        (completion(None), ("", "stop")),
        (completion(None, tool_calls=[TOOL]), ('{"to": "bob"}', "tool_calls")),
        (error(400, code="content_filter"), ("", "content_filter")),
    ],
)  # fmt: skip
def test_what_a_reply_means(reply, expected):
    response, _, _ = answer(lambda request, attempt: reply)
    assert (response.text, response.finish_reason) == expected


def test_the_retries_are_ours():
    busy = error(429, "slow down", headers={"Retry-After": "7"})
    response, server, network = answer(lambda request, attempt: busy if attempt < 3 else "ok")
    assert response.text == "ok"
    assert server.count() == 3
    assert [round(nap, 1) for nap in network.sleep.seconds] == [7.0, 7.0]
    assert (network.calls.target, network.calls.retries) == (3, 2)


@pytest.mark.parametrize(
    ("reply", "reason", "asked", "words"),
    [
        (error(401, "Incorrect key: key-of-the-test"), "http_401", 1, "the key was refused (401)"),
        (error(404, "no"), "http_404", 1, "no such model or path"),
        (error(429, "x", code="insufficient_quota"), "quota", 1, "the quota is used up"),
        (error(500, "x"), "http_500", 4, "the server answered 500"),
        (error(400, "This model's maximum context length is 5"), "context_length", 1, "longer than the model takes"),
        (Reply(body=b"<html>"), "bad_reply", 2, ""),
        (Reply(fault="reset"), "network", 4, ""),
        (Reply(302, {"Location": "http://127.0.0.1:9/"}), "http_302", 1, "redirects (302), which is not followed"),
        (of_json({"choices": [{"message": {"content": "x" * 20_000_000}}]}), "too_large", 1, ""),
    ],
)
def test_a_failure_is_one_line_without_the_key(reply, reason, asked, words):
    async def work():
        async with opened() as network:
            target = build_target(parse_spec(SPEC.format(url=server.url)), make_context(network))
            await target.answer(case("hello"), 1)

    with LocalServer(lambda request, attempt: reply) as server, pytest.raises(CallError) as caught:
        asyncio.run(work())
    assert caught.value.reason == reason
    assert words in str(caught.value)
    assert "key-of-the-test" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert server.count() == asked


def test_deadline_and_budget_are_ours():
    with pytest.raises(CallError) as caught:
        answer(lambda request, attempt: Reply(delay=20), timeout=0.2, retries=0)
    assert caught.value.reason == "timeout"
    with pytest.raises(BudgetExhausted):
        answer(None, "one", "two", budget=Budget(requests=1))


def test_secrets_are_hidden_in_answers():
    response, _, _ = answer(lambda request, attempt: "I know hush-hush-1", redactor=Redactor(["hush-hush-1"]))
    assert response.text == "I know [redacted]"


def test_models_of_one_provider_share_its_limits_and_are_stopped_one_by_one():
    async def work():
        async with opened() as network:
            context = make_context(network)
            first, second = (build_target(parse_spec(f"langchain:openai:{m}@{server.url}"), context) for m in "ab")
            assert first.endpoint is second.endpoint
            with pytest.raises(CallError, match="no such model"):
                await first.answer(case("x"), 1)
            with pytest.raises(CallError, match="no such model"):
                await first.answer(case("y"), 1)
            return await second.answer(case("x"), 1)

    with LocalServer(lambda request, attempt: error(404) if request["model"] == "a" else "ok") as server:
        assert asyncio.run(work()).text == "ok"
    assert dict(server.counts) == {"a": 1, "b": 1}


def test_the_preflight_is_one_call_outside_the_budget():
    async def work():
        async with opened(budget=Budget(requests=1)) as network:
            target = build_target(parse_spec(SPEC.format(url=server.url)), make_context(network))
            assert await target.preflight() > 0
            assert (network.budget.requests, network.calls.preflight) == (0, 1)

    with LocalServer(lambda request, attempt: "OK") as server:
        asyncio.run(work())
    assert server.count() == 1


def test_the_description_holds_what_an_answer_depends_on():
    spec = parse_spec("langchain:openai:m@http://127.0.0.1:9/v1")
    context = make_context(make_network(), "temperature=0.5", "system=be brief", 'extra={"top_p": 0.5}')
    described = build_target(spec, context).describe()
    place = {"api": "langchain", "endpoint": "openai, 127.0.0.1:9/v1", "model": "m"}
    assert described.items() >= {**place, "temperature": 0.5, "extra": {"top_p": 0.5}}.items()
    assert "be brief" not in json.dumps(described)
    assert "key-of-the-test" not in json.dumps(described)


@pytest.mark.parametrize(
    ("spec", "pairs", "words"),
    [
        ("langchain:openai", (), "write langchain:PROVIDER:MODEL"),
        ("langchain:openai:m(mood=good)", (), "unknown option 'mood'"),
        ("langchain:openai:m(key_env=MY_KEY)", (), "needs MY_KEY; set it, or try target=demo"),
        ("langchain:mistralai:m", (), "pip install langchain-mistralai"),
        ("langchain:nobody:m", (), "Unsupported provider='nobody'"),
        ("langchain:openai:m@http://h/v1", ('extra={"max_retries": 9}',), "'max_retries' is no parameter of an answer"),
    ],
)
def test_a_target_that_cannot_be_built_is_a_usage_error(spec, pairs, words):
    with pytest.raises(SettingsError) as caught:
        build_target(parse_spec(spec), make_context(make_network(), *pairs))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("target langchain:")


# --- anthropic: the Messages API as documented ------------------------------------------------------------------------
# https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons.md and .../api/messages, 2026-11-21

anthropic = pytest.mark.skipif(find_spec("langchain_anthropic") is None, reason="langchain-anthropic is not installed")
ollama = pytest.mark.skipif(find_spec("langchain_ollama") is None, reason="langchain-ollama is not installed")


def closing(reply):
    """The reply with an end of the connection: Anthropic's package keeps connections that nobody can close."""
    return replace(reply, headers={**reply.headers, "Connection": "close"})


def message(text, stop_reason="end_turn"):
    """A reply of the Messages API (documented)."""
    return of_json(
        {
            "id": "msg_01234",
            "type": "message",
            "role": "assistant",
            "model": "claude-x-1",
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 50},
        }
    )


@anthropic
def test_anthropic_speaks_its_own_wire(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-anthropic")

    def play(logged, attempt):
        return closing(message(f"reply {len(logged.body['messages'])}"))

    async def work():
        async with opened() as network:
            spec = parse_spec(f"langchain:anthropic:claude-x@{server.url.removesuffix('/v1')}")
            pairs = ("system=be brief", "temperature=0.5", "max_tokens=9")
            target = build_target(spec, make_context(network, *pairs))
            return await target.answer(case("one", "two"), 1)

    with LocalServer(routes={"/v1/messages": play}) as server:
        response = asyncio.run(work())
    assert (response.text, response.earlier) == ("reply 3", ("reply 1",))
    assert (response.model, response.finish_reason, response.usage) == ("claude-x-1", "stop", Usage(200, 100))
    first, second = (logged.body for logged in server.requests)
    assert (first["system"], first["temperature"], first["max_tokens"]) == ("be brief", 0.5, 9)
    assert [m["role"] for m in second["messages"]] == ["user", "assistant", "user"]
    assert "key-of-anthropic" in str(server.requests[0].headers)


@anthropic
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (message("half", "max_tokens"), ("half", "length")),
        (message("", "refusal"), ("", "content_filter")),
        (message("some", "refusal"), ("some", "content_filter")),
        (message("x", "stop_sequence"), ("x", "stop")),
        (message("x", "model_context_window_exceeded"), ("x", "length")),
        (of_json({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529), "http_529"),
        (of_json({"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}, 429), "http_429"),
        (of_json({"type": "error", "error": {"type": "authentication_error", "message": "no"}}, 401), "http_401"),
        (Reply(fault="reset"), "network"),
        (Reply(body=b"<html>", headers={"Content-Type": "text/html"}), "bad_reply"),
    ],
)
def test_what_anthropic_says(monkeypatch, reply, expected):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-anthropic")

    async def work():
        async with opened(retries=1) as network:
            spec = parse_spec(f"langchain:anthropic:claude-x@{server.url.removesuffix('/v1')}")
            try:
                response = await build_target(spec, make_context(network)).answer(case("one"), 1)
            except CallError as err:
                return "(the key)" if "key-of-anthropic" in str(err) else err.reason
            return response.text, response.finish_reason

    with LocalServer(routes={"/v1/messages": lambda logged, attempt: closing(reply)}) as server:
        assert asyncio.run(work()) == expected
    assert len(server.requests) == (2 if expected in ("http_529", "http_429", "network", "bad_reply") else 1)


@ollama
def test_ollama_takes_its_own_names_and_refuses_what_it_would_drop():
    def play(logged, attempt):
        """A reply of /api/chat (documented: https://docs.ollama.com/api/chat, read 2026-11-21)."""
        line = {
            "model": "small",
            "created_at": "2026-11-21T00:00:00Z",
            "message": {"role": "assistant", "content": "hi"},
            "done": True,
            "done_reason": "length",
            "prompt_eval_count": 26,
            "eval_count": 9,
        }
        return closing(Reply(headers={"Content-Type": "application/x-ndjson"}, body=json.dumps(line).encode() + b"\n"))

    async def work():
        async with opened() as network:
            spec = parse_spec(f"langchain:ollama:small@{server.url.removesuffix('/v1')}")
            target = build_target(spec, make_context(network, "max_tokens=9", 'extra={"top_k": 5}'))
            with pytest.raises(SettingsError, match="ChatOllama takes no 'topp'"):
                build_target(spec, make_context(network, 'extra={"topp": 5}'))
            return await target.answer(case("one"), 1)

    with LocalServer(routes={"/api/chat": play}) as server:
        response = asyncio.run(work())
    assert (response.text, response.finish_reason, response.usage) == ("hi", "length", Usage(26, 9))
    options = server.requests[0].body["options"]
    assert (options["num_predict"], options["top_k"]) == (9, 5)
