"""Whole runs full of live characters and forged lines: none of them is alive in what is shown or written."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from browsers import browser, new_tab, tab
from desks import Desk
from markdown_it import MarkdownIt
from pages import Page
from poison import FORGERIES, HOSTILE, HTTP, LINE, PLAIN, Script, forged_in, live_in, make_project
from screens import on_terminal

from astral.testing.server import LocalServer

__all__ = ["browser", "new_tab", "tab"]

TARGETS = f"target=gpt-x,python:bot:answer,command:{sys.executable} program.py,http:bot.toml"
REPORTS = "report=html:o.html,json:o.json,md:o.md,comment:o.comment.md,sarif:o.sarif"
LOUD = ("-vv", "--showlocals", "--tb=long", "-rA", "-o", "log_cli=true", "-o", "log_cli_level=DEBUG")
JUNIT = ("--junitxml=j.xml", "-o", "junit_logging=all", "-o")
TESTS = """
import pytest

def test_asked(astral_case, astral_target, astral_oracle):
    case, answer = astral_case, astral_target(astral_case)
    judged = astral_oracle(case, answer)
    verdicts, result = judged.verdicts, judged.result
    assert judged.safe

def test_same(astral_target):
    assert astral_target("mine").text == "fine"

def test_none(astral_target):
    assert "FORGED" not in astral_target("mine").text

def test_raise(astral_target):
    astral_target("raise")
"""


class Stage(Desk):
    """A desk with a project full of ``texts`` and a server that answers with them."""

    def __init__(self, path, server, texts):
        super().__init__(path, server)
        self.oracle = f"oracle=llm:judge-x@{server.url},words canaries=0"
        make_project(self, texts)
        self.write("bot.toml", HTTP.format(root=server.root))
        self.write("test_mine.py", TESTS)

    def trials(self, *arguments, more=""):
        return self.pytest("--astral", TARGETS, "--astral", f"{self.oracle} {more}", *arguments)


def staged(folder, texts):
    """A stage after a run with all reports; what the run showed."""
    script = Script(texts)
    with LocalServer(script, routes={"/bot": script.bot}) as server:
        stage = Stage(folder, server, texts)
        stage.env |= {"GITHUB_STEP_SUMMARY": str(folder / "step.md")}
        stage.done = stage.trials(*LOUD, *JUNIT, "junit_family=xunit2", more=f"text=all {REPORTS}")
        del stage.env["GITHUB_STEP_SUMMARY"]
        yield stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    yield from staged(tmp_path_factory.mktemp("hostile"), HOSTILE)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    yield from staged(tmp_path_factory.mktemp("plain"), PLAIN)


@pytest.fixture
def inert(counted):
    """Asserts that a text is inert, and counts its bytes."""

    def check(text, **how):
        assert live_in(text, **how) == []
        assert forged_in(text, colour=how.get("colour", False)) == []
        counted("bytes scanned", len(text.encode()))

    return check


def test_the_alarm_rings(stage):
    """What these tests look for is found where nothing was made inert, and the run did meet all of it."""
    for text in (HOSTILE.asked, HOSTILE.said, HOSTILE.raised, HOSTILE.name, LINE):
        assert live_in(text)
        assert forged_in(text.replace("\r", "\n"))
    assert live_in("\x1b[1;31mred\x1b[0m")
    assert not live_in("\x1b[1;31mred\x1b[0m\x1b[39;49;00m", colour=True)
    assert live_in("\x1b[38;5;201m", colour=True)
    totals = stage.results("o.json")["totals"]["overall"]
    assert all(totals[name] for name in ("safe", "unsafe", "inconclusive", "error"))
    shown = stage.done.text
    for words in ("raised ValueError: \\u{", "raised RuntimeError: \\u{", "the server says: \\u{", "answers came from"):
        assert words in shown, words
    assert "WARNING  strange" in shown


# --- terminal, logs, JUnit --------------------------------------------------------------------------------------------


def test_the_terminal_of_the_loudest_run(stage, inert):
    assert stage.done.code == 1
    assert "Traceback" not in stage.done.text
    inert(stage.done.out)
    inert(stage.done.err)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-v", "--durations=5", "--durations-min=0"),
        ("-q", "-q"),
        ("-s", "-rA", "--tb=short"),
        ("--color=yes", *LOUD),
        ("-p", "xdist", "-n", "2", *LOUD, *JUNIT, "junit_family=xunit1"),
    ],
    ids=lambda found: "_".join(found)[:30] or "plain",
)
def test_the_terminal(stage, inert, arguments):
    done = stage.trials(*arguments, more="text=all")
    assert done.code == 1
    assert "Traceback" not in done.text
    inert(done.out, colour="--color=yes" in arguments)
    inert(done.err, colour="--color=yes" in arguments)
    if "--junitxml=j.xml" in arguments:
        check_junit(stage, inert)


@pytest.mark.parametrize("arguments", [(), ("--color=yes", "-vv", "--tb=long"), ("-p", "xdist", "-n", "2", "-vv")])
def test_python_tests(stage, inert, arguments):
    done = stage.pytest(
        *("test_mine.py", "--astral", "target=gpt-x,python:bot:answer", "--astral", f"{stage.oracle} text=all"),
        *("--showlocals", "-rA", *arguments, *JUNIT, "junit_family=xunit2"),
    )
    assert done.code == 1
    assert re.search(r"\d+ failed", done.text)
    inert(done.out, colour="--color=yes" in arguments)
    inert(done.err)
    check_junit(stage, inert)


def test_a_real_terminal(stage, inert):
    command = [sys.executable, "-m", "pytest", "--astral", TARGETS, "--astral", f"{stage.oracle} text=all"]
    code, sent = on_terminal(command, cwd=stage.path, env={**stage.env, "TERM": "xterm"})
    assert code == 1
    own = re.sub(r"\x1b\[\d*[AB]|\x1b\[2K|\x1b[78D]", "", sent)  # of the line that tells how far the run is
    inert(own, colour=True, allowed="\r")


def check_junit(stage, inert):
    """expat and lxml read it, and it tells each trial once; pytest spells controls in texts of logs ``#x1B``."""
    raw = (stage.path / "j.xml").read_bytes()
    inert(raw.decode("utf-8"))
    suite = ET.fromstring(raw).find("testsuite")
    for text in suite.itertext():
        inert(text)
    for one in suite.iter():
        for value in one.attrib.values():
            inert(value)
    cases = suite.findall("testcase")
    assert len({(one.get("classname"), one.get("name")) for one in cases}) == len(cases) > 0
    if etree := _lxml():
        assert len(etree.fromstring(raw).findall("testsuite/testcase")) == len(cases)


def _lxml():
    try:
        from lxml import etree
    except ImportError:
        return None
    return etree


def test_junit_of_the_loudest_run(stage, inert):
    check_junit(stage, inert)


def test_junit_in_lxml(stage):
    etree = pytest.importorskip("lxml.etree", reason="JUnit is read by expat alone: pip install lxml")
    strict = etree.XMLParser(resolve_entities=False, recover=False)
    assert etree.fromstring((stage.path / "j.xml").read_bytes(), strict).tag == "testsuites"


# --- reports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["o.html", "o.json", "o.md", "o.comment.md", "o.sarif", "step.md"])
def test_no_live_character_in_a_report(stage, counted, name):
    text = (stage.path / name).read_bytes().decode("utf-8")
    assert live_in(text) == []
    assert "\\u{1b}" in text or "\\u001b" in text
    counted("bytes scanned", len(text.encode()))


@pytest.mark.parametrize("name", ["o.json", "o.sarif"])
def test_json_is_ascii_and_gives_the_texts_back(stage, counted, name):
    raw = (stage.path / name).read_bytes()
    assert raw.isascii()
    assert re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", raw) is None
    document = json.loads(raw)
    if name == "o.json":
        answers = [one["response"]["text"] for one in document["cases"] if one.get("response")]
        assert any(HOSTILE.said in text for text in answers)
    counted("bytes scanned", len(raw))


def test_json_lines_are_split_by_nothing_but_a_line_feed(stage):
    text = (stage.path / "safety.astral.jsonl").read_text(encoding="utf-8")
    assert len(text.splitlines()) == text.count("\n")


def test_html_gains_no_element_no_attribute_and_no_load(stage, plain):
    hostile, tame = ((where.path / "o.html").read_text(encoding="utf-8") for where in (stage, plain))
    page, other = Page(hostile), Page(tame)
    assert page.tags == other.tags
    assert Counter((tag, name) for tag, name, _ in page.attributes) == Counter(
        (tag, name) for tag, name, _ in other.attributes
    )
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "style", "action", "srcdoc", "data", "http-equiv") or tag == "meta"
        assert name != "href" or value.startswith("#")


def test_html_in_a_browser(stage, plain, new_tab):
    found = []
    for where in (stage, plain):
        tab = new_tab()
        address = (where.path / "o.html").as_uri()
        tab.goto(address)
        assert tab.asked == [address]
        assert tab.faults == []
        count = "() => [...document.querySelectorAll('*')].map(one => one.localName)"
        found.append(Counter(tab.evaluate(count)))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["o.md", "o.comment.md", "step.md"])
def test_markdown_fences_hold(stage, name):
    """A parser of GitHub's dialect sees the texts in code alone: no link, image, emphasis or element of theirs."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse((stage.path / name).read_text())
    fences = [token.content for token in tokens if token.type == "fence"]
    assert any("onload=x" in text and "~~~" in text for text in fences)
    for token in [*tokens, *(child for block in tokens for child in block.children or ())]:
        assert token.type not in ("link_open", "image", "s_open", "heading_open") or token.markup.startswith("#"), token
        if token.type.startswith("html"):
            assert re.fullmatch(r"(</?(details|summary)>|<!--[^<>]*-->|[\w.:+ -]+|\s)+", token.content), token.content
        if token.type == "text":
            assert not re.search(r"onload|javascript", token.content), token.content


def test_no_output_is_csv():
    """Nothing that ASTRAL writes is opened by a spreadsheet. A new format that is has to neutralise formulas first."""
    import astral
    from astral.formats import LOUD as LOUD_FORMATS
    from astral.registry import BuiltIns

    assert {*BuiltIns().pytest_astral_reports()} == {"json", "html", "md", "comment", "sarif"} >= {*LOUD_FORMATS}
    for path in Path(astral.__file__).parent.rglob("*.py"):
        assert not re.search(r"csv\.(?:writer|DictWriter)|\.to_csv\(|\.tsv\b", path.read_text()), path


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(stage):
    """The stage with a second run, a baseline, labels and a second suite, all hostile."""
    stage.trials(more="text=all")
    stage.astral("baseline", "update", "baseline=known.jsonl")
    row = {"prompt": HOSTILE.asked, "response": HOSTILE.said, "label": "unsafe", "category": HOSTILE.said}
    rows = [{**row, "source": LINE, "id": f"{LINE}{n}", "response": f"{n} {HOSTILE.said}"} for n in range(4)]
    rows[0]["prompt"] = "rubbish"
    rows[1]["prompt"] = "crash"
    stage.write("labels.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    lines = (stage.path / "safety.astral.jsonl").read_text().splitlines()
    stage.write("other.astral.jsonl", "\n".join([lines[0], *lines[2:]]) + "\n")
    ids = [one["id"] for one in stage.results("o.json")["cases"] if one["outcome"] == "unsafe"]
    note = {"target": "http-bot", "label": "safe", "who": LINE[:90], "when": "2026-01-01T00:00:00Z"}
    note["note"] = HOSTILE.said
    stage.write("notes.jsonl", "".join(json.dumps({"id": f"{id}.http-bot", **note}) + "\n" for id in ids))
    seed = {"text": HOSTILE.said, "category": "privacy", "licence": LINE, "source": LINE}
    texts = [f"{n} \u202e\u200b {' '.join(FORGERIES)}" for n in range(3)]  # with others a row is passed over
    stage.write("seeds.jsonl", "".join(json.dumps({**seed, "text": text}) + "\n" for text in (*texts, HOSTILE.said)))
    return stage


COMMANDS = (
    ("report", "text=all"),
    ("report", "text=all", "report=md:again.md"),
    ("compare", "report=md:c.md,json:c.json,html:c.html"),
    ("compare", "gpt-x", "http-bot"),
    ("coverage", "--list"),
    ("coverage", "--format", "md"),
    ("coverage", "--format", "json"),
    ("baseline", "show", "baseline=known.jsonl"),
    ("baseline", "update", "baseline=known.jsonl", "--replace"),
    ("diff", "safety.astral.jsonl", "other.astral.jsonl"),
    ("diff", "safety.astral.jsonl", "other.astral.jsonl", "--format", "md"),
    ("calibrate", "labels.jsonl", "oracle=words", "--show-text", "--json", "cal.json"),
    ("review", "--import", "notes.jsonl", "--who", LINE[:90]),
    ("review", "--format", "jsonl"),
    ("report", "text=all", "report=html:reviewed.html"),
    ("plugins",),
    ("runs",),
    ("judge", "oracle=words", "text=all"),
    ("merge", LINE[:90]),
    ("corpus", "import", "seeds.jsonl", "--format", "jsonl", "--name", "strange", "--licence", LINE),
    ("corpus", "search", LINE, "corpus=strange"),
    ("corpus", "list"),
    ("generate", "made.astral.jsonl", "writer=llm:writer-x", "preset=smoke", "budget=99req", "categories=privacy"),
)


MAY_BE_REFUSED = {"merge", "generate"}


def test_commands_show_no_live_character(shelf, inert):
    """One test, since each goes on from what the one before it left."""
    done = {}
    for words in COMMANDS:
        found = done[words] = shelf.astral(*words)
        assert "Traceback" not in found.text, (words, found.text[-2000:])
        try:
            if words[-1] != "jsonl" and "json" not in words:
                inert(found.out)
            else:
                assert live_in(found.out) == []
            inert(found.err)
        except AssertionError as err:
            raise AssertionError(f"astral {words[:2]}: {str(err)[:2000]}") from None
    refused = {words: found.text[-500:] for words, found in done.items() if found.code not in (0, 1)}
    assert {words[0] for words in refused} <= MAY_BE_REFUSED, refused
    for name in ("again.md", "c.md", "c.json", "c.html", "cal.json", "reviewed.html"):
        assert live_in((shelf.path / name).read_text(encoding="utf-8")) == [], name


# --- errors -----------------------------------------------------------------------------------------------------------

BAD_LINES = {
    "key": {"astral_suite": 1, LINE: 1},
    "version": {"astral_suite": LINE},
    "matrix": {"astral_suite": 1, "matrix": [[LINE, [LINE]]]},
}


@pytest.mark.parametrize(
    "settings",
    [
        f"target=demo suite={LINE}",
        f"target=demo baseline={LINE}",
        f"target=demo report=html:no/such/{LINE}/x.html",
        f"target=demo report={LINE}:x",
        f"target=demo gate={LINE}",
        f"target=demo categories={LINE}",
        f"target={LINE}",
        f"target=openai:{LINE}",
        f"target=http:{LINE}.toml",
        f"target=command:{LINE}",
        f"target=python:{LINE}:x",
        f"target=langchain:{LINE}:x",
        f"target=demo oracle={LINE}",
        f"target=demo oracle=probe:{LINE}",
        f"target=demo resume={LINE}",
        f"target=demo prices={LINE}",
        f"target=demo card={LINE}",
        f"target=demo extra={LINE}",
        f"{LINE}=x",
        LINE,
    ],
    ids=lambda text: text.replace(LINE, "LINE"),
)
def test_usage_errors(stage, inert, settings):
    done = stage.pytest("--astral", settings)
    assert done.code in (1, 2, 4, 5), done.text
    assert "Traceback" not in done.text
    inert(done.out)
    inert(done.err)


@pytest.mark.parametrize("header", BAD_LINES, ids=str)
def test_a_bad_suite(offline_desk, inert, header):
    offline_desk.write("bad.astral.jsonl", json.dumps(BAD_LINES[header]) + "\n")
    done = offline_desk.pytest("--astral", "target=demo suite=bad.astral.jsonl", "-vv", "--showlocals")
    assert done.code != 0
    inert(done.text)


@pytest.mark.parametrize(
    "words",
    [(LINE,), ("report", LINE), ("compare", LINE, LINE), ("merge", LINE), ("calibrate", LINE), ("diff", LINE, LINE)],
    ids=lambda words: words[0][:8] if words[0] != LINE else "LINE",
)
def test_commands_that_are_refused(offline_desk, inert, words):
    done = offline_desk.astral(*words)
    assert done.code == 4
    assert "Traceback" not in done.text
    inert(done.text)


def test_messages_of_exceptions():
    """Every class of error is inert, whatever it was put together from."""
    import astral.errors

    kinds = [one for one in vars(astral.errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    for kind in kinds:
        two = issubclass(kind, (astral.errors.CallError, astral.errors.MissingExtraError))
        first = () if kind is astral.errors.BudgetExhausted or not two else ("word",)
        text = str(kind(*first, HOSTILE.raised))
        assert live_in(text) == forged_in(text) == []
        assert "\n" not in text
