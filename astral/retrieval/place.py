"""Where an embedded index lives: a directory by key, locks that die with their owner, a manifest that tells damage."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from astral.errors import RetrievalError
from astral.escape import show
from astral.files import private_directory, write_whole

Say = Callable[[str], object]
KEPT = 3
"""Indexes of other corpora or embedders that are kept: going back to one costs nothing then."""
DATABASE, MANIFEST = "chroma.sqlite3", "manifest.json"
_KEY = re.compile(r"[0-9a-f]{12}")
_NEW, _OLD = "new-", "old-"
_VOLATILE = frozenset({"acquire_write"})
"""Tables that Chroma writes to whenever it opens a database."""


class Place:
    """``directory/index/<key>/``. Whoever builds, replaces or removes holds ``index/lock``; whoever reads holds a share
    of ``index/<key>.lock`` as long as it reads. Both are locks of the operating system.
    """

    def __init__(self, directory: Path, key: str) -> None:
        self.root, self.key = directory / "index", key
        self.path = self.root / key

    @contextlib.contextmanager
    def alone(self, say: Say) -> Iterator[None]:
        """Hold the right to build and to open; a second process waits here."""
        with self._writable():
            private_directory(self.root)
            lock = _opened(self.root / "lock")
        try:
            if not _locked(lock, wait=False):
                say("astral: another process has the retrieval index; waiting for it")
                _locked(lock)
            self._remove_leftovers()
            yield
        finally:
            os.close(lock)

    def share(self) -> Callable[[], None]:
        """Mark the index as being read, until what is returned is called."""
        with self._writable():
            lock = _opened(self._lock(self.key))
            _locked(lock, shared=True)
            os.utime(lock)
        return lambda: os.close(lock)

    def flaw(self, count: int, version: str) -> str:
        """What is wrong with the index, in words that follow its name; empty when every byte is as it was built.

        Nothing of Chroma is asked: its native part must not see damaged files.
        """
        if not self.path.exists():
            return "is not there"
        try:
            return self._compared(json.loads((self.path / MANIFEST).read_text(encoding="utf-8")), count, version)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return "is damaged (no readable manifest)"
        except sqlite3.Error:
            return f"is damaged ({DATABASE})"

    def _compared(self, manifest: Mapping[str, Any], count: int, version: str) -> str:
        if (manifest["key"], manifest["count"]) != (self.key, count):
            return "was built for something else"
        if manifest["chromadb"] != version:
            return "was built by another version of chromadb"
        files: Mapping[str, str] = dict(manifest["files"])
        damaged = sorted(name for name, digest in files.items() if _digest(self.path / name) != digest)
        return f"is damaged ({show(damaged[0], 80)})" if damaged else ""

    def stage(self) -> Path:
        """An empty directory to build in, beside the index."""
        path = self.root / f"{_NEW}{self.key}-{secrets.token_hex(4)}"
        with self._writable():
            path.mkdir(mode=0o700)
        return path

    def publish(self, staged: Path, facts: Mapping[str, Any]) -> None:
        """Put a finished index in the place of what is there, whole or not at all; the manifest is its last file."""
        with self._writable():
            names = sorted(str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file())
            files = {name: _digest(staged / name) for name in names}
            manifest = json.dumps({**facts, "key": self.key, "files": files}, indent=1, sort_keys=True)
            write_whole(staged / MANIFEST, manifest + "\n")
            for path in staged.rglob("*"):  # Chroma makes them readable by all
                path.chmod(0o700 if path.is_dir() else 0o600)
            if self.path.exists():
                self.path.rename(self.root / f"{_OLD}{self.key}-{secrets.token_hex(4)}")
            staged.rename(self.path)
            self._remove_leftovers()

    def sweep(self) -> None:
        """Remove the indexes of other keys that nobody reads, all but those that were used last."""
        others = [path for path in self.root.iterdir() if _KEY.fullmatch(path.name) and path.name != self.key]
        others.sort(key=lambda path: (_used(self._lock(path.name)), path.name), reverse=True)
        for path in others[KEPT:]:
            self._remove_unread(path, path.name)

    def _remove_leftovers(self) -> None:
        """What a builder that died has left, and replaced indexes that are not read any more."""
        for path in self.root.glob(f"{_NEW}*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self.root.glob(f"{_OLD}*"):
            self._remove_unread(path, path.name.split("-")[1])

    def _remove_unread(self, path: Path, key: str) -> None:
        with contextlib.suppress(OSError):
            lock = _opened(self._lock(key))
            try:
                if _locked(lock, wait=False):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)

    def _lock(self, key: str) -> Path:
        return self.root / f"{key}.lock"

    @contextlib.contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            raise RetrievalError(
                f"{show(str(self.root))}: cannot be written ({err.strerror}); make room or rights, or use a server: "
                f"chroma=http://..."
            ) from err


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)


def _locked(descriptor: int, *, shared: bool = False, wait: bool = True) -> bool:
    """Take the lock; False when somebody else has it and ``wait`` is off."""
    try:
        import fcntl
    except ImportError:
        raise RetrievalError(
            "an embedded index needs POSIX file locks, which this system does not have; use chroma=http://..., or WSL"
        ) from None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _used(lock: Path) -> int:
    try:
        return lock.stat().st_mtime_ns
    except OSError:
        return 0


def _digest(path: Path) -> str:
    """SHA-256 of a file; of the database, of what its tables hold, since opening it changes its bytes."""
    if path.name == DATABASE:
        return _database_digest(path)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _database_digest(path: Path) -> str:
    digest = hashlib.sha256()
    database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, timeout=10.0)
    try:
        if database.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("not whole")
        for (table,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall():
            if table in _VOLATILE or table.startswith("sqlite_") or _virtual(database, table):
                continue
            digest.update(repr(table).encode())
            quoted = table.replace('"', '""')
            for row in database.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - the name is Chroma's own
                for value in row:
                    digest.update(value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass"))
    finally:
        database.close()
    return digest.hexdigest()


def _virtual(database: sqlite3.Connection, table: str) -> bool:
    (definition,) = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return str(definition).upper().startswith("CREATE VIRTUAL")
