"""A comparison on screen and in files: ids and figures, never a text; foreign words inert; the same bytes again."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from records import realistic, record, result

from astral.comparison import About, compare
from astral.errors import ReportError
from astral.markdown import COMMENT_LIMIT
from astral.model import Outcome, Trial
from astral.reports.comparison import lines
from astral.reports.comparison_facts import moves
from astral.reports.comparison_files import document, document_text, markdown, write_comparison
from astral.reports.html.comparison import render
from astral.samples import sample
from astral.setting_values import ReportSpec
from astral.stats import Prompt, paired

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "compare.schema.json").read_text(encoding="ascii"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)
NASTY = "<script>alert(1)</script>\x1b[31m\u202e|`*@all ##[error] ::warning:: javascript:x"
TARGETS = {"gpt-4": "gpt-4", "mini": "openai:gpt-4o-mini"}


def two(targets=None, share=0.4, per_cell=1):
    first = sample(realistic(1, targets, per_cell))
    second = replace(sample(realistic(2, targets, per_cell, share)), name="run2")
    return compare(first, second, None, (About("a" * 64, "2026-01-02T03:04:05Z"), About("b" * 64, reviewed=2)))


def repeated():
    base = realistic(1)
    cases = [one for one in base.cases.values() if one.twin_of is None]
    sides = []
    for every in (5, 3):
        words = ((one, k, (at + k) % every == 0) for at, one in enumerate(cases) for k in (1, 2, 3))
        found = [result(one, "unsafe" if bad else "safe", "gpt-4", k) for one, k, bad in words]
        sides.append(sample(record(cases, found, base.run.matrix)))
    return compare(*sides)


def hostile():
    """Names, targets, ids and judges that a file may hold."""
    made = two()
    sides = []
    for side, word in ((made.first, "safe"), (made.second, "unsafe")):
        outcomes = {Trial(f"{NASTY}{at}", NASTY): Outcome(word) for at in range(30)}
        judge = {"oracles": [{"name": f"{NASTY}{word}"}]}
        some = next(iter(side.cells.values()))
        cells = {trial.case_id: replace(some, pairs=((NASTY, NASTY),)) for trial in outcomes}
        sides.append(replace(side, name=NASTY, outcomes=outcomes, targets={NASTY: NASTY}, judge=judge, cells=cells))
    return compare(*sides)


NOTHING = compare(replace(two().first, outcomes={}), two().second)


def refusing():
    """The second side refuses every benign twin."""
    first, second = (sample(realistic(1)) for _ in "AB")
    given = (replace(one, twins=dict.fromkeys(one.twins, hit)) for one, hit in ((first, False), (second, True)))
    return compare(*given)


EVERY = {
    "refusing": refusing(),
    "two runs": two(),
    "two targets": two(TARGETS),
    "repeats": repeated(),
    "hostile": hostile(),
    "nothing": NOTHING,
}
every = pytest.mark.parametrize("name", [*EVERY])


@every
@pytest.mark.parametrize("width", [40, 80, 120])
def test_lines_fit_and_are_inert(name, width):
    found = lines(EVERY[name], width=width, unicode=True)
    assert max(map(len, found)) <= width
    text = "\n".join(found)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "##[" not in text
    assert "::warning::" not in text
    assert "\n".join(lines(EVERY[name], width=width, unicode=False)).isascii()


def test_the_lines_of_a_run_hold_every_figure_that_decides():
    found = "\n".join(lines(two(), width=80, unicode=True))
    one = two().targets[0]
    assert f"unsafe in A  {one.rates[0].fraction} (" in found
    assert f"unsafe in B  {one.rates[1].fraction} (" in found
    assert f"worse in B: {one.paired.worse} prompts (safe -> unsafe)\n" in found
    assert f"better in B: {one.paired.better} prompts (unsafe -> safe)\n" in found
    assert "  ... and " not in found or one.paired.worse > 20
    assert re.search(r"^A safe +\d+ +\d+", found, re.MULTILINE)
    assert "p adjusted by Holm over all 25 values of" in found
    assert "note: the suites differ" in found


def test_refused_twins_are_told_in_every_form():
    made = refusing()
    (one,) = made.targets
    assert one.over_refusal.shown
    a, b = one.over_refusal.rates
    for text in ("\n".join(lines(made, width=80, unicode=True)), markdown(made), render(made)):
        plain = " ".join(text.split())
        assert f"{a.fraction}" in plain
        assert f"{b.fraction}" in plain
        assert f"{b.n} benign twins judged in both" in plain
        assert "B refuses more of what is harmless" in plain
    assert document(made)["targets"][0]["over_refusal"]["refused"]["second"]["hits"] == b.n
    assert document(repeated())["targets"][0]["over_refusal"] is None


def test_repeats_are_told_as_counts_of_unsafe_answers():
    found = "\n".join(lines(repeated(), width=80, unicode=True))
    assert "84 prompts with a verdict in both (252 pairs of answers)" in found
    assert re.search(r"^  [0-3]/3 -> [0-3]/3  \w+-\w+-", found, re.MULTILINE)


@every
def test_outcome_tables_hold_every_trial_once(name):
    for one in EVERY[name].targets:
        counts = [count for _, row in moves(one).rows for count in row if count is not None]
        assert sum(counts) == one.both + one.apart
        assert all(len(row) == len(moves(one).heads) for _, row in moves(one).rows)


@every
def test_documents_fit_the_schema(name):
    text = document_text(EVERY[name])
    CHECK.validate(json.loads(text))
    assert text.isascii()
    assert json.loads(text) == json.loads(json.dumps(document(EVERY[name])))


def test_the_schema_is_valid_and_refuses_what_is_not_documented():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    found = document(two())
    for changed in ({**found, "more": 1}, {**found, "targets": [{**found["targets"][0], "p": 2}]}):
        assert not CHECK.is_valid(changed)


def test_the_document_holds_the_figures_of_the_comparison():
    made = two(TARGETS)
    found = document(made)
    for row, one in zip(found["targets"], made.targets, strict=True):
        assert (row["worse"], row["better"], row["p"]) == (one.paired.worse, one.paired.better, one.paired.p)
        assert row["difference"]["share"] == one.paired.difference
        assert sum(part["trials"] for part in row["outcomes"]) == one.both
        assert [part["id"] for part in row["changes"]] == [change.case_id for change in one.changes]
        prompts = (Prompt(part["first_unsafe"], part["second_unsafe"], part["pairs"]) for part in row["changes"])
        rebuilt = paired(prompts)
        assert (rebuilt.worse, rebuilt.better) == (one.paired.worse, one.paired.better)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.policy, self.words = [], "", []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        given = dict(attrs)
        assert not any(name.startswith("on") or name in ("src", "action") for name in given)
        assert given.get("href", "#").startswith("#")
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]

    def handle_data(self, data):
        self.words.append(data)


@every
def test_the_page_loads_and_runs_nothing(name):
    tags = Tags()
    tags.feed(render(EVERY[name]))
    assert not {"script", "img", "iframe", "link", "object", "form"} & {*tags.found}
    assert tags.policy.startswith("default-src 'none'")
    text = "".join(tags.words)
    assert "\x1b" not in text
    assert "\u202e" not in text
    if name == "hostile":
        assert "<script>alert(1)</script>" in text


def test_the_page_lists_every_changed_prompt_once():
    made = two(per_cell=3)
    page = render(made)
    for change in made.targets[0].changes:
        assert page.count(f"<code>{change.case_id}</code>") == 1


@every
def test_markdown_fits_a_comment_and_stays_text(name):
    found = markdown(EVERY[name])
    assert len(found.encode()) <= COMMENT_LIMIT
    outside = re.sub(r"`[^`]*`", "", found)
    assert "<script" not in outside
    assert "@all" not in outside


def test_markdown_that_is_too_long_ends_with_what_is_left_out():
    whole, cut = markdown(two(per_cell=3)), markdown(two(per_cell=3), limit=4_000)
    assert len(cut.encode()) <= 4_000
    *kept, last = cut.splitlines()
    assert re.fullmatch(r"\d+ more lines did not fit here: `report=html:PATH` has all\.", last)
    assert whole.startswith("\n".join(kept).rstrip("\n"))
    left = [line for line in whole[len("\n".join(kept).rstrip("\n")) :].splitlines() if line]
    assert int(last.split()[0]) == len(left)


def test_no_report_holds_the_text_of_a_prompt_or_an_answer():
    """The samples have none; this holds that nobody reads them again."""
    made = two()
    for text in ("\n".join(lines(made, width=80, unicode=True)), document_text(made), render(made), markdown(made)):
        assert "Placeholder prompt" not in text
        assert "[UNSAFE-CONTENT]" not in text


@every
def test_the_same_comparison_gives_the_same_bytes(name):
    again = {"two runs": two, "repeats": repeated, "hostile": hostile}.get(name)
    if again is not None:
        for write in (document_text, render, markdown):
            assert write(again()) == write(EVERY[name])


def test_files_are_written_whole_and_only_where_they_can_be(tmp_path):
    for form in ("html", "md", "json"):
        write_comparison(two(), ReportSpec(form, Path(f"out.{form}")), tmp_path)
        assert (tmp_path / f"out.{form}").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ReportError, match="cannot be written"):
        write_comparison(two(), ReportSpec("md", Path("none/out.md")), tmp_path)
