"""Reads the TOML file of an ``http:`` target: everything that can be wrong with it is said before a run begins."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from astral.errors import SettingsError, did_you_mean
from astral.escape import show
from astral.secrets import Redactor, is_secret
from astral.targets.http_body import BODIES, Request, request_of
from astral.targets.http_reply import TEXT, ReplyForm, selectors
from astral.targets.http_templates import ENVIRONMENT, Template
from astral.wire.address import checked

FILE_LIMIT = 256 * 1024
"""The most bytes that such a file may hold."""
METHODS = ("POST", "PUT", "PATCH", "GET")
_SELECTORS = ("finish", "model_from", "input_tokens", "output_tokens", "refusal", "blocked", "session_from")
KEYS = ("url", "method", "headers", *BODIES, "query", "answer", *_SELECTORS, "blocked_status", "model")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
"""Headers that are the HTTP client's own."""
_LOUD = ("authorization", "cookie", "key", "token", "secret", "password", "credential")
"""What is in the name of a header whose value is taken for a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFile:
    """A file that was read whole. ``path_end`` follows ``url`` in each request; ``digest`` is SHA-256 of its bytes."""

    name: str
    url: str
    path_end: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    request: Request
    reply: ReplyForm
    blocked_status: frozenset[int]
    model: str
    digest: str


def read_file(path: Path, name: str, environment: Mapping[str, str], redactor: Redactor) -> HttpFile:
    """The file at ``path``, called ``name`` in messages, with the environment's variables that it names.

    Their values are learned by ``redactor``. Raises SettingsError, which names file and key.
    """
    content, name = _content(path, name), show(name, 80)
    try:
        given = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as err:
        raise SettingsError(f"{name}: no TOML in UTF-8 ({show(str(err), 100)}); mend the file") from None
    return _Reader(name, given, environment, redactor).file(sha256(content).hexdigest())


def _content(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE_LIMIT + 1)
    except (OSError, ValueError) as err:
        said = getattr(err, "strerror", None) or "no path"
        raise SettingsError(f"target http:{show(name, 80)} cannot be read ({said}); check the path") from None
    if len(content) > FILE_LIMIT:
        raise SettingsError(f"{show(name, 80)} holds more than {FILE_LIMIT // 1024} KiB; is it the right file?")
    return content


class _Reader:
    """One reading of one file."""

    def __init__(self, name: str, given: Mapping[str, Any], environment: Mapping[str, str], redactor: Redactor) -> None:
        self._name, self._given = name, given
        self._environment, self._redactor = environment, redactor
        self._secrets: dict[str, str] = {}

    def file(self, digest: str) -> HttpFile:
        for key in self._given:
            if key not in KEYS:
                raise SettingsError(
                    f"{self._name}: unknown key {show(key, 40)!r}{did_you_mean(key, KEYS)}; known: {', '.join(KEYS)}"
                )
        url, path_end = self._address()
        headers = self._headers()
        content_type = headers.pop("content-type", None)
        method = self._choice("method", METHODS, "POST")
        request = request_of(self._given, method, content_type, self._where, self._template)
        return HttpFile(
            name=self._name,
            url=url,
            path_end=path_end,
            method=method,
            headers=headers,
            request=request,
            reply=self._reply(),
            blocked_status=self._statuses(),
            model=self._model(),
            digest=digest,
        )

    def _where(self, key: str) -> str:
        return f"{self._name}:{key}"

    def _template(self, text: str, where: str) -> Template:
        for found in ENVIRONMENT.finditer(text):
            self._secrets[found[1]] = self._variable(found[1], where)
        return Template(text, where, self._secrets)

    def _variable(self, name: str, where: str, *, secret: bool = True) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            raise SettingsError(f"{where} needs the environment variable {name}; set it")
        if secret:
            self._redactor.learn(value)
        return value

    def _expanded(self, text: str, where: str) -> str:
        """``text`` with the variables that it names. What is part of an address before its query is secret only by its
        name: a host that is masked everywhere helps nobody.
        """
        named = len(text.partition("?")[0]) if where == self._where("url") else 0
        if "{{" in text or "{%" in text:
            raise SettingsError(f"{where}: templates stand in the body, [json], [form] and [query] only; move it there")
        return ENVIRONMENT.sub(
            lambda found: self._variable(found[1], where, secret=found.start() >= named or is_secret(found[1])), text
        )

    def _text(self, key: str) -> str | None:
        value = self._given.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{self._where(key)}: expected a text")
        return value.strip()

    def _choice(self, key: str, words: tuple[str, ...], default: str) -> str:
        value = (self._text(key) or default).upper()
        if value not in words:
            raise SettingsError(f"{self._where(key)}: expected one of {', '.join(words)}{did_you_mean(value, words)}")
        return value

    def _address(self) -> tuple[str, str]:
        """The address without its query, and what each request has behind it: a slash at its end, and the query."""
        text = self._text("url")
        if text is None:
            raise SettingsError(f'{self._name}: no url; write for example url = "http://localhost:8000/chat"')
        where = self._where("url")
        url = self._expanded(text, where)
        if not (url.isascii() and url.isprintable() and " " not in url):
            raise SettingsError(f"{where}: an address has no blanks, line breaks or letters beyond ASCII; encode them")
        try:
            self._redactor.learn_url(url)
            address = checked(url.partition("?")[0].partition("#")[0])
            parts = urlsplit(url)
        except (SettingsError, ValueError) as err:
            raise SettingsError(f"{where}: {self._redactor.clean(str(err))}") from None
        slash = "/" if parts.path.endswith("/") and parts.path != "/" else ""
        return address, slash + (f"?{parts.query}" if parts.query else "")

    def _headers(self) -> dict[str, str]:
        """The headers, their names in lower case."""
        headers: dict[str, str] = {}
        for name, value in self._table("headers").items():
            where = self._where(f"headers.{show(name, 40)}")
            if not isinstance(value, str):
                raise SettingsError(f"{where}: expected a text")
            if name.lower() in _OURS or not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
                raise SettingsError(f"{where}: this header cannot be set; leave it out")
            if name.lower() in headers:
                raise SettingsError(f"{where}: this header stands twice; keep one")
            full = self._expanded(value, where)
            if not (full.isascii() and full.isprintable()):
                raise SettingsError(f"{where}: its value holds a line break or a character that no header has")
            if any(word in name.lower() for word in _LOUD):
                self._redactor.learn(full.rpartition(" ")[2])
            headers[name.lower()] = full
        return headers

    def _table(self, key: str) -> Mapping[str, Any]:
        value = self._given.get(key, {})
        if not isinstance(value, dict):
            raise SettingsError(f"{self._where(key)}: expected a table, [{key}]")
        return value

    def _reply(self) -> ReplyForm:
        answer = self._text("answer")
        if answer is None:
            raise SettingsError(
                f'{self._name}: no answer; write where the answer stands, answer = "$.reply", or answer = "text"'
            )
        given = {key: text for key in _SELECTORS if (text := self._text(key)) is not None}
        if answer == TEXT:
            for key in given:
                raise SettingsError(f'{self._where(key)}: answer = "text" reads no JSON that {key} could look into')
            return ReplyForm(file=self._name, answer=None)
        found = selectors({"answer": answer, **given}, self._where)
        names = {"model_from": "model", "session_from": "session"}
        return ReplyForm(file=self._name, **{names.get(key, key): selector for key, selector in found.items()})

    def _statuses(self) -> frozenset[int]:
        value = self._given.get("blocked_status", [])
        if not isinstance(value, list) or not all(type(one) is int and 400 <= one <= 499 for one in value):
            raise SettingsError(f"{self._where('blocked_status')}: expected statuses from 400 to 499, such as [451]")
        return frozenset(value)

    def _model(self) -> str:
        name = self._text("model") or ""
        if name.startswith("$"):
            raise SettingsError(
                f"{self._where('model')}: this is the model's name; write model_from = {show(name, 60)!r} to read it"
            )
        return name
