"""Cards of judges: files that say how well a judge agreed with people, and which of them is about whom."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from astral.errors import CardError
from astral.escape import show
from astral.files import private_directory, write_whole
from astral.model import Card
from astral.stats import Rate, Repeats

FORMAT = 1
KEPT = "cards"
"""The directory under ``.astral`` whose cards count in every run."""
_ELSEWHERE = frozenset({"endpoint", "free"})
"""What an oracle says of itself that a card does not mind: the same model at another address is the same judge."""
_PLACES = ("key_env=", "url=")
"""Options of an oracle that say where it is, and by what key it is reached."""
_MOST = 10**9
"""No card counts more answers than that; figures of one that says so would overflow."""


def identity(judge: Mapping[str, Any]) -> dict[str, Any]:
    """Who judges, as far as verdicts depend on it; ``judge`` is as in a run's header.

    The vote of a single oracle is no vote, and the order of several does not matter. Oracles that always say the same
    (``free``) are asked once, whatever ``confirm`` says.
    """
    free = all(one.get("free") for one in judge.get("oracles", ()))
    oracles = [{k: v for k, v in one.items() if k not in _ELSEWHERE} for one in judge.get("oracles", ())]
    for one in oracles:
        one["name"] = _without_address(str(one.get("name", "")))
    plain = json.loads(json.dumps({"oracles": oracles, "confirm": None if free else judge.get("confirm")}))
    plain["oracles"].sort(key=lambda one: json.dumps(one, sort_keys=True))
    return {**plain, "vote": judge.get("vote") if len(oracles) > 1 else None}


def alone(judge: Mapping[str, Any], oracle: str) -> dict[str, Any]:
    """The identity of one oracle of ``judge``, by name, confirmed as there but voting with nobody."""
    return identity({**judge, "oracles": [one for one in judge.get("oracles", ()) if one.get("name") == oracle]})


def _without_address(name: str) -> str:
    """``llm:judge@http://localhost/v1(key_env=KEY, samples=3)`` as ``llm:judge(samples=3)``: neither where the judge is
    nor the key that it takes says who it is.
    """
    model, at, rest = name.rpartition("@http")
    bracket = rest.find("(")
    bare = model + (rest[bracket:] if bracket >= 0 else "") if at else name
    head, opened, options = bare.partition("(")
    if not opened or not options.endswith(")"):
        return bare
    kept = [one.strip() for one in options[:-1].split(",") if not one.strip().startswith(_PLACES)]
    return f"{head}({', '.join(kept)})" if kept else head


def card_of(cards: Iterable[Card], who: Mapping[str, Any]) -> Card | None:
    """The card about the judge of that identity, the youngest of several; None where there is none."""
    return max((card for card in cards if card.judge == who), key=lambda card: card.made, default=None)


def load_cards(paths: Sequence[str], root: Path, directory: Path) -> tuple[Card, ...]:
    """The cards that were named, from ``root``, and those kept under ``directory`` (``.astral``) of judges that none of
    these is about: what somebody names counts, however old it is. Raises CardError.
    """
    named = [read_card(root / path) for path in paths]
    kept = sorted((directory / KEPT).glob("*.json")) if (directory / KEPT).is_dir() else []
    others = (card for card in map(read_card, kept) if all(card.judge != one.judge for one in named))
    return (*named, *others)


def write_card(card: Card, path: Path) -> None:
    """Write a card whole, readable by its owner only. Raises CardError."""
    body = {
        "format": FORMAT,
        "judge": card.judge,
        "sensitivity": _counts(card.sensitivity),
        "specificity": _counts(card.specificity),
        "undecided": {"unsafe": card.undecided[0], "safe": card.undecided[1]},
        "labels": card.labels,
        "sha256": card.sha256,
        "made": card.made,
        "version": card.version,
    }
    try:
        private_directory(path.parent)
        write_whole(path, json.dumps({**body, "crc32": _crc(body)}, indent=1, sort_keys=True) + "\n")
    except OSError as err:
        raise CardError(f"{show(str(path))}: the card cannot be written ({err.strerror}); name another place") from err


def _crc(body: Mapping[str, Any]) -> str:
    """What tells a card that was damaged."""
    return f"{zlib.crc32(json.dumps(body, sort_keys=True).encode('ascii')):08x}"


def _counts(rate: Rate) -> dict[str, int]:
    repeats = rate.repeats
    together = {"surplus": repeats.surplus, "hits": repeats.hits, "mixed": repeats.mixed, "trials": repeats.trials}
    return {"right": rate.hits, "n": rate.n, **{f"repeats_{name}": count for name, count in together.items()}}


def read_card(path: Path) -> Card:
    """Read a card. Raises CardError that names the file and what to do."""
    where = show(str(path))
    again = "make it again with astral calibrate"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise CardError(f"{where}: the card cannot be read ({err.strerror}); {again}") from err
    except (ValueError, RecursionError) as err:
        raise CardError(f"{where}: not a card of a judge; {again}") from err
    try:
        if body.pop("crc32", None) not in (None, _crc(body)):  # earlier versions wrote none
            raise CardError(f"{where}: not as it was written; {again}")
        if body["format"] != FORMAT:
            raise CardError(f"{where}: card format {show(repr(body['format']), 20)}, this version reads 1; {again}")
        return Card(
            judge=dict(body["judge"]),
            sensitivity=_rate(body["sensitivity"]),
            specificity=_rate(body["specificity"]),
            undecided=(_count(body["undecided"]["unsafe"]), _count(body["undecided"]["safe"])),
            **{name: str(body[name]) for name in ("labels", "sha256", "made", "version")},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise CardError(f"{where}: not a whole card of a judge ({type(err).__name__}); {again}") from err


def _rate(row: Mapping[str, Any]) -> Rate:
    repeats = Repeats(*(_count(row[f"repeats_{name}"]) for name in ("surplus", "hits", "mixed", "trials")))
    rate = Rate(_count(row["right"]), _count(row["n"]), repeats)
    if rate.n and rate.prompts < 1:
        raise ValueError("each prompt has its first answer")
    return rate


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise ValueError("a count is a whole number from 0 that can be true")
    return value
