"""One connection of the local server: reads requests, and sends replies whole or as their fault says."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from astral.testing.replies import Reply, Stage

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
_AFTERWARDS = frozenset({"bare", "close", "stale"})
"""Faults of a connection whose reply has come whole."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it arrived: ``path`` with its query, header names in lower case, ``body`` the JSON value or else
    the text. ``in_flight`` counts it and those not answered yet; ``at`` is monotonic.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    at: float
    in_flight: int

    @property
    def model(self) -> str:
        return str(self.body.get("model", "")) if isinstance(self.body, dict) else ""


class Answers(Protocol):
    """What a connection asks of its server."""

    latency: float
    refusing: bool

    def opened(self, connection: Connection) -> None: ...
    def closed(self, connection: Connection) -> None: ...
    def arrived(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Logged: ...
    def left(self) -> None: ...
    def reply(self, logged: Logged) -> Reply: ...


class Connection(asyncio.Protocol):
    """Answers one request after the other. A plain reply needs no task, so that the server is no bottleneck."""

    def __init__(self, server: Answers, loop: asyncio.AbstractEventLoop) -> None:
        self._server, self._loop = server, loop
        self._received = bytearray()
        self._busy = self._stale = False
        self._task: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._server.opened(self)
        if self._server.refusing:
            self.reset()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._leave()
        self._server.closed(self)
        if self._later is not None:
            self._later.cancel()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received[:1].isalpha() or self._stale:  # no method begins so: somebody speaks TLS to us
            self.reset() if self._stale else self.transport.abort()
        elif not self._busy:
            self._read()

    def reset(self) -> None:
        """Close with a TCP reset: lingering for zero seconds throws away what was not sent."""
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _read(self) -> None:
        """Take in one request as soon as all of it is there."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        whole = end + 4 + int(headers.get("content-length", 0))
        if len(self._received) < whole:
            return
        body = bytes(self._received[end + 4 : whole])
        del self._received[:whole]
        method, path, _ = first.split(" ", 2)
        self._busy = True
        self._answer(self._server.arrived(method, path, headers, _value(body)))

    def _answer(self, logged: Logged) -> None:
        try:
            reply = self._server.reply(logged)
        except Exception:
            self.transport.abort()
            raise
        delay = self._server.latency + reply.delay
        if reply.after is not None or reply.watch is not None or reply.fault:
            self._task = self._loop.create_task(self._play(reply, delay))
        elif delay:
            self._later = self._loop.call_later(delay, self._send, reply)
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.transport.write(_head(reply) + _framed(reply))
        self._done(reply)

    def _done(self, reply: Reply) -> None:
        self._leave()
        self._later = self._task = None
        self._stale = reply.fault == "stale"
        if reply.fault in ("bare", "close") or reply.headers.get("Connection") == "close":
            self.transport.close()
        elif self._received:
            self._loop.call_soon(self._read)

    def _leave(self) -> None:
        if self._busy:
            self._busy = False
            self._server.left()

    # --- faults -------------------------------------------------------------------------------------------------------

    async def _play(self, reply: Reply, delay: float) -> None:
        await asyncio.sleep(delay)
        while reply.after is not None and not reply.after.is_set():
            await asyncio.sleep(0.005)
        watch = reply.watch or _unwatched
        head, body = _head(reply), _framed(reply)
        watch("head")
        if reply.fault == "hang":
            await asyncio.Event().wait()
        if reply.fault == "flood":
            return await self._flood(reply, head)
        if reply.fault in ("drip", "drip_head", "endless"):
            return await self._drip(reply, head, body)
        if reply.fault == "reset":
            return self.reset()
        self.transport.write(head + body[: len(body) // 2])
        watch("half")
        if reply.fault and reply.fault not in _AFTERWARDS:
            await self._flushed()
            return self.reset() if reply.fault == "reset_in_body" else self.transport.close()
        self.transport.write(body[len(body) // 2 :])
        await self._flushed()
        watch("sent")
        self._done(reply)
        return None

    async def _flood(self, reply: Reply, head: bytes) -> None:
        """Send the body over and over until the client has had enough."""
        self.transport.write(head)
        body = _chunk(reply.body) if _is_chunked(reply) else reply.body
        while not self.transport.is_closing():
            self.transport.write(body)
            await asyncio.sleep(0)
            await self._flushed()

    async def _drip(self, reply: Reply, head: bytes, body: bytes) -> None:
        """Send a byte at a time: the body, or a head or body that never ends."""
        if reply.fault == "drip_head":
            head, body = b"", head[:-2] + b"X-More: and more\r\n" * 10**6
        elif reply.fault == "endless":
            body += b" " * 10**7
        self.transport.write(head)
        for at in range(len(body)):
            self.transport.write(body[at : at + 1])
            await asyncio.sleep(reply.drip_seconds)
        self._done(reply)

    async def _flushed(self) -> None:
        while self.transport.get_write_buffer_size():
            await asyncio.sleep(0.001)


def _unwatched(stage: Stage) -> None:
    return None


def _value(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _head(reply: Reply) -> bytes:
    if reply.fault == "bare":
        return b""
    headers = dict(reply.headers)
    if "Transfer-Encoding" not in headers:
        length = 10**12 if reply.fault in ("endless", "flood") else len(reply.body)
        headers = {"Content-Length": str(length), **headers}
    lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
    for name, values in headers.items():
        lines += [f"{name}: {value}" for value in ([values] if isinstance(values, str) else values)]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1")


def _framed(reply: Reply) -> bytes:
    """The body as it goes over the line: in chunks with a trailer where the headers say chunked."""
    if not _is_chunked(reply):
        return reply.body
    size = reply.chunk
    chunks = (_chunk(reply.body[at : at + size]) for at in range(0, len(reply.body), size))
    return b"".join(chunks) + b"0\r\nX-Trailer: t\r\n\r\n"


def _is_chunked(reply: Reply) -> bool:
    return reply.headers.get("Transfer-Encoding") == "chunked"


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)
