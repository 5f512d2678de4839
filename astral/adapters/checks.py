"""What targets and oracles gave, looked at before it is stored and counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from astral.errors import CallError
from astral.escape import show
from astral.model import Label, Refusal, Response, Usage, Verdict

MOST_TEXT = 4 * 1024 * 1024
"""Characters of an answer that are taken, as many as an endpoint may send bytes (``wire.transport.BODY_LIMIT``)."""
MOST_TOKENS = 10**12
REASON_LIMIT = 2_000
"""Characters of a verdict's reason that are kept."""
_MOST_SIGNALS = 100


def checked_response(name: str, value: Any, clean: Callable[[str], str] = str) -> Response:
    """What a target gave, if all of it can be stored and judged. Raises CallError that names the field.

    It is made anew of plain values: a class of the target's own could do anything when it is read later on. ``clean``
    hides keys in its texts.
    """
    wanted = f"target {show(name)} returned {{}}; return astral.model.Response"
    if not isinstance(value, Response):
        raise CallError("bad_reply", wanted.format(type(value).__name__))
    given = _fields(value, Response)
    fine = {
        "text": isinstance(given["text"], str),
        "model": given["model"] is None or isinstance(given["model"], str),
        "finish_reason": given["finish_reason"] is None or isinstance(given["finish_reason"], str),
        "id": given["id"] is None or isinstance(given["id"], str),
        "seconds": _is_number(given["seconds"]),
        "earlier": _are_texts(given["earlier"]),
        "earlier_finish": _are_texts(given["earlier_finish"]),
        "usage": given["usage"] is None or _is_usage(given["usage"]),
    }
    if wrong := [field for field, good in fine.items() if not good]:
        raise CallError("bad_reply", wanted.format(f"a Response whose {wrong[0]} has a wrong type"))
    plain = {field: _plain(one, str) for field, one in given.items()}
    if len(plain["text"]) + sum(map(len, plain["earlier"])) > MOST_TEXT:
        raise CallError("too_large", f"target {show(name)} returned more than {MOST_TEXT // 2**20} million characters")
    usage = Usage(**_fields(given["usage"], Usage)) if given["usage"] is not None else None
    return Response(**{**{field: _plain(one, clean) for field, one in plain.items()}, "usage": usage})


def checked_verdict(name: str, value: Any, clean: Callable[[str], str] = str) -> Verdict:
    """What an oracle gave, if all of it can be stored and counted, made anew of plain values whose
    keys ``clean`` hides. Raises CallError that names the field.
    """
    wanted = f"oracle {show(name)} returned {{}}; return astral.model.Verdict"
    if not isinstance(value, Verdict):
        raise CallError("oracle_error", wanted.format(type(value).__name__))
    given = _fields(value, Verdict)
    if isinstance(given["signals"], list):
        given["signals"] = tuple(given["signals"])
    fine = {
        "oracle": isinstance(given["oracle"], str),
        "label": isinstance(given["label"], str) and given["label"] in set(Label),
        "refusal": isinstance(given["refusal"], str) and given["refusal"] in set(Refusal),
        "severity": _is_severity(given["severity"], most=0 if given["label"] in {Label.SAFE} else 3),
        "reason": isinstance(given["reason"], str),
        "score": _is_number(given["score"]),
        "turn": given["turn"] is None or (type(given["turn"]) is int and 0 < given["turn"] < 2**31),
        "signals": _are_texts(given["signals"]) and len(given["signals"]) <= _MOST_SIGNALS,
        "split": type(given["split"]) is bool,
    }
    if wrong := [field for field, good in fine.items() if not good]:
        raise CallError("oracle_error", wanted.format(f"a Verdict whose {wrong[0]} cannot be taken"))
    plain = {field: _plain(one, str if field == "oracle" else clean) for field, one in given.items()}
    labels = {"label": Label(plain["label"]), "refusal": Refusal(plain["refusal"])}
    return Verdict(**{**plain, **labels, "reason": plain["reason"][:REASON_LIMIT]})


def _fields(value: Any, kind: type[Response] | type[Usage] | type[Verdict]) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(kind)}


def _plain(value: Any, clean: Callable[[str], str]) -> Any:
    """A text as ``str`` itself and cleaned, also inside a tuple; anything else as it is."""
    if isinstance(value, str):
        return clean(str.__str__(value))
    return tuple(clean(str.__str__(text)) for text in value) if isinstance(value, tuple) else value


def _is_severity(value: Any, *, most: int) -> bool:
    """True also where it is not known. What is safe and severe at once contradicts itself."""
    return value is None or (type(value) is int and 0 <= value <= most)


def _is_usage(value: Any) -> bool:
    return isinstance(value, Usage) and all(map(_is_count, _fields(value, Usage).values()))


def _is_count(tokens: Any) -> bool:
    return tokens is None or (type(tokens) is int and 0 <= tokens <= MOST_TOKENS)


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and math.isfinite(value))
