"""Azure OpenAI's addresses. Documented ones, not recorded ones: see ``astral/wire/azure.py`` for the sources, read on
2026-11-21; the filter's bodies are those of
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter and
https://github.com/openai/openai-agents-python/issues/806 (2025-06).
"""

import asyncio

import pytest
from networks import make_context, make_network, opened

from astral.errors import CallError, SettingsError
from astral.model import Case, Cell, case_id
from astral.setting_values import parse_spec
from astral.targets.openai import build_azure
from astral.testing.replies import completion, error, of_json
from astral.testing.server import LocalServer

CELL = Cell.of(category="violence", style="slang", persuasion="logical_appeal")
CASE = Case(case_id(CELL, ("hello",)), CELL, ("hello",))
KEY = "azure-key-1234567890"
OUTPUT = [{"type": "message", "content": [{"type": "output_text", "text": "hi"}]}]


def ask(spec, *, chat=completion("hi", model="gpt-4o-2024-08-06"), environment=None, pairs=()):  # noqa: B008
    async def work():
        async with opened(retries=0) as network:
            given = {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_ENDPOINT": origin, **(environment or {})}
            target = build_azure(parse_spec(spec.format(url=origin)), make_context(network, *pairs), given)
            return await target.answer(CASE, 1), target

    def route(logged, attempt):
        return of_json({"status": "completed", "output": OUTPUT}) if "/responses" in logged.path else chat

    with LocalServer(routes={"/openai": route}) as server:
        origin = server.url.removesuffix("/v1")
        answer, target = asyncio.run(work())
    return answer, target, server.requests[0]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("azure:d1@{url}", "/openai/v1/chat/completions"),
        ("azure:d1", "/openai/v1/chat/completions"),
        ("azure:d1@{url}/openai/v1", "/openai/v1/chat/completions"),
        ("azure:d1@{url}/openai/v1/", "/openai/v1/chat/completions"),
        ("azure:d1@{url}(api=responses)", "/openai/v1/responses"),
        ("azure:d1(api_version=2024-10-21)", "/openai/deployments/d1/chat/completions?api-version=2024-10-21"),
        ("azure:d1(api_version=2025-04-01-preview, api=responses)", "/openai/responses?api-version=2025-04-01-preview"),
        ("azure:my d1(api_version=2024-10-21)", "/openai/deployments/my%20d1/chat/completions?api-version=2024-10-21"),
    ],
)
def test_where_a_deployment_is_asked(spec, path):
    answer, _, logged = ask(spec)
    assert answer.text == "hi"
    assert logged.path == path
    assert logged.headers["api-key"] == KEY
    assert "authorization" not in logged.headers
    assert logged.body["model"] in ("d1", "my d1")


def test_the_version_may_come_from_the_environment():
    environment = {"OPENAI_API_VERSION": "2024-10-21"}
    assert ask("azure:d1", environment=environment)[2].path.endswith("d1/chat/completions?api-version=2024-10-21")
    assert ask("azure:d1(api_version=v1)", environment=environment)[2].path == "/openai/v1/chat/completions"


def test_the_key_may_come_from_another_variable():
    _, _, logged = ask("azure:d1(key_env=SECOND)", environment={"SECOND": "second-key-123"})
    assert logged.headers["api-key"] == "second-key-123"


def test_the_filter_at_the_prompt_is_an_answer_of_a_kind():
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
    reply = error(400, "The response was filtered", code="content_filter", param="prompt", innererror=inner)
    answer, _, _ = ask("azure:d1", chat=reply)
    assert (answer.text, answer.finish_reason) == ("", "content_filter")


def test_the_filter_in_the_answer_keeps_what_was_said():
    answer, _, _ = ask("azure:d1", chat=completion("half an ans", finish_reason="content_filter"))
    assert (answer.text, answer.finish_reason) == ("half an ans", "content_filter")


def test_a_deployment_may_be_called_anything():
    _, target, _ = ask("azure:d1")
    assert (target.model, target.describe()["model"], target.describe()["deployment"]) == ("d1", "", "d1")
    _, target, _ = ask("azure:d1(model=gpt-4o)", pairs=("strict_model=on",))
    assert (target.model, target.describe()["model"]) == ("d1", "gpt-4o")
    with pytest.raises(CallError) as caught:
        ask("azure:d1(model=gpt-4.1)", pairs=("strict_model=on",))
    assert caught.value.reason == "model_mismatch"


@pytest.mark.parametrize(
    ("spec", "words", "pairs"),
    [
        ("azure:d1", "names no resource; write azure:d1@https://RESOURCE.openai.azure.com", ()),
        ("azure:", "names no deployment", ()),
        ("azure:d1@https://r.openai.azure.com", "needs AZURE_OPENAI_API_KEY", ()),
        ("azure:d1@https://r.openai.azure.com(key_env=NOWHERE)", "needs NOWHERE", ()),
        ("azure:d1@http://localhost:1(api_version=latest)", "api_version is 'latest'; give v1 or a date", ()),
        ("azure:d1@http://localhost:1(apiversion=v1)", "did you mean 'api_version'?", ()),
        ("azure:d1@http://localhost:1", "strict_model=on needs the name of the model", ("strict_model=on",)),
    ],
)
def test_specs_that_cannot_be_built(spec, words, pairs):
    with pytest.raises(SettingsError) as caught:
        build_azure(parse_spec(spec), make_context(make_network(), *pairs), {})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
