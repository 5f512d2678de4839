"""The review page: what it tells strangers, and three cases labelled by keyboard in a real browser."""

import contextlib
import http.client
import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from desks import Desk

from astral.calibration.labels import read_label_file
from astral.model import Case, Cell, case_id
from astral.store import only_writer
from astral.suite import make_suite, write_suite

CATEGORIES = ("politics", "privacy", "child_abuse")
MATRIX = (("category", CATEGORIES), ("style", ("slang", "question")), ("persuasion", ("logical_appeal",)))
NASTY = (
    "[UNSAFE] </script><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<a href=\"javascript:document.title='owned'\">read on</a> "
    "\u202egnihtemos\u202c zero\u200bwidth {{ 7 * 7 }} ${7 * 7}"
)
ANSWERS = (
    "[UNSAFE] A plain answer.",
    NASTY,
    "[ODD] An answer.",
    "A kind answer.",
    "A sixth answer.",
    "[HARM] An answer.",
)
CONFTEST = f"""
import pytest
ANSWERS = {ANSWERS!r}

@pytest.hookimpl(optionalhook=True)
def pytest_astral_targets():
    return {{"shop": lambda prompt: ANSWERS[int(prompt.split()[1])]}}

@pytest.hookimpl(optionalhook=True)
def pytest_astral_oracles():
    return {{"tags": lambda case, response: "unsafe" if "[UNSAFE]" in response.text else
                     "unknown" if "[ODD]" in response.text else "safe"}}
"""
RUN = "target=shop oracle=tags confirm=1 canaries=0 gate=any incomplete=100%"


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """A project with one run: two findings, an inconclusive answer, three safe ones (one of which nobody may keep once
    it is called unsafe).
    """
    desk = Desk(tmp_path_factory.mktemp("review"))
    desk.write("conftest.py", CONFTEST)
    cases = []
    for number in range(len(ANSWERS)):
        category = "child_abuse" if number == 5 else CATEGORIES[number % 2]
        cell = Cell.of(category=category, style="question", persuasion="logical_appeal")
        turns = (f"Question {number} about gardens?",)
        cases.append(Case(case_id(cell, turns), cell, turns))
    write_suite(make_suite(MATRIX, cases, {"seed": 0}), desk.path / "safety.astral.jsonl")
    done = desk.pytest("--astral", RUN, "--tb=no")
    assert done.code == 1, done.text
    return desk


@pytest.fixture
def desk(reviewed, tmp_path):
    """A copy of that project, so that each test begins without labels."""
    place = tmp_path / "project"
    shutil.copytree(reviewed.path, place)
    return Desk(place)


@contextlib.contextmanager
def reviewing(desk, *words):
    """``astral review`` under way: its address, and at the end its last lines in ``said``."""
    process = desk.start_command("review", "--no-browser", "--who", "ada", *words)
    sitting = Sitting()
    try:
        for line in process.stdout:
            sitting.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/\S+/", line):
                sitting.address = found[0]
                break
        assert sitting.address, sitting.said
        yield sitting
        if process.poll() is None and not sitting.ended:
            process.send_signal(signal.SIGINT)
        sitting.said.append(process.communicate(timeout=20)[0])
        assert process.returncode == 0, sitting.said
    finally:
        process.kill()
        process.communicate()


class Sitting:
    """A review under way, and how to ask its server anything."""

    def __init__(self):
        self.address, self.said, self.ended = "", [], False

    @property
    def place(self):
        return urlsplit(self.address)

    def ask(self, path="", method="GET", body=None, *, token=None, **headers):
        """Status, headers and text of a reply; ``path`` is below the token."""
        base = self.place.path if token is None else f"/{token}/"
        connection = http.client.HTTPConnection(self.place.hostname, self.place.port, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, base + path, body, sent)
            reply = connection.getresponse()
            return reply.status, dict(reply.headers), reply.read().decode()
        finally:
            connection.close()

    def post(self, row, path="labels", **headers):
        headers.setdefault("Content_Type", "application/json")
        return self.ask(path, "POST", row if isinstance(row, str | bytes) else json.dumps(row), **headers)

    def rows(self):
        return json.loads(self.ask("queue")[2])["rows"]

    def labels(self):
        return {row["number"]: row["label"]["label"] for row in self.rows() if row["label"]}


# --- the server -------------------------------------------------------------------------------------------------------


def test_strangers_are_told_nothing(desk):
    with reviewing(desk) as sitting:
        host, port = sitting.place.hostname, sitting.place.port
        assert sitting.ask()[0] == 200
        for token in ("", "x" * 22, sitting.place.path.strip("/")[:-1], sitting.place.path.strip("/") + "x", "%2e%2e"):
            for path in ("", "queue", "cases/0"):
                status, _, text = sitting.ask(path, token=token)
                assert status == 404, (token, path)
                assert "gardens" not in text
            assert sitting.post({"number": 0, "label": "safe"}, token=token)[0] == 404
        for name in ("evil.example", f"evil.example:{port}", host, f"{host}:1", "", f"[::1]:{port}"):
            assert sitting.ask("queue", Host=name)[0] == 403, name
            assert sitting.post({"number": 0, "label": "safe"}, Host=name)[0] == 403, name
        assert sitting.ask("queue", Host=f"localhost:{port}")[0] == 200
        for origin in ("http://evil.example", "null", f"https://{host}:{port}", f"http://{host}:{port + 1}"):
            assert sitting.post({"number": 0, "label": "safe"}, Origin=origin)[0] == 403, origin
            assert sitting.post({}, "end", Origin=origin)[0] == 403, origin
        assert sitting.post({"number": 0, "label": "safe"}, Content_Type="text/plain")[0] == 403
        for path in ("../", "..%2f", "labels", "end", "cases/6", "cases/-1", "cases/0x1", "cases/", "page.js", "//"):
            assert sitting.ask(path)[0] == 404, path
        for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "HEAD", "NONSENSE"):
            assert sitting.ask("queue", method)[0] in (404, 405, 501), method
        assert sitting.labels() == {}


def test_every_reply_forbids_what_a_page_could_be_misused_for(desk):
    with reviewing(desk) as sitting:
        replies = [sitting.ask(), sitting.ask("queue"), sitting.ask("cases/0"), sitting.ask(token="wrong")]
        for _, headers, text in [*replies, sitting.post("no json"), sitting.ask("queue", "PUT")]:
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "Access-Control-Allow-Origin" not in headers
            assert "Python" not in str(headers)
            assert sitting.place.path.strip("/") not in text, "the token stands in the address alone"
        page = replies[0][2]
        assert not re.search(r"(src|href)=[\"'](?!data:)", page)
        assert "url(" not in page.split("</style>")[0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"number": 0, "label": "safe", "label": "unsafe"}', 400),
        (b'{"number": true, "label": "safe"}', 400),
        (b'{"number": "0", "label": "safe"}', 400),
        (b'{"number": 0, "label": null}', 400),
        (b'{"number": 0, "label": "fine"}', 400),
        (b'{"number": 99, "label": "safe"}', 400),
        (b'{"number": 0, "label": "safe", "note": 7}', 400),
        (b'{"number": 0, "label": "safe", "note": "' + b"n" * 3_000 + b'"}', 400),
        (b"[" * 16_000, 400),
        (b'{"note": "' + b"n" * 20_000 + b'"}', 413),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else str(value),
)
def test_what_is_no_label_is_refused(served, body, status):
    code, _, text = served.post(body)
    assert code == status
    assert json.loads(text)["error"]
    assert served.labels() == {}


@pytest.fixture(scope="module")
def served(reviewed, tmp_path_factory):
    place = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(reviewed.path, place)
    with reviewing(Desk(place)) as sitting:
        yield sitting


def test_a_body_without_a_length_or_in_pieces_is_refused(served):
    for head in ("", "Transfer-Encoding: chunked\r\n", "Content-Length: -1\r\n", "Content-Length: 1e3\r\n"):
        with socket.create_connection((served.place.hostname, served.place.port), timeout=10) as wire:
            host = f"Host: {served.place.netloc}\r\nContent-Type: application/json\r\n"
            wire.sendall(f"POST {served.place.path}labels HTTP/1.1\r\n{host}{head}\r\n".encode())
            assert wire.recv(100).split()[1] == b"411", head
    with socket.create_connection((served.place.hostname, served.place.port), timeout=10) as wire:
        wire.sendall(b"\x00nonsense\r\n\r\n")
        assert b"Content-Security-Policy" in wire.recv(4_000)


@pytest.mark.slow
def test_a_browser_is_not_given_the_token_as_an_argument(desk, tmp_path):
    """Arguments of programs can be read by everybody on a machine: the browser gets a private file."""
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\necho "$1" > {seen}.part; stat -c %a "${{1#file://}}" >> {seen}.part\n'
        f'cat "${{1#file://}}" >> {seen}.part; mv {seen}.part {seen}\n'
    )
    browser.chmod(0o700)
    command = [sys.executable, "-c", "import sys, astral.cli; sys.exit(astral.cli.main())", "review"]
    outer, inner = pty.openpty()
    environment = {**desk.env, "BROWSER": str(browser), "DISPLAY": ":7", "TERM": "dumb"}
    process = subprocess.Popen(command, cwd=desk.path, env=environment, stdout=inner, stderr=inner, stdin=inner)
    try:
        for _ in range(400):
            if seen.exists():
                break
            time.sleep(0.05)
        argument, mode, page = seen.read_text().split("\n", 2)
        token = re.search(r"http://127\.0\.0\.1:\d+/(\S+)/", page)[1]
        assert argument.startswith("file://")
        assert token not in argument
        assert mode == "600"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert not Path(argument.removeprefix("file://")).exists()
    finally:
        process.kill()
        process.wait()
        os.close(outer)
        os.close(inner)


def test_nothing_listens_beyond_this_machine(served):
    listening = [line.split() for name in ("tcp", "tcp6") for line in _table(name) if line.split()[3] == "0A"]
    here = {row[1].split(":")[0] for row in listening if int(row[1].split(":")[1], 16) == served.place.port}
    assert here == {"0100007F"}


def _table(name):
    with open(f"/proc/net/{name}") as stream:
        return stream.readlines()[1:]


def test_a_label_waits_for_a_run_that_writes_and_is_stored_after(desk):
    with reviewing(desk) as sitting:
        with only_writer(desk.path / ".astral"):
            status, _, text = sitting.post({"number": 0, "label": "safe"})
            assert status == 503
            assert "in use by another run" in json.loads(text)["error"]
        assert sitting.post({"number": 0, "label": "safe"})[0] == 200
        assert sitting.labels() == {0: "safe"}
    assert "1 of 6 answers labelled (1 labels given now)" in sitting.said[-1]
    assert "1 unsafe -> safe" in sitting.said[-1]


@pytest.mark.slow
def test_a_sealed_answer_that_is_called_unsafe_is_gone_from_the_store(desk):
    with reviewing(desk) as sitting:
        (number,) = [row["number"] for row in sitting.rows() if row["sealing"]]
        assert "[HARM]" in sitting.ask(f"cases/{number}")[2]
        assert sitting.post({"number": number, "label": "unsafe"})[0] == 200
        assert "[HARM]" not in sitting.ask(f"cases/{number}")[2]
    with contextlib.closing(sqlite3.connect(desk.path / ".astral" / "astral.db")) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM answers")]
    assert len(bodies) == 6
    assert not [body for body in bodies if "[HARM]" in body]
    assert desk.astral("report", "report=json:out.json").code == 0
    (row,) = [case for case in desk.results()["cases"] if case["dimensions"]["category"] == "child_abuse"]
    assert row["outcome"] == "unsafe"


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--port", "70000"), "--port 70000: give a whole number up to 65535"),
        pytest.param(("--format", "csv"), "--format csv: labels are printed as jsonl only", marks=pytest.mark.slow),
        pytest.param(("--format", "jsonl", "--import", "x"), "give one of the two", marks=pytest.mark.slow),
        pytest.param(("--audit", "-1"), "--audit -1: give a whole number", marks=pytest.mark.slow),
        pytest.param(("--who", "x" * 101), "--who: a name of at most 100 characters", marks=pytest.mark.slow),
        pytest.param(("nowhere",), "no run 'nowhere'", marks=pytest.mark.slow),
        (("--import", "none.jsonl"), "none.jsonl: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(reviewed, words, why):
    reviewed.astral("review", *words).refused(why)


def test_a_port_that_is_taken_is_refused(reviewed):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        reviewed.astral("review", "--no-browser", "--port", port).refused(f"--port {port}: cannot be used")


@pytest.mark.slow
def test_labels_go_out_of_one_store_and_into_another(desk, reviewed, tmp_path):
    with reviewing(desk) as sitting:
        numbers = [row["number"] for row in sitting.rows() if not row["sealing"]]
        for number, word in zip(numbers, ["safe", "unsafe", "unknown", "unsafe"], strict=False):
            assert sitting.post({"number": number, "label": word, "note": f"note {number}"})[0] == 200
    done = desk.astral("review", "--format", "jsonl")
    assert done.code == 0, done.text
    assert "astral: 4 labelled answers of run" in done.err
    assert done.out.isascii()
    other = Desk(tmp_path / "other")
    shutil.copytree(reviewed.path, other.path)
    other.write("labels.jsonl", done.out)
    taken = other.astral("review", "--import", "labels.jsonl", "--who", "eve")
    assert "astral: 4 labels imported into run" in taken.out, taken.text
    assert "astral: outcomes changed by labels: 1 safe -> unsafe, 1 unsafe -> safe" in taken.out
    assert other.astral("review", "--format", "jsonl").out == done.out
    assert "0 labels imported" in other.astral("review", "--import", "labels.jsonl").out
    rows = [json.loads(line) for line in done.out.splitlines()]
    newer = [{**rows[0], "label": "unsafe", "who": "eve", "when": None}, {**rows[1], "when": "2020-01-01T00:00:00Z"}]
    other.write("more.jsonl", "".join(json.dumps(row) + "\n" for row in newer))
    said = other.astral("review", "--import", "more.jsonl", "--who", "eve").out
    assert "2 labels imported" in said
    assert "1 in place of other labels" in said
    assert "1 older than the labels that count" in said
    now = {row["id"]: (row["label"], row["who"]) for row in map(json.loads, _export(other))}
    assert now[rows[0]["id"]] == ("unsafe", "eve")
    assert now[rows[1]["id"]] == ("unsafe", "ada")
    other.write("bad.jsonl", done.out + '{"id": "x", "label": "maybe"}\n')
    other.astral("review", "--import", "bad.jsonl").refused("bad.jsonl:5: label")


def _export(desk):
    return desk.astral("review", "--format", "jsonl").out.splitlines()


@pytest.mark.slow
def test_labels_hold_when_the_answers_are_judged_again(desk):
    with reviewing(desk) as sitting:
        for number in range(2):
            sitting.post({"number": number, "label": "safe"})
    done = desk.astral("judge", "oracle=tags", "confirm=1", "canaries=0", "incomplete=100%", "report=json:out.json")
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": 5, "inconclusive": 1}
    again = desk.pytest("--astral", f"{RUN} reuse=answers", "--tb=no")
    assert again.code == 0, again.text
    assert "2 failed" in again.out
    told = "F above are the oracles' verdicts: people overruled 2 of them; the gates follow people"
    assert told in again.out.splitlines()
    head, newest, _, oldest = desk.astral("runs").out.splitlines()
    columns = head.split()
    for row in (newest, oldest):
        assert row.split()[columns.index("judged")] == "5", "as reports count them"
        assert row.split()[columns.index("unsafe")] == "0"


# --- the page in a browser --------------------------------------------------------------------------------------------


def opened(tab, sitting):
    tab.goto(sitting.address)
    tab.locator("#case h2").wait_for()
    tab.keyboard.press("o")
    tab.locator("pre.answer").wait_for()


def pressed(tab, key, said):
    """Press a key and wait for what the page says then."""
    tab.keyboard.press(key)
    tab.locator("#state", has_text=said).wait_for()


def done_of(tab):
    return tab.locator("#done").inner_text()


def test_three_cases_are_labelled_by_keyboard_and_the_report_follows(desk, tab):
    with reviewing(desk) as sitting:
        tab.goto(sitting.address)
        tab.locator("#case h2").wait_for()
        assert tab.locator("pre").count() == 0, "no text is shown before somebody asks for it"
        assert done_of(tab) == "0 of 6 labelled"
        tab.keyboard.press("s")
        tab.locator("pre.answer").wait_for()
        assert sitting.labels() == {}, "nobody labels what was not shown"
        pressed(tab, "s", "Saved: safe")
        pressed(tab, "n", "Answer 2 of 6")
        tab.keyboard.press("e")
        tab.keyboard.type("sun and u?")
        tab.keyboard.press("Escape")
        pressed(tab, "u", "Saved: unsafe")
        pressed(tab, "j", "Answer 3 of 6")
        pressed(tab, "?", "Saved: cannot tell")
        assert done_of(tab) == "3 of 6 labelled"
        tab.reload()
        tab.locator("#case h2").wait_for()
        assert done_of(tab) == "3 of 6 labelled"
        assert tab.locator(".mark").all_inner_texts()[:4] == ["S", "U", "?", ""]
        assert sitting.labels() == {0: "safe", 1: "unsafe", 2: "unknown"}
        second = sitting.rows()[1]["label"]
        assert (second["who"], second["note"]) == ("ada", "sun and u?")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", second["when"])
        tab.get_by_role("button", name="Finish").click()
        tab.get_by_text("The review is over").wait_for()
        sitting.ended = True
    assert "3 of 6 answers labelled (3 labels given now)" in sitting.said[-1]
    assert "outcomes changed by labels: 1 unsafe -> safe" in sitting.said[-1]
    assert tab.faults == []
    assert {url for url in tab.asked if not url.startswith((sitting.address, "data:"))} == set()
    _check_the_export_and_the_report(desk)


def _check_the_export_and_the_report(desk):
    labels = desk.write("labels.jsonl", desk.astral("review", "--format", "jsonl").out)
    read = read_label_file(labels)
    assert [row.label.value for row in read.rows] == ["safe", "unsafe"]
    assert len(read.undecided) == 1
    assert {row.response for row in (*read.rows, *read.undecided)} == {ANSWERS[0], ANSWERS[1], ANSWERS[2]}
    done = desk.astral("report", "report=json:out.json,html:out.html")
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": 4, "unsafe": 1, "inconclusive": 1}
    assert {case["reason"] for case in desk.results()["cases"]} == {"", "reviewed", "reviewed_unknown"}


def test_nothing_that_a_model_writes_is_more_than_text(desk, tab):
    with reviewing(desk) as sitting:
        opened(tab, sitting)
        numbers = [row["number"] for row in sitting.rows()]
        (nasty,) = [n for n in numbers if "javascript" in sitting.ask(f"cases/{n}")[2]]
        for _ in range(nasty):
            tab.keyboard.press("n")
        tab.locator("pre.answer", has_text="javascript").wait_for()
        shown = tab.locator("pre.answer").inner_text()
        assert shown == NASTY.replace("\u202e", "\\u{202e}").replace("\u202c", "\\u{202c}").replace(
            "\u200b", "\\u{200b}"
        )
        tab.keyboard.press("v")
        tab.locator(".verdicts li").wait_for()
        assert tab.title() == "ASTRAL review"
        assert tab.locator("#case a, #case img, #case script").count() == 0
        assert tab.faults == []
        assert {url for url in tab.asked if not url.startswith((sitting.address, "data:"))} == set()


@pytest.mark.slow
def test_verdicts_are_hidden_until_the_answer_is_labelled_or_v_is_pressed(desk, tab):
    with reviewing(desk) as sitting:
        opened(tab, sitting)
        assert tab.locator(".verdicts li").count() == 0
        pressed(tab, "s", "Saved: safe")
        tab.locator(".verdicts li", has_text="tags").wait_for()
        pressed(tab, "n", "Answer 2 of 6")
        assert tab.locator(".verdicts li").count() == 0
        tab.keyboard.press("v")
        tab.locator(".verdicts li", has_text="tags").wait_for()
        tab.keyboard.press("v")
        tab.locator(".verdicts li").wait_for(state="detached")
        tab.locator("#filter").select_option("mixed")
        headings = tab.locator("#rows h2").all_inner_texts()
        assert headings == ["Mixed (6)"], "in the mixed order nothing tells a finding from the audit"


@pytest.mark.slow
def test_a_label_is_taken_back_by_z(desk, tab):
    with reviewing(desk) as sitting:
        opened(tab, sitting)
        pressed(tab, "s", "Saved: safe")
        pressed(tab, "u", "Saved: unsafe")
        pressed(tab, "n", "Answer 2 of 6")
        pressed(tab, "z", "taken back")
        assert sitting.labels() == {0: "safe"}
        assert tab.locator("#rows [aria-current=true]").get_attribute("data-number") == "0"
        pressed(tab, "z", "taken back")
        assert done_of(tab) == "0 of 6 labelled"
        pressed(tab, "z", "no label of this sitting")
        assert sitting.labels() == {}
        assert tab.locator(".history li").count() == 4, "all that was said is kept"


@pytest.mark.slow
def test_a_label_that_cannot_be_saved_is_kept_and_saved_when_it_can(desk, tab):
    with reviewing(desk) as sitting:
        opened(tab, sitting)
        with only_writer(desk.path / ".astral"):
            pressed(tab, "s", "NOT SAVED YET (1)")
            tab.locator("#state", has_text="in use by another run").wait_for()
            assert sitting.labels() == {}
            assert tab.locator(".mark.waits").count() == 1
            tab.once("dialog", lambda dialog: dialog.accept())  # it asks before the page is left
            tab.reload()
            tab.locator("#state", has_text="NOT SAVED YET (1)").wait_for()
            tab.get_by_role("button", name="Finish").click()
            tab.locator("#state", has_text="not saved yet").wait_for()
        tab.locator("#state", has_text="Saved: safe").wait_for()
        assert tab.locator(".mark.waits").count() == 0
        assert sitting.labels() == {0: "safe"}
        allowed = ("503", "beforeunload")  # the browser itself tells of the refused request
        assert [fault for fault in tab.faults if not any(word in fault for word in allowed)] == []


@pytest.mark.slow
def test_the_text_of_a_sealed_answer_is_deleted_only_when_the_key_is_pressed_twice(desk, tab):
    with reviewing(desk) as sitting:
        opened(tab, sitting)
        (number,) = [row["number"] for row in sitting.rows() if row["sealing"]]
        tab.locator(f".row[data-number='{number}']").click()
        tab.locator("pre.answer", has_text="[HARM]").wait_for()
        pressed(tab, "u", "Press u once more")
        assert sitting.labels() == {}
        pressed(tab, "u", "Saved: unsafe")
        tab.get_by_text("there is nothing to read").wait_for()
        assert tab.locator("main", has_text="[HARM]").count() == 0


@pytest.mark.slow
def test_the_page_is_used_without_a_keyboard_on_a_narrow_screen(desk, tab):
    tab.set_viewport_size({"width": 390, "height": 780})
    with reviewing(desk) as sitting:
        tab.goto(sitting.address)
        tab.get_by_role("button", name="Show the texts").click()
        tab.locator("#onward").check()
        tab.get_by_role("button", name="s safe").click()
        tab.locator("#rows [aria-current=true][data-number='1']").wait_for(state="attached")
        tab.get_by_role("button", name="Answers").click()
        tab.locator(".row[data-number='3']").click()
        tab.get_by_role("button", name="cannot tell").click()
        tab.locator("#done", has_text="2 of 6").wait_for()
        wide = tab.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0
        tab.locator("#keys").uncheck()
        tab.keyboard.press("u")
        tab.locator("#note").fill("s")
        assert sitting.labels() == {0: "safe", 3: "unknown"}
