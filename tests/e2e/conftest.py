"""Fixtures of whole runs: a desk to type commands at, the server that they talk to, and a browser."""

from browsers import browser, new_tab, tab
from desk_fixtures import desk, offline_desk, server

__all__ = ["browser", "desk", "new_tab", "offline_desk", "server", "tab"]
