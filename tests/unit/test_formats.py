"""Report formats: those of strangers by the hook, what they are given, and what their failures cost."""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import pytest
from records import case, cell, of_outcomes, realistic, record, result

from astral import hookspecs
from astral.coverage import coverage
from astral.errors import PluginError, SettingsError
from astral.formats import check_reports, report_formats
from astral.model import Label, Response, Review, Verdict
from astral.publish import append_step_summary, publish
from astral.registry import BuiltIns, Registry
from astral.reports.account import Account
from astral.reports.disclosure import withheld
from astral.settings import parse_settings
from astral.suite import make_suite, write_suite
from astral.tally import tallies


def registry(**plugins):
    """ASTRAL's own formats and those of each plugin, given as a mapping or as what the hook does."""
    manager = pytest.PytestPluginManager()
    manager.add_hookspecs(hookspecs)
    manager.register(BuiltIns(), "astral-builtins")
    for name, formats in plugins.items():
        hook = formats if callable(formats) else lambda formats=formats: formats
        manager.register(SimpleNamespace(pytest_astral_reports=hook), name)
    return Registry(manager)


def published(tmp_path, account, *words, **plugins):
    settings = parse_settings(words)
    return publish(account, settings, tmp_path, check_reports(settings.report, registry(**plugins), tmp_path))


@pytest.fixture(autouse=True)
def own_machine(monkeypatch):
    for name in ("CI", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def telling():
    """A run whose texts can be found again."""
    asked = case(cell("violence", "slang", "proof"), "PROMPT-TEXT", "PROMPT-AGAIN")
    verdict = Verdict("mine", Label.UNSAFE, severity=2, reason="REASON-TEXT", signals=("a piece of the ANSWER-TEXT",))
    response = Response("ANSWER-TEXT", earlier=("ANSWER-BEFORE",))
    review = Review(Label.UNSAFE, "alice", "2026-02-03T00:00:00Z", "NOTE-TEXT")
    return Account(record([asked], [result(asked, "unsafe", verdicts=(verdict,), response=response, review=review)]))


# --- which there are --------------------------------------------------------------------------------------------------


def test_built_in_formats_enter_by_the_hook_of_strangers():
    formats = report_formats(registry(mine={"csv": lambda account, stream: None}))
    assert {name for name, one in formats.items() if one.built_in} == {"json", "html", "md", "comment", "sarif"}
    assert (formats["csv"].made_by, formats["csv"].built_in) == ("mine", False)


def test_two_plugins_of_one_name_are_both_named():
    with pytest.raises(PluginError, match=r"report 'csv' is given by (one|two) and by (one|two); rename one of them"):
        report_formats(registry(one={"csv": print}, two={"csv": print}))
    with pytest.raises(PluginError, match=r"report 'md' is given by (mine|astral-builtins) and by "):
        report_formats(registry(mine={"md": print}))


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        ({"csv": "csv"}, r"mine: report 'csv' is str; give a function \(account, stream\)"),
        (lambda: 1 / 0, r"mine: pytest_astral_reports raised ZeroDivisionError"),
        (lambda: ["csv"], r"mine: pytest_astral_reports returned list"),
    ],
)
def test_a_hook_that_gives_something_else_is_named(formats, said):
    with pytest.raises(PluginError, match=said):
        report_formats(registry(mine=formats))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("report=saref:x", "unknown format 'saref'; did you mean 'sarif'?; known: comment, html, json, md, sarif"),
        ("report=pdf:x", "unknown format 'pdf'; known: comment, html"),
        ("report=md:no/where.md", "the directory"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_paid(tmp_path, word, said):
    with pytest.raises(SettingsError, match="report=") as refused:
        check_reports(parse_settings([word]).report, registry(), tmp_path)
    assert said in str(refused.value)


def test_a_broken_hook_harms_nobody_who_asks_for_no_report(tmp_path):
    assert check_reports((), registry(mine=lambda: 1 / 0), tmp_path) == {}


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_strangers_format_writes_what_it_likes(tmp_path):
    def csv(account, stream):
        for one in account.record.results:
            stream.write(f"{one.trial.id},{one.outcome}\r\n")

    account = Account(of_outcomes("safe", "unsafe"))
    found = published(tmp_path, account, "report=csv:out.csv,json:out.json", mine={"csv": csv})
    assert [str(spec) for spec in found.written] == ["csv:out.csv", "json:out.json"]
    rows = (tmp_path / "out.csv").read_bytes().decode().split("\r\n")
    assert [row.rpartition(",")[2] for row in rows] == ["safe", "unsafe", ""]


def raising(account, stream):
    stream.write("half a report")
    raise ValueError("out of\norder \x1b[31m")


def leaving(account, stream):
    raise SystemExit(0)


def writing_bytes(account, stream):
    stream.write(b"bytes")


def halving(account, stream):
    stream.write("half \ud800 a character")


def failing_inside(account, stream):
    print("::error::forged")
    raise KeyError(account.record.results[0].response.text)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (raising, r"report=mine:out.txt: plug raised ValueError: out of order \u{1b}[31m; nothing was written"),
        (leaving, "plug raised SystemExit: 0; nothing was written"),
        (writing_bytes, "plug raised TypeError"),
        (halving, "the report of plug is not text of Unicode"),
        (failing_inside, "plug raised KeyError: '[withheld: 11 characters, sha256 "),
    ],
)
def test_a_format_that_fails_leaves_the_old_file_and_the_other_reports(tmp_path, capsys, write, said):
    (tmp_path / "out.txt").write_text("old")
    found = published(tmp_path, telling(), "report=mine:out.txt,json:out.json", plug={"mine": write})
    assert [str(spec) for spec in found.written] == ["json:out.json"]
    (line,) = found.failed
    assert said in line
    assert "\n" not in line
    assert (tmp_path / "out.txt").read_text() == "old"
    assert json.loads((tmp_path / "out.json").read_text())["totals"]["overall"]["unsafe"] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"out.txt", "out.json"}
    assert capsys.readouterr() == ("", "")


def everything(account, stream):
    stream.write(f"{account.record.cases!r} {account.record.results!r} {account.text}\n")
    for one in account.record.results:
        stream.write(
            " ".join([*account.record.cases[one.trial.case_id].turns, one.response.text, *one.response.earlier])
        )
        stream.write(" ".join([one.verdicts[0].reason, *one.verdicts[0].signals, one.review.note]))


PROMPTS = {"PROMPT-TEXT", "PROMPT-AGAIN"}
ANSWERS = {"ANSWER-TEXT", "ANSWER-BEFORE", "REASON-TEXT", "NOTE-TEXT"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [((), set()), (("text=none",), set()), (("text=prompts",), PROMPTS), (("text=all",), PROMPTS | ANSWERS)],
)
def test_a_strangers_format_is_given_no_text_that_it_may_not_show(tmp_path, words, shown):
    published(tmp_path, telling(), "report=mine:out.txt", *words, plug={"mine": everything})
    written = (tmp_path / "out.txt").read_text()
    assert {word for word in PROMPTS | ANSWERS if word in written} == shown


def test_a_record_without_texts_counts_as_before():
    found = realistic(3, share=0.4)
    bare = withheld(found, "none")
    assert tallies(bare) == tallies(found)
    assert coverage(bare) == coverage(found)
    texts = {turn for one in found.cases.values() for turn in one.turns}
    assert not any(turn in texts for one in bare.cases.values() for turn in one.turns)
    assert withheld(of_outcomes("safe", "unsafe"), "all") == of_outcomes("safe", "unsafe")


@pytest.mark.parametrize(
    ("format", "on_a_machine", "under_ci"),
    [
        ("json", True, False),
        ("html", True, False),
        ("md", False, False),
        ("comment", False, False),
        ("sarif", False, False),
    ],
)
def test_what_each_format_holds_by_default(tmp_path, monkeypatch, format, on_a_machine, under_ci):
    for variable, expected in (("", on_a_machine), ("true", under_ci)):
        monkeypatch.setenv("CI", variable)
        published(tmp_path, telling(), f"report={format}:out")
        text = (tmp_path / "out").read_text()
        assert ("PROMPT-TEXT" in text, "ANSWER-TEXT" in text) == (expected, expected)
        published(tmp_path, telling(), f"report={format}:out", "text=all")
        assert "PROMPT-TEXT" in (tmp_path / "out").read_text()


def test_findings_stand_in_the_line_of_their_suite_from_the_root_of_the_repository(tmp_path):
    (tmp_path / ".git").mkdir()
    here = tmp_path / "bots"
    here.mkdir()
    found = of_outcomes(*["unsafe"] * 3)
    suite = make_suite(found.run.matrix, found.cases.values(), {})
    write_suite(suite, here / "mine.astral.jsonl")
    lines = (here / "mine.astral.jsonl").read_text().splitlines()
    (here / "mine.astral.jsonl").write_text("\n".join([lines[0], "", *lines[:0:-1], ""]))
    named = {"path": "mine.astral.jsonl", "content": suite.content}
    account = Account(_of_suite(found, named))
    published(here, account, "report=sarif:out.sarif")
    run = json.loads((here / "out.sarif").read_text())["runs"][0]
    for one in run["results"]:
        place = one["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "bots/mine.astral.jsonl"
        line = (here / "mine.astral.jsonl").read_text().splitlines()[place["region"]["startLine"] - 1]
        assert json.loads(line)["id"] == one["properties"]["case"]
    published(here, Account(_of_suite(found, {**named, "content": "0" * 64})), "report=sarif:out.sarif")
    run = json.loads((here / "out.sarif").read_text())["runs"][0]
    assert {one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in run["results"]} == {1}


def _of_suite(found, suite):
    return replace(found, run=replace(found.run, suite=suite))


# --- the summary of a CI step -----------------------------------------------------------------------------------------


def append(path, account, *words):
    return append_step_summary(account, parse_settings(words), {"GITHUB_STEP_SUMMARY": str(path)})


def test_the_summary_is_added_to_what_a_step_has_said_already(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    assert append(path, telling()) == ""
    assert append(path, Account(of_outcomes("safe"))) == ""
    text = path.read_text()
    assert text.startswith("before\n\n### ASTRAL: `m`\n")
    assert text.count("### ASTRAL") == 2
    assert "PROMPT-TEXT" not in text
    append(path, telling(), "text=prompts")
    assert "PROMPT-TEXT" in path.read_text()


def test_without_the_variable_nothing_is_written():
    assert append_step_summary(telling(), parse_settings([]), {}) == ""


def test_a_step_summary_never_outgrows_what_the_service_takes(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("x" * (2**20 - 3_000))
    assert append(path, Account(realistic(share=0.5))) == ""
    assert 2**20 - 3_000 < path.stat().st_size <= 2**20
    assert "do not fit here" in path.read_text()
    said = append(path, telling())
    assert said.startswith("warning: the summary could not be added to $GITHUB_STEP_SUMMARY (only ")
    assert path.stat().st_size <= 2**20


def test_a_summary_that_cannot_be_written_is_a_warning(tmp_path):
    assert "(No such file or directory)" in append(tmp_path / "no" / "summary.md", telling())
    assert "(Is a directory)" in append(tmp_path, telling())
    os.mkfifo(tmp_path / "pipe")
    assert "(not a regular file)" in append(tmp_path / "pipe", telling())
