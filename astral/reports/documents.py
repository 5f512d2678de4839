"""The formats that are documents of their own, results and page, written from an account."""

from __future__ import annotations

from typing import TextIO

from astral.reports import html, results
from astral.reports.account import Account


def write_json(account: Account, stream: TextIO) -> None:
    """The machine-readable results (docs/results.md)."""
    results.write(account.record, stream, text=account.text, gates=account.gates, standing=account.standing)


def write_html(account: Account, stream: TextIO) -> None:
    """The page that people open in a browser. Raises ReportError."""
    html.write(account.record, stream, text=account.text, gates=account.gates, standing=account.standing)
