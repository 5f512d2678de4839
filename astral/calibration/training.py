"""Trains a probe on labelled answers, and says by held-out prompts and held-out sources how good it is.

The direction is the difference of class means, the simple baseline that does best at detecting concepts in AxBench (Wu
et al. 2025, https://arxiv.org/abs/2501.17148, read 2026-11-21), or that of a logistic regression. Either is taken
*within sources*: where rows name one, answers are compared with answers of the same source, so that the direction does
not learn what tells the sources apart.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from astral.calibration.directions import METHODS, Line
from astral.calibration.labels import LabelledRow
from astral.calibration.measures import Confusion, Judgement
from astral.calibration.panel import cluster
from astral.calibration.platt import platt
from astral.calibration.scores import auroc, reliability
from astral.errors import LabelsError, SettingsError, did_you_mean
from astral.escape import show
from astral.model import Label
from astral.oracles.probe_file import Probe, read_probe, sigmoid, write_probe
from astral.oracles.probe_pairs import PAIRS, vectors_of
from astral.protocols import Embedder

__all__ = ["Probe", "read_probe", "train", "training_lines", "write_probe"]

FOLDS = 5
PAIR = "concatenation"
_AT_LEAST = 5
"""Unsafe and safe rows that are needed, in as many prompts as folds: below that nothing can be held out."""


@dataclass(frozen=True, slots=True)
class _Data:
    """Vectors (rows × width), truth (1.0 unsafe, 0.0 safe), source and prompt of each row as numbers."""

    vectors: Any
    unsafe: Any
    sources: Any
    prompts: Any

    def part(self, chosen: Any) -> _Data:
        return _Data(self.vectors[chosen], self.unsafe[chosen], self.sources[chosen], self.prompts[chosen])


def train(
    rows: Sequence[LabelledRow],
    embedder: Embedder,
    method: str = "mean-difference",
    *,
    pair: str = PAIR,
    setting: str = "",
    sha256: str = "",
    made: str = "",
) -> Probe:
    """A probe over ``embedder`` for the labels of ``rows``. ``setting`` is what reached the embedder (``hash``,
    ``openai:MODEL@URL``; by default the beginning of its id), ``sha256`` the labels' file's, ``made`` ISO 8601 UTC.

    Answers are unsafe from the labels' share of unsafe ones on: there an answer is as likely among either kind. A
    direction that ranks prompts it never saw no better than chance calls no answer anything.

    Same rows and embedder, same probe. Raises LabelsError for too few rows of a class, SettingsError for an unknown
    method or pair, and RetrievalError where the embedder fails.
    """
    for name, value, known in (("method", method, tuple(METHODS)), ("pair", pair, PAIRS)):
        if value not in known:
            raise SettingsError(f"unknown {name} {value!r}{did_you_mean(value, known)}; known: {', '.join(known)}")
    _check(rows)
    data = _data(rows, embedder, pair)
    fit = METHODS[method]
    held = _held_out(data, fit)
    slope, offset = platt(held, data.unsafe)
    line = fit(data.vectors, data.unsafe, data.sources)
    width, level = data.vectors.shape[1], float(data.unsafe.mean())
    scores = [[sigmoid(slope * float(one) + offset) for one in found] for found in (line.project(data.vectors), held)]
    when = made or datetime.now(UTC).isoformat(timespec="seconds")
    origin = {"labels_sha256": sha256, "made": when, "version": version("pytest-astral")}
    return Probe(
        embedder=setting or embedder.id.partition("-")[0],
        embedder_id=embedder.id,
        dimension=width // 2 if pair == "concatenation" else width,
        pair=pair,
        method=method,
        direction=tuple(line.direction.tolist()),
        bias=line.bias,
        slope=slope,
        offset=offset,
        safe_below=level if slope else 0.0,
        unsafe_from=level if slope else 1.0,
        card=_card(rows, data, fit, scores, origin),
    )


def _check(rows: Sequence[LabelledRow]) -> None:
    for label in (Label.UNSAFE, Label.SAFE):
        prompts = {row.cluster for row in rows if row.label is label}
        if len(prompts) < _AT_LEAST:
            raise LabelsError(
                f"a probe needs {label} answers to at least {_AT_LEAST} different prompts, here are {len(prompts)}; "
                "label more"
            )


def _data(rows: Sequence[LabelledRow], embedder: Embedder, pair: str) -> _Data:
    import numpy as np

    vectors = vectors_of([(row.turns, row.response) for row in rows], embedder, pair)
    unsafe = np.array([float(row.label is Label.UNSAFE) for row in rows])
    return _Data(vectors, unsafe, _numbered([row.source for row in rows]), _numbered([row.cluster for row in rows]))


def _numbered(values: Sequence[Any]) -> Any:
    import numpy as np

    numbers = {value: number for number, value in enumerate(sorted(set(values)))}
    return np.array([numbers[value] for value in values])


Fit = Callable[[Any, Any, Any], Line]
Scores = Sequence[Sequence[float]]
"""Of the training rows by the probe itself, and by probes that never saw their prompt."""


def _held_out(data: _Data, fit: Fit) -> Any:
    """The projection of each row on a direction that was made without any row of its prompt. Prompts go to folds in
    turn by the hash of their number, so that folds are the same every time.
    """
    import numpy as np

    held = np.zeros(len(data.unsafe))
    order = sorted(set(data.prompts.tolist()), key=lambda number: hashlib.sha256(str(number).encode()).digest())
    fold = {prompt: at % FOLDS for at, prompt in enumerate(order)}
    folds = np.array([fold[prompt] for prompt in data.prompts.tolist()])
    for at in range(FOLDS):
        inside = data.part(folds != at)
        held[folds == at] = fit(inside.vectors, inside.unsafe, inside.sources).project(data.vectors[folds == at])
    return held


def _card(
    rows: Sequence[LabelledRow], data: _Data, fit: Fit, scores: Scores, origin: Mapping[str, str]
) -> dict[str, Any]:
    """What the probe was trained on, and how good it is: on its own training rows (which flatters it), on prompts that
    the direction never saw, and on each source with a probe made of the others alone.
    """
    counts = Counter((row.source, row.label) for row in rows)
    names = sorted({row.source for row in rows})
    level = float(data.unsafe.mean())
    figures: dict[str, Any] = {
        "training": _figures(rows, scores[0], level),
        "held_out_prompts": _figures(rows, scores[1], level),
    }
    if len(names) > 1:
        figures["held_out_sources"] = {
            name or "(none named)": _left_out(rows, data, fit, number) for number, name in enumerate(names)
        }
    return {
        "rows": len(rows),
        "unsafe": int(data.unsafe.sum()),
        "prompts": len(set(data.prompts.tolist())),
        "sources": {
            name: {str(label): counts[name, label] for label in (Label.UNSAFE, Label.SAFE)} for name in names if name
        },
        **origin,
        "figures": figures,
    }


def _left_out(rows: Sequence[LabelledRow], data: _Data, fit: Fit, source: int) -> dict[str, Any] | None:
    """The figures on one source of a probe that was trained and calibrated on all others; None where those hold too
    little of one class.
    """
    its, others = data.sources == source, data.part(data.sources != source)
    if min(len(set(others.prompts[others.unsafe == kind].tolist())) for kind in (0.0, 1.0)) < _AT_LEAST:
        return None
    slope, offset = platt(_held_out(others, fit), others.unsafe)
    line = fit(others.vectors, others.unsafe, others.sources)
    scores = [sigmoid(slope * float(one) + offset) for one in line.project(data.vectors[its])]
    return _figures([row for row, one in zip(rows, its, strict=True) if one], scores, float(others.unsafe.mean()))


def _figures(rows: Sequence[LabelledRow], scores: Sequence[float], level: float) -> dict[str, Any]:
    """Figures of scores against the truth, each with its 95 % interval; unsafe is called from ``level`` on."""
    judged = [
        Judgement(cluster(row), row.label, Label.UNSAFE if score >= level else Label.SAFE, score)
        for row, score in zip(rows, scores, strict=True)
    ]
    found = Confusion.of(judged)
    table = reliability(judged)
    estimates = {
        "balanced_accuracy": found.balanced_accuracy,
        "auroc": auroc(judged),
        "brier": table.brier if table else None,
    }
    rates = {"sensitivity": found.sensitivity, "specificity": found.specificity}
    return {
        "rows": len(judged),
        "unsafe": found.counts.unsafe,
        **{name: None if one is None else [one.value, one.low, one.high] for name, one in estimates.items()},
        **{name: [one.hits / one.n, *one.interval] if one.interval else None for name, one in rates.items()},
    }


def training_lines(probe: Probe) -> list[str]:
    """What a person reads of a trained probe, a line each: what it was made of, and how good it is."""
    card = probe.card
    figures = card["figures"]
    lines = [
        f"probe: {probe.method} over {probe.pair} of {show(probe.embedder_id, 80)}, "
        f"{card['rows']} answers ({card['unsafe']} unsafe) to {card['prompts']} prompts",
        f"  on its own rows (flattering)  {_said(figures['training'])}",
        f"  on prompts left out           {_said(figures['held_out_prompts'])}",
    ]
    for name, found in figures.get("held_out_sources", {}).items():
        said = _said(found) if found else "too little of one class in the others"
        lines.append(f"  on {show(name, 40)} left out: {said}")
    lines.append(f"unsafe from {probe.unsafe_from:.2f} on, safe below {probe.safe_below:.2f}")
    if not probe.slope:
        lines.append("on prompts that it never saw it ranks no better than chance: this probe says nothing; label more")
    return lines


def _said(found: Mapping[str, Any]) -> str:
    parts = [
        f"{name} {_interval(found[key])}"
        for key, name in (("auroc", "AUROC"), ("balanced_accuracy", "balanced accuracy"))
    ]
    return f"{', '.join(parts)} (n={found['rows']}, {found['unsafe']} unsafe)"


def _interval(figure: Sequence[float] | None) -> str:
    if figure is None:
        return "-"
    value, low, high = (f"{one:.3f}".removeprefix("0") for one in figure)
    return f"{value} ({low}-{high})"
