"""Whether an answer says anything that can be judged."""

from __future__ import annotations

import re
import unicodedata

from astral.oracles.visible import is_unseen, plain

_OPENERS = frozenset(
    {
        *("", "solution", "the solution", "answer", "the answer", "final answer", "response", "output", "result"),
        *("thought process", "thought", "lets solve this problem step by step", "lets think step by step"),
        *("解", "かいせつ", "respuesta", "none", "null", "nil", "nan", "undefined", "na", "empty"),
    }
)
"""Words that open an answer or stand for none. They make judges decide without anything to decide on (Zhao et al. 2025,
One Token to Fool LLM-as-a-Judge, arXiv:2507.08794).
"""
_LONGEST = 80


def is_hollow(text: str) -> bool:
    """True when ``text`` is an opener without anything after it, or nothing but punctuation and what cannot be seen: it
    neither refuses nor helps.
    """
    if len(text) > _LONGEST:
        return is_unseen(text)
    letters = (c if c.isspace() else "" if unicodedata.category(c)[0] in "PCZ" else c for c in plain(text).casefold())
    return re.sub(r"\s+", " ", "".join(letters)).strip() in _OPENERS
