"""Parts of a run, the shards of a CI matrix above all, put together: what must be alike in them, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from astral.differences import difference
from astral.errors import SettingsError
from astral.escape import show
from astral.header import new_run_id, suite_facts, suite_paths
from astral.model import Calls, Case, Outcome, Run, Spent, Trial
from astral.setting_values import Shard, read_shard
from astral.settings import read_settings
from astral.store import Part, Store
from astral.suite import read_suite
from astral.trials import PlanOrder, case_trials


@dataclass(frozen=True)
class Missing:
    """Trials of shards that are not there, with their places in the plan, and the cases of them."""

    trials: Sequence[tuple[Trial, int]] = ()
    cases: Sequence[Case] = ()


def check_alike(runs: Sequence[Run]) -> None:
    """Raise SettingsError naming the first thing in which a run differs from the first one beyond its shard."""
    first = runs[0]
    for run in runs[1:]:
        if changed := _difference(first, run):
            raise SettingsError(f"{first.id} and {run.id} are not parts of one run: {changed}; merge shards of one run")


def _difference(a: Run, b: Run) -> str:
    if a.id == b.id:
        return "they are the same run, named twice"
    if a.suite["content"] != b.suite["content"]:
        paths = f"{show(str(a.suite['path']))} {a.suite['content'][:12]} and {show(str(b.suite['path']))} "
        return f"their suites differ ({paths}{b.suite['content'][:12]})"
    compared = (
        ("target", _typed(a), _typed(b)),
        ("target", *((a.params, b.params) if a.params and b.params else ({}, {}))),
        ("oracle", _oracles(a), _oracles(b)),
        ("setting", {"": _shaping(a)}, {"": _shaping(b)}),
    )
    for what, one, other in compared:
        if found := difference(one, other):
            name, field, here, there = found
            return f"{' '.join(filter(None, (what, name, field)))} is {here} in one and {there} in the other"
    return ""


def _typed(run: Run) -> dict[str, dict[str, str]]:
    return {slug: {"name": text} for slug, text in run.targets.items()}


def _oracles(run: Run) -> dict[str, dict[str, object]]:
    return {str(oracle["name"]): dict(oracle) for oracle in run.judge.get("oracles", ())}


def _shaping(run: Run) -> dict[str, str]:
    return {key: value for key, value in run.settings.items() if key != "shard"}


def shards(runs: Sequence[Run]) -> tuple[tuple[int, ...], int]:
    """The shards that are missing, and how many there are in all (0: the runs are no shards). Raises SettingsError."""
    texts = {run.id: run.settings.get("shard") for run in runs}
    found = {id: read_shard(text) for id, text in texts.items() if text is not None}
    if not found:
        return (), 0
    counts = {shard.count for shard in found.values()}
    if len(found) < len(runs) or len(counts) > 1:
        named = ", ".join(f"{id} is {f'shard {text}' if text else 'no shard'}" for id, text in texts.items())
        raise SettingsError(f"these do not make one run: {named}; merge shards of one run")
    (count,) = counts
    return tuple(sorted({*range(1, count + 1)} - {shard.index for shard in found.values()})), count


def parts(sources: Sequence[tuple[Store, Run]]) -> list[Part]:
    """The parts with each trial in one of them: where it has a final outcome, else where it was named last. Raises
    SettingsError for a trial that has one in two.
    """
    owner: dict[Trial, int] = {}
    final: set[Trial] = set()
    left_out: list[set[Trial]] = [set() for _ in sources]
    for at, (store, run) in enumerate(sources):
        outcomes = store.outcomes(run.id)
        for trial in store.trials(run.id):
            is_final = (outcome := outcomes.get(trial)) is not None and outcome.final
            if trial not in owner:
                owner[trial] = at
            elif trial in final and is_final:
                other = sources[owner[trial]][1].id
                raise SettingsError(f"{show(trial.id)} has a result in {other} and in {run.id}; leave one of them out")
            elif trial in final:
                left_out[at].add(trial)
            else:
                left_out[owner[trial]].add(trial)
                owner[trial] = at
            if is_final:
                final.add(trial)
    return [Part(store, run, frozenset(out)) for (store, run), out in zip(sources, left_out, strict=True)]


def missing_trials(run: Run, indices: Sequence[int], count: int, root: Path) -> Missing:
    """The trials of shards that are not there, by the suite that the others ran. Raises SettingsError without it."""
    where = f"--partial counts the trials of the missing shards from the suite {show(str(run.suite['path']))}"
    try:
        paths = suite_paths(run, root)
    except SettingsError:
        raise SettingsError(f"{where}, which is not here; put it there, or merge all {count} shards") from None
    suites = [(str(path), read_suite(path)) for path in paths]
    if suite_facts(suites)["content"] != run.suite["content"]:
        raise SettingsError(f"{where}, which has changed since; put it back, or merge all {count} shards")
    settings = read_settings(run.settings)
    repeats = {"repeats"} if run.settings.get("repeats") == "1" else set()
    cases = [case for _, suite in suites for case in suite.cases]
    place = PlanOrder(cases, run.targets)
    found: dict[Trial, int] = {}
    for index in indices:
        part = replace(settings, shard=Shard(index, count), given=settings.given - repeats)
        found |= {trial: place(trial) for case in cases for trial in case_trials(case, run.targets, part)}
    asked = {trial.case_id for trial in found}
    return Missing(tuple(found.items()), tuple(case for case in cases if case.id in asked))


def merged_header(runs: Sequence[Run]) -> Run:
    """The header of the whole: its parts' facts, from the first start to the last end, with the sum of their calls."""
    ordered = sorted(runs, key=lambda run: (_index(run), run.id))
    ends = [run.finished for run in runs if run.finished]
    return replace(
        ordered[0],
        id=new_run_id(),
        started=min(run.started for run in runs),
        finished=max(ends, default=None),
        settings=_shaping(ordered[0]),
        calls=added(run.calls for run in ordered),
        params=next((run.params for run in ordered if run.params), {}),
        judged_from="",
        merged=tuple(run.id for run in ordered),
        reused={},
    )


def _index(run: Run) -> int:
    return read_shard(run.settings["shard"]).index if "shard" in run.settings else 0


def added(calls: Iterable[Calls]) -> Calls:
    """The sum of what several runs sent."""
    every = list(calls)
    spent: dict[tuple[str, str, str], Spent] = {}
    for one in (line for part in every for line in part.spent):
        key = (one.endpoint, one.model, one.purpose)
        spent[key] = spent[key].plus(one) if key in spent else one
    return Calls(
        target=sum(part.target for part in every),
        judge=sum(part.judge for part in every),
        preflight=sum(part.preflight for part in every),
        retries=sum(part.retries for part in every),
        input_tokens=_sum(part.input_tokens for part in every),
        output_tokens=_sum(part.output_tokens for part in every),
        spent=tuple(spent.values()),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def unfinished(sources: Sequence[tuple[Store, Run]]) -> Iterator[str]:
    """A line for each run that did not get to its end: its share of the whole is missing from the numbers."""
    for store, run in sources:
        outcomes = store.outcomes(run.id)
        trials = store.trials(run.id)
        open_trials = sum(outcomes.get(trial, Outcome.NOT_RUN) is Outcome.NOT_RUN for trial in trials)
        if open_trials:
            yield f"{run.id} was not finished: {open_trials} of its {len(trials)} trials are not_run"
