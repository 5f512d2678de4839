"""Files of labelled answers: every row is taken or named, and nothing is guessed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.calibration.labels import read_label_file, read_labels
from astral.errors import LabelsError
from astral.model import Label
from astral.recordings import UNSPECIFIED
from astral.taxonomy import DEFAULT, Entry

ROW = {"prompt": "How do I get in?", "response": "Ask the porter.", "label": "safe"}
TEXT = st.text(st.characters(), max_size=20)


def row(**more):
    return {**ROW, **more}


def written(tmp_path, *rows, name="labels.jsonl"):
    path = tmp_path / name
    lines = [line if isinstance(line, str) else json.dumps(line) for line in rows]
    path.write_bytes("\n".join(lines).encode())
    return path


def read(tmp_path, *rows):
    return read_labels(written(tmp_path, *rows), shown="labels.jsonl")


def one_line_or_nothing(path):
    """True where a file is read, or refused in one line; whatever else is raised comes out."""
    try:
        read_labels(path)
    except LabelsError as err:
        return "\n" not in str(err)
    return True


# --- what is taken ----------------------------------------------------------------------------------------------------


def test_a_row_becomes_a_case_and_an_answer_that_say_no_more_than_is_known(tmp_path):
    (found,) = read(tmp_path, row(label="unsafe", category="privacy_violation", source="ours", id="a-1", licence="MIT"))
    assert (found.label, found.category, found.source, found.id) == (Label.UNSAFE, "privacy", "ours", "a-1")
    case, answer = found.case(), found.answer()
    assert case.prompt == "How do I get in?"
    assert case.cell.category == "privacy"
    assert (case.cell.style, case.cell.persuasion) == (UNSPECIFIED, UNSPECIFIED)
    assert not case.provenance
    assert case.twin_of is None
    assert (answer.text, answer.earlier) == ("Ask the porter.", ())


@pytest.mark.parametrize(
    ("category", "found"),
    [
        ("violence", "violence"),
        ("drug_abuse,weapons,banned_substance", "drugs_weapons"),
        ("Hate_Speech,Offensive_Language", "hate_speech"),
        ("House rules", "House rules"),
        (None, ""),
    ],
)
def test_categories_are_ids_or_aliases_and_other_words_are_kept(tmp_path, category, found):
    (one,) = read(tmp_path, row(category=category))
    assert one.category == found
    assert one.case().cell.category == (found or UNSPECIFIED)


def test_categories_of_the_users_own_count(tmp_path):
    taxonomy = DEFAULT.extended("category", [Entry("house", "House rules", "Our own.", ("house rules",))])
    (one,) = read_labels(written(tmp_path, row(category="House rules")), taxonomy)
    assert one.category == "house"


def test_a_conversation_has_turns_and_the_answers_between_them(tmp_path):
    turns = {"response": "No.", "label": "safe", "turns": ["Hello", "And now?"]}
    plain, whole = read(tmp_path, turns, {**turns, "earlier": ["Hi"], "prompt": "And now?"})
    assert plain.case().turns == whole.case().turns == ("Hello", "And now?")
    assert plain.answer().earlier == ()
    assert whole.answer().earlier == ("Hi",)


def test_a_key_of_that_name_that_means_something_else_is_passed_over(tmp_path):
    (one,) = read(tmp_path, row(turns=3, earlier="yes", model={"name": "x"}))
    assert one.case().turns == ("How do I get in?",)


def test_bom_crlf_blank_lines_and_a_missing_last_line_break(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(ROW).encode() + b"\r\n\r\n  \r\n" + json.dumps(row(id=7)).encode())
    first, second = read_labels(path)
    assert (first.number, first.id) == (1, "1")
    assert (second.number, second.id) == (4, "7")


def test_line_separators_inside_a_text_end_no_row(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(row(response="a\u2028b\x85c"), ensure_ascii=False) + "\n", encoding="utf-8")
    (one,) = read_labels(path)
    assert one.response == "a\u2028b\x85c"


def test_rows_of_one_prompt_are_a_cluster_whatever_their_answers(tmp_path):
    one, other, third = read(tmp_path, ROW, row(response="No."), row(prompt="Else?"))
    assert one.turns == other.turns != third.turns
    assert one.case().id == other.case().id != third.case().id


def test_what_people_could_not_decide_is_kept_apart(tmp_path):
    found = read_label_file(written(tmp_path, row(label="unknown"), ROW))
    assert [one.number for one in found.rows] == [2]
    assert [one.number for one in found.undecided] == [1]


def test_an_empty_answer_is_a_row_and_texts_stay_out_of_tracebacks(tmp_path):
    (one,) = read(tmp_path, row(response=""))
    assert one.response == ""
    assert "porter" not in repr(read(tmp_path, ROW)[0])
    assert "get in" not in repr(read(tmp_path, ROW)[0])


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not one JSON object"),
        ("[]", "not one JSON object"),
        ('{"prompt": "a", "prompt": "b", "response": "c", "label": "safe"}', "a key that stands twice"),
        ('{"prompt": "a", "response": "c", "label": "safe", "score": NaN}', "NaN"),
        ("{} {}", "not one JSON object"),
        ({"prompt": "a", "response": "b"}, "no label; give safe or unsafe"),
        ({"prompt": "a", "response": "b", "lable": "safe"}, "no label, but 'lable'; did you mean 'label'?"),
        ({"prompt": "a", "respnse": "b", "label": "safe"}, "no response, but 'respnse'; did you mean 'response'?"),
        ({"promt": "a", "response": "b", "label": "safe"}, "no prompt, but 'promt'; did you mean 'prompt'?"),
        (row(label="usafe"), "label 'usafe' is neither safe nor unsafe; did you mean 'unsafe'?"),
        (row(label="SAFE"), "label 'SAFE' is neither safe nor unsafe; did you mean 'safe'?"),
        (row(label=True), "label True is neither safe nor unsafe"),
        (row(label=None), "label None is neither"),
        (row(label=["safe"]), "is neither safe nor unsafe"),
        (row(prompt=" \n"), "the prompt is empty"),
        (row(prompt=3), "prompt must be a text, not int"),
        (row(response=None), "no response"),
        (row(response=["a"]), "response must be a text, not list"),
        (row(category=3), "category must be a text, not int"),
        (row(source=["a"]), "source must be a text, not list"),
        (row(id=True), "id must be a text, not bool"),
        ({"turns": [], "response": "a", "label": "safe"}, "turns must be a list of at least one text"),
        ({"turns": ["a", 1], "response": "a", "label": "safe"}, "turns must be a list of at least one text"),
        ({"turns": ["a", ""], "response": "a", "label": "safe"}, "the prompt is empty"),
        (
            {"turns": ["a", "b", "c"], "earlier": ["x"], "response": "a", "label": "safe"},
            "earlier holds 1 of the 2 answers before the labelled one",
        ),
        ({"turns": ["a", "b"], "earlier": "x", "response": "a", "label": "safe"}, "earlier must be a list of texts"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_by_file_and_line(tmp_path, line, words):
    with pytest.raises(LabelsError) as raised:
        read(tmp_path, ROW, line)
    assert str(raised.value).startswith("labels.jsonl:2: ")
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\n \r\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_said(tmp_path, content):
    path = tmp_path / "labels.jsonl"
    path.write_bytes(content)
    with pytest.raises(LabelsError, match=r"holds no labelled answer"):
        read_labels(path)


def test_a_file_of_undecided_rows_alone_is_said(tmp_path):
    with pytest.raises(LabelsError, match="no row is labelled safe or unsafe"):
        read(tmp_path, row(label="unknown"))


def test_a_file_that_is_not_there_not_a_file_or_not_utf8_is_said(tmp_path):
    with pytest.raises(LabelsError, match=r"none\.jsonl: no such file"):
        read_labels(tmp_path / "none.jsonl")
    with pytest.raises(LabelsError, match="cannot be read"):
        read_labels(tmp_path)
    path = tmp_path / "labels.jsonl"
    path.write_bytes(json.dumps(ROW).encode() + b'\n{"prompt": "\xff"}\n')
    with pytest.raises(LabelsError, match=r"labels\.jsonl:2: not UTF-8"):
        read_labels(path)


def test_foreign_words_reach_messages_without_a_live_character(tmp_path):
    with pytest.raises(LabelsError) as raised:
        read(tmp_path, row(label="\x1b[31munsafe\u202e"))
    assert "\x1b" not in str(raised.value)
    assert "\u202e" not in str(raised.value)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"prompt": TEXT, "response": TEXT, "label": st.sampled_from(["safe", "unsafe"])},
            optional={"category": st.none() | TEXT, "source": st.none() | TEXT, "id": TEXT | st.integers()},
        ).filter(lambda one: one["prompt"].strip()),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_written_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="ascii")
    found = read_labels(path)
    assert [(one.prompt, one.response, one.label) for one in found] == [
        (one["prompt"], one["response"], one["label"]) for one in rows
    ]
    assert [one.source for one in found] == [one.get("source") or "" for one in rows]
    for one in found:
        assert one.case().turns == (one.prompt,)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_file_at_all_raises_anything_else(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    path.write_bytes(content)
    assert one_line_or_nothing(path)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["prompt", "turns", "earlier", "response", "label", "id", "x"]), _VALUES))
def test_no_row_at_all_raises_anything_else(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    path.write_text(json.dumps(values))
    assert one_line_or_nothing(path)
