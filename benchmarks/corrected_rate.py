"""Coverage and width of the corrected unsafe rate against published methods, on the same simulated runs.

    python benchmarks/corrected_rate.py [--runs 2000] [--seed 1]

Each run draws sensitivity, specificity, prevalence (0 and 1 among them) and the sizes of run and card, then counts; an
interval covers where it holds the true prevalence. Published methods: Lang and Reiczigel (Preventive Veterinary
Medicine 113, 2014, p. 13), after R's ``asht::prevSeSp``; melding (D. Bayer, M. Fay and B. Graubard, arXiv 2205.13494,
2022), after R's ``asht::WprevSeSp``; Rogan and Gladen's own normal interval (1978). Needs numpy (extra ``dev``).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from astral.calibration.correction import Corrected, corrected
from astral.model import Card
from astral.stats import Rate, Z, clustered

SIZES_OF_RUN = (30, 84, 168, 420, 1000)
SIZES_OF_CARD = (20, 50, 100, 300, 1000)
"""Of either truth."""
RANGES = {
    "sensitivity and specificity from .5 to 1": (0.5, 1.0),
    "sensitivity and specificity from .8 to 1": (0.8, 1.0),
    "sensitivity and specificity from 0 to 1, worse than chance among them": (0.0, 1.0),
}
Ends = tuple[float, float]


@dataclass(frozen=True)
class Draw:
    """A simulated run with the card of its judge: what is true, and what was counted."""

    prevalence: float
    sensitivity: float
    specificity: float
    rate: Rate
    caught: Rate
    cleared: Rate

    @property
    def alarms(self) -> float:
        """The share of false alarms that the card saw."""
        return 1 - self.cleared.hits / self.cleared.n

    @property
    def precision(self) -> float:
        """The true share of unsafe answers among those called unsafe."""
        right = self.prevalence * self.sensitivity
        called = right + (1 - self.prevalence) * (1 - self.specificity)
        return right / called if called else 1.0


def repeated(runs: int, seed: int, worst: float, best: float) -> Iterator[Draw]:
    """The same, but run and card have up to five answers to a prompt, which hang together by a share drawn up to .8."""
    rng = np.random.default_rng(seed + 1000)

    def rate(share: float, prompts: int, linked: float) -> Rate:
        times, spread = int(rng.choice((1, 2, 3, 5))), (1 - linked) / linked
        own = np.full(prompts, share) if share in (0, 1) else rng.beta(share * spread, (1 - share) * spread, prompts)
        return clustered((int(hits), times) for hits in rng.binomial(times, own))

    for one in draws(runs, seed, worst, best):
        linked = rng.uniform(0.01, 0.8)
        called = one.prevalence * one.sensitivity + (1 - one.prevalence) * (1 - one.specificity)
        yield replace(
            one,
            rate=rate(called, one.rate.n, linked),
            caught=rate(one.sensitivity, one.caught.n, linked),
            cleared=rate(one.specificity, one.cleared.n, linked),
        )


def draws(runs: int, seed: int, worst: float, best: float) -> Iterator[Draw]:
    """As many runs; 15 % of them with prevalence 0, 15 % with 1, 30 % below .1, the others anywhere."""
    rng = np.random.default_rng(seed)
    for _ in range(runs):
        sensitivity, specificity = rng.uniform(worst, best, 2)
        kind = rng.random()
        prevalence = 0.0 if kind < 0.15 else 1.0 if kind < 0.3 else rng.uniform(0, 0.1 if kind < 0.6 else 1)
        called = prevalence * sensitivity + (1 - prevalence) * (1 - specificity)
        n, unsafe, safe = rng.choice(SIZES_OF_RUN), rng.choice(SIZES_OF_CARD), rng.choice(SIZES_OF_CARD)
        counts = (rng.binomial(n, called), rng.binomial(unsafe, sensitivity), rng.binomial(safe, specificity))
        rates = (Rate(int(hits), int(of)) for hits, of in zip(counts, (n, unsafe, safe), strict=True))
        yield Draw(prevalence, sensitivity, specificity, *rates)


def read(draw: Draw) -> Corrected:
    """What a report would make of it."""
    found = corrected(draw.rate, Card({}, draw.caught, draw.cleared, (0, 0), "simulated", "", ""))
    assert found is not None
    return found


def ours(draw: Draw) -> Ends:
    found = read(draw)
    return found.low, found.high


def precision_covered(cases: Sequence[Draw]) -> float:
    """How often the interval of the expected precision holds the true one, over the runs with a finding."""
    found = [(draw.precision, one) for draw in cases if (one := read(draw).precision) is not None]
    return float(np.mean([one.low - 1e-6 <= true <= one.high + 1e-6 for true, one in found]))


def lang_reiczigel(draw: Draw) -> Ends:
    """Two successes and failures added to the card, z²/2 to the run, and a shift: equations 6, 7, 16 and 17."""
    unsafe, safe, n = draw.caught.n + 2, draw.cleared.n + 2, draw.rate.n + Z * Z
    s, c, r = (draw.caught.hits + 1) / unsafe, (draw.cleared.hits + 1) / safe, (draw.rate.hits + Z * Z / 2) / n
    gain = s + c - 1
    if gain <= 0:
        return 0.0, 1.0
    p = (r + c - 1) / gain
    shift = 2 * Z * Z * (p * s * (1 - s) / unsafe - (1 - p) * c * (1 - c) / safe)
    spread = r * (1 - r) / n + p * p * s * (1 - s) / unsafe + (1 - p) ** 2 * c * (1 - c) / safe
    half = Z * math.sqrt(spread) / gain
    return max(p + shift - half, 0.0), min(p + shift + half, 1.0)


def rogan_gladen(draw: Draw) -> Ends:
    """The normal interval with the variance of the delta method."""
    s, f, r = draw.caught.hits / draw.caught.n, draw.alarms, draw.rate.hits / draw.rate.n
    if s <= f:
        return 0.0, 1.0
    p = (r - f) / (s - f)
    card = p * p * s * (1 - s) / draw.caught.n + (1 - p) ** 2 * f * (1 - f) / draw.cleared.n
    half = Z * math.sqrt(r * (1 - r) / draw.rate.n + card) / (s - f)
    return min(max(p - half, 0.0), 1.0), max(min(p + half, 1.0), 0.0)


def melded(samples: int = 10_000, seed: int = 49201) -> Callable[[Draw], Ends]:
    """Quantiles of the prevalence over the lower, and the upper, confidence distributions of all three rates."""
    rng = np.random.default_rng(seed)

    def ends(rate: Rate, hits: int) -> tuple[np.ndarray, np.ndarray]:
        low = rng.beta(hits, rate.n - hits + 1, samples) if hits else np.zeros(samples)
        high = rng.beta(hits + 1, rate.n - hits, samples) if hits < rate.n else np.ones(samples)
        return low, high

    def prevalence(r: np.ndarray, f: np.ndarray, s: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.nan_to_num((r - f) / (s - f))
        return np.where((f < s) & (s < r), 1.0, np.where((s >= r) & (r >= f), inside, 0.0))

    def interval(draw: Draw) -> Ends:
        r = ends(draw.rate, draw.rate.hits)
        f = ends(draw.cleared, draw.cleared.n - draw.cleared.hits)
        s = ends(draw.caught, draw.caught.hits)
        low, high = prevalence(r[0], f[1], s[1]), prevalence(r[1], f[0], s[0])
        return float(np.quantile(low, 0.025)), float(np.quantile(high, 0.975))

    return interval


METHODS: dict[str, Callable[[Draw], Ends]] = {
    "ours": ours,
    "Lang and Reiczigel 2014": lang_reiczigel,
    "melded, Bayer et al. 2022": melded(),
    "Rogan and Gladen 1978": rogan_gladen,
}


@dataclass(frozen=True)
class Score:
    """How a method did on the same draws as the others."""

    coverage: float
    at_zero: float
    at_one: float
    worst: float
    corner: str
    width: float
    points: int


def score(method: Callable[[Draw], Ends], cases: Sequence[Draw]) -> Score:
    """Coverage overall, at both ends and in the worst corner of at least 100 draws; the median width."""
    found = [method(draw) for draw in cases]
    held = np.array([low <= d.prevalence <= high for d, (low, high) in zip(cases, found, strict=True)])
    widths = np.array([high - low for low, high in found])
    truth = np.array([draw.prevalence for draw in cases])
    corners = {name: held[where].mean() for name, where in _corners(cases).items() if where.sum() >= 100}
    corner = min(corners, key=lambda name: corners[name])
    ends = held[truth == 0].mean(), held[truth == 1].mean()
    return Score(held.mean(), *ends, corners[corner], corner, float(np.median(widths)), int((widths < 0.001).sum()))


def _corners(cases: Sequence[Draw]) -> dict[str, np.ndarray]:
    truth = np.array([draw.prevalence for draw in cases])
    card = np.array([min(draw.caught.n, draw.cleared.n) for draw in cases])
    run = np.array([draw.rate.n for draw in cases])
    gain = np.array([draw.sensitivity + draw.specificity - 1 for draw in cases])
    shares = {"0": truth == 0, "1": truth == 1, "0 to .1": (truth > 0) & (truth <= 0.1), "above .1": truth > 0.1}
    sizes = {"card < 100": card < 100, "card >= 100": card >= 100, "run < 100": run < 100, "run >= 100": run >= 100}
    sizes |= {"informative": gain >= 0.7, "vague": gain < 0.4, "any": gain > -1}
    return {f"prevalence {a}, {b}": one & other for a, one in shares.items() for b, other in sizes.items()}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--runs", type=int, default=2000)
    words.add_argument("--seed", type=int, default=1)
    told = words.parse_args()
    for title, (worst, best) in RANGES.items():
        cases = list(draws(told.runs, told.seed, worst, best))
        print(f"{told.runs} runs, {title}")
        print(
            f"{'method':<27}{'coverage':>9}{'at 0':>7}{'at 1':>7}{'worst corner':>14}{'width':>8}{'points':>8}  corner"
        )
        scores = {name: score(method, cases) for name, method in METHODS.items()}
        for name, one in scores.items():
            shown = f"{one.coverage:>9.3f}{one.at_zero:>7.3f}{one.at_one:>7.3f}{one.worst:>14.3f}"
            print(f"{name:<27}{shown}{one.width:>8.4f}{one.points:>8}  {one.corner}")
        valid = {name: one.width for name, one in scores.items() if name != "ours" and one.coverage >= 0.93}
        best_name = min(valid, key=lambda name: valid[name])
        print(f"width of ours over that of {best_name}: {scores['ours'].width / valid[best_name]:.2f}")
        print(f"expected precision of ours covers {precision_covered(cases):.3f}")
        tied = list(repeated(told.runs, told.seed, worst, best))
        shown = f"{score(ours, tied).coverage:.3f}, its expected precision {precision_covered(tied):.3f}"
        print(f"with repeats of prompts that hang together ours covers {shown}\n")


if __name__ == "__main__":
    main()
