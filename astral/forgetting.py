"""Lets go of what pytest keeps of each trial and nobody reads again: two of its three reports."""

from __future__ import annotations

from typing import Any

import pytest

from astral.reports.junit import OUTCOME


class Forgetting:
    """A plugin. The terminal keeps every report to its end, which is most of the memory of a large run. Those of a
    trial's setup and teardown that passed and captured nothing are only counted by ``--durations``.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._reporter: Any = None

    @pytest.hookimpl(trylast=True)  # the terminal has it by then
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed or report.sections:
            return
        if self._reporter is None:
            self._reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        kept = getattr(self._reporter, "stats", {}).get("")
        if kept and kept[-1] is report and any(name == OUTCOME for name, _ in report.user_properties):
            kept.pop()


def forgets(config: pytest.Config) -> bool:
    """True where no option asks for these reports."""
    return config.getoption("durations", None) is None
