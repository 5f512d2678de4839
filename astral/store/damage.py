"""Damage in a stored row: told as an error, whatever reading it raised."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from astral.errors import StoreError


class Stored(Protocol):
    """What reads rows of a file."""

    path: Path


P = ParamSpec("P")
S = TypeVar("S", bound=Stored)
T = TypeVar("T")
FLAWS = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)
"""What reading a row may raise that is not as it was written."""


def damaged(path: Path, what: str) -> str:
    """A line that says so, and what to do then."""
    return f"{path}: damaged ({' '.join(what.split())}); bring it here once more, or move it away to start a new one"


def told(read: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Raise what ``read`` meets in the database as StoreError."""

    @wraps(read)
    def reading(store: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(store, *args, **kwargs)
        except sqlite3.Error as err:
            raise StoreError(f"{store.path}: cannot be read ({err})") from err
        except FLAWS as err:
            raise StoreError(damaged(store.path, f"{type(err).__name__} in a row")) from err

    return reading
