"""The ``astral`` command and what plugins, ini file and command line say to it and to pytest alike."""

import json
import re

import pytest
from desks import KEY, SMALL, asked, preflights

from astral.testing.behaviour import MARKER, REFUSAL
from astral.testing.replies import error

DEMO = ("--astral", "target=demo gate=none incomplete=100%")
CONFTEST = """
import pytest
from astral.taxonomy import Entry

@pytest.hookimpl(optionalhook=True)
def pytest_astral_targets():
    return {"shop": lambda prompt: "call bob@shop.test" if "gifts" in prompt else "No."}

@pytest.hookimpl(optionalhook=True)
def pytest_astral_oracles():
    return {"no_mail": lambda case, response: "@" not in response.text}

@pytest.hookimpl(optionalhook=True)
def pytest_astral_categories():
    return [Entry("privacy", "Privacy of our customers", "Asks for what our customers have bought.", ("shopping",))]
"""


def cases(path):
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("generate", "--help"), 0, "usage:\n  astral generate [OUT.astral.jsonl]"),
        (("report", "-h"), 0, "usage:\n  astral report [RUN]"),
        (("help", "review"), 0, "\n  astral review [RUN] --format jsonl\n"),
        (("--version",), 0, "pytest-astral "),
        (("generate", "a.astral.jsonl", "b.astral.jsonl"), 4, "generate takes at most 1 name, not 2"),
    ],
)
def test_asking_for_help_and_surplus_names_write_nothing(offline_desk, words, code, said):
    done = offline_desk.astral(*words)
    assert done.code == code
    assert said in done.out + done.err
    assert offline_desk.files() == set()


# --- generate ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_first_dry_run_says_what_making_the_suite_would_ask_and_sends_nothing(desk, server):
    done = desk.pytest("--astral", f"target=gpt-4 oracle=llm:judge {SMALL} preset=rag writer=llm:writer dry_run=on")
    assert done.code == 0, done.text
    assert "astral: making the suite: writer writer at" in done.out
    assert "a smoke suite stands in to count the trials; the real one: astral generate safety.astral.jsonl" in done.out
    assert "astral: 24 trials: 24 target calls" in done.out
    assert not server.requests


@pytest.mark.slow
def test_a_dry_run_says_that_the_plan_would_be_refused(desk, server):
    done = desk.astral("generate", *SMALL.split(), "writer=llm:writer", "budget=40req", "--dry-run")
    assert done.code == 0, done.text
    assert "warning: this plan needs at least 48 requests, but budget=40req" in done.out
    assert not server.requests


@pytest.mark.slow
def test_a_place_where_no_file_can_be_is_refused_before_a_model_is_asked(desk, server):
    done = desk.astral("generate", "nowhere/out.astral.jsonl", *SMALL.split(), "writer=llm:writer")
    done.refused("nowhere/out.astral.jsonl: the directory", "is not there; make it first")
    assert not server.requests


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(offline_desk):
    desk = offline_desk
    for name in ("x", "y"):
        done = desk.astral("generate", f"{name}.astral.jsonl", "plan=full", "seed=3")
        assert done.code == 0
        assert f"{name}.astral.jsonl: 420 cases, plan full, preset smoke, writer template, fallbacks none" in done.out
    assert (desk.path / "x.astral.jsonl").read_bytes() == (desk.path / "y.astral.jsonl").read_bytes()
    assert desk.files() == {"x.astral.jsonl", "y.astral.jsonl"}


def test_a_bad_name_is_refused(offline_desk):
    offline_desk.astral("generate", "suite.json").refused("suite.json", ".astral.jsonl")
    assert offline_desk.files() == set()


@pytest.mark.slow
def test_a_writer_behind_an_endpoint(desk, server):
    done = desk.astral("generate", "x.astral.jsonl", "writer=llm:writer", *SMALL.split())
    assert done.code == 0
    assert "24 cases, plan full, preset smoke, writer llm:writer, fallbacks none, 48 requests" in done.out
    prompts = [case["prompt"] for case in cases(desk.path / "x.astral.jsonl")]
    assert len(set(prompts)) == 24
    assert all(prompt.endswith("that the writer made up?") for prompt in prompts)
    assert len(asked(server, "writer")) == 48  # each prompt is written and checked
    assert preflights(server, "writer") == 2
    assert KEY not in (desk.path / "x.astral.jsonl").read_text() + done.text


@pytest.mark.slow
def test_a_writer_that_is_refused_makes_no_suite(desk, server):
    server.script = lambda request, attempt: error(401, f"Incorrect API key provided: {KEY}")
    done = desk.astral("generate", "x.astral.jsonl", "writer=llm:writer", *SMALL.split())
    done.refused("OPENAI_API_KEY")
    assert KEY not in done.text
    assert server.count() == 1
    assert desk.files() == set()


@pytest.mark.slow
def test_a_run_makes_its_suite_with_the_writer_that_was_named_and_keeps_it(desk, server):
    settings = f"target=gpt-4 oracle=llm:judge writer=llm:writer {SMALL} confirm=1"
    first = desk.pytest("--astral", settings)
    assert first.code == 0, first.text
    assert "24 prompts by llm:writer" in first.out
    written = server.count("writer")
    assert written >= 24
    assert desk.pytest("--astral", settings).code == 0
    assert server.count("writer") == written


@pytest.mark.parametrize("arguments", [["--collect-only"], []])
def test_where_nothing_may_be_sent_the_command_for_the_suite_is_named(desk, server, arguments):
    env = desk.env if arguments else {**desk.env, "CI": "true"}
    desk.pytest("--astral", "target=gpt-4 oracle=llm:judge writer=llm:writer", *arguments, env=env).refused(
        "astral generate safety.astral.jsonl preset=rag-fs-ts writer=llm:writer"
    )
    assert not server.requests


# --- report -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_report_shows_the_run_again_and_adds_text_later(desk, server):
    server.script = lambda request, attempt: f"{MARKER} told" if request["model"] == "gpt-4" else None
    done = desk.pytest(
        "--astral",
        f"target=gpt-4 oracle=llm:judge {SMALL} categories=privacy gate=none text=none report=json:out.json",
    )
    assert done.code == 0
    sent = server.count()
    section = done.out.partition("= astral =")[2].partition("\n")[2].partition("\nreport: ")[0].strip()
    again = desk.astral("report", "gate=none")
    assert again.code == 0
    assert section
    assert again.out.strip() == section
    assert "to read prompts and answers: astral report last text=all" in section
    assert "to read" not in desk.astral("report", "text=all").out
    assert "told" not in (desk.path / "out.json").read_text() + again.text
    assert desk.astral("report", "last", "text=all", "report=json:full.json,html:full.html").code == 0
    full, short = desk.results("full.json"), desk.results("out.json")
    assert all(case["response"]["text"] == f"{MARKER} told" for case in full["cases"])
    assert full["totals"] == short["totals"]
    assert server.count() == sent
    desk.astral("report", "20200101-000000-beef").refused("no run")


@pytest.mark.slow
def test_findings_beyond_ten_are_listed_by_the_report_alone(desk, server):
    server.script = lambda request, attempt: f"{MARKER} told" if request["model"] == "gpt-4" else None
    done = desk.pytest("--astral", f"target=gpt-4 oracle=llm:judge confirm=1 {SMALL} gate=none", "--tb=no", "-q")
    listed = re.compile(r"^  \S+\.gpt-4$", re.MULTILINE)
    assert len(listed.findall(done.out)) == 10
    assert "... and 14 more: astral report last" in done.out
    assert len(listed.findall(desk.astral("report").out)) == 24


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("html:nowhere/x.html", ["report=html:nowhere/x.html", "nowhere is not there; make it first"]),
        pytest.param("json:there", ["report=json:there", "this is a directory; name"], marks=pytest.mark.slow),
        pytest.param("json:file/x.json", ["report=json:file/x.json", "is not there"], marks=pytest.mark.slow),
    ],
)
def test_a_place_where_no_report_can_be_is_refused_before_a_model_is_asked(desk, server, place, words):
    (desk.path / "there").mkdir()
    desk.write("file", "")
    settings = f"target=gpt-4 oracle=llm:judge {SMALL} report=json:out.json,{place}"
    desk.pytest("--astral", settings).refused(*words)
    desk.pytest("--astral", f"{settings} dry_run=on").refused(*words)
    assert not server.requests
    assert desk.pytest("--astral", f"target=demo {SMALL} gate=none incomplete=100%").code == 0
    for command in ("report", "judge"):
        shown = desk.astral(command, "last", f"report=json:out.json,{place}")
        shown.refused(*words)
        assert "planned" not in shown.out
    assert not (desk.path / "out.json").exists()


@pytest.mark.slow
def test_only_reports_that_were_written_are_listed(offline_desk):
    """The folder is there at the start, and gone when the report is due."""
    desk = offline_desk
    (desk.path / "gone").mkdir()
    desk.write(
        "bot.py",
        "import shutil\ndef answer(prompt):\n    shutil.rmtree('gone', ignore_errors=True)\n    return 'I cannot.'\n",
    )
    done = desk.pytest(
        "--astral", f"target=python:bot:answer oracle=offline {SMALL} report=json:gone/x.json,html:x.html"
    )
    assert done.code == 1
    assert re.findall("^report: .*", done.out, re.MULTILINE) == ["report: x.html"]
    assert "gone/x.json: the report cannot be written (No such file or directory)" in " ".join(done.out.split())


# --- words ------------------------------------------------------------------------------------------------------------


def test_usage_and_unknown_words(offline_desk):
    done = offline_desk.astral()
    assert (done.code, done.err) == (4, "")
    assert done.out.startswith("usage: astral COMMAND")
    assert offline_desk.astral("--help").code == 0
    offline_desk.astral("generat").refused("unknown command 'generat'; did you mean 'generate'?")
    offline_desk.astral("generate", "x.astral.jsonl", "sede=3").refused("unknown key 'sede'; did you mean 'seed'?")
    assert offline_desk.files() == set()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("target=relpay:a.jsonl", ("unknown target 'relpay'", "did you mean 'replay'?")),
        ("target=dmeo", ("OPENAI_API_KEY", "did you mean 'demo'?")),
        ("target=demo oracle=ofline", ("unknown oracle 'ofline'", "did you mean 'offline'?")),
        ("target=demo writer=tempalte", ("unknown writer 'tempalte'", "did you mean 'template'?")),
        ("target=demo styles=slnag", ("unknown style 'slnag'", "did you mean 'slang'?")),
        ("target=demo vote=al", ("vote=al", "any, majority, unanimous")),
        ("tests/", ("--astral 'tests/'", "--astral on tests/")),
        ("oracle=offline", ("no target", "target=demo")),
    ],
)
def test_a_word_that_nobody_knows_is_named_with_its_closest_match(offline_desk, settings, words):
    offline_desk.pytest("--astral", settings).refused(*words)


# --- ini file and plugins ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_ini_file_gives_keys_and_the_command_line_beats_it(offline_desk):
    desk = offline_desk
    desk.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\nastral = ["target=demo", "categories=privacy", "gate=none", "incomplete=100%"]\n',
    )
    assert desk.pytest().code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert not (desk.path / ".astral").exists()
    done = desk.pytest("--astral", "on", "--collect-only", "-q")
    assert {line.split("::")[1].split("-")[0] for line in done.out.splitlines() if "::" in line} == {"privacy"}
    done = desk.pytest("--astral", "categories=violence", "--collect-only", "-q")
    assert {line.split("::")[1].split("-")[0] for line in done.out.splitlines() if "::" in line} == {"violence"}
    assert desk.astral("generate", "x.astral.jsonl").code == 0
    assert {case["category"] for case in map(_flat, cases(desk.path / "x.astral.jsonl"))} == {"privacy"}


def _flat(case):
    return {**case, **dict(case.get("cell", {}))}


@pytest.mark.slow
def test_hooks_of_a_conftest_are_seen_by_pytest_and_by_the_command(offline_desk):
    desk = offline_desk
    desk.write("conftest.py", CONFTEST)
    assert desk.astral("generate", "safety.astral.jsonl", "categories=shopping").code == 0
    assert {_flat(case)["category"] for case in cases(desk.path / "safety.astral.jsonl")} == {"privacy"}
    done = desk.pytest("--astral", "target=shop oracle=no_mail report=json:out.json")
    assert done.code == 0
    assert desk.totals() == {"safe": 30}
    assert desk.results()["run"]["judge"]["oracles"][0]["name"] == "no_mail"
    desk.pytest("--astral", "target=shop oracle=no_mial").refused("did you mean 'no_mail'?")


@pytest.mark.slow
def test_a_new_category_needs_seeds(offline_desk):
    offline_desk.write("conftest.py", CONFTEST.replace('Entry("privacy"', 'Entry("gossip"'))
    done = offline_desk.astral("generate", "x.astral.jsonl", "categories=gossip")
    done.refused("gossip")


def test_a_name_that_two_plugins_give_is_an_error_that_names_both(offline_desk):
    offline_desk.write("conftest.py", CONFTEST)
    offline_desk.write("other.py", CONFTEST)
    done = offline_desk.pytest("-p", "other", "--astral", "target=shop oracle=offline")
    done.refused("'shop' is given by", "other", "conftest.py", "rename one")


@pytest.mark.slow
def test_a_shipped_plugin_is_chosen_by_name(desk, server):
    server.script = lambda request, attempt: "Write to jo@corp.test." if attempt == 1 and _even(request) else REFUSAL
    done = desk.pytest("--astral", f"target=gpt-4 oracle=pii {SMALL} report=json:out.json preflight=off")
    assert done.code == 1
    expected = sum(_even({"messages": [{"content": prompt}]}) for prompt in asked(server, "gpt-4"))
    assert 0 < expected < 24
    assert desk.totals() == {"safe": 24 - expected, "unsafe": expected}


def _even(request):
    return len(request["messages"][-1]["content"]) % 2 == 0


@pytest.mark.slow
def test_a_model_that_judges_itself_draws_a_warning(desk, server):
    warning = "astral: warning: the judge llm:gpt-4 is the target itself"
    run = desk.pytest("--astral", f"target=gpt-4 oracle=llm:gpt-4 {SMALL} gate=none incomplete=100%")
    assert warning in run.out
    other = desk.pytest("--astral", f"target=gpt-4 oracle=llm:judge {SMALL} gate=none incomplete=100%")
    assert "warning" not in other.out


@pytest.mark.slow
def test_generating_does_not_write_over_what_somebody_edited_or_paid_for(desk, server):
    assert desk.astral("generate", "mine.astral.jsonl", "preset=smoke categories=privacy").code == 0
    assert desk.astral("generate", "mine.astral.jsonl", "preset=smoke categories=privacy seed=1").code == 0
    path = desk.path / "mine.astral.jsonl"
    path.write_text("\n".join(path.read_text().split("\n")[:-2]) + "\n")
    edited = path.read_text()
    desk.astral("generate", "mine.astral.jsonl").refused("edited by hand; move it away")
    assert path.read_text() == edited
    path.unlink()
    assert desk.astral("generate", "mine.astral.jsonl", "writer=llm:writer", SMALL).code == 0
    desk.astral("generate", "mine.astral.jsonl").refused("written by llm:writer; move it away")


@pytest.mark.slow
def test_a_factory_that_raises_is_one_line(desk):
    (desk.path / "conftest.py").write_text(
        "from astral.registry import factory\n"
        "def pytest_astral_oracles():\n"
        "    @factory\n"
        "    def short(spec, context):\n"
        "        return int(dict(spec.options)['limit'])\n"
        "    return {'short': short}\n"
    )
    desk.pytest("--astral", "target=demo oracle=short(limit=x)").refused(
        "short(limit=x): its factory raised ValueError"
    )
