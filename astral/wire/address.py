"""What the address of an endpoint says: where it is, and how it is called in messages."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, parse_qsl, urlsplit

from astral.errors import SettingsError
from astral.escape import show
from astral.secrets import is_secret

DEFAULT_URL = "https://api.openai.com/v1"


def checked(url: str) -> str:
    """``url`` without a slash at its end. Raises SettingsError when no request can go there."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"{show(url.rpartition('@')[2], 80)!r} is not an address; write for example http://localhost:11434/v1"
        )
    if parts.username is not None:
        raise SettingsError(
            f"the address of {_named(parts)} holds a user name or password; give the key by OPENAI_API_KEY"
        )
    if any(is_secret(name) and value for name, value in parse_qsl(parts.query)):
        raise SettingsError(f"the address of {_named(parts)} holds a secret; give the key by OPENAI_API_KEY")
    return url.rstrip("/")


def name_of(url: str) -> str:
    """``host:port/path`` of a checked address, without query and user."""
    return _named(urlsplit(url))


def _named(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return show(f"{host}{port}{parts.path}", 80)


def is_loopback(host: str) -> bool:
    """True for this machine itself, where a model server commonly asks for no key."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
