"""pytest's own ways to choose what runs: nothing that is not chosen is ever sent."""

import re
from dataclasses import replace

import pytest
from projects import MATRIX

from astral.suite import make_suite, write_suite

PROMPTS = [f"good {n}" for n in range(16)]


@pytest.fixture
def sixteen(project):
    project.suite(PROMPTS)
    return project


def test_k_selects_by_id(sixteen):
    result = sixteen.run("-k", "privacy and slang")
    assert result.parseoutcomes() == {"passed": 4, "deselected": 12}
    assert len(sixteen.asked()) == 4


def test_m_selects_by_dimension(sixteen):
    result = sixteen.run("-m", "astral(category='violence', style='question')")
    assert result.parseoutcomes() == {"passed": 4, "deselected": 12}
    assert len(sixteen.asked()) == 4


def test_deselected_trials_belong_to_no_outcome(sixteen):
    sixteen.run("-k", "privacy", "--astral", "report=json:out.json")
    assert sixteen.results()["totals"]["overall"]["planned"] == 8


def test_a_node_id_selects_one(sixteen):
    listed = sixteen.run("--collect-only", "-q")
    one = next(line for line in listed.outlines if "::" in line)
    result = sixteen.run(one)
    assert result.parseoutcomes() == {"passed": 1}
    assert len(sixteen.asked()) == 1


def test_collect_only_sends_and_stores_nothing(sixteen):
    result = sixteen.run("--collect-only", "-q")
    assert result.ret == 0
    assert sixteen.asked() == []
    assert not (sixteen.path / ".astral").exists()


def test_lf_reruns_exactly_what_failed_and_errored(project):
    project.suite(["good 1", "bad 2", "boom 3", "silent 4", "good 5", "bad 6", "odd 7", "good 8"])
    project.run()
    (project.path / "asked.log").unlink()
    result = project.run("--lf")
    assert sorted(project.asked()) == ["bad 2", "bad 6", "boom 3"]
    counts = result.parseoutcomes()
    assert (counts["failed"], counts["errors"]) == (2, 1)


def test_x_stops_with_a_bounded_number_of_calls(project):
    cases = project.suite([f"bad {n}" for n in range(60)])
    result = project.run("-x", "--astral", "concurrency=4")
    assert result.parseoutcomes()["failed"] == 1
    assert result.ret == 1
    assert 1 <= len(project.asked()) <= 1 + 4 < len(cases)


@pytest.mark.slow
def test_maxfail_too(project):
    project.suite([f"bad {n}" for n in range(60)])
    result = project.run("--maxfail=3", "--astral", "concurrency=2")
    assert result.parseoutcomes()["failed"] == 3
    assert len(project.asked()) <= 3 + 2


@pytest.mark.slow
def test_stepwise_stops_and_goes_on_with_a_bounded_number_of_calls(project):
    cases = project.suite([f"bad {n}" for n in range(60)])
    for run in range(2):
        result = project.run("--sw", "--astral", "concurrency=4")
        assert result.parseoutcomes()["failed"] == 1
        assert result.ret == 2
        assert len(project.asked()) <= (1 + 4) * (run + 1) < len(cases)


@pytest.mark.slow
def test_a_plan_of_setups_sends_and_stores_nothing(project):
    project.suite(["good 1", "bad 2"])
    project.tests("def test_it(astral_case, astral_target, astral_oracle): assert 0")
    result = project.run("--setup-plan", "test_mine.py", "safety.astral.jsonl")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*SETUP*astral_target*"])
    assert project.asked() == []
    assert not (project.path / ".astral").exists()


@pytest.mark.slow
def test_a_plan_of_setups_needs_no_workers(project):
    pytest.importorskip("xdist")
    project.suite(["good 1"])
    result = project.run("--setup-plan", "-n", "2")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*astral: --setup-plan sends nothing and needs no workers; leave -n out"])


def test_only_suites_are_collected_without_paths(sixteen):
    sixteen.pytester.makepyfile(test_mine="def test_mine(): pass")
    assert sixteen.run().parseoutcomes() == {"passed": 16}


@pytest.mark.slow
def test_testpaths_of_the_ini_file_do_not_count(sixteen):
    sixteen.pytester.makeini("[pytest]\ntestpaths = tests")
    sixteen.pytester.mkdir("tests").joinpath("test_mine.py").write_text("def test_mine(): pass")
    assert sixteen.run().parseoutcomes() == {"passed": 16}


@pytest.mark.slow
def test_suites_among_paths(sixteen):
    folder = sixteen.pytester.mkdir("more")
    (sixteen.path / "safety.astral.jsonl").rename(folder / "mine.astral.jsonl")
    (folder / "test_mine.py").write_text("def test_mine(): pass")
    result = sixteen.run("more")
    assert result.parseoutcomes() == {"passed": 17}


@pytest.mark.slow
def test_two_suites_in_one_run(project):
    project.suite(["good 1"], "one.astral.jsonl")
    project.suite(["good 2"], "two.astral.jsonl")
    result = project.run("one.astral.jsonl", "two.astral.jsonl", "--astral", "report=json:out.json")
    assert result.parseoutcomes() == {"passed": 2}
    assert project.results()["totals"]["overall"]["planned"] == 2


@pytest.mark.slow
def test_a_case_of_two_suites_has_one_result_in_both(project):
    project.suite(["good 1", "bad 2"], "one.astral.jsonl")
    project.suite(["good 1", "bad 2"], "two.astral.jsonl")
    result = project.run("one.astral.jsonl", "two.astral.jsonl")
    assert result.parseoutcomes() == {"passed": 2, "failed": 2}
    assert len(project.asked()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_prompt_that_another_suite_calls_a_benign_twin_is_refused(project, workers):
    """Else an unsafe answer to it would count or not by the names of the two files."""
    bad, _ = project.suite(["bad 1", "good 2"], "one.astral.jsonl")
    stands_beside, _ = project.suite(["good 3", "good 4"], "two.astral.jsonl")
    twin = replace(bad, twin_of=stands_beside.id)
    write_suite(make_suite(MATRIX, [stands_beside, twin], {}), project.path / "two.astral.jsonl")
    result = project.run("one.astral.jsonl", "two.astral.jsonl", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = f"case {bad.id} is a benign twin in two.astral.jsonl and none in one.astral.jsonl; take it out of one"
    assert said in " ".join([*result.outlines, *result.errlines])
    assert project.asked() == []


FAR = "../../out/suite ü.astral.jsonl"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "workers"),
    [
        *((name, ()) for name in ("../safety.astral.jsonl", "../plain.jsonl", FAR)),
        (FAR, ("-n", "2")),
        pytest.param("../safety.astral.jsonl", ("-n", "2"), marks=pytest.mark.slow),
        pytest.param("../plain.jsonl", ("-n", "2"), marks=pytest.mark.slow),
    ],
)
def test_a_suite_may_lie_anywhere(project, monkeypatch, name, workers):
    """From a directory below the rootdir, with another suffix, outside the rootdir; in workers as alone."""
    project.suite(["good 1", "bad 2"])
    root = project.path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    for file in ("bot.py", "conftest.py", "safety.astral.jsonl"):
        (project.path / file).rename(root / file)
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.chdir(root / "sub")
    path = root / "sub" / name
    path.parent.resolve().mkdir(exist_ok=True)
    if path.name != "safety.astral.jsonl":
        (root / "safety.astral.jsonl").rename(path.parent.resolve() / path.name)
    result = project.run(*workers, settings=f"target=python:bot:answer oracle=words suite={name}")
    assert result.parseoutcomes() == {"passed": 1, "failed": 1}
    assert result.ret == 1


MORE_WAYS = [pytest.param(dist, marks=pytest.mark.slow) for dist in ("loadscope", "worksteal", "each")]


@pytest.mark.parametrize("dist", ["load", *MORE_WAYS])
def test_xdist_gives_the_same_as_one_process(project, dist):
    """One engine in the controller: the same totals, findings and number of calls."""
    pytest.importorskip("xdist")
    project.suite(["good 1", "bad 2", "boom 3", "silent 4", "good 5", "bad 6", "odd 7", "good 8"])
    project.run("--astral", "report=json:one.json")
    alone = project.asked()
    (project.path / "asked.log").unlink()
    result = project.run("-n", "2", "--dist", dist, "--astral", "report=json:two.json")
    one, two = project.results("one.json"), project.results("two.json")
    assert sorted(project.asked()) == sorted(alone)
    assert one["totals"] == two["totals"]
    ends = [{c["id"]: (c["outcome"], c["reason"]) for c in document["cases"]} for document in (one, two)]
    assert ends[0] == ends[1]
    assert result.ret == 1


@pytest.mark.slow
def test_xdist_with_x_stays_bounded(project):
    pytest.importorskip("xdist")
    project.suite([f"bad {n}" for n in range(60)])
    result = project.run("-n", "2", "-x", "--astral", "concurrency=4")
    assert result.ret in (1, 2)
    assert len(project.asked()) <= 2 * 4 + 4


def test_ids_hold_no_text_and_no_brackets(sixteen):
    for line in sixteen.run("--collect-only", "-q").outlines:
        if "::" in line:
            assert re.fullmatch(r"safety\.astral\.jsonl::[a-z_]+-[a-z_]+-[a-z_]+-[0-9a-f]{12}\.python-bot-answer", line)
