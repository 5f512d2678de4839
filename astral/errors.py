"""Every error that ASTRAL raises on purpose: one root, one class per cause."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from astral.escape import show
from astral.secrets import without_keys


class AstralError(Exception):
    """Root of all errors that a user can act on: the message says what, where, and what next, in one line.

    It is inert and holds no key, whatever names, paths and words of strangers it was put together from.
    """

    def __init__(self, *parts: Any) -> None:
        super().__init__(*(show(without_keys(part), None) if isinstance(part, str) else part for part in parts))


class SettingsError(AstralError):
    """An option, ini value or command-line key that cannot be taken."""


class MissingExtraError(SettingsError):
    """An optional part that is not installed; the message names the ``pip install`` to run."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs a part that is not installed; run: pip install 'pytest-astral[{extra}]'")


class SuiteError(AstralError):
    """A suite file that cannot be read or written."""


class CorpusError(AstralError):
    """A corpus file that cannot be read, or holds no seed where one is needed."""


class RetrievalError(AstralError):
    """An index of the corpora that cannot be built, opened or searched."""


class SearchError(AstralError):
    """A news search or page fetch that failed; the message holds no secret and no text of the page."""


class TemplateError(AstralError):
    """A prompt template that is missing or cannot be rendered."""


class PlanError(AstralError):
    """A coverage plan that cannot be made, or an array that does not cover what it claims."""


class WriterError(AstralError):
    """A writer that cannot fill a cell."""


class PluginError(AstralError):
    """A target, oracle or writer that cannot be found, built or told apart from another."""


class StoreError(AstralError):
    """The run store cannot be opened, read or written."""


class ReportError(AstralError):
    """A report that could not be written."""


class ResultsError(AstralError):
    """Results of a run (JSON) that cannot be read."""


class CardError(AstralError):
    """The card of a judge that cannot be read, written or used."""


class BaselineError(AstralError):
    """A baseline that cannot be read, written or held against a run."""


class LabelsError(AstralError):
    """A file of labelled answers that cannot be read."""


class CallError(AstralError):
    """A call to a target or judge that gave no usable reply; ``reason`` is a short machine-readable word."""

    def __init__(self, reason: str, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.fatal = fatal
        """True when no other call to this endpoint can succeed either (key refused, quota used up)."""


class BudgetExhausted(CallError):
    """The run's budget is used up: what was not asked yet stays not_run."""

    def __init__(self, message: str) -> None:
        super().__init__("budget", message, fatal=True)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'slang'?"`` for the closest of ``known``, or an empty string."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
