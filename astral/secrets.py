"""The redactor: API keys never reach an error message, a store row or a report."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

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


def secrets_of(environment: Mapping[str, str]) -> Iterator[str]:
    """Values of variables that are secrets by their names, and what opens addresses, such as a proxy's. Words, numbers
    and paths are left out: many a ``..._KEY`` says which key and not what it is.
    """
    for name, value in environment.items():
        if "://" in value:
            yield from openers_of(value)
        elif is_secret(name) and _is_odd(value.strip()):
            yield value.strip()


def _is_odd(value: str) -> bool:
    """True for what is no ordinary word, so that text without the secret does not hold it."""
    return len(value) >= 8 and not value.isalpha() and not value.isdigit() and value[0] not in "/.~"


def without_keys(text: str) -> str:
    """``text`` without what the environment of this process keeps secret, and without whatever looks like a key."""
    return _redactor_of(tuple(secrets_of(os.environ))).clean(text)


@lru_cache(maxsize=4)
def _redactor_of(secrets: tuple[str, ...]) -> Redactor:
    return Redactor(secrets)


def openers_of(url: str) -> Iterator[str]:
    """The password before the host of an address, as it stands there and decoded; a name without one if it is odd."""
    try:
        found = urlsplit(url)
        opener = found.password or (found.username if _is_odd(found.username or "") else "")
    except ValueError:
        return
    if opener:
        yield from (opener, unquote(opener))


class Redactor:
    """Replaces known secrets, however they are spelled, and whatever looks like a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        """All spellings, the longest first."""
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a live secret; shorter than 6 characters it would hide ordinary words, so it is left out."""
        if len(secret) < 6:
            return
        found = {one for one in spellings(secret) if len(one) >= 6}
        self._known = tuple(sorted({*self._known, *found}, key=lambda spelling: (-len(spelling), spelling)))

    def learn_url(self, url: str) -> None:
        """Remember what an address gives away: the token of a feed among its parameters, a password before its host."""
        for name, value in parse_qsl(url.partition("?")[2].partition("#")[0]):
            if is_secret(name):
                self.learn(value)
        for opener in openers_of(url):
            self.learn(opener)

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


def spellings(secret: str) -> set[str]:
    """``secret`` as it is, reversed, in hex, and as JSON, URLs, HTML, Python and base64 (in longer texts) spell it."""
    raw = secret.encode("utf-8", "surrogatepass")
    quoted = {quote(secret, safe=safe, errors="replace") for safe in ("", "/")} | {quote_plus(secret, errors="replace")}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return {
        *(secret, secret[::-1], raw.hex(), raw.hex().upper(), html.escape(secret), html.escape(secret, quote=False)),
        *quoted,
        *(re.sub("%..", lambda found: found[0].lower(), one) for one in quoted),
        *escaped,
        *(one.replace("/", "\\/") for one in escaped),
        *(json.dumps(one)[1:-1] for one in escaped),  # a JSON text in a JSON text
        *_base64(raw),
    }


def _base64(raw: bytes) -> Iterator[str]:
    """What base64 makes of ``raw`` on its own, and what of it stays whatever stands before and behind it."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield from (whole, whole.rstrip("="))
        for before in range(3):
            end = (before + len(raw)) * 8 // 6  # the digits behind it have bits of what follows
            yield encode(bytes(before) + raw).decode()[(0, 2, 3)[before] : end]
