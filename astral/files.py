"""Files as a whole: written whole or not at all, readable by their owner only, in directories that others cannot enter;
and told apart by their content.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
from pathlib import Path

HOME = ".astral"
"""The directory of a project that holds what is stored of it."""
_LOCKS = os.name == "posix"
"""Elsewhere there are none that die with their process, and an open file cannot take another's place."""


def write_whole(path: Path, text: str) -> None:
    """Put ``text`` (UTF-8) at ``path``: a reader sees the old file or the new one, never a part, and on return the new
    one is on disk. Raises OSError, also for a device or a pipe; what was there then stays as it was.
    """
    if is_special(path):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    _remove_leftovers(path)
    temporary, descriptor = _temporary(path)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
            if _LOCKS:  # while it is locked: what no writer holds is a leftover
                os.replace(temporary, path)
        if not _LOCKS:
            os.replace(temporary, path)
    except BaseException:  # Ctrl-C leaves nothing behind either
        temporary.unlink(missing_ok=True)
        raise
    _keep_name(path.parent)


def _temporary(path: Path) -> tuple[Path, int]:
    """A new file beside ``path`` under a name that nobody can foresee, locked and open for writing. Raises OSError."""
    while True:
        made = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if _locked(descriptor) and made.exists():
            return made, descriptor
        os.close(descriptor)  # another process took it for a leftover between these two lines


def _remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed left of earlier writings; what another process writes is locked."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.tmp")
    with contextlib.suppress(OSError):
        for name in filter(ours.fullmatch, os.listdir(path.parent)):
            with contextlib.suppress(OSError):
                _remove_leftover(path.with_name(name))


def _remove_leftover(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and _locked(descriptor, unknown=False):
            path.unlink()
    finally:
        os.close(descriptor)


def _locked(descriptor: int, *, unknown: bool = True) -> bool:
    """Take the lock that dies with its process; ``unknown`` where system or file system has none."""
    if not _LOCKS:
        return unknown
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return unknown
    return True


def private_directory(path: Path) -> Path:
    """``path`` as a directory for its owner alone (0700), with what is missing above it. Of ``.astral`` and what is
    below, each must be a directory of its own, not a link that leads elsewhere, and git is told to leave it alone.
    Raises OSError.
    """
    above = (*reversed(path.parents), path)
    home = next((one for one in reversed(above) if one.name == HOME), None)
    for one in above:
        inside = home is not None and one.is_relative_to(home)
        if inside and one.is_symlink():
            raise OSError(errno.ELOOP, "a link that leads elsewhere", str(one))
        if inside or not one.exists():
            one.mkdir(mode=0o700, exist_ok=True)
        if one == home:
            _make_private(home)
    return path


def _make_private(home: Path) -> None:
    """Whoever made the directory: nobody else enters it, and git passes it over."""
    if stat.S_IMODE(home.stat().st_mode) != 0o700:
        home.chmod(0o700)
    ignore = home / ".gitignore"
    if not os.path.lexists(ignore):
        write_whole(ignore, "*\n")


def is_special(path: Path) -> bool:
    """True for a device, a pipe, a socket, or a link such as ``/dev/stdout`` that leads to whatever is open: a file
    put in its place would take it from everybody who uses it. False for directories, and where nothing is.
    """
    try:
        if path.is_symlink() and path.parent.resolve().parts[1:2] in (("dev",), ("proc",)):
            return True
        mode = path.stat().st_mode
    except OSError:  # whoever writes there is told why it does not go
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _keep_name(directory: Path) -> None:
    """Bring the new name to disk as well, where the system can: what stands elsewhere may be removed after that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_hash(path: Path) -> str:
    """The same, and empty where there is no file that can be read."""
    try:
        return file_hash(path)
    except OSError:
        return ""
