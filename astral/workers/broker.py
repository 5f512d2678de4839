"""Requests between processes of one run: JSON lines over a Unix socket in a private directory.

The controller of a run under xdist owns its engine, its limits and its store; a worker that needs one of them sends a
request. Nothing is pickled, and a client must know the token that it got from xdist's own channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import itertools
import json
import os
import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astral.engine import Loop
from astral.errors import AstralError, BudgetExhausted, CallError

LONGEST_LINE = 64 * 2**20
"""Bytes: a request holds a whole conversation, and an answer may have as many as the wire lets through."""
LONGEST_PATH = 100
"""Bytes that the path of a Unix socket may have on every system; see unix(7): 108 on Linux, 104 on macOS."""
PREFIX = "astral-run-"
SECONDS_TO_LISTEN = 60.0
"""A directory that is younger may belong to a broker that is about to listen."""
Serve = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""Answers the request of that name with something that JSON can hold. Raises AstralError."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker listens, and what a client has to say first."""

    path: str
    token: str

    def __repr__(self) -> str:
        return f"<Address {self.path}>"


class Broker:
    """Serves the requests of other processes in the engine's loop until ``close``."""

    def __init__(self, loop: Loop, serve: Serve) -> None:
        self._loop, self._serve = loop, serve
        self._directory = _private_directory()
        self.address = Address(str(Path(self._directory, "s")), secrets.token_hex(16))
        self._work: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._server = loop.run(self._listen())

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._connected, self.address.path, limit=LONGEST_LINE)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if hmac.compare_digest((await reader.readline()).strip(), self.address.token.encode()):
                while line := await reader.readline():
                    request = json.loads(line)
                    answer = self._answer(request["id"], request["call"], request["values"], writer)
                    task = asyncio.ensure_future(answer)
                    self._work.add(task)
                    task.add_done_callback(self._work.discard)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            pass  # a worker died in the middle of a line; what it asked for is stored all the same
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, number: int, call: str, values: Mapping[str, Any], writer: asyncio.StreamWriter) -> None:
        try:
            reply: dict[str, Any] = {"value": await self._serve(call, values)}
        except AstralError as err:
            reply = {"error": str(err), "reason": getattr(err, "reason", ""), "type": _kind(err)}
        except Exception as err:  # a defect of ours must not leave a test waiting
            reply = {"error": f"the engine failed: {type(err).__name__}: {err}; please report this", "type": "call"}
        with contextlib.suppress(OSError):
            writer.write(_line({"id": number, **reply}))
            await writer.drain()

    def close(self) -> None:
        """Hang up on everyone: who still waits gets an error."""
        with contextlib.suppress(Exception):
            self._loop.run(self._hang_up())
        shutil.rmtree(self._directory, ignore_errors=True)

    async def _hang_up(self) -> None:
        self._server.close()
        for task in list(self._work):
            task.cancel()
        for writer in list(self._open):
            writer.close()


class Line:
    """A client's connection: requests from any thread, replies in any order."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._dead = False

    def start(self, call: str, **values: Any) -> Future[Any]:
        """Send a request; the future holds the reply's value, or CallError or BudgetExhausted."""
        future: Future[Any] = Future()
        number = next(self._numbers)
        with self._lock:
            self._waiting[number] = future
            try:
                if self._dead:  # what is sent now, nobody would answer
                    raise ConnectionError
                self._connection().sendall(_line({"id": number, "call": call, "values": values}))
            except OSError:
                self._lost()
        return future

    def close(self) -> None:
        with self._lock:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._socket.close()

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.connect(self._address.path)
            self._socket.sendall(self._address.token.encode() + b"\n")
            threading.Thread(target=self._listen, args=(self._socket,), name="astral-line", daemon=True).start()
        return self._socket

    def _listen(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection.makefile("rb") as replies:
            for line in replies:
                reply = json.loads(line)
                with self._lock:
                    future = self._waiting.pop(reply["id"], None)
                if future is not None and future.set_running_or_notify_cancel():
                    _settle(future, reply)
        with self._lock:
            self._lost()

    def _lost(self) -> None:
        """The other side is gone: nobody may wait for it for ever."""
        self._dead = True
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if future.set_running_or_notify_cancel():
                future.set_exception(CallError("engine", "the controlling process of the run has ended; run it again"))


def _settle(future: Future[Any], reply: Mapping[str, Any]) -> None:
    if "error" not in reply:
        future.set_result(reply["value"])
    elif reply["type"] == "budget":
        future.set_exception(BudgetExhausted(reply["error"]))
    else:
        future.set_exception(CallError(reply.get("reason", ""), reply["error"]))


def _kind(err: AstralError) -> str:
    return "budget" if isinstance(err, BudgetExhausted) else "call"


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row).encode("ascii") + b"\n"


def _private_directory() -> str:
    """A directory that only this user can enter, with a path short enough for a socket."""
    made = tempfile.mkdtemp(prefix=PREFIX)
    if len(os.fsencode(made)) > LONGEST_PATH - 2:
        os.rmdir(made)
        made = tempfile.mkdtemp(prefix=PREFIX, dir="/tmp")  # with mode 0700, as everywhere
    _clear_away(Path(made).parent)
    return made


def _clear_away(place: Path) -> None:
    """Remove what brokers that were killed have left: sockets of this user at which nobody listens any more."""
    for left in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            found = left.lstat()
            old = time.time() - found.st_mtime > SECONDS_TO_LISTEN
            if old and found.st_uid == os.getuid() and _is_dead(left / "s"):
                (left / "s").unlink()
                left.rmdir()


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(1.0)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            return True
        return False
