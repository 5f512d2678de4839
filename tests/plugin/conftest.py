"""Fixtures of runs inside ``pytester``."""

import pytest
from projects import Project


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Runs behave alike on a person's machine and under CI, with keys in the environment and without."""
    for name in ("CI", "GITHUB_STEP_SUMMARY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(pytester):
    """A directory with a scripted target and oracle; its suite: ``project.suite(["good 1", "bad 2", ...])``."""
    return Project(pytester)
