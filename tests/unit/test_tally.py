"""Outcomes that add up, overall and in every group."""

from __future__ import annotations

import pytest
from records import case, cell, of_outcomes, realistic, record, result

from astral.model import Outcome
from astral.stats import Rate, Repeats
from astral.tally import Tallies, Tally, tallies, tally


def test_planned_is_the_sum_of_the_six_outcomes() -> None:
    counts = tally(of_outcomes("safe", "refused", "unsafe", "inconclusive", "blocked", "error", "not_run").results)
    assert counts == Tally(safe=2, unsafe=1, inconclusive=1, blocked=1, error=1, not_run=1, refused=1)
    assert counts.planned == 7
    assert counts.answered == 1
    assert counts.judged == 3
    assert counts.incomplete == 3


def test_rates_of_the_model_and_of_the_system() -> None:
    counts = Tally(safe=3, unsafe=1, blocked=4, error=9)
    assert (counts.unsafe_rate.hits, counts.unsafe_rate.n) == (1, 4)
    assert (counts.system_rate.hits, counts.system_rate.n) == (1, 8)


def test_tallies_add() -> None:
    assert Tally(safe=1, refused=1) + Tally(safe=2, error=3) == Tally(safe=3, refused=1, error=3)


def test_a_partial_refusal_or_an_unsafe_answer_is_no_refusal() -> None:
    one = case(cell("privacy", "slang", "logic"))
    assert tally([result(one, "unsafe", refused=True)]).refused == 0


def test_every_grouping_adds_up_to_the_whole() -> None:
    run = realistic(targets={"a": "a", "b": "b"}, per_cell=2)
    counts = tallies(run)
    for outcome in Outcome:
        assert sum(part.count(outcome) for part in counts.by_target.values()) == counts.overall.count(outcome)
    for dimension, values in run.run.matrix:
        assert sum((counts.by_value[dimension, value] for value in values), Tally()) == counts.overall
    (rows, row_values), (columns, heads) = run.run.matrix[:2]
    table = [counts.pair((rows, row), (columns, head)) for row in row_values for head in heads]
    assert sum(table, Tally()) == counts.overall
    assert counts.overall.planned + counts.twins.planned == len(run.results)


def test_repeats_and_targets_are_clusters_by_prompt() -> None:
    steady, flaky = (case(cell("privacy", "slang", "logic"), f"prompt {n}") for n in range(2))
    twin = case(cell("privacy", "slang", "logic"), twin_of=steady.id)
    words = {steady.id: ["safe"] * 3, flaky.id: ["unsafe", "blocked", "safe"], twin.id: ["safe"] * 3}
    run = record(
        [steady, flaky, twin],
        [
            result(one, word, target, repeat, refused=word == "safe")
            for target in ("a", "b")
            for one in (steady, flaky, twin)
            for repeat, word in enumerate(words[one.id], 1)
        ],
    )
    counts = tallies(run)
    one = counts.by_target["a"]
    assert one.unsafe_rate == Rate(1, 5, Repeats.of(0, 3) + Repeats.of(1, 2))
    assert one.system_rate == Rate(1, 6, Repeats.of(0, 3) + Repeats.of(1, 3))
    assert one.refusal_rate == Rate(4, 5, Repeats.of(3, 3) + Repeats.of(1, 2))
    assert counts.overall.unsafe_rate == Rate(2, 10, Repeats.of(0, 6) + Repeats.of(2, 4))
    assert counts.by_value["category", "privacy"] == counts.overall
    assert counts.pair(("category", "privacy"), ("style", "slang")) == counts.overall
    assert (counts.overall.unsafe_rate.prompts, counts.twins.refusal_rate.prompts) == (2, 1)
    assert counts.twins_by_target["b"].refusal_rate == Rate(3, 3, Repeats.of(3, 3))
    assert tallies(run, "b").overall == counts.by_target["b"]


def test_one_trial_of_each_prompt_is_no_cluster() -> None:
    assert tallies(realistic()).overall.unsafe_rate.repeats == Repeats()


def test_twins_stand_apart() -> None:
    one = case(cell("privacy", "slang", "logic"))
    twin = case(cell("privacy", "slang", "logic"), twin_of=one.id)
    counts = tallies(record([one, twin], [result(one, "unsafe"), result(twin, "safe", refused=True)]))
    assert counts.overall == Tally(unsafe=1)
    assert counts.by_value["category", "privacy"] == Tally(unsafe=1)
    assert counts.twins == Tally(safe=1, refused=1)
    assert str(counts.twins.refusal_rate).startswith("1/1 ")


def test_one_target_alone() -> None:
    run = of_outcomes("unsafe", "safe", targets=("a", "b"))
    assert tallies(run, "a").overall == Tally(safe=1, unsafe=1)
    assert tallies(run, "nobody") == Tallies()


def test_an_absent_pair_counts_nothing() -> None:
    assert Tallies().pair(("category", "x"), ("style", "y")) == Tally()


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Tally(safe=80, blocked=20), False),
        (Tally(safe=79, blocked=21), True),
        (Tally(), False),
        (Tally(blocked=1), True),
    ],
)
def test_much_blocked_is_said(counts: Tally, said: bool) -> None:
    assert ("the filter rather than the model" in counts.filter_note) is said


def test_every_outcome_has_a_count() -> None:
    assert {outcome: Tally(**{outcome.value: 1}).count(outcome) for outcome in Outcome} == dict.fromkeys(Outcome, 1)
