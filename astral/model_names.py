"""Whether the model that answered is the model that was asked, by their names alone."""

from __future__ import annotations

import re

_SNAPSHOT = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3})(-v\d+)?")
"""What providers append to a family's name for one frozen state of it: ``-2024-08-06``, ``-20241022``, ``-0613``."""
_NEWEST = re.compile(r"(-latest|:latest)$")
"""What names the newest state of a family, whatever it is called in the answer."""


def answers_as(asked: str, answered: str | None) -> bool:
    """True where ``answered`` names the model ``asked``: the same name, or a dated snapshot of it.

    ``gpt-4o`` may answer as ``gpt-4o-2024-08-06``, ``llama3`` as ``llama3:latest``; a snapshot that was asked for
    answers only under its own name. Capitals and a gateway's prefix (``openai/``) do not count. Where no name was asked
    for, or none is given in the answer, nothing contradicts: True.
    """
    if not asked.strip() or not answered or not answered.strip():
        return True
    wanted, given = _bare(asked), _bare(answered)
    if wanted == given:
        return True
    family = _NEWEST.sub("", wanted)
    rest = given[len(family) :]
    return given.startswith(family) and (not rest or rest == ":latest" or _SNAPSHOT.fullmatch(rest) is not None)


def _bare(name: str) -> str:
    return name.strip().casefold().rpartition("/")[2]
