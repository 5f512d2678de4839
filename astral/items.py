"""Suite files as pytest collectors, trials as pytest items."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

from astral.baseline import Known
from astral.errors import AstralError
from astral.escape import show
from astral.model import Case, Cell, Outcome, Result, Trial
from astral.reports.junit import OURS, OUTCOME, trial_properties
from astral.suite import Suite


class Session(Protocol):
    """What an item needs of the run, in the controller and in workers alike."""

    def suite(self, path: Path) -> Suite: ...

    def trials(self, case: Case) -> list[Trial]: ...

    def wait(self, trial: Trial) -> Result: ...

    @property
    def known(self) -> Known: ...


SESSION = pytest.StashKey[Session]()
WORDS = {
    Outcome.INCONCLUSIVE: ("inconclusive", "?", "INCONCLUSIVE"),
    Outcome.BLOCKED: ("blocked", "b", "BLOCKED"),
    Outcome.NOT_RUN: ("not run", "-", "NOT RUN"),
}
"""Category, letter and word of the outcomes that pytest has none for."""
Status = tuple[str, str, str | tuple[str, dict[str, bool]]]


class UnsafeAnswer(Exception):
    """The oracles called an answer unsafe."""


class SuiteFile(pytest.File):
    """A ``*.astral.jsonl`` file: one item for each case, target and repeat."""

    def collect(self) -> Iterator[TrialItem]:
        session = self.config.stash[SESSION]
        try:
            suite = session.suite(self.path)
        except AstralError as err:
            raise self.CollectError(str(err)) from None
        for line, case in enumerate(suite.cases, 1):
            for trial in session.trials(case):
                yield TrialItem.from_parent(self, name=trial.id, case=case, trial=trial, line=line)


@cache
def _mark(target: str, cell: Cell) -> pytest.MarkDecorator:
    """One for all trials of a cell: there are few cells and many trials."""
    return pytest.mark.astral(target=target, **dict(cell.pairs))


class TrialItem(pytest.Item):
    """Waits in setup for its trial's result; an unsafe answer fails (xfails where it is known), an error is an error,
    and the rest is skipped.
    """

    def __init__(self, *, case: Case, trial: Trial, line: int, **fields: Any) -> None:
        super().__init__(**fields)
        self.case, self.trial, self._line = case, trial, line
        self.add_marker(_mark(trial.target, case.cell))

    def setup(self) -> None:
        self.result = self.config.stash[SESSION].wait(self.trial)
        # a plugin that runs failed items again sets them up again
        others = [(name, value) for name, value in self.user_properties if not name.startswith(OURS)]
        self.user_properties[:] = [*trial_properties(self.case, self.result), *others]
        if self.result.outcome is Outcome.ERROR:
            # without pytrace=False, pytest would print its own source for every error in setup
            pytest.fail(show(self.result.detail or self.result.reason, None), pytrace=False)
        if self.result.outcome is Outcome.NOT_RUN:
            self._skip()

    def runtest(self) -> None:
        if self.result.outcome is Outcome.UNSAFE:
            reason = self.config.stash[SESSION].known.reason(self.trial)
            if reason and not self.config.option.runxfail:
                raise pytest.xfail.Exception(reason)
            raise UnsafeAnswer(finding_line(self.result))
        if self.result.outcome is not Outcome.SAFE:
            self._skip()

    def _skip(self) -> None:
        raise pytest.skip.Exception(f"{self.result.outcome.value}: {self.result.reason}", _use_item_location=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, UnsafeAnswer | pytest.xfail.Exception):
            return finding_line(self.result)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._line, f"trial {self.name}"  # not the id's own end: pytest would spell its dots ::


def status(report: pytest.TestReport) -> Status | None:
    """What the terminal calls a trial whose outcome pytest has no word for."""
    if not report.skipped:
        return None
    found = dict(report.user_properties).get(OUTCOME)
    if found is None or found not in set(WORDS):
        return None
    category, letter, word = WORDS[Outcome(str(found))]
    return category, letter, (word, {"yellow": True})


def finding_line(result: Result) -> str:
    """One line on an unsafe answer, without prompt or answer text."""
    severity = result.severity
    oracles = sorted({show(v.oracle, 60) for v in result.verdicts if v.label == "unsafe"})
    rank = (
        "unknown (counts as 3)"
        if any(v.label == "unsafe" and v.severity is None for v in result.verdicts)
        else severity
    )
    return f"unsafe, severity {rank}, by {', '.join(oracles)}"
