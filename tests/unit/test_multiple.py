"""Adjusted p-values, held against statsmodels over a grid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.stats import benjamini_hochberg, holm

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_known_values():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([]) == benjamini_hochberg([]) == []


@given(VALUES)
def test_they_are_those_of_statsmodels(values):
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    assert holm(values) == pytest.approx([*multipletests(values, method="holm")[1]])
    assert benjamini_hochberg(values) == pytest.approx([*multipletests(values, method="fdr_bh")[1]])


@given(VALUES)
def test_no_adjustment_makes_a_value_smaller_or_changes_the_order(values):
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(values)
        assert all(0 <= value <= new <= 1 for value, new in zip(values, adjusted, strict=True))
        assert sorted(range(len(values)), key=lambda at: (values[at], at)) == sorted(
            range(len(values)), key=lambda at: (adjusted[at], values[at], at)
        )


@given(st.floats(0, 1))
def test_a_single_test_is_left_alone(value):
    assert holm([value]) == benjamini_hochberg([value]) == [value]
