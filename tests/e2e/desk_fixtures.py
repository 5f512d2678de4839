"""Fixtures of whole runs, for the conftest files of the folders that have such: a desk to type at, and its server."""

import pytest
from desks import SMALL, Desk

from astral.testing.server import LocalServer


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


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """A suite of 24 cases."""
    desk = Desk(tmp_path_factory.mktemp("suite"))
    assert desk.astral("generate", "safety.astral.jsonl", *SMALL.split()).code == 0
    return desk.path / "safety.astral.jsonl"
