"""Fetches the page behind a piece of news, within limits: where from, how much, how long, and of what kind."""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from astral.errors import SearchError
from astral.search.addresses import NOBODY, Allowed, Place, Refused, Resolver, checked_place, system_resolver
from astral.search.exchange import SECONDS
from astral.search.extraction import Page, page_of, text_of
from astral.search.threads import in_daemon_thread
from astral.wire.transport import BodyRefused, unpacked

if TYPE_CHECKING:
    import httpx2

BYTES = 2 * 1024 * 1024
"""The longest page that is read, packed or unpacked."""
HOPS = 3
"""Redirects that are followed."""
_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]{1,40})""", re.IGNORECASE)
_ENCODINGS = re.compile(
    r"utf-?8|utf-?16(?:le|be)?|iso-?8859-\d{1,2}|windows-125\d|cp125\d|(?:us-)?ascii|latin-?1|gb2312|gbk|gb18030|big5|"
    r"shift[_-]?jis|euc-(?:jp|kr)|koi8-[ru]",
    re.IGNORECASE,
)
"""Encodings that pages are in. Python knows others, some of them slow on purpose-made input."""
_HEADERS = {"User-Agent": "pytest-astral", "Accept": "text/html, text/plain;q=0.8", "Accept-Encoding": "identity"}


class Fetcher:
    """Sends no cookies and takes no proxy from the environment: a proxy would resolve the name again.

    ``resolve`` and ``allow`` are for tests, which have no public addresses; no setting reaches them.
    """

    def __init__(
        self, *, resolve: Resolver = system_resolver, allow: Allowed = NOBODY, seconds: float = SECONDS
    ) -> None:
        self._resolve, self._allow, self._seconds = resolve, allow, seconds
        self._certificates: ssl.SSLContext | None = None

    async def page(self, url: str) -> Page:
        """Title and main text of the page at ``url``. Raises SearchError: why not, without the address or its text."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url)
        except TimeoutError as err:
            raise Refused("it did not come in time") from err
        except SearchError:
            raise
        except BodyRefused as err:
            raise Refused("it is too large" if err.reason == "too_large" else "its compression cannot be read") from err
        except Exception as err:  # whatever a server does, a page is no more than a page
            raise Refused("the connection failed") from err

    async def _follow(self, url: str) -> Page:
        for _ in range(HOPS + 1):
            place = await checked_place(url, self._resolve, self._allow)
            answer = await self._visit(place)
            if isinstance(answer, Page):
                return answer
            following = urljoin(url, answer)
            if place.scheme == "https" and not following.startswith("https:"):
                raise Refused("it redirects from https to http")
            url = following
        raise Refused(f"it redirects more than {HOPS} times")

    async def _visit(self, place: Place) -> Page | str:
        """The page at ``place``, or the location that it redirects to."""
        import httpx2

        if self._certificates is None:
            self._certificates = httpx2.create_ssl_context()
        transport = httpx2.AsyncHTTPTransport(verify=self._certificates, trust_env=False, retries=0)
        async with transport:
            answer = await transport.handle_async_request(_request(place))
            try:
                return await _read(answer)
            finally:
                await answer.aclose()


def _request(place: Place) -> httpx2.Request:
    """A request to the checked address, which still tells the server, and TLS, the host that was asked for."""
    import httpx2

    address = f"[{place.address}]" if ":" in place.address else place.address
    host = f"[{place.host}]" if ":" in place.host else place.host
    url = f"{place.scheme}://{address}:{place.port}{place.path}"
    return httpx2.Request("GET", url, headers={**_HEADERS, "Host": host}, extensions={"sni_hostname": place.host})


async def _read(answer: httpx2.Response) -> Page | str:
    status, headers = answer.status_code, answer.headers
    if status in (301, 302, 303, 307, 308):
        if not (location := headers.get("location", "")):
            raise Refused("it redirects to nowhere")
        return location
    if status != 200:
        raise Refused(f"the server answered {status}")
    kind, _, parameters = headers.get("content-type", "").partition(";")
    if kind.strip().lower() not in _TYPES:
        raise Refused("it is no text")
    packed = bytearray()
    async for part in answer.stream:  # type: ignore[union-attr]
        packed += part
        if len(packed) > BYTES:
            raise BodyRefused("too_large", "page")
    body = unpacked(bytes(packed), headers.get("content-encoding", ""), BYTES)
    plain_text = kind.strip().lower() == "text/plain"
    return await in_daemon_thread(lambda: _page(body, parameters, plain_text=plain_text))  # the loop has other pages


def _page(body: bytes, parameters: str, *, plain_text: bool) -> Page:
    """What a body says. Raises Refused where it is no text, or none of an article."""
    if b"\0" in body[:1024] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("it is no text")
    text = body.decode(_encoding(parameters, body), "replace")
    page = Page("", text_of(text)) if plain_text else page_of(text)
    if not page.text:
        raise Refused("it holds no article")
    return page


def _encoding(parameters: str, body: bytes) -> str:
    """What the header says, else the byte order mark, else what the page says of itself, else UTF-8."""
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    marked = next((name for mark, name in marks if body.startswith(mark)), "")
    named = _CHARSET.search(parameters.encode("ascii", "replace")) or _CHARSET.search(body[:1024])
    given = named[1].decode("ascii") if named else ""
    return marked or (given if _ENCODINGS.fullmatch(given) else "utf-8")
