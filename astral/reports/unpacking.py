"""Takes a JSON object apart from the front, so that the thousands of rows of one of its members never stand in memory
as trees together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_BLANK = re.compile(r"[ \t\r\n]*")


class Unfit(ValueError):
    """JSON that is not what it should be; says what is wrong in a few words."""


def unpack(text: str, rows: str, keep: Callable[[Any], Any]) -> dict[str, Any]:
    """The members of the JSON object ``text``; of each element of the list ``rows`` only what ``keep`` makes of it.

    Raises JSONDecodeError or RecursionError for what is not JSON, Unfit for another value than an object, NaN and
    infinity, which JSON does not have, and a member that is there twice.
    """
    scan = _Scan(text)
    if scan.ahead != "{":
        scan.value()
        scan.end()
        raise Unfit("other JSON than an object")
    found: dict[str, Any] = {}
    for name in scan.names():
        if name in found:
            raise Unfit(f"{json.dumps(name)} stands there twice")
        listed = name == rows and scan.ahead == "["
        found[name] = [keep(row) for row in scan.elements()] if listed else scan.value()
    scan.end()
    return found


class _Scan:
    """A place in a JSON text, which every method moves on behind what it takes."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._decode = json.JSONDecoder(parse_constant=_refuse).raw_decode

    @property
    def ahead(self) -> str:
        """The next character that is no blank; empty at the end."""
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def value(self) -> Any:
        """The value that stands here, whole."""
        if not self.ahead:
            raise self._error("Expecting value")
        value, self._at = self._decode(self._text, self._at)
        return value

    def names(self) -> Iterator[str]:
        """The names of the object that begins here; whoever asks takes the value of each before asking for the next."""
        for _ in self._parts("{", "}"):
            if self.ahead != '"':
                raise self._error("Expecting property name enclosed in double quotes")
            name = self.value()
            self._take(":")
            yield name

    def elements(self) -> Iterator[Any]:
        """The elements of the list that begins here."""
        for _ in self._parts("[", "]"):
            yield self.value()

    def end(self) -> None:
        """Nothing may follow."""
        if self.ahead:
            raise self._error("Extra data")

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.ahead != closing:
            yield
            while self.ahead == ",":
                self._take(",")
                yield
        self._take(closing)

    def _take(self, mark: str) -> None:
        if self.ahead != mark:
            raise self._error(f"Expecting {mark!r}")
        self._at += 1

    def _error(self, what: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(what, self._text, self._at)


def _refuse(word: str) -> Any:
    raise Unfit(f"holds {word}, which JSON does not have")
