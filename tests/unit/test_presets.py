"""Which writer, preset and web search a suite is made with where the user left them open."""

import pytest

from astral.errors import SettingsError
from astral.presets import PRESETS, in_ci, recipe
from astral.settings import PRESET_NAMES, parse_settings

KEY = {"OPENAI_API_KEY": "k"}


def made(text="", **environment):
    return recipe(parse_settings([text]) if text else parse_settings([]), environment)


@pytest.mark.parametrize(
    ("typed", "environment", "expected"),
    [
        ("", {}, ("smoke", "template", "off", "rules")),
        ("target=gpt-4", KEY, ("rag-fs-ts", "llm:gpt-4o-mini", "duckduckgo", "llm:gpt-4o-mini")),
        ("target=demo", KEY, ("smoke", "template", "off", "rules")),
        ("target=gpt-4,demo", KEY, ("rag-fs-ts", "llm:gpt-4o-mini", "duckduckgo", "llm:gpt-4o-mini")),
        ("target=gpt-4", {**KEY, "CI": "true"}, ("smoke", "template", "off", "rules")),
        ("target=gpt-4", {"OPENAI_API_KEY": " "}, ("smoke", "template", "off", "rules")),
        ("writer=llm:m", {"CI": "1"}, ("rag-fs-ts", "llm:m", "duckduckgo", "llm:m")),
        ("writer=langchain:openai:m", {}, ("rag-fs-ts", "langchain:openai:m", "duckduckgo", "langchain:openai:m")),
        ("writer=llm:m checker=rules web=off", {}, ("rag-fs-ts", "llm:m", "off", "rules")),
        ("preset=smoke", KEY, ("smoke", "template", "off", "rules")),
        ("preset=smoke writer=llm:m", {}, ("smoke", "llm:m", "off", "llm:m")),
        ("preset=rag", {}, ("rag", "template", "off", "rules")),
        ("preset=rag-fs-ts", {}, ("rag-fs-ts", "template", "duckduckgo", "rules")),
        ("web=file:n.jsonl", {}, ("rag-fs-ts", "template", "file:n.jsonl", "rules")),
        ("web=required", {}, ("rag-fs-ts", "template", "duckduckgo,required", "rules")),
        ("preset=static", KEY, ("static", "static", "off", "rules")),
    ],
)
def test_what_is_left_open_is_filled_in(typed, environment, expected):
    """``expected``: preset, writer, web, checker."""
    found = made(typed, **environment)
    assert (found.preset.name, found.writer.text, str(found.web), found.checker.text) == expected
    text = found.settings.as_text()
    assert (text["preset"], text["writer"], text["web"], text["checker"]) == expected


@pytest.mark.parametrize("typed", ["", "preset=static", "preset=rag-fs-ts", "writer=llm:m web=tavily,required"])
def test_a_recipe_read_back_from_its_own_settings_is_the_same(typed):
    found = made(typed)
    again = recipe(parse_settings([f"{key}={value}" for key, value in found.settings.as_text().items()]), {})
    assert (again.preset, again.writer, again.web, again.checker) == (
        found.preset,
        found.writer,
        found.web,
        found.checker,
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("preset=static writer=template", "preset=static takes the seeds as they are"),
        ("preset=rag web=tavily", "preset=rag uses no news"),
    ],
)
def test_settings_that_contradict_each_other_are_an_error(typed, said):
    with pytest.raises(SettingsError, match=said):
        made(typed)


def test_every_name_has_a_preset():
    assert {*PRESETS} == {*PRESET_NAMES}


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_ci_is_told_by_its_variable(value, expected):
    assert in_ci({"CI": value}) is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"BUILD_NUMBER": "17"}, True),
        ({"TF_BUILD": "True"}, True),
        ({"CI": "", "TF_BUILD": "True"}, True),
        ({"CI": "false", "BUILD_NUMBER": "17"}, False),
        ({"BUILD_NUMBER": ""}, False),
    ],
)
def test_services_that_set_no_ci_are_known_by_their_own_variables(environment, expected):
    assert in_ci(environment) is expected
