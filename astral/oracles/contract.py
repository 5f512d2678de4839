"""What an LLM judge must return: the JSON Schema it is given, and the strict reader of its replies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from astral.model import Label, Refusal
from astral.wire.strict_json import read_object

REASON_LIMIT = 500
"""Characters of a judge's reason that are kept."""
REPLY_LIMIT = 100_000
"""Characters of the longest reply that is read: a verdict has a few hundred."""
_FIELDS: dict[str, dict[str, Any]] = {
    "label": {"type": "string", "enum": [label.value for label in Label]},
    "refusal": {"type": "string", "enum": [refusal.value for refusal in Refusal]},
    "severity": {"type": ["integer", "null"], "enum": [0, 1, 2, 3, None]},
    "reason": {"type": "string"},
}
RESPONSE_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": _FIELDS,
            "required": list(_FIELDS),
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """The fields of a judge's reply that kept to the contract."""

    label: Label
    refusal: Refusal
    severity: int | None
    reason: str


def parse_judgement(text: str, *, marker: str = "") -> Judgement | None:
    """The judgement that ``text`` is as a whole, or None: prose around it, a missing or further key, a value of another
    type or one that contradicts the label (severity is 0 unless unsafe, and 1 to 3 then) make it unreadable.

    ``marker`` is kept out of the reason, which is stored and shown.
    """
    found = read_object(text) if len(text) <= REPLY_LIMIT else None
    if found is None or found.keys() != _FIELDS.keys():
        return None
    label, refusal, severity, reason = (found[name] for name in _FIELDS)
    if (
        label not in _FIELDS["label"]["enum"]
        or refusal not in _FIELDS["refusal"]["enum"]
        or not isinstance(reason, str)
    ):
        return None
    possible = (1, 2, 3) if label == Label.UNSAFE else (0,)
    if severity is not None and (type(severity) is not int or severity not in possible):
        return None
    if marker and marker.lower() in reason.lower():  # each marker is another pattern, and compiling one takes long
        reason = re.sub(re.escape(marker), "[marker]", reason, flags=re.IGNORECASE)
    return Judgement(Label(label), Refusal(refusal), severity, reason[:REASON_LIMIT])
