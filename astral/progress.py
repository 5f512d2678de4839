"""How far a run is: a line beneath pytest's own on a terminal, a line a minute everywhere else.

pytest owns the terminal, and the line stands one row below the cursor. It is drawn and taken away with the cursor
saved and restored, so that pytest never learns of it. Two things keep the screen clean: pytest's file is wrapped, and
what would move the cursor into that row takes the line away first; and the line goes to a duplicate of the file's
descriptor, because what the descriptor itself gets while a test runs is captured as the test's own output.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from astral.cost import spent_so_far
from astral.presets import in_ci
from astral.run import SafetyRun
from astral.wire import Network

LIVE_SECONDS, LOG_SECONDS = 0.5, 60.0
"""Between two looks at the run: on a terminal, and where lines stay."""
RATE_SECONDS = 60.0
"""The rate, and with it the time left, is that of the last minute."""
MAKE_ROW, SAVE, RESTORE = "\x1bD\x1b[A", "\x1b7", "\x1b8"
ROW_BELOW = "\x1b[B\r\x1b[2K"
"""IND, CUU, DECSC, DECRC, CUD, EL: xterm's ctlseqs.txt (in https://www.mirrorservice.org/pub/slackware/slackware-3.3/
slakware/x2/x331doc.tgz, read 2026-11-21). IND makes a row below the last
one and keeps the column."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a run is. ``limit`` is the number of calls that the endpoint ``slowed`` takes at once where that is below
    what was set, else None; without a name it is the only endpoint. ``spent`` is a text such as ``$0.0123``.
    """

    done: int
    planned: int
    in_flight: int = 0
    limit: int | None = None
    retries: int = 0
    spent: str = ""
    slowed: str = ""


class Pace:
    """How many trials are done in a second, by the last minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def seen(self, now: float, done: int) -> float:
        """Take note of ``done`` at ``now`` (seconds of any clock); the rate of the last minute."""
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - RATE_SECONDS:
            self._seen.popleft()
        then, before = self._seen[0]
        return (done - before) / (now - then) if now > then else 0.0


def line(at: Snapshot, rate: float, width: int) -> str:
    """``astral: 412/1260, 31/s, 64 in flight (limit 40), 3 retries, $0.0123, about 27 s left`` in at most ``width``
    columns: what does not fit is left out, retries first. With several endpoints ``(127.0.0.1:8000/v1: 4)`` names the
    one with the lowest limit.
    """
    parts = {
        "done": f"astral: {at.done}/{at.planned}",
        "rate": f"{_number(rate)}/s" if rate >= 1 else f"{_number(rate * 60)}/min" if rate else "",
        "in flight": f"{at.in_flight} in flight" if at.in_flight or at.limit is not None else "",
        "limit": f"({at.slowed}: {at.limit})" if at.slowed else f"(limit {at.limit})" if at.limit is not None else "",
        "retries": f"{at.retries} {'retry' if at.retries == 1 else 'retries'}" if at.retries else "",
        "spent": at.spent,
        "left": _left(at.planned - at.done, rate),
    }
    for name in ("", "retries", "spent", "limit", "in flight", "rate", "left"):
        parts[name] = ""
        text = ", ".join(part for part in parts.values() if part).replace(", (", " (")
        if len(text) <= width:
            break
    return text[:width]


def _left(trials: int, rate: float) -> str:
    """``about 3 min left``; nothing where the rate does not tell."""
    if not rate or trials <= 0:
        return ""
    seconds = trials / rate
    size, unit = (1, "s") if seconds < 120 else (60, "min") if seconds < 7200 else (3600, "h")
    return f"about {max(seconds / size, 1):.0f} {unit} left"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


class Progress:
    """Says where a run is until ``stop``. ``look`` is called in a thread of its own and in pytest's."""

    def __init__(
        self,
        reporter: Any,
        look: Callable[[], Snapshot],
        *,
        live: bool,
        seconds: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reporter, self._look, self._live = reporter, look, live
        self._writer = reporter._tw
        self._file = self._writer._file
        self._out = _duplicate(self._file)
        self._monotonic, self._pace = monotonic, Pace()
        self._pace.seen(monotonic(), look().done)
        self._lock = threading.RLock()
        self._text, self._shown, self._unflushed, self._paused = "", "", False, False
        if self._draws:
            self._writer._file = _Wrapped(self._file, self)
        self._ended = threading.Event()
        pause = seconds or (LIVE_SECONDS if self._draws else LOG_SECONDS)
        self._thread = threading.Thread(target=self._run, args=(pause,), name="astral-progress", daemon=True)
        self._thread.start()

    @property
    def _draws(self) -> bool:
        return self._live and self._out is not None

    def stop(self) -> None:
        """Take the line away and say no more; pytest's file is what it was. More calls do nothing."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        with self._lock:
            self._erase()
            if self._draws:
                self._writer._file = self._file
            if self._out is not None:
                os.close(self._out)
                self._out = None

    def pytest_enter_pdb(self) -> None:
        with self._lock:
            self._erase()
            self._paused = True

    def pytest_leave_pdb(self) -> None:
        self._paused = False

    # --- in a thread of its own -------------------------------------------------------------------------------------

    def _run(self, pause: float) -> None:
        while not self._ended.wait(pause):
            at = self._look()
            rate = self._pace.seen(self._monotonic(), at.done)
            with self._lock:
                if self._draws:
                    self._text = line(at, rate, self._width() - 1)
                    if self._unflushed:  # xdist leaves text in the buffer; pytest never does while a test runs
                        self._file.flush()
                    self._flushed()
                elif not self._paused:
                    self._log(line(at, rate, 200))

    def _log(self, text: str) -> None:
        """A line of its own, whatever stands in the present one; pytest then begins a new one, as after its own."""
        self._send(("\n" if self._writer.width_of_current_line else "") + text + "\n")
        self._writer._current_line = ""
        self._reporter.currentfspath = None

    # --- in both threads, under the lock ----------------------------------------------------------------------------

    def _before(self, text: str) -> None:
        """pytest is about to write ``text``; its writer has counted it into the present line already."""
        self._unflushed = True
        if self._shown and ("\n" in text or "\r" in text or self._writer.width_of_current_line >= self._width()):
            self._erase()

    def _flushed(self) -> None:
        self._unflushed = False
        self._draw()

    def _draw(self) -> None:
        """Not while text waits in the file's buffer, which would come out after the line; and not where a full line
        keeps the cursor at its end, a state that does not survive the way there and back.
        """
        if self._unflushed or self._paused or self._text == self._shown:
            return
        width = self._writer.width_of_current_line
        if width and width % self._width() == 0:
            return
        self._send(f"{MAKE_ROW}{SAVE}{ROW_BELOW}{self._text}{RESTORE}")
        self._shown = self._text

    def _erase(self) -> None:
        if self._shown:
            self._send(f"{SAVE}{ROW_BELOW}{RESTORE}")
            self._shown = ""

    def _send(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a terminal that was closed ends no run
            if self._out is None:
                self._file.write(text)
                self._file.flush()
            else:
                os.write(self._out, text.encode("ascii", "backslashreplace"))

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._out if self._out is not None else 1).columns or 80
        except OSError:
            return 80


class _Wrapped:
    """pytest's file while a line stands below the cursor."""

    def __init__(self, file: Any, progress: Progress) -> None:
        self._file, self._progress = file, progress

    def write(self, text: str) -> Any:
        with self._progress._lock:
            self._progress._before(text)
            return self._file.write(text)

    def flush(self) -> None:
        with self._progress._lock:
            self._file.flush()
            self._progress._flushed()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _duplicate(file: Any) -> int | None:
    try:
        return os.dup(file.fileno())
    except (OSError, ValueError, AttributeError):
        return None


def look_at(run: SafetyRun, network: Network) -> Snapshot:
    """Where the run is now."""
    done, planned = run.done
    calls = network.calls_so_far()
    limit, slowed = network.slowed or (None, "")
    return Snapshot(done, planned, network.in_flight, limit, calls.retries, spent_so_far(calls.spent), slowed)


def open_progress(config: pytest.Config, look: Callable[[], Snapshot]) -> Progress | None:
    """The progress of a run in this session, stopped with it at the latest; None without a terminal reporter.

    It is live on a terminal that knows cursor movements, unless tests write to that terminal themselves (``-s``).
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not hasattr(getattr(reporter, "_tw", None), "_file"):
        return None
    shared = config.getoption("capture", "fd") in ("no", "tee-sys") or config.getoption("usepdb", False)
    able = os.name == "posix" and os.environ.get("TERM", "dumb") != "dumb" and reporter.isatty
    progress = Progress(reporter, look, live=bool(able) and not shared and not in_ci())
    config.pluginmanager.register(progress, "astral-progress")
    config.add_cleanup(progress.stop)
    return progress
