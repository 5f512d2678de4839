"""The formats of reports: which there are, who gives them, and whether each can be put where it is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from astral.errors import PluginError, SettingsError, did_you_mean
from astral.escape import show
from astral.files import is_special
from astral.registry import Registry
from astral.reports.account import Account
from astral.setting_values import ReportSpec

LOUD = frozenset({"json", "html"})
"""Formats for a person's own machine, where they hold all text; the others end in logs and on pages of a service."""
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_NAME_LIMIT = 240
"""Bytes of a file's name: file systems take 255, and a report is written beside its place under a longer name."""
_KEPT = {"a suite": b'"astral_suite"', "a baseline": b'"astral_baseline"', "the store": b"SQLite format 3"}
"""Files that took work or money to make, by what stands in their beginning."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a report is written, and the plugin it comes from; ``built_in`` ones keep harmful text back by themselves."""

    write: Callable[[Account, TextIO], None]
    made_by: str
    built_in: bool = False


def report_formats(registry: Registry) -> dict[str, Format]:
    """All formats by name. Raises PluginError for a name that two plugins give, and for one that is no function."""
    found = {}
    for name, (value, owner) in registry.names("reports").items():
        if not callable(value):
            raise PluginError(
                f"{owner}: report {show(str(name))!r} is {type(value).__name__}; give a function (account, stream)"
            )
        if not _NAME.fullmatch(name):
            raise PluginError(f"{owner}: report {show(name)!r} has a name that report= cannot spell; rename it")
        found[name] = Format(value, owner, getattr(value, "astral_built_in", False))
    return found


def check_reports(reports: Sequence[ReportSpec], registry: Registry, root: Path) -> Mapping[str, Format]:
    """The formats, where a report is asked for. Raises SettingsError for one of no known format, and for one that could
    not be put where it was asked for; PluginError for what is wrong with a format.
    """
    if not reports:
        return {}
    formats = report_formats(registry)
    for spec in reports:
        if spec.format not in formats:
            known = ", ".join(sorted(formats))
            raise SettingsError(
                f"report={show(str(spec))}: unknown format {show(spec.format)!r}{did_you_mean(spec.format, formats)}; "
                f"known: {known}"
            )
    check_places(reports, root)
    return formats


def check_places(reports: Sequence[ReportSpec], root: Path) -> None:
    """Raise SettingsError for a report that could not be put where it was asked for, while nothing was paid yet."""
    taken: dict[str, ReportSpec] = {}
    for spec in reports:
        path = root / spec.path
        folder = path.parent
        place = os.path.join(os.path.realpath(folder), path.name)
        if not os.path.isdir(folder):  # False for any path that cannot be
            trouble = f"the directory {show(str(folder))} is not there; make it first"
        elif len(os.fsencode(path.name)) > _NAME_LIMIT:
            trouble = "the file's name is too long; name a shorter one"
        elif (other := taken.setdefault(place, spec)) is not spec:
            trouble = f"report={show(str(other))} is written to the same file; name another one"
        elif os.path.isdir(path):
            trouble = "this is a directory; name a file in it"
        elif what := _kept(path):
            trouble = f"this is {what}, which a report would replace; name another file"
        elif is_special(path):
            trouble = "this is a device or a pipe, which a report would replace; name a file"
        elif not os.access(folder, os.W_OK | os.X_OK):
            trouble = f"the directory {show(str(folder))} may not be written to; name another place"
        else:
            continue
        raise SettingsError(f"report={show(str(spec))}: {trouble}")


def _kept(path: Path) -> str:
    """What of ``_KEPT`` stands at ``path``; empty for anything else, and where nothing can be read."""
    if is_special(path):
        return ""
    try:
        with path.open("rb") as stream:
            beginning = stream.readline(100_000)
    except OSError:
        return ""
    return next((what for what, sign in _KEPT.items() if sign in beginning), "")
