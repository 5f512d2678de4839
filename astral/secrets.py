"""The redactor: API keys never reach an error message, a store row or a report."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

MASK = "[redacted]"
_PREFIXES = ("sk", "pk", "rk", "tvly", "gsk", "xai")
_PATTERNS = re.compile(
    rf"\b(?:{'|'.join(_PREFIXES)})-[A-Za-z0-9_\-*]{{8,}}"  # provider keys, also as servers echo them back with stars
    r"|(?ai:bearer)\s+[A-Za-z0-9._~+/=\-]{8,}"
    r"|(?ai:api[_-]?key|authorization)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9._~+/=\-]{8,}"
)
_LIKE_KEYS = [(f"{it}-", re.compile(rf"{it}-(?<=\b{it}-)[A-Za-z0-9_\-*]{{8}}")) for it in _PREFIXES]
_WORDS = ("bearer", "apikey", "api_key", "api-key", "authorization")
_NAMES = re.compile(r"key|token|secret|password|credential", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """True for an option or URL parameter whose value is a secret by its name; ``key_env`` names a variable only."""
    return name != "key_env" and _NAMES.search(name) is not None


class Redactor:
    """Replaces known secrets, in their raw, JSON, URL and base64 spellings, and whatever looks like a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        """All spellings, the longest first."""
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a live secret; shorter than 6 characters it would hide ordinary words, so it is left out."""
        if len(secret) < 6:
            return
        encoded = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode()
        spellings = {
            secret,
            json.dumps(secret)[1:-1],
            quote(secret, safe="", errors="replace"),
            encoded,
            encoded.rstrip("="),
        }
        self._known = tuple(sorted({*self._known, *spellings}, key=lambda spelling: (-len(spelling), spelling)))

    def learn_url(self, url: str) -> None:
        """Remember what the parameters of ``url`` give away, such as the token of a feed."""
        for name, value in parse_qsl(url.partition("?")[2].partition("#")[0]):
            if is_secret(name):
                self.learn(value)

    def clean(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        return _PATTERNS.sub(MASK, text) if _suspect(text) else text


def _suspect(text: str) -> bool:
    """True where one of the patterns may fit: to search for what is constant in them first is 20 times cheaper."""
    if any(prefix in text and key.search(text) for prefix, key in _LIKE_KEYS):
        return True
    lowered = text.lower()
    return any(word in lowered for word in _WORDS)
