"""What a cascade of oracles spared: how many answers the cheap ones settled alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from astral.model import RunRecord


@dataclass(frozen=True, slots=True)
class Saving:
    """How many answers reached each oracle of a cascade, the cheapest first; the first was asked about all of them."""

    asked: tuple[tuple[str, int], ...]

    @property
    def answers(self) -> int:
        return self.asked[0][1]

    @property
    def spared(self) -> int:
        """The judgings of answers by later oracles that were not needed; confirmations are not counted."""
        return sum(self.answers - count for _, count in self.asked)

    def __str__(self) -> str:
        """``cascade: 61 of 84 answers were settled by offline alone; 23 went to llm:judge``."""
        (first, answers), *later = self.asked
        settled = answers - later[0][1]
        words = "1 answer was" if answers == 1 else f"{answers} answers were"
        rest = "; ".join(f"{count} went to {name}" for name, count in later)
        return f"cascade: {settled} of {words} settled by {first} alone; {rest}"


def saving(record: RunRecord) -> Saving | None:
    """What the cascade of a run spared; None without a cascade of two oracles or more, or without a verdict.

    Each later oracle is asked about a part of what the one before it was asked about, so the counts give the order.
    """
    names = [str(one.get("name", "")) for one in record.run.judge.get("oracles", ())]
    if record.run.judge.get("vote") != "cascade" or len(names) < 2:
        return None
    asked = Counter(dict.fromkeys(names, 0))
    for result in record.results:
        seen = {(verdict.oracle, verdict.turn) for verdict in result.verdicts}
        asked.update(name for name, _ in seen if name in asked)
    if not any(asked.values()):
        return None
    return Saving(tuple(sorted(asked.items(), key=lambda one: (-one[1], names.index(one[0])))))
