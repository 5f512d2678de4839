"""How long ``astral compare`` takes over two stored runs: ``python benchmarks/compare.py``.

Makes one suite and two whole runs of pytest over it, whose judges differ on every seventh answer, and then times the
whole process of the command: start of Python and pytest, reading, comparing, the lines for the terminal; then with
reports, and from files. ``--plugins`` leaves pytest's other plugins on, as a user has them.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from machine import Child, described, environment, run, spread
from scale import ALONE, PAIRS, SUITE, WORDS
from suites import sample_suite

MOST = 3.0
"""Seconds that a comparison of two runs of 10,000 cases may take."""
_ORACLES = """
import hashlib

import pytest

def drawn(case):
    return int(hashlib.sha256(case.id.encode()).hexdigest()[:8], 16) / 2**32

def first(case, response):
    return drawn(case) >= 0.1

def second(case, response):
    return not 0.05 <= drawn(case) < 0.2

@pytest.hookimpl(optionalhook=True)
def pytest_astral_oracles():
    return {"first": first, "second": second}
"""
"""A tenth of the answers is unsafe to the first, more of them to the second, and only a part of them to both."""


def stored_runs(cases: int, where: Path, env: Mapping[str, str]) -> None:
    """Two runs of ``cases`` prompts in the store below ``where``; ends the program when one was not a whole one."""
    sample_suite(cases, where / SUITE)
    (where / "conftest.py").write_text(_ORACLES)
    for oracle in ("first", "second"):
        pairs = re.sub("oracle=offline", f"oracle={oracle}", PAIRS) + " report=json:" + oracle + ".json"
        found = run([*WORDS, "--astral", pairs], where, env=env, timeout=1200)
        if f"planned {cases} = " not in found.output:
            sys.exit(f"exit {found.code}:\n{found.output[-2000:]}")


def compared(words: list[str], where: Path, env: Mapping[str, str]) -> Child:
    """The command, whose output must name a difference; else ends the program."""
    found = run(["-m", "astral.cli", "compare", *words], where, env=env, timeout=60)
    if found.code != 0 or "another judge" not in found.output:
        sys.exit(f"exit {found.code}:\n{found.output[-2000:]}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", type=int, nargs="?", default=10_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--plugins", action="store_true", help="with all of pytest's plugins that are installed")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()), help="where the store is kept")
    given = parser.parse_args()
    print(described(given.directory))
    alone = environment(**ALONE, PYTEST_PLUGINS="astral.plugin")
    env = environment() if given.plugins else alone
    reports = ["report=html:c.html,json:c.json,md:c.md"]
    kinds = {"two stored runs": [], "the same with html, json, md": reports, "two files": ["first.json", "second.json"]}
    with tempfile.TemporaryDirectory(prefix="astral-bench-", dir=given.directory) as name:
        stored_runs(given.cases, Path(name), alone)
        for kind, words in kinds.items():
            compared(words, Path(name), env)  # compiles, and fills the system's cache
            found = [compared(words, Path(name), env) for _ in range(given.times)]
            wall = spread([one.wall for one in found])
            cpu, peak = spread([one.cpu for one in found]), max(one.peak for one in found)
            print(f"{given.cases} cases, {kind:28}: wall {wall} s, CPU {cpu} s, peak {peak:.0f} MB", flush=True)
            if kind == "two stored runs":
                met = statistics.median(one.wall for one in found) <= MOST
    print(f"two stored runs in {MOST:g} s: {'met' if met else 'NOT met'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
