"""The lock file that CI installs from is in step with pyproject.toml, complete, and the same wherever it is used."""

import re
import tomllib
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")
ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-ci.lock"
HEAD = re.compile(r"([a-z0-9][a-z0-9-]*)==([^ ;\\]+)(?: ; (.+?))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def locked():
    """Lines of hashes by name, version and marker."""
    found = {}
    for line in LOCK.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        if head := HEAD.fullmatch(line):
            hashes = found.setdefault(head.groups(), [])
        else:
            assert HASH.fullmatch(line), line
            hashes.append(line)
    return found


def wanted():
    """What pyproject.toml names: the build system's requirements, the dependencies and those of every extra."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = {name: rows for name, rows in told["project"]["optional-dependencies"].items() if name != "bench"}
    rows = [
        *told["build-system"]["requires"],
        *told["project"]["dependencies"],
        *(row for e in extras.values() for row in e),
    ]
    found = (packaging.Requirement(row) for row in rows)
    return [requirement for requirement in found if requirement.name != "pytest-astral"]


def test_every_line_is_a_version_with_hashes_and_says_nothing_of_where_it_was_made():
    found = locked()
    assert len(found) > 100
    assert all(hashes for hashes in found.values())
    assert not re.search(r"://|^-|file:|/(home|root|tmp|opt)/", LOCK.read_text(), re.MULTILINE)


def test_all_that_pyproject_names_is_locked_at_a_version_that_it_allows():
    versions = {}
    for name, version, _ in locked():
        versions.setdefault(name, []).append(version)
    requirements = wanted()
    assert len(requirements) > 25
    for requirement in requirements:
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in versions, f"{name} is not locked; the lock file's first lines say how to make it anew"
        wrong = [version for version in versions[name] if not requirement.specifier.contains(version)]
        assert not wrong, f"{requirement}: locked at {wrong}; the lock file's first lines say how to make it anew"


def test_what_is_locked_twice_is_told_apart_by_the_version_of_python():
    markers = {}
    for name, _, marker in locked():
        markers.setdefault(name, []).append(marker)
    assert all("python_full_version" in marker for found in markers.values() if len(found) > 1 for marker in found)
