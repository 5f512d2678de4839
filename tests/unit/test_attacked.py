"""The attack pack on somebody's own judge: what counts as a flip, what is left out, and what people are told."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from astral.attacks import BASE, CLASSES, marks, rows
from astral.calibration.attacked import LONGEST, asked_rows, attack_lines, planned_calls, run_attacks
from astral.errors import CallError
from astral.model import Label, Verdict

ATTACKED = [row for row in asked_rows() if row.klass != BASE]
CAN_FLIP = [row for row in ATTACKED if row.truth is not Label.UNKNOWN]
TRUTH = {(row.case.turns, row.response.text): row for row in asked_rows()}
ON_TILL = [row for row in CAN_FLIP if row.base == "till"]


class Scripted:
    """Says the truth, except for the rows whose id ``says`` names: a label, or an error to raise."""

    def __init__(self, says=None):
        self.name, self.says = "mine", says or {}
        self.asked, self.at_once, self.most_at_once = [], 0, 0

    async def judge(self, case, response):
        row = TRUTH[case.turns, response.text]
        self.asked.append(row.id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        found = self.says.get(row.id, row.truth)
        if isinstance(found, BaseException):
            raise found
        return Verdict(self.name, found)


def attacked(says=None, **more):
    oracle = Scripted(says)
    return asyncio.run(run_attacks(oracle, **more)), oracle


def opposite(row):
    return Label.SAFE if row.truth is Label.UNSAFE else Label.UNSAFE


def test_who_always_tells_the_truth_is_never_flipped():
    told = []
    report, oracle = attacked(concurrency=3, say=told.append)
    assert (report.flips.hits, report.flips.n) == (0, len(CAN_FLIP))
    assert report.to_safe.n + report.to_unsafe.n == report.flips.n
    assert (report.unknown, report.errors, report.left_out) == (0, {}, 0)
    assert sorted(oracle.asked) == sorted(row.id for row in asked_rows())
    assert oracle.most_at_once == 3
    assert told == [f"attacks: at most {planned_calls()} judgings by mine"]
    assert len(oracle.asked) == planned_calls()


def test_a_flip_is_the_other_verdict_and_unknown_is_none():
    unsafe = [row for row in CAN_FLIP if row.truth is Label.UNSAFE]
    safe = [row for row in CAN_FLIP if row.truth is Label.SAFE]
    flipped = [*unsafe[:3], *safe[:2]]
    says = {row.id: opposite(row) for row in flipped} | {unsafe[3].id: Label.UNKNOWN}
    report, _ = attacked(says)
    assert (report.flips.hits, report.to_safe.hits, report.to_unsafe.hits, report.unknown) == (5, 3, 2, 1)
    assert report.flips.n == len(CAN_FLIP)
    in_json = report.as_json()
    assert [one["id"] for one in in_json["rows"] if one["flipped"]] == sorted(
        (row.id for row in flipped), key=[row.id for row in ATTACKED].index
    )
    assert sum(one["flipped"] for one in in_json["classes"]) == 5
    assert in_json["flips"]["low"] < 5 / len(CAN_FLIP) < in_json["flips"]["high"]


@pytest.mark.parametrize("said", [Label.SAFE, Label.UNKNOWN, CallError("timeout", "no reply")])
def test_a_base_pair_that_it_does_not_get_right_takes_its_rows_with_it(said):
    report, oracle = attacked({"till": said})
    assert [one.row.id for one in report.misjudged] == ["till"]
    assert report.left_out == len(ON_TILL) > 5
    assert not {row.id for row in ON_TILL} & set(oracle.asked)
    assert report.flips.n == len(CAN_FLIP) - len(ON_TILL)
    shown = " ".join(attack_lines(report))
    assert "right about 5 of 6 base pairs" in shown
    assert f"{len(ON_TILL)} rows on these are left out" in " ".join(attack_lines(report, 500))


def test_calls_that_fail_are_counted_and_are_no_flips():
    first, second = CAN_FLIP[0], CAN_FLIP[-1]
    report, _ = attacked({first.id: CallError("http_500", "broken"), second.id: SystemExit(3)})
    assert report.errors == {"http_500": 1, "oracle_error": 1}
    assert (report.flips.hits, report.flips.n) == (0, len(CAN_FLIP) - 2)
    assert any(
        "calls that failed, in no figure: 2 (http_500 1, oracle_error 1)" in x for x in attack_lines(report, 200)
    )


def test_a_judge_that_cannot_be_reached_is_no_evidence():
    report, _ = attacked({row.id: CallError("network", "refused") for row in asked_rows()})
    assert report.flips.n == 0
    lines = attack_lines(report, 80)
    assert any("no evidence" in line for line in lines)
    assert report.as_json()["flips"] == {"flipped": 0, "n": 0, "low": None, "high": None}


def test_what_is_nothing_is_told_apart():
    nothings = [row for row in ATTACKED if row.truth is Label.UNKNOWN]
    report, _ = attacked({row.id: Label.SAFE for row in nothings})
    assert report.flips.hits == 0
    assert report.as_json()["nothing_to_judge"] == {"safe": len(nothings), "unsafe": 0, "unknown": 0}
    assert any(f"called safe {len(nothings)}, unsafe 0, unknown 0" in line for line in attack_lines(report, 120))


def test_rows_that_no_oracle_decides_cost_nothing():
    asked = {row.id for row in asked_rows()}
    for settled in ("j17-empty-till", "j18-filter-empty-till", "j18-length-safe-wallet", "j18-refusal-field-refusal"):
        assert settled not in asked
    assert max(len(row.response.text) for row in asked_rows()) <= LONGEST
    assert "j09-middle-60k-till" in asked


@pytest.mark.parametrize("width", [40, 80, 120])
def test_lines_are_narrow_and_hold_no_text_of_the_pack(width):
    report, _ = attacked({row.id: opposite(row) for row in CAN_FLIP})
    lines = attack_lines(report, width)
    assert all(len(line) <= width for line in lines)
    shown = "\n".join([*lines, json.dumps(report.as_json())])
    assert shown.isascii()
    assert not any(mark.lower() in shown.lower() for mark in marks())
    assert f"flipped {len(CAN_FLIP)}/{len(CAN_FLIP)}" in shown
    assert "not about" not in shown


def test_a_foreign_name_and_a_foreign_error_are_shown_inert():
    oracle = Scripted({CAN_FLIP[0].id: CallError("x\x1b[2J", "bad")})
    oracle.name = "mine\x1b[31m\n::error::"
    shown = "".join(attack_lines(asyncio.run(run_attacks(oracle))))
    assert "\x1b" not in shown


PAGE = (Path(__file__).parents[2] / "docs" / "judge-attacks.md").read_text()


def test_the_page_counts_the_rows_of_the_pack():
    listed = re.findall(r"^\| (J\d\d) (.+?) \| .* \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    of_class = {klass: [row for row in rows() if row.klass == klass] for klass in CLASSES}
    assert [(klass, title, int(count), int(provable)) for klass, title, count, provable in listed] == [
        (klass, CLASSES[klass], len(found), sum(row.provable for row in found)) for klass, found in of_class.items()
    ]
    assert f"({planned_calls()} judgings at most;" in PAGE


def test_the_example_of_the_page_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    out = capsys.readouterr().out
    assert f"at most {planned_calls()} judgings by nervous" in out
    assert "right about all 6 base pairs" in out
    assert re.search(r"^\{'flipped': \d+, 'n': \d+, 'low': 0\.\d+", out, re.MULTILINE)
