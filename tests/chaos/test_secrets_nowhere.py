"""No secret in any artefact: canary keys that everybody repeats are found in no file and no byte of output."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from canary import (
    BOT,
    CONFTEST,
    DSN,
    EVERY,
    FEED,
    HEADERS,
    HTTP,
    KEYS,
    PROGRAM,
    PROXY,
    SAID,
    Telltale,
    leaks,
    leaks_below,
    spelled,
)
from desks import Desk
from hypothesis import given, settings
from hypothesis import strategies as st

from astral.model import Case, Cell, case_id
from astral.secrets import MASK, Redactor
from astral.suite import make_suite, write_suite
from astral.testing.behaviour import MARKER
from astral.testing.replies import Reply, error
from astral.testing.server import LocalServer

KEY = KEYS["OPENAI_API_KEY"]
MATRIX = (("category", ("privacy", "violence")), ("style", ("slang", "question")), ("persuasion", ("logic", "proof")))
ROLES = (f"{MARKER} one", "two", "three", "four raise", "five crash", "six", "seven odd", "eight rubbish")
LOUD = ("-vv", "-l", "--showlocals", "--tb=long", "-rA", "-o", "log_cli=true", "-o", "log_cli_level=DEBUG")
JUNIT = ("--junitxml=j.xml", "-o", "junit_logging=all", "-o", "log_file=run.log", "-o", "log_file_level=DEBUG")
REPORTS = "report=html:o.html,json:o.json,md:o.md,comment:c.md,sarif:o.sarif text=all"
TESTS = """
def test_asked(astral_target, astral_oracle):
    answer = astral_target("one")
    judged = astral_oracle("one", answer)
    verdicts = judged.verdicts
    assert judged.unsafe is None

def test_text(astral_target):
    assert astral_target("one").text == "fine"

def test_raise(astral_target):
    astral_target("raise")

def test_crash(astral_oracle):
    astral_oracle("crash", "an answer")
"""


class Vault(Desk):
    """A desk with all keys in its environment, and a place outside of it where programs and workers leave notes."""

    def __init__(self, folder, server):
        self.outside = folder / "outside"
        super().__init__(folder / "desk", server)
        for place in (self.path, self.outside):
            place.mkdir()
        self.env |= {**KEYS, "OUTSIDE": str(self.outside), "DATABASE_URL": f"postgresql://user:{DSN}@db.invalid/x"}
        self.env |= {"HTTPS_PROXY": f"http://user:{PROXY}@127.0.0.1:9/", "GITHUB_STEP_SUMMARY": str(self.path / "s.md")}
        self.oracle = f"oracle=llm:judge-x@{server.url}(key_env=JUDGE_KEY),words canaries=0"
        cases = []
        for number, role in enumerate(ROLES):
            cell = Cell(tuple((d, values[(number >> at) % 2]) for at, (d, values) in enumerate(MATRIX)))
            cases.append(Case(case_id(cell, (role,)), cell, (role,)))
        write_suite(make_suite(MATRIX, cases, {"plan": "full"}), self.path / "safety.astral.jsonl")
        fields = {"names": ["OPENAI_API_KEY", "PLUGIN_TOKEN", "DATABASE_URL"], "marker": MARKER, "root": server.root}
        for name, code in (("bot.py", BOT), ("program.py", PROGRAM), ("conftest.py", CONFTEST), ("bot.toml", HTTP)):
            self.write(name, code.format(**fields, said="os.environ"))
        self.write("test_mine.py", TESTS)
        self.targets = f"target=gpt-x,python:bot:answer,command:{sys.executable} program.py,http:bot.toml"

    def trials(self, *arguments, more="", targets=""):
        return self.pytest("--astral", targets or self.targets, "--astral", f"{self.oracle} {more}", *arguments)


@pytest.fixture
def telltale():
    return Telltale()


@pytest.fixture
def vault(tmp_path, telltale):
    with LocalServer(telltale, routes={"/bot": telltale.bot}) as server:
        yield Vault(tmp_path, server)


@pytest.fixture
def clean(counted):
    """Asserts that no key is in what commands showed, nor in any file below the desk and the notes outside."""

    def check(vault, *shown):
        for done in shown:
            text = (done if isinstance(done, str) else done.text).encode("utf-8", "surrogatepass")
            assert leaks(text) == []
            counted("bytes scanned", len(text))
        for place in (vault.path, vault.outside):
            found, size = leaks_below(place)
            assert found == []
            counted("bytes scanned", size)

    return check


def test_the_alarm_rings(vault):
    """The scan finds each key in each spelling, in a file and in a file's name, and the program under test has them."""
    for key in EVERY:
        for one in spelled(key):
            assert leaks(f"before {one} after".encode()), one
    vault.write("leak.txt", base64.b64encode(b"xx" + KEY.encode() + b"yy").decode())
    found, size = leaks_below(vault.path)
    assert [line.partition(":")[0] for line in found] == ["leak.txt"]
    assert size > 1_000
    assert not leaks(SAID.replace("canary", "").encode(), ("another-key-altogether",))
    assert leaks(json.dumps(HEADERS).encode())


def test_a_run_whose_whole_world_repeats_its_keys(vault, clean):
    done = vault.trials(*LOUD, *JUNIT, more=REPORTS)
    assert done.code == 1
    outcomes = vault.totals("o.json")
    assert {"safe", "unsafe", "error"} <= {*outcomes}, outcomes
    assert "raised RuntimeError: ('refused'" in done.text
    assert "the key is [redacted]" in done.text
    assert (vault.path / ".astral" / "astral.db").read_bytes().count(b"[redacted]") > 20
    shown = [vault.astral(*words) for words in COMMANDS]
    assert {one.code for one in shown} <= {0, 1}, [one.text[-300:] for one in shown if one.code > 1]
    clean(vault, done, *shown)
    notes = [*vault.outside.glob("cmdline-*")]
    assert len(notes) >= 2


COMMANDS = (
    ("report", "text=all"),
    ("compare", "gpt-x", "http-bot", "report=json:c.json"),
    ("coverage", "--list"),
    ("baseline", "update", "baseline=known.jsonl"),
    ("review", "--format", "jsonl"),
    ("judge", "oracle=words", "text=all"),
    ("plugins",),
    ("runs",),
)


def test_workers_are_told_no_key(vault, clean):
    done = vault.trials("-p", "xdist", "-n", "2", *LOUD, *JUNIT, more=REPORTS)
    assert done.code == 1
    assert "the key is [redacted]" in done.text
    notes = [path.read_bytes() for path in vault.outside.glob("worker-*")]
    assert len(notes) == 2
    assert all(b"'astral'" in note for note in notes)
    clean(vault, done)


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
def test_python_tests(vault, clean, arguments):
    vault.trials("-x", targets="target=gpt-x")
    done = vault.trials("test_mine.py", *LOUD, *JUNIT, *arguments, targets="target=gpt-x,python:bot:answer")
    assert re.search(r"7 failed", done.text)
    clean(vault, done)


REFUSALS = {
    "401": error(401, f"Incorrect API key provided: {SAID}", code=SAID, headers=HEADERS),
    "403": error(403, SAID, headers=HEADERS),
    "404": error(404, SAID),
    "quota": error(429, SAID, code="insufficient_quota", headers=HEADERS),
    "500": error(500, SAID, headers={"Retry-After": "0", **HEADERS}),
    "redirect": Reply(307, {"Location": f"http://{KEY[:6]}:{KEYS['JUDGE_KEY']}@127.0.0.1:1/?key={KEYS['BOT_KEY']}"}),
    "not JSON": Reply(200, {"Content-Type": "application/json"}, SAID.encode()),
    "cut": Reply(200, {"Content-Type": "application/json"}, json.dumps({"choices": SAID}).encode(), fault="cut"),
    "no completion": Reply(200, {"Content-Type": "application/json"}, json.dumps({SAID: SAID}).encode()),
    "error with 200": Reply(200, {}, json.dumps({"error": {"message": SAID, "code": SAID}}).encode()),
    "latin-1": Reply(200, {"Content-Type": "text/html; charset=latin-1"}, f"<p>\xff{SAID}".encode("latin-1")),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_failures(vault, clean, telltale, name):
    telltale.refuse = REFUSALS[name]
    done = vault.trials(
        *("--showlocals", "-vv", "--tb=long", "--junitxml=j.xml"),
        more=f"{REPORTS} preflight={'on' if name in ('401', '404') else 'off'} retries=1",
        targets="target=gpt-x,http:bot.toml",
    )
    assert done.code != 0
    assert "Traceback" not in done.text
    clean(vault, done)


@pytest.mark.parametrize(
    "settings_",
    [
        'target=demo extra={{"api_key": "{key}"}}',
        'target=gpt-x(extra={{"top_p": "{key}"}})',
        "target=demo system={key}",
        "target=gpt-x(system=be {key})",
        "target=gpt-x(api_key={key})",
        "target=openai:gpt-x@http://user:{key}@127.0.0.1:1/v1",
        "target=openai:gpt-x@http://127.0.0.1:1/v1?api_key={key}",
        "target=openai:{key}",
        "target=http:{key}.toml",
        "target=command:{key}",
        "target=python:{key}:answer",
        "target=demo oracle=llm:judge@http://user:{key}@127.0.0.1:1/v1",
        "target=demo oracle={key}",
        "target=demo suite={key}.astral.jsonl",
        "target=demo prices={key}",
        "target=demo resume={key}",
        "target=demo {key}=x",
        "target=demo temperature={key}",
        "{key}",
    ],
    ids=lambda text: text.replace("{key}", "KEY"),
)
def test_keys_that_somebody_types(vault, clean, settings_):
    """A live key on the command line, where it does not belong, is not repeated and not stored."""
    typed(vault, clean, settings_.format(key=KEYS["JUDGE_KEY"]))


@pytest.mark.parametrize(
    "settings_",
    [
        "target=gpt-x(api_key={key})",
        "target=openai:gpt-x@http://user:{key}@127.0.0.1:1/v1",
        "target=openai:gpt-x@http://127.0.0.1:1/v1?api_key={key}",
        "target=demo oracle=llm:judge@http://127.0.0.1:1/v1?token={key}",
        'target=gpt-x extra={{"api_key": "{key}"}}',
    ],
    ids=lambda text: text.replace("{key}", "KEY"),
)
def test_keys_that_only_their_names_give_away(vault, clean, settings_):
    """No variable holds this one."""
    typed(vault, clean, settings_.format(key=FEED))


def typed(vault, clean, text):
    done = vault.pytest("--astral", text, "--astral", REPORTS, "--showlocals", "-vv", "--tb=long", "--junitxml=j.xml")
    assert done.code != 0
    assert "Traceback" not in done.text
    clean(vault, done)


def test_a_search_that_repeats_its_key(vault, clean, telltale):
    def searched(logged, attempt):
        return error(401 if attempt > 1 else 200, f"{SAID} {FEED}", headers=HEADERS)

    with LocalServer(telltale, routes={"/search": searched, "/feed": searched, "/sx": searched}) as server:
        vault.env |= {"TAVILY_BASE_URL": server.root}
        feed = f"rss:{server.root}/feed?token={FEED}"
        words = ("writer=llm:writer-x", "preset=rag-fs-ts", "categories=privacy", "budget=60req", "embedder=hash")
        shown = [vault.astral("generate", "a.astral.jsonl", f"web=tavily,searxng:{server.root}/sx,{feed}", *words)]
        shown.append(vault.astral("news", "news.jsonl", f"web=tavily,{feed}", "categories=privacy"))
    assert all("Traceback" not in one.text for one in shown)
    clean(vault, *shown)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to look at processes with")
def test_a_killed_run_leaves_no_key_in_its_log(vault, clean, telltale):
    """``kill -9`` leaves the write-ahead log with everything that was ever written into it."""
    count = iter(range(100))
    told = telltale.bot

    def bot(logged, attempt):
        if next(count) == 5:
            os.kill(child.pid, signal.SIGKILL)
        return told(logged, attempt)

    telltale.bot = bot
    with LocalServer(telltale, routes={"/bot": bot}) as server:
        vault.write("bot.toml", HTTP.format(root=server.root))
        child = vault.start("--astral", vault.targets, "--astral", f"{vault.oracle} preflight=off")
        shown = child.communicate(timeout=50)[0]
    assert child.returncode == -signal.SIGKILL
    assert (vault.path / ".astral" / "astral.db-wal").stat().st_size > 4_096
    clean(vault, shown)


# --- the redactor -----------------------------------------------------------------------------------------------------

KEYLIKE = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=6, max_size=40)
ANY = st.text(st.characters(), max_size=60)
PATTERNS = re.compile(r"(?i)\b(sk|pk|rk|tvly|gsk|xai)-|bearer|api.?key|authorization|basic")


@settings(max_examples=1_500)
@given(st.data(), KEYLIKE)
def test_no_spelling_survives(data, key):
    redactor = Redactor([key])
    parts = data.draw(st.lists(st.sampled_from(sorted(spelled(key))) | ANY, max_size=6))
    cleaned = redactor.clean("".join(parts))
    left = [one for one in leaks(cleaned.encode("utf-8", "surrogatepass"), (key,)) if key not in MASK]
    around = "".join(part for part in parts if part not in spelled(key))
    assert not left or leaks(around.encode("utf-8", "surrogatepass"), (key,)) or _made_by_the_mask(key), left


def _made_by_the_mask(key: str) -> bool:
    """A key of few different signs may come about anew beside the mask."""
    return len(set(key)) < 4 or any(sign in key for sign in ("[", "]", "redac"))


@settings(max_examples=1_500)
@given(ANY, KEYLIKE)
def test_text_without_a_key_stays(text, key):
    if not leaks(text.encode("utf-8", "surrogatepass"), (key,)) and not PATTERNS.search(text):
        assert Redactor([key]).clean(text) == text


@settings(max_examples=300)
@given(st.data(), ANY, ANY)
def test_a_key_in_pieces_is_hidden_once_they_are_together(data, before, after):
    """Replies come in chunks; what is cleaned is the whole."""
    text = before + KEY + after
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert KEY not in Redactor([KEY]).clean("".join(chunks))


@settings(max_examples=300)
@given(ANY)
def test_cleaning_twice_is_cleaning_once(text):
    redactor = Redactor(EVERY)
    assert redactor.clean(redactor.clean(text)) == redactor.clean(text)
