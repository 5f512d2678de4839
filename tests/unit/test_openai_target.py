"""The target behind an OpenAI-compatible endpoint."""

import asyncio

import pytest
from networks import make_context, make_network, opened

from astral.errors import CallError, SettingsError
from astral.model import Case, Cell, Response, Usage, case_id
from astral.setting_values import parse_spec
from astral.targets.openai import build_target
from astral.testing.replies import completion, error, of_json
from astral.testing.server import LocalServer

CELL = Cell.of(category="violence", style="slang", persuasion="logical_appeal")


def case(*turns):
    return Case(case_id(CELL, turns), CELL, turns)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def answer(script, *turns, pairs=(), spec="openai:m@{url}"):
    async def work():
        async with opened() as network:
            target = build_target(parse_spec(spec.format(url=server.url)), make_context(network, *pairs))
            return await target.answer(case(*turns or ("hello",)), 1)

    with LocalServer(script) as server:
        return asyncio.run(work()), server


def test_an_answer():
    response, server = answer(lambda request, attempt: "good morning")
    assert (response.text, response.model, response.finish_reason) == ("good morning", "m", "stop")
    assert response.usage == Usage(10, 2)
    assert response.seconds > 0
    assert server.requests[0].body == {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def test_only_the_parameters_that_the_user_set_are_sent():
    _, server = answer(None, pairs=("temperature=0.5",))
    assert server.requests[0].body.keys() == {"model", "messages", "temperature"}
    _, server = answer(None, pairs=("max_tokens=9",))
    assert server.requests[0].body.keys() == {"model", "messages", "max_tokens"}


def test_turns_are_sent_one_after_the_other_with_the_replies_between():
    response, server = answer(lambda request, attempt: f"reply {len(request['messages'])}", "one", "two", "three")
    assert response.text == "reply 5"
    assert response.usage == Usage(30, 6)
    assert [[m["content"] for m in r.body["messages"]] for r in server.requests] == [
        ["one"],
        ["one", "reply 1", "two"],
        ["one", "reply 1", "two", "reply 3", "three"],
    ]
    assert [m["role"] for m in server.requests[2].body["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]


def test_a_filter_in_mid_exchange_ends_it():
    response, server = answer(lambda r, a: completion(None, finish_reason="content_filter"), "one", "two")
    assert (response.text, response.finish_reason, server.count()) == ("", "content_filter", 1)


def test_tokens_of_some_turns_only_are_unknown():
    def script(request, attempt):
        return "x" if len(request["messages"]) == 1 else of_json({"choices": [{"message": {"content": "y"}}]})

    assert answer(script, "one", "two")[0].usage is None


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (completion(None, refusal="I will not."), ("I will not.", "refusal")),
        (completion("  ", refusal="I will not."), ("I will not.", "refusal")),
        (completion("content", refusal="refusal"), ("content", "stop")),
        (completion("", finish_reason="content_filter"), ("", "content_filter")),
        (completion("half an ans", finish_reason="content_filter"), ("half an ans", "content_filter")),
        (completion("half", finish_reason="length"), ("half", "length")),
        (completion("half", finish_reason="max_tokens"), ("half", "length")),
        (completion("half an ans", finish_reason="refusal"), ("half an ans", "content_filter")),
        (completion("", finish_reason="refusal"), ("", "content_filter")),
        (completion(None), ("", "stop")),
        (completion(None, tool_calls=[{"function": {"arguments": '{"to": "bob"}'}}]), ('{"to": "bob"}', "tool_calls")),
        (completion(None, tool_calls=[{"function": {}}]), ("", "tool_calls")),
        (error(400, code="content_filter"), ("", "content_filter")),
    ],
)
def test_what_a_reply_means(reply, expected):
    response, _ = answer(lambda request, attempt: reply)
    assert isinstance(response, Response)
    assert (response.text, response.finish_reason) == expected


def test_no_answer_is_an_error():
    with pytest.raises(CallError, match="the server refused the request"):
        answer(lambda request, attempt: error(400, "no"))


def test_the_preflight_is_one_call_outside_the_budget():
    async def work():
        async with opened() as network:
            target = build_target(parse_spec(f"m@{server.url}"), make_context(network, "temperature=1"))
            assert target.endpoint is network.endpoint(server.url, None)
            assert target.model == "m"
            return await target.preflight(), network.calls_so_far(), network.budget.requests

    with LocalServer() as server:
        seconds, calls, used = asyncio.run(work())
        assert server.requests[0].body["temperature"] == 1
        assert server.count() == 1
    assert seconds > 0
    assert (calls.preflight, calls.target, used) == (1, 0, 0)


# --- keys and addresses -----------------------------------------------------------------------------------------------


def build(text):
    return build_target(parse_spec(text), make_context(make_network()))


def test_a_missing_key_is_a_usage_error_that_offers_the_demo():
    with pytest.raises(SettingsError) as caught:
        build("gpt-4")
    assert str(caught.value) == "target gpt-4 needs OPENAI_API_KEY; set it, or try target=demo"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "ollama.localhost"])
def test_a_server_on_this_machine_needs_no_key(host):
    assert build(f"openai:m@http://{host}:11434/v1").name == f"openai:m@http://{host}:11434/v1"


@pytest.mark.parametrize(
    "url", ["http://192.168.0.7/v1", "https://api.example.com/v1", "http://127.0.0.1.example.com/v1"]
)
def test_any_other_server_needs_one(url):
    with pytest.raises(SettingsError, match="needs OPENAI_API_KEY"):
        build(f"openai:m@{url}")


def test_blanks_are_no_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", " \n")
    with pytest.raises(SettingsError, match="needs OPENAI_API_KEY"):
        build("gpt-4")


def test_where_key_and_address_come_from(monkeypatch):
    with LocalServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", "first-key-123\n")
        monkeypatch.setenv("SECOND", "second-key-123")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)

        async def work():
            async with opened() as network:
                for text in (
                    "m",
                    f"openai:m@{server.url}",
                    f"openai:m@{server.url}(key_env=SECOND)",
                    "openai:m(key_env=SECOND)",
                ):
                    await build_target(parse_spec(text), make_context(network)).answer(case("hello"), 1)

        asyncio.run(work())
        sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer first-key-123"] * 2 + ["Bearer second-key-123"] * 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("openai:", "names no model"),
        ("openai:m(key_evn=X)", "unknown option 'key_evn'; did you mean 'key_env'?"),
        ("openai:m(key_env=NOWHERE)", "needs NOWHERE"),
        ("openai:m@http://user:pw@localhost/v1", "holds a user name or password"),
        ("openai:m@http://[::1/v1", "is not an address"),
    ],
)
def test_specs_that_cannot_be_built(monkeypatch, text, words):
    if "NOWHERE" not in text:
        monkeypatch.setenv("OPENAI_API_KEY", "a-key-that-is-there")
    with pytest.raises(SettingsError) as caught:
        build(text)
    assert words in str(caught.value)
