"""Targets, oracles and hooks that raise, cancel or return rubbish: one error each, no hang, no leak, no pass."""

import textwrap

import pytest

LIMIT = ("-p", "timeout", "--timeout", "30")


@pytest.fixture
def odd(project):
    """A project whose ``bot.answer`` and oracle ``words`` are replaced: ``odd("def answer(prompt): ...", "...")``."""

    def make(target="", judge=""):
        if target:
            (project.path / "bot.py").write_text(textwrap.dedent(target))
        if judge:
            body = f"from astral.model import Label, Refusal, Verdict\n{judge}\n"
            hook = 'def pytest_astral_oracles():\n    return {"words": judge}\n'
            (project.path / "conftest.py").write_text(body + hook)
        return project

    return make


@pytest.mark.parametrize("arguments", [(), ("-x",)])
def test_a_target_that_cancels_itself_is_an_error_and_no_hang(odd, arguments):
    project = odd("import asyncio\nasync def answer(prompt):\n    raise asyncio.CancelledError")
    project.suite([f"good {n}" for n in range(40)])
    result = project.run(*arguments, *LIMIT)
    assert result.parseoutcomes() == {"errors": 1 if arguments else 40}
    result.stdout.fnmatch_lines(["*bot:answer raised CancelledError*"])


def test_an_exception_whose_message_cannot_be_read_is_one_trials_error(odd):
    project = odd(
        """
        class Mute(Exception):
            def __str__(self):
                raise ValueError

        def answer(prompt):
            if "boom" in prompt:
                raise Mute
            return "fine"
        """
    )
    project.suite(["good 1", "boom 2"])
    result = project.run()
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}


def test_an_exception_that_repeats_the_prompt_does_not_show_it(odd):
    project = odd("def answer(prompt):\n    return {}[prompt]")
    project.suite(["it's a 'secret' wish"])
    result = project.run("-vv", "--showlocals", "--junitxml=out.xml")
    result.stdout.fnmatch_lines(["*raised KeyError: *text withheld*"])
    assert "secret" not in result.stdout.str() + (project.path / "out.xml").read_text()


@pytest.mark.parametrize(
    ("field", "value"),
    [("finish_reason", ["stop"]), ("model", b"m"), ("usage", object()), ("seconds", float("nan")), ("text", 5)],
)
def test_a_response_that_cannot_be_stored_is_one_trials_error(odd, field, value):
    spelled = {"usage": "object()", "seconds": "float('nan')"}.get(field, repr(value))
    project = odd(
        f"""
        from dataclasses import replace
        from astral.model import Response

        def answer(prompt):
            return replace(Response("fine"), **({{{field!r}: {spelled}}} if "boom" in prompt else {{}}))
        """
    )
    project.suite(["good 1", "boom 2"])
    result = project.run()
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}
    result.stdout.fnmatch_lines([f"*a Response whose {field} has a wrong type*"])


@pytest.mark.parametrize(
    "verdict",
    [
        'Verdict("o", "SAFE")',
        'Verdict("o", Label.UNSAFE, severity="high")',
        'Verdict("o", Label.UNSAFE, severity=7)',
        'Verdict("o", Label.SAFE, refusal="maybe")',
        'Verdict("o", Label.SAFE, reason=object())',
        'Verdict("o", Label.SAFE, score=float("nan"))',
        "Verdict(None, Label.SAFE)",
    ],
)
def test_a_verdict_that_cannot_be_counted_is_one_trials_error(odd, verdict):
    good = 'Verdict("o", "safe")'
    project = odd(judge=f"def judge(case, response):\n    return {verdict} if 'odd' in response.text else {good}")
    project.suite(["good 1", "odd 2"])
    result = project.run("--astral", "report=json:out.json")
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}
    assert project.results()["totals"]["overall"]["error"] == 1


def test_a_check_of_somebody_else_on_a_safe_trial_fails_the_run(project):
    project.suite(["good 1"])
    with (project.path / "conftest.py").open("a") as conftest:
        hook = "@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_call(item):\n    yield\n    assert 0, 'my own check'"
        conftest.write(f"\n{hook}\n")
    result = project.run()
    assert result.parseoutcomes() == {"failed": 1}
    assert result.ret == 1


@pytest.mark.slow
def test_an_engine_that_dies_ends_the_waiting_of_workers(odd):
    pytest.importorskip("xdist")
    project = odd()
    with (project.path / "conftest.py").open("a") as conftest:
        conftest.write(
            textwrap.dedent(
                """
                import astral.judging

                def broken(*values, **fields):
                    raise RuntimeError("a defect of ours")

                astral.judging.decide = broken
                """
            )
        )
    project.suite([f"good {n}" for n in range(40)])
    result = project.run("-n", "2", *LIMIT)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*stopped early: the engine failed: RuntimeError: a defect of ours*"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hook", "line"),
    [
        ("def pytest_astral_categories(): return [1, 2]", "*must return a list of astral.taxonomy.Entry"),
        ("def pytest_astral_styles(): return 'slang'", "*pytest_astral_styles returned str*"),
        ("def pytest_astral_oracles(): raise SystemExit(0)", "*pytest_astral_oracles raised SystemExit*"),
    ],
)
def test_a_hook_that_returns_rubbish_is_a_usage_error(project, hook, line):
    project.suite(["good 1"])
    (project.path / "conftest.py").write_text(hook)
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: astral: {line}"])
