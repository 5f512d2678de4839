"""The lean HTTP client of one endpoint: connections that are kept and used again, requests without ceremony."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

from astral.wire.connection import Connection, Origin, Request
from astral.wire.exchange import Exchange
from astral.wire.transport import BODY_LIMIT, bounded_client, proxy_for, read_body, tls_context

if TYPE_CHECKING:
    import httpx2

Reply: TypeAlias = tuple[int, Mapping[str, str], bytes]
IDLE_SECONDS = 4.0
"""How long an idle connection is kept: shorter than the 5 s after which common servers drop one."""
_ALWAYS = {"Accept": "application/json, */*", "Accept-Encoding": "identity", "User-Agent": "pytest-astral"}
_URL_SAFE = "/:@!$&'()*+,;=%?-._~"


class Client:
    """Sends the exchanges of one endpoint. Deadlines are the caller's, and so is how many are in flight: there are as
    many connections as that. Redirects are not followed, cookies are not kept, bodies are bounded.

    ``headers`` authorise every request; ``query`` is appended to every URL. Of the environment it takes the proxy and
    the certificate store (SSL_CERT_FILE), never credentials.
    """

    def __init__(self, url: str, query: str, headers: Mapping[str, str]) -> None:
        self._url, self._query = url, query
        parts = urlsplit(url)
        self._headers = {"Host": _host(parts), **_ALWAYS, **headers}
        self._origin = Origin(parts.hostname or "", parts.port or _PORTS[parts.scheme], tls_context(url))
        self._idle: list[Connection] = []
        self._targets: dict[str, str] = {}
        self._through = bounded_client(url) if proxy_for(url) else None

    async def exchanged(self, exchange: Exchange) -> Reply:
        """Status, headers (names in lower case) and body of the reply.

        An idle connection that the server has closed meanwhile is replaced in silence. Foreign exceptions go through.
        """
        if self._through is not None:
            return await self._by_proxy(self._through, exchange)
        request = Request(exchange.method, self._target(exchange.path), self._headers_of(exchange), exchange.body)
        connection = self._kept() or await Connection.to(self._origin)
        status, headers, body = await connection.exchanged(request, BODY_LIMIT)
        if connection.usable:
            self._idle.append(connection)
        return status, headers, read_body(status, body, headers.get("content-encoding", ""), BODY_LIMIT)

    async def aclose(self) -> None:
        """Close the connections that are kept; one in use goes with its call."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        if self._through is not None:
            await self._through.aclose()
        await asyncio.sleep(0)  # the loop closes sockets in its next turn

    def _kept(self) -> Connection | None:
        """The connection that was used last; the others get a chance to grow old."""
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    def _target(self, path: str) -> str:
        """The path and query that a request line names."""
        if path not in self._targets:
            parts = urlsplit(self._url + path)
            query = "&".join(filter(None, (parts.query, self._query)))
            target = (parts.path or "/") + (f"?{query}" if query else "")
            self._targets[path] = quote(target, safe=_URL_SAFE)
        return self._targets[path]

    def _headers_of(self, exchange: Exchange) -> list[tuple[bytes, bytes]]:
        headers = dict(self._headers)
        if exchange.body or exchange.method in ("POST", "PUT", "PATCH"):
            headers["Content-Type"], headers["Content-Length"] = exchange.content_type, str(len(exchange.body))
        if exchange.headers:
            own = {name.lower() for name in exchange.headers}
            headers = {name: value for name, value in headers.items() if name.lower() not in own}
            headers.update(exchange.headers)
        return [(name.encode(), value.encode()) for name, value in headers.items()]

    async def _by_proxy(self, client: httpx2.AsyncClient, exchange: Exchange) -> Reply:
        headers = [
            (name, value) for name, value in self._headers_of(exchange) if name not in (b"Host", b"Content-Length")
        ]
        parts = urlsplit(self._url)
        url = f"{parts.scheme}://{parts.netloc}{self._target(exchange.path)}"
        reply = await client.request(exchange.method, url, content=exchange.body, headers=headers)
        return reply.status_code, reply.headers, reply.content


_PORTS = {"http": 80, "https": 443}


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode("ascii")
    return name if parts.port in (None, _PORTS[parts.scheme]) else f"{name}:{parts.port}"
