"""Signals end a run in good order: with what is in flight committed, a summary, and not with 0."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from typing import Any

import pytest

ENDING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows knows no SIGHUP
"""Signals that end a run as Ctrl-C does."""


def end_orderly(config: pytest.Config) -> None:
    """From now until the session is over. Only the main thread may set signals; elsewhere nothing changes."""
    for number in ENDING:
        _set(config, number, _interrupt)


class LastWords:
    """Signals that come while a session ends already: the first one hurries the end (``hurry`` is called in the
    handler), the second breaks it off. An exception in ``pytest_sessionfinish`` would be a traceback and no summary.
    """

    def __init__(self, config: pytest.Config, session: pytest.Session, hurry: Callable[[], object]) -> None:
        self.came = 0
        """Signals since the end began."""
        self._session, self._hurry, self._over = session, hurry, False
        for number in (signal.SIGINT, *ENDING):
            _set(config, number, self._take)
        config.add_cleanup(self._ended)  # what is left takes a few seconds at most

    def _take(self, signum: int, frame: object) -> None:
        if self._over:
            return
        self.came += 1
        self._session.exitstatus = pytest.ExitCode.INTERRUPTED
        self._hurry()
        if self.came > 1:
            raise KeyboardInterrupt

    def _ended(self) -> None:
        self._over = True


class Signals:
    """The hooks by which a session takes signals; ``hurry`` is told of those that come while it ends."""

    def __init__(self, config: pytest.Config, hurry: Callable[[], object]) -> None:
        self._config, self._hurry = config, hurry
        self._last: LastWords | None = None
        self._session: pytest.Session | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session
        end_orderly(self._config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        self._ends()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        self._ends()
        try:
            yield
        except KeyboardInterrupt:
            raise pytest.exit.Exception("interrupted twice: no more is said", pytest.ExitCode.INTERRUPTED) from None

    def _ends(self) -> None:
        if self._last is None and self._session is not None:
            self._last = LastWords(self._config, self._session, self._hurry)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._last is not None and self._last.came:
            terminalreporter.write_line("interrupted while the run was ending: what was in flight was given up")


def _set(config: pytest.Config, number: int, handler: Callable[[int, Any], None]) -> None:
    """Take a signal until the session is over, unless whoever started us wants it ignored (``nohup``)."""
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(number)
    if before is not None and before is not signal.SIG_IGN:
        signal.signal(number, handler)
        config.add_cleanup(lambda: _restore(number, before))


def _restore(number: int, before: Any) -> None:
    signal.signal(number, before)


def _interrupt(signum: int, frame: Any) -> None:
    """What Ctrl-C would do at this moment: asyncio.run cancels its work, which may not be broken off just anywhere."""
    taken = signal.getsignal(signal.SIGINT)
    if not callable(taken):  # ignored, as in the background of a shell's script
        raise KeyboardInterrupt
    taken(signal.SIGINT, frame)
