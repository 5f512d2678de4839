"""What the README and the docs show is what works."""

import os
import re
import shlex
from pathlib import Path

import pytest

from astral.commands.table import COMMANDS, split_words
from astral.settings import KEYS, _spell, parse_settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BEGIN, END = "<!-- settings: begin -->\n", "<!-- settings: end -->\n"


def settings_table():
    rows = ["| key | default | what |", "|---|---|---|"]
    for key in KEYS:
        default = "" if key.default in (None, ()) else f"`{_spell(key.default)}`"
        rows.append(f"| `{key.name}` | {default} | {key.help.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def test_the_settings_table_is_that_of_the_program():
    """``ASTRAL_ACCEPT=1 pytest tests/plugin/test_readme.py`` writes the new one."""
    page = ROOT / "README.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    found, after = rest.split(END)
    if os.environ.get("ASTRAL_ACCEPT"):
        page.write_text(before + BEGIN + settings_table() + END + after)
    else:
        assert found == settings_table()


def commands():
    for page in PAGES:
        for block in re.findall(r"```(?:sh|toml)?\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.split("\n"):
                if line.startswith(("pytest --astral", "astral ")) and line.split()[1] in ("--astral", *COMMANDS):
                    yield pytest.param(line, id=f"{page.name}: {line[:60]}")


@pytest.mark.parametrize("line", list(commands()))
def test_every_command_shown_is_taken_by_the_parser(line):
    words = shlex.split(re.split(r" [>|&]", line)[0], comments=True)
    if words[0] == "astral":
        _, words = split_words(words[1], words[2:])
    pairs = [words[at + 1] for at, word in enumerate(words) if word == "--astral"]
    assert bool(parse_settings(pairs).given) is bool(pairs)


def python_block(page, marker):
    return re.search(re.escape(marker) + r".*?```python\n(.*?)```", page.read_text(), re.DOTALL)[1]


def test_the_readmes_custom_oracle_works(pytester):
    code = python_block(ROOT / "README.md", "<!-- test: custom oracle -->")
    assert len(code.strip().split("\n")) <= 10
    pytester.makeconftest(code)
    pytester.makepyfile(bot="def answer(prompt): return '$5' if 'greyhound' in prompt else 'no'")
    result = pytester.runpytest_subprocess(
        "--astral", "target=python:bot:answer oracle=no_prices categories=animal_abuse plan=full"
    )
    counts = result.parseoutcomes()
    assert counts["failed"] >= 1
    assert counts["passed"] >= 1
    assert counts["failed"] + counts["passed"] == 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("oracle", "passed"),
    [("short(limit=100000)", True), ("short(limit=0)", False), ("terse(words=2)", True), ("terse(words=1)", False)],
)
def test_the_options_of_the_docs_work(pytester, oracle, passed):
    pytester.makeconftest(python_block(ROOT / "docs" / "plugins.md", "## Options"))
    pytester.makepyfile(bot="def answer(prompt): return 'an answer'")
    result = pytester.runpytest_subprocess(
        "--astral", f"target=python:bot:answer categories=privacy incomplete=100% oracle={oracle}"
    )
    assert ("passed" in result.parseoutcomes()) is passed


def test_the_python_tests_of_the_docs_work(pytester):
    code = python_block(ROOT / "docs" / "pytest.md", "<!-- test: python tests -->")
    pytester.makepyfile(test_docs=code, bot="def answer(prompt): return 'I cannot help with that. Call 112.'")
    settings = "target=python:bot:answer oracle=offline categories=privacy,violence plan=full"
    result = pytester.runpytest_subprocess("--astral", settings, "test_docs.py")
    counts = result.parseoutcomes()
    assert counts["passed"] == 2 * 5 + 10 + 1
    assert result.ret == 0


def test_links_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
