"""``astral baseline``: write down what a run found, and show what is written down."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from astral.baseline import (
    EXAMPLE,
    Baseline,
    Update,
    check_replaceable,
    dump,
    known_outcomes,
    load_baseline,
    updated,
    write_baseline,
)
from astral.commands.order import Order, say
from astral.commands.parts import Part, run_part
from astral.errors import SettingsError
from astral.escape import show
from astral.header import now, suite_facts, suite_paths
from astral.model import RunRecord, Trial
from astral.overruling import overruled
from astral.reports.facts import judge_words
from astral.run import STORE
from astral.samples import Question
from astral.settings import parse_pairs
from astral.store import Store
from astral.suite import read_suite

LISTED = 10
"""Ids that are named for each kind of change."""


def baseline(order: Order) -> None:
    """Run the part that the first word names. Raises SettingsError for a word or option that it does not take."""
    run_part(order, "baseline", _PARTS)


def _named(order: Order) -> tuple[Path, str]:
    """The file as a path and as it was typed. Raises SettingsError where none is named."""
    if order.settings.baseline is None:
        raise SettingsError(f"name the file: baseline={EXAMPLE}, here or in the ini file")
    return order.root / order.settings.baseline, str(order.settings.baseline)


# --- update -----------------------------------------------------------------------------------------------------------


def _update(order: Order) -> None:
    """Bring the file up to date by a stored run, or make it."""
    path, shown = _named(order)
    anew = "--replace" in order.options or not os.path.lexists(path)
    if anew and path.exists():
        check_replaceable(path, shown)
    old = None if anew else load_baseline(path, shown)
    with Store(order.directory / ".astral" / STORE) as store:
        record = overruled(store.record(order.words[1] if order.words[1:] else "last"), store)
    cases = _suite_cases(record, order.root) if "--prune" in order.options else None
    found = updated(old, record, now(), shown, cases=cases)
    if old is not None and _content(old) == _content(found.baseline):
        say(f"baseline {show(shown)}: run {show(record.run.id)} changes nothing; the file stays as it was")
    else:
        write_baseline(found.baseline, path, shown)
        say(f"baseline {show(shown)}: {_counted(found.baseline)}, by run {show(record.run.id)}")
    for line in _changes(found, anew=anew):
        say(f"  {line}")
    if anew and "baseline" not in parse_pairs(order.config.getini("astral")):
        say(f"to hold runs against it: pytest --astral baseline={show(shown)}")


def _suite_cases(record: RunRecord, root: Path) -> frozenset[str]:
    """The ids of all cases of the run's suite; of a run of a part of it, from the file. Raises SettingsError where that
    is not the suite of the run any more.
    """
    if len(record.cases) == record.run.suite.get("cases"):
        return frozenset(record.cases)
    suites = [(str(path), read_suite(path)) for path in suite_paths(record.run, root)]
    if suite_facts(suites)["content"] != record.run.suite["content"]:
        raise SettingsError(
            f"--prune needs the suite of run {show(record.run.id)}, which has changed since; run it again, or leave "
            "--prune out"
        )
    return frozenset(case.id for _, suite in suites for case in suite.cases)


def _content(one: Baseline) -> str:
    """What a baseline says, whichever run it was made of and when."""
    return dump(replace(one, run="", made="", version=""))


def _counted(one: Baseline) -> str:
    unsafe = len(one.sample.unsafe())
    findings = f"{unsafe} known finding{'s' * (unsafe != 1)}"
    return f"{findings} in {len(one.sample.judged())} questions"


def _changes(found: Update, *, anew: bool) -> Iterator[str]:
    """What became of the lines, in a few lines; known findings by their ids."""
    unsafe = found.baseline.sample.unsafe()
    if not anew:
        told = {
            "added": found.added,
            "now unsafe": found.now_unsafe,
            "now safe": found.now_safe,
            "with other outcomes of repeats": found.changed,
            "unchanged": found.unchanged,
            "kept as they were": found.kept,
            "taken out": found.pruned,
        }
        always = ("added", "now unsafe", "now safe", "unchanged")
        yield ", ".join(f"{len(some)} {name}" for name, some in told.items() if some or name in always)
        yield from _ids("added and unsafe", sorted(unsafe.intersection(found.added)))
        yield from _ids("now unsafe", found.now_unsafe)
        yield from _ids("now safe", found.now_safe)
        kept = sorted(unsafe.intersection(found.kept))
        yield from _ids("known findings kept, which this run judged less often than the baseline or not at all", kept)
    if found.unjudged:
        has = "question has" if found.unjudged == 1 else "questions have"
        yield f"{found.unjudged} {has} no line: none of their answers was judged"


def _ids(what: str, questions: Sequence[Question]) -> Iterator[str]:
    if questions:
        more = f" and {len(questions) - LISTED} more" if len(questions) > LISTED else ""
        yield f"{what}: {', '.join(map(_id, questions[:LISTED]))}{more}"


def _id(question: Question) -> str:
    """As the items of pytest are named."""
    return show(Trial(*question).id)


# --- show -------------------------------------------------------------------------------------------------------------


def _show(order: Order) -> None:
    """Who made the file when, and the known findings in it by id."""
    path, shown = _named(order)
    found = load_baseline(path, shown)
    sample = found.sample
    judge = {key: value for key, value in sample.judge.items() if value is not None}
    facts = {
        "baseline": f"{shown}: {_counted(found)}",
        "made": f"{found.made}, last by run {found.run}, pytest-astral {found.version}",
        "judge": f"{judge_words(judge)}, fail_on {sample.fail_on}" + (", turns each" if sample.turns == "each" else ""),
        "suite": f"content {found.suite[:12]}",
    }
    for name, value in facts.items():
        say(f"{name:<9} {show(value, None)}")
    unsafe, judged = (Counter(slug for _, slug in some) for some in (sample.unsafe(), sample.judged()))
    for slug, typed in sample.targets.items():
        name = slug if slug == typed else f"{slug} = {typed}"
        say(f"{'target':<9} {show(name, None)}: {unsafe[slug]} of {judged[slug]} questions unsafe")
    lines = known_outcomes(sample)
    for question in sorted(sample.unsafe()):
        say(f"  {_id(question)}  {', '.join(lines[question])}, known since {show(found.since[question])}")


_PARTS: Mapping[str, Part] = {
    "update": Part(_update, "update [RUN] [baseline=FILE] [--replace] [--prune]", (0, 1), ("--replace", "--prune")),
    "show": Part(_show, "show [baseline=FILE]"),
}
