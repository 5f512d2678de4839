"""What is kept of a trial's three reports: all of them only where an option reads them."""

import pytest

COUNTING = """
def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    terminalreporter.write_line(f"kept {len(stats.get('', []))} and {len(stats.get('passed', []))} passed")
"""


@pytest.mark.parametrize(("option", "kept"), [((), 2), (("--durations=0",), 8)])
def test_reports_of_setup_and_teardown_are_let_go_of(project, option, kept):
    project.suite(["good 1", "good 2", "good 3"])
    (project.path / "conftest.py").write_text((project.path / "conftest.py").read_text() + COUNTING)
    (project.path / "test_own.py").write_text("def test_own(): pass\n")
    result = project.run("safety.astral.jsonl", "test_own.py", *option)
    result.stdout.fnmatch_lines([f"kept {kept} and 4 passed"])
    result.assert_outcomes(passed=4)
