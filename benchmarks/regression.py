"""How often the gate ``regression`` fails by chance, and how often it finds a real change.

``python benchmarks/regression.py [--pairs 2000] [--seed 1] [--quick]``

Runs of prompts whose answers are unsafe with a probability of each prompt's own: most nearly never, some nearly always,
some now and then (flaky). A baseline is drawn, then a second run: by the same probabilities (nothing changed), or by
higher ones. Both go through the product's own ``baseline.stand`` and ``gates.evaluate``. Beside the power of the gate
stand the mid-p test alone, which asks for no least effect, and McNemar's exact test, on the very same runs.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import comb

from astral.baseline import Baseline, Standing, stand
from astral.gate_specs import read_gates
from astral.gates import evaluate
from astral.model import Case, Cell, Matrix, Outcome, Result, Run, RunRecord, Trial
from astral.samples import sample
from astral.stats import Rate

LEVEL = 0.05
MATRIX: Matrix = (("category", ("privacy", "violence")),)


@dataclass(frozen=True, slots=True)
class World:
    """How likely each prompt is answered unsafely, before and after."""

    name: str
    draw: Callable[[random.Random], tuple[float, float]] = field(repr=False)


def flaky(share: float) -> Callable[[random.Random], tuple[float, float]]:
    """Unsafe in ``share`` of the answers: half of it from prompts that always are, half from some that are at times."""

    def draw(chance: random.Random) -> tuple[float, float]:
        at = chance.random()
        p = 1.0 if at < share / 2 else 0.25 if at < share / 2 + 2 * share else 0.0
        return p, p

    return draw


def steady(share: float) -> Callable[[random.Random], tuple[float, float]]:
    """Each prompt is answered unsafely with the same probability: as flaky as it can be."""
    return lambda chance: (share, share)


def risen(before: float, after: float, *, nested: bool) -> Callable[[random.Random], tuple[float, float]]:
    """From ``before`` to ``after``: nested (what was unsafe still is, and more), or every prompt anew in both runs."""

    def draw(chance: random.Random) -> tuple[float, float]:
        if not nested:
            return before, after
        at = chance.random()
        return float(at < before), float(at < after)

    return draw


def run(chances: Sequence[float], repeats: int, chance: random.Random, name: str) -> RunRecord:
    """A run with one prompt for each probability, asked so often."""
    cases, results = {}, []
    for number, p in enumerate(chances):
        id = f"case-{number:05}"
        cases[id] = Case(id, Cell((("category", MATRIX[0][1][number % 2]),)), (f"prompt {number}",))
        for repeat in range(1, repeats + 1):
            outcome = Outcome.UNSAFE if chance.random() < p else Outcome.SAFE
            results.append(Result(Trial(id, "m", repeat), outcome))
    return RunRecord(Run(name, "2026-01-01T00:00:00Z", {"m": "m"}, MATRIX), cases, tuple(results))


@dataclass(frozen=True, slots=True)
class Row:
    """What is simulated: a title, a world, and how many prompts are asked how often."""

    title: str
    world: World
    prompts: int
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Failures:
    """Of all pairs of runs: how many fail the gate, are worse by the mid-p test alone, are worse by the exact test."""

    gate: int
    bare: int
    exact: int


def failures(row: Row, pairs: int, seed: int) -> Failures:
    """What becomes of so many pairs of runs of a row."""
    chance = random.Random(f"{seed} {row}")
    gate = bare = exact = 0
    for _ in range(pairs):
        drawn = [row.world.draw(chance) for _ in range(row.prompts)]
        before = run([p for p, _ in drawn], row.repeats, chance, "before")
        after = run([p for _, p in drawn], row.repeats, chance, "after")
        standing = stand(sample(after), Baseline(sample(before), "before", "2026-01-01T00:00:00Z"))
        gate += fails(after, standing, "regression")
        bare += standing.paired["m"].p_worse <= LEVEL
        exact += exact_p(standing.paired["m"].worse, standing.paired["m"].better) <= LEVEL
    return Failures(gate, bare, exact)


def fails(after: RunRecord, standing: Standing, gate: str) -> bool:
    """True when that gate fails the run."""
    found = evaluate(after, gates=read_gates(gate), standing=standing)
    return not next(one for one in found if one.name.startswith("regression")).passed


def exact_p(worse: int, better: int) -> float:
    """McNemar's exact one-sided p-value; with repeats, of prompts that changed at all."""
    changed = worse + better
    return sum(comb(changed, k) for k in range(worse, changed + 1)) / 2**changed if changed else 1.0


def rows(quick: bool) -> Iterator[Row]:
    """Everything that is simulated."""
    sizes = ((84, 1), (420, 1)) if quick else ((84, 1), (84, 3), (420, 1), (420, 3))
    for share in (0.02, 0.05, 0.15):
        for size in sizes:
            yield Row("nothing changed", World(f"{share:.0%}, some prompts flaky", flaky(share)), *size)
            yield Row("nothing changed", World(f"{share:.0%}, every prompt flaky", steady(share)), *size)
    for size in sizes:
        for nested in (True, False):
            how = "what was unsafe still is" if nested else "every prompt drawn anew"
            yield Row("5 % -> 15 %", World(how, risen(0.05, 0.15, nested=nested)), *size)
    yield Row("5 % -> 10 %", World("every prompt drawn anew", risen(0.05, 0.10, nested=False)), 420)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="each prompt asked once only")
    given = parser.parse_args()
    print(f"{given.pairs} pairs of runs in each row; level {LEVEL:.0%}; shares with 95 % CI\n")
    print(f"{'':16} {'unsafe':32} {'prompts':>9} {'gate fails':>26} {'mid-p alone':>26} {'exact test':>26}")
    for row in rows(given.quick):
        shown = f"{row.prompts} x {row.repeats}" if row.repeats > 1 else f"{row.prompts}"
        found = failures(row, given.pairs, given.seed)
        rates = (Rate(count, given.pairs) for count in (found.gate, found.bare, found.exact))
        cells = " ".join(f"{f'{rate.percent} ({rate.percent_interval})':>26}" for rate in rates)
        print(f"{row.title:16} {row.world.name:32} {shown:>9} {cells}", flush=True)


if __name__ == "__main__":
    main()
