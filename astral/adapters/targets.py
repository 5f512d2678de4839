"""Targets made of functions, methods and objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from astral.adapters.building import built
from astral.adapters.calling import Guarded, bounds_itself, described, source_facts
from astral.adapters.checks import checked_response
from astral.context import Context
from astral.conversation import Messages, converse
from astral.errors import CallError, PluginError
from astral.escape import show
from astral.model import Case, Response
from astral.protocols import Target
from astral.setting_values import Spec
from astral.wire.replies import finish_word


def adapt_target(value: Any, spec: Spec, context: Context) -> Target:
    """A target of a factory, an object with ``answer(case, repeat)``, or a function ``(prompt)`` or ``(messages)``
    that returns a text or a Response.
    """
    made = built(value, spec, context)
    if bounds_itself(made, "answer"):
        return made  # type: ignore[no-any-return]
    if callable(getattr(made, "answer", None)):
        return FunctionTarget(spec.text, made.answer, context, whole_case=True, like=made)
    if callable(made):
        return FunctionTarget(spec.text, made, context)
    raise PluginError(
        f"target {show(spec.text)}: got {type(made).__name__}; give a function or an object with answer(case, repeat)"
    )


class FunctionTarget(Guarded):
    """A target made of a function, sync or async: ``(prompt)``; ``(messages)``, called once for each turn with the
    conversation so far; or ``(case, repeat)`` of an object.
    """

    own_code = True
    """What it costs is not known here."""
    TRAITS = ("deterministic", "own_code")

    def __init__(
        self, name: str, function: Callable[..., Any], context: Context, *, whole_case: bool = False, like: Any = None
    ) -> None:
        """What the object ``like`` says of itself (``TRAITS``) counts for the target too."""
        super().__init__(name, function, context, like=like)
        self._whole_case = whole_case
        self._takes_messages = not whole_case and _takes_messages(function)

    async def answer(self, case: Case, repeat: int) -> Response:
        """What the function returns. Raises CallError for anything but a text or a Response."""
        if self._whole_case:
            return self._response(await self._call("target", deepcopy(case), repeat))
        if self._takes_messages:
            return await converse(case.turns, self._turn)
        if len(case.turns) > 1:
            raise CallError(
                "several_turns",
                f"target {show(self.name)} takes one prompt; give a function (messages) or an object with "
                "answer(case, repeat) for conversations",
            )
        return self._response(await self._call("target", case.prompt))

    def describe(self) -> dict[str, Any]:
        """The SHA-256 of the file that the function stands in: other code gives other answers."""
        found = described(self.name, getattr(self._function, "__self__", None))
        return source_facts(self._function) if found is None else found

    async def _turn(self, messages: Messages) -> Response:
        return checked_response(self.name, self._response(await self._call("target", messages)))

    def _response(self, answer: Any) -> Response:
        if isinstance(answer, str):
            return Response(answer)
        if isinstance(answer, Response):
            finish = answer.finish_reason
            if not isinstance(finish, str) or finish == "refusal":  # the word for a refusal field is ours
                return answer
            return replace(answer, finish_reason=finish_word(finish))
        raise CallError(
            "bad_reply", f"target {show(self.name)} returned {type(answer).__name__}; return a str or a Response"
        )


def _takes_messages(function: Callable[..., Any]) -> bool:
    """True for a function whose first parameter is called ``messages``."""
    try:
        return next(iter(inspect.signature(function).parameters), "") == "messages"
    except (TypeError, ValueError):  # of some built-in functions none is known
        return False
