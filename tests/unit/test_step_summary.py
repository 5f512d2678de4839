"""The summary that is added to the page of a CI job: whole or not at all, within its limit, no reason to fail."""

import os
import subprocess
import sys
from dataclasses import replace

from accounts import telling
from records import of_outcomes, realistic

from astral.publish import append_step_summary
from astral.reports.account import Account
from astral.settings import parse_settings


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


def test_a_summary_begins_a_paragraph_of_its_own(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("</details>")
    append(path, telling())
    assert path.read_text().startswith("</details>\n\n### ASTRAL")


def test_a_summary_that_does_not_fit_on_the_disk_leaves_no_part_of_itself(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    code = f"""
import resource, signal, sys
sys.path.insert(0, {os.path.dirname(__file__)!r})
from accounts import telling
from test_step_summary import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
print(append({str(path)!r}, telling()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "could not be added to $GITHUB_STEP_SUMMARY (File too large)" in done.stdout
    assert path.read_text() == "before\n"


def test_a_fault_of_the_summary_is_a_warning(tmp_path):
    broken = replace(telling(), gates=("no gate",))
    assert "could not be added to $GITHUB_STEP_SUMMARY (AttributeError)" in append(tmp_path / "summary.md", broken)


def test_a_summary_that_cannot_be_written_is_a_warning(tmp_path):
    assert "(No such file or directory)" in append(tmp_path / "no" / "summary.md", telling())
    assert "(Is a directory)" in append(tmp_path, telling())
    os.mkfifo(tmp_path / "pipe")
    assert "(not a regular file)" in append(tmp_path / "pipe", telling())
