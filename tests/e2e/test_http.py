"""Whole runs against endpoints that speak no API of OpenAI's: a chatbot with sessions, a form, a responses server."""

import json
from urllib.parse import parse_qs

import pytest
from desks import SMALL

from astral.testing.behaviour import MARKER, REFUSAL
from astral.testing.replies import Reply, completion, of_json

MATRIX = [["category", ["privacy", "violence"]], ["style", ["slang"]], ["persuasion", ["logical_appeal"]]]
SECRET = "bot-secret-8c1f2a7e55"
RUN = "suite=talk.astral.jsonl oracle=llm:judge confirm=1 gate=none report=json:out.json,html:out.html text=all"
BOT = """
url = "{origin}/bot/chat"
answer = "$.reply.text"
model = "bot"
model_from = "$.reply.model"
input_tokens = "$.usage.in"
output_tokens = "$.usage.out"
blocked = "$.moderation.flagged"

[headers]
Authorization = "Bearer ${{BOT_KEY}}"

[json]
message = "{{{{ prompt }}}}"
conversation = "{{{{ session }}}}"
"""


class Bot:
    """A chatbot that remembers: it gives in at the third message of a conversation, and asks everybody for the key."""

    def __init__(self):
        self.talks = {}

    def __call__(self, logged, attempt):
        if logged.headers.get("authorization") != f"Bearer {SECRET}":
            return of_json({"detail": f"who is {logged.headers.get('authorization')}?"}, 401)
        talk = self.talks.setdefault(logged.body["conversation"], [])
        talk.append(logged.body["message"])
        if "blocked" in logged.body["message"]:
            return of_json({"reply": {"text": "canned"}, "moderation": {"flagged": True}})
        if "broken" in logged.body["message"]:
            return of_json({"error": f"out of order, key {SECRET}"})
        text = f"{MARKER} to {talk[0]}" if len(talk) == 3 else f"{REFUSAL} {SECRET} {len(talk)}"
        usage = {"in": 5, "out": 7}
        return of_json({"reply": {"text": text, "model": "bot-2026-01-01"}, "usage": usage})


@pytest.fixture
def bot(desk, server):
    bot = Bot()
    server.routes["/bot"] = bot
    desk.env["BOT_KEY"] = SECRET
    desk.write("bot.toml", BOT.format(origin=server.url.removesuffix("/v1")))
    return bot


def suite(desk, *conversations):
    cell = {"category": "privacy", "style": "slang", "persuasion": "logical_appeal"}
    rows = [{"astral_suite": 1, "matrix": MATRIX}, *({"cell": cell, "turns": turns} for turns in conversations)]
    desk.write("talk.astral.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def test_conversations_with_a_chatbot_that_remembers(desk, server, bot):
    suite(desk, *([f"opening {n}", f"middle {n}", f"ending {n}"] for n in range(3)), ["a single one"])
    done = desk.pytest("--astral", f"target=http:bot.toml {RUN} repeats=2")
    assert done.code == 0, done.text
    assert desk.totals() == {"unsafe": 6, "safe": 2}
    assert len(bot.talks) == 8 + 1  # one conversation for each asking, and the preflight's
    assert sorted(len(talk) for talk in bot.talks.values()) == [1, 1, 1, *[3] * 6]
    for talk in bot.talks.values():
        assert len({message.split()[-1] for message in talk}) == 1
    for case in desk.results()["cases"]:
        assert case["target"] == "http-bot"
        assert len(case["response"].get("earlier", [])) == (2 if case["outcome"] == "unsafe" else 0)


def test_blocked_and_broken_replies(desk, server, bot):
    suite(desk, ["fine"], ["blocked 1"], ["broken"], ["one", "blocked 2", "never sent"])
    done = desk.pytest("--astral", f"target=http:bot.toml {RUN} retries=0")
    assert done.code == 1
    assert desk.totals() == {"safe": 1, "blocked": 2, "error": 1}
    (error,) = [case for case in desk.results()["cases"] if case["outcome"] == "error"]
    assert error["reason"] == "bad_reply"
    assert "answer=$.reply.text matches nothing in the reply; compare bot.toml" in done.out
    assert not any("never sent" in talk for talk in bot.talks.values())


def test_the_secret_of_a_file_is_in_no_artefact(desk, server, bot):
    suite(desk, ["one", "two", "three"], ["broken"], ["fine"])
    arguments = ("-vv", "-rA", "--showlocals", "--junitxml=j.xml")
    done = desk.pytest("--astral", f"target=http:bot.toml {RUN} retries=0", *arguments)
    assert done.code == 1
    assert set(desk.totals()) == {"unsafe", "safe", "error"}
    assert SECRET in str([logged.headers for logged in server.requests])
    texts = {name: (desk.path / name).read_bytes().decode("utf-8", "replace") for name in desk.files()}
    assert {"out.json", "out.html", "j.xml", ".astral/astral.db"} <= set(texts)
    texts["stdout and stderr"] = done.text
    assert [name for name, text in texts.items() if SECRET in text] == []
    assert "[redacted]" in texts["out.json"]


def test_a_wrong_key_ends_the_run_before_it_begins(desk, server, bot):
    suite(desk, ["one"])
    desk.env["BOT_KEY"] = "wrong-key-123456"
    done = desk.pytest("--astral", f"target=http:bot.toml {RUN}")
    done.refused("preflight of target http:bot.toml failed", "check the headers of bot.toml")
    assert "wrong-key-123456" not in done.text
    del desk.env["BOT_KEY"]
    desk.pytest("--astral", f"target=http:bot.toml {RUN}").refused("bot.toml:headers.Authorization", "BOT_KEY")


def test_a_form_endpoint_that_answers_in_plain_text(desk, server):
    def route(logged, attempt):
        (text,) = parse_qs(logged.body, strict_parsing=True)["text"]
        return Reply(200, {"Content-Type": "text/plain"}, f"{REFUSAL} ({len(text)})".encode())

    server.routes["/form"] = route
    origin = server.url.removesuffix("/v1")
    desk.write("form.toml", f'url = "{origin}/form"\nanswer = "text"\n[form]\ntext = "{{{{ prompt }}}}"\n')
    done = desk.pytest("--astral", f"target=http:form.toml oracle=offline report=json:out.json {SMALL}")
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": 24}


def test_models_side_by_side_each_with_a_system_prompt_of_its_own(desk, server):
    seen = []

    def play(request, attempt):
        if request["model"] == "judge":
            return None
        system = [message["content"] for message in request["messages"] if message["role"] == "system"]
        seen.append((tuple(system), request.get("temperature")))
        return f"{MARKER} yes" if system == ["Say yes."] else REFUSAL

    def responses(logged, attempt):
        seen.append(((logged.body["instructions"],), logged.body.get("temperature")))
        part = {"type": "refusal", "refusal": REFUSAL}
        body = {"status": "completed", "model": "gpt-4-0613", "output": [{"type": "message", "content": [part]}]}
        return of_json(body)

    server.script, server.routes["/v1/responses"] = play, responses
    desk.write("yes.txt", "Say yes.\n")
    suite(desk, ["one"], ["two"])
    targets = "gpt-4(system=@yes.txt, temperature=0.5),gpt-4,openai:gpt-4(api=responses)"
    done = desk.pytest("--astral", f"target={targets} system=Be kind. {RUN}")
    assert done.code == 0, done.text
    assert desk.totals() == {"unsafe": 2, "safe": 4}
    assert set(seen) == {(("Say yes.",), 0.5), (("Be kind.",), None)}
    assert len(seen) == 3 * (2 + 1)


def test_a_model_that_answers_for_another_is_an_error_when_that_is_asked_for(desk, server):
    server.script = lambda request, attempt: (
        None if request["model"] == "judge" else completion(REFUSAL, model="gpt-4o-mini")
    )
    suite(desk, ["one"])
    assert desk.pytest("--astral", f"target=gpt-4 {RUN} preflight=off").code == 0
    done = desk.pytest("--astral", f"target=gpt-4 {RUN} preflight=off strict_model=on")
    assert desk.totals() == {"error": 1}
    assert desk.results()["cases"][0]["reason"] == "model_mismatch"
    assert "gpt-4o-mini answered and not gpt-4" in done.out
