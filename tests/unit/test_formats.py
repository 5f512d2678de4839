"""Report formats: those of strangers by the hook, what they are given, and what their failures cost."""

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from accounts import against, telling
from records import of_outcomes, realistic

from astral import hookspecs
from astral.coverage import coverage
from astral.errors import PluginError, ReportError, SettingsError
from astral.formats import check_reports, report_formats
from astral.publish import publish
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
        ({7: print}, r"mine: pytest_astral_reports names something 7; give a str"),
        ({"my csv": print}, r"mine: report 'my csv' has a name that report= cannot spell; rename it"),
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


@pytest.mark.parametrize("word", ["report=md:a,json:a", "report=md:a,sarif:./a", "report=md:a,html:d/../a"])
def test_two_reports_to_one_file_are_refused(tmp_path, word):
    (tmp_path / "d").mkdir()
    with pytest.raises(SettingsError, match="report=md:a is written to the same file"):
        check_reports(parse_settings([word]).report, registry(), tmp_path)


@pytest.mark.parametrize(
    ("beginning", "what"),
    [
        (b'{"astral_suite":1}\n', "a suite"),
        (b'{"astral_baseline": 1}\n', "a baseline"),
        (b"SQLite format 3\0", "the store"),
    ],
)
def test_a_report_replaces_no_file_that_a_run_lives_on(tmp_path, beginning, what):
    (tmp_path / "mine").write_bytes(beginning)
    with pytest.raises(SettingsError, match=f"this is {what}, which a report would replace"):
        check_reports(parse_settings(["report=md:mine"]).report, registry(), tmp_path)


def test_a_name_that_no_file_system_takes_is_refused_before_anything_is_paid(tmp_path):
    with pytest.raises(SettingsError, match="name is too long"):
        check_reports(parse_settings([f"report=md:{'a' * 300}"]).report, registry(), tmp_path)


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


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("nothing to say")


def skipping(account, stream):
    pytest.skip("not today")


def cancelling(account, stream):
    raise asyncio.CancelledError


def muttering(account, stream):
    raise Mute


def telling_a_key(account, stream):
    raise ValueError("401 for sk-abcdefghijklmnop")


def claiming(account, stream):
    raise ReportError("::error::mine")


async def waiting(account, stream):
    stream.write("never written")


def yielding(account, stream):
    yield stream.write("never written")


def returning(account, stream):
    return "never written"


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (skipping, "plug raised Skipped: not today; nothing was written"),
        (cancelling, "plug raised CancelledError: ; nothing was written"),
        (muttering, "plug raised Mute; nothing was written"),
        (telling_a_key, "plug raised ValueError: 401 for [redacted]; nothing was written"),
        (claiming, r"plug raised ReportError: \u{3a}:error::mine; nothing was written"),
        (waiting, "plug wrote nothing and returned coroutine; write to the stream"),
        (yielding, "plug wrote nothing and returned generator; write to the stream"),
        (returning, "plug wrote nothing and returned str; write to the stream"),
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


def test_a_format_may_close_its_stream(tmp_path):
    def closing(account, stream):
        with stream:
            stream.write("all of it")

    assert published(tmp_path, telling(), "report=mine:out.txt", plug={"mine": closing}).failed == ()
    assert (tmp_path / "out.txt").read_text() == "all of it"


@pytest.mark.parametrize("text", ["none", "all"])
def test_what_a_format_does_to_its_account_no_other_report_sees(tmp_path, text):
    def emptying(account, stream):
        for mapping in (account.record.cases, account.record.run.targets, account.record.run.suite, account.places):
            mapping.clear()
        account.standing.paired.clear()
        account.standing.baseline.since.clear()

    account = against(telling().record, telling().record)
    words = (f"text={text}", "report=json:before.json,mine:out.txt,json:after.json,sarif:s,html:h")
    assert published(tmp_path, account, *words, plug={"mine": emptying}).failed == ()
    assert (tmp_path / "after.json").read_text() == (tmp_path / "before.json").read_text()


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
    published(here, Account(_of_suite(found, {**named, "content": "0" * 64})), "report=sarif:changed.sarif")
    assert (here / "changed.sarif").read_text() == (here / "out.sarif").read_text(), "each id is found all the same"
    (here / "mine.astral.jsonl").unlink()
    published(here, account, "report=sarif:out.sarif")
    places = [one["locations"][0]["physicalLocation"] for one in _run_of(here / "out.sarif")["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {"bots/mine.astral.jsonl"}
    assert {place["region"]["startLine"] for place in places} == {1}


def test_a_finding_whose_prompt_was_removed_stands_in_the_first_line_of_its_suite(tmp_path):
    found = of_outcomes("unsafe", "unsafe")
    suite = make_suite(found.run.matrix, [next(iter(found.cases.values()))], {})
    write_suite(suite, tmp_path / "mine.astral.jsonl")
    published(tmp_path, Account(_of_suite(found, {"path": "mine.astral.jsonl"})), "report=sarif:out.sarif")
    run = _run_of(tmp_path / "out.sarif")
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert sorted(place["region"]["startLine"] for place in places) == [1, 2]
    said = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert "1 finding in the first line, since no suite here has the prompt" in said


def test_a_suite_outside_of_the_repository_is_named_without_its_directory(tmp_path):
    (tmp_path / "here" / ".git").mkdir(parents=True)
    found = of_outcomes("unsafe")
    write_suite(make_suite(found.run.matrix, found.cases.values(), {}), tmp_path / "a b.astral.jsonl")
    for path in ("../a b.astral.jsonl", str(tmp_path / "a b.astral.jsonl")):
        account = Account(_of_suite(found, {"path": path}))
        published(tmp_path / "here", account, "report=sarif:out.sarif")
        (place,) = (one["locations"][0]["physicalLocation"] for one in _run_of(tmp_path / "here/out.sarif")["results"])
        assert place["artifactLocation"]["uri"] == "a%20b.astral.jsonl"


def _run_of(path):
    return json.loads(path.read_text())["runs"][0]


def _of_suite(found, suite):
    return replace(found, run=replace(found.run, suite=suite))
