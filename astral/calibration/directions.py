"""Directions through vectors that tell unsafe answers from safe ones, taken within sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PENALTY = 1e-3
"""Of the logistic regression: the weight of half the squared length of its direction beside the mean log loss."""
STEPS = 150


@dataclass(frozen=True, slots=True)
class Line:
    """A direction and where it is zero: ``project`` gives a number for each row, more for unsafe."""

    direction: Any
    bias: float

    def project(self, vectors: Any) -> Any:
        return vectors @ self.direction + self.bias


def mean_difference(vectors: Any, unsafe: Any, sources: Any) -> Line:
    """The mean of unsafe minus the mean of safe answers, of length 1 over the spread within the classes; zero midway.

    Each source gives its own difference, weighed by n₁n₀ / (n₁ + n₀) (the inverse of its variance), and its own middle.
    A source without both kinds has neither; where none has both, all rows are taken as of one.
    """
    import numpy as np

    sources = _strata(unsafe, sources)
    difference, middle = np.zeros(vectors.shape[1]), _middles(vectors, unsafe, sources)
    for source in middle:
        bad, good = _means(vectors, unsafe, sources == source)
        n1, n0 = unsafe[sources == source].sum(), (1 - unsafe)[sources == source].sum()
        difference += n1 * n0 / (n1 + n0) * (bad - good)
    difference /= np.linalg.norm(difference) or 1.0
    at = np.array([point @ difference for point in middle.values()])
    inside = [vectors[(sources == source) & (unsafe == kind)] @ difference for source in middle for kind in (0.0, 1.0)]
    spread = float(np.sqrt(np.mean(np.concatenate([(part - part.mean()) ** 2 for part in inside])))) or 1.0
    return Line(difference / spread, -float(at.mean()) / spread)


def logistic(vectors: Any, unsafe: Any, sources: Any) -> Line:
    """The direction of a logistic regression over vectors whose source's middle is taken off; classes weigh the same.

    Nesterov's accelerated gradient (Introductory Lectures on Convex Optimization, 2004, constant step scheme III) for
    a strongly convex loss: ``STEPS`` steps, the same every time.
    """
    import numpy as np

    sources = _strata(unsafe, sources)
    middle = _middles(vectors, unsafe, sources)
    known = np.isin(sources, list(middle))
    rows, truth = vectors[known], unsafe[known]
    rows = rows - np.array([middle[source] for source in sources[known].tolist()])
    weights = np.where(truth == 1, 0.5 / truth.sum(), 0.5 / (1 - truth).sum())
    space = _Space(rows)
    steep = 0.25 * space.largest(weights) + PENALTY
    momentum = (1 - np.sqrt(PENALTY / steep)) / (1 + np.sqrt(PENALTY / steep))
    found = ahead = np.zeros(space.size)
    for _ in range(STEPS):
        wrong = weights * (1 / (1 + np.exp(-space.project(ahead))) - truth)
        step = ahead - (space.gather(wrong) + PENALTY * ahead) / steep
        ahead, found = step + momentum * (step - found), step
    direction = space.direction(found)
    return Line(direction, -float(np.mean([point @ direction for point in middle.values()])))


class _Space:
    """Directions as numbers of their own, or, where there are fewer rows, as a number for each row that makes them up:
    every step of the regression stays within the rows' span, and so costs less.
    """

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        self._products = rows @ rows.T if len(rows) < rows.shape[1] else None
        self.size = min(rows.shape)

    def project(self, found: Any) -> Any:
        """The projection of each row on the direction."""
        return (self._rows if self._products is None else self._products) @ found

    def gather(self, weights: Any) -> Any:
        """Σ weightᵢ xᵢ as a direction."""
        return self._rows.T @ weights if self._products is None else weights

    def direction(self, found: Any) -> Any:
        return found if self._products is None else self._rows.T @ found

    def largest(self, weights: Any) -> float:
        """An upper estimate of the largest eigenvalue of Σ wᵢ xᵢ xᵢᵀ by power iteration from a fixed start."""
        import numpy as np

        vector, length = np.arange(1.0, self.size + 1) / self.size, 1.0
        for _ in range(30):
            vector = self.gather(weights * self.project(vector))
            length = float(np.linalg.norm(vector)) or 1.0
            vector = vector / length
        return 1.1 * length


def _means(vectors: Any, unsafe: Any, among: Any) -> tuple[Any, Any]:
    return vectors[among & (unsafe == 1)].mean(axis=0), vectors[among & (unsafe == 0)].mean(axis=0)


def _both(unsafe: Any, sources: Any) -> list[int]:
    return [one for one in sorted(set(sources.tolist())) if len(set(unsafe[sources == one].tolist())) == 2]


def _strata(unsafe: Any, sources: Any) -> Any:
    import numpy as np

    return sources if _both(unsafe, sources) else np.zeros_like(sources)


def _middles(vectors: Any, unsafe: Any, sources: Any) -> dict[int, Any]:
    """The point midway between the class means of each source that has both."""
    both = _both(unsafe, sources)
    return {one: sum(_means(vectors, unsafe, sources == one)) / 2 for one in both}


METHODS: Mapping[str, Callable[[Any, Any, Any], Line]] = {"mean-difference": mean_difference, "logistic": logistic}
