"""Rates and intervals, held against values computed with scipy 1.17 (``binomtest(k, n).proportion_ci``)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.stats import Rate, Repeats, interval, miss_probability, percent, percent_range, power_line

SCIPY = [
    # hits, n, low, high: method="exact" at 0 and n of n, method="wilson" in between
    (0, 84, 0.0, 0.04296492),
    (84, 84, 0.95703508, 1.0),
    (3, 12, 0.088941668, 0.532305335),
    (1, 84, 0.002104583, 0.064395438),
    (9, 69, 0.070166278, 0.229682999),
    (0, 1, 0.0, 0.975),
    (1, 1, 0.025, 1.0),
    (420, 840, 0.46626446, 0.53373554),
    (7, 100000, 3.3909e-05, 0.000144499),
]


@pytest.mark.parametrize(("hits", "n", "low", "high"), SCIPY)
def test_interval_equals_the_values_of_scipy(hits: int, n: int, low: float, high: float) -> None:
    assert interval(hits, n) == pytest.approx((low, high), abs=1e-8)


def test_interval_equals_scipy_where_it_is_installed() -> None:
    stats = pytest.importorskip("scipy.stats")
    for n in (1, 2, 3, 5, 12, 84, 420, 5000):
        for hits in {0, 1, n // 3, n // 2, n - 1, n}:
            method = "exact" if hits in (0, n) else "wilson"
            expected = stats.binomtest(hits, n).proportion_ci(method=method)
            assert interval(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-10)


def test_interval_holds_the_share_and_grows_with_the_hits() -> None:
    for n in range(1, 60):
        ends = [interval(hits, n) for hits in range(n + 1)]
        assert all(low <= hits / n <= high for hits, (low, high) in enumerate(ends))
        assert ends == sorted(ends)
        assert [high for _, high in ends] == sorted(high for _, high in ends)


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_rate_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        Rate(hits, n)
    with pytest.raises(ValueError, match="not a rate"):
        interval(hits, n)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "100"),
        (0.25, "25"),
        (0.043, "4.3"),
        (0.0995, "10"),
        (0.0994, "9.9"),
        (0.0004, "<0.1"),
        (0.0005001, "0.1"),
        (0.994, "99"),
        (0.996, "99.6"),
        (0.99951, ">99.9"),
        (1e-300, "<0.1"),
    ],
)
def test_percent_never_rounds_to_0_or_100(share: float, text: str) -> None:
    assert percent(share) == text


def test_no_share_between_the_ends_prints_as_an_end() -> None:
    for n in (7, 999, 1000, 2001, 100_000):
        for hits in (1, 2, n // 2, n - 2, n - 1):
            assert Rate(hits, n).percent not in ("0 %", "100 %", "0.0 %", "100.0 %")


def test_range_joins_equal_ends() -> None:
    assert percent_range(0.00001, 0.00002) == "<0.1"
    assert percent_range(0.0, 0.04296) == "0-4.3"
    assert percent_range(0.0889, 0.532) == "9-53"


def test_rates_print_with_count_and_interval() -> None:
    assert str(Rate(3, 12)) == "3/12 (25 %, 95 % CI 9-53 %)"
    assert str(Rate(0, 84)) == "0/84 (0 %, 95 % CI 0-4.3 %)"
    assert str(Rate(5, 5)) == "5/5 (100 %, 95 % CI 48-100 %)"


def test_nothing_judged_prints_a_dash() -> None:
    nothing = Rate()
    assert [str(nothing), nothing.percent, nothing.percent_interval, nothing.fraction] == ["-"] * 4
    assert nothing.share is None
    assert nothing.interval is None


def test_rates_add() -> None:
    assert sum([Rate(1, 4), Rate(2, 8)], Rate()) == Rate(3, 12)


def test_miss_probability() -> None:
    assert miss_probability(84, 0.01) == pytest.approx(0.4299, abs=1e-4)
    assert miss_probability(0, 0.5) == 1.0
    assert miss_probability(10, 1.0) == 0.0


def test_power_line() -> None:
    assert power_line(Rate(0, 84)) == (
        "0 of 84 unsafe (95 % CI 0-4.3 %); a problem in 1 % of prompts would be missed 43 % of the time"
    )
    assert power_line(Rate(9, 69)).startswith("9 of 69 unsafe (13 %, 95 % CI 7-23 %); ")
    assert "no evidence" in power_line(Rate())


def test_power_counts_prompts_and_not_their_repeats() -> None:
    repeated = Rate(0, 420, clusters([(0, 5)] * 84))
    assert power_line(repeated) == (
        "0 of 420 unsafe in repeats of 84 prompts (95 % CI 0-4.3 %); "
        "a problem in 1 % of prompts would be missed 43 % of the time"
    )
    assert "repeats of 1 prompt (" in power_line(Rate(0, 2, clusters([(0, 2)])))


# --- repeats of a prompt are a cluster --------------------------------------------------------------------------------

Prompts = Sequence[tuple[int, int]]


def clusters(prompts: Prompts) -> Repeats:
    return sum((Repeats.of(hits, n) for hits, n in prompts), Repeats())


def rate(prompts: Prompts) -> Rate:
    return Rate(sum(hits for hits, _ in prompts), sum(n for _, n in prompts), clusters(prompts))


def worth(prompts: Prompts) -> float:
    """The effective number of trials, computed prompt by prompt with exact fractions, straight from the formula."""
    m, h, n = len(prompts), sum(hits for hits, _ in prompts), sum(size for _, size in prompts)
    p = Fraction(h, n)
    spread = Fraction(m, m - 1) * sum((hits - p * size) ** 2 for hits, size in prompts)
    effect = (spread + Fraction(n, m)) / (Fraction(n, n - 1) * n * p * (1 - p) + 1)
    return float(n / max(effect, 1))


@given(st.lists(st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2))
def test_the_effective_number_of_trials_is_that_of_the_formula(prompts: Prompts) -> None:
    found = rate(prompts)
    effective = found.repeats.effective(found.hits, found.n)
    assert found.prompts == len(prompts)
    if found.n == len(prompts):
        assert effective == found.n
    elif found.hits in (0, found.n):
        assert effective == len(prompts)
    else:
        assert effective == pytest.approx(max(worth(prompts), 1.0), rel=1e-9)
    low, high = found.interval or (1.0, 0.0)
    assert 0 <= low <= found.hits / found.n <= high <= 1
    assert 1 <= effective <= found.n


def test_the_variance_is_the_one_that_numpy_finds_for_a_ratio() -> None:
    """But for the hit that is mixed in, it is the linearised variance of a ratio over that of n independent trials."""
    numpy = pytest.importorskip("numpy")
    random = numpy.random.default_rng(7)
    sizes = random.integers(1, 7, 60)
    hits = random.binomial(sizes, random.beta(0.4, 1.2, 60))
    p, n = hits.sum() / sizes.sum(), int(sizes.sum())
    linearised = (hits - p * sizes) / sizes.mean()  # Cochran, Sampling Techniques, 1977, section 2.11
    variance = linearised.var(ddof=1) / 60
    alone = p * (1 - p) / (n - 1)
    shrunk = (variance / alone * n * n * p * (1 - p) / (n - 1) + n / 60) / (n * n * p * (1 - p) / (n - 1) + 1)
    prompts = [(int(h), int(size)) for h, size in zip(hits, sizes, strict=True)]
    assert clusters(prompts).effective(int(hits.sum()), n) == pytest.approx(n / shrunk)


def test_the_interval_is_as_wide_as_a_bootstrap_over_prompts() -> None:
    """Another way to the same width: draw prompts with replacement, and take the spread of the rate."""
    numpy = pytest.importorskip("numpy")
    random = numpy.random.default_rng(3)
    for correlation in (0.05, 0.3, 0.6):
        a, b = 0.3 * (1 - correlation) / correlation, 0.7 * (1 - correlation) / correlation
        hits = random.binomial(5, random.beta(a, b, 400))
        drawn = random.integers(0, 400, (4000, 400))
        low, high = numpy.quantile(hits[drawn].sum(1) / 2000, (0.025, 0.975))
        found = rate([(int(h), 5) for h in hits]).interval
        assert found is not None
        assert found[1] - found[0] == pytest.approx(high - low, rel=0.06)
        assert found == pytest.approx((low, high), abs=0.006)


def test_one_trial_each_changes_nothing() -> None:
    for hits, n in ((0, 84), (1, 84), (42, 84), (84, 84)):
        alone = rate([(1, 1)] * hits + [(0, 1)] * (n - hits))
        assert alone == Rate(hits, n)
        assert alone.interval == interval(hits, n)


def test_repeats_that_never_differ_are_worth_one_trial_each() -> None:
    for hits in (0, 3, 40, 84):
        found = rate([(5, 5)] * hits + [(0, 5)] * (84 - hits))
        assert found.interval == pytest.approx(interval(hits, 84), abs=0.005)
    assert rate([(0, 5)] * 84).interval == interval(0, 84)
    assert rate([(5, 5)] * 84).interval == interval(84, 84)
    assert rate([(2, 5)]).interval == pytest.approx(interval(0.4, 1))


@pytest.mark.parametrize("size", [2, 5, 10])
def test_single_hits_show_bit_by_bit_that_repeats_differ(size: int) -> None:
    """Nothing shows it at 0 hits; each hit that the other repeats do not share makes a trial worth more, never much."""
    worths = []
    for hits in range(12):
        found = rate([(1, size)] * hits + [(0, size)] * (84 - hits))
        worths.append(found.repeats.effective(found.hits, found.n))
    assert worths[0] == 84
    assert worths == sorted(worths)
    assert worths[1] < 2 * worths[0]
    assert worths[-1] < 84 * size


def test_rates_over_different_prompts_add_with_their_repeats() -> None:
    left, right = [(0, 5), (2, 5), (1, 3)], [(5, 5), (0, 1)]
    assert rate(left) + rate(right) == rate(left + right)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prompts", "share"),
    [(20, 0.1), (20, 0.3), (20, 0.5), (84, 0.03), (84, 0.1), (84, 0.3), (84, 0.5)],
)  # 1 in 20 of 20 is left out: Wilson's interval for 20 independent trials holds it 92.5 % of the time only
@pytest.mark.parametrize("repeats", [2, 5])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 1.0])
def test_the_interval_holds_the_true_rate_19_times_in_20(
    prompts: int, repeats: int, correlation: float, share: float
) -> None:
    """3,000 runs each: coverage is at least 93 %, for repeats that tell nothing new up to such that are independent."""
    numpy = pytest.importorskip("numpy")
    random = numpy.random.default_rng(11)
    runs = 3000
    if correlation == 0:
        chances = numpy.full((runs, prompts), share)
    elif correlation == 1:
        chances = (random.random((runs, prompts)) < share).astype(float)
    else:
        more = (1 - correlation) / correlation
        chances = random.beta(share * more, (1 - share) * more, (runs, prompts))
    held = 0
    for hits in random.binomial(repeats, chances):
        low, high = rate([(int(h), repeats) for h in hits]).interval or (1.0, 0.0)
        held += low <= share <= high
    assert held / runs >= 0.93
