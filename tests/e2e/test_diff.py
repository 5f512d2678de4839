"""``astral diff`` at a prompt: two files, one comparison, and prompts only for those who ask."""

import json
import sys

import pytest
from desks import SMALL, Desk

from astral.suite import read_suite, write_suite


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A suite, and a second one of another seed with a benign twin of each prompt. No test changes the two."""
    desk = Desk(tmp_path_factory.mktemp("two"))
    words = ("writer=template", "preset=smoke", "web=off", *SMALL.split())
    assert desk.astral("generate", "old.astral.jsonl", *words).code == 0
    assert desk.astral("generate", "new.astral.jsonl", "seed=5", "twins=on", *words).code == 0
    return desk


def prompts(desk, name):
    return [json.loads(line)["prompt"] for line in (desk.path / name).read_text().splitlines()[1:]]


def test_two_suites_cell_by_cell(two):
    done = two.astral("diff", "old.astral.jsonl", "new.astral.jsonl")
    assert done.code == 0, done.text
    assert "suite diff: old.astral.jsonl -> new.astral.jsonl\n" in done.out
    assert "prompts  24 -> 24: " in done.out
    assert "twins    0 -> 24: 24 added" in done.out
    assert "coverage 1-way 11/11 -> 11/11" in done.out
    assert "header   seed: 0 -> 5" in done.out
    assert "politics / slang / logical_appeal: " in done.out
    assert not any(prompt in done.text for prompt in prompts(two, "old.astral.jsonl"))


@pytest.mark.slow
def test_text_is_shown_to_those_who_ask_for_it(two):
    words = ("diff", "old.astral.jsonl", "new.astral.jsonl")
    for form in ("text", "md"):
        quiet, loud = two.astral(*words, "--format", form), two.astral(*words, f"--format={form}", "text=prompts")
        shown = [prompt for prompt in prompts(two, "new.astral.jsonl") if prompt in loud.out]
        assert len(shown) > 20
        assert not any(prompt in quiet.out for prompt in shown)


def test_markdown_fits_a_comment_and_is_the_same_each_time(two):
    words = ("diff", "old.astral.jsonl", "new.astral.jsonl", "--format", "md", "text=prompts")
    first, second = two.astral(*words), two.astral(*words)
    assert first.code == 0
    assert first.out == second.out
    assert first.out.startswith("### Suite diff: `old.astral.jsonl` → `new.astral.jsonl`\n")
    assert len(first.out.encode()) <= 65_536


@pytest.mark.slow
def test_a_file_beside_itself_is_no_change_whatever_the_order_of_its_lines(two):
    suite = read_suite(two.path / "old.astral.jsonl")
    header, *rows = (two.path / "old.astral.jsonl").read_text().splitlines(keepends=True)
    two.write("mixed.astral.jsonl", header + "".join(reversed(rows)))
    done = two.astral("diff", "old.astral.jsonl", "mixed.astral.jsonl")
    assert (done.code, done.out) == (0, "suite diff: old.astral.jsonl -> mixed.astral.jsonl: no change\n")
    write_suite(suite, two.path / "copy.astral.jsonl")
    assert "no change" in two.astral("diff", "old.astral.jsonl", "copy.astral.jsonl").out


@pytest.mark.slow
def test_a_terminal_without_unicode_still_gets_everything(two):
    words = ["diff", "old.astral.jsonl", "new.astral.jsonl", "--format", "md", "text=prompts"]
    done = two.run([sys.executable, "-m", "astral.cli", *words], env={**two.env, "PYTHONIOENCODING": "ascii"})
    assert done.code == 0, done.text
    assert "\\u2192" in done.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("old.astral.jsonl",), "diff takes 2 names, not 1"),
        (("old.astral.jsonl", "no.astral.jsonl"), "no.astral.jsonl: no such suite"),
        (("old.astral.jsonl", "junk.astral.jsonl"), "junk.astral.jsonl:1"),
        (
            ("old.astral.jsonl", "new.astral.jsonl", "--format", "mdx"),
            "'mdx': expected one of text, md; did you mean 'md'?",
        ),
        (("old.astral.jsonl", "new.astral.jsonl", "--formt", "md"), "did you mean '--format'?"),
    ],
)
def test_what_cannot_be_compared_is_one_line(two, words, said):
    two.write("junk.astral.jsonl", "{}\n")
    done = two.astral("diff", *words)
    assert (done.code, done.out) == (4, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1 or done.err.count("ERROR") == 1
    assert "Traceback" not in done.err
