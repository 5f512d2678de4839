"""Runs a program once: its input, its output, its end, and nothing of it left behind."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

OUTPUT_LIMIT = 4 * 1024 * 1024
"""The most bytes that an answer may have."""
ERROR_TAIL = 8 * 1024
"""Bytes at the end of what a program writes to its error stream that are kept."""
GRACE_SECONDS = 1.0
"""How long the pipes of a program that has ended may stay open: a daemon of its own may hold them."""
_LIVE: set[int] = set()
"""Process groups that run now."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program left: its exit code (minus the signal that ended it), its output, the end of its error stream.

    ``too_long``: it was ended because it wrote more than ``OUTPUT_LIMIT`` bytes.
    """

    code: int
    output: bytes
    errors: bytes
    too_long: bool

    def __repr__(self) -> str:  # answers are harmful text: keep them out of tracebacks
        return f"<Finished {self.code}, {len(self.output)} bytes>"


class _Witness(asyncio.SubprocessProtocol):
    """Takes in what a program writes, and tells when it has ended (``ended``) and its pipes are closed (``closed``).

    A program's end is the end of its answer, though a child of its own may still hold its pipes.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.output, self.errors, self.too_long = bytearray(), bytearray(), False
        self._group = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._group = cast(asyncio.SubprocessTransport, transport).get_pid()
        _LIVE.add(self._group)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.output += data[: OUTPUT_LIMIT + 1 - len(self.output)]
            if len(self.output) > OUTPUT_LIMIT:
                self.too_long = True
                self.kill()
        else:
            self.errors = (self.errors + data)[-ERROR_TAIL:]

    def process_exited(self) -> None:
        self.kill()  # what it has started ends with it
        if not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def kill(self) -> None:
        """End the whole process group; once only, for its number may come to belong to others."""
        if self._group in _LIVE:
            _LIVE.discard(self._group)
            _kill(self._group)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _kill_all() -> None:
    """At the interpreter's end, should a run not have come to its own."""
    for group in list(_LIVE):
        _kill(group)


atexit.register(_kill_all)


async def run_program(argv: Sequence[str], question: bytes, *, directory: Path, seconds: float) -> Finished:
    """Run ``argv`` with ``question`` on its standard input; it and all that it starts are gone when this returns.

    It has a session of its own, so that Ctrl-C at the terminal is ours to hand on. Raises TimeoutError after
    ``seconds``, and OSError when it cannot be started.
    """
    loop = asyncio.get_running_loop()
    transport, witness = await loop.subprocess_exec(_Witness, *argv, cwd=directory, start_new_session=True)
    try:
        async with asyncio.timeout(seconds):
            stdin = cast(asyncio.WriteTransport, transport.get_pipe_transport(0))
            stdin.write(question)  # one that reads nothing and ends is fine: a broken pipe is no error here
            stdin.close()
            await witness.ended
    finally:
        witness.kill()
        await asyncio.wait({witness.closed}, timeout=GRACE_SECONDS)
        transport.close()
    code = transport.get_returncode()
    return Finished(0 if code is None else code, bytes(witness.output), bytes(witness.errors), witness.too_long)
