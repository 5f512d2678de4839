"""The machine-readable results of a run: one JSON document, described by docs/results.md."""

from astral.reports.results.document import FORMAT, document, write

__all__ = ["FORMAT", "document", "write"]
