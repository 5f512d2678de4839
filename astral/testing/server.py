"""A local OpenAI-compatible HTTP server for tests: real sockets, scripted answers and faults, and a log as a witness.

    with LocalServer(lambda request, attempt: "an answer") as server:
        ...  # server.url, server.requests, server.count()

Other wire formats get a route each: ``LocalServer(routes={"/v1/responses": lambda logged, attempt: of_json({...})})``.

Runs on its own as well: ``python -m astral.testing.server --port 0 --latency 0.2`` prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import signal
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from astral.testing.behaviour import default_answer
from astral.testing.connection import Connection, Logged
from astral.testing.replies import Reply, completion, error, of_json

__all__ = ["LocalServer", "Logged", "Route", "Script"]

Script = Callable[[dict[str, Any], int], "str | Reply | None"]
"""``(request body, how many times this very content was asked, from 1)`` to an answer; None: the default one."""
Route = Callable[[Logged, int], "str | Reply | None"]
"""``(request, how many times this very method, path and body came, from 1)`` to an answer; None: as without it."""


class LocalServer:
    """Serves ``/v1/chat/completions`` and ``/v1/models`` on a free port of this machine, from a thread of its own.

    ``routes`` maps beginnings of paths (of the URL after the port, query included) to functions that see the whole
    request; the longest that fits counts, before ``script``. What one of them raises drops
    the connection and comes out of the ``with`` block.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        routes: Mapping[str, Route] | None = None,
        latency: float = 0.0,
        port: int = 0,
        log: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.script = script
        self.routes: dict[str, Route] = dict(routes or {})
        self.latency = latency
        self.refusing = False
        """While True, connections are reset as soon as they are opened."""
        self._port, self._tls = port, tls
        self._log_path = log
        self._log_file: IO[str] | None = None
        self._log: list[Logged] = []
        self._asked: Counter[bytes] = Counter()
        self._in_flight = 0
        self.max_in_flight = 0
        self.connections = 0
        """Connections that clients have opened so far."""
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._serving = threading.Event()
        self._open: set[Connection] = set()
        self._raised: list[Exception] = []

    # --- from the test's thread ---------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        """Scheme, host and port alone."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return len(self._open)

    @property
    def requests(self) -> tuple[Logged, ...]:
        """All requests so far, in the order of their coming."""
        return tuple(self._log)

    @property
    def counts(self) -> Counter[str]:
        """Chat requests by model."""
        return Counter(logged.model for logged in self._log if _is_chat(logged.path))

    def count(self, model: str | None = None) -> int:
        """Chat requests to ``model``, or to all."""
        return self.counts.total() if model is None else self.counts[model]

    def __enter__(self) -> LocalServer:
        return self.start()

    def __exit__(self, kind: object, *exc: object) -> None:
        self.stop()
        if kind is None and self._raised:
            raise self._raised[0]

    def start(self) -> LocalServer:
        """Listen; the port is known when this returns."""
        listening = socket.create_server(("127.0.0.1", self._port), backlog=512)
        self._port = listening.getsockname()[1]
        if self._log_path is not None:
            self._log_file = self._log_path.open("a", encoding="ascii", buffering=1)
        self._thread = threading.Thread(target=self._serve, args=(listening,), name="astral-local-server", daemon=True)
        self._thread.start()
        self._serving.wait()
        return self

    def stop(self) -> None:
        """Drop all connections and end the thread."""
        if self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None
        if self._log_file is not None:
            self._log_file.close()

    # --- in the server's thread ---------------------------------------------------------------------------------------

    def _serve(self, listening: socket.socket) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        make = loop.create_server(lambda: Connection(self, loop), sock=listening, ssl=self._tls)
        server = loop.run_until_complete(make)
        self._serving.set()
        try:
            loop.run_forever()
        finally:
            loop.remove_reader(listening)  # a closed asyncio.Server loses what is being accepted at that moment
            loop.run_until_complete(self._drop_all())
            server.close()
            loop.close()

    async def _drop_all(self) -> None:
        while self._open or len(asyncio.all_tasks()) > 1:
            for connection in tuple(self._open):
                connection.transport.abort()
            await asyncio.sleep(0)

    def opened(self, connection: Connection) -> None:
        """Called by a connection, as are those below."""
        self._open.add(connection)
        self.connections += 1

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)

    def arrived(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Logged:
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
        entry = Logged(method, path, headers, body, time.monotonic(), self._in_flight)
        self._log.append(entry)
        if self._log_file is not None:
            self._log_file.write(_line(entry))
        return entry

    def left(self) -> None:
        self._in_flight -= 1

    def reply(self, logged: Logged) -> Reply:
        try:
            answer = self._answer(logged)
        except Exception as err:
            self._raised.append(err)
            raise
        return completion(answer, model=logged.model) if isinstance(answer, str) else answer

    def _answer(self, logged: Logged) -> str | Reply:
        fitting = [prefix for prefix in self.routes if logged.path.startswith(prefix)] if self.routes else ()
        if fitting:
            route = self.routes[max(fitting, key=len)]
            answer = route(logged, self._count([logged.method, logged.path, logged.body]))
            if answer is not None:
                return answer
        if logged.path.endswith("/models"):
            return of_json({"object": "list", "data": [{"id": "stub", "object": "model"}]})
        if not _is_chat(logged.path) or not isinstance(logged.body, dict):
            return error(404, f"no such path: {logged.path}")
        attempt = self._count([logged.model, logged.body.get("messages")])
        answer = self.script(logged.body, attempt) if self.script else None
        return default_answer(logged.body) if answer is None else answer

    def _count(self, content: list[Any]) -> int:
        digest = hashlib.sha256(json.dumps(content).encode()).digest()
        self._asked[digest] += 1
        return self._asked[digest]


def _is_chat(path: str) -> bool:
    return path.partition("?")[0].endswith("/chat/completions")


def _line(entry: Logged) -> str:
    fields = {name: getattr(entry, name) for name in ("method", "path", "headers", "body", "at", "in_flight", "model")}
    return json.dumps(fields) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(
        prog="python -m astral.testing.server", description="a local OpenAI-compatible server"
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--log", type=Path, help="a file that gets one JSON line for each request")
    given = parser.parse_args(arguments)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with LocalServer(latency=given.latency, port=given.port, log=given.log) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        over.wait()


if __name__ == "__main__":
    main()
