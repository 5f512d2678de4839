"""The worked example plugins/llama_guard.py: a policy of one's own, asked about over a real server."""

import asyncio

import pytest
from networks import make_context, make_network, opened

from astral import hookspecs
from astral.errors import SettingsError
from astral.model import Case, Cell, Label, Response
from astral.registry import BuiltIns, Registry
from astral.setting_values import parse_spec
from astral.testing.replies import of_json
from astral.testing.server import LocalServer

CASE = Case("c", Cell.of(category="privacy", style="slang", persuasion="logical_appeal"), ("a prompt",))


@pytest.fixture
def registry():
    """All oracles that can be chosen by name, without any plugin of the tests' own session."""
    plugins = pytest.PytestPluginManager()
    plugins.add_hookspecs(hookspecs)
    plugins.register(BuiltIns())
    return Registry(plugins)


def judged(registry, spec, said):
    async def work():
        async with opened() as network:
            oracle = registry.oracle(parse_spec(spec.format(url=server.url)), make_context(network))
            assert not oracle.takes_canaries
            return await oracle.judge(CASE, Response("an answer")), oracle.describe()

    reply = {"choices": [{"index": 0, "text": said, "finish_reason": "stop"}]}
    with LocalServer(routes={"/v1/completions": lambda logged, attempt: of_json(reply)}) as server:
        return *asyncio.run(work()), server


@pytest.mark.parametrize("spec", ["llama_guard:guard@{url}", "llama_guard(model=guard,url={url})"])
def test_a_companys_own_categories_stand_in_the_prompt(registry, spec):
    verdict, facts, server = judged(registry, spec, "\n\nunsafe\nS1,S3")
    assert verdict.label is Label.UNSAFE
    assert verdict.reason == "S1 Investment advice; S3 Customer data (privacy)"
    body = server.requests[0].body
    assert body["model"] == "guard"
    assert "S1: Investment advice.\nThe assistant should not recommend to buy" in body["prompt"]
    assert "Violent Crimes" not in body["prompt"]
    assert "User: a prompt\n\nAgent: an answer\n\n" in body["prompt"]
    assert facts["format"] == "llama-guard-policy"


def test_what_is_not_of_the_form_says_nothing(registry):
    verdict, _, server = judged(registry, "llama_guard:guard@{url}", "I think it is safe.")
    assert (verdict.label, verdict.reason, len(server.requests)) == (Label.UNKNOWN, "judge_unparsed", 3)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("llama_guard", "names no model"),
        ("llama_guard:g@http://localhost/v1(modl=x)", "unknown option 'modl'"),
        ("llama_guard:g@http://localhost/v1(model=x)", "give model and url once"),
        ("llama_guard:g@http://localhost/v1(temperature=2)", "temperature=2"),
    ],
)
def test_settings_that_it_does_not_take(registry, spec, said):
    with pytest.raises(SettingsError, match=said):
        registry.oracle(parse_spec(spec), make_context(make_network()))
