"""Fixtures of whole runs: a desk to type commands at, and the server that they talk to."""

import pytest
from browsers import browser, new_tab, tab
from desks import Desk

from astral.testing.server import LocalServer

__all__ = ["browser", "new_tab", "tab"]


@pytest.fixture
def server():
    """A server whose script a test may set before its run."""
    with LocalServer() as running:
        yield running


@pytest.fixture
def desk(tmp_path, server):
    return Desk(tmp_path, server)


@pytest.fixture
def offline_desk(tmp_path):
    """A desk without key and server."""
    return Desk(tmp_path)
