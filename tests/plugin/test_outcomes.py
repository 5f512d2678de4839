"""Each outcome on screen, in reports and in the exit code."""

import xml.etree.ElementTree as ET

import pytest

MIX = ["good 1", "good 2", "bad 3", "silent 4", "odd 5", "boom 6", "good 7", "bad 8"]
COUNTS = {"safe": 3, "unsafe": 2, "inconclusive": 2, "blocked": 0, "error": 1, "not_run": 0}


@pytest.fixture
def mixed(project):
    project.suite(MIX)
    return project


def test_words_letters_and_totals(mixed):
    result = mixed.run("--astral", "report=json:out.json")
    assert result.parseoutcomes() == {"passed": 3, "failed": 2, "inconclusive": 2, "errors": 1}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    document = mixed.results()
    assert {k: document["totals"]["overall"][k] for k in COUNTS} == COUNTS
    assert document["totals"]["overall"]["planned"] == len(MIX)
    result.stdout.re_match_lines([r"planned 8 = 3 safe .* \+ 2 unsafe \+ 2 inconclusive \+ 0.*"])
    result.stdout.fnmatch_lines(["*gate any failed: 2 of 5 judged answers are unsafe*"])


def test_verbose_shows_ids_and_never_prompts(mixed):
    result = mixed.run("-vv", "-rA", "--showlocals")
    text = result.stdout.str() + result.stderr.str()
    assert "INCONCLUSIVE" in text
    assert "privacy-slang-evidence_based-" in text
    for prompt in MIX:
        assert prompt not in text


def test_a_finding_says_severity_oracle_and_how_to_read_it(mixed):
    result = mixed.run()
    result.stdout.fnmatch_lines(
        [
            "*unsafe, severity unknown (counts as 3), by words",
            "to read prompts and answers: astral report last text=all",
        ]
    )


def test_an_error_is_an_error_in_setup_with_its_cause(mixed):
    result = mixed.run()
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of *", "*target python:bot:answer raised RuntimeError: out of order*"]
    )


def test_junit_carries_outcome_and_totals(mixed):
    mixed.run("--junitxml=j.xml")
    suite = ET.parse(mixed.path / "j.xml").getroot().find("testsuite")
    totals = {p.get("name"): p.get("value") for p in suite.find("properties")}
    assert {f"astral_{k}": str(v) for k, v in {**COUNTS, "planned": len(MIX)}.items()}.items() <= totals.items()
    found = [
        p.get("value")
        for case in suite.iter("testcase")
        for p in case.iter("property")
        if p.get("name") == "astral_outcome"
    ]
    assert sorted(found) == sorted(k for k, n in COUNTS.items() for _ in range(n))
    raw = (mixed.path / "j.xml").read_text()
    assert not any(prompt in raw for prompt in MIX)


@pytest.mark.parametrize(
    ("prompts", "settings", "code"),
    [
        (["good 1", "good 2"], "", 0),
        (["good 1", "bad 2"], "", 1),
        (["good 1", "bad 2"], "gate=none", 0),
        (["good 1", "boom 2"], "", 1),
        (["good 1", "boom 2"], "incomplete=50%", 0),
        (["good 1", "odd 2"], "incomplete=49%", 1),
        (["boom 1", "boom 2"], "incomplete=100% gate=none", 1),
        (["odd 1"], "incomplete=100% gate=none", 1),
        (["good 1"], "report=html:no/such/place.html", 4),
    ],
)
def test_exit_codes(project, prompts, settings, code):
    project.suite(prompts)
    result = project.run("--astral", settings or "on", inprocess=True)
    assert result.ret == code


def test_failing_python_tests_always_fail_the_run(project):
    project.suite(["good 1"])
    project.pytester.makepyfile(test_mine="def test_mine(): assert False")
    assert project.run("safety.astral.jsonl", "test_mine.py").ret == 1
    project.pytester.makepyfile(test_mine="def test_mine(): pass")
    result = project.run("safety.astral.jsonl", "test_mine.py")
    assert result.parseoutcomes() == {"passed": 2}
    assert result.ret == 0


def test_text_levels(project, monkeypatch):
    project.suite(["bad 1 marker-prompt"])
    project.run("--astral", "report=json:out.json,html:out.html")
    assert "marker-prompt" in (project.path / "out.json").read_text()
    assert "marker-prompt" in (project.path / "out.html").read_text()
    monkeypatch.setenv("CI", "true")
    result = project.run("--astral", "report=json:out.json,html:out.html")
    for text in ((project.path / "out.json").read_text(), (project.path / "out.html").read_text(), result.stdout.str()):
        assert "marker-prompt" not in text
    result = project.run("--astral", "text=all report=json:out.json")
    assert "marker-prompt" in (project.path / "out.json").read_text()


def test_hostile_answers_stay_inert_on_the_terminal(project):
    project.suite(["bad 1 \x1b[31m\u202e\n::error::x\nPASSED [100%]"])
    result = project.run("--astral", "text=all", "-v")
    for line in result.stdout.str().split("\n"):
        assert "\x1b[31m" not in line
        assert "\u202e" not in line
        assert not line.startswith(("::error::", "PASSED [100%]"))


def test_repeats_are_trials_of_their_own(project):
    project.suite(["good 1", "bad 2"])
    result = project.run("--astral", "repeats=3", "--collect-only", "-q")
    assert sum(".python-bot-answer.r3" in line for line in result.outlines) == 2
    result = project.run("--astral", "repeats=3")
    assert result.parseoutcomes() == {"passed": 3, "failed": 3}
    assert len(project.asked()) == 6


def test_two_targets_side_by_side(project):
    project.suite(["good 1", "bad 2"])
    result = project.run("--astral", "target=python:bot:answer,demo report=json:out.json")
    by_target = project.results()["totals"]["by_target"]
    assert {name: part["planned"] for name, part in by_target.items()} == {"python-bot-answer": 2, "demo": 2}
    assert len(project.asked()) == 2
    assert "not judged" not in result.stdout.str()


def test_shards_split_the_cases_and_join_to_the_whole(project):
    project.suite([f"good {n}" for n in range(20)])
    seen = []
    for part in (1, 2, 3):
        result = project.run("--astral", f"shard={part}/3", "--collect-only", "-q", inprocess=True)
        seen += [line for line in result.outlines if "::" in line]
    assert len(seen) == len(set(seen)) == 20


def test_a_dry_run_says_the_cost_and_sends_nothing(project):
    project.suite(["good 1", "good 2"])
    result = project.run("--astral", "dry_run=on")
    assert result.ret == 0
    assert project.asked() == []
    result.stdout.fnmatch_lines(["astral: 2 trials: your own code is called;*dry run: nothing sent*"])
    assert project.run("-n", "2", "--astral", "dry_run=on").ret == pytest.ExitCode.USAGE_ERROR
