"""The review page's server: loopback only, one random token, nothing from elsewhere, no text interpreted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import socketserver
import sys
import threading
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from astral.errors import SettingsError, StoreError
from astral.escape import show
from astral.review.sitting import NotLabelled, Sitting
from astral.review.view import case_view, queue_view, row_view
from astral.taxonomy import Taxonomy
from astral.wire.strict_json import read_object

HOST = "127.0.0.1"
MOST_BYTES = 16_384
"""Of a request's body: a label with its note needs less."""
SECONDS = 20
"""A connection that says nothing for so long is closed."""
_CASE = re.compile(r"cases/(\d{1,9})")
_HERE = Path(__file__).parent


class ReviewServer(ThreadingHTTPServer):
    """Serves one sitting at ``address``, which holds the token: whoever does not know it is told nothing."""

    daemon_threads = True

    def __init__(self, sitting: Sitting, taxonomy: Taxonomy, *, port: int = 0) -> None:
        self.sitting, self.taxonomy = sitting, taxonomy
        self.token = secrets.token_urlsafe(16)
        self.ended = threading.Event()
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as err:
            raise SettingsError(
                f"--port {port}: cannot be used ({err.strerror}); leave it out to take a free one"
            ) from err
        self.hosts = tuple(f"{name}:{self.server_port}" for name in (HOST, "localhost"))
        self.address = f"http://{self.hosts[0]}/{self.token}/"

    def server_bind(self) -> None:
        """Without asking DNS what this machine is called, as the standard library does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def serve_until_ended(self) -> None:
        """Serve until the page says that the review is over, or Ctrl-C."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, name="astral-review")
        thread.start()
        try:
            while not self.ended.wait(1.0):  # a wait without end would not let a signal through everywhere
                pass
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error; anything else is a defect, told in one line."""
        error = sys.exception()
        if not isinstance(error, OSError):
            sys.stderr.write(f"astral: the review page failed ({type(error).__name__}: {show(str(error))})\n")


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    server_version, sys_version = "astral", ""
    timeout = SECONDS

    def do_GET(self) -> None:
        if (what := self._asked()) is None:
            return
        found = _CASE.fullmatch(what)
        if what == "":
            self._send(HTTPStatus.OK, page()[0], "text/html; charset=utf-8", page()[1])
        elif what == "queue":
            self._send_json(HTTPStatus.OK, queue_view(self.server.sitting))
        elif found and int(found[1]) < len(self.server.sitting.exchanges):
            self._send_json(HTTPStatus.OK, case_view(self.server.sitting, int(found[1]), self.server.taxonomy))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here")

    def do_POST(self) -> None:
        body = self._body()
        if body is None or (what := self._asked()) is None:
            return
        if not self._is_own_origin():
            self._refuse(HTTPStatus.FORBIDDEN, "another page may not label")
        elif what == "labels":
            self._label(body)
        elif what == "end":
            self._send_json(HTTPStatus.OK, {"ended": True})
            self.server.ended.set()
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _asked(self) -> str | None:
        """The path below the token; None, and refused, for strangers and for names that DNS was made to give us."""
        if self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
            self._refuse(HTTPStatus.FORBIDDEN, "wrong host")
            return None
        parts = self.path.split("/", 2)
        given = parts[1] if len(parts) == 3 else ""
        if not hmac.compare_digest(given.encode("latin-1", "replace"), self.server.token.encode()):
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here")
            return None
        return parts[2]

    def _is_own_origin(self) -> bool:
        """Browsers name the page that posts; forms of other pages cannot send JSON without being asked first."""
        origins = {f"http://{host}" for host in self.server.hosts}
        given = self.headers.get_all("Origin", [])
        typed = self.headers.get_content_type() == "application/json"
        return typed and (not given or (len(given) == 1 and given[0] in origins))

    def _body(self) -> bytes | None:
        """What was sent, of the length that was announced; None, and refused, where it is none or too much."""
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"\d{1,9}", length) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "say how long the body is")
            return None
        if int(length) > MOST_BYTES:
            self.rfile.read(min(int(length), 64 * MOST_BYTES))  # who still sends does not hear the refusal
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MOST_BYTES} bytes are taken")
            return None
        return self.rfile.read(int(length))

    def _label(self, body: bytes) -> None:
        row = read_object(body.decode("utf-8", "replace"))
        number, word, note = (row or {}).get("number"), (row or {}).get("label"), (row or {}).get("note", "")
        if type(number) is not int or not isinstance(word, str) or not isinstance(note, str):
            self._refuse(HTTPStatus.BAD_REQUEST, "a label is one JSON object with number, label and note")
            return
        try:
            self.server.sitting.label(number, word, note)
        except NotLabelled as err:
            self._refuse(HTTPStatus.BAD_REQUEST, str(err))
        except StoreError as err:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(err))
        else:
            sitting = self.server.sitting
            self._send_json(HTTPStatus.OK, row_view(sitting, number, sitting.labels()))

    def _send_json(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, json.dumps(value).encode("ascii"), "application/json")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._send_json(status, {"error": show(why, 500)})

    def _send(self, status: HTTPStatus, body: bytes, kind: str, policy: str = "default-src 'none'") -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Connection": "close",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses by itself (other methods, broken requests) goes the same way."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or ""
        self.request_version = "HTTP/1.1"  # otherwise a reply to a broken request line has no headers
        self._refuse(HTTPStatus(code), HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address holds the token."""


@cache
def page() -> tuple[bytes, str]:
    """The page, and the policy that lets it run its own style and script alone and ask its own server alone."""
    style, script, html = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js", "page.html"))
    sources = f"style-src {_hash(style)}; script-src {_hash(script)}; connect-src 'self'; img-src data:"
    return html.replace("[style]", style).replace("[script]", script).encode(), f"default-src 'none'; {sources}"


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
