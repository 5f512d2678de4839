"""The summary of a run in markdown: for the page of a CI job, and for a file (``report=md:PATH``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from astral.errors import ReportError
from astral.markdown import Page
from astral.reports import sections
from astral.reports.account import Account
from astral.reports.sections import View

LIMIT = 1024 * 1024
"""Bytes that GitHub takes from one step: "each step is restricted to a maximum size of 1MiB", and more than that fails
the upload as a whole (https://docs.github.com/en/actions/writing-workflows/choosing-what-your-workflow-does/
workflow-commands-for-github-actions#step-isolation-and-limits, read 2026-11-21)."""
FINDINGS_SHOWN = 20
_RESERVE = 200
_LEAST = 2_000
"""Bytes below which a summary would say nothing."""


def write(account: Account, stream: TextIO) -> None:
    """Write the summary to an open UTF-8 stream."""
    stream.write(render(account))


def render(account: Account, limit: int = LIMIT) -> str:
    """The summary as at most ``limit`` bytes of markdown. Raises ReportError where that is too little for one."""
    if limit < _LEAST:
        raise ReportError(f"only {max(limit, 0)} bytes are left")
    page = Page(limit - _RESERVE)
    if left := page.add_all(_lines(View(account))):
        page.close(f"\n{left} more lines do not fit here; see a JSON or HTML report.")
    return page.text


def _lines(view: View) -> Iterator[str]:
    parts: list[Sequence[str]] = [
        sections.verdict(view),
        sections.gates(view),
        sections.since(view, listed=FINDINGS_SHOWN),
        sections.worst(view, listed=FINDINGS_SHOWN),
        [*sections.texts(view, listed=FINDINGS_SHOWN)],
        ["#### Rates", "", *sections.rates(view)],
        sections.covered(view),
        sections.trusted(view),
        sections.not_tested(view),
        ["**About this run**", "", *sections.about(view)],
        ["**More**, where the store of this run is (`.astral/`)", "", *sections.commands(view)],
    ]
    return sections.joined(parts)
