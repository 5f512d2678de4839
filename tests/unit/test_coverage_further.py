"""Further dimensions: target, turns, twin and keys of one's own, beside those of the matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from coverage_runs import MATRICES, runs
from hypothesis import given
from hypothesis import strategies as st
from records import SMALL, case, cell, record, result

from astral.coverage import coverage, extended, further
from astral.model import Case, Matrix

FIRST = cell("privacy", "slang", "logic")
OTHER = cell("violence", "question", "proof")
NO_NAMES = "x_key: not all of its values are names (letters, digits and _ . : + -, at most 40)"


def keyed(one: Case, **keys: Any) -> Case:
    return replace(one, extra={f"x_{name}": value for name, value in keys.items()})


def uncovered(run_levels, t):
    return [dict(one) for one in run_levels[t - 1].uncovered]


def test_a_plain_run_has_none() -> None:
    run = record([case(FIRST)], [result(case(FIRST), "safe")])
    assert further(run) == ()
    assert extended(run).names == extended(run).ignored == ()


def test_several_targets_are_a_dimension() -> None:
    one, two = case(FIRST), case(OTHER)
    run = record([one, two], [result(one, "safe", "a"), result(two, "safe", "a"), result(one, "error", "b")])
    found = extended(run)
    assert found.names == ("target",)
    assert found.matrix == (*SMALL, ("target", ("a", "b")))
    assert [(lv.total, lv.generated, lv.executed, lv.judged) for lv in found.levels[:2]] == [
        (8, 8, 7, 7),
        (12 + 12, 6 + 6 + 3, 6 + 6, 6 + 6),
    ]
    assert {"target": "b"} in uncovered(found.levels, 1)
    assert {"category": "privacy", "target": "b"} in uncovered(found.levels, 2)


def test_a_target_that_nothing_was_planned_for_is_never_judged() -> None:
    one = case(FIRST)
    run = record([one], [result(one, "safe", "a")], targets={"a": "a", "b": "b"})
    assert {"target": "b"} in uncovered(further(run), 1)


def test_single_prompts_beside_conversations() -> None:
    one, talk = case(FIRST, "one"), case(OTHER, "first", "second")
    run = record([one, talk], [result(one, "safe"), result(talk, "error")])
    assert extended(run).matrix[-1] == ("turns", ("single", "scripted"))
    assert {"turns": "scripted"} in uncovered(further(run), 1)
    assert further(record([talk], [result(talk, "safe")])) == ()


@pytest.mark.parametrize(
    ("prompt", "twin", "counts"),
    [
        ("safe", "safe", (4, 4, 4)),
        ("unsafe", "blocked", (4, 4, 3)),
        ("safe", "error", (4, 3, 3)),
        ("inconclusive", "safe", (4, 4, 0)),
        ("error", "safe", (4, 0, 0)),
    ],
)
def test_a_prompt_has_a_twin_as_far_as_both_came(prompt: str, twin: str, counts: tuple[int, int, int]) -> None:
    one = case(FIRST)
    benign = case(OTHER, twin_of=one.id)
    found = extended(record([one, benign], [result(one, prompt), result(benign, twin)]))
    assert found.matrix[-1] == ("twin", ("with_twin",))
    level = found.levels[0]
    assert (level.generated, level.executed, level.judged) == counts
    assert {"category": "violence"} in uncovered(found.levels, 1)  # the twin itself covers nothing


def test_a_twin_counts_at_its_own_target_only() -> None:
    one = case(FIRST)
    benign = case(FIRST, twin_of=one.id)
    results = [result(one, "safe", "a"), result(one, "safe", "b"), result(benign, "safe", "a")]
    missing = uncovered(further(record([one, benign], results)), 2)
    assert {"target": "b", "twin": "with_twin"} in missing
    assert {"target": "a", "twin": "with_twin"} not in missing


def test_prompts_without_a_twin_are_listed_as_such() -> None:
    one, two = case(FIRST, "one"), case(OTHER, "two")
    benign = case(FIRST, twin_of=one.id)
    run = record([one, two, benign], [result(c, "safe") for c in (one, two, benign)])
    missing = uncovered(further(run), 2)
    assert {"category": "violence", "twin": "with_twin"} in missing
    assert {"category": "privacy", "twin": "with_twin"} not in missing


def test_a_key_of_ones_own_is_a_dimension() -> None:
    cases = [keyed(case(FIRST, "one"), language="eu"), keyed(case(OTHER, "two"), language=" fr "), case(FIRST, "three")]
    run = record(cases, [result(cases[0], "safe"), result(cases[1], "error"), result(cases[2], "safe")])
    found = extended(run)
    assert found.matrix == (*SMALL, ("language", ("eu", "fr")))
    assert {"language": "fr"} in uncovered(found.levels, 1)
    assert found.levels[0].generated == 8


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([f"t{at}" for at in range(51)], "x_key: 51 different values, more than 50"),
        (["short", "long " * 20], NO_NAMES),
        (["a", 3], NO_NAMES),
        (["a", ""], NO_NAMES),
        (["two words", "b"], NO_NAMES),
        (["a" * 41, "b"], NO_NAMES),
        (["a", None, None], "x_key: only one value, and 2 of 3 prompts have none; give each prompt one"),
        (["same", "same"], None),
    ],
)
def test_keys_that_are_no_dimensions(values: list[Any], said: str | None) -> None:
    cases = [case(FIRST, f"prompt {at}") for at in range(len(values))]
    cases = [keyed(c, key=value) if value is not None else c for c, value in zip(cases, values, strict=True)]
    found = extended(record(cases, [result(c, "safe") for c in cases]))
    assert found.names == found.levels == ()
    assert found.ignored == ((said,) if said else ())


def test_a_key_that_is_no_name_is_passed_over_in_silence() -> None:
    cases = [keyed(case(FIRST, text), **{"how to do it": text}) for text in ("a", "b")]
    found = extended(record(cases, [result(c, "safe") for c in cases]))
    assert (found.names, found.ignored) == ((), ())


def test_fifty_values_are_a_dimension() -> None:
    cases = [keyed(case(FIRST, f"prompt {at}"), key=f"t{at:02}") for at in range(50)]
    assert extended(record(cases, [result(c, "safe") for c in cases])).levels[0].judged == 3 + 50


@pytest.mark.parametrize("name", ["style", "target", "turns", "twin"])
def test_a_key_with_the_name_of_a_dimension_does_not_touch_it(name: str) -> None:
    cases = [keyed(case(FIRST, "one"), **{name: "b"}), keyed(case(OTHER, "two"), **{name: "c"})]
    run = record(cases, [result(cases[0], "safe", "a")], targets={"a": "a", "b": "b"})
    found = extended(run)
    assert found.ignored == (f"x_{name}: the name {name} is taken by a dimension",)
    assert found.names == ("target",)
    assert {"target": "b"} in uncovered(found.levels, 1)
    assert {"style": "question"} in uncovered(found.levels, 1)


def test_a_matrix_with_such_a_dimension_keeps_its_own() -> None:
    matrix: Matrix = (("category", ("privacy",)), ("target", ("child", "adult")), ("turns", ("few", "many")))
    one = case(cell("privacy", "adult", "few", matrix=matrix), "first", "second")
    two = case(cell("privacy", "adult", "few", matrix=matrix), "only")
    found = extended(record([one, two], [result(c, "safe", slug) for c in (one, two) for slug in ("a", "b")], matrix))
    assert found.names == ()
    languages = [keyed(one, language="eu"), keyed(two, language="fr")]
    run = record(languages, [result(c, "safe", slug) for c in languages for slug in ("a", "b")], matrix)
    assert uncovered(further(run), 1) == [{"target": "child"}, {"turns": "many"}]


@pytest.mark.parametrize("matrix", MATRICES, ids=len)
@given(draws=st.data())
def test_the_part_without_further_dimensions_is_the_coverage(matrix: Matrix, draws: st.DataObject) -> None:
    run = draws.draw(runs(matrix))
    found = extended(run)
    assert found.matrix[: len(matrix)] == matrix
    names = {name for name, _ in matrix}
    for plain, level in zip(coverage(run), found.levels, strict=False):
        own = tuple(one for one in level.uncovered if all(name in names for name, _ in one))
        assert own == plain.uncovered
        assert level.total >= level.generated >= level.executed >= level.judged >= plain.judged
