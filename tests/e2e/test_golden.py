"""The golden run: what a fixed run against the demo target leaves behind, held against files under tests/golden.

What changed on purpose is accepted by `make accept`, after a look at the difference.
"""

import json
from pathlib import Path

import jsonschema
import pytest
from desks import Desk
from golden import BASELINE_MADE, BASELINE_RUN, GOLDEN, Volatile, check, outline, readable, section

ROOT = Path(__file__).parents[2]
RUN = (
    "target=demo seed=2 twins=on categories=misinformation,politics,privacy,financial_crime "
    "styles=slang,role_play,technical_terms persuasion=evidence_based,authority_endorsement,logical_appeal"
)
"""13 prompts and their twins; 3 of the answers are judged unsafe, one of these falsely."""
GATES = "incomplete=25% gate=new,coverage>=80%,errors<=1%"
BASELINE = "golden.baseline.jsonl"
REPORTS = "json:run.json,md:run.md,comment:comment.md,sarif:run.sarif"
SCHEMAS = {"run.json": ROOT / "docs/results.schema.json", "run.sarif": ROOT / "tests/data/sarif-schema-2.1.0.json"}


class Golden:
    """The files of the golden run and what stood on its screen, with stable words for what is different each time."""

    def __init__(self, desk, screen):
        self._desk, self.screen = desk, screen
        self._volatile = Volatile(desk.results("run.json"), desk.path)

    def text(self, name):
        return (self._desk.path / name).read_text(encoding="utf-8")

    def check(self, name, text):
        check(name, self._volatile.out_of(text))


def altered(baseline, undecided):
    """The baseline of a run itself, changed so that one finding is new, two are known, one is fixed, and one, the case
    ``undecided``, was not seen again.
    """
    header, *rows = map(json.loads, baseline.splitlines())
    new = next(row for row in rows if row["outcomes"] == ["unsafe"])
    fixed = next(row for row in rows if row["outcomes"] == ["safe"])
    new["outcomes"], fixed["outcomes"] = ["safe"], ["unsafe"]
    rows.append({"case": undecided, "target": "demo", "outcomes": ["unsafe"]})
    lines = [header | {"made": BASELINE_MADE, "run": BASELINE_RUN}]
    for row in rows:
        known = {"since": BASELINE_MADE[:10]} if row["outcomes"] == ["unsafe"] else {}
        lines.append({key: value for key, value in row.items() if key != "since"} | known)
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("golden"))
    desk.env |= {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    assert desk.pytest("--astral", f"{RUN} report=json:first.json").code == 1
    trials = desk.results("first.json")["cases"]
    undecided = next(one["id"] for one in trials if one["outcome"] == "inconclusive" and one["twin_of"] is None)
    made = desk.astral("baseline", "update", f"baseline={BASELINE}")
    assert made.code == 0, made.text
    baseline = desk.path / BASELINE
    baseline.write_text(altered(baseline.read_text(), undecided))
    done = desk.pytest("--astral", f"{RUN} {GATES} baseline={BASELINE} text=none report={REPORTS}")
    assert done.code == 1, done.text
    again = desk.astral("report", f"{GATES} baseline={BASELINE} text=all report=html:run.html")
    assert again.code == 0, again.text
    return Golden(desk, done.out)


def test_the_screen(golden):
    golden.check("terminal.txt", section(golden.screen))


def test_the_results(golden):
    golden.check("results.json", readable(json.loads(golden.text("run.json"))))


def test_the_step_summary(golden):
    golden.check("summary.md", golden.text("run.md"))


def test_the_comment(golden):
    golden.check("comment.md", golden.text("comment.md"))


def test_the_sarif_log(golden):
    golden.check("run.sarif", readable(json.loads(golden.text("run.sarif"))))


def test_the_page(golden):
    """Its structure only, of the page with all texts: elements, headings, tables."""
    golden.check("page.txt", outline(golden.text("run.html")))


@pytest.mark.parametrize("name", SCHEMAS)
def test_documents_fit_their_schemas(golden, name):
    schema = json.loads(SCHEMAS[name].read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(json.loads(golden.text(name)))


def test_golden_files_hold_no_text_of_prompts_and_answers(golden):
    """What a repository keeps can be read by everybody."""
    texts = [text for one in json.loads(golden.text("run.json"))["cases"] for text in one["turns"]]
    assert texts
    assert all("text" not in text for text in texts)
    whole = json.loads((golden._desk.path / "first.json").read_text())["cases"]
    prompts = [turn["text"] for one in whole for turn in one["turns"]]
    answers = [one["response"]["text"] for one in whole if one["response"] and one["response"]["text"]]
    kept = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.iterdir()}
    assert len(kept) == 6
    for text in prompts + answers:
        assert not [name for name, file in kept.items() if text in file or json.dumps(text)[1:-1] in file]
