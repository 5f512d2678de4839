"""Where Azure OpenAI is asked: its current v1 address, and the dated address before it.

Without ``api_version`` a resource is asked at ``RESOURCE/openai/v1`` with the deployment's name as ``model``; with one
at ``RESOURCE/openai/deployments/DEPLOYMENT/chat/completions?api-version=...`` (or ``RESOURCE/openai/responses``, which
names no deployment in its path). The key goes into the header ``api-key`` in both. Sources, read on 2026-11-21:
https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle (v1), https://learn.microsoft.com/azure/ai-services/openai/reference
(dated), and for paths and variables ``openai/lib/azure.py`` of the openai package 3.54.0 with
https://github.com/openai/openai-node/blob/master/docs/azure.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from astral.errors import SettingsError
from astral.escape import show
from astral.setting_values import Spec
from astral.wire.access import key_of
from astral.wire.address import checked, is_loopback
from astral.wire.endpoint import Endpoint
from astral.wire.network import Network

KEY_ENV, URL_ENV, VERSION_ENV = "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def open_azure(spec: Spec, network: Network, api: str, environment: Mapping[str, str]) -> Endpoint:
    """The endpoint of a deployment for ``api`` (``chat`` or ``responses``): each deployment has limits of its own.

    Address, key and version come from the spec, else from the variables that Azure's documentation names;
    ``api_version=v1`` asks the v1 address although ``OPENAI_API_VERSION`` is set. Raises SettingsError.
    """
    name, options = f"target {show(spec.text)}", dict(spec.options)
    resource = spec.url or environment.get(URL_ENV, "").strip()
    if not resource:
        raise SettingsError(
            f"{name} names no resource; write azure:{show(spec.argument)}@https://RESOURCE.openai.azure.com "
            f"or set {URL_ENV}"
        )
    resource = _resource(checked(resource))
    variable = options.get("key_env", KEY_ENV)
    key = key_of(variable, environment)
    if key is None and not is_loopback(urlsplit(resource).hostname or ""):
        raise SettingsError(f"{name} needs {variable}; set it, or try target=demo")
    base, query = _address(resource, spec.argument, api, _version(name, options, environment))
    headers = {"api-key": key} if key else {}
    return network.endpoint(base, key, key_name=variable, headers=headers, query=query)


def _version(name: str, options: Mapping[str, str], environment: Mapping[str, str]) -> str | None:
    version = options.get("api_version", environment.get(VERSION_ENV, "").strip() or "v1")
    if version == "v1":
        return None
    if not _VERSION.fullmatch(version):
        raise SettingsError(
            f"{name}: api_version is {show(version, 40)!r}; give v1 or a date such as 2024-10-21 (see {VERSION_ENV})"
        )
    return version


def _resource(url: str) -> str:
    """The resource's own address, where somebody gave it with the path of its API."""
    parts = urlsplit(url)
    path = re.sub(r"/openai(/v1|/deployments/[^/]+)?$", "", parts.path)
    return f"{parts.scheme}://{parts.netloc}{path}".rstrip("/")


def _address(resource: str, deployment: str, api: str, version: str | None) -> tuple[str, str]:
    """Base URL and query of the requests."""
    if version is None:
        return f"{resource}/openai/v1", ""
    deployed = f"/deployments/{quote(deployment, safe='')}" if api == "chat" else ""
    return f"{resource}/openai{deployed}", f"api-version={version}"
