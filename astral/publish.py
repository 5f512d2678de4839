"""Puts reports where they were asked for: whole files or none, and lines for the terminal."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from astral.adapters.hush import hushed
from astral.errors import AstralError, ReportError
from astral.escape import show
from astral.files import is_special, write_whole
from astral.formats import LOUD, Format
from astral.header import suite_paths
from astral.model import Outcome, RunRecord
from astral.presets import in_ci
from astral.reports import summary, terminal
from astral.reports.account import Account
from astral.reports.disclosure import withheld
from astral.secrets import Redactor, secrets_of
from astral.setting_values import ReportSpec
from astral.settings import Settings
from astral.suite import read_suite

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable by which a step of GitHub Actions finds the file for its summary
(https://docs.github.com/en/actions/writing-workflows/choosing-what-your-workflow-does/
workflow-commands-for-github-actions#adding-a-job-summary, read 2026-11-21)."""
_KEYS = Redactor(secrets_of(os.environ))
"""Knows what keys look like, and those that a plugin may have from the environment."""


def text_level(settings: Settings, *, quiet: bool) -> str:
    """``text=`` as set; else none for what ends in logs (``quiet``) and under CI, and all on a person's machine."""
    if settings.text is not None:
        return settings.text
    return "none" if quiet or in_ci() else "all"


@dataclass(frozen=True, slots=True)
class Published:
    """The reports that were written, and a line for each that could not be."""

    written: tuple[ReportSpec, ...] = ()
    failed: tuple[str, ...] = ()


def publish(account: Account, settings: Settings, root: Path, formats: Mapping[str, Format]) -> Published:
    """Write all reports of ``settings.report`` that can be written, each with the text that its format may hold."""
    written, failed = [], []
    if settings.report:
        account = replace(account, places=_places(account.record, root))
    for spec in settings.report:
        level = text_level(settings, quiet=spec.format not in LOUD)
        try:
            write_report(replace(account, text=level), spec, root, formats[spec.format])
            written.append(spec)
        except ReportError as err:
            failed.append(str(err))
    return Published(tuple(written), tuple(failed))


def write_report(account: Account, spec: ReportSpec, root: Path, form: Format) -> None:
    """Write one report whole or not at all, readable by its owner only. Raises ReportError."""
    path = root / spec.path
    try:
        write_whole(path, _written(account, spec, form))
    except OSError as err:
        raise ReportError(
            f"{show(str(path))}: the report cannot be written ({err.strerror}); name another place: report=FORMAT:PATH"
        ) from err
    except UnicodeEncodeError as err:
        raise ReportError(f"{show(str(path))}: the report of {show(form.made_by)} is not text of Unicode") from err


class _Sheet(io.StringIO):
    """What a format writes on; ``with stream:`` must not take from us what was written."""

    def close(self) -> None:
        """Stays open."""


def _written(account: Account, spec: ReportSpec, form: Format) -> str:
    """The report as text. What a stranger's code is given, holds no text that it may not show, and is its own."""
    stream = _Sheet(newline="")
    where = f"report={show(str(spec))}: {show(form.made_by)}"
    try:
        with hushed():
            returned: Any = form.write(account if form.built_in else _lent(account), stream)  # type: ignore[func-returns-value]
    except KeyboardInterrupt:
        raise
    except BaseException as err:  # pytest.skip() too: one format must not end the session's conclusion
        if form.built_in and isinstance(err, ReportError):
            raise
        said = "" if form.built_in else _said(err)  # ours might quote what a stranger's was not given
        raise ReportError(f"{where} raised {type(err).__name__}{said}; nothing was written") from err
    text = stream.getvalue()
    if returned is not None and not isinstance(returned, int) and not text:
        with contextlib.suppress(Exception):
            returned.close()  # a coroutine that nobody will ever wait for
        raise ReportError(f"{where} wrote nothing and returned {type(returned).__name__}; write to the stream")
    return text


def _lent(account: Account) -> Account:
    """An account for a stranger's code: without texts that it may not show, and with mappings of its own, so that what
    it does to them no other report sees.
    """
    record = withheld(account.record, account.text)
    record = replace(record, cases=dict(record.cases), run=deepcopy(record.run))
    return replace(account, record=record, standing=deepcopy(account.standing), places=dict(account.places))


def _said(err: BaseException) -> str:
    try:
        return f": {show(_KEYS.clean(str(err)))}"
    except Exception:
        return ""


def _places(record: RunRecord, root: Path) -> dict[str, tuple[str, int]]:
    """File and line of each case. An id is made of prompt and cell, so that a case is found in a suite that has changed
    since as well; what is in none of them now stands in the first line of the first.
    """
    named = str(record.run.suite.get("path") or "")
    try:
        paths = suite_paths(record.run, root)
    except (AstralError, KeyError):
        paths = tuple(root / name for name in named.split(", ") if name)
    found = dict.fromkeys(record.cases, (_shown(paths[0], root), 1)) if paths else {}
    for path in paths:
        with contextlib.suppress(AstralError):
            name = _shown(path, root)
            found |= {id: (name, line) for id, line in read_suite(path).lines.items() if id in record.cases}
    return found


def _shown(path: Path, root: Path) -> str:
    """A file from the root of its repository where it is in one, else from the directory we are in; of one that is
    elsewhere, on this machine alone, its name.
    """
    path = path.resolve()
    homes = (folder for folder in path.parents if (folder / ".git").exists())
    home = next(homes, root.resolve())
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name


def append_step_summary(account: Account, settings: Settings, environment: Mapping[str, str] = os.environ) -> str:
    """Add the summary to that of a step of GitHub Actions, if this is one; a line about what went wrong, or empty.

    It holds no prompts and answers unless ``text=`` was given.
    """
    name = environment.get(STEP_SUMMARY, "")
    if not name:
        return ""
    try:
        _append(Path(name), replace(account, text=settings.text or "none"))
    except Exception as err:  # whatever it is: no gate hangs on this page
        why = str(err) if isinstance(err, ReportError) else getattr(err, "strerror", "") or type(err).__name__
        return f"warning: the summary could not be added to ${STEP_SUMMARY} ({why}); the run counts all the same"
    return ""


def _append(path: Path, account: Account) -> None:
    """Add the summary as a paragraph of its own, whole or not at all. Raises OSError or ReportError."""
    if is_special(path):
        raise OSError(0, "not a regular file")
    before = path.stat().st_size if path.exists() else 0
    text = summary.render(account, limit=summary.LIMIT - before - 2)
    with path.open("ab+", buffering=0) as stream:
        if before:
            stream.seek(-1, os.SEEK_END)
            text = ("\n" if stream.read(1) == b"\n" else "\n\n") + text
        left = memoryview(text.encode("utf-8"))
        try:
            while left:
                left = left[stream.write(left) :]
        except OSError:
            stream.truncate(before)
            raise


def summary_lines(
    account: Account,
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
    record, gates, standing = account.record, account.gates, account.standing
    found = terminal.lines(
        record, width=width, unicode=unicode, text=text, gates=gates, standing=standing, listed=listed
    )
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
