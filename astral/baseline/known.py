"""The findings that a session expects: their items are reported as xfailed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from astral.baseline.standing import Baseline
from astral.escape import show
from astral.model import Trial


@dataclass(frozen=True, slots=True)
class Known:
    """The day from which an unsafe answer is known, by target slug and case id; ``path`` names the baseline."""

    since: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    path: str = ""

    def reason(self, trial: Trial) -> str:
        """Why an unsafe answer in this trial is no news; empty where it would be."""
        day = self.since.get(trial.target, {}).get(trial.case_id)
        return f"known since {show(day)}: {show(self.path)}" if day else ""

    def row(self) -> dict[str, Any]:
        """Plain values, for another process."""
        return {"since": {target: dict(days) for target, days in self.since.items()}, "path": self.path}


def known_findings(baseline: Baseline, targets: Collection[str]) -> Known:
    """What ``baseline`` knows of these targets."""
    since: dict[str, dict[str, str]] = {}
    for case, target in sorted(baseline.sample.unsafe()):
        if target in targets:
            since.setdefault(target, {})[case] = baseline.since.get((case, target), baseline.made[:10])
    return Known(since, baseline.path)
