"""The test-suite's own pytest configuration."""

import os
from pathlib import Path

import hypothesis

# The same examples each time, and no bound on how long one takes: machines are shared.
hypothesis.settings.register_profile("astral", deadline=None, derandomize=True)
hypothesis.settings.load_profile("astral")

pytest_plugins = ["pytester"]

# Tests start some hundred child processes: they keep what they compile, in one place instead of beside the sources.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parent / ".pytest_cache" / "pycache")
