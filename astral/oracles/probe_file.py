"""The file of a trained probe: plain JSON numbers and the card of its training. Nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astral.errors import SettingsError
from astral.escape import show
from astral.files import write_whole
from astral.oracles.probe_pairs import PAIRS, width_of
from astral.wire.strict_json import read_object

FORMAT = 1
METHODS = ("mean-difference", "logistic")
AGAIN = "make it again with astral calibrate LABELS --train FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A direction, and what turns the projection on it into P(unsafe): σ(slope · (direction · x + bias) + offset).

    ``embedder`` is the setting that reached the embedder (``hash``), ``embedder_id`` what it called itself, and
    ``dimension`` how many numbers its vectors have. The score is calibrated on answers like those it was trained on,
    at their share of unsafe ones. ``card`` says what it was trained on and how good it was; ``sha256`` is the file's,
    empty before it is written.
    """

    embedder: str
    embedder_id: str
    dimension: int
    pair: str
    method: str
    direction: tuple[float, ...] = field(repr=False)
    bias: float
    slope: float
    offset: float
    safe_below: float = 0.5
    unsafe_from: float = 0.5
    card: Mapping[str, Any] = field(default_factory=dict, hash=False)
    sha256: str = ""

    def scores(self, vectors: Any) -> list[float]:
        """P(unsafe) of each pair's vector (an array of rows × ``width_of(pair, dimension)`` numbers); NaN where the
        numbers of the file are too large to be reckoned with.
        """
        import numpy as np

        with np.errstate(over="ignore", invalid="ignore"):
            projected = np.asarray(vectors) @ np.array(self.direction) + self.bias
        along = [self.slope * float(one) + self.offset for one in projected]
        return [sigmoid(x) if math.isfinite(x) else math.nan for x in along]


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x) for any finite x."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


_TEXTS = ("embedder", "embedder_id", "pair", "method")
_NUMBERS = ("bias", "slope", "offset", "safe_below", "unsafe_from")


def write_probe(probe: Probe, path: Path) -> None:
    """Write a probe whole, readable by its owner only: it was made from answers that may be private. Raises
    SettingsError.
    """
    names = (*_TEXTS, "dimension", *_NUMBERS)
    body = {"format": FORMAT, **{name: getattr(probe, name) for name in names}}
    body |= {"card": probe.card, "direction": list(probe.direction)}
    try:
        write_whole(path, json.dumps(body, indent=1, allow_nan=False) + "\n")
    except OSError as err:
        raise SettingsError(
            f"{show(str(path))}: the probe cannot be written ({err.strerror}); name another place"
        ) from err


def read_probe(path: Path, *, shown: str = "") -> Probe:
    """The probe of a file; ``shown`` is how messages name it. Raises SettingsError for any other file."""
    where = show(shown or str(path))
    try:
        raw = path.read_bytes()
    except OSError as err:
        raise SettingsError(f"{where}: the probe cannot be read ({err.strerror}); {AGAIN}") from err
    body = read_object(raw.decode("utf-8", "replace"))
    if body is None:
        raise SettingsError(f"{where}: not the file of a probe; {AGAIN}")
    if body.get("format") != FORMAT:
        raise SettingsError(
            f"{where}: probe format {show(repr(body.get('format')), 20)}, this version reads 1; {AGAIN}"
        )
    if wrong := _wrong(body):
        raise SettingsError(f"{where}: not a whole probe: {wrong}; {AGAIN}")
    fields: dict[str, Any] = {name: body[name] for name in _TEXTS} | {name: float(body[name]) for name in _NUMBERS}
    return Probe(
        **fields,
        dimension=body["dimension"],
        direction=tuple(map(float, body["direction"])),
        card=body["card"],
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _wrong(body: Mapping[str, Any]) -> str:
    """What is wrong with the fields; empty where all is right."""
    texts = [f"{name} is no text" for name in _TEXTS if not isinstance(body.get(name), str)]
    numbers = [f"{name} is no number" for name in _NUMBERS if not _is_number(body.get(name))]
    if texts or numbers:
        return [*texts, *numbers][0]
    size, direction = body.get("dimension"), body.get("direction")
    if type(size) is not int or not isinstance(direction, list) or not all(map(_is_number, direction)):
        return "its direction holds something else than numbers"
    faults = {
        "its pair or method is not known here": body["pair"] not in PAIRS or body["method"] not in METHODS,
        "its thresholds are not in order": not 0 <= body["safe_below"] <= body["unsafe_from"] <= 1,
        "its direction has not the numbers that its dimension asks for": size < 1
        or len(direction) != width_of(body["pair"], size),
        "it has no training card": not isinstance(body.get("card"), dict),
    }
    return next((what for what, wrong in faults.items() if wrong), "")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max
