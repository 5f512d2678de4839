"""Keeps what a plugin prints out of pytest's output, where it would land in some other test, or forge a line.

pytest gives every test the output that arrives while it runs, and plugins run beside all of them in the engine's
threads. So text that comes from inside a plugin's call is let go; all other text passes as if nothing were here. What
plugins log is kept, for those who ask pytest for logs, but made inert and without keys.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from astral.escape import show, show_block
from astral.secrets import without_keys

_inside: ContextVar[bool] = ContextVar("astral_inside_plugin", default=False)


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Let go of what this task or thread, and the tasks that it starts, print meanwhile. What threads that a plugin
    starts by itself print passes, and what goes past ``sys.stdout.write``, such as ``os.write(1, ...)``.
    """
    for name in ("stdout", "stderr"):
        for stream in (getattr(sys, name, None), getattr(sys, f"__{name}__", None)):
            _watch(stream)
    _watch_logs()
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


def _watch(stream: Any) -> None:
    """Shadow ``write`` and ``close`` on this very stream, once: capturing swaps ``sys.stdout`` between a few streams
    that stay.
    """
    kept = getattr(stream, "__dict__", None)
    if kept is None or "write" in kept:
        return
    with contextlib.suppress(AttributeError, TypeError):  # a stream that cannot be watched is left alone
        stream.write = _written_by_others(stream.write)
        stream.close = _closed_by_others(stream.close)


def _written_by_others(write: Callable[[str], int]) -> Callable[[str], int]:
    def of_others(text: str) -> int:
        return len(text) if _inside.get() else write(text)

    return of_others


def _closed_by_others(close: Callable[[], None]) -> Callable[[], None]:
    def of_others() -> None:
        if not _inside.get():
            close()

    return of_others


def _watch_logs() -> None:
    """Have records that plugins and the engine's threads make be inert: pytest shows logs as they are."""
    make = logging.getLogRecordFactory()
    if not hasattr(make, "astral_calms"):
        logging.setLogRecordFactory(_calming(make))


def _calming(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def made(*values: Any, **fields: Any) -> logging.LogRecord:
        record = make(*values, **fields)
        if _inside.get() or threading.current_thread().name.startswith("astral-"):
            _calm(record)
        return record

    made.astral_calms = True  # type: ignore[attr-defined]
    return made


def _calm(record: logging.LogRecord) -> None:
    try:
        said = record.getMessage()
        error = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info and record.exc_info[0] else ""
    except Exception:
        said, error = "(its message cannot be read)", ""
    record.name, record.msg, record.args = show(record.name, 80), show(without_keys(said), 2_000), None
    record.exc_info, record.stack_info = None, None
    record.exc_text = show_block(without_keys(error.rstrip())) if error else None
