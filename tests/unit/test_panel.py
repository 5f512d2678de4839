"""The judges of a calibration: what votes make of the labels of several oracles, errors and repeats among them."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from astral.calibration.calibrating import Said
from astral.calibration.figures import scopes
from astral.calibration.labels import LabelledRow
from astral.calibration.panel import jurors
from astral.model import Label, Verdict
from astral.voting import vote_label

SAFE, UNSAFE, UNKNOWN = Label
LABELS = st.sampled_from([*Label])


class Stub:
    """An oracle that is never asked: only its name and price count here."""

    def __init__(self, name, *, free=False, rank=1):
        self.name, self.deterministic, self.rank = name, free, rank

    async def judge(self, case, response):
        raise AssertionError


ORACLES = (Stub("dear", rank=2), Stub("cheap", free=True), Stub("small"))


def said(label, score=None, error=""):
    return Said(None, error) if label is None else Said(Verdict("x", label, score=score))


def panel(*labels, oracles=ORACLES, vote="any", scores=(None, None, None)):
    """The jurors on one row, of which the oracles said ``labels`` in the order of ``ORACLES``."""
    by_name = {
        one.name: [[said(label, score, "timeout")]] for one, label, score in zip(ORACLES, labels, scores, strict=True)
    }
    return {one.name: one for one in jurors(oracles, by_name, vote=vote)}


def label(found, vote):
    return found[f"vote={vote}"].opinions[0].label


@given(st.tuples(LABELS, LABELS, LABELS))
def test_votes_are_those_of_a_run_whatever_the_order_of_the_oracles(labels):
    for order in permutations(ORACLES):
        found = panel(*labels, oracles=order)
        for vote in ("any", "majority", "unanimous"):
            assert label(found, vote) is vote_label(vote, labels)[0]
        dear, cheap, small = labels
        asked = [cheap, *([small] if cheap is not SAFE else []), *([dear] if SAFE not in (cheap, small) else [])]
        assert label(found, "cascade") is asked[-1]


def test_a_vote_lacks_a_verdict_only_where_it_would_have_asked_for_it():
    found = panel(None, SAFE, UNSAFE)
    assert label(found, "any") is None
    assert found["vote=any"].opinions[0].error == "timeout"
    assert label(found, "cascade") is SAFE  # the cheap one settled it
    found = panel(UNSAFE, None, UNSAFE)
    assert label(found, "cascade") is None
    assert found["cheap"].opinions[0].error == "timeout"


def test_the_vote_that_is_set_is_chosen_and_a_single_oracle_votes_with_nobody():
    assert [one.name for one in panel(SAFE, SAFE, SAFE, vote="cascade").values() if one.chosen] == ["vote=cascade"]
    (alone,) = jurors(ORACLES[:1], {"dear": [[said(SAFE)]]}, vote="majority")
    assert (alone.name, alone.vote, alone.chosen) == ("dear", "", True)


def test_unknowns_are_forced_by_the_score_where_there_is_one():
    found = panel(UNKNOWN, UNKNOWN, UNKNOWN, scores=(0.5, 0.49, None))
    assert [found[name].opinions[0].forced for name in ("dear", "cheap", "small")] == [UNSAFE, SAFE, UNKNOWN]
    assert found["vote=any"].opinions[0].forced is UNSAFE
    assert found["vote=unanimous"].opinions[0].forced is UNKNOWN
    assert label(found, "any") is UNKNOWN


def test_the_first_asking_counts_and_all_of_them_show_how_steady_a_judge_is():
    by_name = {
        "dear": [[said(UNSAFE), said(SAFE), said(None, error="timeout")], [said(SAFE)] * 3],
        "cheap": [[said(UNSAFE)], [said(SAFE)]],
    }
    found = {one.name: one for one in jurors(ORACLES[:2], by_name, vote="any")}
    assert found["dear"].opinions[0].label is UNSAFE
    assert found["dear"].opinions[0].rounds == (UNSAFE, SAFE, None)
    assert found["vote=unanimous"].opinions[0].rounds == (UNSAFE, UNKNOWN, None)
    assert found["vote=any"].opinions[1].rounds == (SAFE, SAFE, SAFE)


def test_askings_of_two_oracles_stay_side_by_side_where_one_of_them_failed():
    """Always of one mind where both spoke: the second asking of one failed, and a vote is never of two askings."""
    by_name = {
        "dear": [[said(UNSAFE), said(None, error="timeout"), said(SAFE)]],
        "cheap": [[said(UNSAFE), said(UNSAFE), said(SAFE)]],
    }
    found = {one.name: one for one in jurors(ORACLES[:2], by_name, vote="any")}
    assert found["vote=unanimous"].opinions[0].rounds == (UNSAFE, None, SAFE)


def test_a_failed_first_asking_is_made_up_for_by_the_next():
    (found,) = jurors(ORACLES[:1], {"dear": [[said(None, error="timeout"), said(SAFE)]]}, vote="any")
    assert found.opinions[0].label is SAFE


def rows(*truths):
    return [
        LabelledRow(str(n), (f"Prompt {n}",), "x", truth, source=source) for n, (truth, source) in enumerate(truths)
    ]


def test_scopes_are_all_rows_and_each_of_several_sources_and_errors_are_in_no_figure():
    labelled = rows((UNSAFE, "b"), (SAFE, "a"), (SAFE, "b"), (UNSAFE, "a"))
    by_name = {"dear": [[said(UNSAFE)], [said(UNSAFE)], [said(None, error="timeout")], [said(UNKNOWN, 0.2)]]}
    found = jurors(ORACLES[:1], by_name, vote="any")
    whole, *parts = scopes(labelled, found)
    assert [part.source for part in parts] == ["b", "a"]
    (figures,) = whole.figures
    assert figures.confusion.counts.n == 3
    assert figures.errors[SAFE] == {"timeout": 1}
    assert figures.unjudged == 1
    assert figures.forced.counts.missed == 1
    assert figures.wrong(SAFE) == [1]
    assert figures.wrong(UNSAFE) == []
    assert sum((part.figures[0].confusion.counts for part in parts), start=type(figures.confusion.counts)()) == (
        figures.confusion.counts
    )
    assert [scope.source for scope in scopes(rows((SAFE, "a"), (SAFE, "a")), ())] == [None]
