"""All figures of speed and scale with what is required of them: ``python benchmarks/execution.py``.

``--quick`` takes one run of each and 20,000 cases for the largest run; its verdicts on that row mean nothing. Every run
is a process of its own in a fresh directory; the local server is another process. See throughput.py, scale.py and
startup.py for what each measures; run them alone for more of one figure.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path

import startup
from machine import Child, described, slow_commits, spread
from scale import bare, demo
from throughput import Load, measured

ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "astral.plugin"}
CASES, LATENCY, FEW, LARGE = 1260, 0.2, 84, 100_000
SLOW_MS = 10


@dataclass(slots=True)
class Table:
    """Prints a row as soon as it is known, and remembers whether all requirements were met."""

    failed: list[str] = field(default_factory=list)

    def row(self, figure: str, seen: str, required: str = "", aim: str = "", met: bool | None = None) -> None:
        word = "" if met is None else "met" if met else "NOT met"
        if met is False:
            self.failed.append(figure)
        print(f"| {figure:58} | {seen:34} | {required:20} | {aim:14} | {word:7} |", flush=True)


@dataclass(frozen=True, slots=True)
class Bench:
    """``runs`` of each kind under ``where``."""

    where: Path
    runs: int
    large: int
    pairs: int

    def ratios(self, table: Table) -> None:
        for concurrency, most, aim in ((32, 1.07, "1.04"), (128, 1.18, "1.10")):
            found = self._ratios(concurrency)
            met = statistics.median(found) <= most
            table.row(
                f"wall / ideal, {CASES} cases, 0.2 s, concurrency {concurrency}",
                spread(found, 3),
                f"<= {most}",
                aim,
                met,
            )

    def slow_ratios(self, table: Table) -> None:
        with tempfile.TemporaryDirectory(prefix="astral-bench-") as name:
            shim = slow_commits(SLOW_MS, Path(name))
            for concurrency in (32, 128):
                figure = f"  the same with {SLOW_MS} ms added to each commit, {concurrency}"
                table.row(
                    figure, spread(self._ratios(concurrency, shim), 3) if shim else "no C compiler", "for information"
                )

    def _ratios(self, concurrency: int, more: dict[str, str] | None = None) -> list[float]:
        load = Load(CASES, concurrency, LATENCY)
        return [measured(load, self.where, more).wall / load.ideal for _ in range(self.runs)]

    def cpu(self, table: Table) -> None:
        """Processor time of the pytest process at latency 0: the slope between two sizes, and whole by cases."""
        small, large = (Load(cases, 32, 0.0) for cases in (CASES, 4 * CASES))
        pairs = [(measured(small, self.where).cpu, measured(large, self.where).cpu) for _ in range(self.runs)]
        slopes = [1000 * (b - a) / (large.cases - small.cases) for a, b in pairs]
        whole = [1000 * a / small.cases for a, _ in pairs]
        met = statistics.median(slopes) <= 2.5
        table.row(
            f"CPU ms a case, latency 0, from {small.cases} to {large.cases} cases", spread(slopes), "<= 2.5", "1", met
        )
        met = statistics.median(whole) <= 2.5
        table.row(f"  the same, whole process / {small.cases} cases", spread(whole), "<= 2.5", "1", met)

    def scale(self, table: Table) -> None:
        few, middle, large = (demo(count, self.where) for count in (FEW, self.large // 10, self.large))
        alone = bare(self.large, self.where)
        table.row(f"{self.large} cases, embedded target: s", f"{large.wall:.1f}", "<= 120", "60", large.wall <= 120)
        table.row("  peak MB", f"{large.peak:.0f}", "<= 700", "500", large.peak <= 700)
        table.row("  as many bare pytest items: s, MB", f"{alone.wall:.1f}, {alone.peak:.0f}", "for information")
        for name, unit, cost in _COSTS:
            first = 1e6 * (cost(middle) - cost(few)) / (self.large // 10 - FEW)
            second = 1e6 * (cost(large) - cost(middle)) / (self.large - self.large // 10)
            growth = second / first - 1
            seen = f"{first:.0f} to {second:.0f} {unit} ({growth:+.0%})"
            table.row(f"  growth: {name} a case, first tenth to rest", seen, "<= +20 %", "", growth <= 0.2)

    def first_request(self, table: Table) -> None:
        load = Load(FEW, 32, LATENCY)
        for name, more in (("no other pytest plugin", ALONE), (f"all plugins ({_plugins()})", {})):
            measured(load, self.where, more)  # compiles
            found = [measured(load, self.where, more) for _ in range(max(self.runs, 3))]
            seen = [one.preflight for one in found]
            required = ("<= 1.5", "0.7", statistics.median(seen) <= 1.5) if more else ("", "", None)
            table.row(f"first request, s after the command ({FEW} cases)", spread(seen), *required)
            table.row(f"  first of the plan, after the preflight; {name}", spread([one.first for one in found]))

    def unused(self, table: Table) -> None:
        with tempfile.TemporaryDirectory(prefix="astral-bench-") as name:
            for command, (words, expected) in startup.COMMANDS.items():
                found = [b - a for a, b in startup.pairs(words, Path(name), expected, self.pairs)]
                milliseconds = [1000 * value for value in found]
                met = statistics.median(milliseconds) <= 10
                quartiles = statistics.quantiles(milliseconds, n=4)
                seen = f"{quartiles[1]:.1f} (quartiles {quartiles[0]:.1f} to {quartiles[2]:.1f})"
                table.row(f"installed, unused, ms: {command}", seen, "<= 10", "not measurable", met)


_COSTS: tuple[tuple[str, str, Callable[[Child], float]], ...] = (
    ("CPU time", "us", lambda child: child.cpu),
    ("memory", "bytes", lambda child: child.peak),
)


def _plugins() -> str:
    return ", ".join(sorted({entry.name for entry in entry_points(group="pytest11")} - {"astral"})) or "none"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one run of each, a fifth of the largest")
    parser.add_argument("--only", default="", help="rows to take: ratios,slow,cpu,scale,first,unused")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()), help="where the store is kept")
    given = parser.parse_args()
    bench = Bench(given.directory, 1, 20_000, 10) if given.quick else Bench(given.directory, 3, LARGE, 40)
    table = Table()
    print(described(given.directory) + "\n")
    table.row("figure", "seen: median (least to most)", "required", "aim")
    print(f"|{'---|' * 5}")
    rows = {
        "ratios": bench.ratios,
        "slow": bench.slow_ratios,
        "cpu": bench.cpu,
        "scale": bench.scale,
        "first": bench.first_request,
        "unused": bench.unused,
    }
    for name, take in rows.items():
        if not given.only or name in given.only.split(","):
            take(table)
    print(f"\n{'all requirements met' if not table.failed else 'NOT met: ' + '; '.join(table.failed)}")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
