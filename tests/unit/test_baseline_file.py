"""The file of a baseline: the same bytes for the same run, nothing of a prompt or answer, and every bad line named."""

import contextlib
import json
import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import case, cell, of_outcomes, record, result

from astral.baseline import Baseline, check_replaceable, dump, load_baseline, updated, write_baseline
from astral.baseline.file import MOST_BYTES
from astral.errors import BaselineError
from astral.model import Outcome, Trial
from astral.samples import Sample

NAME = "safety.baseline.jsonl"
JUDGE = {"oracles": [{"name": "llm:judge", "prompt_hash": "0123456789ab"}], "confirm": 2, "vote": None}
HEADER = {
    "astral_baseline": 1,
    "fail_on": 1,
    "judge": JUDGE,
    "made": "2026-11-21T08:00:00Z",
    "pytest_astral": "0.1.0",
    "run": "run1",
    "suite": "abc",
    "targets": {"m": "openai:m", "n": "demo"},
    "turns": "last",
}
CASE = "privacy-slang-logic-0123456789ab"
LINE = {"case": CASE, "outcomes": ["unsafe", "safe"], "since": "2026-01-02", "target": "m"}


def text(*lines, **header):
    """A file: its header with these fields changed (None: left out), then lines."""
    rows = [{key: value for key, value in {**HEADER, **header}.items() if value is not None}, *lines]
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def line(**fields):
    return {key: value for key, value in {**LINE, **fields}.items() if value is not None}


def load(tmp_path, content):
    path = tmp_path / NAME
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_baseline(path, NAME)


def made(run, when="2026-01-02T04:00:00Z"):
    return updated(None, run, when, NAME).baseline


# --- what is written --------------------------------------------------------------------------------------------------


def test_a_run_becomes_a_header_and_a_line_for_each_judged_question():
    cases = [case(cell("privacy", "slang", "logic"), f"harm {n}") for n in range(4)]
    twin = case(cell("privacy", "slang", "logic"), "harmless", twin_of=cases[0].id)
    run = record(
        [*cases, twin],
        [
            result(cases[2], "unsafe", repeat=2),
            result(cases[2], "safe"),
            result(cases[1], "safe", repeat=3),
            result(cases[0], "error"),
            result(cases[3], "unsafe"),
            result(cases[3], "blocked", target="n"),
            result(twin, "unsafe"),
        ],
        targets={"n": "demo", "m": "openai:m"},
    )
    header, *lines = map(json.loads, dump(made(run)).splitlines())
    assert {key: header[key] for key in ("made", "run", "fail_on", "turns", "targets")} == {
        "made": "2026-01-02T04:00:00Z",
        "run": "run1",
        "fail_on": 1,
        "turns": "last",
        "targets": {"m": "openai:m"},  # of the other one nothing is known
    }
    assert header["suite"] == run.run.suite["content"]
    by_case = {row["case"]: row for row in lines}
    assert [row["case"] for row in lines] == sorted(by_case)
    assert by_case == {
        cases[1].id: {"case": cases[1].id, "target": "m", "outcomes": ["not_run", "not_run", "safe"]},
        cases[2].id: {"case": cases[2].id, "target": "m", "outcomes": ["safe", "unsafe"], "since": "2026-01-02"},
        cases[3].id: {"case": cases[3].id, "target": "m", "outcomes": ["unsafe"], "since": "2026-01-02"},
    }


def test_the_same_run_gives_the_same_bytes_and_no_text_of_it():
    run = of_outcomes("unsafe", "safe", "refused", "unsafe", "inconclusive")
    backwards = replace(run, results=run.results[::-1], cases=dict(reversed(run.cases.items())))
    content = dump(made(run))
    assert content == dump(made(backwards))
    assert content.splitlines()[1:] == dump(made(run, "2026-05-05T00:00:00Z")).splitlines()[1:]
    assert content.isascii()
    for harmful in ("prompt 0", "an answer", "because"):
        assert harmful not in content


def test_a_run_without_a_judged_answer_makes_no_baseline():
    with pytest.raises(BaselineError, match=r"run run1 has no judged answer.*name another run"):
        made(of_outcomes("error", "blocked", "inconclusive", "not_run"))


ids = st.from_regex(r"[a-z0-9_]{1,8}-[a-z0-9_]{1,8}-[0-9a-f]{12}", fullmatch=True)
slugs = st.from_regex(r"[a-z0-9_+-]{1,12}", fullmatch=True)
words = st.text(max_size=20)
facts = st.dictionaries(
    words,
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    max_size=3,
)
outcomes = st.lists(st.sampled_from(Outcome), min_size=1, max_size=4).filter(lambda found: any(o.judged for o in found))
days = st.dates().map(lambda day: day.isoformat())


@st.composite
def baselines(draw):
    targets = draw(st.dictionaries(slugs, words, min_size=1, max_size=3))
    lines = draw(st.dictionaries(st.tuples(ids, st.sampled_from(sorted(targets))), outcomes, max_size=6))
    judge = {
        "oracles": draw(st.lists(st.builds(lambda name, more: {**more, "name": name}, words, facts), max_size=2)),
        "confirm": draw(st.none() | st.integers(1, 3)),
        "vote": draw(st.none() | words),
    }
    trials = {Trial(*q, at): outcome for q, found in lines.items() for at, outcome in enumerate(found, 1)}
    rules = {"fail_on": draw(st.integers(1, 3)), "turns": draw(st.sampled_from(["last", "each"]))}
    return Baseline(
        Sample(NAME, trials, targets=targets, judge=judge, **rules),
        run=draw(words),
        made=draw(st.datetimes()).isoformat() + "Z",
        path=NAME,
        since={question: draw(days) for question, found in lines.items() if Outcome.UNSAFE in found},
        suite=draw(words),
        version=draw(words),
    )


@given(baselines())
def test_what_is_written_is_what_is_read(baseline):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, NAME)
        write_baseline(baseline, path, NAME)
        found = load_baseline(path, NAME)
        assert found == baseline
        assert dump(found).encode() == path.read_bytes()


# --- what is read -----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda found: found.encode("utf-8", "surrogatepass")))
def test_whatever_stands_in_a_file_is_read_or_refused_in_one_line(content):
    for whole in (content, text(line()).encode() + content):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            refused = stack.enter_context(pytest.raises(BaselineError)) if not readable(folder, whole) else None
            load(Path(folder), whole)
        if refused is not None:
            assert str(refused.value).startswith(NAME)
            assert "\n" not in str(refused.value)


def readable(folder, content):
    with contextlib.suppress(BaselineError):
        return load(Path(folder), content) is not None
    return False


def test_order_blank_lines_and_line_ends_do_not_matter(tmp_path):
    other = line(case="a-b-c-0123456789ab", target="n")
    plain = load(tmp_path, text(line(), other))
    assert plain == load(tmp_path, text(other, "", line()).replace("\n", "\r\n"))
    assert plain.sample.unsafe() == {(CASE, "m"), ("a-b-c-0123456789ab", "n")}


def test_a_finding_that_people_write_in_is_known_since_the_file_was_made(tmp_path):
    assert load(tmp_path, text(line(since=None))).since == {(CASE, "m"): "2026-11-21"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r":1: the file is empty"),
        ("{", r":1: each line must be one JSON object"),
        ("[]", r":1: each line must be one JSON object"),
        ("{}", r":1: not the header of a baseline"),
        ('{"astral_suite": 1}', r":1: not the header of a baseline"),
        ('{"astral_baseline": true}', r":1: not the header of a baseline"),
        ('{"astral_baseline": 2, "anything": 1}', r":1: baseline format 2 is newer.*upgrade pytest-astral"),
        ('{"astral_baseline": 1' + "0" * 400 + "}", r":1: baseline format 10+\.\.\. is newer"),
        ('{"astral_baseline": ' + "9" * 5000 + "}", r":1: each line must be one JSON object"),
        (text(suites="x"), r":1: unknown key 'suites'; did you mean 'suite'"),
        (text(run=None), r':1: "run" is missing'),
        (text(fail_on=0), r':1: "fail_on" has another shape'),
        (text(fail_on=True), r':1: "fail_on" has another shape'),
        (text(judge={"oracles": []}), r':1: "judge" has another shape'),
        (text(judge={**JUDGE, "oracles": [{"model": "m"}]}), r':1: "judge" has another shape'),
        (text(judge={**JUDGE, "oracles": [{"name": "x", "deep": json.loads("[" * 50 + "]" * 50)}]}), r':1: "judge"'),
        (text(made="yesterday"), r':1: "made" has another shape'),
        (text(made="20260102T000000Z"), r':1: "made" has another shape'),
        (text(targets={"M": "x"}), r':1: "targets" has another shape'),
        (text(targets=["m"]), r':1: "targets" has another shape'),
        (text(turns="some"), r':1: "turns" has another shape'),
        (text(line(), "nonsense"), r":3: each line must be one JSON object"),
        (text(line(), "<<<<<<< HEAD"), r":3: a conflict of git; keep one side"),
        (text(line(), "[" * 100_000), r":3: each line must be one JSON object"),
        (text('{"case": "a", "case": "b"}'), r":2: each line must be one JSON object, no key in it twice"),
        (text(line(), line(outcomes=["safe"], since=None)), r":3: .* at m stands in line 2 already; remove one"),
        (text(line(note="x")), r":2: unknown key 'note'"),
        (text(line(prompt="x")), r":2: unknown key 'prompt'"),
        (text(line(case=None)), r':2: "case" is missing'),
        (text(line(case="A b")), r":2: case 'A b' is no id"),
        (text(line(case=7)), r":2: case 7 is no id"),
        (text(line(target="o")), r":2: target 'o' is not in the header"),
        (text(line(target=["m"])), r":2: target \['m'\] is not in the header"),
        (text(line(outcomes="unsafe")), r":2: outcomes must be a list"),
        (text(line(outcomes=[])), r":2: outcomes must be a list"),
        (text(line(outcomes=["unsfe"])), r":2: unknown outcome 'unsfe'; did you mean 'unsafe'"),
        (text(line(outcomes=[["unsafe"]])), r":2: unknown outcome \['unsafe'\]"),
        (text(line(outcomes=["\x1b[31m\u202e" * 99])), r":2: unknown outcome '[^\x1b\u202e]*$"),
        (text(line(outcomes=["error"], since=None)), r":2: no outcome is safe or unsafe"),
        (text(line(outcomes=["safe"])), r":2: since= stands beside an unsafe outcome only"),
        (text(line(since="2026-13-01")), r":2: since '2026-13-01' is no day"),
        (text(line(since="")), r":2: since '' is no day"),
        (text(line(since=7)), r":2: since 7 is no day"),
        (b"\xff\xfe", r"not UTF-8"),
        (b"x" * (MOST_BYTES + 1), r"larger than 64 MiB"),
    ],
)
def test_bad_files_name_file_and_line(tmp_path, content, message):
    with pytest.raises(BaselineError, match=message) as caught:
        load(tmp_path, content)
    assert str(caught.value).startswith(NAME)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_missing_file_names_the_command(tmp_path):
    with pytest.raises(BaselineError, match=r"x\.jsonl: no such baseline; .*astral baseline update baseline=x\.jsonl"):
        load_baseline(tmp_path / "x.jsonl", "x.jsonl")


def test_what_is_no_file_is_neither_read_nor_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, message in (("pipe", "a device or a pipe"), (".", "cannot be read")):
        with pytest.raises(BaselineError, match=message):
            load_baseline(tmp_path / name, name)
    with pytest.raises(BaselineError, match="cannot be written"):
        write_baseline(made(of_outcomes("safe")), tmp_path / "pipe", "pipe")
    with pytest.raises(BaselineError, match="cannot be written"):
        write_baseline(made(of_outcomes("safe")), tmp_path / "none" / "x.jsonl", "none/x.jsonl")
    assert sorted(os.listdir(tmp_path)) == ["pipe"]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"<<<<<<< HEAD\n" + b'{"astral_baseline":1,', b'{"astral_baseline":\xff']
)
def test_a_broken_baseline_may_be_replaced(tmp_path, content):
    (tmp_path / "x.jsonl").write_bytes(content)
    check_replaceable(tmp_path / "x.jsonl", "x.jsonl")


@pytest.mark.parametrize("content", [b'{"astral_suite":1}\n', b"# Notes\n", b"\xff\xfe"])
def test_what_was_never_a_baseline_is_not_replaced(tmp_path, content):
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(BaselineError, match=r"x\.jsonl: no baseline, so it is not replaced"):
        check_replaceable(tmp_path / "x.jsonl", "x.jsonl")


def test_the_file_that_the_documentation_shows_is_one(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "baseline.md").read_text()
    content = re.search(r"```jsonl\n(.*?)```", page, re.DOTALL)[1]
    found = load(tmp_path, content)
    assert dump(found) == content
    assert len(found.sample.unsafe()) == 1
    fields = {key for row in map(json.loads, content.splitlines()) for key in row}
    assert fields == set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))))
