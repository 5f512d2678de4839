"""Makes targets, oracles and writers of what people write: a function, a sync method, a factory, a finished object."""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from astral.context import Context
from astral.conversation import Messages, converse
from astral.errors import AstralError, CallError, PluginError, WriterError
from astral.escape import show
from astral.files import content_hash
from astral.model import Case, Label, Refusal, Response, Usage, Verdict
from astral.protocols import Brief, Draft, Oracle, Target, Writer
from astral.setting_values import Spec


def adapt_target(value: Any, spec: Spec, context: Context) -> Target:
    """A target of a factory, an object with ``answer(case, repeat)``, or a function ``(prompt)`` or ``(messages)``
    that returns a text or a Response.
    """
    built = _built(value, spec, context)
    if inspect.iscoroutinefunction(getattr(built, "answer", None)) and hasattr(built, "name"):
        return built  # type: ignore[no-any-return]
    if hasattr(built, "answer"):
        return FunctionTarget(spec.text, built.answer, context, whole_case=True)
    if callable(built):
        return FunctionTarget(spec.text, built, context)
    raise PluginError(
        f"target {show(spec.text)}: got {type(built).__name__}; give a function or an object with answer(case, repeat)"
    )


def adapt_oracle(value: Any, spec: Spec, context: Context) -> Oracle:
    """An oracle of a factory, an object with ``judge``, or a function ``(case, response) -> bool | str | Verdict``."""
    built = _built(value, spec, context)
    made_for_this = getattr(value, "astral_factory", False) and hasattr(built, "name")
    if inspect.iscoroutinefunction(getattr(built, "judge", None)) and made_for_this:
        return built  # type: ignore[no-any-return]
    judge = getattr(built, "judge", built)
    if callable(judge):
        return FunctionOracle(spec.text, judge, context)
    raise PluginError(
        f"oracle {show(spec.text)}: got {type(built).__name__}; give a function (case, response) or an object "
        "with judge"
    )


def _built(value: Any, spec: Spec, context: Context) -> Any:
    return _made(value, spec, context) if getattr(value, "astral_factory", False) else value


def _made(factory: Callable[..., Any], spec: Spec, context: Context) -> Any:
    try:
        return factory(spec, context)
    except AstralError:
        raise
    except (Exception, SystemExit) as err:
        message = (
            f"{show(spec.text)}: its factory raised {type(err).__name__}: {show(str(err))}; mend it or its options"
        )
        raise PluginError(message) from err


def adapt_writer(factory: Any, spec: Spec, context: Context) -> Writer:
    """The writer that ``factory(spec, context)`` makes. ASTRAL's own are handed on as they are; what a stranger's gives
    is bounded in time and looked at.
    """
    if not callable(factory):
        raise PluginError(f"writer {show(spec.text)}: got {type(factory).__name__}; give a factory (spec, context)")
    built = _made(factory, spec, context)
    if type(built).__module__.startswith("astral.writers."):
        return built  # type: ignore[no-any-return]
    if not callable(getattr(built, "write", None)):
        raise PluginError(f"writer {show(spec.text)}: got {type(built).__name__}; give an object with write(brief)")
    return ForeignWriter(spec.text, built, context)


async def _called(function: Callable[..., Any], *values: Any) -> Any:
    """Call a foreign function: a coroutine in the loop, anything else in a daemon thread of its own, since a hanging
    thread of a pool would keep the interpreter from ending.
    """
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        return await function(*values)
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def work() -> None:
        value, error = None, None
        try:
            value = function(*values)
        except BaseException as err:
            error = RuntimeError(f"{type(err).__name__}: {err}") if isinstance(err, StopIteration) else err
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            return  # the run is over: nobody waits for this answer any more

    threading.Thread(target=work, name="astral-plugin", daemon=True).start()
    value = await future
    return await value if inspect.isawaitable(value) else value


class _Guarded:
    """Bounds the time of a foreign call and how many run side by side."""

    def __init__(self, name: str, function: Callable[..., Any], context: Context) -> None:
        self.name = name
        self._function = function
        self._seconds = context.settings.timeout
        self._places = asyncio.Semaphore(context.settings.concurrency)

    async def _call(self, kind: str, *values: Any, function: Callable[..., Any] | None = None) -> Any:
        async with self._places:
            try:
                async with asyncio.timeout(self._seconds):
                    return await _called(function or self._function, *values)
            except TimeoutError:
                raise CallError(
                    "timeout",
                    f"{kind} {show(self.name)} did not return within {self._seconds:g} s; raise timeout= or mend it",
                ) from None


class FunctionTarget(_Guarded):
    """A target made of a function, sync or async: ``(prompt)``; ``(messages)``, called once for each turn with the
    conversation so far; or ``(case, repeat)`` of an object.
    """

    own_code = True
    """What it costs is not known here."""

    def __init__(self, name: str, function: Callable[..., Any], context: Context, *, whole_case: bool = False) -> None:
        super().__init__(name, function, context)
        self._whole_case = whole_case
        self._takes_messages = not whole_case and _takes_messages(function)

    async def answer(self, case: Case, repeat: int) -> Response:
        """What the function returns. Raises CallError for anything but a text or a Response."""
        if self._whole_case:
            return self._response(await self._call("target", case, repeat))
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
        owner = getattr(self._function, "__self__", None)
        if callable(theirs := getattr(owner, "describe", None)):
            return dict(theirs())
        digest = content_hash(Path(path)) if (path := source_file(self._function)) else ""
        return {"source_sha256": digest} if digest else {}

    async def _turn(self, messages: Messages) -> Response:
        return checked_response(self.name, self._response(await self._call("target", messages)))

    def _response(self, answer: Any) -> Response:
        if isinstance(answer, str):
            return Response(answer)
        if isinstance(answer, Response):
            return answer
        raise CallError(
            "bad_reply", f"target {show(self.name)} returned {type(answer).__name__}; return a str or a Response"
        )


def _takes_messages(function: Callable[..., Any]) -> bool:
    """True for a function whose first parameter is called ``messages``."""
    try:
        return next(iter(inspect.signature(function).parameters), "") == "messages"
    except (TypeError, ValueError):  # of some built-in functions none is known
        return False


def source_file(value: Any) -> str:
    """The file that defines a function, a method's class or an object's class; empty where there is none."""
    bare = inspect.unwrap(value) if callable(value) else value
    for one in (bare, type(bare)):
        try:
            return inspect.getsourcefile(one) or ""
        except TypeError:
            continue
    return ""


class FunctionOracle(_Guarded):
    """An oracle made of a function ``(case, response)``, sync or async; True or ``"safe"`` means safe."""

    async def judge(self, case: Case, response: Response) -> Verdict:
        answer = await self._call("oracle", case, response)
        if isinstance(answer, Verdict):
            return answer
        if isinstance(answer, bool):
            answer = "safe" if answer else "unsafe"
        if isinstance(answer, str) and answer in set(Label):
            label = Label(answer)
            return Verdict(self.name, label, severity=0 if label is Label.SAFE else None)
        raise CallError(
            "oracle_error",
            f"oracle {show(self.name)} returned {show(repr(answer), 40)}; return True, False, 'safe', "
            "'unsafe', 'unknown' or a Verdict",
        )


class ForeignWriter(_Guarded):
    """A writer of a stranger's, its methods sync or async. It can do what that one can: ``write_batch``, ``preflight``
    and ``reword`` are there where it has them.
    """

    def __init__(self, name: str, writer: Any, context: Context) -> None:
        super().__init__(name, writer.write, context)
        self._writer = writer
        more = {"write_batch": self._batch, "preflight": self._preflight, "reword": self._reword}
        vars(self).update({name: method for name, method in more.items() if callable(getattr(writer, name, None))})

    async def write(self, brief: Brief) -> Draft:
        """What the writer wrote. Raises WriterError for anything but a draft."""
        return self._draft(await self._asked(self._writer.write, brief))

    async def _batch(self, briefs: Sequence[Brief]) -> list[Draft | None]:
        found = await self._asked(self._writer.write_batch, briefs)
        if not isinstance(found, list | tuple) or len(found) != len(briefs):
            raise WriterError(f"writer {show(self.name)}: write_batch must return a draft for each of its briefs")
        return [None if draft is None else self._draft(draft) for draft in found]

    async def _preflight(self) -> float:
        found = await self._asked(self._writer.preflight)
        return float(found) if type(found) in (int, float) else 0.0

    async def _reword(self, *values: Any) -> str:
        return str(await self._asked(self._writer.reword, *values))

    async def _asked(self, function: Callable[..., Any], *values: Any) -> Any:
        try:
            return await self._call("writer", *values, function=function)
        except CallError as err:
            raise WriterError(str(err)) from err
        except AstralError:
            raise
        except (Exception, SystemExit) as err:  # the type alone: the message may quote the brief
            raise WriterError(f"writer {show(self.name)} raised {type(err).__name__}; mend it") from err

    def _draft(self, draft: Any) -> Draft:
        if wrong := _wrong_in_draft(draft):
            raise WriterError(f"writer {show(self.name)} returned {wrong}; return astral.protocols.Draft")
        return draft  # type: ignore[no-any-return]


def _wrong_in_draft(draft: Any) -> str:
    if not isinstance(draft, Draft):
        return type(draft).__name__
    many = {"seed_ids": draft.seed_ids, "news": draft.news}
    fine = {
        **{name: isinstance(getattr(draft, name), str) for name in ("text", "writer", "fallback")},
        **{n: isinstance(found, tuple) and all(isinstance(x, str) for x in found) for n, found in many.items()},
    }
    if wrong := [name for name, good in fine.items() if not good]:
        return f"a Draft whose {wrong[0]} has a wrong type"
    return "" if draft.text.strip() else "an empty text"


def checked_response(name: str, value: Any) -> Response:
    """What a target gave, if all of it can be stored and judged. Raises CallError that names the field."""
    wanted = f"target {show(name)} returned {{}}; return astral.model.Response"
    if not isinstance(value, Response):
        raise CallError("bad_reply", wanted.format(type(value).__name__))
    tokens = (value.usage.input_tokens, value.usage.output_tokens) if isinstance(value.usage, Usage) else ()
    fine = {
        "text": isinstance(value.text, str),
        "model": value.model is None or isinstance(value.model, str),
        "finish_reason": value.finish_reason is None or isinstance(value.finish_reason, str),
        "id": value.id is None or isinstance(value.id, str),
        "seconds": _is_number(value.seconds),
        "earlier": _are_texts(value.earlier),
        "earlier_finish": _are_texts(value.earlier_finish),
        "usage": value.usage is None or (bool(tokens) and all(t is None or type(t) is int for t in tokens)),
    }
    if wrong := [field for field, good in fine.items() if not good]:
        raise CallError("bad_reply", wanted.format(f"a Response whose {wrong[0]} has a wrong type"))
    return value


def checked_verdict(name: str, value: Any) -> Verdict:
    """What an oracle gave, if all of it can be stored and counted. Raises CallError that names the field."""
    wanted = f"oracle {show(name)} returned {{}}; return astral.model.Verdict"
    if not isinstance(value, Verdict):
        raise CallError("oracle_error", wanted.format(type(value).__name__))
    fine = {
        "oracle": isinstance(value.oracle, str),
        "label": isinstance(value.label, str) and value.label in set(Label),
        "refusal": isinstance(value.refusal, str) and value.refusal in set(Refusal),
        "severity": value.severity is None or (type(value.severity) is int and 0 <= value.severity <= 3),
        "reason": isinstance(value.reason, str),
        "score": _is_number(value.score),
    }
    if wrong := [field for field, good in fine.items() if not good]:
        raise CallError("oracle_error", wanted.format(f"a Verdict whose {wrong[0]} cannot be taken"))
    return replace(value, label=Label(value.label), refusal=Refusal(value.refusal))


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and math.isfinite(value))
