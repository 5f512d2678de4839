"""The text of a comment on a pull request: short, bounded, and found again by the workflow that wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from astral.markdown import COMMENT_LIMIT, Page
from astral.reports import sections
from astral.reports.account import Account
from astral.reports.disclosure import fingerprint
from astral.reports.sections import View

MARKER = "<!-- pytest-astral"
"""How the first line of every comment begins: what a workflow looks for to update its own."""
FINDINGS_SHOWN = 10
TARGETS_NAMED = 5
_RESERVE = 200
_NAMES = re.compile(r"[a-z0-9_+,-]{1,240}")


def write(account: Account, stream: TextIO) -> None:
    """Write the comment to an open UTF-8 stream."""
    stream.write(render(account))


def render(account: Account, limit: int = COMMENT_LIMIT) -> str:
    """The comment as at most ``limit`` bytes of markdown (from 2,000)."""
    page = Page(limit - _RESERVE)
    page.add(marker(account))
    if left := page.add_all(_lines(View(account))):
        page.close(f"\n{left} more lines do not fit into a comment; see the other reports of this run.")
    return page.text


def marker(account: Account) -> str:
    """The first line, which nobody sees: the same for the same targets, whatever the run."""
    slugs = [*account.record.run.targets]
    named = ",".join(slugs)
    if len(slugs) > TARGETS_NAMED or not _NAMES.fullmatch(named) or "--" in named:
        named = fingerprint(named)
    return f"{MARKER} targets={named} -->"


def _lines(view: View) -> Iterator[str]:
    parts: list[Sequence[str]] = [
        sections.verdict(view),
        sections.gates(view, passed=False),
        sections.since(view, listed=FINDINGS_SHOWN),
        sections.worst(view, listed=FINDINGS_SHOWN),
        [*sections.texts(view, listed=FINDINGS_SHOWN)],
        sections.rates(view),
        sections.covered(view),
        sections.trusted(view),
        sections.not_tested(view),
        ["**About this run**", "", *sections.about(view, "run", "suite", "judge", "spent")],
    ]
    return sections.joined(parts)
