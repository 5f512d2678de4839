"""Where the store is: a private directory, a lock for its one writer, and a database of the right schema."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from astral.errors import StoreError
from astral.files import HOME, private_directory
from astral.store.damage import damaged
from astral.store.rows import sealed

SCHEMA = 4
WAIT = 5.0
"""Seconds that a connection waits for one that holds the database."""
_HEAD = 100
"""Bytes of a database's header (https://www.sqlite.org/fileformat2.html, section 1.3, 2026-11-21); those from 68 to 71
are the number of the program that made it."""
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_SHUT = "its directory cannot be written to, which reading needs too"
APPLICATION_ID = 0x41535452  # "ASTR": another program's database is told apart before anything is written

_VERDICTS = """
CREATE TABLE verdicts (
  run TEXT NOT NULL, case_id TEXT NOT NULL, target TEXT NOT NULL, repeat INTEGER NOT NULL,
  oracle TEXT NOT NULL, turn INTEGER NOT NULL, round INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (run, case_id, target, repeat, oracle, turn, round)
)"""
_DIRECT = (
    "CREATE TABLE direct (run TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, number))"
)
_CANARIES = (
    "CREATE TABLE canaries (run TEXT NOT NULL, oracle TEXT NOT NULL, canary TEXT NOT NULL, round INTEGER NOT NULL, "
    "body TEXT NOT NULL, PRIMARY KEY (run, oracle, canary, round))"
)
_LABELS = """
CREATE TABLE labels (
  exchange TEXT NOT NULL, number INTEGER NOT NULL, label TEXT NOT NULL, who TEXT NOT NULL, made TEXT NOT NULL,
  note TEXT NOT NULL, run TEXT NOT NULL, case_id TEXT NOT NULL, target TEXT NOT NULL, repeat INTEGER NOT NULL,
  PRIMARY KEY (exchange, number)
)"""
"""What people said of answers, one row each time; the last one counts. The trial is where the answer was seen."""
_ASKED = "CREATE INDEX asked ON answers (asking) WHERE asking IS NOT NULL"
_TABLES = (
    """
CREATE TABLE runs (
  id TEXT PRIMARY KEY, started TEXT NOT NULL, finished TEXT, state TEXT NOT NULL,
  header TEXT NOT NULL, calls TEXT NOT NULL, number INTEGER NOT NULL DEFAULT 0
)""",
    "CREATE TABLE cases (suite TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (suite, id))",
    """
CREATE TABLE trials (
  run TEXT NOT NULL, case_id TEXT NOT NULL, target TEXT NOT NULL, repeat INTEGER NOT NULL, position INTEGER NOT NULL,
  outcome TEXT, reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, case_id, target, repeat)
)""",
    """
CREATE TABLE answers (
  run TEXT NOT NULL, case_id TEXT NOT NULL, target TEXT NOT NULL, repeat INTEGER NOT NULL, body TEXT NOT NULL,
  asking BLOB, origin TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, case_id, target, repeat)
)""",
    _VERDICTS,
    _DIRECT,
    _ASKED,
    _CANARIES,
    _LABELS,
    f"PRAGMA application_id = {APPLICATION_ID}",
)
_STEPS: Mapping[int, Sequence[str]] = {
    0: _TABLES,  # a new store; it is of the present schema at once
    1: (
        "ALTER TABLE runs ADD COLUMN number INTEGER NOT NULL DEFAULT 0",
        "UPDATE runs SET number = (SELECT count(*) FROM runs AS other WHERE other.started < runs.started "
        "OR (other.started = runs.started AND other.id <= runs.id))",
        "ALTER TABLE answers ADD COLUMN asking BLOB",
        "ALTER TABLE answers ADD COLUMN origin TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE verdicts RENAME TO verdicts_1",
        _VERDICTS,
        "INSERT INTO verdicts SELECT run, case_id, target, repeat, oracle, 0, round, body FROM verdicts_1",
        "DROP TABLE verdicts_1",
        _DIRECT,
        _ASKED,
    ),
    2: (_CANARIES, _LABELS),
    3: tuple(
        f"UPDATE {table} SET {column} = sealed({column})"  # noqa: S608
        for table, column in (
            *(("runs", "header"), ("runs", "calls"), ("cases", "body"), ("answers", "body")),
            *(("verdicts", "body"), ("direct", "body"), ("canaries", "body")),
        )
    ),
}
"""What makes a store of each earlier schema one of the next."""


_NAMES = frozenset({"runs", "cases", "trials", "answers", "verdicts", "direct", "canaries", "labels"})


def store_directory(root: Path) -> Path:
    """``root/.astral``, made private (0700, with its own .gitignore) where it is missing. Raises StoreError."""
    directory = root / HOME
    try:
        return private_directory(directory)
    except OSError as err:
        raise StoreError(f"{directory}: cannot be made or written ({err.strerror}); run where you may write") from err


@contextlib.contextmanager
def only_writer(directory: Path) -> Iterator[None]:
    """Hold the right to write this store; an operating-system lock, so a dead owner never leaves it behind."""
    try:
        import fcntl
    except ImportError:
        raise StoreError(
            "running needs POSIX file locks, which this system does not have; use Linux, macOS or WSL"
        ) from None
    try:
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise StoreError(f"{directory / 'lock'}: cannot be opened ({err.strerror}); run where you may write") from err
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(
                f"{directory}: in use by another run (process {owner}); wait for it or run elsewhere"
            ) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as err:
            raise StoreError(f"{directory / 'lock'}: cannot be written ({err.strerror}); make room") from err
        yield
    finally:
        os.close(descriptor)


def connect(path: Path, *, create: bool, sound: bool = False) -> sqlite3.Connection:
    """An open database of the present schema; an older one is brought to it in one transaction. What is refused stays
    as it was. Raises StoreError.

    ``create``: the caller holds the right to write (``only_writer``), and a missing database is made. ``sound``: every
    page is looked at first, so that damage is told rather than read.
    """
    if not create and not path.exists():
        raise StoreError(f"{path}: no run is stored here yet; start with: pytest --astral target=demo")
    try:
        _check_files(path)
        if create and not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        if sound and _log(path).exists():  # closing one that may write would move the log into the database
            with contextlib.closing(sqlite3.connect(_address(path, "mode=ro"), uri=True, timeout=WAIT)) as reading:
                _checked(reading, path)
                _check_sound(reading, path)
        connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, writes=create, sound=sound)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as err:
        raise StoreError(_unreadable(path, err)) from err
    except UnicodeDecodeError as err:  # what SQLite says of a damaged schema quotes it
        raise StoreError(damaged(path, "its schema is no text")) from err
    except OSError as err:
        raise StoreError(f"{path}: cannot be opened ({err.strerror}); run where you may write") from err
    return connection


def _check_files(path: Path) -> None:
    """Raise StoreError for what must not even be opened: a link, a log without its database, another's database."""
    if path.is_symlink():
        raise StoreError(f"{path}: a link that leads elsewhere; put the store itself here")
    head = _head(path)
    if not head:
        if _log(path).exists() and _log(path).stat().st_size:
            raise StoreError(f"{_log(path)}: the log of a store that is not beside it; bring {path.name} back as well")
        return
    if len(head) < _HEAD or not head.startswith(b"SQLite format 3\0"):  # SQLite takes a few bytes for a new database
        raise StoreError(f"{path}: not a readable ASTRAL store (no database); move it away to start a new one")
    if int.from_bytes(head[68:72]) == 0:  # perhaps one that is just being made, with all of it in its log
        with contextlib.closing(sqlite3.connect(_address(path, "immutable=1"), uri=True)) as reading:
            _checked(reading, path)


def _head(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as stream:
        return stream.read(_HEAD)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _address(path: Path, how: str) -> str:
    return f"file:{quote(str(path.absolute()))}?{how}"


@contextlib.contextmanager
def transaction(path: Path, again: str) -> Iterator[sqlite3.Connection]:
    """One transaction on the store at ``path``: all of what is written in it, or nothing. Raises StoreError for what
    the database refuses, where ``again`` says what to do again.
    """
    connection = connect(path, create=False)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.Error as err:
        raise StoreError(unwritten(path, err, f"{again} again")) from err
    finally:
        connection.close()  # what was not committed is rolled back


def unwritten(path: Path, err: sqlite3.Error, again: str) -> str:
    """What the database refused, in a line that ends with what to do then."""
    if _code(err) in _HELD:
        return f"{path}: in use by another program ({err}), for {WAIT:.0f} seconds now; close it, then {again}"
    return f"{path}: cannot be written ({err}); make room, then {again}"


def _code(err: sqlite3.Error) -> int:
    """SQLite's result code without the extended part."""
    return int(getattr(err, "sqlite_errorcode", 0)) & 0xFF


def _unreadable(path: Path, err: sqlite3.Error) -> str:
    if not os.access(path, os.R_OK):
        return f"{path}: cannot be read (Permission denied); ask its owner, or copy it"
    code = _code(err)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return f"{path}: {_SHUT}; copy {path.name} to another place"
    if code in _HELD:
        return f"{path}: in use by another program ({err}); wait for it"
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL):
        return f"{path}: cannot be read or written ({err}); check the disk and the room on it"
    return f"{path}: not a readable ASTRAL store ({err}); move it away to start a new one"


@contextlib.contextmanager
def _sole(path: Path) -> Iterator[None]:
    """``only_writer`` for a reader: one that may not write there is told of its own trouble."""
    try:
        with only_writer(path.parent):
            yield
    except StoreError as err:
        if isinstance(err.__cause__, PermissionError):
            raise StoreError(f"{path}: {_SHUT}; copy {path.name} to another place") from err
        raise


def _prepare(connection: sqlite3.Connection, path: Path, *, writes: bool, sound: bool) -> None:
    version, tables = _checked(connection, path)
    if sound:
        _check_sound(connection, path)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    if version < SCHEMA:
        with _sole(path) if tables and not writes else contextlib.nullcontext():
            _migrate(connection)
    connection.execute("PRAGMA journal_mode = WAL")  # it stays so; what was refused until here is as it was


def _checked(connection: sqlite3.Connection, path: Path) -> tuple[int, int]:
    """Schema and number of tables. Raises StoreError when the database is not ours or too new."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if application != APPLICATION_ID and (tables or version):
        raise StoreError(f"{path}: a database of another program; move it away to start a new store")
    if version > SCHEMA:
        raise StoreError(
            f"{path}: written by a newer version of pytest-astral (schema {version}); upgrade, or move it away"
        )
    if version < 0:
        raise StoreError(damaged(path, f"its schema is number {version}"))
    if version == SCHEMA and not tables.issuperset(_NAMES):
        raise StoreError(damaged(path, f"it has no table {min(_NAMES - tables)}"))
    return version, len(tables)


def _check_sound(connection: sqlite3.Connection, path: Path) -> None:
    """Every page, and every key in table and index: a row that damage hides is missed by one of them."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreError(damaged(path, str(found)))


def _migrate(connection: sqlite3.Connection) -> None:
    """All steps to the present schema, or none. The version is read anew: another process may have been faster."""
    connection.create_function("sealed", 1, sealed, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for step in range(version, SCHEMA) if version else (0,):
            for statement in _STEPS[step]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
