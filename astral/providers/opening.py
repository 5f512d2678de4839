"""Which provider, model and key ``langchain:PROVIDER:MODEL@URL(key_env=NAME)`` means."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from astral.errors import SettingsError
from astral.escape import show
from astral.providers.building import build_model
from astral.providers.endpoint import ProviderEndpoint
from astral.providers.messages import refuse_old_tracing
from astral.setting_values import Spec
from astral.wire import Network
from astral.wire.access import check_options
from astral.wire.address import checked, is_loopback
from astral.wire.endpoint import NO_KEY


def open_provider(
    spec: Spec,
    network: Network,
    *,
    kind: str,
    instead: str,
    options: Sequence[str] = (),
    params: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[ProviderEndpoint, str]:
    """The provider's endpoint and the model's name, which ``endpoint.chat`` takes with ``params``, tried out here.

    Without ``key_env`` the provider's package finds its key as it always does. Models at one address with one key
    share its limits, and the network closes it with its other endpoints. Raises SettingsError, and MissingExtraError
    without langchain.
    """
    name = f"{kind} {show(spec.text)}"
    provider, _, model = spec.argument.partition(":")
    if not (provider and model):
        raise SettingsError(f"{name}: write langchain:PROVIDER:MODEL, for example langchain:openai:gpt-4o-mini")
    check_options(spec, name, ("key_env", *options))
    refuse_old_tracing(name, environment)
    url = checked(spec.url) if spec.url else ""
    variable = dict(spec.options).get("key_env", "")
    key = environment.get(variable, "").strip()
    if variable and not key:
        raise SettingsError(f"{name} needs {show(variable)}; set it, or {instead}")
    if not key and provider == "openai" and is_loopback(urlsplit(url).hostname or ""):
        key = environment.get("OPENAI_API_KEY", "").strip() or NO_KEY
    network.redactor.learn(key)
    more = {field: value for field, value in (("base_url", url), ("api_key", key)) if value}

    def endpoint() -> ProviderEndpoint:
        return ProviderEndpoint(network, provider=provider, url=url, key_name=variable or "the provider's key")

    found = network.known((f"langchain:{provider}@{url}", key), endpoint)
    assert isinstance(found, ProviderEndpoint)
    given = {"model": model, "model_provider": provider, **more}
    found.know(model, params or {}, lambda: build_model(name, given, params or {}, network, environment))
    return found, model
