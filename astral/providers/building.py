"""Builds a provider's model by ``init_chat_model``: our limits for its own, each parameter by its name there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from astral.errors import MissingExtraError, SettingsError
from astral.escape import show
from astral.secrets import Redactor
from astral.wire import Network
from astral.wire.address import DEFAULT_URL

if TYPE_CHECKING:
    import httpx2
    from langchain_core.language_models import BaseChatModel

OURS = frozenset({"model", "model_provider", "base_url", "api_key", "max_retries", "timeout", "cache", "callbacks"}) | {
    *("configurable_fields", "config_prefix", "http_client", "http_async_client", "rate_limiter"),
}
"""Parameters that the spec and the settings answer for, or that are none of a model's."""
_SPELLINGS = {"max_tokens": ("max_tokens", "max_output_tokens", "max_completion_tokens", "num_predict")}
"""How classes of langchain call the limit of an answer's length; Ollama's says ``num_predict``
(https://reference.langchain.com/python/integrations/langchain_ollama/, read 2026-11-21)."""
_ROOM = ("extra_body", "model_kwargs")
"""Where a class takes what goes into the request as it is; the first takes names that the provider's SDK does not know
(https://reference.langchain.com/python/integrations/langchain_openai/ChatOpenAI/, read 2026-11-21)."""


def build_model(
    name: str,
    given: Mapping[str, Any],
    params: Mapping[str, Any],
    network: Network,
    environment: Mapping[str, str] = os.environ,
) -> BaseChatModel:
    """The provider's model, with its own retries and caches off where it has such.

    ``given`` are model, provider, address and key, ``params`` what the user set for its answers. It is built twice:
    which options a class knows is seen on the first one. Raises SettingsError, MissingExtraError without langchain.
    """
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as err:
        raise MissingExtraError(name.replace(" ", "=", 1), "rag") from err
    try:
        first = init_chat_model(**given)
        chosen = {**_spelled(first, params, name), **_options(first, network, environment)}
        built: BaseChatModel = init_chat_model(**given, **chosen)
    except ImportError as err:
        raise SettingsError(f"{name}: {show(str(err))}") from err
    except SettingsError:
        raise
    except Exception as err:  # "from None": a validation error quotes what it was given, keys included
        raise SettingsError(f"{name}: {show(network.redactor.clean(_told(err)))}") from None
    _learn(network.redactor, built)
    return built


def _told(err: Exception) -> str:
    """The first line of an exception; of a validation error its messages without the values that they are about."""
    errors = getattr(err, "errors", None)
    if callable(errors):
        return "; ".join(str(one.get("msg", "")) for one in errors()) + "; check key, address and model"
    return str(err).partition("\n")[0] or type(err).__name__


def _known(model: BaseChatModel) -> set[str]:
    fields = type(model).model_fields
    return {*fields, *(field.alias for field in fields.values() if field.alias)}


def _spelled(model: BaseChatModel, params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """``params`` as this class calls them; one that it does not know goes into the request where it has room for such.

    Raises SettingsError for one that would be dropped without a word.
    """
    known = _known(model)
    room = next((one for one in _ROOM if one in known), None)
    found: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for param, value in params.items():
        if param in OURS:
            raise SettingsError(f"{name}: {show(param)!r} is no parameter of an answer; leave it out of extra=")
        spelled = next((one for one in _SPELLINGS.get(param, (param,)) if one in known), None)
        if spelled is not None:
            found[spelled] = value
        elif room is not None:
            more[param] = value
        else:
            raise SettingsError(f"{name}: {type(model).__name__} takes no {show(param)!r}; leave it out")
    if more and room is not None:
        found[room] = {**found.get(room, {}), **more}
    return found


def _options(model: BaseChatModel, network: Network, environment: Mapping[str, str]) -> dict[str, Any]:
    known = _known(model)
    wanted: dict[str, Any] = {"max_retries": 0, "timeout": network.timeout, "cache": False}
    if "openai_api_base" in known and not environment.get("OPENAI_PROXY"):
        wanted["http_async_client"] = _single_use_client(str(getattr(model, "openai_api_base", None) or DEFAULT_URL))
    return {option: value for option, value in wanted.items() if option in known}


def _single_use_client(url: str) -> httpx2.AsyncClient:
    """A client that keeps no connection: langchain would share one between event loops, and nobody closes it."""
    import httpx2

    from astral.wire.transport import BoundedTransport, proxy_for

    limits = httpx2.Limits(max_connections=1, max_keepalive_connections=0)
    certificates, proxy = httpx2.create_ssl_context(), proxy_for(url)

    def lane() -> httpx2.AsyncBaseTransport:
        return httpx2.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy)

    transport: Any = BoundedTransport(lane)
    return httpx2.AsyncClient(transport=transport, timeout=None, follow_redirects=False, trust_env=False)


def _learn(redactor: Redactor, model: BaseChatModel) -> None:
    for secret in _secrets(model):
        redactor.learn(secret)


def _secrets(model: BaseChatModel) -> Sequence[str]:
    from pydantic import SecretStr

    values = [getattr(model, field, None) for field in type(model).model_fields]
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
