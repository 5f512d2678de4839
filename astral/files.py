"""Files as a whole: written whole or not at all, readable by their owner only; and told apart by their content."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Put ``text`` (UTF-8) at ``path``: a reader sees the old file or the new one, never a part, and on return the new
    one is on disk. Raises OSError, also for a device or a pipe; what was there then stays as it was.
    """
    if is_special(path):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C leaves nothing behind either
        temporary.unlink(missing_ok=True)
        raise
    _keep_name(path.parent)


def is_special(path: Path) -> bool:
    """True for a device, a pipe, a socket, or a link such as ``/dev/stdout`` that leads to whatever is open: a file
    put in its place would take it from everybody who uses it. False for directories, and where nothing is.
    """
    if path.is_symlink() and path.parent.resolve().parts[1:2] in (("dev",), ("proc",)):
        return True
    try:
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
