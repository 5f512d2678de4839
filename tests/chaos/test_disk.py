"""The disk and the directory of a run: full, read-only, removed, shared by two, locked by the dead, not ours."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from desks import Done, asked, environment

from astral.model import Case, Cell, case_id
from astral.suite import make_suite, write_suite
from astral.testing.behaviour import REFUSAL
from astral.testing.replies import completion

pytestmark = pytest.mark.slow

CASES = 24
RUN = "target=gpt-4 oracle=llm:judge canaries=0 confirm=1 gate=none preflight=off report=json:out.json"
RESUME = "resume=last gate=none preflight=off report=json:out.json"
PYTEST = f"{sys.executable} -m pytest -q -p no:cacheprovider --tb=no --astral"
DEMO = "target=demo canaries=0 gate=none incomplete=100%"


def write_cases(path, count=CASES):
    """Cases that ask for nothing."""
    matrix = (("category", ("politics",)), ("style", ("slang",)), ("persuasion", ("logical_appeal",)))
    cell = Cell.of(category="politics", style="slang", persuasion="logical_appeal")
    turns = [(f"Question {number} about gardens?",) for number in range(count)]
    write_suite(
        make_suite(matrix, [Case(case_id(cell, one), cell, one) for one in turns], {}), path / "safety.astral.jsonl"
    )


@pytest.fixture
def desk(desk):
    write_cases(desk.path)
    return desk


@pytest.fixture
def offline(offline_desk):
    write_cases(offline_desk.path, 3)
    return offline_desk


class Mount:
    """A file system of its own at ``place``, in a namespace that ends with the script: root's own, or one of the
    kernel's for everybody. Skips aloud where neither can be had.
    """

    def __init__(self, place):
        self.place = place
        place.mkdir()
        alone = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        if shutil.which("unshare") is None:
            pytest.skip("no unshare here: a disk of a few kilobytes cannot be made")
        self._start = [*alone, "sh", "-c"]
        if self.run("true", 100).code:
            pytest.skip("this system lets nobody mount a tmpfs: a disk of a few kilobytes cannot be made")

    def run(self, script, kilobytes, env=None):
        made = f"mount -t tmpfs -o size={kilobytes}k tmpfs '{self.place}' && cd '{self.place}' && {script}"
        done = subprocess.run([*self._start, made], env=env, capture_output=True, text=True, timeout=100, check=False)
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def mount(tmp_path):
    return Mount(tmp_path / "mounted")


def told(done, *words):
    """Assert one line with ``words`` and nothing of a traceback."""
    assert "Traceback" not in done.text, done.text
    assert "INTERNALERROR" not in done.text, done.text
    assert any(all(word in line for word in words) for line in done.text.splitlines()), done.text


# --- a full disk ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kilobytes", [200, 300, 420])
def test_a_full_disk_stops_the_sending_and_resume_completes_once_there_is_room(desk, server, mount, counted, kilobytes):
    server.script = lambda request, attempt: (
        completion(f"{REFUSAL} {'word ' * 1600}") if request["model"] == "gpt-4" else None
    )
    script = f"""
      cp {desk.path}/safety.astral.jsonl . ;
      {PYTEST} '{RUN} concurrency=2' > {desk.path}/first.txt 2>&1; echo $? > {desk.path}/first.code;
      ls -A > {desk.path}/left.txt;
      mount -o remount,size=20m {mount.place};
      {PYTEST} '{RESUME}' > {desk.path}/second.txt 2>&1; echo $? > {desk.path}/second.code;
      cp out.json {desk.path}"""
    assert mount.run(script, kilobytes, desk.env).code == 0
    first, second = (Done(int((desk.path / f"{n}.code").read_text()), (desk.path / f"{n}.txt").read_text(), "")
                     for n in ("first", "second"))  # fmt: skip
    assert first.code != 0, first.text
    told(first, "astral.db: cannot be written", "full")
    assert ".tmp" not in (desk.path / "left.txt").read_text()
    assert second.code == 0, second.text
    assert desk.totals() == {"safe": CASES}
    asking, judging = Counter(asked(server, "gpt-4")), Counter(asked(server, "judge"))
    assert len(asking) == len(judging) == CASES
    assert sum((asking + judging).values()) <= 2 * CASES + 2 * 2, "more than in flight was asked again"
    counted("faults injected")


@pytest.mark.parametrize("blocks", [64, 160, 250])
def test_a_limit_to_the_size_of_files_is_a_full_disk(offline, counted, blocks):
    """Where nothing can be mounted: no file may grow beyond so many times 512 bytes."""
    done = offline.run(["sh", "-c", f"ulimit -f {blocks}; exec {PYTEST} '{DEMO} report=json:out.json'"])
    assert done.code not in (0, 5), done.text
    told(done, "astral.db", "cannot be")
    done = offline.pytest("-q", "--astral", f"{DEMO} report=json:out.json")
    assert done.code == 0, done.text
    assert offline.results()["totals"]["overall"]["planned"] == 3
    counted("faults injected")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [("-m", "pytest", "-q", "--astral", DEMO), ("-m", "astral.cli", "report"),
                                   ("-m", "astral.cli", "runs")])  # fmt: skip
def test_a_screen_that_takes_nothing_is_no_success(offline, words, counted):
    assert offline.pytest("-q", "--astral", DEMO).code == 0
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, *words], cwd=offline.path, env=offline.env, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=50, check=False)  # fmt: skip
    assert done.returncode != 0
    if "pytest" not in words:  # which has a traceback of its own
        assert done.stderr.startswith(f"ERROR: astral {words[-1]}: the output cannot be written (No space left"), done
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    counted("faults injected")


@pytest.mark.parametrize("place", ["missing/out.json", "taken", "/dev/full"])
def test_a_report_that_cannot_be_written_is_no_success(offline, place, counted):
    (offline.path / "taken").mkdir()
    done = offline.pytest("-q", "--astral", f"{DEMO} report=json:{place},html:out.html")
    assert done.code in (1, 4)
    told(done, place)
    counted("faults injected")


# --- a directory that cannot be written -------------------------------------------------------------------------------


def test_a_read_only_directory_is_told_before_the_first_request(desk, server, mount, counted):
    script = f"cp {desk.path}/safety.astral.jsonl . ; mount -o remount,ro {mount.place}; exec {PYTEST} '{RUN}'"
    done = mount.run(script, 300, desk.env)
    done.refused(".astral", "Read-only file system", "run where you may write")
    assert not server.requests
    counted("faults injected")


def test_a_store_that_may_only_be_read_is_told_before_the_first_request(desk, server, mount, counted):
    script = f"""cp {desk.path}/safety.astral.jsonl . ; {PYTEST} '{DEMO}' > /dev/null &&
      mount -o remount,ro {mount.place}; exec {PYTEST} '{RUN}'"""
    done = mount.run(script, 1000, desk.env)
    done.refused(".astral", "cannot be")
    assert not server.requests
    counted("faults injected")


@pytest.mark.parametrize("what", [".astral", "."])
@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_a_directory_that_goes_in_mid_run_ends_the_run(desk, server, what, how, counted):
    """The files stay open and would take everything: nothing of it could ever be read again."""
    gone = threading.Event()

    def play(request, attempt):
        if request["model"] == "gpt-4" and server.count() > 8 and not gone.is_set():
            place, elsewhere = desk.path / what, desk.path.parent / f"{desk.path.name} elsewhere"
            shutil.rmtree(place) if how == "removed" else place.rename(elsewhere)
            gone.set()

    server.script = play
    try:
        done = desk.pytest("-q", "-p", "no:cacheprovider", "--tb=no", "--astral", f"{RUN} concurrency=2")
    finally:
        desk.path.mkdir(exist_ok=True)
    assert done.code not in (0, 4, 5), done.text
    if what == ".astral":  # without its own directory pytest has a traceback of its own
        told(done, "astral.db", "is not there any more")
    assert gone.is_set()
    assert server.count() <= 8 + 2 * 2, "it went on asking"
    counted("faults injected")


# --- two runs, and the locks of the dead ------------------------------------------------------------------------------


def test_a_second_run_in_one_directory_is_told_the_owner(desk, server, counted):
    reached, go_on = threading.Event(), threading.Event()

    def play(request, attempt):
        reached.set()
        return replace(completion(REFUSAL), after=go_on) if request["model"] == "gpt-4" else None

    server.script = play
    first = desk.start("--astral", RUN)
    try:
        assert reached.wait(40)
        sent = len(server.requests)
        for words in (f"{RUN}", DEMO, "resume=last gate=none"):
            done = desk.pytest("--astral", words)
            done.refused("in use by another run", f"process {first.pid}")
        assert asked(server, "judge") == []
        assert len(server.requests) <= max(sent, CASES), "the second one sent something"
    finally:
        go_on.set()
        out, _ = first.communicate(timeout=40)
    assert first.returncode == 0, out
    assert desk.totals() == {"safe": CASES}
    assert set(Counter(asked(server, "gpt-4")).values()) == {1}
    counted("faults injected")


def test_the_lock_of_a_dead_process_holds_nobody_up(desk, server, counted):
    """Also where its number is another's by now: the lock is the system's, the number in it only a hint."""
    reached = threading.Event()

    def play(request, attempt):
        reached.set()
        return replace(completion(REFUSAL), fault="hang")

    server.script = play
    first = desk.start("--astral", RUN)
    assert reached.wait(40)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=40)
    lock = desk.path / ".astral" / "lock"
    assert lock.read_text() == f"{first.pid}\n"
    lock.write_text(f"{os.getpid()}\n")  # alive, and no run
    server.script = None
    done = desk.pytest("--astral", RESUME)
    assert done.code == 0, done.text
    assert desk.totals() == {"safe": CASES}
    counted("kills survived")


# --- what stands where the directory goes -----------------------------------------------------------------------------


def test_a_link_that_leads_elsewhere_is_refused_and_followed_by_nothing(offline, counted):
    """A project that was fetched may hold one: what is stored would go where its author likes."""
    elsewhere = offline.path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (offline.path / ".astral").symlink_to(elsewhere)
    offline.pytest("--astral", DEMO).refused(".astral", "a link that leads elsewhere")
    assert list(elsewhere.iterdir()) == []
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
    counted("faults injected")


@pytest.mark.parametrize("name", ["astral.db", "lock", "suites", ".gitignore"])
def test_links_within_the_directory_are_not_followed(offline, name, counted):
    outside, home = offline.path / "outside", offline.path / ".astral"
    home.mkdir()
    if name == "suites":
        outside.mkdir()
        (offline.path / "safety.astral.jsonl").unlink()  # one is made in there
    (home / name).symlink_to(outside)
    done = offline.pytest("--astral", f"{DEMO} categories=privacy")
    if name == ".gitignore":
        assert done.code == 0, done.text
    else:
        done.refused(name)
    assert not outside.exists() or list(outside.iterdir()) == []
    counted("faults injected")


def test_a_file_in_the_place_of_the_directory_is_told(offline, counted):
    (offline.path / ".astral").write_text("mine")
    offline.pytest("--astral", DEMO).refused(".astral", "cannot be made or written", "run where you may write")
    assert (offline.path / ".astral").read_text() == "mine"
    counted("faults injected")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_directory_of_somebody_else_is_told(tmp_path_factory, counted):
    """The run is nobody's, in a directory that everybody may enter, with an .astral of root's."""
    code = (
        "import os; from astral.store import store_directory; from astral.errors import StoreError\n"
        "from pathlib import Path; os.setegid(65534); os.seteuid(65534)\n"
        "try: store_directory(Path('.'))\n"
        "except StoreError as err: print(err)"
    )
    place = Path("/tmp") / f"astral-{os.getpid()}"
    place.mkdir(mode=0o777)
    try:
        place.chmod(0o777)
        (place / ".astral").mkdir(mode=0o755)
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=place, env=environment(), capture_output=True, text=True, check=False
        )
    finally:
        shutil.rmtree(place)
    assert done.stdout.startswith(".astral: cannot be made or written (Operation not permitted)"), done
    counted("faults injected")


# --- who may read -----------------------------------------------------------------------------------------------------


def modes(root):
    """Everything below by its mode."""
    found = {}
    for path in [root, *root.rglob("*")]:
        found.setdefault(stat.S_IMODE(path.stat().st_mode), set()).add(path.name)
    return found


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o022])
def test_files_are_for_their_owner_alone_whatever_the_umask(desk, server, umask, counted):
    """While the run goes on as well: its log and its shared memory stand beside the store."""
    during = {}

    def play(request, attempt):
        if server.count() == 12:
            during.update(modes(desk.path / ".astral"))

    server.script = play
    (desk.path / ".astral").mkdir(mode=0o755)
    reports = "report=json:out.json,html:out.html,md:out.md,sarif:out.sarif"
    command = f"umask {umask:03o}; exec {PYTEST} '{RUN.rpartition(' ')[0]} {reports}'"
    done = desk.run(["sh", "-c", command])
    assert done.code == 0, done.text
    assert during.keys() == {0o700, 0o600}
    assert during[0o600] >= {"astral.db", "astral.db-wal", "astral.db-shm", "lock", ".gitignore"}
    for words in (("baseline", "update", "baseline=x.baseline.jsonl"), ("generate", "new.astral.jsonl", "preset=smoke",
                  "writer=template", "web=off", "categories=privacy", "styles=slang", "plan=full")):  # fmt: skip
        done = desk.run(["sh", "-c", f"umask {umask:03o}; exec {sys.executable} -m astral.cli {' '.join(words)}"])
        assert done.code == 0, done.text
    assert modes(desk.path / ".astral").keys() == {0o700, 0o600}
    assert (desk.path / ".astral" / ".gitignore").read_text() == "*\n"
    made = ("out.json", "out.html", "out.md", "out.sarif", "x.baseline.jsonl", "new.astral.jsonl")
    assert {stat.S_IMODE((desk.path / name).stat().st_mode) for name in made} == {0o600}
    counted("files private", len(made) + len(during[0o600]))
