"""How near a run comes to the time that latency and concurrency alone dictate: ``python benchmarks/throughput.py``.

One target call and one judge call for each case, to a local server in a process of its own. "wall" runs from the
arrival of the first request of the plan at the server (the preflight is over by then) to the last answer, which is the
arrival of the last request and the latency; "ideal" is calls x latency / concurrency.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from machine import described, environment, local_server, run, spread
from suites import sample_suite

SUITE = "sample.astral.jsonl"
REQUIRED = {32: 1.07, 128: 1.18}
"""The most that wall / ideal may be, by concurrency."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked for: ``cases`` of two calls each, ``concurrency`` at once, ``latency`` seconds a call."""

    cases: int
    concurrency: int
    latency: float

    @property
    def calls(self) -> int:
        return 2 * self.cases

    @property
    def ideal(self) -> float:
        return self.calls * self.latency / self.concurrency

    @property
    def words(self) -> list[str]:
        pairs = [
            f"target=gpt-4 oracle=llm:judge confirm=1 canaries=0 suite={SUITE}",
            f"budget=none concurrency={self.concurrency}",
        ]
        return ["-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *(f"--astral={pair}" for pair in pairs)]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run took, in seconds; ``process`` is pytest from its start to its exit, ``preflight`` and ``first`` the
    time from its start to the first request of all and to the first of the plan.
    """

    wall: float
    process: float
    cpu: float
    in_flight: int
    preflight: float
    first: float


def measured(load: Load, where: Path, more: Mapping[str, str] | None = None) -> Seen:
    """One run in a fresh directory under ``where``, ``more`` added to its environment; ends the program unless the
    server got every call exactly once.
    """
    with tempfile.TemporaryDirectory(prefix="astral-bench-", dir=where) as name:
        directory = Path(name)
        log = directory / "requests.jsonl"
        sample_suite(load.cases, directory / SUITE)
        with local_server(load.latency, log) as url:
            env = environment(OPENAI_API_KEY="local", OPENAI_BASE_URL=url, **(more or {}))
            found = run(load.words, directory, env=env, timeout=600)
        rows = [json.loads(line) for line in log.read_text(encoding="ascii").splitlines()]
    preflights = 2
    if found.code != 0 or len(rows) != load.calls + preflights:
        sys.exit(
            f"{len(rows)} requests instead of {load.calls + preflights}, exit {found.code}:\n{found.output[-2000:]}"
        )
    plan = rows[preflights:]
    first, last = plan[0]["at"], plan[-1]["at"]
    return Seen(
        last + load.latency - first,
        found.wall,
        found.cpu,
        max(row["in_flight"] for row in plan),
        rows[0]["at"] - found.begun,
        first - found.begun,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=1260)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()), help="where the store is kept")
    given = parser.parse_args()
    load = Load(given.cases, given.concurrency, given.latency)
    print(described(given.directory))
    print(f"{load.cases} cases, {load.calls} calls of {load.latency:g} s, {load.concurrency} at once; ", end="")
    print(f"ideal {load.ideal:.2f} s\n")
    print(f"{'run':>3} {'wall s':>7} {'wall/ideal':>10} {'process s':>9} {'CPU ms/case':>11} {'max in flight':>13}")
    walls = []
    for number in range(1, given.runs + 1):
        seen = measured(load, given.directory)
        walls.append(seen.wall)
        ratio = f"{seen.wall / load.ideal:10.3f}" if load.ideal else f"{'-':>10}"
        per_case = 1000 * seen.cpu / load.cases
        print(f"{number:3} {seen.wall:7.2f} {ratio} {seen.process:9.2f} {per_case:11.2f} {seen.in_flight:13}")
    if not load.ideal or (required := REQUIRED.get(load.concurrency)) is None:
        return 0
    ratios = [wall / load.ideal for wall in walls]
    met = statistics.median(ratios) <= required
    print(f"\nwall / ideal {spread(ratios, 3)}; required <= {required}: {'met' if met else 'NOT met'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
