"""Several runs together: the whole is what the parts have covered, whatever the order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from coverage_runs import MATRICES, dated, matrix_of, runs
from hypothesis import given
from hypothesis import strategies as st
from records import SMALL, case, cell, realistic, record, result

from astral.coverage import Level, coverage, extended, gaps, united
from astral.model import Matrix, RunRecord

FIRST = cell("privacy", "slang", "logic")
OTHER = cell("violence", "question", "proof")


def missing(level: Level) -> set[frozenset[tuple[str, str]]]:
    """What was never judged, for t = 1 and 2."""
    return {frozenset(one) for one in level.uncovered}


@pytest.mark.parametrize("matrix", MATRICES, ids=len)
@given(draws=st.data())
def test_one_run_alone_is_itself(matrix: Matrix, draws: st.DataObject) -> None:
    run = draws.draw(runs(matrix))
    found = united([run])
    assert (found.matrix, found.levels) == (matrix, coverage(run))
    assert (found.gaps, found.extended) == (gaps(run), extended(run))
    (part,) = found.parts
    assert part.judged == part.added == part.alone == tuple(level.judged for level in found.levels)


@pytest.mark.parametrize("matrix", MATRICES, ids=len)
@given(draws=st.data())
def test_the_order_does_not_matter_and_later_runs_only_add(matrix: Matrix, draws: st.DataObject) -> None:
    several = [dated(draws.draw(runs(matrix)), day) for day in range(draws.draw(st.integers(1, 4)))]
    whole = united(several)
    assert united(draws.draw(st.permutations(several))) == whole
    before: tuple[Level, ...] = ()
    for count in range(1, len(several) + 1):
        found = united(several[:count])
        for was, now in zip(before, found.levels, strict=False):
            assert missing(now) <= missing(was)
            assert (now.judged, now.executed, now.generated) >= (was.judged, was.executed, was.generated)
            assert found.parts[-1].added[now.strength - 1] == now.judged - was.judged
        before = found.levels
    assert [sum(part.added[t] for part in whole.parts) for t in range(len(whole.levels))] == [
        level.judged for level in whole.levels
    ]


@pytest.mark.parametrize("matrix", MATRICES, ids=len)
@given(draws=st.data())
def test_a_whole_covers_exactly_what_its_parts_do(matrix: Matrix, draws: st.DataObject) -> None:
    """Where no prompt changes its cell from run to run."""
    several = [dated(draws.draw(runs(matrix, moving=False)), day) for day in range(3)]
    whole = united(several)
    for level, *parts in zip(whole.levels, *(coverage(run) for run in several), strict=True):
        assert missing(level) == set.intersection(*(missing(part) for part in parts)) or level.strength == 3
        assert level.judged <= sum(part.judged for part in parts)
    for at, part in enumerate(whole.parts):
        rest = united([run for other, run in enumerate(several) if other != at])
        assert part.judged == tuple(level.judged for level in coverage(several[at]))
        assert part.alone == tuple(a.judged - b.judged for a, b in zip(whole.levels, rest.levels, strict=True))


def test_the_same_run_twice_adds_nothing() -> None:
    run = realistic(2)
    found = united([dated(run, 1), dated(run, 2)])
    assert found.levels == coverage(run)
    assert found.parts[1].added == (0, 0, 0)
    assert found.parts[0].alone == found.parts[1].alone == (0, 0, 0)


def run_of(where: str, outcome: str, day: int, matrix: Matrix = SMALL) -> RunRecord:
    one = case(cell(*where.split(), matrix=matrix), "the same words")
    return dated(record([one], [result(one, outcome)], matrix), day)


def test_a_prompt_counts_once_in_the_cell_of_the_earliest_run() -> None:
    early, late = run_of("violence question proof", "error", 1), run_of("privacy slang logic", "safe", 2)
    found = united([late, early])
    assert [gap.values for gap in found.gaps.values] == [("privacy",), ("slang",), ("logic",)]
    assert found.levels[0].judged == 3


def test_other_suites_bring_values_and_dimensions() -> None:
    narrow: Matrix = (("category", ("drugs",)), ("style", ("slang", "formal")))
    found = united([run_of("privacy slang logic", "safe", 1), run_of("drugs formal", "safe", 2, narrow)])
    assert found.matrix == (
        ("category", ("privacy", "violence", "drugs")),
        ("style", ("slang", "question", "formal")),
        ("persuasion", ("logic", "proof")),
    )
    assert found.levels[0].judged == 3  # the words are the same, and count where they stood first
    other = case(cell("drugs", "formal", matrix=narrow), "other words")
    found = united(
        [run_of("privacy slang logic", "safe", 1), dated(record([other], [result(other, "safe")], narrow), 2)]
    )
    assert [(level.total, level.judged) for level in found.levels] == [(8, 5), (21, 4), (18, 1)]
    assert (found.gaps.cells, found.gaps.judged) == (18, 1)
    assert found.parts[1].judged == (2, 1, 0)


def test_what_one_run_could_not_judge_another_one_may_have() -> None:
    found = united([run_of("privacy slang logic", "error", 1), run_of("privacy slang logic", "unsafe", 2)])
    assert found.gaps.planned == ()
    assert [part.added for part in found.parts] == [(0, 0, 0), (3, 3, 1)]


def test_targets_of_several_runs_are_a_dimension() -> None:
    one = case(FIRST)
    at = [dated(record([one], [result(one, "safe", slug)]), day) for day, slug in enumerate(("a", "b"))]
    assert united(at).extended.matrix[-1] == ("target", ("a", "b"))


def test_one_slug_for_two_targets_is_told_apart() -> None:
    one = case(FIRST)
    parts = [
        dated(record([one], [result(one, "safe", "bot")], targets={"bot": typed}), day)
        for day, typed in enumerate(("http:old.toml", "http:new.toml"))
    ]
    assert united(parts).extended.matrix[-1] == ("target", ("http:old.toml", "http:new.toml"))


def test_a_twin_in_another_run_is_not_beside_the_prompt() -> None:
    one = case(FIRST)
    benign = case(FIRST, twin_of=one.id)
    both = record([one, benign], [result(one, "safe"), result(benign, "error")])
    later = replace(both, results=(result(one, "error"), result(benign, "safe")))
    level = united([dated(both, 1), dated(later, 2)]).extended.levels[0]
    assert (level.generated, level.judged) == (4, 3)


def test_nothing_united_is_nothing() -> None:
    found = united([])
    assert (found.matrix, found.levels, found.parts) == ((), (), ())


def test_a_wide_matrix_stays_as_it_is() -> None:
    matrix = matrix_of(2, 2, 2, 2, 2)
    found = united([dated(record([], [], matrix), day) for day in (1, 2)])
    assert found.matrix == matrix
    assert [level.total for level in found.levels] == [10, 40, 80]
