"""What was already paid for while a suite is being made: replies by a key, on disk before they are used."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from astral.errors import SuiteError
from astral.files import private_directory


class Journal:
    """A file of JSON lines ``{"key": ..., "sum": ..., "value": ...}`` that only grows. Without a path nothing is kept.

    A line that a crash cut off, or that damage changed, is left out when the file is read again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._rows: dict[str, Any] = {}
        self._file: int | None = None
        self._lock: int | None = None

    @property
    def kept(self) -> int:
        """How many replies there are to go on from."""
        return len(self._rows)

    def open(self) -> Journal:
        """Read what an interrupted process left and take the right to write. Raises SuiteError.

        One process at a time: a second one would pay for the same prompts again.
        """
        if self._path is None:
            return self
        try:
            private_directory(self._path.parent)
            self._lock = _locked(self._path.with_suffix(".lock"))
            self._rows = dict(_rows(self._path))
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            if not _ends_with_a_line(self._path):
                self._append(b"\n")  # ends a line that a crash cut off
        except BlockingIOError as err:
            self.close()
            raise SuiteError(
                f"{self._path.name}: another process is generating this very suite; wait for it, then run again"
            ) from err
        except OSError as err:
            self.close()
            raise SuiteError(f"{self._path}: cannot be written ({err.strerror}); run where you may write") from err
        return self

    def close(self, *, done: bool = False) -> None:
        """Close the file; when the suite is ``done``, or nothing was kept, it goes."""
        if self._path is not None and self._file is not None and (done or not self._rows):
            self._path.unlink(missing_ok=True)
            self._path.with_suffix(".lock").unlink(missing_ok=True)
        for descriptor in (self._file, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._file = self._lock = None

    def forget(self) -> None:
        """Start anew: what was kept is thrown away."""
        self._rows = {}
        if self._file is not None:
            os.truncate(self._file, 0)

    def get(self, key: str) -> Any | None:
        """What was kept under ``key``, or None."""
        return self._rows.get(key)

    def put(self, key: str, value: Any) -> None:
        """Keep ``value`` (JSON) under ``key``; on return it is on disk. Raises SuiteError."""
        self._rows[key] = value
        if self._file is None or self._path is None:
            return
        line = json.dumps({"key": key, "sum": _sum(key, value), "value": value}, separators=(",", ":")) + "\n"
        try:
            self._append(line.encode("ascii"))
        except OSError as err:
            raise SuiteError(f"{self._path}: cannot be written ({err.strerror}); make room, then run again") from err

    def _append(self, line: bytes) -> None:
        """All of ``line``: a disk that is filling up takes a part of it and says so by a number only."""
        assert self._file is not None
        while line:
            line = line[os.write(self._file, line) :]
        os.fsync(self._file)


def key_of(*parts: Any) -> str:
    """24 hex digits of SHA-256 over the JSON of ``parts``."""
    text = json.dumps(parts, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:24]


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_bytes().split(b"\n"):
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
                row = json.loads(line)
                key, value = str(row["key"]), row["value"]
                if row.get("sum") in (None, _sum(key, value)):  # earlier versions wrote none
                    yield key, value


def _sum(key: str, value: Any) -> str:
    """CRC-32 of what a line says."""
    return f"{zlib.crc32(json.dumps([key, value], separators=(',', ':'), sort_keys=True).encode('ascii')):08x}"


def _ends_with_a_line(path: Path) -> bool:
    with path.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return True
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def _locked(path: Path) -> int | None:
    """An exclusive lock on ``path``. Raises BlockingIOError where another process holds it."""
    try:
        import fcntl
    except ImportError:  # no such lock on Windows: there two processes pay twice
        return None
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, descriptor):
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """False where the file was removed between opening and locking: somebody else may hold a new one by now."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    return False
