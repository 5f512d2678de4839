"""Calls strangers' code: bounded in time and number, in a thread of its own where it is sync, and unheard."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from astral.adapters.hush import hushed
from astral.context import Context
from astral.errors import CallError
from astral.escape import show
from astral.files import content_hash


async def call(function: Callable[..., Any], *values: Any) -> Any:
    """Call a foreign function: a coroutine in the loop, anything else in a daemon thread of its own, since a hanging
    thread of a pool would keep the interpreter from ending.
    """
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        with hushed():
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
            with hushed():
                value = function(*values)
        except BaseException as err:
            error = RuntimeError(f"{type(err).__name__}: {err}") if isinstance(err, StopIteration) else err
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            return  # the run is over: nobody waits for this answer any more

    threading.Thread(target=work, name="astral-plugin", daemon=True).start()
    value = await future
    with hushed():
        return await value if inspect.isawaitable(value) else value


class Guarded:
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
                    return await call(function or self._function, *values)
            except TimeoutError:
                raise CallError(
                    "timeout",
                    f"{kind} {show(self.name)} did not return within {self._seconds:g} s; raise timeout= or mend it",
                ) from None


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
