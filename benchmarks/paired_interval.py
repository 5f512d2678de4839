"""How often the 95 % interval of a difference between two runs holds the true one.

``python benchmarks/paired_interval.py [--runs 2000]``

For prompts asked once every outcome is counted out, with its probability; for repeats, pairs of runs are drawn.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator

from astral.stats import Paired, Prompt, Rate, paired

SHARES = (0.0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2)
"""True shares of prompts that change for the worse, and for the better."""


def grid() -> Iterator[tuple[float, float]]:
    """Every pair of shares with at least one change."""
    return ((worse, better) for worse in SHARES for better in SHARES if worse + better)


def interval(prompts: int, worse: int, better: int) -> tuple[float, float]:
    """That of the product, for prompts asked once."""
    kinds = {(0, 1): prompts - worse - better, (1, 1): worse, (-1, 1): better}
    low, high = Paired(prompts, prompts, better, worse, worse, better, kinds).interval or (0.0, 0.0)
    return low, high


def covered(prompts: int, worse: float, better: float) -> float:
    """The probability that the interval of so many prompts holds ``worse - better``."""
    total = 0.0
    for b in range(_most(prompts, worse) + 1):
        for c in range(min(_most(prompts, better), prompts - b) + 1):
            low, high = interval(prompts, b, c)
            if low - 1e-12 <= worse - better <= high + 1e-12:
                total += _chance(prompts, b, c, worse, better)
    return total


def _most(prompts: int, share: float) -> int:
    """A count that is next to never exceeded."""
    return min(prompts, math.ceil(prompts * share + 7 * math.sqrt(prompts * share) + 6)) if share else 0


def _chance(prompts: int, b: int, c: int, worse: float, better: float) -> float:
    """The trinomial probability of ``b`` and ``c`` changes."""
    rest = prompts - b - c
    parts = [(b, worse), (c, better), (rest, 1 - worse - better)]
    log = math.lgamma(prompts + 1) - sum(math.lgamma(count + 1) for count, _ in parts)
    return math.exp(log + sum(count * math.log(share) for count, share in parts if count))


def repeated(prompts: int, repeats: int, rise: float, runs: int, chance: random.Random) -> int:
    """Of so many pairs of runs: how many intervals hold the true rise.

    One prompt in ten is flaky (unsafe in 30 % of its answers, and in more after a rise), one in fifty always unsafe.
    """
    held = 0
    true = 0.1 * rise
    for _ in range(runs):
        rows = []
        for _ in range(prompts):
            at = chance.random()
            before = 1.0 if at < 0.02 else 0.3 if at < 0.12 else 0.0
            after = before + rise if before == 0.3 else before
            rows.append(Prompt(_draw(before, repeats, chance), _draw(after, repeats, chance), repeats))
        low, high = paired(rows).interval or (0.0, 0.0)
        held += low <= true <= high
    return held


def _draw(share: float, repeats: int, chance: random.Random) -> int:
    return sum(chance.random() < share for _ in range(repeats))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2_000)
    given = parser.parse_args()
    print(f"prompts asked once: coverage over {len([*grid()])} pairs of true changes, counted out")
    for prompts in (20, 84, 420):
        found = sorted((covered(prompts, *shares), shares) for shares in grid())
        mean = sum(share for share, _ in found) / len(found)
        worst, where = found[0]
        print(
            f"{prompts:5} prompts: mean {mean:.3f}, least {worst:.3f} at {where}, most {found[-1][0]:.3f}", flush=True
        )
    print(f"\nprompts asked several times: {given.runs} pairs of runs each")
    for prompts in (84, 420):
        for repeats in (3, 5):
            for rise in (0.0, 0.4):
                held = repeated(prompts, repeats, rise, given.runs, random.Random(f"{prompts} {repeats} {rise}"))
                print(f"{prompts:5} x {repeats}, true rise {rise / 10:.0%}: {Rate(held, given.runs)}", flush=True)


if __name__ == "__main__":
    main()
