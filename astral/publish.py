"""Puts reports where they were asked for: whole files or none, and lines for the terminal."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from astral.errors import ReportError, SettingsError
from astral.escape import show
from astral.files import is_special, write_whole
from astral.gates import GateResult
from astral.model import Outcome, RunRecord
from astral.presets import in_ci
from astral.reports import html, results, terminal
from astral.setting_values import ReportSpec
from astral.settings import Settings

Write = Callable[[TextIO], None]


def text_level(settings: Settings, *, quiet: bool) -> str:
    """``text=`` as set; else none for what ends in logs (``quiet``) and under CI, and all on a person's machine."""
    if settings.text is not None:
        return settings.text
    return "none" if quiet or in_ci() else "all"


def check_places(reports: Sequence[ReportSpec], root: Path) -> None:
    """Raise SettingsError for a report that could not be put where it was asked for, while nothing was paid yet."""
    for spec in reports:
        path = root / spec.path
        folder = path.parent
        if not os.path.isdir(folder):  # False for any path that cannot be
            trouble = f"the directory {show(str(folder))} is not there; make it first"
        elif os.path.isdir(path):
            trouble = "this is a directory; name a file in it"
        elif is_special(path):
            trouble = "this is a device or a pipe, which a report would replace; name a file"
        elif not os.access(folder, os.W_OK | os.X_OK):
            trouble = f"the directory {show(str(folder))} may not be written to; name another place"
        else:
            continue
        raise SettingsError(f"report={show(str(spec))}: {trouble}")


@dataclass(frozen=True, slots=True)
class Published:
    """The reports that were written, and a line for each that could not be."""

    written: tuple[ReportSpec, ...] = ()
    failed: tuple[str, ...] = ()


def publish(record: RunRecord, settings: Settings, root: Path, gates: Sequence[GateResult] = ()) -> Published:
    """Write all reports of ``settings.report`` that can be written."""
    written, failed = [], []
    for spec in settings.report:
        try:
            write_report(record, spec, root, text_level(settings, quiet=False), gates)
            written.append(spec)
        except ReportError as err:
            failed.append(str(err))
    return Published(tuple(written), tuple(failed))


def write_report(record: RunRecord, spec: ReportSpec, root: Path, text: str, gates: Sequence[GateResult] = ()) -> None:
    """Write one report whole or not at all, readable by its owner only. Raises ReportError."""
    stream = io.StringIO()
    if spec.format == "json":
        results.write(record, stream, text=text)
    else:
        html.write(record, stream, text=text, gates=gates)
    path = root / spec.path
    try:
        write_whole(path, stream.getvalue())
    except OSError as err:
        raise ReportError(
            f"{show(str(path))}: the report cannot be written ({err.strerror}); name another place: report=FORMAT:PATH"
        ) from err


def summary_lines(
    record: RunRecord,
    gates: Sequence[GateResult],
    settings: Settings,
    *,
    failure: str = "",
    written: Sequence[ReportSpec] = (),
    name: str = "last",
    listed: int = terminal.FINDINGS_SHOWN,
) -> list[str]:
    """The terminal section: what the run shows, what the gates say, how to go on, which reports were ``written``.

    ``name`` is the word by which commands find the run; at most ``listed`` findings are shown.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    width = min(shutil.get_terminal_size().columns, 120)
    unicode, text = "utf" in encoding.lower(), text_level(settings, quiet=True)
    found = terminal.lines(record, width=width, unicode=unicode, text=text, gates=gates, listed=listed)
    if any(result.outcome is Outcome.UNSAFE for result in record.results) and not in_ci() and text != "all":
        found += ["", f"to read prompts and answers: astral report {name} text=all"]
    if failure:
        found += ["", f"stopped early: {show(failure, None)}"]
    if command := _go_on(record, name):
        found += ["", f"to go on: {command}"]
    if written:
        found += ["", *(f"report: {show(str(spec.path))}" for spec in written)]
    return found


def _go_on(record: RunRecord, name: str) -> str:
    """The command that tries again what has no final outcome, known answers included; empty where nothing is left."""
    run = record.run
    unsettled = [result for result in record.results if not result.outcome.final]
    unknown = any(one.said is None for one in record.canaries)
    if run.judged_from:  # where that run has no answer, there is nothing to judge
        return f"astral judge resume={run.id}" if unknown or any(one.response for one in unsettled) else ""
    resumable = not run.merged and run.suite.get("content")
    return f"pytest --astral resume={name}" if (unsettled or unknown) and resumable else ""
