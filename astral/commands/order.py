"""A command as it was typed, and what commands do alike."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from astral.context import Context
from astral.errors import ReportError, SettingsError, did_you_mean
from astral.escape import show
from astral.outfit import make_context
from astral.registry import Registry
from astral.settings import Settings


@dataclass(frozen=True)
class Order:
    """``words`` are the names that follow the command, ``options`` its own options (``"on"`` for a flag)."""

    config: pytest.Config
    settings: Settings
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The directory that the user is in: relative paths start there."""
        return self.config.invocation_params.dir

    @property
    def directory(self) -> Path:
        """The project's root directory, which holds ``.astral/``."""
        return self.config.rootpath

    def choice(self, option: str, *known: str) -> str:
        """The value of an option, the first of ``known`` where it was not typed. Raises SettingsError."""
        value = self.options.get(option, known[0])
        if value not in known:
            hint = did_you_mean(value, known)
            raise SettingsError(f"{option} {show(value)!r}: expected one of {', '.join(known)}{hint}")
        return value

    def registry(self) -> Registry:
        return Registry(self.config.pluginmanager)

    def context(self, settings: Settings | None = None) -> Context:
        """What factories build with, under ``settings`` or those that were typed."""
        return make_context(settings or self.settings, self.registry(), self.root)


@dataclass(frozen=True, slots=True)
class Typed:
    """A command line, on its way through pytest's own."""

    name: str
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps([self.name, list(self.words), dict(self.options)])

    @classmethod
    def read(cls, text: str) -> Typed:
        name, words, options = json.loads(text)
        return cls(name, tuple(words), options)


def names_taken(least: int, most: int) -> str:
    """How many names a command takes, in words."""
    if not most:
        return "no name"
    if most > 2:
        return f"at least {least} word" + ("s" if least > 1 else "")
    count = str(most) if least == most else f"{least} to {most}" if least else f"at most {most}"
    return f"{count} name" + ("s" if most > 1 else "")


def say(line: str) -> None:
    """Print a line as far as the screen's encoding can show it; once nobody reads any more (``| head``), the work goes
    on without. Raises ReportError where it cannot be written for another cause, as on a full disk.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
    except OSError as err:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(err, BrokenPipeError):
            raise ReportError(f"the output cannot be written ({err.strerror}); give it another place") from err
