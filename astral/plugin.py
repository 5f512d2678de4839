"""The pytest plugin's front door: without ``--astral`` it only registers options, a marker, hook specifications and
fixtures, and skips the tests that use them.

Every pytest run of the environment imports this module, so it imports next to nothing; a test holds this.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from astral import hookspecs

if TYPE_CHECKING:
    from astral.fixtures import AskedOracle, AskedTarget, CaseSuite
    from astral.model import Case
    from astral.settings import Settings

MARKER = (
    "astral(category=, style=, persuasion=, limit=, twins=): take astral_case from these cells of the suite "
    "(each a name, an alias or a list); needs --astral"
)
FIXTURES = frozenset({"astral_case", "astral_target", "astral_oracle", "astral_suite"})
NEEDED = "needs --astral"
HELP = (
    "test the safety of a language model: target=MODEL, openai:MODEL@URL, demo, ...; repeatable; "
    "'on' takes the ini file's keys. `astral keys` lists all keys with their defaults"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("astral", "safety testing of language models")
    group.addoption("--astral", action="append", metavar="KEY=VALUE", help=HELP)
    group.addoption("--astral-command", help=argparse.SUPPRESS)
    parser.addini("astral", "default KEY=VALUE settings for --astral", type="linelist", default=[])


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(trylast=True)  # after conftest plugins and xdist have configured themselves
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    if config.getoption("astral") and not config.getoption("astral_command"):
        from astral.session import activate

        activate(config, read_settings(config))


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    if not config.getoption("astral_command"):
        return None
    from astral.commands.table import run_command

    return run_command(config, read_settings(config))


def pytest_collection_modifyitems(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    if not config.getoption("astral"):
        for item in items:
            if item.get_closest_marker("astral") or FIXTURES.intersection(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.skip(reason=NEEDED))


def read_settings(config: pytest.Config) -> Settings:
    """Settings of ini file and command line. Raises pytest.UsageError with one line."""
    from astral.errors import AstralError
    from astral.settings import parse_settings

    try:
        return parse_settings(config.getini("astral"), config.getoption("astral") or ())
    except AstralError as err:
        raise pytest.UsageError(f"astral: {err}") from None


@pytest.fixture
def astral_case(request: pytest.FixtureRequest) -> Case:
    """A case of the suite: the test runs once for each that its astral marker chooses (all without a marker)."""
    _needs_astral(request.config)
    pytest.fail("astral_case must be an argument of the test itself or of a fixture it names", pytrace=False)


@pytest.fixture(scope="session")
def astral_target(request: pytest.FixtureRequest) -> AskedTarget:
    """The target of the run: astral_target(case_or_prompt) answers; await astral_target.aask(...) in a coroutine."""
    _needs_astral(request.config)
    from astral.fixtures import asking, target_fixture

    return target_fixture(asking(request.config), getattr(request, "param", None))


@pytest.fixture(scope="session")
def astral_oracle(request: pytest.FixtureRequest) -> AskedOracle:
    """All oracles of the run: assert astral_oracle(case, response).safe; await astral_oracle.ajudge(...)."""
    _needs_astral(request.config)
    from astral.fixtures import AskedOracle, asking

    session = asking(request.config)
    return AskedOracle(session.calls, shows_text=session.shows_text)


@pytest.fixture(scope="session")
def astral_suite(request: pytest.FixtureRequest) -> CaseSuite:
    """The suite of the run: astral_suite.cases, astral_suite.case(id), astral_suite.matrix."""
    _needs_astral(request.config)
    from astral.fixtures import asking, suite_fixture

    return suite_fixture(asking(request.config))


def _needs_astral(config: pytest.Config) -> None:
    """For fixtures that a test asks for while it runs; the others were skipped at collection."""
    if not config.getoption("astral"):
        pytest.skip(NEEDED)
