"""ASTRAL within a pytest session that was switched on: hooks of a line or two over a ``SafetyRun``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from astral.baseline import Known
from astral.conclusion import conclude, direct_lines, junit_totals
from astral.direct import DirectCalls, LocalCalls
from astral.errors import AstralError, SettingsError
from astral.escape import show
from astral.forgetting import Forgetting, forgets
from astral.header import resumed_settings, suite_paths
from astral.interrupt import Signals
from astral.items import SESSION, Status, SuiteFile, TrialItem, status
from astral.marker import parametrise
from astral.model import Outcome, Result, RunRecord, Trial
from astral.outfit import make_context
from astral.progress import Progress, look_at, open_progress
from astral.provision import Provision, provide_suite
from astral.publish import text_level
from astral.registry import BuiltIns, Registry
from astral.reports.junit import OUTCOME
from astral.run import STORE, SafetyRun
from astral.selection import Selection
from astral.settings import Settings
from astral.store import Store
from astral.suite import Suite
from astral.suites import CaseSuiteFile, SuiteChoice, Suites, collect_suite, named_paths, usage
from astral.trials import default_oracle, target_slugs
from astral.workers import Worker, Workers

EXPECTED_FAILURES = {("call", Outcome.UNSAFE), ("setup", Outcome.ERROR)}
"""Failed reports that the gates answer for; any other failure is somebody else's check and fails the run."""


def activate(config: pytest.Config, settings: Settings) -> None:
    """Register what ``--astral`` switches on."""
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Worker(config), "astral-worker")
        return
    if not settings.target and not settings.resume and not config.option.collectonly:
        raise pytest.UsageError("astral: no target; add --astral target=demo, or target=MODEL")
    if config.getoption("dist", "no") != "no" and (settings.dry_run or config.getoption("setupplan", False)):
        name = "dry_run=on" if settings.dry_run else "--setup-plan"
        raise pytest.UsageError(f"astral: {name} sends nothing and needs no workers; leave -n out")
    config.pluginmanager.register(BuiltIns(), "astral-builtins")
    controller = Controller(config, settings)
    config.pluginmanager.register(controller, "astral-controller")
    config.pluginmanager.register(Signals(config, controller.hurry), "astral-signals")  # its hooks come first
    if forgets(config):
        config.pluginmanager.register(Forgetting(config), "astral-forgetting")


class Controller(Suites):
    """The process that owns the run: alone, or above xdist's workers."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.registry = Registry(config.pluginmanager)
        self.root, self.directory = config.invocation_params.dir, config.rootpath
        settings, resumed = usage(lambda: self._resumed(settings))
        super().__init__(usage(lambda: target_slugs(settings.target)), settings)
        self.context = usage(lambda: make_context(settings, self.registry, self.root))
        self.choice = SuiteChoice(config, settings, resumed, provide=self._provide, say=self._say)
        self.run: SafetyRun | None = None
        self.known = Known()
        self.record: RunRecord | None = None
        self.summary: list[str] = []
        self.others_failed = 0
        self._failed = 0
        self._progress: Progress | None = None
        self._trials_reported = False
        self._reported: set[str] = set()
        self._cases = CaseSuiteFile(self.choice.of_cases)
        self.workers: Workers | None = None
        self._sends = not (config.option.collectonly or config.getoption("setupplan", False) or settings.dry_run)
        self._stops_early = bool(config.getvalue("maxfail") or config.getoption("stepwise", False))
        self.shows_text = text_level(settings, quiet=True) == "all"
        config.stash[SESSION] = self

    def hurry(self) -> None:
        """The session ends and is to end at once: wait no longer for what is in flight."""
        if self.run is not None:
            self.run.give_up()

    def _resumed(self, settings: Settings) -> tuple[Settings, Sequence[Path]]:
        """The settings of the run to go on with, and its suites where it has several of them."""
        if not settings.resume:
            return settings, ()
        with Store(self.directory / ".astral" / STORE) as store:
            stored = store.run(settings.resume)
        settings = resumed_settings(settings, stored)
        if "suite" in settings.given:
            return settings, ()
        try:
            paths = suite_paths(stored, self.root)
        except SettingsError:
            if self.config.args_source is pytest.Config.ArgsSource.ARGS:  # they may be among these
                return settings, ()
            raise
        return (settings, paths) if len(paths) > 1 else (replace(settings, suite=paths[0]), ())

    # --- before collection ------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        usage(self._prepare)

    def _prepare(self) -> None:
        if self._sends:
            self.run = SafetyRun(self.settings, self.registry, self.context, self.directory, self._say)
            self.config.add_cleanup(self.run.close)
            self.run.build()
            self.known = self.run.known
            self.calls = LocalCalls(self.run.loop, self._direct)
            self.workers = Workers(self.run, self._direct, self._cases)
            self.config.add_cleanup(self.workers.close)
        self.choice.settle()

    def pytest_report_header(self) -> list[str]:
        targets = ", ".join(show(spec.text) for spec in self.settings.target)
        judges = ", ".join(show(spec.text) for spec in default_oracle(self.settings))
        lines = [
            f"astral: target {targets}; oracle {judges}, vote={self.settings.vote} confirm={self.settings.confirm}"
        ]
        lines += [f"astral: {line}" for line in self.choice.lines()]
        lines += [f"astral: {line}" for line in (self.run.baseline_lines() if self.run else ())]
        if self.run and (note := self.run.judge_note()):
            lines.append(f"astral: warning: {note}")
        return lines

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
        return collect_suite(file_path, parent, self.choice.path)

    # --- Python tests -----------------------------------------------------------------------------------------------

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        parametrise(metafunc, self)

    def case_suite(self) -> Suite:
        """The suite that Python tests take cases from; made first where there is none. Raises AstralError."""
        return self.suite(self._cases.path())

    def _provide(self) -> Provision:
        found = provide_suite(
            self.settings, self.context, self.registry, self.directory, may_send=self._sends, say=self._say
        )
        if found.suite is not None:
            self.found(found.path, found.suite)
        return found

    def _direct(self) -> DirectCalls:
        assert self.run is not None
        return self.run.direct(self.named())

    # --- the run ----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> object | None:
        if self.config.pluginmanager.hasplugin("dsession") or (
            session.testsfailed and not self.config.option.continue_on_collection_errors
        ):
            return None
        trials = [item.trial for item in session.items if isinstance(item, TrialItem)]
        if self.settings.dry_run:
            if others := len(session.items) - len(trials):
                self._say(f"astral: {others} other tests are not run in a dry run")
            usage(lambda: self._dry_run(trials))
            return True
        if not self.config.option.collectonly:
            self._begin(trials)
        return None

    def _dry_run(self, trials: Sequence[Trial]) -> None:
        run = SafetyRun(self.settings, self.registry, self.context, self.directory, self._say)
        try:
            run.build()
            run.dry_run(trials, self.named())
        finally:
            run.close()

    def _begin(self, trials: Sequence[Trial]) -> None:
        if trials and self.run is not None:
            window = self.settings.concurrency if self._stops_early else None
            run = self.run
            usage(lambda: run.begin(trials, self.named(), window=window))
            self._progress = open_progress(self.config, lambda: look_at(run, self.context.network))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        assert self.workers is not None
        given = self.workers.input(self.settings, self.slugs, self.choice, shows_text=self.shows_text)
        node.workerinput["astral"] = given

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Begin before any worker is given an item."""
        if self.record is None and self.workers is not None:
            selection = Selection(self, self.directory, named_paths(self.config.args, self.root), self.choice.path)
            self._begin(self.workers.selected(selection, ids))

    def wait(self, trial: Trial) -> Result:
        if self.run is None:
            return Result(trial, Outcome.NOT_RUN, "stopped")
        return self.run.wait(trial)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self.workers is not None:
            self.workers.came_to(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = dict(report.user_properties).get(OUTCOME)
        ours = outcome is not None
        self._trials_reported |= ours
        if report.failed and (report.when, outcome) not in EXPECTED_FAILURES:
            self.others_failed += 1
        if ours and report.when == "teardown" and self._stops_early:  # else nothing waits for this
            self._count(report.nodeid)
        self._failed += report.failed
        if self._failed >= (self.config.getvalue("maxfail") or sys.maxsize) and self.run is not None:
            self.run.halt()  # xdist waits for its workers, which wait for trials

    def _count(self, nodeid: str) -> None:
        """Once for each item: --dist each and --reruns report one several times."""
        if nodeid not in self._reported and self.run is not None:
            self._reported.add(nodeid)
            self.run.reported()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.others_failed += report.failed

    def pytest_report_teststatus(self, report: pytest.TestReport) -> Status | None:
        return status(report)

    # --- the end ----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.run is None:
            return
        if self._progress is not None:
            self._progress.stop()
        if self.workers is not None:
            self.workers.close()
        try:
            self.record = self.run.finish()
        except AstralError as err:
            self.summary = [f"the store could not be closed: {err}"]
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if self.record is not None:
            self._conclude(session, self.run, self.record)
        elif self._trials_reported and session.exitstatus == pytest.ExitCode.OK:
            self.summary = ["no trial of this run was begun, so nothing is known; please report this"]
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _conclude(self, session: pytest.Session, run: SafetyRun, record: RunRecord) -> None:
        direct = direct_lines(run.direct_counts, record.run.id, self.settings, alone=not record.results)
        if not record.results:
            self.summary = direct
            return
        end = conclude(
            record, self.settings, self.root, failure=run.failure, baseline=run.baseline, formats=run.formats
        )
        self.summary = [*end.lines, *direct]
        junit_totals(self.config, end.account)
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            failed = self.others_failed or not end.passed
            session.exitstatus = pytest.ExitCode.TESTS_FAILED if failed else pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.summary:
            terminalreporter.ensure_newline()  # else the first line below the heading would be an empty one
            terminalreporter.section("astral")
            for line in self.summary:
                terminalreporter.write_line(line)

    def _say(self, line: str) -> None:
        plugins = self.config.pluginmanager
        reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
        if reporter is not None:
            with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():  # while collecting
                reporter.ensure_newline()
                writer = self.config.get_terminal_writer()
                if writer.width_of_current_line:  # xdist leaves its line open, and the reporter does not know
                    writer.line()
                reporter.write_line(line)
