"""The corrected unsafe rate: point, interval, what cannot be known, and coverage over simulated runs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.calibration.correction import UNINFORMATIVE, corrected
from astral.model import Card
from astral.stats import Rate, Repeats


def card(sensitivity: Rate, specificity: Rate) -> Card:
    return Card({}, sensitivity, specificity, (0, 0), "labels.jsonl", "", "2026-11-20T00:00:00Z")


GOOD = card(Rate(93, 100), Rate(195, 200))


def script(name: str) -> ModuleType:
    """A script of ``benchmarks/`` as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_point_is_that_of_rogan_and_gladen() -> None:
    found = corrected(Rate(20, 100), card(Rate(90, 100), Rate(95, 100)))
    assert found is not None
    assert found.share == pytest.approx((0.2 - 0.05) / 0.85)
    assert found.low < found.share < found.high
    assert str(found) == f"{found.estimate.percent} (95 % CI {found.estimate.percent_interval})"
    assert found.precision is not None
    assert found.precision.value == pytest.approx(found.share * 0.9 / 0.2)


def test_it_is_valid_at_both_ends() -> None:
    none, every = corrected(Rate(0, 84), GOOD), corrected(Rate(84, 84), GOOD)
    assert none is not None
    assert every is not None
    assert (none.share, none.low, none.precision) == (0.0, 0.0, None)
    assert 0.01 < none.high < 0.1
    assert (every.share, every.high) == (1.0, 1.0)
    assert 0.9 < every.low < 1
    assert every.precision is not None
    assert every.precision.value == 1


def test_fewer_findings_than_false_alarms_explain_is_no_certainty() -> None:
    found = corrected(Rate(1, 500), card(Rate(93, 100), Rate(900, 1000)))
    assert found is not None
    assert (found.share, found.low) == (0.0, 0.0)
    assert found.high > 0.001
    assert found.precision is not None
    assert found.precision.value == 0


@pytest.mark.parametrize("judge", [card(Rate(5, 10), Rate(5, 10)), card(Rate(1, 10), Rate(2, 10))])
def test_a_judge_no_better_than_chance_says_nothing(judge: Card) -> None:
    found = corrected(Rate(10, 20), judge)
    assert found is not None
    assert (found.low, found.high, found.note) == (0.0, 1.0, UNINFORMATIVE)


def test_no_false_alarm_on_the_card_is_no_certainty_about_the_findings() -> None:
    """50 of 84 were called unsafe, more than the 52 % that the card lets expect if all are: all is a guess."""
    found = corrected(Rate(50, 84), card(Rate(13, 25), Rate(25, 25)))
    assert found is not None
    assert found.precision is not None
    assert (found.share, found.precision.value, found.precision.high) == (1.0, 1.0, 1.0)
    assert found.low < 0.8
    assert found.precision.low < 0.98


def test_answers_known_to_be_safe_without_the_judge_make_no_false_alarms() -> None:
    alone, beside = corrected(Rate(10, 50), GOOD), corrected(Rate(10, 50), GOOD, beside=50)
    assert alone is not None
    assert beside is not None
    assert (beside.share, beside.low, beside.high) == (alone.share / 2, alone.low / 2, alone.high / 2)
    assert beside.precision == alone.precision


def test_nothing_judged_or_labelled_is_not_corrected() -> None:
    assert corrected(Rate(), GOOD) is None
    assert corrected(Rate(1, 2), card(Rate(), Rate(1, 2))) is None
    assert corrected(Rate(1, 2), card(Rate(1, 2), Rate())) is None


def test_a_known_perfect_judge_leaves_the_run_as_it_is() -> None:
    perfect = card(Rate(10**7, 10**7), Rate(10**7, 10**7))
    found = corrected(Rate(9, 84), perfect)
    assert found is not None
    assert Rate(9, 84).interval == pytest.approx((found.low, found.high), abs=1e-4)


def test_labels_and_repeats_both_carry_uncertainty() -> None:
    def width(rate: Rate, judge: Card) -> float:
        found = corrected(rate, judge)
        assert found is not None
        return found.high - found.low

    run = Rate(20, 100)
    few, many = card(Rate(18, 20), Rate(19, 20)), card(Rate(900, 1000), Rate(950, 1000))
    assert width(run, few) > 1.2 * width(run, many)
    tied = sum((Rate(5, 5, Repeats.of(5, 5)) for _ in range(4)), Rate()) + sum(
        (Rate(0, 5, Repeats.of(0, 5)) for _ in range(16)), Rate()
    )
    assert (tied.hits, tied.n) == (20, 100)
    assert width(tied, many) > 1.5 * width(run, many)


@given(st.data())
def test_bounds_are_ordered_for_any_counts(data: st.DataObject) -> None:
    rates = []
    for _ in range(3):
        n = data.draw(st.integers(1, 400))
        rates.append(Rate(data.draw(st.integers(0, n)), n))
    found = corrected(rates[0], card(*rates[1:]))
    assert found is not None
    assert 0 <= found.low <= found.share <= found.high <= 1
    if found.precision is not None:
        assert 0 <= found.precision.low <= found.precision.value <= found.precision.high <= 1


def assert_required(runs: int, seed: int, worst: float, best: float) -> None:
    """The requirement: at least 93 % covered, at most 1.5 times as wide as the best published method on the draws."""
    pytest.importorskip("numpy")
    bench = script("corrected_rate")
    cases = list(bench.draws(runs, seed, worst, best))
    mine, lang = bench.score(bench.ours, cases), bench.score(bench.lang_reiczigel, cases)
    assert mine.coverage >= 0.95
    assert min(mine.at_zero, mine.at_one) >= 0.95
    assert lang.coverage >= 0.93
    assert mine.width <= 1.05 * lang.width
    assert mine.points == 0


def test_coverage_and_width_over_simulated_runs() -> None:
    assert_required(500, 20, 0.5, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(("worst", "best"), [(0.5, 1.0), (0.8, 1.0), (0.0, 1.0)])
def test_coverage_and_width_over_two_thousand_simulated_runs(worst: float, best: float) -> None:
    assert_required(2000, 22, worst, best)


def test_the_expected_precision_holds_its_level() -> None:
    pytest.importorskip("numpy")
    bench = script("corrected_rate")
    assert bench.precision_covered(list(bench.draws(500, 21, 0.6, 1.0))) >= 0.95


def test_repeats_that_hang_together_are_covered() -> None:
    pytest.importorskip("numpy")
    bench = script("corrected_rate")
    assert bench.score(bench.ours, list(bench.repeated(500, 22, 0.6, 1.0))).coverage >= 0.94


def test_the_published_method_is_that_of_the_paper() -> None:
    """With a judge that is known to be perfect it comes down to the interval of Agresti and Coull."""
    pytest.importorskip("numpy")
    bench = script("corrected_rate")
    perfect = Rate(10**9, 10**9)
    low, high = bench.lang_reiczigel(bench.Draw(0.2, 1, 1, Rate(20, 100), perfect, perfect))
    square = bench.Z * bench.Z
    middle = (20 + square / 2) / (100 + square)
    half = bench.Z * (middle * (1 - middle) / (100 + square)) ** 0.5
    assert (low, high) == pytest.approx((middle - half, middle + half), abs=1e-6)
