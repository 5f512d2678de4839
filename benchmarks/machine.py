"""What the other benchmarks share: a line on the machine, a child process with its costs, the local server."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Child:
    """A child process that has ended; ``wall`` and ``cpu`` are seconds, ``cpu`` user and system together; ``peak`` is
    the most memory that it had resident, in MB of 10^6 bytes; ``begun`` is on the monotonic clock of the system.
    """

    code: int
    output: str
    wall: float
    cpu: float
    peak: float
    begun: float


def described(directory: Path) -> str:
    """One line: cores, Python, date, load, and what a commit to ``directory`` costs."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    python = platform.python_version()
    return (
        f"{cores} cores, Python {python}, {datetime.datetime.now(datetime.UTC).date()}, load {load:.1f}, "
        f"fsync {fsync_ms(directory):.2f} ms"
    )


def fsync_ms(directory: Path, times: int = 50) -> float:
    """Median milliseconds of writing one page and syncing it in ``directory``."""
    seconds = []
    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(times):
            start = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def environment(**more: str) -> dict[str, str]:
    """This environment without what would change a run, and with ``more``."""
    dropped = re.compile(r"CI$|OPENAI_|PYTEST_|ASTRAL_|.*_PROXY$|PYTHONDONTWRITE|LD_PRELOAD", re.IGNORECASE)
    return {**{k: v for k, v in os.environ.items() if not dropped.match(k)}, **more}


def run(words: Sequence[str], directory: Path, *, env: Mapping[str, str] | None = None, timeout: float = 300) -> Child:
    """Run ``python WORDS`` in ``directory``. Raises subprocess.TimeoutExpired after ``timeout`` seconds."""
    with tempfile.TemporaryFile() as output:
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *words], cwd=directory, env=env or environment(), stdout=output, stderr=subprocess.STDOUT
        )
        status, used = _waited(process, timeout)
        wall = time.monotonic() - begun
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    peak = used.ru_maxrss * (1024 if sys.platform == "linux" else 1) / 1e6
    return Child(os.waitstatus_to_exitcode(status), text, wall, used.ru_utime + used.ru_stime, peak, begun)


def _waited(process: subprocess.Popen[bytes], timeout: float) -> tuple[int, resource.struct_rusage]:
    """Status and costs of exactly this child: ``wait4`` knows them, ``subprocess`` does not."""
    deadline = time.monotonic() + timeout
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return status, used
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise subprocess.TimeoutExpired(process.args, timeout)
        time.sleep(0.002)


@contextlib.contextmanager
def local_server(latency: float, log: Path) -> Iterator[str]:
    """The base URL of an ``astral.testing.server`` in a process of its own."""
    words = [sys.executable, "-m", "astral.testing.server", "--latency", str(latency), "--log", str(log)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def slow_commits(milliseconds: int, where: Path) -> dict[str, str]:
    """What to add to a child's environment so that each fsync takes that much longer: a shim before the C library,
    since SQLite commits by fdatasync. Empty where there is no C compiler or the system is not Linux.
    """
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return {}
    source, shim = where / "slow_fsync.c", where / "slow_fsync.so"
    source.write_text(_SHIM.format(nanoseconds=milliseconds * 1_000_000))
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(source)], check=True)
    return {"LD_PRELOAD": str(shim)}


_SHIM = """
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static void wait_a_little(void) {{
  struct timespec span = {{{nanoseconds} / 1000000000, {nanoseconds} % 1000000000}};
  nanosleep(&span, 0);
}}
int fsync(int fd) {{ wait_a_little(); return (int) syscall(SYS_fsync, fd); }}
int fdatasync(int fd) {{ wait_a_little(); return (int) syscall(SYS_fdatasync, fd); }}
"""


def spread(values: Sequence[float], digits: int = 2) -> str:
    """``median (least-most)``."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
