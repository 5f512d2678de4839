"""The progress of a run on a real terminal, and where there is none: it is seen, and it leaves nothing behind."""

import io
import re
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from _pytest._io import TerminalWriter
from desks import SMALL, judging
from screens import Screen, on_terminal

from astral.progress import MAKE_ROW, Pace, Progress, Snapshot, line
from astral.testing.replies import Reply, completion

SETTINGS = (
    "target=gpt-4 oracle=llm:judge canaries=0 confirm=1 concurrency=3 gate=none "
    f"writer=template preset=smoke web=off {SMALL}"
)
STATUS = re.compile(r"astral: \d+/24\b[^\r\n\x1b]*")
FIELDS = re.compile(r"run +\S+, started \S+| =+|=+ |in \d+\.\d+s( \(\d+:\d+:\d+\))?")


class Held:
    """Answers that wait until they are let go."""

    def __init__(self):
        self.go = threading.Event()

    def __call__(self, request, attempt):
        if request["model"] == "judge":
            return judging("safe")
        reply = completion("I cannot help with that.")
        return Reply(reply.status, reply.headers, reply.body, after=None if attempt == 0 else self.go)


def terminal(desk, *arguments, held, settings=SETTINGS, **env):
    """A run on a terminal whose answers come once its progress was seen, or at once where none is to be seen."""

    def seen(text):
        if STATUS.search(text) or env or "-s" in arguments:
            held.go.set()

    command = [sys.executable, "-m", "pytest", *arguments, "--astral", f"{settings} preflight=off"]
    asks = {name: value for name, value in desk.env.items() if name != "COLUMNS"}  # pytest asks the terminal itself
    code, sent = on_terminal(command, cwd=desk.path, env={"TERM": "xterm", **asks, **env}, seen=seen)
    screen = Screen(100, 24)
    screen.feed(sent)
    return code, sent, screen.text()


LOG = ("--junitxml=junit.xml", "-o", "junit_logging=all")
WAYS = {
    "letters": (),
    "verbose": ("-v",),
    "two workers": ("-p", "xdist", "-n", "2", "-q"),
}
MORE_WAYS = {
    "quiet, without colours": ("-q", "--color=no"),
    "captured by sys": ("-q", "--capture=sys"),
    "two workers, verbose": ("-p", "xdist", "-n", "2", "-v"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        *(pytest.param(way, id=name) for name, way in WAYS.items()),
        *(pytest.param(way, id=name, marks=pytest.mark.slow) for name, way in MORE_WAYS.items()),
    ],
)
def test_the_line_is_seen_and_the_screen_ends_as_it_does_without_it(desk, server, arguments):
    server.script = held = Held()
    code, sent, shown = terminal(desk, *arguments, *LOG, held=held)
    assert code == 0, shown
    assert any(row.startswith("astral: 24 trials: ") for row in shown.splitlines()), "a line of its own"
    assert STATUS.search(sent)
    assert MAKE_ROW in sent
    assert not STATUS.search(shown), "nothing of it is left"
    assert not STATUS.search((desk.path / "junit.xml").read_text()), "no test has written it"

    server.script = held = Held()
    again, silent, expected = terminal(desk, *arguments, *LOG, held=held, CI="1")
    assert again == 0
    assert MAKE_ROW not in silent
    assert rows(shown, arguments) == rows(expected, arguments)


def rows(text, arguments):
    """The rows of a screen without what differs from run to run: workers report in an order of their own."""
    if "-n" in arguments and "-v" in arguments:
        return sorted(re.findall(r"\S+\.gpt-4", text))
    return FIELDS.sub("*", text).splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("-q", "-s"), {}),
        (("-q", "--capture=tee-sys", "-s"), {}),
        (("-q",), {"TERM": "dumb"}),
        (("-q",), {"CI": "true"}),
    ],
)
def test_no_line_is_drawn_where_it_could_be_overwritten_or_not_be_moved(desk, server, arguments, env):
    server.script = held = Held()
    code, sent, _ = terminal(desk, *arguments, held=held, **env)
    assert code == 0
    assert not STATUS.search(sent)
    assert MAKE_ROW not in sent


@pytest.mark.slow
def test_output_to_a_file_has_no_codes_and_no_terminal_reporter_is_no_error(desk, server):
    piped = desk.pytest("--astral", SETTINGS)
    silent = desk.pytest("-p", "no:terminal", "--astral", SETTINGS)
    assert (piped.code, silent.code) == (0, 0)
    assert "\x1b" not in piped.text
    assert not STATUS.search(piped.text)


@pytest.mark.slow
def test_an_interrupted_run_takes_the_line_away(desk, server):
    server.script = held = Held()
    desk.write(
        "conftest.py",
        "def pytest_runtest_logreport(report):\n    if report.when == 'teardown':\n        raise KeyboardInterrupt\n",
    )
    code, sent, shown = terminal(desk, "-q", held=held)
    assert code == 2
    assert STATUS.search(sent)
    assert not STATUS.search(shown)
    assert "KeyboardInterrupt" in shown


@pytest.mark.slow
def test_a_line_a_minute_where_lines_stay(desk, server):
    """The real minute, with pytest's capturing in the way: the line is on the output, and in no test's own."""
    server.script = held = Held()
    run = desk.start("-v", "--junitxml=junit.xml", "-o", "junit_logging=all", "--astral", f"{SETTINGS} preflight=off")
    lines = []
    with run.stdout:
        for text in run.stdout:
            lines.append(text)
            if STATUS.search(text):
                held.go.set()
    assert run.wait() == 0
    told = [text for text in lines if STATUS.search(text)]
    assert len(told) == 1
    assert told[0].startswith("astral: 0/24, 3 in flight")
    assert "\x1b" not in "".join(lines)
    assert not STATUS.search((desk.path / "junit.xml").read_text())


# --- the object -------------------------------------------------------------------------------------------------------


def reporter_on(file):
    return SimpleNamespace(_tw=TerminalWriter(file), currentfspath="suite")


def until(found, seconds=10):
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.005)
    assert found()


@pytest.mark.slow
def test_lines_that_stay_begin_and_end_a_line_of_their_own(tmp_path):
    path = tmp_path / "out"
    with path.open("w") as file:
        reporter = reporter_on(file)
        reporter._tw.write("....", flush=True)
        progress = Progress(reporter, lambda: Snapshot(4, 9, 2), live=False, seconds=0.01)
        until(lambda: "astral" in path.read_text())
        progress.stop()
        progress.stop()
        reporter._tw.write(".....", flush=True)
    first, *rest = path.read_text().splitlines()
    assert (first, rest[-1]) == ("....", ".....")
    assert set(rest[:-1]) == {"astral: 4/9, 2 in flight"}
    assert reporter.currentfspath is None


def test_a_file_without_a_descriptor_is_written_to_as_it_is():
    file = io.StringIO()
    progress = Progress(reporter_on(file), lambda: Snapshot(4, 9), live=True, seconds=0.01)
    until(lambda: "astral" in file.getvalue())
    progress.stop()
    assert set(file.getvalue().splitlines()) == {"astral: 4/9"}


@pytest.mark.slow
def test_a_debugger_has_the_terminal_for_itself(tmp_path):
    path = tmp_path / "out"
    with path.open("w") as file:
        progress = Progress(reporter_on(file), lambda: Snapshot(4, 9), live=True, seconds=0.01)
        until(lambda: "astral" in path.read_text())
        progress.pytest_enter_pdb()
        before = path.read_text()
        screen = Screen(80, 5)
        screen.feed(before)
        assert screen.text() == ""
        time.sleep(0.1)
        assert path.read_text() == before
        progress.pytest_leave_pdb()
        until(lambda: len(path.read_text()) > len(before))
        progress.stop()


@pytest.mark.parametrize(
    ("at", "rate", "said"),
    [
        (Snapshot(0, 84), 0, "astral: 0/84"),
        (Snapshot(0, 84, 8), 0, "astral: 0/84, 8 in flight"),
        (
            Snapshot(412, 1260, 64, 40, 3, "$0.0123"),
            31.4,
            "astral: 412/1260, 31/s, 64 in flight (limit 40), 3 retries, $0.0123, about 27 s left",
        ),
        (Snapshot(9, 84, 7, 4, 0, "", "beta.example/v1"), 0, "astral: 9/84, 7 in flight (beta.example/v1: 4)"),
        (Snapshot(10, 1260, 1, None, 1), 2.5, "astral: 10/1260, 2.5/s, 1 in flight, 1 retry, about 8 min left"),
        (Snapshot(10, 1260), 0.05, "astral: 10/1260, 3.0/min, about 7 h left"),
        (Snapshot(84, 84), 5, "astral: 84/84, 5.0/s"),
    ],
)
def test_what_the_line_says(at, rate, said):
    assert line(at, rate, 100) == said


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (70, "astral: 412/1260, 31/s, 64 in flight, $0.0123, about 27 s left"),
        (60, "astral: 412/1260, 31/s, 64 in flight, about 27 s left"),
        (50, "astral: 412/1260, 31/s, about 27 s left"),
        (36, "astral: 412/1260, about 27 s left"),
        (20, "astral: 412/1260"),
        (9, "astral: 4"),
    ],
)
def test_a_narrow_terminal_gets_what_matters_most(width, said):
    assert line(Snapshot(412, 1260, 64, None, 3, "$0.0123"), 31.4, width) == said


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (76, "astral: 412/1260, 31/s, 64 in flight (b.example/v1: 4), about 27 s left"),
        (70, "astral: 412/1260, 31/s, 64 in flight, about 27 s left"),
        (50, "astral: 412/1260, 31/s, about 27 s left"),
    ],
)
def test_a_limit_goes_before_the_number_in_flight(width, said):
    assert line(Snapshot(412, 1260, 64, 4, 3, "$0.0123", "b.example/v1"), 31.4, width) == said


def test_the_rate_is_that_of_the_last_minute():
    pace = Pace()
    assert pace.seen(0, 0) == 0
    assert pace.seen(30, 300) == 10
    assert pace.seen(60, 600) == 10
    assert pace.seen(90, 600) == pytest.approx(5)
    assert pace.seen(120, 600) == 0
