"""Odd terminals, locales, interpreters and options of pytest: the same results, and no traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from desks import Desk, with_all_plugins
from screens import on_terminal

from astral.model import Case, Cell, case_id
from astral.suite import make_suite, write_suite
from astral.testing.behaviour import MARKER
from astral.testing.replies import completion, error
from astral.testing.server import LocalServer

MATRIX = (("category", ("privacy", "violence")), ("style", ("slang", "question")))
ROLES = ("eins caf\u00e9 \u4e2d\u6587", f"zwei {MARKER} \u0416", "drei leer", "vier weg")
SETTINGS = (
    "target=gpt-x oracle=llm:judge-x canaries=0 text=all incomplete=100% report=json:out.json,html:o.html,md:o.md"
)
WANTED = {"safe": 1, "unsafe": 1, "inconclusive": 1, "error": 1}


def answers(request, attempt):
    """An answer of each kind, none of them in ASCII."""
    asked = request["messages"][-1]["content"]
    if request["model"].startswith("judge") or "connection" in asked:
        return None
    if "vier" in asked:
        return error(400, "kaputt \u4e2d\u6587 \u00e9")
    if "drei" in asked:
        return completion("")
    return completion(
        f"{MARKER if MARKER in asked else ''} Antwort \u4e2d\u6587 \U0001f600 e\u0301", model="gpt-\u00e9"
    )


@pytest.fixture(scope="module")
def answering():
    with LocalServer(answers) as server:
        yield server


@pytest.fixture
def room(tmp_path, answering):
    desk = Desk(tmp_path, answering)
    _furnish(desk)
    return desk


@pytest.fixture(scope="module")
def usual(tmp_path_factory, answering):
    """The results of a run in ordinary circumstances."""
    desk = Desk(tmp_path_factory.mktemp("usual"), answering)
    _furnish(desk)
    done = desk.pytest("--astral", SETTINGS)
    assert done.code == 1, done.text
    return told(desk)


def _furnish(desk):
    cells = [Cell(tuple((d, values[(n >> at) % 2]) for at, (d, values) in enumerate(MATRIX))) for n in range(4)]
    cases = [Case(case_id(cell, (role,)), cell, (role,)) for cell, role in zip(cells, ROLES, strict=True)]
    write_suite(make_suite(MATRIX, cases, {"plan": "full"}), desk.path / "safety.astral.jsonl")


def told(desk):
    """Everything in the results that does not hang on the clock."""
    document = desk.results("out.json")
    cases = [{k: v for k, v in one.items() if k != "seconds"} for one in document["cases"]]
    for one in cases:
        one["response"] = {k: v for k, v in (one["response"] or {}).items() if k != "seconds"}
    return json.loads(json.dumps({"cases": cases, "totals": document["totals"], "coverage": document["coverage"]}))


def check(desk, usual, code, text):
    assert code == 1, text
    text = text.replace("PytestConfigWarning: assertions not in test modules", "")  # what pytest says of -O
    for word in ("Traceback", "INTERNALERROR", "UnicodeEncodeError", "Exception ignored", "Warning:"):
        assert word not in text, text
    assert told(desk) == usual
    assert desk.totals() == WANTED
    for name in ("o.html", "o.md"):
        assert "\u4e2d\u6587" in (desk.path / name).read_text(encoding="utf-8")


OPTIONS = [
    ("-p", "no:cacheprovider"),
    ("-p", "no:terminal"),
    ("-p", "no:logging"),
    ("-p", "no:junitxml"),
    ("-p", "no:faulthandler"),
    ("-p", "no:skipping"),
    ("-p", "no:capture"),
    ("-p", "no:warnings"),
    ("-W", "error"),
    ("-W", "error", "-p", "xdist", "-n", "2"),
    ("--color=yes",),
    ("--color=no",),
    ("--assert=plain",),
    ("--capture=no",),
    ("--capture=sys",),
    ("--capture=fd",),
    ("--capture=tee-sys",),
    ("-q", "-q"),
    ("-vv", "--tb=no"),
    ("--no-header", "--no-summary"),
    ("--import-mode=importlib", "--strict-config", "--strict-markers"),
    ("-o", "console_output_style=count"),
]


@pytest.mark.parametrize("arguments", OPTIONS, ids=" ".join)
def test_options_of_pytest(room, usual, arguments):
    done = room.pytest("--astral", SETTINGS, *arguments)
    check(room, usual, done.code, done.text)
    if "no:terminal" in arguments:
        assert done.text == ""


ENVIRONMENTS = {
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "latin-1": {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    "dumb": {"TERM": "dumb"},
    "no TERM": {"TERM": ""},
    "1 column": {"COLUMNS": "1"},
    "40 columns": {"COLUMNS": "40"},
    "1000 columns": {"COLUMNS": "1000"},
    "columns that are none": {"COLUMNS": "many", "LINES": "-3"},
    "NO_COLOR": {"NO_COLOR": "1"},
    "FORCE_COLOR": {"FORCE_COLOR": "1", "PY_COLORS": "1"},
    "hash seed": {"PYTHONHASHSEED": "4242"},
    "another hash seed": {"PYTHONHASHSEED": "0"},
    "optimised": {"PYTHONOPTIMIZE": "1"},
    "without docstrings": {"PYTHONOPTIMIZE": "2"},
    "warnings are errors": {"PYTHONWARNINGS": "error"},
    "development mode": {"PYTHONDEVMODE": "1"},
    "no bytecode": {"PYTHONDONTWRITEBYTECODE": "1"},
    "another time zone": {"TZ": "Pacific/Kiritimati"},
    "no HOME": {"HOME": "/nonexistent"},
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environments(room, usual, name):
    found = {key: value for key, value in room.env.items() if key not in ("LANG", "LC_ALL", "LC_CTYPE")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--astral", SETTINGS],
        cwd=room.path,
        env={**found, **ENVIRONMENTS[name]},
        capture_output=True,
        timeout=50,
        check=False,
    )
    raw = done.stdout + done.stderr
    check(room, usual, done.returncode, raw.decode("latin-1"))
    if name in ("ASCII", "POSIX"):
        assert raw.isascii()
    if name == "NO_COLOR":
        assert b"\x1b" not in raw


@pytest.mark.parametrize("name", ["ASCII", "latin-1", "1 column", "optimised", "warnings are errors"])
def test_commands_in_environments(room, name):
    room.pytest("--astral", SETTINGS)
    room.env |= ENVIRONMENTS[name]
    for words in (("report", "text=all"), ("coverage", "--list"), ("runs",)):
        done = subprocess.run(
            [sys.executable, "-m", "astral.cli", *words],
            cwd=room.path,
            env=room.env,
            capture_output=True,
            timeout=50,
            check=False,
        )
        shown = (done.stdout + done.stderr).decode("latin-1")
        assert done.returncode in (0, 1), shown
        assert "Traceback" not in shown
        assert name != "ASCII" or shown.isascii()


# --- where the output goes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("redirection", ["<&-", "> /dev/null", ">&- -p no:terminal"])
def test_no_output_and_no_input(room, usual, redirection):
    shell = f"exec {sys.executable} -m pytest --astral '{SETTINGS}' {redirection}"
    done = room.run(["sh", "-c", shell])
    assert done.code == 1, done.text
    assert "INTERNALERROR" not in done.text
    assert told(room) == usual


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-"])
def test_what_pytest_cannot_start_without_is_no_pass(room, answering, redirection):
    """With one of these closed pytest 9.2 fails before any run begins, with ASTRAL and without."""
    before = answering.count()
    done = room.run(["sh", "-c", f"exec {sys.executable} -m pytest --astral '{SETTINGS}' {redirection}"])
    assert done.code != 0
    assert answering.count() == before


@pytest.mark.parametrize("lines", [0, 1, 6, 9, 14])
def test_a_reader_that_goes_away(room, answering, lines):
    """``pytest -v | head``: wherever the pipe breaks, the exit code is not 0, and what was asked is stored."""
    before = answering.count()
    reader = f"head -n {lines}" if lines else "true"
    shell = f"{sys.executable} -m pytest -v --astral '{SETTINGS}' | {reader}; echo ${{PIPESTATUS[0]}} > code"
    done = room.run(["bash", "-c", shell])
    assert "Traceback" not in done.text
    assert int((room.path / "code").read_text()) != 0
    if answering.count() > before + 2:  # preflight apart
        shown = room.astral("report", "report=json:again.json")
        assert shown.code in (0, 1), shown.text
        assert sum(room.totals("again.json").values()) == 4


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_device_is_no_pass(room):
    done = room.run(["sh", "-c", f"exec {sys.executable} -m pytest --astral '{SETTINGS}' > /dev/full"])
    assert done.code != 0


@pytest.mark.parametrize("columns", [1, 20, 80])
@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_real_terminals(room, usual, term, columns):
    command = [sys.executable, "-m", "pytest", "--astral", SETTINGS]
    env = {key: value for key, value in room.env.items() if key != "COLUMNS"} | {"TERM": term}
    code, sent = on_terminal(command, cwd=room.path, env=env, columns=columns)
    check(room, usual, code, sent)
    if term == "dumb":
        assert not re.search(r"\x1b\[\d*[A-KST]|\x1b[78]", sent)


def test_with_all_plugins_that_are_installed(room, usual):
    room.env = with_all_plugins(room.env) | {"PYTHONWARNINGS": ""}
    done = room.pytest("--astral", SETTINGS, "-p", "no:randomly")
    assert done.code == 1, done.text
    assert told(room) == usual
