"""Prompts that did not always come to the same outcome, as the HTML report tells them."""

from __future__ import annotations

from dataclasses import dataclass

from astral.model import RunRecord
from astral.reports.flaky import Flaky, steadiness
from astral.reports.html.tables import Few, places

PROMPTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Repeated:
    """What repeats of one target show: a sentence, and its flaky prompts, each with the number of a trial."""

    slug: str
    words: str
    rows: Few[tuple[Flaky, int]]


def repeats(record: RunRecord) -> list[Repeated]:
    """One for each target with repeats; its name is left out where there is only one."""
    where, several = places(record), len(record.run.targets) > 1
    return [
        Repeated(
            slug if several else "",
            str(steady),
            Few.of([(one, where[one.case_id, slug]) for one in steady.flaky], PROMPTS_SHOWN),
        )
        for slug, steady in steadiness(record).items()
    ]
