"""The examples for CI: valid by their services' schemas, and their commands run step by step on the embedded target."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from workflows import Runner

from astral.suite import read_suite

EXAMPLES = Path(__file__).parents[2] / "examples" / "ci"
SETTINGS = '[tool.pytest.ini_options]\nastral = ["incomplete=30%"]\n'
GH = """#!{python}
import os, subprocess, sys

words = sys.argv[1:]
with open(os.environ["GH_LOG"], "a") as log:
    print(*words, sep="\\n", file=log)
if os.environ["GH_REFUSES"]:
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
if "--paginate" in words and (page := os.environ["GH_COMMENTS"]):
    subprocess.run(["jq", "-r", words[words.index("--jq") + 1]], input=page, text=True, check=True)
"""
needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="gh has jq in it, this machine has none")


def comments(*rows):
    """A page of GitHub's GraphQL API; rows of id, whether it is ours, and text."""
    nodes = [{"id": id, "viewerDidAuthor": ours, "body": body} for id, ours, body in rows]
    return json.dumps({"data": {"repository": {"pullRequest": {"comments": {"nodes": nodes}}}}})


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", "github/action.yml"),
        ("vendor.github-workflows", "github/workflow.yml"),
        ("vendor.gitlab-ci", "gitlab/astral.gitlab-ci.yml"),
    ],
)
def test_they_are_valid_by_the_schema_of_their_service(schema, path):
    pytest.importorskip("check_jsonschema")
    words = ["--builtin-schema", schema, *(["--data-transform", "gitlab-ci"] if "gitlab" in schema else [])]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words, EXAMPLES / path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository with a committed suite, its baseline, and the example's files in their places."""
    root = tmp_path_factory.mktemp("made") / "repository"
    actions = root / ".github" / "actions" / "astral"
    actions.mkdir(parents=True)
    shutil.copy(EXAMPLES / "github" / "action.yml", actions)
    (root / "pyproject.toml").write_text(SETTINGS)
    for words in (
        ["astral", "generate", "safety.astral.jsonl", "preset=smoke", "seed=7"],
        ["pytest", "-q", "--tb=no", "--astral", "target=demo", "--astral", "gate=none"],
        ["astral", "baseline", "update", "baseline=safety.baseline.jsonl"],
    ):
        subprocess.run(
            [Path(sys.executable).parent / words[0], *words[1:]], cwd=root, check=True, capture_output=True, timeout=120
        )
    shutil.rmtree(root / ".astral")
    return root


@pytest.fixture
def runner(project, tmp_path):
    """A fresh clone, with ``python`` and ``gh`` on the path."""
    workspace = tmp_path / "clone"
    shutil.copytree(project, workspace)
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (commands / "gh").write_text(GH.format(python=sys.executable))
    for command in commands.iterdir():
        command.chmod(0o755)
    facts = {
        "github.event_name": "pull_request",
        "github.event.pull_request.number": "12",
        "github.token": "a-token",
        "vars.ASTRAL_TARGET": "demo",
    }
    environment = {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "GH_LOG": str(tmp_path / "gh.log"),
        "GH_COMMENTS": "",
        "GH_REFUSES": "",
    }
    return Runner(workspace, facts, environment)


def forget_a_finding(workspace):
    """Make the baseline say that one known finding was safe; returns the id of its case."""
    path = workspace / "safety.baseline.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    known = next(row for row in rows[1:] if "unsafe" in row["outcomes"])
    known["outcomes"] = ["safe"]
    del known["since"]
    path.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
    return known["case"]


def prompts(workspace):
    return [case.prompt for case in read_suite(workspace / "safety.astral.jsonl").cases]


@pytest.mark.slow
def test_a_pull_request_without_a_new_finding_is_green(runner):
    assert runner.job(EXAMPLES / "github" / "workflow.yml", "pull-request"), runner.logs
    reports = runner.workspace / "astral-report"
    assert {path.name for path in reports.iterdir()} == {
        *("report.html", "results.json", "findings.sarif", "comment.md", "junit.xml")
    }
    assert [name.partition("@")[0] for name, _ in runner.used] == [
        *("actions/checkout", "actions/setup-python", "actions/upload-artifact", "github/codeql-action/upload-sarif")
    ]
    assert "xfailed" in runner.logs["Test the target"]
    said = (Path(runner.environment["GH_LOG"])).read_text().splitlines()
    assert {"owner=somebody", "name=chatbot", "number=12"} <= set(said)
    assert "repos/somebody/chatbot/issues/12/comments" in said
    assert "body=@astral-report/comment.md" in said
    assert not [word for word in said if word.startswith("mutation")]
    assert runner.summary.read_text().strip()


@needs_jq
@pytest.mark.slow
def test_a_new_finding_is_red_and_updates_our_comment_without_a_harmful_word(runner):
    new = forget_a_finding(runner.workspace)
    runner.environment["GH_COMMENTS"] = comments(
        ("IC_stranger", False, "<!-- pytest-astral targets=demo -->\nall is well"),
        ("IC_other", True, "<!-- pytest-astral targets=gpt-4o -->\nof another job"),
        ("IC_ours", True, "<!-- pytest-astral targets=demo -->\r\nof the last push"),
        ("IC_later", True, "<!-- pytest-astral targets=demo -->"),
    )
    assert not runner.job(EXAMPLES / "github" / "workflow.yml", "pull-request")
    said = (Path(runner.environment["GH_LOG"])).read_text().splitlines()
    assert "id=IC_ours" in said
    assert not {"id=IC_stranger", "id=IC_other", "id=IC_later", "repos/somebody/chatbot/issues/12/comments"} & {*said}
    reports = runner.workspace / "astral-report"
    shown = [*runner.logs.values(), runner.summary.read_text(), (reports / "comment.md").read_text()]
    assert all(new in text for text in shown[-2:])
    shown += [(reports / name).read_text() for name in ("findings.sarif", "junit.xml")]
    assert not [prompt for prompt in prompts(runner.workspace) for text in shown if prompt in text]
    assert (
        "actions/upload-artifact@v4",
        {"name": "pytest-astral", "path": "astral-report/", "if-no-files-found": "ignore"},
    ) in runner.used
    assert (
        "github/codeql-action/upload-sarif@v4",
        {"sarif_file": "astral-report/findings.sarif", "category": "pytest-astral"},
    ) in runner.used


@pytest.mark.slow
def test_a_comment_that_may_not_be_written_is_a_warning(runner):
    runner.environment["GH_REFUSES"] = "yes"
    assert runner.job(EXAMPLES / "github" / "workflow.yml", "pull-request"), runner.logs
    log = runner.logs["Comment on the pull request"]
    assert "HTTP 403" in log
    assert "::warning::the comment could not be written; the job needs the permission pull-requests: write\n" in log


def test_a_fork_has_no_variables_and_is_red_with_a_reason(runner):
    runner.facts["vars.ASTRAL_TARGET"] = ""
    stale = runner.workspace / "astral-report"
    assert not runner.job(EXAMPLES / "github" / "workflow.yml", "pull-request")
    assert runner.logs["Test the target"].startswith("::error::no target is named; set the variable ASTRAL_TARGET")
    assert "no report was written" in runner.logs["Comment on the pull request"]
    assert "github/codeql-action/upload-sarif@v4" not in [name for name, _ in runner.used]
    assert not stale.exists()


@pytest.mark.slow
def test_reports_of_an_earlier_run_are_never_taken_for_those_of_this_one(runner):
    old = runner.workspace / "astral-report"
    old.mkdir()
    for name in ("comment.md", "findings.sarif", "results.json"):
        (old / name).write_text("of an earlier run")
    (runner.workspace / "safety.baseline.jsonl").unlink()
    assert not runner.job(EXAMPLES / "github" / "workflow.yml", "pull-request")
    assert "no report was written" in runner.logs["Comment on the pull request"]
    assert "github/codeql-action/upload-sarif@v4" not in [name for name, _ in runner.used]


def test_the_scripts_run_in_the_bash_of_macos():
    """Version 3.2, which has no ``${name^^}``, ``mapfile`` and ``declare -A`` (github.com/gptme/gptme/issues/1805)."""
    steps = yaml.safe_load((EXAMPLES / "github" / "action.yml").read_text())["runs"]["steps"]
    for script in [step["run"] for step in steps if "run" in step]:
        assert not re.search(r"\$\{!?\w+(\^|,|@)|mapfile|readarray|declare -A|&>>|\|&", script)


@pytest.mark.slow
def test_the_nightly_job_holds_the_run_to_its_gates(runner):
    runner.facts["github.event_name"] = "schedule"
    assert not runner.job(EXAMPLES / "github" / "workflow.yml", "nightly")
    log = runner.logs["Test the target"]
    assert "rate<=5%" in log
    assert "regression" in log
    assert not Path(runner.environment["GH_LOG"]).exists(), "no pull request, no comment"
    results = json.loads((runner.workspace / "astral-report" / "results.json").read_text())
    assert {gate["name"] for gate in results["gates"]} >= {"rate<=5%", "coverage>=95%", "errors<=1%"}
    assert {case["repeat"] for case in results["cases"]} == {1, 2, 3}


@pytest.mark.slow
def test_a_wrong_setting_is_red_and_says_so(runner):
    (runner.workspace / "safety.baseline.jsonl").unlink()
    assert not runner.job(EXAMPLES / "github" / "workflow.yml", "pull-request")
    assert "astral baseline update" in runner.logs["Test the target"]
    assert "no report was written" in runner.logs["Comment on the pull request"]
    assert runner.logs["Pass or fail"] == ""


@pytest.mark.slow
def test_the_gitlab_job_runs_its_script(runner):
    text = (EXAMPLES / "gitlab" / "astral.gitlab-ci.yml").read_text()
    job = yaml.safe_load(text)[".astral"]
    given = {"ASTRAL_TARGET": "demo", "ASTRAL_GATE": "new", "ASTRAL_SETTINGS": "concurrency=4 report=md:x.md"}
    variables = job["variables"] | given
    for baseline, code in (("safety.baseline.jsonl", 0), ("", 4)):
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
            cwd=runner.workspace,
            env={**os.environ, **runner.environment, **variables, "ASTRAL_BASELINE": baseline, "CI": "true"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
    reports = runner.workspace / "astral-report"
    assert {path.name for path in reports.iterdir()} >= {"report.html", "results.json", "summary.md"}
    assert job["artifacts"]["reports"]["junit"] == "$ASTRAL_REPORTS/junit.xml"
