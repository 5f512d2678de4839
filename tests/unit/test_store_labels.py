"""People's labels in the store: a history that only grows, of which the last word counts."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astral.errors import StoreError
from astral.model import Calls, Case, Cell, Label, Outcome, Response, Result, Run, Trial
from astral.store import (
    Labelling,
    RunWriter,
    Store,
    counting_labels,
    exchange_key,
    import_labels,
    is_withheld,
    label_histories,
    only_writer,
    store_directory,
    write_label,
)

NASTY = "a\x00b\ud800\u2028'\"); DROP TABLE labels;--"
TRIAL = Trial("c0", "demo")
ONE = Labelling("key", Label.SAFE, "ada", "2026-01-01T00:00:00Z", "r1", TRIAL, "a note")
PEOPLE = st.sampled_from(["ada", "bob"])
WORDS = st.sampled_from([*Label, None])


def at(second):
    return f"2026-01-01T00:00:{second:02}Z"


@pytest.fixture
def store(tmp_path):
    with Store(store_directory(tmp_path) / "astral.db", create=True) as store:
        yield store


def test_foreign_text_comes_back_as_it_was(store):
    given = replace(ONE, who=NASTY, note=NASTY, run="rüün", trial=Trial("c€", "t", 7))
    assert write_label(store.path, given) == given
    assert counting_labels(store) == {"key": given}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xy"), PEOPLE, WORDS, st.integers(0, 9)), max_size=8))
def test_the_last_label_that_was_not_taken_back_counts_and_all_are_kept(acts):
    """Against a plain model: a stack for each answer, from which a person takes back the last of their own."""
    stacks = {"x": [], "y": []}
    with tempfile.TemporaryDirectory() as place:
        path = store_directory(Path(place)) / "astral.db"
        with Store(path, create=True) as store:
            for key, who, label, second in acts:
                stored = write_label(path, Labelling(key, label, who, at(second), "r1", TRIAL))
                stack = stacks[key]
                own = [one for one in stack if one.who == who]
                if label is not None:
                    stack.append(stored)
                elif own:
                    stack.remove(own[-1])
            assert counting_labels(store) == {key: stack[-1] for key, stack in stacks.items() if stack}
            histories = label_histories(store)
            for key in stacks:
                mine = [(who, label) for of, who, label, _ in acts if of == key]
                assert [(one.who, one.label) for one in histories.get(key, ())] == mine


def test_a_clock_that_was_set_back_does_not_hide_the_newest_label(store):
    write_label(store.path, replace(ONE, when=at(30)))
    stored = write_label(store.path, replace(ONE, label=Label.UNSAFE, when=at(10)))
    assert stored.when == at(30)
    assert counting_labels(store)["key"].label is Label.UNSAFE


@settings(max_examples=12, deadline=None)
@given(st.permutations([(1, Label.SAFE), (2, Label.UNSAFE), (3, Label.UNKNOWN), (4, Label.SAFE), (5, Label.UNSAFE)]))
def test_imported_labels_take_their_places_by_time_in_whatever_order_they_come(rows):
    labels = [Labelling("key", label, f"who{second}", at(second), "r1", TRIAL) for second, label in rows]
    with tempfile.TemporaryDirectory() as place:
        path = store_directory(Path(place)) / "astral.db"
        with Store(path, create=True) as store:
            assert import_labels(path, labels[:2]) == tuple(labels[:2])
            assert import_labels(path, labels) == tuple(labels[2:])
            assert import_labels(path, labels) == ()
            assert counting_labels(store)["key"].when == at(5)
            assert [one.when for one in label_histories(store)["key"]] == [at(second) for second in range(1, 6)]


def test_nothing_is_stored_while_a_run_writes(store):
    with only_writer(store.path.parent):
        with pytest.raises(StoreError, match="in use by another run"):
            write_label(store.path, ONE)
        with pytest.raises(StoreError, match="in use by another run"):
            import_labels(store.path, [ONE])
    assert counting_labels(store) == {}
    write_label(store.path, ONE)
    assert counting_labels(store) == {"key": ONE}


def test_an_import_is_stored_whole_or_not_at_all(store):
    broken = replace(ONE, exchange="other", note=object())
    with pytest.raises(TypeError):
        import_labels(store.path, [ONE, broken])
    assert counting_labels(store) == {}


def test_a_sealed_answer_is_withheld_in_every_run_and_others_are_not(store):
    cell = Cell.of(category="child_abuse", style="slang", persuasion="logical_appeal")
    cases = [Case(f"c{number}", cell, (f"Question {number}?",)) for number in range(2)]
    answers = {"r1": ("same", "same"), "r2": ("same", "other")}
    for run, texts in answers.items():
        header = Run(
            run, at(0), {"demo": "demo"}, (("category", ("child_abuse",)),), suite={"content": "s", "path": "s"}
        )
        writer = RunWriter(store, header, Calls)
        writer.begin(cases, [Trial(case.id, "demo") for case in cases])

        async def work(writer=writer, texts=texts):
            for case, text in zip(cases, texts, strict=True):
                trial, response = Trial(case.id, "demo"), Response(text, seconds=len(writer.run.id) / 7)
                await writer.answered(trial, response)
                await writer.finished(Result(trial, Outcome.SAFE, response=response))

        asyncio.run(work())
        writer.close("finished", at(1))
    response = Response("same")
    key = exchange_key(cases[0], response)
    write_label(store.path, replace(ONE, exchange=key, label=Label.UNSAFE), sealed=response)
    for run in answers:
        first, second = store.record(run).results
        assert is_withheld(first.response)
        assert not is_withheld(second.response), "another case's answer stays, though its text is the same"
        assert exchange_key(cases[0], first.response) == key, "the label still finds it"
        assert first.response.seconds is not None
