"""Which trials a run is made of: targets by a name of their own, cases, repeats, shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from astral.errors import SettingsError
from astral.escape import slug
from astral.model import Case, Trial
from astral.setting_values import Spec, parse_spec
from astral.settings import JUDGE_MODEL, Settings


def target_slugs(specs: Sequence[Spec]) -> dict[str, Spec]:
    """A name for each target that can stand in a test name; equal ones are told apart by hex digits, four where that
    is enough.
    """
    if len({spec.text for spec in specs}) < len(specs):
        raise SettingsError("target= names the same target twice; use repeats=2 to ask it twice")
    names = [_slug(spec) for spec in specs]
    twice = {name for name, count in Counter(names).items() if count > 1}
    for digits in (4, 16, 64):
        slugs = {
            f"{name}-{_digest(spec)[:digits]}" if name in twice else name: spec
            for name, spec in zip(names, specs, strict=True)
        }
        if len(slugs) == len(specs):
            return slugs
    raise SettingsError("target= names targets that cannot be told apart; give one of them another name")


def _digest(spec: Spec) -> str:
    return sha256(spec.text.encode("utf-8", "surrogatepass")).hexdigest()


def _slug(spec: Spec) -> str:
    if spec.kind in ("", "openai"):
        return slug(spec.argument)
    argument = Path(spec.argument).stem if spec.kind in ("replay", "http") else spec.argument
    return slug(f"{spec.kind}-{argument}")


def case_trials(case: Case, slugs: Iterable[str], settings: Settings) -> list[Trial]:
    """The trials of a case: each target, each repeat; none when the case belongs to another shard.

    A benign twin belongs to the shard of the case that it stands beside.
    """
    if settings.shard and shard_of(case.twin_of or case.id, settings.shard.count) != settings.shard.index:
        return []
    repeats = settings.repeats if "repeats" in settings.given else int(case.extra.get("x_answers", settings.repeats))
    return [Trial(case.id, target, repeat) for target in slugs for repeat in range(1, repeats + 1)]


def shard_of(id: str, count: int) -> int:
    """The shard, from 1 to ``count``, that a case belongs to: by its id alone, whatever else the suite holds."""
    return int(sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16) % count + 1


class PlanOrder:
    """Where a trial stands in the plan of the whole suite, so that shards put together are in the order of one run."""

    def __init__(self, cases: Iterable[Case], slugs: Iterable[str]) -> None:
        self._cases: dict[str, int] = {}
        for case in cases:
            self._cases.setdefault(case.id, len(self._cases))
        self._slugs = {name: number for number, name in enumerate(slugs)}

    def __call__(self, trial: Trial) -> int:
        return (self._cases[trial.case_id] * len(self._slugs) + self._slugs[trial.target]) * _REPEATS + trial.repeat


_REPEATS = 1 << 20
"""More than any case is asked."""


def default_oracle(settings: Settings) -> tuple[Spec, ...]:
    """The oracles: those named; ``offline`` for the demo target alone; else the one judge model."""
    if settings.oracle:
        return settings.oracle
    if all(spec.text == "demo" for spec in settings.target):
        return (parse_spec("offline"),)
    return (parse_spec(f"llm:{JUDGE_MODEL}"),)
