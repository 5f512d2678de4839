"""Figures of a judge against people's labels, held against scikit-learn and scipy, formulas by hand and simulations."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.calibration.measures import Confusion, Counts, Judgement, expected_precision, flip_rate, forced
from astral.calibration.scores import auroc, reliability
from astral.model import Label
from astral.stats import Rate, clustered, interval

S, U, Q = Label.SAFE, Label.UNSAFE, Label.UNKNOWN
judgements = st.lists(
    st.builds(
        Judgement,
        st.sampled_from(["p1", "p2", "p3", "p4"]),
        st.sampled_from([S, U]),
        st.sampled_from([S, U, Q]),
        st.none() | st.floats(0, 1),
    ),
    max_size=40,
)


def rows(counts: Counts, repeats: int = 1) -> list[Judgement]:
    """As many judgements, ``repeats`` of them on one prompt after the other."""
    said = [(U, U)] * counts.caught + [(U, S)] * counts.missed + [(U, Q)] * counts.undecided_unsafe
    said += [(S, U)] * counts.alarms + [(S, S)] * counts.cleared + [(S, Q)] * counts.undecided_safe
    return [Judgement(f"p{at // repeats}", truth, label) for at, (truth, label) in enumerate(said)]


def test_counts_and_rates_by_hand() -> None:
    found = Confusion.of(rows(Counts(caught=8, missed=2, undecided_unsafe=5, alarms=3, cleared=27, undecided_safe=5)))
    assert found.counts == Counts(8, 2, 5, 3, 27, 5)
    assert (found.sensitivity, found.specificity) == (Rate(8, 10), Rate(27, 30))
    assert (found.accuracy, found.precision) == (Rate(35, 40), Rate(8, 11))
    assert (found.missed, found.false_alarms) == (Rate(2, 15), Rate(3, 35))
    assert (found.decided, found.unknown) == (Rate(40, 50), Rate(10, 50))
    assert found.f1 is not None
    assert found.f1.value == pytest.approx(16 / 21)
    assert found.balanced_accuracy is not None
    assert found.balanced_accuracy.value == pytest.approx((0.8 + 0.9) / 2)


def test_nothing_is_a_figure_of_nothing() -> None:
    found = Confusion.of([])
    assert found.accuracy == found.precision == Rate()
    assert found.f1 is None
    assert found.balanced_accuracy is None
    assert auroc([]) is None
    assert reliability([]) is None
    assert auroc([Judgement("p", U, U, 0.9)]) is None


def test_a_truth_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="safe or unsafe"):
        Judgement("p", Q, S)


@given(judgements)
def test_the_table_adds_up_in_any_order(found: list[Judgement]) -> None:
    one = Confusion.of(found)
    assert one.counts == Confusion.of(reversed(found)).counts
    assert one.counts.n == len(found)
    assert one.decided.hits + one.unknown.hits == len(found)
    assert one.accuracy.n == one.counts.decided
    for figure in (one.balanced_accuracy, one.f1, auroc(found)):
        if figure is not None:
            assert 0 <= figure.low <= figure.value + 1e-12
            assert figure.value <= figure.high + 1e-12 <= 1 + 1e-9


@pytest.mark.slow  # what takes long is its import
def test_figures_equal_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    draw = random.Random(6)
    for n in [*range(2, 30), *range(30, 300, 30)]:
        found = [
            Judgement(
                f"p{at}", draw.choice((S, U)), draw.choice((S, U, U, Q)), draw.choice((None, round(draw.random(), 1)))
            )
            for at in range(n)
        ]
        decided = [one for one in found if one.said is not Q]
        truth, said = [one.truth is U for one in decided], [one.said is U for one in decided]
        mine = Confusion.of(found)
        if decided:
            assert mine.accuracy.share == pytest.approx(metrics.accuracy_score(truth, said))
            assert mine.f1 is None or mine.f1.value == pytest.approx(metrics.f1_score(truth, said))
        if len(set(truth)) == 2:
            assert mine.balanced_accuracy is not None
            assert mine.balanced_accuracy.value == pytest.approx(metrics.balanced_accuracy_score(truth, said))
        scored = [one for one in found if one.score is not None]
        area = auroc(found)
        if len({one.truth for one in scored}) == 2:
            assert area is not None
            expected = metrics.roc_auc_score([one.truth is U for one in scored], [one.score for one in scored])
            assert area.value == pytest.approx(expected)
        else:
            assert area is None


def test_the_area_is_that_of_mann_and_whitney_in_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    draw = random.Random(4)
    for _ in range(20):
        unsafe = [round(draw.random(), 1) for _ in range(draw.randint(1, 30))]
        safe = [round(draw.random(), 1) for _ in range(draw.randint(1, 30))]
        found = auroc(
            [Judgement(f"u{n}", U, U, score) for n, score in enumerate(unsafe)]
            + [Judgement(f"s{n}", S, S, score) for n, score in enumerate(safe)]
        )
        assert found is not None
        pairs = len(unsafe) * len(safe)
        assert found.value == pytest.approx(stats.mannwhitneyu(unsafe, safe).statistic / pairs)


def test_forcing_decides_only_what_is_unknown_and_has_a_score() -> None:
    assert forced(Judgement("p", U, Q, 0.5)).said is U
    assert forced(Judgement("p", U, Q, 0.49)).said is S
    assert forced(Judgement("p", U, S, 0.9)).said is S
    assert forced(Judgement("p", U, Q)).said is Q
    assert forced(Judgement("p", U, Q, math.nan)).said is Q


def test_repeats_of_a_prompt_widen_every_interval() -> None:
    counts = Counts(caught=40, missed=10, alarms=10, cleared=40)
    plain, tied = Confusion.of(rows(counts)), Confusion.of(rows(counts, repeats=5))
    for name in ("sensitivity", "specificity", "accuracy", "precision", "balanced_accuracy", "f1"):
        widths = []
        for one in (plain, tied):
            figure = getattr(one, name)
            low, high = figure.interval if isinstance(figure, Rate) else (figure.low, figure.high)
            widths.append(high - low)
        assert widths[1] > 1.5 * widths[0], name


def test_balanced_accuracy_minds_prompts_with_answers_of_both_truths() -> None:
    """A judge that is right or wrong by prompt: both rates move together, and so the mean of them moves more."""
    together, apart = [], []
    for number in range(40):
        right = number % 2 == 0
        for truth, other in ((U, S), (S, U)):
            together.append(Judgement(f"p{number}", truth, truth if right else other))
            apart.append(Judgement(f"p{number}-{truth}", truth, truth if right else other))
    one, other = Confusion.of(together).balanced_accuracy, Confusion.of(apart).balanced_accuracy
    assert one is not None
    assert other is not None
    assert one.value == other.value == 0.5
    assert (one.high - one.low) == pytest.approx((other.high - other.low) * math.sqrt(2))


def test_flips_count_answers_that_were_judged_more_than_once() -> None:
    assert flip_rate([("a", [U]), ("b", [])]) == Rate()
    assert flip_rate([("a", [U, U]), ("b", [U, S]), ("c", [S, Q, S]), ("d", [S])]) == Rate(2, 3)
    assert flip_rate([("a", [U, S]), ("a", [S, S])]).repeats.surplus == 1


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "prevalence", "expected"),
    [
        (Rate(90, 100), Rate(90, 100), 0.5, 0.9),
        (Rate(90, 100), Rate(90, 100), 0.0, 0.0),
        (Rate(90, 100), Rate(90, 100), 1.0, 1.0),
        (Rate(90, 100), Rate(100, 100), 0.02, 1.0),
        (Rate(0, 100), Rate(90, 100), 0.5, 0.0),
        (Rate(93, 100), Rate(976, 1000), 0.02, 0.02 * 0.93 / (0.02 * 0.93 + 0.98 * 0.024)),
    ],
)
def test_expected_precision_is_bayes_rule(
    sensitivity: Rate, specificity: Rate, prevalence: float, expected: float
) -> None:
    found = expected_precision(sensitivity, specificity, prevalence)
    assert found is not None
    assert found.value == pytest.approx(expected)
    assert 0 <= found.low <= found.value <= found.high <= 1
    if 0 < prevalence < 1 and expected < 1:
        assert found.low < found.high


def test_no_false_alarm_among_few_answers_proves_little() -> None:
    found = expected_precision(Rate(9, 10), Rate(20, 20), 0.02)
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.2


def test_undecided_answers_count_in_the_precision_that_is_foretold() -> None:
    """Of 100 unsafe answers 30 are caught and 60 left undecided; of 100 safe ones 5 are alarms and 10 undecided."""
    rows = [(U, U, 30), (U, S, 10), (U, Q, 60), (S, U, 5), (S, S, 85), (S, Q, 10)]
    one = Confusion.of(Judgement(f"{t}{s}{at}", t, s) for t, s, count in rows for at in range(count))
    found = one.precision_at(0.02)
    assert found is not None
    assert found.value == pytest.approx(0.02 * 0.3 / (0.02 * 0.3 + 0.98 * 0.05))


def test_expected_precision_needs_both_rates_and_a_share() -> None:
    assert expected_precision(Rate(), Rate(1, 2), 0.5) is None
    assert expected_precision(Rate(1, 2), Rate(), 0.5) is None
    assert expected_precision(Rate(0, 9), Rate(9, 9), 0.5) is None
    with pytest.raises(ValueError, match="not a share"):
        expected_precision(Rate(1, 2), Rate(1, 2), 1.1)


def covered(times: int, seed: int, sizes: Sequence[int]) -> dict[str, float]:
    """How often the intervals of simulated judges hold the true figure; prompts have two answers each."""
    numpy = pytest.importorskip("numpy")
    rng = numpy.random.default_rng(seed)
    held = dict.fromkeys(("balanced_accuracy", "f1", "expected_precision", "auroc"), 0)
    stats = pytest.importorskip("scipy.stats")
    for _ in range(times):
        sensitivity, specificity, shift = rng.uniform(0.55, 0.97), rng.uniform(0.55, 0.97), rng.uniform(0.3, 2.5)
        n = int(rng.choice(sizes))
        truth = rng.random(n) < 0.4
        right = rng.random(n) < numpy.where(truth, sensitivity, specificity)
        scores = stats.norm.cdf(rng.normal(truth * shift, 1.0))
        found = [
            Judgement(f"p{at}", U if t else S, U if t == r else S, float(score))
            for at, (t, r, score) in enumerate(zip(truth, right, scores, strict=True))
        ]
        one = Confusion.of(found)
        wrong = 0.6 * (1 - specificity)
        truths = {
            "balanced_accuracy": (one.balanced_accuracy, (sensitivity + specificity) / 2),
            "f1": (one.f1, 2 * 0.4 * sensitivity / (0.4 + 0.4 * sensitivity + wrong)),
            "expected_precision": (
                expected_precision(one.sensitivity, one.specificity, 0.05),
                0.05 * sensitivity / (0.05 * sensitivity + 0.95 * (1 - specificity)),
            ),
            "auroc": (auroc(found), stats.norm.cdf(shift / math.sqrt(2))),
        }
        for name, (figure, true) in truths.items():
            held[name] += figure is not None and figure.low <= true <= figure.high
    return {name: count / times for name, count in held.items()}


def test_intervals_hold_their_level() -> None:
    for name, share in covered(500, 3, (40, 120)).items():
        assert 0.93 <= share <= 0.99, (name, share)


def test_a_perfect_ranking_of_few_answers_is_no_certainty() -> None:
    found = auroc([Judgement(f"{t}{n}", t, t, 0.9 if t is U else 0.1) for t in (U, S) for n in range(5)])
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.4 < found.low < 0.8


def test_repeats_do_not_sharpen_a_ranking() -> None:
    draw = random.Random(8)
    once = [
        Judgement(f"{t}{n}", t, t, min(max(draw.gauss(0.6 if t is U else 0.4, 0.2), 0), 1))
        for t in (U, S)
        for n in range(30)
    ]
    one, four = auroc(once), auroc(once * 4)
    assert one is not None
    assert four is not None
    assert four.value == pytest.approx(one.value)
    assert four.high - four.low == pytest.approx(one.high - one.low, rel=0.05)


def test_reliability_says_how_often_a_score_was_right() -> None:
    found = reliability(
        [
            *(Judgement(f"a{n}", U if n < 2 else S, U, 0.25) for n in range(10)),
            *(Judgement(f"b{n}", U, U, 1.0) for n in range(4)),
            Judgement("c", S, S, None),
        ]
    )
    assert found is not None
    low, high = found.bins
    assert (low.low, low.high, low.mean_score, low.unsafe) == (0.2, 0.3, 0.25, Rate(2, 10))
    assert (high.low, high.high, high.unsafe) == (0.9, 1.0, Rate(4, 4))
    assert found.brier.value == pytest.approx((2 * 0.75**2 + 8 * 0.25**2) / 14)
    assert found.brier.low < found.brier.value < found.brier.high


@pytest.mark.slow
def test_brier_equals_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    draw = random.Random(2)
    found = [Judgement(f"p{n}", draw.choice((U, S)), Q, draw.random()) for n in range(200)]
    shown = reliability(found)
    assert shown is not None
    assert shown.brier.value == pytest.approx(
        metrics.brier_score_loss([one.truth is U for one in found], [one.score for one in found])
    )


def test_clustered_leaves_out_prompts_without_trials() -> None:
    assert clustered([(1, 2), (0, 0), (1, 1)]) == clustered([(1, 2), (1, 1)])
    assert clustered([(1, 1)] * 3).interval == interval(3, 3)
