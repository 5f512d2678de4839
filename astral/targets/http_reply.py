"""Reads the reply of an ``http:`` endpoint: where in it the answer stands, and what else its file asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from astral.errors import SettingsError
from astral.escape import show
from astral.model import Usage
from astral.wire.replies import ChatReply, ShapeError, kind_of, read_json, token_count

TEXT = "text"
"""The selector of a body that is the answer itself."""
SEARCHED_LIMIT = 256 * 1024
"""The most bytes of a reply that are searched through by ``..``: 4 MiB take up to 13 s, in which all calls wait."""
_NO = ("", "false", "no", "none", "null", "0")
"""Texts that say no where they stand for a yes or no."""


class NotThere(ShapeError):
    """A reply that does not hold what the file says; ``hint`` names the file."""

    def __init__(self, message: str, file: str) -> None:
        super().__init__(message)
        self.hint = f"compare {file} with what the endpoint sends"


class Selector:
    """A JSONPath query (RFC 9535) as written at ``where``; ``.a.b`` and ``[0]`` are taken as ``$.a.b`` and ``$[0]``."""

    def __init__(self, text: str, where: str) -> None:
        """Raises SettingsError for what is no query."""
        from jsonpath import JSONPathError

        self.text, self._where = text, where
        query = f"${text}" if text.startswith((".", "[")) else text
        try:
            self._query = _paths().compile(query)
        except (JSONPathError, RecursionError) as err:
            said = show(str(err).partition("\n")[0], 100)
            raise SettingsError(
                f"{where}: {show(text, 60)!r} is no selector ({said}); write for example $.choices[0].message.content"
            ) from None

    def found(self, value: Any) -> list[Any]:
        """All values that the query selects. Raises ShapeError where the reply is nested too deep to look."""
        from jsonpath import JSONPathError

        try:
            return list(self._query.findall(value))
        except (JSONPathError, RecursionError):
            raise ShapeError(f"{self._where} cannot be looked for in the reply") from None


@cache
def _paths() -> Any:
    from jsonpath import JSONPathEnvironment

    return JSONPathEnvironment(strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyForm:
    """The selectors of a file; None for what it does not say. ``answer`` None: the body is the answer."""

    file: str
    answer: Selector | None
    finish: Selector | None = None
    model: Selector | None = None
    input_tokens: Selector | None = None
    output_tokens: Selector | None = None
    refusal: Selector | None = None
    blocked: Selector | None = None
    session: Selector | None = None

    def read(self, body: bytes, learn: Callable[[str], None]) -> ChatReply:
        """The reply that ``body`` is; its conversation id, if any, is handed to ``learn``. Raises ShapeError."""
        try:
            if self.answer is None:
                return ChatReply(_decoded(body))
            if len(body) > SEARCHED_LIMIT and self._searches:
                raise ShapeError("the reply is too long to be searched by '..'; write whole paths")
            value = read_json(body)
            reply, session = self._read(self.answer, value), self._word(self.session, value, "session_from")
        except ShapeError as err:
            raise NotThere(str(err), self.file) from None
        if session is not None:
            learn(session)
        return reply

    @property
    def _searches(self) -> bool:
        found = (getattr(self, one.name) for one in fields(self))
        return any(".." in one.text for one in found if isinstance(one, Selector))

    def _read(self, answer: Selector, value: Any) -> ChatReply:
        usage = Usage(*(token_count(self._one(one, value)) for one in (self.input_tokens, self.output_tokens)))
        facts: dict[str, Any] = {
            "model": self._word(self.model, value, "model_from"),
            "usage": None if usage == Usage() else usage,
        }
        if self._holds(self.blocked, value):
            return ChatReply("", finish_reason="content_filter", **facts)
        finish = self._word(self.finish, value, "finish")
        if self._holds(self.refusal, value):
            return ChatReply(self._said(answer, value), self._declined(value), finish, **facts)
        return ChatReply(self._answer(answer, value), finish_reason=finish, **facts)

    def _answer(self, selector: Selector, value: Any) -> str:
        """The selected text; those of several matches are joined by line breaks."""
        texts = selector.found(value)
        if not texts:
            raise ShapeError(f"answer={show(selector.text, 60)} matches nothing in the reply")
        for text in texts:
            if not isinstance(text, str):
                raise ShapeError(f"what answer={show(selector.text, 60)} matches is {kind_of(text)}")
        return "\n".join(texts)

    @staticmethod
    def _said(selector: Selector, value: Any) -> str:
        """What is there of an answer beside a refusal: it is judged, whatever the endpoint calls it."""
        return "\n".join(text for text in selector.found(value) if isinstance(text, str))

    def _declined(self, value: Any) -> str:
        """The refusal's own text, else that there was one."""
        own = self.refusal.found(value) if self.refusal else []
        return next((text for text in own if isinstance(text, str) and text.strip()), "(refused without a word)")

    @staticmethod
    def _holds(selector: Selector | None, value: Any) -> bool:
        return selector is not None and any(
            found.strip().lower() not in _NO if isinstance(found, str) else bool(found)
            for found in selector.found(value)
        )

    @staticmethod
    def _one(selector: Selector | None, value: Any) -> Any:
        """The first value selected; None where there is none."""
        return next(iter(selector.found(value)), None) if selector else None

    def _word(self, selector: Selector | None, value: Any, key: str) -> str | None:
        found = self._one(selector, value)
        return None if found is None or found == "" else self._as_text(found, key)

    def _as_text(self, found: Any, key: str) -> str:
        if isinstance(found, str) or type(found) is int:
            return str(found)
        raise ShapeError(f"what {key} matches is {kind_of(found)} and not a text")


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise ShapeError("the reply is not valid UTF-8") from None


def selectors(values: Mapping[str, str], where: Callable[[str], str]) -> dict[str, Selector]:
    """A selector for each key of ``values``. Raises SettingsError."""
    return {key: Selector(text, where(key)) for key, text in values.items()}
