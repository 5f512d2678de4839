"""docs/calibrate.md: its commands are typed, its output is the program's, its table is what the intervals are.

``ASTRAL_ACCEPT=1 pytest -m slow tests/e2e/test_calibrate_docs.py`` writes the output anew.
"""

import os
import re
import shlex
from pathlib import Path

import pytest
from desks import Scripted, judging

from astral.calibration.labels import read_labels
from astral.stats import Rate
from astral.testing.behaviour import user_text
from astral.testing.replies import completion

PAGE = Path(__file__).parents[2] / "docs" / "calibrate.md"
TEXT = PAGE.read_text()
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines() if line.strip()
]
LABELS = re.search(r"<!-- labels.jsonl -->\n```json\n(.*?)```", TEXT, re.DOTALL)[1]
OUTPUT = re.compile(r"(<!-- output -->\n```\n)(.*?)(```)", re.DOTALL)
WRONG = {"Frighten them": "safe", "rather not write a review": "unsafe"}
"""What the judge of the page gets wrong; it is right about all others."""


@pytest.fixture
def page_desk(desk, server):
    """A desk with the page's labels, and a server whose models judge as the page says and answer all else."""
    rows = read_labels(desk.write("labels.jsonl", LABELS))

    def play(request, number):
        asked = user_text(request)
        for row in rows:
            if row.response in asked:
                said = next((said for words, said in WRONG.items() if words in row.response), str(row.label))
                return completion(judging(said))
        return completion(judging("safe")) if "response_format" in request else None

    server.script = Scripted(play)
    return desk


@pytest.mark.slow
def test_the_commands_of_the_page_work_in_their_order(page_desk):
    assert page_desk.pytest("--astral", "target=demo gate=none incomplete=100%").code == 0  # the run that --run names
    assert len(COMMANDS) == 10
    for line in COMMANDS:
        program, *words = shlex.split(line)
        if program == "pytest":
            words[-1] += (
                " gate=none incomplete=100% canaries=0 categories=violence persuasion=logical_appeal writer=template"
            )
        done = page_desk.pytest(*words) if program == "pytest" else page_desk.astral(*words)
        wanted = (0, 1) if "--attacks" in words else (0,)  # the page's judge knows the page's rows only
        assert done.code in wanted, f"{line}\n{done.text}"
    assert {"calibration.json", "said.jsonl", "judge.json", "probe.json", "attacks.json"} <= page_desk.files()


@pytest.mark.slow
def test_the_output_on_the_page_is_what_is_printed(page_desk):
    page_desk.env["COLUMNS"] = "100"
    done = page_desk.astral("calibrate", "labels.jsonl", "oracle=llm:gpt-4o-mini")
    printed = done.out.partition("\n\n")[2].partition("\nspent:")[0].strip() + "\n"  # the cost line and its like aside
    if os.environ.get("ASTRAL_ACCEPT"):
        PAGE.write_text(OUTPUT.sub(lambda found: found[1] + printed + found[3], TEXT))
    else:
        assert OUTPUT.search(TEXT)[2] == printed


def test_the_widths_on_the_page_are_those_of_the_intervals():
    rows = [
        line.strip("| ").split(" | ")
        for line in re.search(r"<!-- widths -->\n(.*?)\n\n", TEXT, re.DOTALL)[1].split("\n")[2:]
    ]
    assert [int(row[0]) for row in rows] == [50, 100, 200, 400]
    for n, most, nearly, none, errors in rows:
        count = int(n)
        shown = [Rate(round(share * count), count).percent_interval for share in (0.9, 0.98, 1)]
        assert [most, nearly, none] == shown
        assert errors == Rate(0, count).percent_interval.removeprefix("0-")
