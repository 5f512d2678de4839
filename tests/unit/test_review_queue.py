"""What people are given to read, in which order, and what a sitting keeps of what they say."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import case, cell, record, result

from astral.calibration.labels import read_label_file
from astral.errors import LabelsError, StoreError
from astral.model import Label, Outcome, Refusal, Response, Verdict
from astral.overruling import overruled
from astral.reports.results import write as write_results
from astral.review.queue import Kind, mixed, queue
from astral.review.sitting import NotLabelled, Sitting, audit_line
from astral.review.transfer import exported, lines, read_import
from astral.review.view import case_view, queue_view
from astral.stats import Rate
from astral.store import Labelling, Store, counting_labels, is_withheld, only_writer, store_directory, withheld
from astral.taxonomy import DEFAULT

CELL = cell("privacy", "slang", "logic")
NOW = "2026-01-02T00:00:00Z"
SAFE, UNSAFE = Verdict("a", Label.SAFE, Refusal.NONE, 0), Verdict("b", Label.UNSAFE, Refusal.NONE, 2)


def made(*rows):
    """A record of one case a row, ``(outcome, changes)``; each answer has a text of its own."""
    cases, results = [], []
    for number, (outcome, more) in enumerate(rows):
        twin = more.pop("twin_of", None)
        cases.append(case(CELL, f"prompt {number}", twin_of=twin))
        more.setdefault("response", Response(f"answer {number}", finish_reason="stop"))
        results.append(result(cases[-1], outcome, **more))
    return record(cases, results)


def listed(found):
    return [(one.kind.value, one.case.prompt) for one in found]


@pytest.fixture
def store(tmp_path):
    with Store(store_directory(tmp_path) / "astral.db", create=True) as store:
        yield store


def sitting(store, found, **more):
    labels = counting_labels(store).keys()
    return Sitting(store, found, queue(found, labels, more.pop("audit", 20)), more.pop("who", "ada"), lambda: NOW)


# --- the queue --------------------------------------------------------------------------------------------------------


def test_the_order_findings_by_severity_then_the_doubtful_the_split_and_the_audit():
    found = made(
        ("safe", {}),
        ("safe", {"verdicts": (SAFE, UNSAFE)}),
        ("inconclusive", {"reason": "judge_unknown"}),
        ("unsafe", {"severity": 1}),
        ("inconclusive", {"reason": "unconfirmed"}),
        ("unsafe", {"severity": 3}),
        ("safe", {"verdicts": (replace(SAFE, split=True),)}),
    )
    assert listed(queue(found)) == [
        ("finding", "prompt 5"),
        ("finding", "prompt 3"),
        ("doubtful", "prompt 4"),
        ("doubtful", "prompt 2"),
        ("split", "prompt 1"),
        ("split", "prompt 6"),
        ("audit", "prompt 0"),
    ]


def test_what_nobody_can_judge_is_not_in_it():
    blank = {"response": Response(" \u200b")}
    found = made(
        ("blocked", {"response": None}), ("error", {}), ("not_run", {"response": None}), ("inconclusive", blank)
    )
    assert queue(found) == ()


def test_verdicts_on_different_answers_of_a_conversation_are_no_split():
    by_turn = (replace(SAFE, turn=1), replace(UNSAFE, turn=2))
    agreed, split = queue(made(("unsafe", {"verdicts": by_turn}), ("unsafe", {"verdicts": (SAFE, UNSAFE)})))
    assert not agreed.split
    assert split.split


def test_equal_answers_to_a_case_are_read_once_and_the_worst_verdict_gives_the_place():
    one = case(CELL, "the prompt")
    same = [result(one, word, target, response=Response("same")) for target, word in (("a", "safe"), ("b", "unsafe"))]
    (found,) = queue(record([one], [*same, result(one, "safe", "c", response=Response("same", "other model"))]))
    assert (found.kind, found.same, found.split) == (Kind.FINDING, 3, True)
    assert found.result.outcome is Outcome.UNSAFE


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_audit_is_drawn_by_the_run_and_a_larger_one_only_adds(small, more):
    found = made(*[("safe", {}) for _ in range(25)])
    first, larger = ({one.key for one in queue(found, audit=count)} for count in (small, small + more))
    assert first <= larger
    assert len(first) == min(small, 25)
    assert len(larger) == min(small + more, 25)
    other = replace(found, run=replace(found.run, id="another run"))
    draws = [[one.key for one in queue(run, audit=5)] for run in (found, found, other)]
    assert draws[0] == draws[1]
    assert {*draws[0]} != {*draws[2]}


def test_twins_are_not_audited_but_their_false_alarms_are_read():
    found = made(("safe", {}), ("safe", {"twin_of": "x"}), ("unsafe", {"twin_of": "x"}))
    assert listed(queue(found)) == [("finding", "prompt 2"), ("audit", "prompt 0")]


def test_what_has_a_label_stays_in_the_list_and_in_its_place():
    found = made(("unsafe", {}), ("safe", {}), ("safe", {}))
    keys = [one.key for one in queue(found, audit=9)]
    assert [one.kind for one in queue(found, keys, audit=0)] == [Kind.FINDING, Kind.LABELLED, Kind.LABELLED]
    assert [one.kind for one in queue(found, keys, audit=9)] == [Kind.FINDING, Kind.AUDIT, Kind.AUDIT]


def test_the_mixed_order_holds_each_once_and_does_not_follow_the_outcomes():
    found = queue(made(*[(word, {}) for word in ("unsafe", "safe") for _ in range(20)]), audit=40)
    places = mixed("run1", found)
    assert sorted(places) == [*range(40)]
    assert places == mixed("run1", found)
    assert {found[place].kind for place in places[:20]} == {Kind.FINDING, Kind.AUDIT}


# --- a sitting --------------------------------------------------------------------------------------------------------


def test_a_label_is_stored_with_who_and_when_and_taken_back(store):
    found = made(("unsafe", {}), ("safe", {}))
    at_work = sitting(store, found)
    at_work.label(0, "safe", "a false alarm")
    (label,) = counting_labels(store).values()
    assert (label.label, label.who, label.when, label.note, label.run) == (
        Label.SAFE,
        "ada",
        NOW,
        "a false alarm",
        "run1",
    )
    assert label.trial == found.results[0].trial
    assert at_work.progress() == (1, 2)
    assert overruled(found, store).results[0].outcome is Outcome.SAFE
    at_work.label(0, "")
    assert overruled(found, store) is found
    assert [one.label for one in at_work.history(label.exchange)] == [Label.SAFE, None]


@pytest.mark.parametrize(
    ("number", "word", "note"), [(0, "fine", ""), (2, "safe", ""), (-1, "safe", ""), (0, "safe", "x" * 2001)]
)
def test_what_is_no_label_is_refused_and_not_stored(store, number, word, note):
    with pytest.raises(NotLabelled):
        sitting(store, made(("unsafe", {}), ("safe", {}))).label(number, word, note)
    assert counting_labels(store) == {}


def test_a_label_is_refused_while_a_run_writes_and_can_be_given_after(store):
    at_work = sitting(store, made(("unsafe", {})))
    with only_writer(store.path.parent), pytest.raises(StoreError, match="in use by another run"):
        at_work.label(0, "safe")
    assert at_work.given == 0
    at_work.label(0, "safe")
    assert at_work.progress() == (1, 1)


def test_a_withheld_answer_is_listed_and_cannot_be_labelled(store):
    at_work = sitting(store, made(("unsafe", {"response": withheld(Response("a text"))})))
    assert at_work.progress() == (0, 0)
    assert queue_view(at_work)["rows"][0]["withheld"]
    with pytest.raises(NotLabelled, match="only hash and length"):
        at_work.label(0, "safe")


def test_a_sealed_answer_that_a_person_calls_unsafe_is_gone_from_the_page_too(store):
    of = case(cell("child_abuse", "slang", "logic"), "a prompt")
    found = record([of], [result(of, "safe", response=Response("a text of its own", finish_reason="stop"))])
    at_work = sitting(store, found)
    assert queue_view(at_work)["rows"][0]["sealing"]
    at_work.label(0, "unsafe")
    assert is_withheld(at_work.exchanges[0].response)
    assert "a text of its own" not in json.dumps(case_view(at_work, 0, DEFAULT))
    assert overruled(found, store).results[0].outcome is Outcome.UNSAFE


def test_the_summary_says_what_changed_and_what_the_audit_found(store):
    found = made(("unsafe", {}), ("unsafe", {}), *[("safe", {}) for _ in range(4)])
    at_work = sitting(store, found)
    for number, word in enumerate(["safe", "unknown", "unsafe", "safe", "unknown"]):
        at_work.label(number, word)
    lines = at_work.summary()
    assert lines[0] == "5 of 6 answers labelled (5 labels given now)"
    assert lines[1] == (
        "outcomes changed by labels: "
        "1 safe -> inconclusive, 1 safe -> unsafe, 1 unsafe -> inconclusive, 1 unsafe -> safe"
    )
    assert "1/2 (50 %, 95 % CI" in lines[2]
    assert lines[3] == "next: astral report run1"
    assert audit_line(at_work.exchanges, {}) == ""
    page = (Path(__file__).parents[2] / "docs" / "review.md").read_text()
    line = lines[2].replace(str(Rate(1, 2)), str(Rate(1, 20)))
    assert f"`{line}`" in page, "the docs show the program's own words"
    assert len(sitting(store, found).summary()) == 3, "nothing new was said, so there is no next step"


def test_the_page_is_told_texts_that_show_what_they_hold(store):
    nasty = "<script>alert(1)</script>\u202eevil\u200b\x1b[2J\nnext line"
    found = made(("unsafe", {"response": Response(nasty), "verdicts": (replace(UNSAFE, reason=nasty),)}))
    view = case_view(sitting(store, found, who="ada\u202e"), 0, DEFAULT)
    (turn,) = view["turns"]
    assert turn["answer"] == "<script>alert(1)</script>\\u{202e}evil\\u{200b}\\u{1b}[2J\nnext line"
    assert view["verdicts"][0]["reason"] == turn["answer"]
    assert view["definition"] == DEFAULT.entry("category", "privacy").definition
    assert "\u202e" not in queue_view(sitting(store, found, who="ada\u202e"))["who"]


# --- out of a store and into one --------------------------------------------------------------------------------------


def export_of(store, found):
    said = counting_labels(store)
    return exported(found, queue(found, said.keys(), 0), said)


def test_what_is_exported_is_what_calibrate_reads(store, tmp_path):
    found = made(("unsafe", {}), ("safe", {}), ("safe", {}), ("safe", {}))
    talk = case(CELL, "first?", "second?")
    found = replace(
        found,
        cases={**found.cases, talk.id: talk},
        results=(*found.results, result(talk, "safe", response=Response("two \ud800", earlier=("one",)))),
    )
    at_work = sitting(store, found)
    words = {"prompt 0": "safe", "prompt 1": "unknown", "second?": "unsafe"}
    for number, one in enumerate(at_work.exchanges):
        if one.case.prompt in words:
            at_work.label(number, words[one.case.prompt], "noted")
    path = tmp_path / "out.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines(export_of(store, found))), encoding="ascii")
    read = read_label_file(path)
    assert {row.prompt: row.label.value for row in (*read.rows, *read.undecided)} == words
    (conversation,) = [row for row in read.rows if row.prompt == "second?"]
    assert (conversation.turns, conversation.earlier, conversation.response) == (
        ("first?", "second?"),
        ("one",),
        "two \ud800",
    )
    assert {row.source for row in read.rows} == {"review"}
    assert {row.category for row in read.rows} == {"privacy"}


def test_an_export_comes_back_into_another_store_of_the_run(store, tmp_path):
    found = made(("unsafe", {}), ("safe", {}), ("safe", {}))
    at_work = sitting(store, found)
    at_work.label(0, "safe", "a note")
    at_work.label(1, "unknown")
    path = tmp_path / "out.jsonl"
    path.write_text("\n".join(lines(export_of(store, found))))
    other = replace(found, run=replace(found.run, id="again"))
    back = read_import(path, "out.jsonl", other, who="eve", now=NOW)
    want = {(one.exchange, one.label, one.who, one.when, one.note) for one in counting_labels(store).values()}
    assert {(one.exchange, one.label, one.who, one.when, one.note) for one in back.labellings} == want
    assert {one.run for one in back.labellings} == {"again"}
    fewer = replace(found, results=found.results[1:])
    assert read_import(path, "out.jsonl", fewer, who="eve", now=NOW).strange == 1


def imported(tmp_path, found, *rows):
    path = tmp_path / "in.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return read_import(path, "in.jsonl", found, who="eve", now=NOW)


def test_rows_name_an_answer_by_trial_by_exchange_or_by_its_texts(tmp_path):
    found = made(("unsafe", {}), ("safe", {}), ("safe", {}))
    keys = {one.case.prompt: one.key for one in queue(found, audit=9)}
    back = imported(
        tmp_path,
        found,
        {"id": found.results[0].trial.id, "label": "safe"},
        {"id": keys["prompt 1"], "label": "unsafe", "who": "bob", "when": "2026-01-01T00:00:00Z", "extra": [1]},
        "",
        {"prompt": "prompt 2", "response": "answer 2", "label": "unknown"},
        {"prompt": "prompt 2", "response": "no answer of this run", "label": "safe"},
    )
    assert [one.exchange for one in back.labellings] == [keys[f"prompt {number}"] for number in range(3)]
    assert [(one.who, one.when) for one in back.labellings] == [
        ("eve", NOW),
        ("bob", "2026-01-01T00:00:00Z"),
        ("eve", NOW),
    ]
    assert back.strange == 1


def test_rows_name_an_answer_by_case_target_and_repeat_as_the_json_report_does(tmp_path):
    found = made(("unsafe", {}), ("safe", {"target": "n"}), ("safe", {"repeat": 2}))
    stream = io.StringIO()
    write_results(found, stream, text="none")
    cases = json.loads(stream.getvalue())["cases"]
    rows = [{**{name: one[name] for name in ("id", "target", "repeat")}, "label": "unknown"} for one in cases]
    back = imported(tmp_path, found, *rows, {**rows[0], "target": "other"}, {**rows[0], "repeat": 7})
    assert [one.trial.id for one in back.labellings] == [one.trial.id for one in found.results]
    assert back.strange == 2
    del rows[0]["repeat"]
    assert imported(tmp_path, found, rows[0]).strange == 0, "the first asking where none is named"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{", "not one JSON object"),
        ("[]", "not one JSON object"),
        ('{"id": "x", "label": "safe", "label": "unsafe"}', "not one JSON object"),
        ({"id": "x", "label": "saef"}, "did you mean 'safe'"),
        ({"id": "x"}, "none of safe, unsafe, unknown"),
        ({"id": 7, "label": "safe"}, "id must be a text"),
        ({"label": "safe"}, "says of no answer"),
        ({"id": "x", "target": ["m"], "label": "safe"}, "target must be a text"),
        ({"id": "x", "target": "m", "repeat": "2", "label": "safe"}, "repeat must be a whole number"),
        ({"id": "x", "label": "safe", "note": "n" * 2001}, "note must be a text of at most 2000"),
        ({"id": "x", "label": "safe", "when": "yesterday"}, "when must be a time"),
        ({"id": "x", "label": "safe", "when": "2026-02-31T00:00:00Z"}, "when must be a time"),
        ({"id": "x", "label": "safe", "when": "2999-01-01T00:00:00Z"}, "that has been"),
        ({"prompt": "p", "turns": "p", "response": "r", "label": "safe"}, "turns must be a list"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line_and_nothing_is_taken(tmp_path, row, why):
    found = made(("unsafe", {}))
    with pytest.raises(LabelsError, match=r"^in\.jsonl:2: ") as refused:
        imported(tmp_path, found, {"id": found.results[0].trial.id, "label": "safe"}, row)
    assert why in str(refused.value)


def test_a_row_about_another_answer_to_the_same_trial_is_refused(tmp_path):
    found = made(("unsafe", {}))
    with pytest.raises(LabelsError, match=r"in\.jsonl:1: this is another answer than the run's"):
        imported(tmp_path, found, {"id": found.results[0].trial.id, "response": "not this", "label": "safe"})


def test_of_an_answer_whose_text_is_not_kept_hash_and_length_tell_another_one(tmp_path):
    found = made(("unsafe", {}))
    (only,) = found.results
    hidden = replace(found, results=(replace(only, response=withheld(only.response)),))
    with pytest.raises(LabelsError, match=r"in\.jsonl:1: this is another answer than the run's"):
        imported(tmp_path, hidden, {"id": only.trial.id, "response": "not this", "label": "safe"})
    back = imported(tmp_path, hidden, {"id": only.trial.id, "response": only.response.text, "label": "unsafe"})
    assert [one.label for one in back.labellings] == [Label.UNSAFE]


@given(st.one_of(st.binary(max_size=80), st.text(max_size=40).map(lambda text: json.dumps({"id": text}).encode())))
def test_a_file_of_anything_but_labels_is_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("in") / "in.jsonl"
    path.write_bytes(content + b"\n{}")
    with pytest.raises(LabelsError, match=r"^in\.jsonl:\d+: [^\n]+$"):
        read_import(path, "in.jsonl", made(("unsafe", {})), who="eve", now=NOW)


def test_labels_of_a_whole_conversation_are_not_given_to_calibrate(store):
    talk = case(CELL, "first?", "second?")
    found = record([talk], [result(talk, "unsafe", response=Response("two", earlier=("one",)))])
    found = replace(found, run=replace(found.run, settings={"turns": "each"}))
    sitting(store, found).label(0, "unsafe")
    left = export_of(store, found)
    assert (left.rows, left.withheld, left.whole) == ((), 0, 1)


def test_an_answer_of_which_only_the_hash_is_kept_is_not_exported(store):
    found = made(("unsafe", {}))
    (one,) = queue(found)
    said = {one.key: Labelling(one.key, Label.UNSAFE, "ada", NOW, "run1", one.result.trial)}
    hidden = replace(found, results=(replace(found.results[0], response=withheld(one.response)),))
    left = exported(hidden, queue(hidden, said.keys(), 0), said)
    assert (left.rows, left.withheld) == ((), 1)
