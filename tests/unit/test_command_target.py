"""A program as the target: real processes, and none of them left."""

import asyncio
import json
import os
import re
import stat
import sys
import time
from pathlib import Path

import pytest
from networks import make_network

from astral.context import Context
from astral.errors import CallError, SettingsError
from astral.model import Case, Cell, case_id
from astral.secrets import Redactor
from astral.setting_values import parse_spec, read_specs
from astral.settings import parse_pairs, parse_settings
from astral.targets.command import build_target
from astral.targets.program import OUTPUT_LIMIT
from astral.taxonomy import DEFAULT

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
PYTHON = sys.executable
DOCUMENT = Path(__file__).parents[2] / "docs" / "targets-code.md"


def case(*turns):
    return Case(case_id(CELL, turns), CELL, turns)


def built(path, line, *pairs, redactor=None):
    context = Context(parse_settings(pairs), DEFAULT, make_network(redactor=redactor), path)
    return build_target(parse_spec(f"command:{line}"), context)


def program(path, body, name="bot.py"):
    (path / name).write_text(f"import sys, os, json, time, subprocess\n{body}\n")
    return f"{PYTHON} {name}"


def ask(target, *turns):
    return asyncio.run(target.answer(case(*turns or ("hello",)), 1))


def error_of(target, *turns):
    with pytest.raises(CallError) as caught:
        ask(target, *turns)
    assert "\n" not in str(caught.value)
    return caught.value


def gone(pid):
    """True once nothing of that number is left, but perhaps a zombie that somebody else must bury."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


# --- what goes in and comes out ---------------------------------------------------------------------------------------


def test_the_prompt_goes_in_and_the_answer_comes_out(tmp_path):
    response = ask(built(tmp_path, program(tmp_path, "sys.stdout.write('you said: ' + sys.stdin.read())")), "good day")
    assert response.text == "you said: good day"
    assert response.seconds > 0
    assert response.usage is None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("b'two\\nlines\\n'", "two\nlines"),
        ("b'x\\n\\n'", "x\n"),
        ("b'x\\r\\n'", "x"),
        ("b''", ""),
        ("b'a\\xff\\xc3'", "a\ufffd\ufffd"),
        ("b'\\xc3\\xa4' * 200_000", "ä" * 200_000),
    ],
)
def test_what_is_written_is_read_as_utf_8_without_its_last_line_break(tmp_path, written, text):
    assert ask(built(tmp_path, program(tmp_path, f"sys.stdout.buffer.write({written})"))).text == text


def test_a_prompt_of_any_kind_arrives_whole(tmp_path):
    target = built(tmp_path, program(tmp_path, "print(ascii(sys.stdin.buffer.read().decode()))"))
    for prompt in ("{{ x }} $HOME `id` ; \"'\\ \x1b[31m", "ä\u2028\U0001f600", "x" * 500_000):
        assert ask(target, prompt).text == ascii(prompt)
    assert ask(target, "lone \ud800 one").text == ascii("lone \ufffd one")


def test_a_program_that_reads_nothing_is_fine(tmp_path):
    assert ask(built(tmp_path, program(tmp_path, "print('no')")), "x" * 1_000_000).text == "no"


def test_arguments_are_split_as_a_shell_would_and_no_shell_is_there(tmp_path):
    line = program(tmp_path, "print(json.dumps(sys.argv[1:]))") + """ --mode x "a, b" '(c)' $HOME *"""
    assert json.loads(ask(built(tmp_path, line)).text) == ["--mode", "x", "a, b", "(c)", "$HOME", "*"]


def test_it_runs_where_pytest_was_called_with_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-that-is-there")
    line = program(tmp_path, "print(os.getcwd(), len(os.environ['OPENAI_API_KEY']))")
    assert ask(built(tmp_path, line)).text == f"{tmp_path.resolve()} 19"


def test_a_known_secret_in_an_answer_is_hidden(tmp_path):
    target = built(tmp_path, program(tmp_path, "print('it is hush-hush-1')"), redactor=Redactor(["hush-hush-1"]))
    assert ask(target).text == "it is [redacted]"


# --- conversations ----------------------------------------------------------------------------------------------------


def test_a_conversation_needs_json(tmp_path):
    err = error_of(built(tmp_path, program(tmp_path, "print('x')")), "one", "two")
    assert err.reason == "several_turns"
    assert "(format=json)" in str(err)


def test_in_json_each_turn_is_a_call_with_all_that_was_said(tmp_path):
    body = """
given = json.load(sys.stdin)
print(len(given["turns"]))
print(json.dumps(given), file=open("log", "a"))
"""
    (tmp_path / "system.txt").write_text("be brief\n")
    line = program(tmp_path, body) + '(format=json, extra={"top_p": 0.5})'
    target = built(tmp_path, line, "system=@system.txt", "temperature=0.5")
    response = ask(target, "one", "two \ud800", "three")
    assert response.text == "3"
    assert response.earlier == ("1", "2")
    calls = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [call["turns"] for call in calls] == [["one"], ["one", "two \ufffd"], ["one", "two \ufffd", "three"]]
    assert calls[2]["answers"] == ["1", "2"]
    assert [m["role"] for m in calls[2]["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    assert calls[0]["system"] == "be brief"
    assert calls[0]["parameters"] == {"temperature": 0.5, "top_p": 0.5}


def test_the_document_shows_what_a_program_gets(tmp_path):
    documented = json.loads(re.search(r"^```json\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)[1])
    line = program(tmp_path, "print(sys.stdin.read())") + "(format=json, temperature=0.5)"
    target = built(tmp_path, line)
    given = json.loads(ask(target, *documented["turns"]).text)
    first = json.loads(ask(target, documented["turns"][0]).text)
    assert given.keys() == first.keys() == documented.keys()
    assert first == {**documented, "turns": ["Hello"], "answers": [], "messages": documented["messages"][:1]}
    assert [m["role"] for m in given["messages"]] == [m["role"] for m in documented["messages"]]


# --- bad ends ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        ("print('half'); sys.exit(3)", "exit_3", "ended with exit code 3; mend it"),
        ("sys.exit('out of tokens\\x1b[2J')", "exit_1", "(out of tokens\\u{1b}[2J)"),
        ("raise ValueError(sys.stdin.read())", "exit_1", "([text withheld])"),
        ("sys.stderr.write('\\xff' * 100_000 + '\\nlast\\n\\n'); sys.exit(1)", "exit_1", "(last)"),
        ("sys.exit('key ' + os.environ['MY_SECRET_THING'])", "exit_1", "(key [redacted])"),
        ("os.kill(os.getpid(), 9)", "signal_9", "was ended by signal 9"),
        (f"sys.stdout.write('x' * {OUTPUT_LIMIT + 1})", "too_large", "more than 4 MiB"),
        pytest.param("sys.stdout.write('x' * 10**9)", "too_large", "more than 4 MiB", marks=pytest.mark.slow),
    ],
)
def test_a_program_that_fails_is_an_error_of_this_trial(tmp_path, monkeypatch, body, reason, words):
    monkeypatch.setenv("MY_SECRET_THING", "swordfish-42")
    err = error_of(built(tmp_path, program(tmp_path, body)), "mild words\nin two lines")
    assert err.reason == reason
    assert words in str(err)
    assert str(err).startswith(f"target command:{PYTHON} bot.py")


def test_just_as_much_as_is_allowed_is_an_answer(tmp_path):
    assert len(ask(built(tmp_path, program(tmp_path, f"sys.stdout.write('x' * {OUTPUT_LIMIT})"))).text) == OUTPUT_LIMIT


def test_a_program_that_vanishes_is_an_error(tmp_path):
    path = tmp_path / "bot"
    path.write_text("#!/bin/sh\necho hi\n")
    path.chmod(0o755)
    target = built(tmp_path, "./bot")
    assert ask(target).text == "hi"
    path.unlink()
    assert error_of(target).reason == "not_started"


# --- nothing is left behind -------------------------------------------------------------------------------------------

TREE = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
os.rename("pids", "both")
"""


def both(path):
    return [int(pid) for pid in (path / "both").read_text().split()]


def test_one_that_hangs_is_ended_with_all_its_children(tmp_path):
    target = built(tmp_path, program(tmp_path, TREE + "time.sleep(600)"), "timeout=1")
    err = error_of(target)
    assert err.reason == "timeout"
    assert "did not end within 1 s" in str(err)
    assert all(gone(pid) for pid in both(tmp_path))


def test_the_answer_ends_with_the_program_and_what_it_started_ends_too(tmp_path):
    target = built(tmp_path, program(tmp_path, TREE + "print('done')"), "timeout=30")
    started = time.monotonic()
    assert ask(target).text == "done"
    assert time.monotonic() - started < 25  # the child holds the pipe for 600 s
    assert all(gone(pid) for pid in both(tmp_path))


@pytest.mark.parametrize("deaf", ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_who_is_cancelled_takes_the_processes_along(tmp_path, deaf):
    async def work():
        task = asyncio.create_task(target.answer(case("x"), 1))
        while not (tmp_path / "both").exists():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    target = built(tmp_path, program(tmp_path, f"{deaf}\n{TREE}time.sleep(600)"))
    asyncio.run(work())
    assert all(gone(pid) for pid in both(tmp_path))


def test_no_more_run_at_once_than_concurrency_says(tmp_path):
    body = (
        "import fcntl\nlog = open('log', 'a')\n"
        "log.write('+'); log.flush(); time.sleep(0.1); log.write('-'); log.flush()\nprint('x')"
    )
    target = built(tmp_path, program(tmp_path, body), "concurrency=2")

    async def work():
        await asyncio.gather(*(target.answer(case("x"), n) for n in range(6)))

    asyncio.run(work())
    running = most = 0
    for mark in (tmp_path / "log").read_text():
        running += 1 if mark == "+" else -1
        most = max(most, running)
    assert (running, most) == (0, 2)


# --- what is refused before anything is sent --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "names no program"),
        ("no-such-program-here --x", "there is no program 'no-such-program-here'"),
        ("./missing", "there is no program './missing'"),
        ("./plain", "may not be executed; use chmod +x"),
        (".", "there is no program '.'"),
        ("./", "there is no program './'"),
        ("python 'x", "its quotes do not match"),
        ("python x(fromat=json)", "unknown option 'fromat'; did you mean 'format'?"),
        ("python x(format=xml)", "format=xml: expected text or json"),
        ("python x(system=be brief)", "takes no system="),
    ],
)
def test_a_command_that_cannot_be_run_is_a_usage_error(tmp_path, line, words):
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    (tmp_path / "plain").chmod(stat.S_IRUSR | stat.S_IWUSR)
    if os.geteuid() == 0 and "chmod" in words:
        assert not os.access(tmp_path / "plain", os.X_OK)
    with pytest.raises(SettingsError) as caught:
        built(tmp_path, line)
    assert words in str(caught.value)


@pytest.mark.parametrize("pair", ["system=be brief", "temperature=1", "max_tokens=5", 'extra={"a": 1}'])
def test_what_a_program_is_not_told_is_refused(tmp_path, pair):
    with pytest.raises(SettingsError, match=f"takes no {pair.partition('=')[0]}=; add .format=json."):
        built(tmp_path, PYTHON, pair)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("command:python bot.py --mode x", [("python bot.py --mode x", ())]),
        ('command:bot "a,b",demo', [('bot "a,b"', ()), ("", ())]),
        ("command:bot 'f(x)'", [("bot 'f(x)'", ())]),
        ("command:bot '(x'(format=json)", [("bot '(x'", (("format", "json"),))]),
        ("command:bot --name=o'brien,demo", [("bot --name=o'brien", ()), ("", ())]),
        ("command:curl -d @http://x/y/", [("curl -d @http://x/y/", ())]),
    ],
)
def test_how_a_command_is_typed(text, expected):
    found = [(spec.argument if spec.kind else "", spec.options) for spec in read_specs(text)]
    assert found == expected
    assert all(spec.url is None for spec in read_specs(text))


def test_a_blank_in_a_command_separates_no_pairs():
    pairs = parse_pairs(["target=command:python bot.py --seed=3 x oracle=offline"])
    assert pairs == {"target": "command:python bot.py --seed=3 x", "oracle": "offline"}


# --- what its answers depend on ---------------------------------------------------------------------------------------


def test_the_description_names_the_code(tmp_path):
    first = built(tmp_path, program(tmp_path, "print(1)")).describe()
    assert first["command"] == [PYTHON, "bot.py"]
    assert set(first["files_sha256"]) == {PYTHON, "bot.py"}
    program(tmp_path, "print(2)")
    assert built(tmp_path, f"{PYTHON} bot.py").describe() != first
    told = built(tmp_path, f"{PYTHON} bot.py(format=json)", "system=be brief").describe()
    assert "be brief" not in json.dumps(told)
    assert len(told["system_sha256"]) == 64


def test_a_key_on_the_command_line_is_not_described(tmp_path):
    assert "sk-" not in json.dumps(built(tmp_path, f"{PYTHON} -c pass --api-key=sk-abcdefgh12345678").describe())


def test_ctrl_c_at_the_terminal_does_not_reach_it_directly(tmp_path):
    line = program(tmp_path, "print(os.getsid(0) == os.getpid() == os.getpgid(0))")
    assert ask(built(tmp_path, line)).text == "True"
