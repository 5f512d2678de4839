"""Results read back from JSON: what was written comes back, and whatever else a file holds is one sentence."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import SMALL, case, cell, realistic, record, result

from astral.errors import ResultsError
from astral.model import Cell, Label, Outcome, Review, RunRecord, Trial
from astral.reports.reading import read_results
from astral.reports.results import write
from astral.reports.unpacking import unpack
from astral.samples import Sample, sample

EARLY = Path(__file__).parents[1] / "data" / "results-format1-early.json"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "results.schema.json").read_text(encoding="ascii"))


def text_of(run: RunRecord, text: str = "none") -> str:
    stream = io.StringIO()
    write(run, stream, text=text)
    return stream.getvalue()


def read(text: str | bytes, place: Path) -> Sample:
    path = place / "results.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_results(path)


def refused(text: str | bytes, place: Path) -> str:
    with pytest.raises(ResultsError) as caught:
        read(text, place)
    said = str(caught.value)
    assert said.startswith(str(place / "results.json"))
    assert "\n" not in said
    return said


def small_run() -> RunRecord:
    one, other = case(cell("privacy", "slang", "logic")), case(cell("violence", "question", "proof"))
    twin = case(one.cell, twin_of=one.id)
    results = [result(one, "unsafe"), result(one, "safe", repeat=2), result(other, "error"), result(twin, "unsafe")]
    return record([one, other, twin], results)


def changed(**given: Any) -> str:
    """The small run's document with members replaced: ``cases_0_repeat=0`` is that of the first trial."""
    found = json.loads(text_of(small_run()))
    for path, value in given.items():
        place: Any = found
        *way, last = path.split("__")
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return json.dumps(found)


@pytest.mark.parametrize("text", ["none", "all"])
def test_what_was_written_comes_back(text: str, tmp_path: Path) -> None:
    for run in (small_run(), realistic(targets={"a": "openai:a@http://localhost/v1", "b": "b"}), record([], [])):
        found, own = read(text_of(run, text), tmp_path), sample(run)
        assert found == replace(own, name=str(tmp_path / "results.json"))


def test_the_layout_does_not_matter(tmp_path: Path) -> None:
    found = json.loads(text_of(small_run()))
    plain = read(text_of(small_run()), tmp_path)
    assert read(json.dumps(found, separators=(",", ":")), tmp_path) == plain
    assert read("\r\n\t" + json.dumps(found, indent="\t").replace("\n", "\r\n") + "  \r\n", tmp_path) == plain
    assert read(json.dumps(dict(reversed(found.items()))), tmp_path) == plain


def test_cells_keep_the_order_of_the_matrix_and_further_dimensions_stand_behind(tmp_path: Path) -> None:
    found = read(changed(cases__2__dimensions={"a": "x", "category": "c", "persuasion": "p", "style": "s"}), tmp_path)
    assert tuple(name for name, _ in SMALL) == ("category", "style", "persuasion")
    assert Cell.of(category="c", style="s", persuasion="p", a="x") in found.cells.values()


def test_people_s_outcomes_stand_and_twins_do_not(tmp_path: Path) -> None:
    run = small_run()
    review = Review(Label.SAFE, "alice", "2026-01-02T03:04:05Z", was=Outcome.UNSAFE)
    first = replace(run.results[0], outcome=Outcome.SAFE, review=review)
    found = read(text_of(replace(run, results=(first, *run.results[1:]))), tmp_path)
    assert list(found.outcomes.values()) == [Outcome.SAFE, Outcome.SAFE, Outcome.ERROR]
    assert found.unsafe() == frozenset()


def test_results_of_an_earlier_version_are_read_and_fit_the_schema() -> None:
    body = json.loads(EARLY.read_text())
    assert "gates" not in body
    jsonschema.Draft202012Validator(SCHEMA).validate(body)
    found = read_results(EARLY)
    assert len(found.outcomes) == 5 < len(body["cases"])
    assert found.unsafe() == {("self_harm-role_play-evidence_based-4d2db4408b9a", "demo")}
    assert found.outcomes[Trial("self_harm-slang-evidence_based-b0d6bdc8f875", "demo")] is Outcome.INCONCLUSIVE
    assert found.cells["privacy-slang-evidence_based-d8b022aff831"].dimensions == ("category", "style", "persuasion")
    assert (found.targets, found.fail_on) == ({"demo": "demo"}, 1)
    assert [one["name"] for one in found.judge["oracles"]] == ["offline"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (changed(format=2), "results of format 2, this version reads up to 1: upgrade pytest-astral"),
        (changed(format=2, cases=[{"trial": "another shape"}], run=[]), "results of format 2"),
        (changed(format=True), "not the results of a run"),
        (changed(format=0), "not the results of a run"),
        (changed(format="1"), "not the results of a run"),
        (changed(cases=...), "not the results of a run"),
        ("[]", "other JSON than an object"),
        ("17", "other JSON than an object"),
        ("{}", "not the results of a run"),
        ('{"format": 1, "judges": []}', "not the results of a run"),
        ("", "the file is empty"),
        (" \n ", "the file is empty"),
        ("once upon a time", ":1: not JSON (Expecting value)"),
        ('{"format": 1}\n{"id": "x"}\n', ":2: not JSON (Extra data)"),
        ('{"format" 1}', "not JSON (Expecting ':')"),
        ('{"format": 1,}', "not JSON (Expecting property name"),
        ('{"format": 1, "format": 1}', '"format" stands there twice'),
        ('{"cases": [{"repeat": NaN}]}', "holds NaN, which JSON does not have"),
        ('{"cases": [], "rates": -Infinity}', "holds -Infinity, which JSON does not have"),
        ('{"cases": ' + "[" * 100_000, "JSON that no report holds (RecursionError)"),
        ('{"format": 1' + "0" * 5_000 + "}", "JSON that no report holds (ValueError)"),
        (b'{"format": "\xff"}', "not UTF-8"),
        (changed(cases=7), "cases: a list is needed, 7 is there"),
        (changed(cases=[7]), "cases[0]: an object is needed, 7 is there"),
        (changed(cases=[{}]), "cases[0].id: a text is needed, it is not there"),
        (changed(cases__1__outcome="fine"), 'cases[1].outcome: "fine" is none of safe, unsafe'),
        (changed(cases__1__outcome=None), "cases[1].outcome: a text is needed, null is there"),
        (changed(cases__1__repeat=0), "cases[1].repeat: repeats count from 1"),
        (changed(cases__1__repeat=True), "cases[1].repeat: a whole number is needed, true is there"),
        (changed(cases__1__repeat=2.0), "cases[1].repeat: a whole number is needed, 2.0 is there"),
        (changed(cases__1__repeat=1), "stands there twice"),
        (changed(cases__1__target="else"), 'cases[1].target: "else" is not among run.targets'),
        (changed(cases__1__twin_of=...), "cases[1].twin_of: a text is needed, it is not there"),
        (changed(cases__1__twin_of="another"), "is another case than in an earlier trial"),
        (changed(cases__1__dimensions={"style": "slang"}), "is another case than in an earlier trial"),
        (changed(cases__2__dimensions={"style": 1}), "cases[2].dimensions.style: a text is needed, 1 is there"),
        (changed(run=None), "run: an object is needed, null is there"),
        (changed(run__matrix=[[]]), "run.matrix[0]: an object is needed, [] is there"),
        (changed(run__targets={"m": None}), "run.targets.m: a text is needed, null is there"),
        (changed(run__judge=...), "run.judge: an object is needed, it is not there"),
        (changed(run__judge={"oracles": "llm"}), 'run.judge.oracles: a list is needed, "llm" is there'),
        (changed(run__judge={"oracles": ["llm"]}), 'run.judge.oracles[0]: an object is needed, "llm" is there'),
        (changed(run__params={"fail_on": "4"}), 'run.params.fail_on: "4" is none of 1, 2, 3'),
        (changed(run__params={"turns": "first"}), 'run.params.turns: "first" is none of last, each'),
        (changed(cases__0__target="\x1b[31m::error::x"), '"\\u001b[31m\\u{3a}:error::x" is not among'),
    ],
)
def test_what_cannot_be_read_is_one_sentence_that_says_what_next(
    document: str | bytes, said: str, tmp_path: Path
) -> None:
    message = refused(document, tmp_path)
    assert said in message
    assert message.endswith("; name a JSON report of a run, or write it again: astral report RUN report=json:PATH")
    assert message.isprintable()


@pytest.mark.parametrize("name", ["nothing.json", "."])
def test_a_file_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot be read \((No such file|Is a directory)"):
        read_results(tmp_path / name)


WHOLE = text_of(small_run())


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, len(WHOLE.rstrip()) - 1))
def test_a_file_cut_anywhere_is_refused(length: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    said = refused(WHOLE[:length], tmp_path_factory.mktemp("cut"))
    assert "cut off" in said or "not JSON" in said


def test_a_cut_file_says_where_it_ends(tmp_path: Path) -> None:
    lines = WHOLE.splitlines(keepends=True)
    assert f"results.json:{len(lines) - 40}: the file is cut off" in refused(
        "".join(lines[:-40]).rstrip("\n"), tmp_path
    )
    assert "the file is cut off" in refused(WHOLE[: WHOLE.index("slang") + 2], tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(whole=st.dictionaries(st.sampled_from(["cases", "run", "a", ""]), VALUES), indent=st.none() | st.integers(0, 3))
def test_taking_apart_gives_what_json_gives(whole: dict[str, Any], indent: int | None) -> None:
    assert unpack(json.dumps(whole, indent=indent), "cases", lambda row: row) == whole


@given(text=st.text(alphabet='{}[]",:01 \n\\ntrue', max_size=30))
def test_taking_apart_takes_what_json_takes(text: str) -> None:
    try:
        wanted: Any = json.loads(text, object_pairs_hook=list)
    except ValueError:
        wanted = None
    try:
        found: Any = unpack(text, "cases", lambda row: row)
    except ValueError:
        found = None
    names = [name for name, _ in wanted] if isinstance(wanted, list) and text.lstrip()[:1] == "{" else None
    expected = json.loads(text) if names is not None and len(set(names)) == len(names) else None
    assert found == expected


@settings(deadline=None)
@given(body=st.dictionaries(st.sampled_from(["format", "run", "cases", "x"]), VALUES | st.just(1)))
def test_any_other_json_is_refused(body: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    refused(json.dumps(body), tmp_path_factory.mktemp("other"))
