"""Which endpoint a spec means, and with which key."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from astral.errors import SettingsError, did_you_mean
from astral.escape import show
from astral.setting_values import Spec
from astral.wire.address import checked, is_loopback
from astral.wire.endpoint import Endpoint
from astral.wire.network import Network

KEY_ENV, URL_ENV = "OPENAI_API_KEY", "OPENAI_BASE_URL"


def open_endpoint(
    spec: Spec,
    network: Network,
    *,
    kind: str,
    instead: str,
    options: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
    made: type[Endpoint] = Endpoint,
) -> Endpoint:
    """The endpoint of ``spec``: its own address, else ``OPENAI_BASE_URL``, else OpenAI's.

    The key comes from ``OPENAI_API_KEY``, or from the variable that the option ``key_env=NAME`` names. A server at a
    loopback address of the spec's own needs none. ``made`` is the class of the endpoint. Raises SettingsError: for a
    missing key it offers ``instead``.
    """
    name = f"{kind} {show(spec.text)}"
    if not spec.argument:
        raise SettingsError(f"{name} names no model; write for example {spec.kind or 'openai'}:gpt-4o-mini")
    check_options(spec, name, ("key_env", *options))
    variable = dict(spec.options).get("key_env", KEY_ENV)
    key = key_of(variable, environment)
    url = checked(spec.url) if spec.url else None
    if key is None and not (url and is_loopback(urlsplit(url).hostname or "")):
        raise SettingsError(f"{name} needs {variable}; set it, or {instead}")
    address = url or environment.get(URL_ENV, "").strip() or None
    return network.endpoint(address, key, key_name=variable, made=made)


def key_of(variable: str, environment: Mapping[str, str]) -> str | None:
    """The key that a variable holds; None where it is missing or blank."""
    return environment.get(variable, "").strip() or None


def check_options(spec: Spec, name: str, known: Sequence[str]) -> None:
    """Raise SettingsError for an option of ``spec`` that is not ``known`` or stands twice."""
    seen: set[str] = set()
    for option, _ in spec.options:
        if option not in known:
            raise SettingsError(
                f"{name}: unknown option {show(option, 40)!r}{did_you_mean(option, known)}; known: {', '.join(known)}"
            )
        if option in seen:
            raise SettingsError(f"{name}: the option {option} stands twice; keep one")
        seen.add(option)
