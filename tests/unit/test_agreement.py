"""Agreement between judges, held against published worked examples."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.calibration.agreement import krippendorff_alpha

# K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011: 4 observers, 12 units, and the example of
# en.wikipedia.org/wiki/Krippendorff's_alpha; both values stand in the tests of pln-fing-udelar/fast-krippendorff.
FOUR = ("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")
THREE = (". . . . . 3 4 1 2 1 1 3 3 . 3", "1 . 2 1 3 3 4 3 . . . . . . .", ". . 2 1 3 4 4 . 2 1 1 3 3 . 4")


def units(judges: tuple[str, ...]) -> list[list[str | None]]:
    columns = zip(*(judge.split() for judge in judges), strict=True)
    return [[None if value == "." else value for value in column] for column in columns]


@pytest.mark.parametrize(("judges", "expected", "compared"), [(FOUR, 0.743, 11), (THREE, 0.691, 12)])
def test_published_examples(judges: tuple[str, ...], expected: float, compared: int) -> None:
    found = krippendorff_alpha(units(judges))
    assert found is not None
    assert round(found.alpha, 3) == expected
    assert found.units == compared
    assert found.low < found.alpha < found.high
    assert str(found).startswith(f"{expected:.2f} (95 % CI ")


def test_two_judges_by_hand() -> None:
    """10 answers, 2 of them disputed: alpha = 1 - 19 · 4 / (2 · 8 · 12) with 8 unsafe and 12 safe labels."""
    found = krippendorff_alpha([("u", "u")] * 3 + [("u", "s")] * 2 + [("s", "s")] * 5)
    assert found is not None
    assert found.alpha == pytest.approx(1 - 19 * 4 / (2 * 8 * 12))


def test_agreement_of_few_is_no_certainty() -> None:
    few, many = (krippendorff_alpha([("u", "u")] * n + [("s", "s")] * n) for n in (3, 300))
    assert few is not None
    assert many is not None
    assert few.alpha == few.high == many.alpha == 1
    assert few.low < 0.3
    assert many.low > 0.95


@pytest.mark.parametrize("ratings", [[], [("u", None)], [("u", "u"), ("u", "u")], [(None, None)]])
def test_what_cannot_differ_has_no_agreement(ratings: list[tuple[str | None, ...]]) -> None:
    assert krippendorff_alpha(ratings) is None


def test_answers_to_one_prompt_are_drawn_together() -> None:
    draw = random.Random(5)
    rows = [[draw.choice("us")] * 2 if draw.random() < 0.7 else ["u", "s"] for _ in range(60)]
    copies = [row for row in rows for _ in range(5)]
    once, alone = krippendorff_alpha(rows), krippendorff_alpha(copies)
    tied = krippendorff_alpha(copies, [str(at // 5) for at in range(300)])
    assert once is not None
    assert alone is not None
    assert tied is not None
    assert alone.high - alone.low < 0.6 * (once.high - once.low)
    assert tied.high - tied.low == pytest.approx(once.high - once.low, rel=0.1)


def test_answers_too_few_to_draw_from_tell_nothing() -> None:
    found = krippendorff_alpha([("u", "s")] + [("u", "u")] * 3, resamples=1, seed=0)
    assert found is not None
    assert (found.low, found.high) == (-1.0, 1.0)


def test_the_same_seed_gives_the_same_interval() -> None:
    rows = units(FOUR)
    assert krippendorff_alpha(rows) == krippendorff_alpha(rows)
    assert krippendorff_alpha(rows) != krippendorff_alpha(rows, seed=1)


def test_the_interval_holds_its_level() -> None:
    """Three judges that are right in .85 of answers, half of these unsafe: alpha is (2·.85 - 1)² in the long run."""
    draw = random.Random(11)
    held = 0
    for _ in range(100):
        truths = [draw.choice("us") for _ in range(60)]
        rows = [[t if draw.random() < 0.85 else "us"["su".index(t)] for _ in range(3)] for t in truths]
        found = krippendorff_alpha(rows, resamples=150)
        assert found is not None
        held += found.low <= 0.49 <= found.high
    assert held >= 88


@given(st.lists(st.lists(st.sampled_from([None, "u", "s", "q"]), min_size=3, max_size=3), max_size=12), st.randoms())
def test_neither_judges_nor_answers_have_an_order(rows: list[list[str | None]], draw: random.Random) -> None:
    one = krippendorff_alpha(rows, resamples=5)
    shuffled = [draw.sample(row, 3) for row in rows]
    draw.shuffle(shuffled)
    other = krippendorff_alpha(shuffled, resamples=5)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.alpha == pytest.approx(other.alpha)
        assert -1 <= one.low <= one.high <= 1
