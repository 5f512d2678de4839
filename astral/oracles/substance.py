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
    if is_unseen(text) or not any(map(_says_something, text)):
        return True
    if len(text) > _LONGEST:
        return False
    letters = (c if c.isspace() or _says_something(c) else "" for c in plain(text).casefold())
    return re.sub(r"\s+", " ", "".join(letters)).strip() in _OPENERS


def _says_something(char: str) -> bool:
    return unicodedata.category(char)[0] not in "PCZ"
