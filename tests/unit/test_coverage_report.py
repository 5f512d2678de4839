"""What ``astral coverage`` prints: lines, markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import pytest
from coverage_runs import dated, matrix_of
from records import SMALL, case, cell, realistic, record, result

from astral.coverage import united
from astral.model import Case, RunRecord
from astral.reports.coverage import lines
from astral.reports.coverage_files import document, markdown

FIRST = cell("privacy", "slang", "logic")
OTHER = cell("violence", "question", "proof")


def small() -> RunRecord:
    one, two = (replace(case(where), extra={"x_language": tongue}) for where, tongue in ((FIRST, "eu"), (OTHER, "fr")))
    return record([one, two], [result(one, "safe"), result(two, "error")])


def text(*records: RunRecord, width: int = 80, listed: bool = False) -> str:
    return "\n".join(lines(united(records), [one.run for one in records], width=width, listed=listed))


def md(*records: RunRecord, listed: bool = False) -> str:
    return "\n".join(markdown(united(records), [one.run for one in records], listed=listed))


def test_the_lines_of_a_small_run() -> None:
    assert (
        text(small(), listed=True)
        == """\
coverage of run run1 of safety.astral.jsonl at m

coverage  judged        generated
1-way        3/6  50 %        6/6
2-way       3/12  25 %       6/12
3-way        1/8  12 %        2/8

never judged: 3 of 6 values
  category: violence (1 error)
  style: question (1 error)
  persuasion: proof (1 error)

never judged: 9 of 12 pairs
  privacy / style: question (not planned)
  violence / style: slang (not planned)
  violence / style: question (1 error)
  privacy / persuasion: proof (not planned)
  violence / persuasion: logic (not planned)
  violence / persuasion: proof (1 error)
  slang / persuasion: proof (not planned)
  question / persuasion: logic (not planned)
  question / persuasion: proof (1 error)

cells without a judged prompt: 7 of 8
planned, but not judged: 1
  violence / question / persuasion: proof (1 error)
not planned: 6
  privacy / slang / persuasion: proof
  privacy / question / persuasion: logic, proof
  violence / slang / persuasion: logic, proof
  violence / question / persuasion: logic

with further dimensions: language (eu, fr)
coverage  judged        generated
1-way        4/8  50 %        8/8
2-way       6/24  25 %      12/24
3-way       4/32  12 %       8/32
never judged with them: 1 value
  language: fr
never judged with them: 9 pairs
  eu / category: violence
  eu / style: question
  eu / persuasion: proof
  fr / category: privacy, violence
  fr / style: slang, question
  fr / persuasion: logic, proof"""
    )


def test_several_runs_say_what_each_adds() -> None:
    done = dated(record([case(OTHER)], [result(case(OTHER), "unsafe", "gpt-4o")]), 2)
    shown = text(dated(small(), 1), done)
    assert shown.startswith("coverage of 2 runs together\n")
    assert "run1  3 (+3)  3 (+3)  1 (+1)  3/3/1  m" in shown
    assert "run2  3 (+3)  3 (+3)  1 (+1)  3/3/1  gpt-4o" in shown
    assert "with further dimensions: target (m, gpt-4o), language (eu, fr)" in shown
    table = md(dated(small(), 1), done)
    assert "| `run2` | `gpt-4o` | 3 (+3) | 3 (+3) | 1 (+1) | 3/3/1 |" in table


def test_lists_end_after_five_lines_unless_all_are_asked_for() -> None:
    matrix = matrix_of(4, 4, 2)
    one = case(cell("c0", "s0", "p0", matrix=matrix))
    run = record([one], [result(one, "safe")], matrix)
    short, full = text(run), text(run, listed=True)
    assert short.partition("not planned: 31\n")[2].splitlines() == [
        "  c0 / s0 / persuasion: p1",
        "  c0 / s1 / persuasion: p0, p1",
        "  c0 / s2 / persuasion: p0, p1",
        "  c0 / s3 / persuasion: p0, p1",
        "  c1 / s0 / persuasion: p0, p1",
        "  ... and 22 more: --list",
    ]
    assert len(full.partition("not planned: 31\n")[2].splitlines()) == 16
    assert ": --list" not in full
    assert "* ... and 22 more: --list" in md(run)
    assert ": --list" not in md(run, listed=True)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("sizes", [(3,), (2, 3), (2, 2, 3, 2), (2, 2, 2, 2, 2)])
def test_no_line_is_wider_than_the_screen(sizes: tuple[int, ...], width: int) -> None:
    matrix = matrix_of(*sizes)
    one = case(cell(*(values[0] for _, values in matrix), matrix=matrix))
    several = [dated(record([one], [result(one, "safe", "a" * 30)], matrix), day) for day in range(3)]
    for runs in (several[:1], several):
        assert max(map(len, text(*runs, width=width, listed=True).splitlines())) <= width
    assert max(map(len, text(realistic(2), width=width).splitlines())) <= width


def test_what_was_judged_to_the_end_leaves_no_lists() -> None:
    cases = [case(cell(*values)) for values in (("privacy", "slang", "logic"),)]
    narrow = tuple((name, values[:1]) for name, values in SMALL)
    assert text(record(cases, [result(cases[0], "safe")], narrow)).splitlines()[1:] == [
        "",
        "coverage  judged",
        "1-way        3/3  100 %",
        "2-way        3/3  100 %",
        "3-way        1/1  100 %",
    ]


def hostile() -> tuple[RunRecord, Case]:
    one = replace(case(FIRST, "secret words of a prompt"), extra={"x_note": "secret words of a note", "x_tone": "a|b"})
    run = record([one], [result(one, "safe", "m\x1b[31m")])
    return replace(run, run=replace(run.run, suite={"path": "a`b|c\x1b[2J\u202e.astral.jsonl"})), one


def test_foreign_text_stays_inert_and_no_prompt_is_shown() -> None:
    run, _ = hostile()
    for shown in (text(run, listed=True), md(run, listed=True), document(united([run]), [run.run], listed=True)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "secret" not in shown
    assert "`a'b|c\\u{1b}[2J\\u{202e}.astral.jsonl`" in md(run)
    assert "not a dimension: x_note: not all of its values are names" in " ".join(text(run).split())


def test_the_json_holds_what_the_lines_say() -> None:
    run = small()
    found = json.loads(document(united([run]), [run.run], listed=False))
    assert found["astral_coverage"] == 1
    assert found["runs"] == [
        {
            "run": "run1",
            "started": "2026-01-02T03:04:05Z",
            "suite": "safety.astral.jsonl",
            "targets": {"m": "openai:m"},
            "judged": {"1": 3, "2": 3, "3": 1},
            "added": {"1": 3, "2": 3, "3": 1},
            "alone": {"1": 3, "2": 3, "3": 1},
        }
    ]
    assert found["matrix"] == [[name, list(values)] for name, values in SMALL]
    assert found["coverage"]["2"]["total"] == 12
    assert found["coverage"]["2"]["covered"] == {"generated": 6, "executed": 3, "judged": 3}
    assert len(found["coverage"]["2"]["uncovered"]) == 9
    assert found["coverage_gaps"]["not_planned"] == 6
    assert [row["outcomes"] for row in found["coverage_gaps"]["planned"]] == [{"error": 1}]
    assert found["coverage_extended"]["dimensions"] == ["language"]
    assert "not_planned_cells" not in found["coverage_gaps"]
    listed = json.loads(document(united([run]), [run.run], listed=True))
    cells = listed["coverage_gaps"].pop("not_planned_cells")
    assert (len(cells), cells[0]) == (6, {"category": "privacy", "style": "slang", "persuasion": "proof"})
    assert listed == found


def test_the_first_lines_of_a_huge_matrix_come_at_once() -> None:
    matrix = matrix_of(50, 50, 50, 50, 50)
    one = case(cell(*(values[0] for _, values in matrix), matrix=matrix))
    run = record([one], [result(one, "safe")], matrix)
    shown = lines(united([run]), [run.run], width=80, listed=True)
    assert next(line for line in islice(shown, 30_000) if line.startswith("not planned: ")) == "not planned: 312499999"
