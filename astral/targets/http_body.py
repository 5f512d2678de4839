"""What an ``http:`` target sends: a body, a form or JSON of templates, and a query behind the address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from astral.errors import SettingsError, TemplateError
from astral.targets.http_templates import ASKING, VARIABLES, Filling, Template, filling
from astral.wire.exchange import json_body, utf8

BODIES = ("body", "form", "json")
"""The keys that say what is sent; a file has one of them, or none."""
_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
_PROBE = 'a "quoted" text,\nof two lines \\ with a backslash'
_TRIAL: Mapping[str, Any] = {
    "prompt": _PROBE,
    "turns": [_PROBE],
    "messages": [{"role": "user", "content": _PROBE}],
    "session": "0" * 32,
    "turn": 1,
    "case_id": "a-case",
}
assert set(_TRIAL) == set(VARIABLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How a request is filled. ``uses`` are the variables that its templates name."""

    kind: str
    content_type: str
    uses: frozenset[str]
    body: Filling | None = field(default=None, repr=False)
    query: Filling | None = field(default=None, repr=False)

    def filled(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        """The body's bytes, and the query (with no ``?``; empty where there is none). Raises TemplateError."""
        query = _encoded(self.query(values)) if self.query else ""
        if self.body is None:
            return b"", query
        content = self.body(values)
        if self.kind == "json":
            return json_body(content), query
        return utf8(_encoded(content) if self.kind == "form" else content), query


def request_of(
    given: Mapping[str, Any],
    method: str,
    content_type: str | None,
    where: Callable[[str], str],
    make: Callable[[str, str], Template],
) -> Request:
    """The request of a file, tried once with a text that has quotes and line breaks. Raises SettingsError."""
    kinds = [key for key in BODIES if key in given]
    if len(kinds) > 1:
        raise SettingsError(f"{where(kinds[1])}: {kinds[0]} is there as well; a request has one body")
    kind = kinds[0] if kinds else ""
    if kind and method == "GET":
        raise SettingsError(f"{where(kind)}: method GET has no body; write [query], or another method")
    uses: set[str] = set()

    def made(text: str, place: str) -> Template:
        template = make(text, place)
        uses.update(template.uses)
        return template

    body = _filling(given, kind, where, made) if kind else None
    query = _filling(given, "query", where, made) if "query" in given else None
    if not uses & ASKING:
        raise SettingsError(
            f"{where(kind or 'json')}: no template holds the prompt, so nothing would be asked; "
            "write for example {{ prompt }} into [json]"
        )
    request = Request(
        kind=kind,
        content_type=content_type or _TYPES.get(kind, "application/json"),
        uses=frozenset(uses),
        body=body,
        query=query,
    )
    _try(request, where)
    return request


def _filling(
    given: Mapping[str, Any], key: str, where: Callable[[str], str], make: Callable[[str, str], Template]
) -> Filling:
    value = given[key]
    if key == "body":
        if not isinstance(value, str):
            raise SettingsError(f"{where(key)}: expected a text; write [json] for a table")
        return make(value, where(key)).fill
    if not isinstance(value, dict):
        raise SettingsError(f"{where(key)}: expected a table, [{key}]")
    if key in ("form", "query"):
        _check_flat(value, key, where)
    return filling(value, where(key), make)


def _check_flat(table: Mapping[str, Any], key: str, where: Callable[[str], str]) -> None:
    for name, value in table.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict | list):
                raise SettingsError(f"{where(f'{key}.{name}')}: a field is a text, a number or a list of those")


def _encoded(fields: Mapping[str, Any]) -> str:
    """Fields in URL encoding; a list is a field that stands several times."""
    pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    return urlencode([(name, _spelled(one)) for name, one in pairs])


def _spelled(value: Any) -> bytes:
    return utf8(str(value).lower() if isinstance(value, bool) else str(value))


def _try(request: Request, where: Callable[[str], str]) -> None:
    """Fill the request for a made-up prompt: what fails here would fail in every trial."""
    try:
        body, _ = request.filled(_TRIAL)
    except TemplateError as err:
        raise SettingsError(str(err)) from None
    except ValueError:
        raise SettingsError(f"{where(request.kind)}: inf and nan are no JSON; write another number") from None
    if request.kind != "body" or "json" not in request.content_type:
        return
    try:
        json.loads(body)
    except ValueError:
        raise SettingsError(
            f"{where('body')}: this is no JSON for a prompt with quotes and line breaks; "
            "write {{ prompt | tojson }} without quotes around it, use [json], or give another Content-Type"
        ) from None
