"""t-way coverage against counts made by hand and against a slow second count."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from coverage_runs import MATRICES, cells, runs
from hypothesis import given
from hypothesis import strategies as st
from records import SMALL, case, cell, of_outcomes, realistic, record, result

from astral.coverage import coverage
from astral.model import Matrix, Outcome, RunRecord


def slow_count(run: RunRecord, t: int, outcomes: set[Outcome]) -> int:
    """The definition, word by word: how many t-tuples are hit by at least one trial with such an outcome."""
    hit = 0
    for group in combinations(run.run.matrix, t):
        for wanted in product(*([(name, value) for value in values] for name, values in group)):
            hit += any(
                r.outcome in outcomes
                and run.cases[r.trial.case_id].twin_of is None
                and set(wanted) <= set(run.cases[r.trial.case_id].cell.pairs)
                for r in run.results
            )
    return hit


def test_totals_of_the_shipped_taxonomy() -> None:
    assert [(level.strength, level.total) for level in coverage(realistic())] == [(1, 25), (2, 184), (3, 420)]


def test_levels_equal_the_slow_count() -> None:
    run = realistic(seed=3)
    executed = {outcome for outcome in Outcome if outcome.final}
    for level in coverage(run):
        assert level.judged == slow_count(run, level.strength, {Outcome.SAFE, Outcome.UNSAFE})
        assert level.executed == slow_count(run, level.strength, executed)
        assert level.generated == slow_count(run, level.strength, set(Outcome))


@pytest.mark.parametrize(
    ("outcome", "executed", "judged"),
    [
        ("safe", 3, 3),
        ("unsafe", 3, 3),
        ("inconclusive", 3, 0),
        ("blocked", 3, 0),
        ("error", 0, 0),
        ("not_run", 0, 0),
    ],
)
def test_what_an_outcome_covers(outcome: str, executed: int, judged: int) -> None:
    one = coverage(of_outcomes(outcome))[0]
    assert (one.generated, one.executed, one.judged, one.total) == (3, executed, judged, 6)


def by_hand(run: RunRecord, t: int, outcomes: set[Outcome]) -> set[frozenset[tuple[str, str]]]:
    """The t-tuples that prompts with such an outcome hit, each prompt in the cell of its first case by id alone."""
    found: set[frozenset[tuple[str, str]]] = set()
    for one in run.results:
        asked = run.cases[one.trial.case_id]
        if asked.twin_of is None and one.outcome in outcomes:
            same = [c for c in run.cases.values() if c.turns == asked.turns and c.twin_of is None]
            where = min(same, key=lambda c: c.id).cell
            found |= {frozenset(hit) for hit in combinations(where.pairs, t)}
    return found


@pytest.mark.parametrize("matrix", MATRICES, ids=len)
@given(draws=st.data())
def test_random_runs_of_one_to_five_dimensions_equal_the_count_by_hand(matrix: Matrix, draws: st.DataObject) -> None:
    run = draws.draw(runs(matrix))
    judged, executed = {Outcome.SAFE, Outcome.UNSAFE}, {outcome for outcome in Outcome if outcome.final}
    levels = coverage(run)
    assert [level.strength for level in levels] == list(range(1, min(len(matrix), 3) + 1))
    for level in levels:
        everything = {frozenset(hit) for one in cells(matrix) for hit in combinations(one.pairs, level.strength)}
        assert level.total == len(everything)
        assert level.judged == len(hit := by_hand(run, level.strength, judged))
        assert level.executed == len(by_hand(run, level.strength, executed))
        assert level.generated == len(by_hand(run, level.strength, set(Outcome)))
        assert {frozenset(one) for one in level.uncovered} == (everything - hit if level.strength < 3 else set())


def test_shares_by_how_far_prompts_came() -> None:
    level = coverage(of_outcomes("safe", "blocked", "error", "not_run"))[1]
    assert (level.total, level.judged, level.executed, level.generated) == (12, 3, 5, 8)
    assert [level.share(by) for by in ("judged", "executed", "generated")] == [3 / 12, 5 / 12, 8 / 12]
    assert level.share() == level.share("judged")


def test_nothing_to_cover_has_no_share() -> None:
    levels = coverage(record([], [], (("category", ()),)))
    assert [(level.total, level.share(), level.percent) for level in levels] == [(0, None, "-")]


def test_uncovered_names_what_was_never_judged() -> None:
    levels = coverage(of_outcomes("safe"))
    assert levels[0].uncovered == ((("category", "violence"),), (("style", "question"),), (("persuasion", "proof"),))
    assert len(levels[1].uncovered) == levels[1].total - levels[1].judged == 9
    assert (("category", "privacy"), ("style", "slang")) not in levels[1].uncovered
    assert levels[2].uncovered == ()


def test_twins_cover_nothing() -> None:
    one = case(cell("privacy", "slang", "logic"))
    twin = case(cell("violence", "question", "proof"), twin_of=one.id)
    level = coverage(record([one, twin], [result(one, "safe"), result(twin, "safe")]))[0]
    assert (level.generated, level.judged) == (3, 3)


def test_a_duplicate_prompt_covers_one_cell_only() -> None:
    first = case(cell("privacy", "slang", "logic"), "same words")
    second = case(cell("violence", "question", "proof"), "same words")
    level = coverage(record([second, first], [result(second, "safe"), result(first, "safe")]))[0]
    assert (level.generated, level.judged) == (3, 3)
    assert (("category", "violence"),) in level.uncovered


def test_a_twin_with_the_words_of_a_prompt_does_not_cover_for_it() -> None:
    one = case(cell("privacy", "slang", "logic"), "same words")
    twin = case(cell("privacy", "slang", "proof"), "same words", twin_of=one.id)
    level = coverage(record([one, twin], [result(one, "error"), result(twin, "safe")]))[0]
    assert level.judged == 0


def test_values_outside_the_chosen_matrix_cover_nothing() -> None:
    narrow: Matrix = (("category", ("privacy",)), ("style", ("slang", "question")))
    stranger = case(cell("violence", "slang", "logic"))
    levels = coverage(record([stranger], [result(stranger, "safe")], narrow))
    assert [(level.strength, level.judged, level.total) for level in levels] == [(1, 1, 3), (2, 0, 2)]


def test_what_only_another_target_was_to_be_asked_is_generated_for_that_one_alone() -> None:
    """As under -k: else a gate by=generated would pass for a target with hardly a prompt in the plan."""
    one, other = case(cell("privacy", "slang", "logic")), case(cell("violence", "question", "proof"))
    run = record([one, other], [result(one, "safe", "a"), result(other, "safe", "a"), result(one, "safe", "b")])
    assert [coverage(run, slug)[0].generated for slug in ("a", "b")] == [6, 3]
    assert coverage(run)[0].generated == 6


def test_one_target_alone() -> None:
    one = case(cell("privacy", "slang", "logic"))
    run = record([one], [result(one, "safe", "a"), result(one, "error", "b")])
    assert [coverage(run, slug)[1].judged for slug in ("a", "b")] == [3, 0]
    assert coverage(run)[1].judged == 3


def test_four_dimensions_are_as_good_as_three() -> None:
    matrix: Matrix = (*SMALL, ("language", ("en", "fr", "eu")))
    one = case(cell("privacy", "slang", "logic", "eu", matrix=matrix))
    levels = coverage(record([one], [result(one, "safe")], matrix))
    assert [(level.total, level.judged) for level in levels] == [(9, 4), (30, 6), (44, 4)]


def test_an_empty_run_has_no_share_of_nothing() -> None:
    assert [level.percent for level in coverage(record([], []))] == ["0 %", "0 %", "0 %"]
    assert coverage(record([], [], ())) == ()
