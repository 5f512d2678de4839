"""The target behind any JSON or form endpoint: its file, what it sends, what it reads."""

import asyncio
import contextlib
import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_network, opened

from astral.context import Context
from astral.errors import CallError, SettingsError
from astral.model import Case, Cell, Usage, case_id
from astral.secrets import Redactor
from astral.setting_values import parse_spec
from astral.settings import parse_settings
from astral.targets.http import build_target
from astral.targets.http_reply import ReplyForm, selectors
from astral.taxonomy import DEFAULT
from astral.testing.replies import Reply, of_json
from astral.testing.server import LocalServer
from astral.wire.replies import ShapeError

CELL = Cell.of(category="violence", style="slang", persuasion="logical_appeal")
PLAIN = """
answer = "$.reply"
[json]
message = "{{ prompt }}"
"""
HOSTILE = 'He said "{{ 7 * 7 }}"\n\\ {% raw %} é \U0001f600 </script> ${HOME} & a=b\t\x00'


def case(*turns):
    return Case(case_id(CELL, turns), CELL, turns)


def build(root, text, network, environment, *pairs, spec="http:bot.toml"):
    (root / "bot.toml").write_text(text)
    context = Context(parse_settings(pairs), DEFAULT, network, root)
    return build_target(parse_spec(spec), context, environment)


def ask(root, text, route, *turns, environment=None, pairs=(), path="/chat", retries=0):
    """The answer to ``turns``, with the requests that came: ``url`` is put before the file's text."""

    async def work():
        async with opened(retries=retries) as network:
            url = server.url.removesuffix("/v1") + path
            target = build(root, f'url = "{url}"\n{text}', network, environment or {}, *pairs)
            return await target.answer(case(*turns or ("hello",)), 1), target

    with LocalServer(routes={"/": route}) as server:
        answer, target = asyncio.run(work())
    return answer, target, server.requests


def failing(root, text, route, *turns, **more):
    with pytest.raises(CallError) as caught:
        ask(root, text, route, *turns, **more)
    assert "\n" not in str(caught.value)
    return caught.value


def says(value, status=200):
    return lambda logged, attempt: of_json(value, status)


def refused(root, text, environment=None, *pairs, spec="http:bot.toml"):
    with pytest.raises(SettingsError) as caught:
        build(root, text, make_network(), environment or {}, *pairs, spec=spec)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_json_is_filled_however_deep_and_its_own_values_stay(tmp_path):
    text = """
answer = "$.reply"
[json]
stream = false
limit = 3
note = "turn {{ turn }} of {{ case_id }}"
[json.input]
parts = [{ text = "{{ prompt }}" }, "{{ turns | length }}", 1.5]
"""
    answer, _, (logged,) = ask(tmp_path, text, says({"reply": "hi"}), HOSTILE)
    assert answer.text == "hi"
    assert logged.method == "POST"
    assert logged.path == "/chat"
    assert logged.headers["content-type"] == "application/json"
    assert "authorization" not in logged.headers
    assert logged.body == {
        "stream": False,
        "limit": 3,
        "note": f"turn 1 of {case(HOSTILE).id}",
        "input": {"parts": [{"text": HOSTILE}, "1", 1.5]},
    }


def test_a_body_is_a_template_of_ones_own(tmp_path):
    text = """
answer = "$.reply"
body = '{"ask": {{ prompt | tojson }}, "all": {{ messages | tojson }}}'
"""
    _, _, (logged,) = ask(tmp_path, text, says({"reply": "hi"}), HOSTILE)
    assert logged.body == {"ask": HOSTILE, "all": [{"role": "user", "content": HOSTILE}]}


def test_a_form(tmp_path):
    text = """
answer = "text"
[form]
q = "{{ prompt }}"
n = 2
debug = true
tag = ["a", "{{ turn }}"]
"""
    answer, _, (logged,) = ask(tmp_path, text, lambda logged, attempt: Reply(200, {}, "grüß Gott".encode()), HOSTILE)
    assert (answer.text, answer.finish_reason, answer.model, answer.usage) == ("grüß Gott", None, None, None)
    assert logged.headers["content-type"] == "application/x-www-form-urlencoded"
    fields = parse_qsl(logged.body, strict_parsing=True)
    assert fields == [("q", HOSTILE), ("n", "2"), ("debug", "true"), ("tag", "a"), ("tag", "1")]


def test_a_query_goes_behind_that_of_the_address(tmp_path):
    text = 'method = "get"\nanswer = "$.reply"\n[query]\nq = "{{ prompt }}"'
    _, _, (logged,) = ask(tmp_path, text, says({"reply": "hi"}), "a b&c", path="/chat/?v=1")
    assert (logged.method, logged.path, logged.body) == ("GET", "/chat/?v=1&q=a+b%26c", None)


def test_a_body_of_plain_text_has_the_type_that_its_file_gives(tmp_path):
    text = 'body = "{{ prompt }}"\nanswer = "text"\n[headers]\nContent-Type = "text/plain; charset=utf-8"'
    _, _, (logged,) = ask(tmp_path, text, lambda logged, attempt: Reply(200, {}, b"hi"), "say \ud800")
    assert logged.headers["content-type"] == "text/plain; charset=utf-8"
    assert logged.body == "say \ufffd"


@given(prompt=st.text())
def test_whatever_a_prompt_holds_it_arrives_as_it_is(tmp_path_factory, prompt):
    root = tmp_path_factory.mktemp("bot")
    network = make_network()
    for kind in ('[json]\nq = "{{ prompt }}"', "body = '{\"q\": {{ prompt | tojson }}}'", '[form]\nq = "{{ prompt }}"'):
        target = build(root, f'url = "http://localhost:1"\nanswer = "text"\n{kind}', network, {})
        values = {"prompt": prompt, "turns": [], "messages": [], "session": "", "turn": 1, "case_id": "x"}
        body, _ = target._file.request.filled(values)
        sent = dict(parse_qsl(body.decode(), keep_blank_values=True)) if kind.startswith("[form") else json.loads(body)
        assert sent["q"] == prompt


# --- conversations ----------------------------------------------------------------------------------------------------


def test_a_conversation_has_one_id_and_every_asking_another(tmp_path):
    text = 'answer = "$.reply"\n[json]\nq = "{{ prompt }}"\nid = "{{ session }}"\nseen = "{{ turns | join(\'|\') }}"'
    answer, _, requests = ask(
        tmp_path, text, lambda r, a: of_json({"reply": f"to {r.body['q']}"}), "one", "two", "three"
    )
    assert (answer.text, answer.earlier) == ("to three", ("to one", "to two"))
    assert [logged.body["seen"] for logged in requests] == ["one", "one|two", "one|two|three"]
    first = {logged.body["id"] for logged in requests}
    _, _, requests = ask(tmp_path, text, says({"reply": "hi"}), "one", "two", "three")
    assert len(first) == 1
    assert len(first | {logged.body["id"] for logged in requests}) == 2


def test_messages_hold_the_answers_so_far(tmp_path):
    text = "answer = \"$.reply\"\nbody = '{{ messages | tojson }}'"
    _, _, requests = ask(tmp_path, text, lambda r, a: of_json({"reply": f"to {len(r.body)}"}), "one", "two")
    assert requests[1].body == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "to 1"},
        {"role": "user", "content": "two"},
    ]


SESSION = 'answer = "$.reply"\nsession_from = "$.id"\n[json]\nq = "{{ prompt }}"\nid = "{{ session }}"'


def test_the_id_may_be_the_other_sides(tmp_path):
    def route(logged, attempt):
        return of_json({"reply": "hi", "id": logged.body["id"] or 42})

    _, _, requests = ask(tmp_path, SESSION, route, "one", "two", "three")
    assert [logged.body["id"] for logged in requests] == ["", "42", "42"]


def test_the_id_of_a_reply_that_could_not_be_read_is_forgotten(tmp_path):
    def route(logged, attempt):
        if not logged.body["id"] and attempt == 1:
            return of_json({"id": "lost"})
        return of_json({"reply": "hi", "id": logged.body["id"] or "found"})

    _, _, requests = ask(tmp_path, SESSION, route, "one", "two", retries=1)
    assert [logged.body["id"] for logged in requests] == ["", "", "found"]


def test_a_secret_in_the_address_is_no_part_of_its_name(tmp_path):
    def route(logged, attempt):
        return of_json({"reply": "hi"} if logged.path == "/bot5512-abcdef/send" else {"detail": logged.path}, 200)

    more = {"environment": {"BOT_TOKEN": "5512-abcdef"}, "path": "/bot${BOT_TOKEN}/send"}
    _, target, _ = ask(tmp_path, PLAIN, route, **more)
    assert target.endpoint.place.endswith("/bot[redacted]/send")
    error = failing(tmp_path, PLAIN.replace("$.reply", "$.other"), route, **more)
    assert "5512" not in f"{error} {target.describe()} {target.endpoint!r}"


def test_a_variable_in_the_query_of_the_address_is_a_secret_and_one_in_its_path_by_its_name(tmp_path):
    environment = {"SIGNATURE": "sig-0815-xyz", "BOT": "friendly-bot"}
    route = lambda logged, attempt: of_json({"reply": logged.path})  # noqa: E731
    answer, _, _ = ask(tmp_path, PLAIN, route, environment=environment, path="/${BOT}/chat?sig=${SIGNATURE}")
    assert answer.text == "/friendly-bot/chat?sig=[redacted]"


def test_an_id_that_does_not_come_is_an_error_when_it_is_needed(tmp_path):
    assert ask(tmp_path, SESSION, says({"reply": "hi"}), "one")[0].text == "hi"
    error = failing(tmp_path, SESSION, says({"reply": "hi"}), "one", "two")
    assert error.reason == "bad_reply"
    assert "session_from matched nothing in the first reply; compare bot.toml" in str(error)


# --- what is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "reply", "expected"),
    [
        ("$.choices[0].message.content", {"choices": [{"message": {"content": "a"}}]}, "a"),
        (".a.b[0]", {"a": {"b": ["x", "y"]}}, "x"),
        ("[-1].text", [{"text": "x"}, {"text": "y"}], "y"),
        ("$.parts[*].text", {"parts": [{"text": "x"}, {"text": "y"}]}, "x\ny"),
        ("$['a b']", {"a b": "x"}, "x"),
        ("$.parts[?@.type == 'text'].text", {"parts": [{"type": "other"}, {"type": "text", "text": "x"}]}, "x"),
        ("$", "a bare text", "a bare text"),
        ("$.reply", {"reply": ""}, ""),
    ],
)
def test_where_the_answer_stands(tmp_path, selector, reply, expected):
    answer, _, _ = ask(tmp_path, PLAIN.replace("$.reply", selector), says(reply))
    assert answer.text == expected


def test_what_else_is_read(tmp_path):
    text = """
answer = "$.reply"
finish = "$.why"
model = "bot-2"
model_from = "$.model"
input_tokens = "$.usage.in"
output_tokens = "$.usage.out"
[json]
q = "{{ prompt }}"
"""
    reply = {"reply": "x", "why": "length", "model": "bot-2-2026-01-01", "usage": {"in": 3, "out": 4}}
    answer, target, _ = ask(tmp_path, text, says(reply), "one", "two")
    assert (answer.finish_reason, answer.model, answer.usage) == ("length", "bot-2-2026-01-01", Usage(6, 8))
    assert target.model == "bot-2"
    answer, _, _ = ask(tmp_path, text, says({"reply": "x", "why": None, "usage": {"in": -1}}))
    assert (answer.finish_reason, answer.model, answer.usage) == (None, None, None)


JUDGED = """
answer = "$.reply"
refusal = "$.refused"
blocked = "$.moderation.flagged"
blocked_status = [451]
[json]
q = "{{ prompt }}"
"""


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (says({"reply": "x", "refused": False, "moderation": {"flagged": False}}), ("x", None)),
        (says({"reply": "x", "refused": ""}), ("x", None)),
        (says({"reply": "x", "refused": "False"}), ("x", None)),
        (says({"reply": "x", "refused": "no", "moderation": {"flagged": "false"}}), ("x", None)),
        (says({"reply": "what it says is judged", "refused": True}), ("what it says is judged", None)),
        (says({"reply": " ", "refused": True}), ("(refused without a word)", "refusal")),
        (says({"reply": None, "refused": "I can't."}), ("I can't.", "refusal")),
        (says({"refused": 1}), ("(refused without a word)", "refusal")),
        (says({"reply": "canned words", "moderation": {"flagged": True}}), ("", "content_filter")),
        (says({"moderation": {"flagged": ["violence"]}}), ("", "content_filter")),
        (says({"detail": "no"}, 451), ("", "content_filter")),
    ],
)
def test_refused_and_blocked(tmp_path, route, expected):
    answer, _, requests = ask(tmp_path, JUDGED, route, "one", "two")
    assert (answer.text, answer.finish_reason) == expected
    assert len(requests) == (1 if expected[1] == "content_filter" else 2)


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("MAX_TOKENS", "length"),
        ("Length", "length"),
        ("SAFETY", "content_filter"),
        ("refusal", "content_filter"),
        ("END", "END"),
    ],
)
def test_a_word_for_a_missing_end_is_understood(tmp_path, word, finish):
    text = PLAIN.replace("[json]", 'finish = "$.why"\n[json]')
    answer, _, _ = ask(tmp_path, text, says({"reply": "half", "why": word}))
    assert (answer.text, answer.finish_reason) == ("half", finish)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (of_json({"other": "x"}), "answer=$.reply matches nothing in the reply"),
        (of_json({"reply": 7}), "what answer=$.reply matches is a number"),
        (of_json({"reply": None}), "what answer=$.reply matches is null"),
        (of_json({"reply": {"text": "x"}}), "what answer=$.reply matches is an object"),
        (of_json(["reply"]), "answer=$.reply matches nothing in the reply"),
        (Reply(200, {}, b"<html>"), "the reply is not JSON"),
        (Reply(200, {}, b'{"reply": "\xff"}'), "the reply is not valid UTF-8"),
    ],
)
def test_a_reply_without_an_answer_is_a_bad_one(tmp_path, reply, words):
    error = failing(tmp_path, PLAIN, lambda logged, attempt: reply)
    assert error.reason == "bad_reply"
    assert str(error).startswith("http at 127.0.0.1:")
    assert words in str(error)
    assert "compare bot.toml with what the endpoint sends" in str(error)


def test_plain_text_must_be_text(tmp_path):
    text = 'answer = "text"\n[json]\nq = "{{ prompt }}"'
    assert failing(tmp_path, text, lambda logged, attempt: Reply(200, {}, b"\xff")).reason == "bad_reply"


def test_a_reply_nested_without_end_is_a_bad_one(tmp_path):
    text = PLAIN.replace("$.reply", "$..reply")
    deep = Reply(200, {}, b'{"a":' * 900 + b"1" + b"}" * 900)
    assert failing(tmp_path, text, lambda logged, attempt: deep).reason == "bad_reply"


def test_a_long_reply_is_read_by_whole_paths_only(tmp_path):
    """Searching 4 MB of lists takes seconds, in which no other call goes on."""
    long = Reply(200, {}, json.dumps({"a": {"reply": "x"}, "rest": [["x" * 20]] * 90_000}).encode())
    error = failing(tmp_path, PLAIN.replace("$.reply", "$..reply"), lambda logged, attempt: long)
    assert "the reply is too long to be searched by '..'; write whole paths" in str(error)
    assert ask(tmp_path, PLAIN.replace("$.reply", "$.a.reply"), lambda logged, attempt: long)[0].text == "x"


def test_redirects_are_not_followed_and_a_refused_key_names_the_headers(tmp_path):
    moved = Reply(302, {"Location": "http://127.0.0.1:1/"})
    assert failing(tmp_path, PLAIN, lambda logged, attempt: moved).reason == "http_302"
    error = failing(tmp_path, PLAIN, says({"detail": "no"}, 401))
    assert error.fatal
    assert "check the headers of bot.toml" in str(error)


def test_another_model_is_an_error_where_that_is_asked_for(tmp_path):
    text = 'model = "bot-2"\nmodel_from = "$.model"' + PLAIN
    reply = says({"reply": "x", "model": "bot-1"})
    assert ask(tmp_path, text, reply)[0].model == "bot-1"
    assert failing(tmp_path, text, reply, pairs=("strict_model=on",)).reason == "model_mismatch"
    assert "needs model and model_from" in refused(tmp_path, f'url = "http://localhost"{PLAIN}', {}, "strict_model=on")


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["reply", "refused", "moderation", "flagged"]), inner, max_size=3)
        ),
    )
)
def test_whatever_comes_is_an_answer_or_a_bad_reply(value):
    form = ReplyForm(
        file="bot.toml",
        **selectors({"answer": "$.reply", "refusal": "$.refused", "blocked": "$.moderation.flagged"}, str),
    )
    with contextlib.suppress(ShapeError):
        assert isinstance(form.read(json.dumps(value).encode(), print).text, str)


# --- secrets ----------------------------------------------------------------------------------------------------------

SECRET = "a-secret-of-the-bot-123"


def test_values_of_the_environment_go_where_the_file_says_and_nowhere_else(tmp_path):
    text = """
answer = "$.reply"
[headers]
Authorization = "Bearer ${BOT_KEY}"
X-Tenant = "acme"
[json]
q = "{{ prompt }}"
key = "${BOT_KEY}"
"""
    environment = {"BOT_KEY": f" {SECRET}\n"}
    answer, target, (logged,) = ask(
        tmp_path, text, lambda r, a: of_json({"reply": f"your key is {r.body['key']}"}), environment=environment
    )
    assert logged.headers["authorization"] == f"Bearer {SECRET}"
    assert logged.headers["x-tenant"] == "acme"
    assert logged.body["key"] == SECRET
    assert answer.text == "your key is [redacted]"
    assert SECRET not in json.dumps(target.describe()) + repr(target._file)


@pytest.mark.parametrize(
    "place", ['k = "${BOT_KEY}"', '[headers]\nX-Tenant = "${BOT_KEY}"', '[query]\nk = "${BOT_KEY}"']
)
def test_every_value_of_the_environment_is_taken_for_a_secret(tmp_path, place):
    route = says({"reply": f"it is {SECRET}"})
    answer, _, _ = ask(tmp_path, PLAIN + place, route, environment={"BOT_KEY": SECRET})
    assert answer.text == "it is [redacted]"


def test_the_address_may_come_from_the_environment_and_its_host_is_no_secret(tmp_path):
    text = f'url = "${{BOT_URL}}/chat"{PLAIN}'
    network = make_network()
    target = build(tmp_path, text, network, {"BOT_URL": "https://bot.example.com"})
    assert target.endpoint.name == "bot.example.com/chat"
    assert network.redactor.clean("bot.example.com") == "bot.example.com"


def test_secrets_of_the_address_and_literal_ones_are_learned(tmp_path):
    redactor = Redactor()
    text = f'url = "http://localhost/chat?token={SECRET}"{PLAIN}[headers]\nX-Api-Key = "literal-{SECRET}"'
    target = build(tmp_path, text, make_network(redactor=redactor), {})
    assert redactor.clean(f"a {SECRET} b literal-{SECRET}") == "a [redacted] b [redacted]"
    assert target.endpoint.name == "localhost/chat"


def test_a_description_changes_with_the_file(tmp_path):
    first = build(tmp_path, f'url = "http://localhost/chat"{PLAIN}', make_network(), {}).describe()
    second = build(tmp_path, f'url = "http://localhost/chat"{PLAIN}# changed', make_network(), {}).describe()
    assert {name for name in first if first[name] != second[name]} == {"file_sha256"}
    assert first["api"] == "http"


def test_files_with_the_same_address_and_headers_share_their_limits(tmp_path):
    network = make_network()
    text = f'url = "http://localhost/chat"{PLAIN}[headers]\nX-Key = "${{K}}"'
    one, two = (build(tmp_path, text, network, {"K": "key-number-1"}).endpoint for _ in range(2))
    assert one is two
    assert build(tmp_path, text, network, {"K": "key-number-2"}).endpoint is not one


# --- files that cannot be used ----------------------------------------------------------------------------------------

URL = 'url = "http://localhost/chat"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url = ", "bot.toml: no TOML in UTF-8"),
        (PLAIN, "bot.toml: no url"),
        ('url = "localhost:80"' + PLAIN, "bot.toml:url: 'localhost:80' is not an address"),
        ('url = "ftp://localhost"' + PLAIN, "bot.toml:url:"),
        ('url = "http://a b"' + PLAIN, "bot.toml:url: an address has no blanks"),
        ('url = "http://me:pw@localhost"' + PLAIN, "bot.toml:url:"),
        (URL + "awnser = 1" + PLAIN, "bot.toml: unknown key 'awnser'; did you mean 'answer'?"),
        (URL + 'method = "DELETE"' + PLAIN, "bot.toml:method: expected one of POST, PUT, PATCH, GET"),
        (URL + 'method = "GET"' + PLAIN, "bot.toml:json: method GET has no body"),
        (URL + 'answer = "$.a"', "no template holds the prompt"),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ session }}"', "bot.toml:json: no template holds the prompt"),
        (
            URL + 'answer = "$.a"\n[json]\nq = "{{ promt }}"',
            "bot.toml:json.q: unknown variable 'promt'; did you mean 'prompt'",
        ),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ prompt"', "bot.toml:json.q: no template"),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ prompt | shout }}"', "bot.toml:json.q: no template: No filter named"),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ messages }}"', "write for example {{ messages | tojson }}"),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ prompt.nothing }}"', "bot.toml:json.q: UndefinedError"),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ prompt.__class__.mro() }}"', "bot.toml:json.q: SecurityError"),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ prompt }}"\nat = 2026-01-01', "bot.toml:json.at: a date is no JSON"),
        (URL + 'answer = "$.a"\n[json]\nq = "{{ prompt }}"\nn = nan', "bot.toml:json: inf and nan are no JSON"),
        (URL + 'answer = "$.a"\njson = "{{ prompt }}"', "bot.toml:json: expected a table"),
        (URL + 'answer = "$.a"\n[form]\nq = { a = "{{ prompt }}" }', "bot.toml:form.q: a field is a text"),
        (URL + 'answer = "$.a"\nbody = 3', "bot.toml:body: expected a text"),
        (URL + 'answer = "$.a"\nbody = \'{"q": "{{ prompt }}"}\'', "bot.toml:body: this is no JSON for a prompt"),
        (URL + 'answer = "$.a"\nbody = "{{ prompt }}"\n[json]\nq = "x"', "bot.toml:json: body is there as well"),
        (URL + '[json]\nq = "{{ prompt }}"', "bot.toml: no answer"),
        (URL + PLAIN.replace('"$.reply"', "3"), "bot.toml:answer: expected a text"),
        (URL + PLAIN.replace("$.reply", "reply"), "bot.toml:answer: 'reply' is no selector"),
        (URL + PLAIN.replace("$.reply", "$.a["), "bot.toml:answer: '$.a[' is no selector"),
        (URL + 'blocked = "$..["' + PLAIN, "bot.toml:blocked: '$..[' is no selector"),
        (URL + 'finish = "$.a"' + PLAIN.replace("$.reply", "text"), 'bot.toml:finish: answer = "text" reads no JSON'),
        (URL + "blocked_status = [200]" + PLAIN, "bot.toml:blocked_status: expected statuses from 400 to 499"),
        (URL + "blocked_status = 451" + PLAIN, "bot.toml:blocked_status: expected"),
        (URL + 'model = "$.model"' + PLAIN, "bot.toml:model: this is the model's name; write model_from"),
        (URL + PLAIN + '[headers]\nHost = "x"', "bot.toml:headers.Host: this header cannot be set"),
        (URL + PLAIN + '[headers]\n"a b" = "x"', "bot.toml:headers.a b: this header cannot be set"),
        (URL + PLAIN + '[headers]\nX = "a\\nb"', "bot.toml:headers.X: its value holds a line break"),
        (URL + PLAIN + '[headers]\nX = "1"\nx = "2"', "bot.toml:headers.x: this header stands twice"),
        (URL + PLAIN + "[headers]\nX = 1", "bot.toml:headers.X: expected a text"),
        (
            URL + PLAIN + '[headers]\nX = "${BOT_KEY}"',
            "bot.toml:headers.X needs the environment variable BOT_KEY; set it",
        ),
        (URL + PLAIN + 'k = "${BOT_KEY}"', "bot.toml:json.k needs the environment variable BOT_KEY; set it"),
        (URL + "headers = 1" + PLAIN, "bot.toml:headers: expected a table"),
        ('url = "http://localhost/{{session}}"' + PLAIN, "bot.toml:url: templates stand in the body, [json]"),
        (URL + PLAIN + '[headers]\nX-Talk = "{{ session }}"', "bot.toml:headers.X-Talk: templates stand in the body"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, text, words):
    assert words in refused(tmp_path, text)


def test_files_that_cannot_be_read(tmp_path):
    assert "target http:none.toml cannot be read (No such file" in refused(tmp_path, "", spec="http:none.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * (256 * 1024 + 1))
    assert "big.toml holds more than 256 KiB" in refused(tmp_path, "", spec="http:big.toml")
    (tmp_path / "latin.toml").write_bytes(b'url = "\xff"')
    assert "latin.toml: no TOML in UTF-8" in refused(tmp_path, "", spec="http:latin.toml")
    for spec in ("http:", "http:x@http://localhost", "http://localhost/chat"):
        assert "the address stands in a file; write http:FILE.toml" in refused(tmp_path, "", spec=spec)
    assert "unknown option 'timeout'" in refused(tmp_path, URL + PLAIN, spec="http:bot.toml(timeout=3)")


@pytest.mark.parametrize("pair", ["system=x", "temperature=1", "max_tokens=9", 'extra={"a": 1}'])
def test_parameters_of_models_are_none_of_this_target(tmp_path, pair):
    name = pair.partition("=")[0]
    assert f"takes no {name}=; write what is sent into bot.toml" in refused(tmp_path, URL + PLAIN, {}, pair)
