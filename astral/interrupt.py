"""SIGTERM ends a run like Ctrl-C: with what is in flight committed, a summary, and not with 0."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest


def end_orderly(config: pytest.Config) -> None:
    """From now until the session is over. Only the main thread may set signals; elsewhere nothing changes."""
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGTERM, _interrupt)
        config.add_cleanup(lambda: _restore(before))


def _restore(before: Any) -> None:
    signal.signal(signal.SIGTERM, before)


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt
