"""Faults in what a command does to its files: the n-th write, fsync, open, rename, unlink, mkdir ... fails."""

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from desks import environment

HERE = Path(__file__).parent
FAIL, KILL, TEAR, HALF = range(4)
"""What becomes of the n-th call: as in ``faulty.c``."""


@dataclass(frozen=True)
class Fault:
    """The ``nth`` call on a file below the directory fails, or each from then on; 0: none does."""

    nth: int = 0
    for_ever: bool = False
    error: int = errno.EIO
    action: int = FAIL

    def __str__(self):
        what = ("fails", "kills", "is torn and kills", "is half done")[self.action]
        lasting = " and all that follow" if self.for_ever else ""
        return f"call {self.nth}{lasting} {what} ({errno.errorcode[self.error]})"


@dataclass(frozen=True)
class Injected:
    """What a command made of a fault. ``hits`` is how often the fault occurred (-1: it killed), ``count`` how many
    calls were counted, ``seen`` the call that it met first.
    """

    code: int
    out: str
    hits: int = -1
    count: int = 0
    seen: str = ""


def built_shim(place):
    """``faulty.c``, compiled; skips aloud where that cannot be."""
    if not sys.platform.startswith("linux"):
        pytest.skip("no LD_PRELOAD and /proc here: faults in files are injected on Linux only")
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no gcc (nor cc) here: faults in SQLite's own files cannot be injected")
    made = place / "faulty.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, HERE / "faulty.c", "-ldl"], check=True)
    return made


class Injector:
    """A server of forks that runs commands under a fault; a context manager."""

    def __init__(self, place):
        self._place, reading_writing = place, os.pipe()
        reading, writing = reading_writing
        self._answers = open(reading, encoding="ascii")  # noqa: SIM115 - closed at the end
        self._server = subprocess.Popen(
            [sys.executable, HERE / "fork_server.py", str(writing)],
            stdin=subprocess.PIPE,
            text=True,
            pass_fds=(writing,),
            env=environment(LD_PRELOAD=str(built_shim(place))),
        )
        os.close(writing)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._server.stdin.close()
        self._server.wait(10)
        self._answers.close()

    def run(self, directory, *command, fault=Fault(), umask=0o022, **env):
        """Run ``pytest ...`` or ``astral ...`` in ``directory`` under ``fault``."""
        out = self._place / f"{Path(directory).name}.out"
        order = {
            "directory": str(directory),
            "out": str(out),
            "command": command,
            "env": env,
            "umask": umask,
            "nth": fault.nth,
            "sticky": int(fault.for_ever),
            "error": fault.error,
            "action": fault.action,
        }
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        found = json.loads(self._answers.readline())
        return replace(Injected(0, out.read_text("utf-8", "backslashreplace")), **found)
