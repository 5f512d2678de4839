"""How time and memory grow with the number of cases: ``python benchmarks/scale.py``.

``pytest --astral "target=demo suite=..."`` with a ready suite, in a process and a directory of its own: collection,
plan, answers and verdicts committed, terminal report, exit. Beside it as many bare items, which is pytest alone.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from machine import Child, described, environment, run

SUITE = "sample.astral.jsonl"
WORDS = ["-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
PAIRS = f"target=demo oracle=offline budget=none gate=none incomplete=100% suite={SUITE}"
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_MAKE = "from pathlib import Path; from suites import sample_suite; sample_suite({cases}, Path({path!r}))"
_BARE = """
import pytest

class Bare(pytest.Item):
    def runtest(self):
        pass

class BareFile(pytest.File):
    def collect(self):
        for number in range({count}):
            yield Bare.from_parent(self, name=f"item-{{number}}")

def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".bare":
        return BareFile.from_parent(parent, path=file_path)
"""


def demo(cases: int, where: Path) -> Child:
    """One run against the embedded target without other plugins; ends the program when it was not a whole one."""
    with tempfile.TemporaryDirectory(prefix="astral-bench-", dir=where) as name:
        _in_a_child(cases, Path(name) / SUITE)
        env = environment(**ALONE, PYTEST_PLUGINS="astral.plugin")
        found = run([*WORDS, "--astral", PAIRS], Path(name), env=env, timeout=1200)
    planned = re.search(r"^planned (\d+) = ", found.output, re.MULTILINE)
    if found.code != 0 or planned is None or int(planned[1]) != cases:
        sys.exit(f"exit {found.code}:\n{found.output[-2000:]}")
    return found


def _in_a_child(cases: int, path: Path) -> None:
    """Write the suite in a process of its own: a child's peak memory begins with what its parent has."""
    words = [
        "-c",
        f"from pathlib import Path; from suites import sample_suite; sample_suite({cases}, Path({str(path)!r}))",
    ]
    made = run(words, Path(__file__).parent, timeout=600)
    if made.code != 0:
        sys.exit(made.output[-2000:])


def bare(count: int, where: Path) -> Child:
    """As many items of pytest that do nothing, without any plugin."""
    with tempfile.TemporaryDirectory(prefix="astral-bench-", dir=where) as name:
        (Path(name) / "conftest.py").write_text(_BARE.format(count=count))
        (Path(name) / "all.bare").touch()
        found = run([*WORDS, "all.bare"], Path(name), env=environment(**ALONE), timeout=600)
    if found.code != 0:
        sys.exit(f"exit {found.code}:\n{found.output[-2000:]}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("counts", type=int, nargs="*", default=[84, 10_000, 100_000])
    parser.add_argument("--bare", action="store_true", help="bare items as well")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()), help="where the store is kept")
    given = parser.parse_args()
    print(described(given.directory))
    print(f"{'cases':>7} {'':6} {'wall s':>7} {'CPU s':>7} {'CPU ms/case':>11} {'peak MB':>8} {'kB/case':>8}")
    for count in given.counts:
        for kind, runner in (("demo", demo), ("bare", bare))[: 1 + given.bare]:
            found = runner(count, given.directory)
            each = f"{1000 * found.cpu / count:11.3f} {found.peak:8.0f} {1000 * found.peak / count:8.2f}"
            print(f"{count:7} {kind:6} {found.wall:7.2f} {found.cpu:7.2f} {each}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
