"""Which trials a case has, and which shard it belongs to."""

import contextlib
import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astral.errors import SettingsError
from astral.model import Case, Cell
from astral.setting_values import Shard, Spec
from astral.settings import parse_settings
from astral.trials import PlanOrder, case_trials, target_slugs

CELL = Cell.of(category="privacy")
SETTINGS = parse_settings(["target=demo,gpt-4", "repeats=2"])
SLUGS = target_slugs(SETTINGS.target)


def suite(ids, twins):
    cases = [Case(id, CELL, (id,)) for id in sorted(ids)]
    return cases + [Case(f"{case.id}-twin", CELL, (case.id,), twin_of=case.id) for case in cases if twins]


@given(st.sets(st.text(max_size=8), max_size=30), st.integers(1, 40), st.booleans())
def test_shards_are_disjoint_complete_and_keep_twins_together(ids, count, twins):
    cases = suite(ids, twins)
    parts = [
        [trial for case in cases for trial in case_trials(case, SLUGS, replace(SETTINGS, shard=Shard(index, count)))]
        for index in range(1, count + 1)
    ]
    whole = [trial for case in cases for trial in case_trials(case, SLUGS, SETTINGS)]
    place = PlanOrder(cases, SLUGS)
    assert sorted((trial for part in parts for trial in part), key=place) == whole
    for part in parts:
        here = {trial.case_id for trial in part}
        assert all((case.id in here) == (case.twin_of in here) for case in cases if case.twin_of)


@given(st.sets(st.text(max_size=8), min_size=1, max_size=9), st.sets(st.text(max_size=8), max_size=9))
def test_a_case_stays_in_its_shard_whatever_else_the_suite_holds(ids, others):
    def here(cases):
        found = (case_trials(case, SLUGS, replace(SETTINGS, shard=Shard(2, 3))) for case in cases)
        return {trial.case_id for part in found for trial in part}

    assert here(suite(ids | others, twins=False)) & ids == here(suite(ids, twins=False))


NASTY = [
    "gpt-4",
    "GPT-4",
    "gpt 4",
    "a/b",
    "a\\b",
    "..",
    "../..",
    "con",
    "nul",
    "aux.txt",
    "x" * 300,
    "\u00e9",
    "e\u0301",
    "\x00",
]
NASTY += [
    "a",
    "a-",
    "-a",
    ".hidden",
    "$HOME",
    "~",
    "a:b",
    "[1]",
    "a@b",
    "\u202e",
    "\ud800",
    "",
    "demo",
    "*",
    "a.r2",
    "%2e%2e",
]
NAMES = st.sampled_from(NASTY) | st.text(max_size=8)


@given(st.lists(st.builds(Spec, NAMES, st.sampled_from(["", "openai", "http", "replay", "python"]), NAMES), max_size=6))
@example([Spec("\udc80", "", "a"), Spec("b", "", "a")])
def test_targets_have_names_of_their_own_that_fit_into_paths_and_test_names(specs):
    if len({spec.text for spec in specs}) < len(specs):
        with contextlib.suppress(SettingsError):
            target_slugs(specs)
        return
    slugs = target_slugs(specs)
    assert [*slugs.values()] == specs
    for name in slugs:
        assert re.fullmatch(r"[a-z0-9_+-]{1,60}", name)


@pytest.mark.slow
def test_shards_are_about_equal():
    cases = suite({f"case {n}" for n in range(10_000)}, twins=False)
    sizes = [
        sum(bool(case_trials(case, SLUGS, replace(SETTINGS, shard=Shard(index, 10)))) for case in cases)
        for index in range(1, 11)
    ]
    assert sum(sizes) == 10_000
    assert all(900 < size < 1100 for size in sizes)
