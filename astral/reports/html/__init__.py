"""The report that people open in a browser: one file, nothing loaded from elsewhere, foreign text inert."""

from astral.reports.html.page import render, write

__all__ = ["render", "write"]
