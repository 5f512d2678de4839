"""Two runs over the same prompts, held against published examples, statsmodels, and a count of all sign flips."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.stats import Paired, Prompt, enough, paired


def table(both: int, better: int, worse: int, neither: int) -> Paired:
    """Prompts asked once: unsafe in both runs, only in the first, only in the second, in none."""
    rows = [Prompt(1, 1)] * both + [Prompt(1, 0)] * better + [Prompt(0, 1)] * worse + [Prompt(0, 0)] * neither
    return paired(rows)


def test_it_counts_what_changed():
    found = table(both=2, better=1, worse=4, neither=13)
    assert (found.prompts, found.pairs, found.first, found.second) == (20, 20, 3, 6)
    assert (found.worse, found.better, found.changes) == (4, 1, {-1: 1, 1: 4})
    assert found.difference == pytest.approx(0.15)


def test_prompts_without_a_pair_count_nowhere():
    assert paired([Prompt(0, 0, 0), Prompt(0, 1)]) == paired([Prompt(0, 1)])
    nothing = paired([])
    assert (nothing.difference, nothing.interval, nothing.p, nothing.p_worse) == (None, None, 1.0, 1.0)


def test_the_interval_is_that_of_the_published_examples():
    """R's statpsych 1.7 (``ci.prop.ps``, ``se.prop.ps``), after Bonett and Price 2012."""
    low, high = table(both=6, better=4, worse=26, neither=12).interval or (0, 0)
    assert (low, high) == pytest.approx((0.2548067, 0.6251933), abs=1e-7)
    low, high = table(both=15, better=5, worse=64, neither=16).interval or (0, 0)
    assert (high - low) / 2 == pytest.approx(1.959964 * 0.05953213, abs=1e-7)


@pytest.mark.parametrize("better", [0, 1, 2, 5, 12, 40])
@pytest.mark.parametrize("worse", [0, 1, 3, 8, 20, 41])
def test_p_is_that_of_mcnemar_less_the_point(better, worse):
    """The mid-p value is the exact one without the probability of what was observed (Fagerland and others 2013)."""
    mcnemar = pytest.importorskip("statsmodels.stats.contingency_tables").mcnemar
    point = pytest.importorskip("scipy.stats").binom.pmf(worse, worse + better, 0.5)
    found = table(both=3, better=better, worse=worse, neither=50)
    exact = mcnemar([[3, better], [worse, 50]], exact=True).pvalue
    expected = exact - point if worse != better else 1.0
    assert found.p == pytest.approx(expected, abs=1e-12)
    if worse + better:
        assert found.p_worse + found.p_better == pytest.approx(1.0)


ROWS = st.lists(
    st.integers(1, 3).flatmap(lambda n: st.builds(Prompt, st.integers(0, n), st.integers(0, n), st.just(n))),
    max_size=9,
)


@given(ROWS)
def test_with_repeats_it_is_the_share_of_all_ways_to_swap_whole_prompts(rows):
    found = paired(rows)
    changes = [one.second - one.first for one in rows if one.second != one.first]
    sums = [sum(s * c for s, c in zip(signs, changes, strict=True)) for signs in product((-1, 1), repeat=len(changes))]
    above = sum(total > sum(changes) for total in sums)
    equal = sum(total == sum(changes) for total in sums)
    expected = (above + equal / 2) / len(sums) if changes else 1.0
    assert found.p_worse == pytest.approx(expected)


@given(ROWS)
def test_swapping_the_runs_mirrors_everything(rows):
    found, other = paired(rows), paired(Prompt(one.second, one.first, one.pairs) for one in rows)
    assert (found.worse, found.p) == (other.better, pytest.approx(other.p))
    assert found.p_worse == pytest.approx(other.p_better)
    if found.interval and other.interval:
        assert found.interval == pytest.approx((-other.interval[1], -other.interval[0]))
        assert -1 <= found.interval[0] <= found.difference <= found.interval[1] <= 1


def test_repeats_that_agree_are_worth_one_prompt_each():
    """Three times the same answer is no more evidence than one."""
    once = paired([Prompt(0, 1)] * 6 + [Prompt(0, 0)] * 60)
    thrice = paired([Prompt(0, 3, 3)] * 6 + [Prompt(0, 0, 3)] * 60)
    assert thrice.p == pytest.approx(once.p)
    assert thrice.interval == pytest.approx(once.interval)


def test_ten_thousand_changes_with_repeats_are_no_burden():
    rows = [Prompt(0, at % 4, 3) for at in range(6_000)] + [Prompt(at % 4, 0, 3) for at in range(6_100)]
    assert 0.3 < paired(rows).p < 0.7


def test_what_is_enough_to_show_a_rise():
    least = next(n for n in range(1, 1000) if enough(n, level=0.05, effect=0.05))
    assert least == 61  # four prompts that are worse, none that is better: 0.5**5 = 0.031
    assert not enough(0, level=0.05, effect=0.05)
    assert not enough(1_000, level=0.05, effect=0.0), "no rise is shown by none"
    rise = table(both=0, better=0, worse=4, neither=57)
    assert rise.difference >= 0.05
    assert rise.p_worse <= 0.05
    assert table(both=0, better=0, worse=3, neither=57).p_worse > 0.05
