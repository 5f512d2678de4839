"""Keeps what a plugin prints out of pytest's output, where it would land in some other test, or forge a line.

pytest gives every test the output that arrives while it runs, and plugins run beside all of them in the engine's
threads. So text that comes from inside a plugin's call is let go; all other text passes as if nothing were here.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

_inside: ContextVar[bool] = ContextVar("astral_inside_plugin", default=False)


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Let go of what this task or thread, and the tasks that it starts, print meanwhile. What threads that a plugin
    starts by itself print passes, and what goes past ``sys.stdout.write``, such as ``os.write(1, ...)``.
    """
    for name in ("stdout", "stderr"):
        for stream in (getattr(sys, name, None), getattr(sys, f"__{name}__", None)):
            _watch(stream)
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def _watch(stream: Any) -> None:
    """Shadow ``write`` on this very stream, once: capturing swaps ``sys.stdout`` between a few streams that stay."""
    kept = getattr(stream, "__dict__", None)
    if kept is None or "write" in kept:
        return
    with contextlib.suppress(AttributeError, TypeError):  # a stream that cannot be watched is left alone
        stream.write = _written_by_others(stream.write)


def _written_by_others(write: Callable[[str], int]) -> Callable[[str], int]:
    def of_others(text: str) -> int:
        return len(text) if _inside.get() else write(text)

    return of_others
