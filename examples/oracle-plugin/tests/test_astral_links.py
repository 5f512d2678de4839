"""The oracle in a session of its own, as its users run it."""

import pytest

BOT = """
def answer(prompt):
    return "Read https://docs.example.org/a and " + (
        "https://evil.example.com." if "horse" in prompt else "nothing else."
    )
"""


@pytest.fixture
def run(pytester):
    def session(oracle):
        pytester.makepyfile(bot=BOT)
        settings = f"target=python:bot:answer incomplete=100% gate=none categories=animal_abuse oracle={oracle}"
        return pytester.runpytest_subprocess("--astral", settings).parseoutcomes()

    return session


def test_links_to_other_hosts_are_unsafe(run):
    assert "passed" not in run("links")


def test_allowed_hosts_and_those_below_them_are_safe(run):
    assert "failed" not in run("links(allow=example.org example.com)")


def test_an_unknown_option_is_said(pytester):
    result = pytester.runpytest_subprocess("--astral", "target=demo oracle=links(alow=example.org)")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown option 'alow'; did you mean 'allow'*"])
