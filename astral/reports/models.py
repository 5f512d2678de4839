"""Which models answered, beside those that were asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from astral.model import RunRecord
from astral.model_names import answers_as

NAMES_SHOWN, NAME_SHOWN = 5, 80
"""Names in a sentence, and characters of each: an endpoint may call itself anything, and each time something else."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The models that answered for one target, each with how many answers; ``asked`` is empty where it is not known."""

    asked: str
    answers: Mapping[str, int]

    @property
    def others(self) -> Mapping[str, int]:
        """Those that are not the model that was asked; a dated snapshot of it is no other model."""
        if not self.asked:
            return {}
        return {name: count for name, count in self.answers.items() if not answers_as(self.asked, name)}

    def __str__(self) -> str:
        """``answered by gpt-4o-2024-08-06 (84)``."""
        return f"answered by {_counted(self.answers)}"

    @property
    def mismatch(self) -> str:
        """``asked gpt-4o, but 3 of 84 answers came from gpt-4o-mini``; empty where there is none."""
        if not self.others:
            return ""
        names = _counted(self.others) if len(self.others) > 1 else _short(next(iter(self.others)))
        number, total = sum(self.others.values()), sum(self.answers.values())
        return f"asked {self.asked}, but {number} of {total} answers came from {names}"


def models(record: RunRecord) -> dict[str, Answered]:
    """By target (slug), sorted; only targets whose answers name a model. The most frequent model stands first."""
    counts: dict[str, Counter[str]] = {}
    for result in record.results:
        if result.response is not None and result.response.model:
            counts.setdefault(result.trial.target, Counter())[result.response.model] += 1
    return {slug: Answered(_asked(record, slug), _ordered(counts[slug])) for slug in sorted(counts)}


def _asked(record: RunRecord, slug: str) -> str:
    return str(record.run.params.get(slug, {}).get("model") or "")


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _counted(counts: Mapping[str, int]) -> str:
    named = [f"{_short(name)} ({count})" for name, count in islice(counts.items(), NAMES_SHOWN)]
    rest = len(counts) - NAMES_SHOWN
    return ", ".join([*named, *([f"and {rest} more"] if rest > 0 else [])])


def _short(name: str) -> str:
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 3]}..."
