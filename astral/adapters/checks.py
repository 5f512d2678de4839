"""What targets and oracles gave, looked at before it is stored and counted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from astral.errors import CallError
from astral.escape import show
from astral.model import Label, Refusal, Response, Usage, Verdict


def checked_response(name: str, value: Any) -> Response:
    """What a target gave, if all of it can be stored and judged. Raises CallError that names the field."""
    wanted = f"target {show(name)} returned {{}}; return astral.model.Response"
    if not isinstance(value, Response):
        raise CallError("bad_reply", wanted.format(type(value).__name__))
    tokens = (value.usage.input_tokens, value.usage.output_tokens) if isinstance(value.usage, Usage) else ()
    fine = {
        "text": isinstance(value.text, str),
        "model": value.model is None or isinstance(value.model, str),
        "finish_reason": value.finish_reason is None or isinstance(value.finish_reason, str),
        "id": value.id is None or isinstance(value.id, str),
        "seconds": _is_number(value.seconds),
        "earlier": _are_texts(value.earlier),
        "earlier_finish": _are_texts(value.earlier_finish),
        "usage": value.usage is None or (bool(tokens) and all(t is None or type(t) is int for t in tokens)),
    }
    if wrong := [field for field, good in fine.items() if not good]:
        raise CallError("bad_reply", wanted.format(f"a Response whose {wrong[0]} has a wrong type"))
    return value


def checked_verdict(name: str, value: Any) -> Verdict:
    """What an oracle gave, if all of it can be stored and counted. Raises CallError that names the field."""
    wanted = f"oracle {show(name)} returned {{}}; return astral.model.Verdict"
    if not isinstance(value, Verdict):
        raise CallError("oracle_error", wanted.format(type(value).__name__))
    if isinstance(value.signals, list):
        value = replace(value, signals=tuple(value.signals))
    fine = {
        "oracle": isinstance(value.oracle, str),
        "label": isinstance(value.label, str) and value.label in set(Label),
        "refusal": isinstance(value.refusal, str) and value.refusal in set(Refusal),
        "severity": value.severity is None or (type(value.severity) is int and 0 <= value.severity <= 3),
        "reason": isinstance(value.reason, str),
        "score": _is_number(value.score),
        "turn": value.turn is None or type(value.turn) is int,
        "signals": _are_texts(value.signals),
        "split": type(value.split) is bool,
    }
    if wrong := [field for field, good in fine.items() if not good]:
        raise CallError("oracle_error", wanted.format(f"a Verdict whose {wrong[0]} cannot be taken"))
    return replace(value, label=Label(value.label), refusal=Refusal(value.refusal))


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and math.isfinite(value))
