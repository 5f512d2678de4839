"""A model of any langchain provider: ``langchain:PROVIDER:MODEL``, whatever ``init_chat_model`` knows."""

from __future__ import annotations

from typing import Any

from astral.context import Context
from astral.providers import open_provider
from astral.setting_values import Spec
from astral.targets.openai import OpenAITarget
from astral.targets.parameters import OPTIONS, read_parameters


class LangchainTarget(OpenAITarget):
    """Asks the provider's model; its replies are read in the words of the OpenAI-compatible wire."""

    def describe(self) -> dict[str, Any]:
        """All that an answer depends on beside its case; nothing secret."""
        return {**super().describe(), "api": "langchain"}


def build_target(spec: Spec, context: Context) -> LangchainTarget:
    """The target of ``langchain:PROVIDER:MODEL@URL(key_env=NAME, ...)``. Raises SettingsError."""
    parameters = read_parameters(spec, context)
    chosen = {"temperature": parameters.temperature, "max_tokens": parameters.max_tokens}
    params = {**{name: value for name, value in chosen.items() if value is not None}, **parameters.extra}
    endpoint, model = open_provider(
        spec, context.network, kind="target", instead="try target=demo", options=OPTIONS, params=params
    )
    return LangchainTarget(spec.text, model, endpoint, parameters, strict=context.settings.strict_model)
