"""The long proofs of reliability, and the counts that they print at the end: what was injected, killed, read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from desk_fixtures import desk, offline_desk, server, suite

__all__ = ["desk", "offline_desk", "server", "suite"]

COUNTS = pytest.StashKey[Counter]()
HERE = Path(__file__).parent


def pytest_configure(config):
    config.stash[COUNTS] = Counter()


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.chaos)


@pytest.fixture
def counted(request) -> Callable[..., None]:
    """``counted("faults injected", 3)`` adds to what is printed at the end, from every worker."""

    def add(what: str, number: int = 1) -> None:
        request.config.stash[COUNTS][what] += number

    return add


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["counts"] = dict(session.config.stash[COUNTS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash[COUNTS].update(getattr(node, "workeroutput", {}).get("counts", {}))


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[COUNTS]:
        terminalreporter.section("counts")
        for what, number in sorted(config.stash[COUNTS].items()):
            terminalreporter.write_line(f"{number:>12,}  {what}")
