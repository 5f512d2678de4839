"""Runs held against a baseline: what is new fails, what is known is expected, what is fixed is told."""

import json
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import pytest
from desks import Desk, with_all_plugins
from test_runs import CASES, SUITE, run_ids, write_cases

from astral.suite import read_suite
from astral.testing.behaviour import MARKER, user_text
from astral.testing.server import LocalServer

pytestmark = pytest.mark.slow
FILE = "safety.baseline.jsonl"
HELD = f"baseline={FILE}"
ASK = "target=gpt-4o oracle=llm:judge canaries=0 report=json:out.json"
QUIET = ("-p", "no:langsmith_plugin", "-p", "no:randomly", "-p", "no:asyncio", "-p", "no:sugar")


def answering(server, *unsafe):
    """The target answers these questions, by number, as it should not; the judge knows the mark."""

    def answer(request, attempt):
        number = re.match(r"Question (\d+) ", user_text(request))
        found = number is not None and request["model"] != "judge" and int(number[1]) in unsafe
        return f"{MARKER} step one" if found else None

    server.script = answer


@pytest.fixture
def desk(desk, server):
    write_cases(desk.path)
    answering(server, 2, 5)
    return desk


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A project where questions 2 and 5 are known to be answered badly."""
    with LocalServer() as server:
        answering(server, 2, 5)
        desk = Desk(tmp_path_factory.mktemp("begun"), server)
        write_cases(desk.path)
        run(desk, code=1)
        update(desk)
    return desk.path


@pytest.fixture
def known(begun, desk):
    """A copy of that project, with a server of its own."""
    shutil.copytree(begun, desk.path, dirs_exist_ok=True)
    return desk


def run(desk, *settings, options=(), code=0, env=None, ask=ASK):
    done = desk.pytest(*options, "--tb=short", "--astral", " ".join([ask, *settings]), env=env)
    assert done.code == code, done.text
    return done


def update(desk, *words, code=0, file=FILE):
    done = desk.astral("baseline", "update", *words, f"baseline={file}")
    assert done.code == code, done.text
    return done


def counts(done):
    """The words of pytest's last line with their counts."""
    return {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", done.out.strip().splitlines()[-1])}


def lines(desk, file=FILE):
    """The questions of a baseline by number, with their outcomes."""
    numbers = {case.id: int(case.prompt.split()[1]) for case in read_suite(desk.path / SUITE).cases}
    rows = [json.loads(line) for line in (desk.path / file).read_text().splitlines()[1:]]
    return {(numbers.get(row["case"], row["case"]), row["target"]): row["outcomes"] for row in rows}


def unsafe(desk, file=FILE):
    return sorted(number for (number, _), outcomes in lines(desk, file).items() if "unsafe" in outcomes)


def flat(done):
    return " ".join(done.text.split())


# --- the way of a team ------------------------------------------------------------------------------------------------


def test_known_findings_pass_new_ones_fail_and_fixed_ones_are_told(desk, server):
    first = run(desk, code=1)
    assert counts(first) == {"failed": 2, "passed": 10}
    assert "gate any failed: 2 of 12 judged answers are unsafe" in flat(first)
    made = update(desk)
    assert f"baseline {FILE}: 2 known findings in 12 questions, by run {run_ids(desk)[0]}" in made.out
    assert f"to hold runs against it: pytest --astral baseline={FILE}" in made.out
    assert unsafe(desk) == [2, 5]
    assert "garden" not in (desk.path / FILE).read_text()
    assert MARKER not in (desk.path / FILE).read_text()

    again = run(desk, HELD, options=("-rx",))
    day = json.loads((desk.path / FILE).read_text().splitlines()[0])["made"][:10]
    assert f"astral: baseline {FILE}: 2 known findings in 12 questions, made {day}" in again.out
    assert counts(again) == {"xfailed": 2, "passed": 10}
    assert re.search(rf"^{SUITE} [.x]{{12}} ", again.out, re.MULTILINE)
    assert len(re.findall(rf"^XFAIL {SUITE}::.* - known since {day}: {FILE}$", again.out, re.MULTILINE)) == 2
    assert "gate new passed" in flat(again)

    answering(server, 2, 5, 7)
    worse = run(desk, HELD, code=1)
    assert counts(worse) == {"failed": 1, "xfailed": 2, "passed": 9}
    assert "gate new failed" in flat(worse)

    answering(server, 5)
    better = run(desk, HELD)
    assert counts(better) == {"xfailed": 1, "passed": 11}
    assert "0 new, 1 known, 1 fixed, 0 not seen again" in flat(better)
    assert f"astral baseline update baseline={FILE}" in better.out
    told = update(desk)
    assert "0 added, 0 now unsafe, 1 now safe, 11 unchanged" in told.out
    assert unsafe(desk) == [5]
    shown = desk.astral("baseline", "show", HELD)
    assert "gpt-4o: 1 of 12 questions unsafe" in shown.out
    assert re.search(rf"^  \w+-\w+-logical_appeal-[0-9a-f]{{12}}\.gpt-4o  unsafe, known since {day}$", shown.out, re.M)
    assert "judge     llm:judge (" in shown.out


def test_the_same_run_writes_the_same_bytes_and_changes_nothing_twice(known):
    before = (known.path / FILE).read_bytes()
    assert "changes nothing; the file stays as it was" in update(known).out
    assert (known.path / FILE).read_bytes() == before
    update(known, file="other.jsonl")
    assert (known.path / "other.jsonl").read_bytes().split(b"\n")[1:] == before.split(b"\n")[1:]


def test_a_finding_that_was_not_judged_again_is_kept(known, server):
    """Question 2 errors today, and -k leaves the others out: nothing of what is known is lost."""
    ids = {int(case.prompt.split()[1]): case.id for case in read_suite(known.path / SUITE).cases}
    server.script = lambda request, attempt: "" if "Question 2 " in user_text(request) else None
    done = run(known, HELD, "incomplete=100%", options=("-k", f"{ids[2]} or {ids[0]}"))
    assert "0 new, 0 known, 0 fixed, 2 not seen again (1 of them not asked)" in flat(done)
    told = update(known)
    assert "changes nothing" in told.out
    assert "0 added, 0 now unsafe, 0 now safe, 1 unchanged, 11 kept as they were" in told.out
    assert unsafe(known) == [2, 5]


def test_what_people_say_of_an_answer_is_what_the_baseline_keeps(known):
    cases = known.results()["cases"]
    rows = [{"id": f"{one['id']}.gpt-4o", "label": "safe"} for one in cases if one["outcome"] == "unsafe"][:1]
    known.write("said.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert known.astral("review", "--import", "said.jsonl", "--who", "ada").code == 0
    assert "1 now safe" in update(known).out
    assert len(unsafe(known)) == 1


# --- how pytest reports them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dist", ["load", "loadscope", "loadfile", "loadgroup", "worksteal", "each", "no"])
def test_every_mode_of_xdist_reports_known_findings_alike(known, dist):
    pytest.importorskip("xdist")
    env = with_all_plugins(known.env)
    done = run(known, HELD, options=("-n", "2", "--dist", dist, *QUIET), env=env)
    reports = 2 if dist == "each" else 1
    assert counts(done) == {"xfailed": 2 * reports, "passed": 10 * reports}


def test_a_limit_on_failures_does_not_count_known_findings(known, server):
    assert counts(run(known, HELD, options=("-x",))) == {"xfailed": 2, "passed": 10}
    answering(server, 2, 5, 7, 8)
    stopped = counts(run(known, HELD, "incomplete=100%", options=("-x",), code=1))
    assert stopped["failed"] == 1


def test_known_findings_are_neither_run_again_nor_taken_for_failures(known, server):
    pytest.importorskip("pytest_rerunfailures")
    answering(server, 2, 5, 7)
    env = with_all_plugins(known.env)
    again = run(known, HELD, options=("--reruns", "2", *QUIET), code=1, env=env)
    assert counts(again) == {"failed": 1, "xfailed": 2, "passed": 9, "rerun": 2}
    last = run(known, HELD, options=("--lf", *QUIET), code=1, env=env)
    assert counts(last) == {"failed": 1, "deselected": 11}


def test_junit_has_them_as_expected_failures(known):
    run(known, HELD, options=("--junitxml=j.xml",))
    suite = ET.parse(known.path / "j.xml").getroot().find("testsuite")
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "2")
    skipped = list(suite.iter("skipped"))
    assert {one.get("type") for one in skipped} == {"pytest.xfail"}
    assert all(re.fullmatch(rf"known since \d{{4}}-\d\d-\d\d: {FILE}", one.get("message")) for one in skipped)


def test_known_findings_can_be_shown_as_failures_and_the_gate_still_passes(known):
    assert counts(run(known, HELD, options=("--runxfail",))) == {"failed": 2, "passed": 10}


def test_tracebacks_of_expected_failures_show_nothing_but_a_line(known):
    done = run(known, HELD, options=("-rx", "--xfail-tb"))
    assert "unsafe, severity 2, by llm:judge" in done.out
    assert "def runtest" not in done.out


@pytest.mark.parametrize(
    ("gate", "code", "expected"),
    [
        ("new", 0, {"xfailed": 2, "passed": 10}),
        ("errors<=1%", 0, {"xfailed": 2, "passed": 10}),  # says nothing of findings, so new is in force too
        ("any", 1, {"failed": 2, "passed": 10}),
        ("none", 0, {"failed": 2, "passed": 10}),
        ("rate<=90%", 0, {"failed": 2, "passed": 10}),
    ],
)
def test_findings_are_expected_where_the_gate_new_is_in_force(known, gate, code, expected):
    done = run(known, HELD, f"gate={gate}", code=code)
    assert counts(done) == expected
    assert "0 new, 2 known" in flat(done)


# --- what is refused, with nothing sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["baseline=none.jsonl"], ["none.jsonl: no such baseline", "astral baseline update baseline=none.jsonl"]),
        (["baseline=broken.jsonl"], ["broken.jsonl:2: unknown outcome 'unsfe'; did you mean 'unsafe'?"]),
        (["baseline=newer.jsonl"], ["newer.jsonl:1: baseline format 2 is newer", "upgrade pytest-astral"]),
        (["gate=new", "baseline=off"], ["gate=new", "baseline=FILE"]),
        ([HELD, "confirm=3"], [FILE, "another judge", "confirm was 2 and is now 3", "--replace"]),
        ([HELD, "oracle=llm:judge-2"], [FILE, "another judge", "llm:judge then, llm:judge-2 now"]),
        ([HELD, "oracle=offline"], [FILE, "another judge", "llm:judge then, offline now"]),
        ([HELD, "fail_on=2"], [FILE, "fail_on=1", "fail_on=2"]),
        ([HELD, "turns=each"], [FILE, "turns=last", "turns=each"]),
    ],
)
def test_nothing_is_sent_where_the_baseline_cannot_hold(known, server, settings, words):
    text = (known.path / FILE).read_text()
    known.write("broken.jsonl", text.replace('"unsafe"', '"unsfe"').replace("\n", "\n", 1))
    known.write("newer.jsonl", text.replace('"astral_baseline":1', '"astral_baseline":2'))
    bad = next(n for n, line in enumerate(text.splitlines(), 1) if '"unsafe"' in line)
    sent = len(server.requests)
    done = run(known, *settings, code=4)
    done.refused(*(word.replace("broken.jsonl:2", f"broken.jsonl:{bad}") for word in words))
    assert len(server.requests) == sent
    assert len(run_ids(known)) == 1


def test_a_dry_run_sees_it_too_and_off_takes_back_what_the_ini_file_names(known, server):
    known.write("pytest.ini", "[pytest]\nastral = baseline=none.jsonl\n")
    sent = len(server.requests)
    run(known, "dry_run=on", code=4).refused("no such baseline")
    assert run(known, "dry_run=on baseline=off").code == 0
    assert len(server.requests) == sent
    run(known, "baseline=off", code=1)


def test_another_target_has_new_findings_only_and_is_told(known):
    done = run(known, HELD, "target=gpt-5", code=1)
    assert f"baseline {FILE} holds nothing about target gpt-5: every finding there is new" in flat(done)
    assert counts(done) == {"failed": 2, "passed": 10}
    told = update(known)
    assert "12 added, 0 now unsafe, 0 now safe, 0 unchanged, 12 kept as they were" in told.out
    assert unsafe(known) == [2, 2, 5, 5]
    both = run(known, HELD, "target=gpt-4o,gpt-5")
    assert counts(both) == {"xfailed": 4, "passed": 20}


# --- updating ---------------------------------------------------------------------------------------------------------


def test_an_update_by_another_judge_is_refused_unless_it_starts_anew(known):
    before = (known.path / FILE).read_bytes()
    run(known, "oracle=llm:judge-2", code=1)
    update(known, code=4).refused("another judge", "--replace")
    assert (known.path / FILE).read_bytes() == before
    assert "2 known findings in 12 questions" in update(known, "--replace").out
    assert json.loads((known.path / FILE).read_text().splitlines()[0])["judge"]["oracles"][0]["model"] == "judge-2"
    run(known, "oracle=llm:judge-2", HELD)


def test_a_suite_that_is_named_by_mistake_is_not_replaced(known):
    before = (known.path / SUITE).read_bytes()
    update(known, code=4, file=SUITE).refused("not the header of a baseline", "name another file")
    update(known, "--replace", code=4, file=SUITE).refused("no baseline, so it is not replaced")
    assert (known.path / SUITE).read_bytes() == before


def test_lines_of_cases_that_left_the_suite_go_when_asked(known):
    suite = (known.path / SUITE).read_text().splitlines(keepends=True)
    gone = [line for line in suite if "Question 2 " in line or "Question 0 " in line]
    known.write(SUITE, "".join(line for line in suite if line not in gone))
    run(known, HELD)
    assert "10 unchanged, 2 kept as they were" in update(known).out
    assert "10 unchanged, 2 taken out" in update(known, "--prune").out
    assert unsafe(known) == [5]


def test_pruning_by_a_part_of_a_suite_needs_the_suite(known):
    ids = {int(case.prompt.split()[1]): case.id for case in read_suite(known.path / SUITE).cases}
    run(known, HELD, options=("-k", ids[0]))
    assert "1 unchanged, 11 kept as they were" in update(known, "--prune").out
    write_cases(known.path, extra=1)
    update(known, "--prune", code=4).refused("--prune needs the suite of run", "changed since")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["update"], "name the file: baseline=safety.baseline.jsonl"),
        (["show"], "name the file: baseline=safety.baseline.jsonl"),
        (["show", "baseline=none.jsonl"], "none.jsonl: no such baseline"),
        (["update", "nobody", HELD], "no run 'nobody'"),
        (["update", HELD], "no run is stored here yet"),
        (["show", HELD, "--prune"], "show does not take --prune"),
        (["updat", HELD], "unknown part 'updat'; did you mean 'update'?"),
        (["show", "x", HELD], "show takes no name"),
    ],
)
def test_commands_that_cannot_be_taken(offline_desk, words, said):
    assert said in flat(done := offline_desk.astral("baseline", *words)) or "no run" in said, done.text
    assert done.code == 4
    assert "Traceback" not in done.text
    assert not (offline_desk.path / FILE).exists()


def test_a_run_without_a_verdict_makes_no_baseline(desk, server):
    server.script = lambda request, attempt: ""
    run(desk, code=1)
    update(desk, code=4).refused("has no judged answer", "name another run")
    assert not (desk.path / FILE).exists()


# --- where the baseline is named --------------------------------------------------------------------------------------


def test_the_file_is_named_in_the_ini_file_and_found_from_where_one_is(known):
    (known.path / "sub").mkdir()
    known.write("pytest.ini", f"[pytest]\nastral = {HELD}\n")
    assert "changes nothing" in known.astral("baseline", "update").out
    assert counts(run(known)) == {"xfailed": 2, "passed": 10}
    command = [sys.executable, "-m", "pytest", f"../{SUITE}", "--astral", f"{ASK} baseline=../{FILE}"]
    done = known.run(["env", "-C", "sub", *command])
    assert done.code == 0, done.text
    assert counts(done) == {"xfailed": 2, "passed": 10}


# --- runs that go on, are judged again, or put together ---------------------------------------------------------------


def test_a_resumed_run_may_be_held_against_another_baseline(desk, server):
    run(desk, code=1)
    update(desk)
    before = len(server.requests)
    done = run(desk, HELD, "resume=last", ask="report=json:out.json")
    assert counts(done) == {"xfailed": 2, "passed": 10}
    assert len(server.requests) == before


def test_answers_that_are_judged_again_are_held_against_it(known, server):
    again = known.astral("judge", HELD)
    assert again.code == 0, again.text
    assert "gate new passed" in flat(again)
    sent = len(server.requests)
    known.astral("judge", HELD, "confirm=1").refused("another judge", "confirm was 2 and is now 1")
    assert len(server.requests) == sent
    assert len(run_ids(known)) == 2


def test_shards_put_together_are_held_against_it_and_bring_it_up_to_date(known, server):
    answering(server, 2, 7)
    for number in (1, 2):
        run(known, f"shard={number}/2 gate=none")
    ids = run_ids(known)
    refused = known.astral("merge", *ids[:2], "baseline=none.jsonl")
    refused.refused("no such baseline")
    assert run_ids(known) == ids
    merged = known.astral("merge", *ids[:2], HELD)
    assert merged.code == 1, merged.text
    assert "1 new, 1 known, 1 fixed, 0 not seen again" in flat(merged)
    assert "0 added, 1 now unsafe, 1 now safe, 10 unchanged" in update(known).out
    assert unsafe(known) == [2, 7]
    assert len(lines(known)) == CASES
