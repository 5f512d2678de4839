"""What a server can make us read, bounded: one body of one size, decompressed here; and the ``httpx2`` client."""

from __future__ import annotations

import urllib.request
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astral.wire.address import is_loopback

if TYPE_CHECKING:
    import ssl

    import httpx2

BODY_LIMIT = 4 * 1024 * 1024
"""The longest body that is read, in bytes after decompression."""
_DROPPED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding", b"set-cookie"})
"""Headers that no longer fit the body that is handed on; and cookies, so that repeats stay independent askings."""


class BodyRefused(Exception):
    """A body that is not read to its end; ``reason`` is ``too_large`` or ``bad_reply``."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason


class BoundedTransport:
    """An ``httpx2`` transport that reads at most ``limit`` bytes of a body, over lanes of one connection each: the
    library's own pool searches all its connections for every request, which at 128 of them costs more than the call.

    It has the shape of ``httpx2.AsyncBaseTransport`` without inheriting it, so that importing this module stays cheap.
    """

    def __init__(self, make_lane: Callable[[], httpx2.AsyncBaseTransport], limit: int = BODY_LIMIT) -> None:
        self._make_lane = make_lane
        self._limit = limit
        self._lanes: list[httpx2.AsyncBaseTransport] = []
        self._idle: list[httpx2.AsyncBaseTransport] = []

    async def __aenter__(self) -> BoundedTransport:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        for lane in self._lanes:
            await lane.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        import httpx2

        request.headers["Accept-Encoding"] = "identity"
        lane = self._idle.pop() if self._idle else self._new_lane()
        try:
            reply = await lane.handle_async_request(request)
            try:
                body = await self._body(reply)
            finally:
                await reply.aclose()
        finally:
            self._idle.append(lane)
        headers = [(name, value) for name, value in reply.headers.raw if name.lower() not in _DROPPED]
        return httpx2.Response(reply.status_code, headers=headers, content=body, extensions=reply.extensions)

    def _new_lane(self) -> httpx2.AsyncBaseTransport:
        lane = self._make_lane()
        self._lanes.append(lane)
        return lane

    async def _body(self, reply: httpx2.Response) -> bytes:
        try:
            packed = await self._read(reply)
        except BodyRefused:
            if is_success(reply.status_code):
                raise
            return b""
        return read_body(reply.status_code, packed, reply.headers.get("content-encoding", ""), self._limit)

    async def _read(self, reply: httpx2.Response) -> bytes:
        body = bytearray()
        async for part in reply.stream:  # type: ignore[union-attr]
            body += part
            if len(body) > self._limit:
                raise too_large(self._limit)
        return bytes(body)


def read_body(status: int, body: bytes, encoding: str, limit: int) -> bytes:
    """The body of a reply, unpacked. Raises BodyRefused for a success whose body cannot be read: any other status says
    by itself what is wrong, so that its body, if unreadable, counts as empty.
    """
    try:
        return unpacked(body, encoding, limit)
    except BodyRefused:
        if is_success(status):
            raise
        return b""


def is_success(status: int) -> bool:
    """True where what counts is the body."""
    return 200 <= status < 300


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """``body`` without its gzip or deflate coding, at most ``limit`` bytes long. Raises BodyRefused."""
    coding = encoding.strip().lower()
    if coding in ("", "identity") or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        return _inflated(body, 16 + zlib.MAX_WBITS, limit)
    if coding == "deflate":  # named after zlib's format; some servers send the bare stream
        wrapped = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return _inflated(body, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, limit)
    raise BodyRefused("bad_reply", "the reply is compressed in a way that was not asked for")


def _inflated(body: bytes, wbits: int, limit: int) -> bytes:
    inflater = zlib.decompressobj(wbits)
    try:
        text = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise BodyRefused("bad_reply", "the compressed reply is damaged") from None
    if len(text) > limit:
        raise too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise BodyRefused("bad_reply", "the compressed reply is cut short or followed by something else")
    return text


def too_large(limit: int) -> BodyRefused:
    """The refusal of a body that goes on after ``limit`` bytes."""
    return BodyRefused("too_large", f"the reply is larger than {limit // 1024} KiB")


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for ``url`` (HTTPS_PROXY, ALL_PROXY, NO_PROXY); none for this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def tls_context(url: str) -> ssl.SSLContext | None:
    """What checks the certificate of the server at ``url`` (SSL_CERT_FILE counts); None for plain HTTP."""
    if not url.startswith("https:"):
        return None
    import httpx2

    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def bounded_client(url: str) -> httpx2.AsyncClient:
    """A client for one endpoint: TLS checked, no redirects, bodies bounded. Deadlines are the caller's, and so is how
    many requests are in flight: there are as many connections as that.

    Of the environment it takes proxies and the certificate store (SSL_CERT_FILE), never credentials from ``.netrc``.
    """
    import httpx2

    # shorter than the 5 s after which common servers drop an idle connection, so that none is dropped under a request
    limits = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=4.0)
    certificates, proxy = httpx2.create_ssl_context(), proxy_for(url)

    def lane() -> httpx2.AsyncBaseTransport:
        return httpx2.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy)

    transport: Any = BoundedTransport(lane)
    return httpx2.AsyncClient(transport=transport, timeout=None, follow_redirects=False, trust_env=False)
