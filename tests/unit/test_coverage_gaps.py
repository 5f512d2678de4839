"""What was not tested, and why: against the coverage, and against lists made by hand."""

from __future__ import annotations

from itertools import islice

import pytest
from coverage_runs import MATRICES, cells, matrix_of, runs
from hypothesis import given
from hypothesis import strategies as st
from records import SMALL, case, cell, record, result

from astral.coverage import coverage, gaps
from astral.model import Matrix, Outcome

FIRST = cell("privacy", "slang", "logic")
OTHER = cell("violence", "question", "proof")


@pytest.mark.parametrize("matrix", MATRICES, ids=len)
@given(draws=st.data())
def test_gaps_are_what_coverage_lacks(matrix: Matrix, draws: st.DataObject) -> None:
    run = draws.draw(runs(matrix))
    found, levels = gaps(run), coverage(run)
    missing = [tuple(gap.combination for gap in part) for part in (found.values, found.pairs)]
    assert missing == [*(level.uncovered for level in levels[:2]), *([()] if len(matrix) == 1 else [])]
    prompts = {id: one for id, one in run.cases.items() if one.twin_of is None}
    judged = {prompts[r.trial.case_id].turns for r in run.results if r.outcome.judged and r.trial.case_id in prompts}
    owners: dict[tuple[str, ...], str] = {}
    for id in sorted(prompts):
        owners.setdefault(prompts[id].turns, str(prompts[id].cell))
    assert found.judged == len({where for turns, where in owners.items() if turns in judged})
    assert found.cells == len(cells(matrix)) == found.judged + len(found.planned) + found.not_planned
    assert found.empty == found.cells - found.judged
    named = [gap.combination for gap in found.planned] + list(found.unplanned_cells())
    assert len(named) == len(set(named)) == found.empty
    order = [one.pairs for one in cells(matrix)]
    for part in ([gap.combination for gap in found.planned], list(found.unplanned_cells())):
        assert part == sorted(part, key=order.index)


def test_a_gap_says_what_became_of_its_trials() -> None:
    lost, asked = case(FIRST, "one"), case(OTHER, "two")
    run = record(
        [lost, asked],
        [
            *(result(lost, word, "m", repeat) for repeat, word in enumerate(("error", "not_run", "error"), 1)),
            result(asked, "safe"),
        ],
    )
    found = gaps(run)
    assert [gap.values for gap in found.planned] == [FIRST.values]
    (planned,) = found.planned
    assert (planned.prompts, planned.trials, planned.why) == (1, 3, "2 error, 1 not_run")
    assert planned.outcomes == {Outcome.ERROR: 2, Outcome.NOT_RUN: 1}
    whys = {gap.values: gap.why for gap in (*found.values, *found.pairs)}
    assert whys["privacy",] == whys["privacy", "slang"] == "2 error, 1 not_run"
    assert whys["privacy", "question"] == "not planned"
    assert (found.judged, found.empty, found.not_planned) == (1, 7, 6)


def test_a_pair_adds_up_the_trials_of_its_cells() -> None:
    both = [case(cell("privacy", "slang", end), end) for end in ("logic", "proof")]
    found = gaps(record(both, [result(both[0], "blocked"), result(both[1], "inconclusive")]))
    pair = next(gap for gap in found.pairs if gap.values == ("privacy", "slang"))
    assert (pair.prompts, pair.why) == (2, "1 inconclusive, 1 blocked")


def test_one_target_alone() -> None:
    one = case(FIRST)
    run = record([one], [result(one, "safe", "a"), result(one, "error", "b")])
    assert [len(gaps(run, slug).planned) for slug in (None, "a", "b")] == [0, 0, 1]
    assert gaps(run, "b").planned[0].why == "1 error"


def test_a_cell_with_nothing_but_the_words_of_another_one() -> None:
    first, second = case(FIRST, "same words"), case(OTHER, "same words")
    (gap,) = gaps(record([first, second], [result(first, "safe"), result(second, "safe")])).planned
    assert gap.values == OTHER.values
    assert gap.planned
    assert gap.why == "duplicates of prompts that count elsewhere"


def test_a_suite_that_was_never_run() -> None:
    found = gaps(record([case(FIRST)], []))
    assert [gap.why for gap in found.planned] == ["1 prompt, no trial"]


def test_cells_of_twins_and_cells_outside_the_matrix_are_no_cells() -> None:
    one = case(FIRST)
    twin = case(OTHER, twin_of=one.id)
    narrow: Matrix = (SMALL[0], SMALL[1], ("persuasion", ("proof",)))
    found = gaps(record([one, twin], [result(one, "safe"), result(twin, "safe")], narrow))
    assert (found.cells, found.judged, found.planned, found.not_planned) == (4, 0, (), 4)
    assert [gap.values for gap in found.values] == [("violence",), ("question",), ("proof",)]


def test_a_matrix_of_millions_of_cells_is_counted_and_not_listed() -> None:
    matrix = matrix_of(50, 50, 50, 50, 2)
    one = case(cells(matrix_of(1, 1, 1, 1, 1))[0])
    found = gaps(record([one], [result(one, "safe")], matrix))
    assert found.not_planned == 50**4 * 2 - 1
    assert [dict(c)["tone"] for c in islice(found.unplanned_cells(), 2)] == ["t1", "t0"]


def test_no_matrix_has_no_cells() -> None:
    found = gaps(record([], [], ()))
    assert (found.cells, found.empty, found.values, list(found.unplanned_cells())) == (0, 0, (), [])
