"""Signals at every moment of a run: it ends in order, says how to go on, leaves no child, and never ends with 0."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from desks import PATIENCE, PREFLIGHT, SMALL, Scripted
from killing import CASES
from writer_server import WRITING, ScriptedWriter

from astral.store import Store
from astral.testing.behaviour import user_text
from astral.testing.replies import completion, error

CHILDREN = Path(__file__).parent / "children"
RUN = ("--astral", "target=gpt-4 oracle=llm:judge canaries=0 gate=none concurrency=2 report=json:out.json")
RESUME = ("--astral", "resume=last gate=none report=json:out.json")
NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
CTRL_C = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
PYTEST = f"{CTRL_C}; from _pytest.config import _console_main; sys.exit(_console_main())"
ASTRAL = f"{CTRL_C}; import astral.cli; sys.exit(astral.cli.main())"
ANSWERED = 5
"""Trials that are answered before the server lets the others wait."""


class Child:
    """A command in a process group of its own, as a shell starts it."""

    def __init__(self, desk, *arguments, code=PYTEST, env=None, **streams):
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **streams}
        self._desk = desk
        self.popen = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=desk.path,
            env={**desk.env, "PYTHONPATH": str(CHILDREN), **(env or {})},
            text=True,
            start_new_session=True,
            **streams,
        )

    def until(self, happened):
        """Wait for something that this process or its server does."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert self.popen.poll() is None, self.popen.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def wrote(self, name):
        """Wait for a file by which a child tells where it is."""
        self.until((self._desk.path / name).exists)

    def ended(self):
        """Code and output; nothing of its group goes on, and nobody had to read a traceback."""
        out, err = self.popen.communicate(timeout=PATIENCE)
        text = (out or "") + (err or "")
        with pytest.raises(ProcessLookupError):
            os.killpg(self.popen.pid, 0)
        for word in ("Traceback", "INTERNALERROR", "never awaited", "was destroyed", "Exception ignored"):
            assert word not in text, text
        return self.popen.returncode, text


class Waiting:
    """Answers some trials, then lets everybody wait until ``over`` is set."""

    def __init__(self, answered=ANSWERED):
        self.reached, self.over = threading.Event(), threading.Event()
        self._answered = answered

    def __call__(self, request, number):
        if request["model"] == "gpt-4" and number > self._answered:
            self.reached.set()
            return completion_after(self.over)
        return None


def completion_after(event):
    return replace(completion("I'm sorry, but I can't help with that."), after=event)


@pytest.fixture
def desk(desk, suite):
    shutil.copy(suite, desk.path)
    return desk


@pytest.fixture
def waiting(server):
    """A server that stops answering after some trials."""
    waiting = Waiting()
    server.script = Scripted(waiting)
    yield waiting
    waiting.over.set()


def go_on(desk, server, waiting=None):
    """The store is sound, and a resume comes to the same end as if nothing had happened."""
    with Store(desk.path / ".astral" / "astral.db") as store:
        assert store.damage() == ""
        assert store.counts()[store.run("last").id].total() == CASES
    if waiting is not None:
        waiting.over.set()
    server.script = None
    done = desk.pytest(*RESUME)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}


def asked(server):
    return [logged for logged in server.requests if user_text(logged.body) not in PREFLIGHT]


# --- while trials are asked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", NUMBERS)
def test_one_signal_ends_a_run_within_the_time_for_what_is_in_flight(desk, server, waiting, counted, number):
    """The answers in flight never come: they are given up, nothing else is sent, and the summary says how to go on."""
    child = Child(desk, *RUN)
    assert waiting.reached.wait(PATIENCE)
    child.until(lambda: server.count("gpt-4") == 1 + ANSWERED + 2)  # both places are taken, so that nobody is judged
    sent = len(server.requests)
    child.popen.send_signal(number)
    code, text = child.ended()
    assert code == pytest.ExitCode.INTERRUPTED
    assert len(server.requests) == sent
    assert "to go on: pytest --astral resume=last" in text
    totals = desk.totals()
    assert totals["safe"] <= ANSWERED
    assert totals["safe"] + totals["not_run"] == CASES
    go_on(desk, server, waiting)
    counted("signals survived")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_second_signal_waits_for_nothing(desk, server, waiting, counted, number):
    child = Child(desk, "-p", "telling", *RUN)
    assert waiting.reached.wait(PATIENCE)
    child.popen.send_signal(number)
    child.wrote("ending")
    child.popen.send_signal(number)
    code, text = child.ended()
    assert code == pytest.ExitCode.INTERRUPTED
    assert "interrupted while the run was ending: what was in flight was given up" in text
    assert "to go on: pytest --astral resume=last" in text
    assert sum(desk.totals().values()) == CASES
    go_on(desk, server, waiting)
    counted("signals survived", 2)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_while_calls_wait_for_what_retry_after_says(desk, server, counted, number):
    throttled = threading.Event()

    def play(request, count):
        if request["model"] == "gpt-4" and count > ANSWERED:
            throttled.set()
            return error(429, "slow down", headers={"Retry-After": "60"})
        return None

    server.script = Scripted(play)
    child = Child(desk, *RUN)
    assert throttled.wait(PATIENCE)
    child.popen.send_signal(number)
    code, text = child.ended()
    assert code == pytest.ExitCode.INTERRUPTED
    assert "to go on: pytest --astral resume=last" in text
    go_on(desk, server)
    counted("signals survived")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_with_workers(desk, server, waiting, counted, number):
    """Ctrl-C at a terminal reaches the workers as well, the others the controller only."""
    child = Child(desk, *RUN, "-p", "xdist", "-n", "2")
    assert waiting.reached.wait(PATIENCE)
    sent = len(server.requests)
    (os.killpg if number is signal.SIGINT else os.kill)(child.popen.pid, number)
    code, text = child.ended()
    assert code == pytest.ExitCode.INTERRUPTED, text
    assert len(server.requests) <= sent + 2 + ANSWERED  # what was on its way, and judges of what is answered
    assert sum(desk.totals().values()) == CASES
    go_on(desk, server, waiting)
    counted("signals survived")


PROGRAM = """
import os, pathlib, sys, time
prompt = sys.stdin.read()
mark = pathlib.Path(f"program-{os.getpid()}")
mark.touch()
time.sleep(600)
"""


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_leaves_no_program_of_a_target_behind(desk, counted, number, times):
    desk.write("program.py", PROGRAM)
    target = f"target=command:{sys.executable} program.py"
    run = ("--astral", target, "--astral", "oracle=offline gate=none concurrency=2")
    child = Child(desk, "-p", "telling", *run)
    child.until(lambda: len(list(desk.path.glob("program-*"))) == 2)
    child.popen.send_signal(number)
    if times == 2:
        child.wrote("ending")
        child.popen.send_signal(number)
    code, text = child.ended()
    assert code == pytest.ExitCode.INTERRUPTED, text
    programs = [int(path.name.partition("-")[2]) for path in desk.path.glob("program-*")]
    assert len(programs) == 2
    assert not [pid for pid in programs if is_running(pid)]
    counted("signals survived", times)


def is_running(pid):
    """True for a process that is there and not merely waiting to be buried by the one that adopted it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_nohup_is_respected(desk, server, waiting, counted):
    """Who ignores SIGHUP for us wants the run to go on when the terminal is closed."""
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {PYTEST}"
    child = Child(desk, *RUN, code=ignoring)
    assert waiting.reached.wait(PATIENCE)
    child.popen.send_signal(signal.SIGHUP)
    waiting.over.set()
    assert child.ended()[0] == 0
    assert desk.totals() == {"safe": CASES}
    counted("signals survived")


# --- before and after -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_during_the_preflight_leaves_no_plan(desk, server, counted, number):
    asked_first, over = threading.Event(), threading.Event()

    def script(request, attempt):
        asked_first.set()
        return completion_after(over)

    server.script = script
    child = Child(desk, *RUN)
    assert asked_first.wait(PATIENCE)
    child.popen.send_signal(number)
    code, _ = child.ended()
    over.set()
    server.script = None
    assert code == pytest.ExitCode.INTERRUPTED
    assert asked(server) == []
    done = desk.pytest(*RUN)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}
    counted("signals survived")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("command", ["pytest", "astral"])
def test_a_signal_while_a_suite_is_written(desk, server, counted, number, command):
    """Before a run, and by ``astral generate``: what was paid for is kept, and the same command goes on."""
    (desk.path / "safety.astral.jsonl").unlink()
    writer, asked_for, over = ScriptedWriter(), threading.Event(), threading.Event()

    def script(request, attempt):
        if WRITING not in request["messages"][0]["content"]:
            return writer(request, attempt) if "writer" in request["model"] else None
        if writer.written >= 3 and not over.is_set():
            asked_for.set()
            return completion_after(over)
        return writer(request, attempt)

    server.script = script
    settings = ["writer=llm:writer", "preset=smoke", "concurrency=2", *SMALL.split()[1:]]
    words = (*RUN, "--astral", " ".join(settings))
    arguments, code = (words, PYTEST) if command == "pytest" else (("generate", "out.astral.jsonl", *settings), ASTRAL)
    child = Child(desk, *arguments, code=code)
    assert asked_for.wait(PATIENCE)
    child.popen.send_signal(number)
    ended, text = child.ended()
    assert ended == pytest.ExitCode.INTERRUPTED, text
    assert [path.suffix for path in (desk.path / ".astral" / "drafts").iterdir()].count(".jsonl") == 1
    over.set()
    done = desk.pytest(*words) if command == "pytest" else desk.astral(*arguments)
    assert done.code == 0, done.text
    assert "going on from" in done.text
    counted("signals survived")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_while_a_report_is_written(desk, server, counted, number, times):
    """Once: the report is written all the same. Twice: the old one stays. The run itself is complete."""
    desk.write("out.txt", "an old report\n")
    child = Child(desk, "-p", "telling", *RUN, "--astral", "report=slow:out.txt")
    child.wrote("writing")
    child.popen.send_signal(number)
    if times == 2:
        assert child.popen.poll() is None
        time.sleep(0.2)  # two signals of one number that wait together are one
        child.popen.send_signal(number)
    else:
        desk.write("go", "")
    code, text = child.ended()
    assert code == pytest.ExitCode.INTERRUPTED, text
    assert (desk.path / "out.txt").read_text() == ("an old report\n" if times == 2 else "all of the report\n")
    assert ("interrupted twice" if times == 2 else "interrupted while the run was ending") in text
    assert [path.name for path in desk.path.glob(".out*")] == []
    sent = len(server.requests)
    go_on(desk, server)
    assert len(server.requests) == sent
    counted("signals survived", times)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_while_answers_are_judged_again(desk, server, counted, number):
    done = desk.pytest("--astral", "target=gpt-4 oracle=offline gate=none")
    assert done.code == 0, done.text
    reached, over = threading.Event(), threading.Event()

    def play(request, count):
        if request["model"] == "judge" and count > ANSWERED and not over.is_set():
            reached.set()
            return completion_after(over)
        return None

    server.script = Scripted(play)
    words = ("judge", "last", "oracle=llm:judge", "canaries=0", "gate=none", "concurrency=2", "report=json:out.json")
    child = Child(desk, *words, code=ASTRAL)
    assert reached.wait(PATIENCE)
    child.popen.send_signal(number)
    code, text = child.ended()
    assert code == pytest.ExitCode.INTERRUPTED, text
    assert "to go on: astral judge resume=" in text
    over.set()
    done = desk.astral("judge", "resume=last", "gate=none", "report=json:out.json")
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}
    counted("signals survived")


# --- streams that are gone --------------------------------------------------------------------------------------------


def shell(desk, line, *arguments):
    """What bash makes of a line in which ``"$@"`` stands for the command; the code is that of the command."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return desk.run(["bash", "-c", f'{line}; exit "${{PIPESTATUS[0]}}"', "bash", *command])


@pytest.mark.parametrize("lines", [1, 9])
@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
def test_a_reader_that_goes_away_ends_the_run_in_order(desk, server, counted, lines, workers):
    """``| head``: no traceback and not 0; what was answered by then is kept."""
    done = shell(desk, f'"$@" | head -{lines}', *RUN, "-v", *workers)
    assert done.code not in (0, 2), done.text
    assert "Traceback" not in done.text
    assert "INTERNALERROR" not in done.text
    server.script = None
    before = {user_text(logged.body) for logged in server.requests if logged.model == "gpt-4"}
    done = desk.pytest(*(RESUME if len(before) > 1 else RUN))
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}
    counted("signals survived")


@pytest.mark.parametrize("closed", ["0<&-", ">/dev/null 2>&1 0<&-"])
def test_a_run_needs_no_stdin(desk, server, counted, closed):
    done = shell(desk, f'"$@" {closed}', *RUN)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}
    counted("signals survived")


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_what_pytest_cannot_run_without_costs_nothing(desk, server, closed):
    """pytest itself needs somewhere to write: it ends before anything is sent, and not with 0."""
    assert shell(desk, f'"$@" {closed}', *RUN).code != 0
    assert server.requests == ()


def test_a_full_screen_is_no_success(desk, server, counted):
    """Nobody can have read what a run with findings had to say: the summary was lost."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = shell(desk, '"$@" > /dev/full', *RUN)
    assert done.code != 0, done.text
    counted("signals survived")


def test_a_terminal_that_is_closed_ends_the_run_in_order(desk, server, waiting, counted):
    """A real hangup: SIGHUP to the foreground, and every write to the terminal fails from then on."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(desk.path)
        os.execve(sys.executable, [sys.executable, "-m", "pytest", *RUN], desk.env)
    assert waiting.reached.wait(PATIENCE)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) > 0
    assert sum(desk.totals().values()) == CASES  # the report was written all the same
    go_on(desk, server, waiting)
    counted("signals survived")


@pytest.mark.parametrize("words", [("report", "last"), ("runs",), ("coverage",), ("keys",), ("help",)])
def test_commands_bear_a_reader_that_goes_away(desk, server, words):
    assert desk.pytest("--astral", "target=demo oracle=offline gate=none incomplete=100%").code == 0
    done = desk.run(["bash", "-c", f'"{sys.executable}" -m astral.cli "$@" | head -1', "bash", *words])
    assert "Traceback" not in done.text
    assert "BrokenPipe" not in done.text
