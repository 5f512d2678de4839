"""One HTTP/1.1 connection: ``h11`` speaks the protocol, asyncio carries the bytes, and both are bounded here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astral.wire.transport import BodyRefused, is_success, too_large

if TYPE_CHECKING:
    import ssl

HEAD_LIMIT = 100 * 1024
"""The longest head of a reply, in bytes."""


class Unreached(Exception):
    """No connection came about; the cause says why."""


class Broken(Exception):
    """A connection ended, or carried what is no HTTP, before the reply was whole; the cause is the system's error.

    ``unheard``: it had been idle before and not a byte of the reply came, as when the server closes an idle connection
    at the moment of the request.
    """

    unheard = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads to; ``tls`` is None for plain HTTP."""

    host: str
    port: int
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; ``headers`` hold ``Host`` and ``Content-Length``."""

    method: str
    target: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


class Connection(asyncio.Protocol):
    """Carries one exchange after the other. ``usable`` says whether another may follow."""

    def __init__(self) -> None:
        import h11

        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        self._busy = False
        self._received = 0
        """Bytes of the reply so far."""
        self.usable = True
        self.idle_since = 0.0
        """When the last exchange was over, by the clock of the loop; 0 before the first one."""

    @classmethod
    async def to(cls, origin: Origin) -> Connection:
        """An open connection. Raises Unreached."""
        connect = asyncio.get_running_loop().create_connection
        try:
            _, connection = await connect(cls, origin.host, origin.port, ssl=origin.tls, happy_eyeballs_delay=0.25)
        except (OSError, UnicodeError) as err:
            raise Unreached from err
        return connection

    async def exchanged(self, request: Request, limit: int) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case, of several the last) and body of the reply, as long as ``limit`` bytes.

        Whatever ends it early, cancellation included, ends the connection. Raises Broken, BodyRefused, and h11's
        LocalProtocolError for a request that cannot be sent.
        """
        import h11

        self._busy, self._received = True, 0
        try:
            self._send(request)
            reply = await self._reply(limit)
        except h11.RemoteProtocolError:
            raise self._broken() from self._lost
        finally:
            self._rest()
        return reply

    def close(self) -> None:
        """Close it, at once and for good."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def _send(self, request: Request) -> None:
        import h11

        send, headers = self._h11.send, list(request.headers)
        head = send(h11.Request(method=request.method, target=request.target, headers=headers))
        body = send(h11.Data(data=request.body)) if request.body else b""
        end = send(h11.EndOfMessage())
        if self._transport is None or self._transport.is_closing():
            raise self._broken() from self._lost
        self._transport.write((head or b"") + (body or b"") + (end or b""))

    async def _reply(self, limit: int) -> tuple[int, dict[str, str], bytes]:
        """The reply. A status that is no success says by itself what is wrong: its body, if unreadable, is empty."""
        import h11

        status, headers = await self._head(limit)
        try:
            return status, headers, await self._body(limit)
        except (BodyRefused, h11.RemoteProtocolError):
            if is_success(status):
                raise
            return status, headers, b""

    async def _head(self, limit: int) -> tuple[int, dict[str, str]]:
        import h11

        while True:
            event = await self._event(limit)
            if isinstance(event, h11.Response):
                headers = {name.decode("ascii"): value.decode("latin-1") for name, value in event.headers}
                return event.status_code, headers
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise h11.RemoteProtocolError("no reply to a request")

    async def _body(self, limit: int) -> bytes:
        import h11

        body = bytearray()
        while isinstance(event := await self._event(limit), h11.Data):
            body += event.data
            if len(body) > limit:
                raise too_large(limit)
        if isinstance(event, h11.EndOfMessage):
            return bytes(body)
        raise h11.RemoteProtocolError("no end of a reply")

    async def _event(self, limit: int) -> object:
        """The next thing that the server says."""
        import h11

        while (event := self._h11.next_event()) is h11.NEED_DATA:
            if self._received > 2 * limit + HEAD_LIMIT:  # framing that is longer than what it frames
                raise too_large(limit)
            await self._more()
        return event

    async def _more(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _broken(self) -> Broken:
        broken = Broken("the server says what is no HTTP" if self.usable else "the server closed it")
        broken.unheard = self.idle_since > 0 and not self._received
        return broken

    def _rest(self) -> None:
        """Make ready for the next exchange, or close where the last one did not come to its end."""
        import h11

        self._busy = False
        if self.usable and self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            self.usable = not self._h11.trailing_data[0]
            self.idle_since = asyncio.get_running_loop().time()
        else:
            self.close()

    # --- called by the loop -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._busy:  # nobody asked
            self.close()
            return
        self._received += len(data)
        self._h11.receive_data(data)
        self._wake()

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = exc
        self._end()

    def _end(self) -> None:
        if self.usable:
            self.usable = False
            if self._busy:
                self._h11.receive_data(b"")
                self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
