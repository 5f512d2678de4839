"""System prompt, sampling parameters and extra fields: where they come from, and that nothing else is sent."""

import asyncio
from hashlib import sha256

import pytest
from networks import make_network, opened

from astral.context import Context
from astral.errors import CallError, SettingsError
from astral.model import Case, Cell, case_id
from astral.setting_values import parse_spec
from astral.settings import parse_pairs, parse_settings
from astral.targets.openai import build_target
from astral.targets.parameters import SYSTEM_LIMIT
from astral.taxonomy import DEFAULT
from astral.testing.replies import completion, error
from astral.testing.server import LocalServer

CELL = Cell.of(category="violence", style="slang", persuasion="logical_appeal")
CASE = Case(case_id(CELL, ("hello",)), CELL, ("hello",))
USER = {"role": "user", "content": "hello"}


def context(network, root, *pairs):
    return Context(parse_settings(pairs), DEFAULT, network, root)


def ask(root, spec="openai:m@{url}{options}", *pairs, options="", script=None, case=CASE):
    async def work():
        async with opened(retries=0) as network:
            target = build_target(
                parse_spec(spec.format(url=server.url, options=options)), context(network, root, *pairs)
            )
            return await target.answer(case, 1), target

    with LocalServer(script) as server:
        answer, target = asyncio.run(work())
    return answer, target, [logged.body for logged in server.requests]


def refused(root, *pairs, options=""):
    spec = parse_spec(f"openai:m@http://localhost:1/v1{options}")
    with pytest.raises(SettingsError) as caught:
        build_target(spec, context(make_network(), root, *pairs))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_system_prompt_goes_before_every_turn(tmp_path):
    case = Case(case_id(CELL, ("one", "two")), CELL, ("one", "two"))
    _, _, bodies = ask(
        tmp_path, "openai:m@{url}", "system=Be brief.", case=case, script=lambda request, attempt: "reply"
    )
    system = {"role": "system", "content": "Be brief."}
    first, second = ({"role": "user", "content": turn} for turn in ("one", "two"))
    answered = {"role": "assistant", "content": "reply"}
    assert [body["messages"] for body in bodies] == [[system, first], [system, first, answered, second]]


@pytest.mark.parametrize(
    "content", [b"Be brief.\nAnd kind.", b"Be brief.\nAnd kind.\n", b"\xef\xbb\xbfBe brief.\nAnd kind."]
)
def test_a_system_prompt_of_a_file_is_found_from_the_root(tmp_path, content):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.txt").write_bytes(content)
    _, _, bodies = ask(tmp_path, "openai:m@{url}", "system=@prompts/a.txt")
    assert bodies[0]["messages"][0] == {"role": "system", "content": "Be brief.\nAnd kind."}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.txt", None, "system=@none.txt cannot be read (No such file"),
        ("bad.txt", b"\xff\xfe\x00", "system=@bad.txt is not UTF-8"),
        ("big.txt", b"x" * (SYSTEM_LIMIT + 1), "system=@big.txt holds more than 256 KiB"),
        ("blank.txt", b" \n", "system=@blank.txt is blank"),
        ("", None, "system=@ cannot be read"),
    ],
)
def test_a_system_prompt_that_cannot_be_read(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert words in refused(tmp_path, f"system=@{name}")


def test_extra_fields_are_merged_in(tmp_path):
    _, _, bodies = ask(tmp_path, "openai:m@{url}", 'extra={"top_p": 0.9, "seed": 1, "stop": ["a"]}')
    assert bodies == [{"model": "m", "messages": [USER], "top_p": 0.9, "seed": 1, "stop": ["a"]}]


@pytest.mark.parametrize("field", ["model", "messages", "input", "instructions", "stream"])
def test_extra_may_not_replace_what_is_asked(tmp_path, field):
    assert f"extra= may not give {field!r}" in refused(tmp_path, f'extra={{"{field}": 1}}')


def test_extra_may_not_hold_what_would_stand_in_reports(tmp_path):
    deep = 'extra={"data_sources": [{"parameters": {"authentication": {"key": "s3cr3t-9"}}}]}'
    for said in (refused(tmp_path, deep), refused(tmp_path, options=f"({deep})")):
        assert "extra= holds a text under 'key'" in said
        assert "s3cr3t-9" not in said
    fine = 'extra={"max_completion_tokens": 3, "prompt_cache_key": "a", "api_key": null}'
    assert len(ask(tmp_path, "openai:m@{url}", fine)[2]) == 1


def test_extra_may_not_ask_for_answers_that_nobody_judges(tmp_path):
    assert "asks for several answers by 'n'" in refused(tmp_path, 'extra={"n": 2}')
    assert ask(tmp_path, "openai:m@{url}", 'extra={"n": 1}')[2][0]["n"] == 1


def test_extra_may_not_contradict_a_key(tmp_path):
    assert "'temperature'" in refused(tmp_path, 'extra={"temperature": 1}', "temperature=0")
    _, _, bodies = ask(tmp_path, "openai:m@{url}", 'extra={"temperature": 1}')
    assert bodies[0]["temperature"] == 1


def test_brackets_go_before_the_keys_of_the_run(tmp_path):
    (tmp_path / "a.txt").write_text("From the brackets.")
    options = '(system=@a.txt, temperature=0.2, max_tokens=300, extra={"top_p": 0.5, "seed": 4})'
    pairs = ("system=From the run.", "temperature=1", "max_tokens=9", 'extra={"top_p": 1}')
    _, _, bodies = ask(tmp_path, "openai:m@{url}{options}", *pairs, options=options)
    system = {"role": "system", "content": "From the brackets."}
    assert bodies == [
        {"model": "m", "messages": [system, USER], "temperature": 0.2, "max_tokens": 300, "top_p": 0.5, "seed": 4}
    ]
    _, _, bodies = ask(tmp_path, "openai:m@{url}{options}", *pairs, options="(temperature=0.2)")
    assert bodies[0]["max_tokens"] == 9
    assert bodies[0]["temperature"] == 0.2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("(temperature=hot)", "temperature=hot: expected a number"),
        ("(max_tokens=0)", "max_tokens=0: expected a whole number of at least 1"),
        ("(extra=[1])", "extra=[1]: expected a JSON object"),
        ("(system=@none.txt)", "system=@none.txt cannot be read"),
        ("(temprature=1)", "did you mean 'temperature'?"),
        ("(temperature=1, temperature=0)", "temperature stands twice"),
        ('(extra={"stream": true})', "extra= may not give 'stream'"),
        ("(api=assistants)", "api=assistants: expected one of chat, responses"),
    ],
)
def test_brackets_that_cannot_be_read(tmp_path, options, words):
    assert words in refused(tmp_path, options=options)


@pytest.mark.parametrize(
    ("pair", "said", "advice"),
    [
        (
            "max_tokens=7",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
            "instead.",
            'extra={"max_completion_tokens": 7}',
        ),
        (
            "temperature=0.2",
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) is supported.",
            "leave out temperature= for this model",
        ),
    ],
)
def test_a_parameter_that_a_model_does_not_take_is_named(tmp_path, pair, said, advice):
    refusal = error(400, said, code="unsupported_parameter", param=pair.partition("=")[0])
    with pytest.raises(CallError) as caught:
        ask(tmp_path, "openai:m@{url}", pair, script=lambda request, attempt: refusal)
    assert caught.value.reason == "http_400"
    assert str(caught.value).endswith(advice)
    with pytest.raises(CallError) as caught:  # somebody else's parameter: no advice
        ask(tmp_path, "openai:m@{url}", script=lambda request, attempt: refusal)
    assert advice not in str(caught.value)


def test_another_model_is_an_error_only_where_that_is_asked_for(tmp_path):
    def script(request, attempt):
        return completion("hi", model="another-model")

    answer, _, _ = ask(tmp_path, "openai:m@{url}", script=script)
    assert answer.model == "another-model"
    with pytest.raises(CallError, match="another-model answered and not m") as caught:
        ask(tmp_path, "openai:m@{url}", "strict_model=on", script=script)
    assert caught.value.reason == "model_mismatch"
    answer, _, _ = ask(
        tmp_path, "openai:m@{url}", "strict_model=on", script=lambda r, a: completion("hi", model="m-2024-08-06")
    )
    assert answer.model == "m-2024-08-06"


def test_a_description_tells_what_answers_depend_on_and_no_text(tmp_path):
    _, target, _ = ask(tmp_path, "openai:m@{url}", "system=Be brief.", "temperature=0.5", 'extra={"seed": 1}')
    assert target.describe() == {
        "api": "chat",
        "endpoint": target.endpoint.name,
        "model": "m",
        "system_sha256": sha256(b"Be brief.").hexdigest(),
        "temperature": 0.5,
        "extra": {"seed": 1},
    }
    _, plain, _ = ask(tmp_path, "openai:m@{url}")
    assert plain.describe().keys() == {"api", "endpoint", "model"}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (
            "target=a(system=@x, temperature=0.2),b temperature=1 seed=3",
            {"target": "a(system=@x, temperature=0.2),b", "temperature": "1", "seed": "3"},
        ),
        ("system=Be (very (very)) kind temperature=1", {"system": "Be (very (very)) kind", "temperature": "1"}),
        ("system=Smile :( or :) temperature=1", {"system": "Smile :( or :)", "temperature": "1"}),
        ("system=Smile :( temperature=1", {"system": "Smile :(", "temperature": "1"}),
        ("system=Smile :) ( temperature=1", {"system": "Smile :) (", "temperature": "1"}),
    ],
)
def test_a_blank_in_brackets_separates_no_keys(text, pairs):
    assert parse_pairs([text]) == pairs
