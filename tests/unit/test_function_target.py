"""Python functions and objects as targets: ``python:module:function`` and what plugins give."""

import asyncio
import json

import pytest
from networks import make_network

from astral.adapters import adapt_target
from astral.context import Context
from astral.errors import CallError, SettingsError
from astral.model import Case, Cell, Response, Usage, case_id
from astral.setting_values import parse_spec
from astral.settings import parse_settings
from astral.targets.python import build_target
from astral.targets.replay import build_target as build_replay
from astral.taxonomy import DEFAULT

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")


def case(*turns):
    return Case(case_id(CELL, turns), CELL, turns)


def context(path, *pairs):
    return Context(parse_settings(pairs), DEFAULT, make_network(), path)


def adapted(value, path, *pairs):
    return adapt_target(value, parse_spec("mine"), context(path, *pairs))


def ask(target, *turns):
    return asyncio.run(target.answer(case(*turns), 1))


async def of_prompt(prompt):
    return f"<{prompt}>"


async def in_conversation(messages):
    return f"{len(messages)}:{messages[-1]['content']}"


class Bot:
    """A bot that keeps nothing and may be asked in conversations."""

    def __call__(self, messages):
        messages.append("spoilt")
        return Response(str(len(messages)), usage=Usage(len(messages), 1), seconds=1.0)


def test_a_function_of_messages_is_called_once_for_each_turn(tmp_path):
    response = ask(adapted(in_conversation, tmp_path), "one", "two", "three")
    assert (response.text, response.earlier) == ("5:three", ("1:one", "3:two"))


def test_what_it_does_to_its_list_harms_nothing_and_its_figures_are_added_up(tmp_path):
    response = ask(adapted(Bot(), tmp_path), "one", "two")
    assert (response.text, response.earlier) == ("4", ("2",))
    assert (response.usage, response.seconds) == (Usage(6, 2), 2.0)


def test_a_filter_ends_the_conversation(tmp_path):
    def blocked(messages):
        return Response("", finish_reason="content_filter") if len(messages) == 3 else "yes"

    response = ask(adapted(blocked, tmp_path), "one", "two", "three")
    assert (response.text, response.finish_reason, response.earlier) == ("", "content_filter", ("yes",))


def test_a_wrong_answer_in_the_middle_is_named(tmp_path):
    with pytest.raises(CallError, match="returned NoneType; return a str or a Response"):
        ask(adapted(lambda messages: None, tmp_path), "one", "two")
    with pytest.raises(CallError, match="a Response whose text has a wrong type"):
        ask(adapted(lambda messages: Response(b"x"), tmp_path), "one", "two")


def test_a_function_of_a_prompt_takes_no_conversation(tmp_path):
    target = adapted(of_prompt, tmp_path)
    assert ask(target, "one").text == "<one>"
    with pytest.raises(CallError) as caught:
        ask(target, "one", "two")
    assert caught.value.reason == "several_turns"
    assert "give a function (messages)" in str(caught.value)


def test_a_function_that_python_cannot_look_into_gets_the_prompt(tmp_path):
    assert ask(adapted(str.upper, tmp_path), "one").text == "ONE"
    assert ask(adapted(str, tmp_path), "one").text == "one"


# --- python:module:function -------------------------------------------------------------------------------------------


def module(path, name, body):
    (path / f"{name}.py").write_text(body)


def test_the_description_follows_the_source(tmp_path):
    module(
        tmp_path,
        "bot_of_this_test",
        "def answer(prompt): return 'x'\nclass Object:\n  async def answer(self, c, r): ...\n",
    )
    spec = parse_spec("python:bot_of_this_test:answer")
    first = build_target(spec, context(tmp_path)).describe()
    assert len(first["source_sha256"]) == 64
    module(tmp_path, "bot_of_this_test", "def answer(prompt): return 'y'\n")
    assert build_target(spec, context(tmp_path)).describe() != first


def test_an_object_that_describes_itself_does(tmp_path):
    class Described:
        def answer(self, case, repeat):
            return "x"

        def describe(self):
            return {"version": 7}

    assert adapted(Described(), tmp_path).describe() == {"version": 7}
    assert adapted(str.upper, tmp_path).describe() == {}


@pytest.mark.parametrize("pair", ["system=be brief", "temperature=1", "max_tokens=5", 'extra={"a": 1}'])
def test_what_a_function_is_not_told_is_refused(tmp_path, pair):
    module(tmp_path, "plain_bot", "def answer(prompt): return 'x'\n")
    with pytest.raises(SettingsError, match=f"takes no {pair.partition('=')[0]}="):
        build_target(parse_spec("python:plain_bot:answer"), context(tmp_path, pair))


def test_a_factory_reads_the_settings_itself(tmp_path):
    body = (
        "from astral.registry import factory\n@factory\ndef make(spec, context):\n"
        "    return lambda prompt: context.settings.system\n"
    )
    module(tmp_path, "factory_bot", body)
    target = build_target(parse_spec("python:factory_bot:make"), context(tmp_path, "system=be brief"))
    assert ask(target, "x").text == "be brief"


# --- replay -----------------------------------------------------------------------------------------------------------


def test_recorded_answers_are_described_by_their_file(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps({"prompt": "x", "answer": "y"}) + "\n")
    first = build_replay(parse_spec("replay:log.jsonl"), context(tmp_path)).describe()
    assert len(first["file_sha256"]) == 64
    path.write_text(json.dumps({"prompt": "x", "answer": "z"}) + "\n")
    assert build_replay(parse_spec("replay:log.jsonl"), context(tmp_path)).describe() != first


@pytest.mark.parametrize(
    ("said", "read"), [("max_tokens", "length"), ("SAFETY", "content_filter"), ("refusal", "refusal"), (None, None)]
)
def test_what_ended_an_answer_is_told_in_openais_words(tmp_path, said, read):
    found = ask(adapted(lambda prompt: Response("half", finish_reason=said), tmp_path), "?")
    assert found.finish_reason == read
