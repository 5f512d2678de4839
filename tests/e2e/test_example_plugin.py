"""The distribution under examples/: built, installed beside pytest-astral, found, and its own tests run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "oracle-plugin"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A directory that holds the installed example; its own tests beside it."""
    place = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, place / "source", ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    here = ("--no-deps", "--no-build-isolation", "--no-index", "--target", str(place / "site"))
    subprocess.run([*pip, *here, str(place / "source")], check=True, timeout=120)
    return place


def ran(place, *command):
    environment = {**os.environ, "PYTHONPATH": str(place / "site")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=place / "source",
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_is_listed_with_its_distribution(installed):
    found = ran(installed, "-m", "astral.cli", "plugins")
    assert found.returncode == 0, found.stderr
    line = next(line for line in found.stdout.splitlines() if line.startswith("oracle  links"))
    assert line.split(maxsplit=2)[2].strip() == "pytest-astral-links 0.1.0"


def test_its_own_tests_pass(installed):
    found = ran(installed, "-m", "pytest", "-q", "-p", "no:langsmith_plugin", "-p", "no:cacheprovider", "tests")
    assert found.returncode == 0, found.stdout
    assert "3 passed" in found.stdout
