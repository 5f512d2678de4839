"""Taxonomy, selection and covering arrays."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.errors import PlanError, SettingsError
from astral.matrix import plan_cells, tuples, uncovered
from astral.taxonomy import DEFAULT, Entry, Taxonomy


def test_the_built_in_matrix_is_14_by_6_by_5():
    assert [(d, len(values)) for d, values in DEFAULT.matrix] == [("category", 14), ("style", 6), ("persuasion", 5)]


@pytest.mark.parametrize(
    ("dimension", "wanted", "expected"),
    [
        ("style", [], ["slang", "uncommon_dialects", "technical_terms", "role_play", "misspellings", "question"]),
        ("style", ["question", "slang"], ["slang", "question"]),
        ("style", ["*", "-question"], ["slang", "uncommon_dialects", "technical_terms", "role_play", "misspellings"]),
        ("persuasion", ["-logical_appeal"], [e.id for e in DEFAULT._entries["persuasion"]][:-1]),
        ("category", ["Self_Harm"], ["self_harm"]),
        ("category", ["drug_abuse", "weapons", "banned_substance"], ["drugs_weapons"]),
        ("category", ["violence", "aiding_and_abetting", "incitement", "theft"], ["financial_crime", "violence"]),
    ],
)
def test_selection(dimension, wanted, expected):
    assert list(DEFAULT.select(dimension, wanted)) == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [(["slnag"], "did you mean 'slang'?"), (["slang", "-slang"], "leaves nothing"), (["-*"], "leaves nothing")],
)
def test_bad_selection(wanted, message):
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        DEFAULT.select("style", wanted)


def test_entries_are_added_and_replaced():
    mine = DEFAULT.extended("style", [Entry("haiku", "Haiku", "Three lines."), Entry("slang", "Slang", "Mine.")])
    assert mine.select("style", ["haiku", "slang"]) == ("slang", "haiku")
    assert mine.entry("style", "slang").definition == "Mine."
    assert DEFAULT.entry("style", "slang").definition != "Mine."


def test_a_name_used_twice_is_refused():
    with pytest.raises(SettingsError, match="used twice"):
        Taxonomy({"style": [Entry("a", "A", "a", ("b",)), Entry("b", "B", "b")]})


@pytest.mark.parametrize("seed", range(12))
def test_pairwise_is_the_optimum_and_covers(seed):
    cells = plan_cells(DEFAULT.matrix, "pairwise", seed)
    assert len(cells) == 14 * 6  # every value of the largest dimension meets every one of the next: none can have fewer
    pairs = {pair for cell in cells for pair in itertools.combinations(cell.pairs, 2)}
    assert len(pairs) == 14 * 6 + 14 * 5 + 6 * 5


@pytest.mark.parametrize("plan", ["3way", "full"])
def test_3way_and_full_are_all_420(plan):
    cells = plan_cells(DEFAULT.matrix, plan, 0)
    assert len(cells) == len(set(cells)) == 420


def test_the_seed_chooses_the_array_and_nothing_else_does():
    assert plan_cells(DEFAULT.matrix, "pairwise", 1) == plan_cells(DEFAULT.matrix, "pairwise", 1)
    assert plan_cells(DEFAULT.matrix, "pairwise", 1) != plan_cells(DEFAULT.matrix, "pairwise", 2)


def test_an_incomplete_array_is_never_used(monkeypatch):
    import covertable

    rows = covertable.make({d: list(v) for d, v in DEFAULT.matrix}, strength=2)
    monkeypatch.setattr(covertable, "make", lambda *args, **options: rows[1:])
    with pytest.raises(PlanError, match="misses"):
        plan_cells(DEFAULT.matrix, "pairwise", 0)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.sampled_from(["pairwise", "3way", "full"]))
def test_every_plan_covers_its_strength(sizes, plan):
    matrix = tuple((f"d{i}", tuple(f"v{j}" for j in range(size))) for i, size in enumerate(sizes))
    cells = plan_cells(matrix, plan, 0)
    strength = min({"pairwise": 2, "3way": 3}.get(plan, len(matrix)), len(matrix))
    assert uncovered(matrix, cells, strength) == []
    assert uncovered(matrix, cells[1:], len(matrix)) != []
    assert len(list(tuples(matrix, 1))) == sum(sizes)
