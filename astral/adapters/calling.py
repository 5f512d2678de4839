"""Calls strangers' code: bounded in time and number, in a thread of its own where it is sync, and unheard."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from astral.adapters.hush import hushed
from astral.context import Context
from astral.errors import CallError, PluginError
from astral.escape import show
from astral.files import content_hash


async def call(function: Callable[..., Any], *values: Any) -> Any:
    """Call a foreign function: a coroutine in the loop, anything else in a daemon thread of its own, since a hanging
    thread of a pool would keep the interpreter from ending.
    """
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        return await _awaited(function(*values))
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
            with hushed():
                value = function(*values)
        except BaseException as err:
            error = RuntimeError(_told(err)) if isinstance(err, _OF_GENERATORS) else err
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            return  # the run is over: nobody waits for this answer any more

    threading.Thread(target=work, name="astral-plugin", daemon=True).start()
    value = await future
    return await _awaited(value) if inspect.isawaitable(value) else value


_OF_GENERATORS = (StopIteration, StopAsyncIteration, GeneratorExit)
"""What means something to Python itself, inside the coroutines that it would pass through."""


async def _awaited(value: Awaitable[Any]) -> Any:
    task = asyncio.current_task()
    try:
        with hushed():
            return await value
    except _OF_GENERATORS as err:
        if isinstance(err, GeneratorExit) and _running_task() is not task:
            raise  # this coroutine itself is thrown away, unfinished
        raise RuntimeError(_told(err)) from None


def _running_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _told(err: BaseException) -> str:
    try:
        return f"{type(err).__name__}: {err}"
    except BaseException:
        return type(err).__name__


class Guarded:
    """Bounds the time of a foreign call and how many run side by side.

    Attributes of ``like`` that ``TRAITS`` names, of its class or its own, become those of this object.
    """

    TRAITS: tuple[str, ...] = ()

    def __init__(self, name: str, function: Callable[..., Any], context: Context, *, like: Any = None) -> None:
        vars(self).update(dict(_traits(name, like, self.TRAITS)))
        self.name = name
        self._function = function
        self._seconds = context.settings.timeout
        self._places = asyncio.Semaphore(context.settings.concurrency)

    async def _call(self, kind: str, *values: Any, function: Callable[..., Any] | None = None) -> Any:
        async with self._places:
            try:
                async with asyncio.timeout(self._seconds):
                    return await call(function or self._function, *values)
            except TimeoutError:
                raise CallError(
                    "timeout",
                    f"{kind} {show(self.name)} did not return within {self._seconds:g} s; raise timeout= or mend it",
                ) from None


def bounds_itself(made: Any, method: str) -> bool:
    """True for a whole target or oracle whose calls end by themselves: ASTRAL's own, and those with an endpoint of the
    run's.
    """
    if not inspect.iscoroutinefunction(getattr(made, method, None)) or not isinstance(getattr(made, "name", None), str):
        return False
    return type(made).__module__.startswith(("astral.", "astral_shipped_plugin_")) or hasattr(made, "endpoint")


def _traits(name: str, like: Any, traits: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for trait in traits:
        if (value := getattr(like, trait, None)) is not None:
            kind = int if trait == "rank" else bool
            if type(value) is not kind:
                wanted = "a whole number" if kind is int else "True or False"
                raise PluginError(f"{show(name)}: its {trait} is of type {type(value).__name__}; give {wanted}")
            yield trait, value


def described(name: str, owner: Any) -> dict[str, Any] | None:
    """What an object says of itself by ``describe()``, as plain JSON; None where it has none. Raises PluginError."""
    if not callable(theirs := getattr(owner, "describe", None)):
        return None
    try:
        return dict(json.loads(json.dumps(dict(theirs()), allow_nan=False)))
    except (Exception, SystemExit) as err:
        raise PluginError(
            f"{show(name)}: its describe() failed ({type(err).__name__}: {show(str(err))}); "
            "return a dict of texts and numbers"
        ) from err


def source_facts(function: Any) -> dict[str, Any]:
    """The SHA-256 of the file that a function stands in: other code gives other answers. Empty where there is none."""
    digest = content_hash(Path(path)) if (path := source_file(function)) else ""
    return {"source_sha256": digest} if digest else {}


def source_file(value: Any) -> str:
    """The file that defines a function, a method's class or an object's class; empty where there is none."""
    value = getattr(value, "func", value)  # of a partial
    bare = inspect.unwrap(value) if callable(value) else value
    for one in (bare, type(bare)):
        try:
            return inspect.getsourcefile(one) or ""
        except TypeError:
            continue
    return ""
