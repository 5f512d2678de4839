"""Reports of whole runs for CI: the step's summary, JUnit's properties, formats of a project's own."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from astral.testing.replies import error
from astral.testing.server import LocalServer

MIX = ["good 1", "good 2", "bad 3", "silent 4", "odd 5", "boom 6", "good 7", "bad 8"]
FORMATS = """
    import pytest

    @pytest.hookimpl(optionalhook=True)
    def pytest_astral_reports():
        def lines(account, stream):
            for one in account.record.results:
                stream.write(f"{one.outcome} {account.record.cases[one.trial.case_id].prompt}\\n")
            for gate in account.gates:
                stream.write(f"gate {gate.name} {gate.passed}\\n")

        def broken(account, stream):
            stream.write("half")
            raise RuntimeError("out of order")

        return {"lines": lines, "broken": broken}
"""


@pytest.fixture
def mixed(project):
    project.suite(MIX)
    return project


@pytest.fixture
def summary(project, monkeypatch):
    """The file that a step of GitHub Actions has for its summary, with a line of somebody else's."""
    path = project.path / "step-summary.md"
    path.write_text("made by another tool\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def with_formats(project):
    path = project.path / "formats.py"
    path.write_text("\n".join(line[4:] for line in FORMATS.splitlines()))
    return ("-p", "formats")


# --- $GITHUB_STEP_SUMMARY ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [(), pytest.param(("-n", "2", "--reruns", "1"), marks=pytest.mark.slow), ("--astral", "report=md:out.md")],
)
def test_the_summary_of_a_step_gets_that_of_the_run_once_and_without_texts(mixed, summary, arguments):
    result = mixed.run(*arguments)
    text = summary.read_text()
    assert text.startswith("made by another tool\n\n### ASTRAL: `python-bot-answer`\n")
    assert text.count("### ASTRAL") == 1
    assert "**Failed by the gates any and incomplete: 2 of 5 judged answers are unsafe" in text
    assert not any(prompt in text for prompt in MIX)
    assert result.ret == 1
    if "report=md:out.md" in arguments:
        assert text.endswith((mixed.path / "out.md").read_text())


def test_the_summary_of_a_step_holds_texts_where_they_were_asked_for(mixed, summary):
    mixed.run("--astral", "text=all")
    assert "bad 3" in summary.read_text()
    assert "answer to bad 3" in summary.read_text()


@pytest.mark.parametrize(("prompts", "code"), [(["good 1"], 0), (["bad 1"], 1)])
def test_a_summary_that_cannot_be_written_warns_and_changes_no_exit_code(project, monkeypatch, prompts, code):
    project.suite(prompts)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.path / "no" / "such" / "place.md"))
    result = project.run(inprocess=True)
    assert result.ret == code
    result.stdout.fnmatch_lines(
        ["warning: the summary could not be added to $GITHUB_STEP_SUMMARY (No such file or directory); the run counts*"]
    )


@pytest.mark.parametrize("arguments", [("--collect-only",), ("--astral", "dry_run=on"), ("--setup-plan",)])
def test_what_runs_no_trial_adds_no_summary(mixed, summary, arguments):
    mixed.run(*arguments, inprocess=True)
    assert summary.read_text() == "made by another tool\n"


def test_python_tests_alone_add_no_summary(mixed, summary):
    result = mixed.run(mixed.tests("def test_mine(astral_target):\n    assert astral_target('good 1').text\n"))
    assert result.ret == 0
    assert summary.read_text() == "made by another tool\n"


# --- JUnit ------------------------------------------------------------------------------------------------------------


def properties(element):
    return {one.get("name"): one.get("value") for one in element.findall("properties/property")}


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "junit_family=xunit2"),
        ("-o", "junit_family=xunit1", "-o", "junit_logging=all"),
        pytest.param(("-n", "2", "-o", "junit_logging=all"), marks=pytest.mark.slow),
    ],
)
def test_junit_says_what_was_asked_of_whom_and_what_came_of_it(mixed, arguments):
    cases = {case.id: case for case in mixed.suite(MIX)}
    mixed.run("--junitxml=j.xml", *arguments)
    suite = ET.parse(mixed.path / "j.xml").getroot().find("testsuite")
    found = [properties(case) for case in suite.iter("testcase")]
    assert {one["astral_case"] for one in found} == set(cases)
    for one in found:
        cell = cases[one["astral_case"]].cell
        assert {name: one[f"astral_{name}"] for name in cell.dimensions} == dict(cell.pairs)
        assert (one["astral_target"], one["astral_repeat"]) == ("python-bot-answer", "1")
        assert ("astral_severity" in one) == (one["astral_outcome"] == "unsafe")
        assert ("astral_reason" in one) == (one["astral_outcome"] in ("inconclusive", "error"))
    assert {one["astral_severity"] for one in found if "astral_severity" in one} == {"3"}
    raw = (mixed.path / "j.xml").read_text()
    assert not any(prompt in raw for prompt in MIX)


def test_junit_has_rates_and_gates_as_properties_of_the_suite(mixed):
    mixed.run("--junitxml=j.xml")
    found = properties(ET.parse(mixed.path / "j.xml").getroot().find("testsuite"))
    assert found["astral_unsafe_rate.python-bot-answer"] == "2/5 (40 %, 95 % CI 12-77 %)"
    assert found["astral_gate.any"] == "failed: 2 of 5 judged answers are unsafe"
    assert found["astral_gate.evidence"] == "passed: 5 of 8 planned trials were judged"
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", found["astral_run"])


# --- messages about a trial that repeat its texts ---------------------------------------------------------------------

ECHO = "a placeholder of a prompt with words enough to be known again"


def outcomes_of(project, *arguments):
    """What a run showed and wrote where others can read it."""
    reports = "report=md:out.md,comment:c.md,sarif:out.sarif"
    result = project.run("--astral", reports, "--junitxml=j.xml", "-rA", "-vv", *arguments)
    written = [
        (project.path / name).read_text() for name in ("out.md", "c.md", "out.sarif", "j.xml", "step-summary.md")
    ]
    return result, [result.stdout.str(), result.stderr.str(), *written]


def test_what_an_endpoint_repeats_of_a_prompt_is_shown_nowhere(project, summary):
    project.suite([f"{ECHO} {n}" for n in range(3)])

    def script(request, attempt):
        return error(400, f"cannot handle this input: {request['messages'][-1]['content']}")

    with LocalServer(script) as server:
        target = ("--astral", f"target=openai:m@{server.url}", "--astral", "preflight=off")
        result, shown = outcomes_of(project, *target)
    assert result.parseoutcomes() == {"errors": 3}
    assert "the server says: cannot handle this input: [text withheld]" in " ".join(shown[0].split())
    assert not [text for text in shown if ECHO[:30] in text]


@pytest.mark.parametrize("judge", ["raise ValueError(response.text)", "return 'odd: ' + response.text"])
def test_what_an_oracle_repeats_of_an_answer_is_shown_nowhere(project, summary, judge):
    project.suite([f"{ECHO} {n}" for n in range(3)])
    lines = f"def judge(case, response):\n    {judge}\n\ndef pytest_astral_oracles():\n    return {{'echo': judge}}\n"
    (project.path / "echo.py").write_text(lines)
    result, shown = outcomes_of(project, "-p", "echo", "--astral", "oracle=echo")
    assert result.parseoutcomes() == {"errors": 3}
    assert not [text for text in shown if ECHO[:30] in text or "answer to a placeholder" in text]


# --- formats of a project's own ---------------------------------------------------------------------------------------


def test_a_format_of_a_plugin_is_written_like_those_that_come_with_astral(mixed):
    result = mixed.run(*with_formats(mixed), "--astral", "report=lines:out.txt,sarif:out.sarif,comment:c.md")
    lines = (mixed.path / "out.txt").read_text().splitlines()
    assert "gate any False" in lines
    unsafe = [line for line in lines if line.startswith("unsafe ")]
    assert len(unsafe) == 2
    assert all(re.fullmatch(r"unsafe \[withheld: 5 characters, sha256 [0-9a-f]{12}\]", line) for line in unsafe)
    assert len(json.loads((mixed.path / "out.sarif").read_text())["runs"][0]["results"]) == 2
    assert (mixed.path / "c.md").read_text().startswith("<!-- pytest-astral targets=python-bot-answer -->\n")
    result.stdout.fnmatch_lines(["report: out.txt", "report: out.sarif", "report: c.md"])
    mixed.run(*with_formats(mixed), "--astral", "report=lines:out.txt text=prompts")
    assert "unsafe bad 3" in (mixed.path / "out.txt").read_text()


def test_the_format_of_the_docs_works(mixed):
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
    code = re.search(r"<!-- test: own format -->\n```python\n(.*?)```", page, re.DOTALL)[1]
    (mixed.path / "table.py").write_text(code)
    mixed.run("-p", "table", "--astral", "report=csv:trials.csv")
    rows = (mixed.path / "trials.csv").read_text().splitlines()
    assert rows[0] == "case,target,category,outcome,severity"
    assert len(rows) == 1 + len(MIX)
    assert sum(row.endswith("unsafe,3") for row in rows) == 2


def test_a_format_that_breaks_fails_its_gate_and_nothing_else(project):
    project.suite(["good 1"])
    result = project.run(*with_formats(project), "--astral", "report=broken:out.txt,json:out.json", "--junitxml=j.xml")
    assert result.ret == 1
    assert result.parseoutcomes() == {"passed": 1}
    said = " ".join(result.stdout.str().split())
    assert "gate reports failed: report=broken:out.txt: formats raised RuntimeError: out of order; nothing was" in said
    assert "Traceback" not in said
    assert not (project.path / "out.txt").exists()
    assert project.results()["totals"]["overall"]["safe"] == 1
    found = properties(ET.parse(project.path / "j.xml").getroot().find("testsuite"))
    assert found["astral_gate.reports"].startswith("failed: report=broken:out.txt")


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ("line:out.txt", "unknown format 'line'; did you mean 'lines'?"),
        ("sarf:out.txt", "unknown format 'sarf'; did you mean 'sarif'?"),
    ],
)
def test_an_unknown_format_ends_the_run_before_anything_is_asked(mixed, report, said):
    result = mixed.run(*with_formats(mixed), "--astral", f"report={report}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()
    assert mixed.asked() == []


def test_two_plugins_of_one_format_end_the_run_with_both_their_names(mixed):
    (mixed.path / "more.py").write_text("def pytest_astral_reports():\n    return {'lines': print}\n")
    result = mixed.run(*with_formats(mixed), "-p", "more", "--astral", "report=lines:out.txt")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert re.search(r"report 'lines' is given by (formats|more) and by (formats|more); rename", result.stderr.str())
