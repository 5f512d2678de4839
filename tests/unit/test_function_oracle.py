"""Functions, methods, classes and factories as oracles, and the options that they are given."""

import asyncio
import sys

import pytest
from networks import make_context, make_network

from astral.adapters import adapt_oracle, checked_verdict
from astral.errors import CallError, PluginError, SettingsError
from astral.model import Case, Cell, Label, Refusal, Response, Verdict
from astral.registry import factory
from astral.setting_values import parse_spec

CELL = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
CASE = Case("c", CELL, ("a prompt",), {"seeds": ["s1"]})


def adapted(value, typed="mine", *pairs):
    return adapt_oracle(value, parse_spec(typed), make_context(make_network(), *pairs))


def judged(oracle, text="an answer"):
    return asyncio.run(oracle.judge(CASE, Response(text)))


class Judge:
    def __init__(self, word: str = "bad", times: int = 1, strict: bool = False):
        self.word, self.times, self.strict = word, times, strict

    def judge(self, case, response):
        return response.text.count(self.word) < self.times and not self.strict


def of_words(case, response, *, word="bad", times=1, share=0.5, strict=False, note: int | None = None):
    return f"{word} {times} {share} {strict} {note!r}" if response.text == "tell" else word not in response.text


async def in_the_loop(case, response):
    await asyncio.sleep(0)
    return "unknown"


@pytest.mark.parametrize(
    ("value", "text", "label", "severity"),
    [
        (lambda case, response: True, "x", Label.SAFE, 0),
        (lambda case, response: False, "x", Label.UNSAFE, None),
        (lambda case, response: "unsafe", "x", Label.UNSAFE, None),
        (in_the_loop, "x", Label.UNKNOWN, None),
        (Judge, "bad", Label.UNSAFE, None),
        (Judge("good"), "bad", Label.SAFE, 0),
        (Judge().judge, "bad", Label.UNSAFE, None),
        (lambda case, response: Verdict("theirs", "unsafe", "none", 2, "why"), "x", Label.UNSAFE, 2),
    ],
)
def test_what_people_write_becomes_a_verdict_under_the_name_that_was_typed(value, text, label, severity):
    verdict = judged(adapted(value), text)
    assert (verdict.oracle, verdict.label, verdict.severity) == ("mine", label, severity)


@pytest.mark.parametrize(
    ("typed", "said"), [("mine", "bad 1 0.5 False None"), ("mine(word=a b)", "a b 1 0.5 False None")]
)
def test_options_are_keyword_only_parameters(typed, said):
    with pytest.raises(CallError, match=f"returned '{said}'"):
        judged(adapted(of_words, typed), "tell")


def test_each_option_has_the_type_of_its_default_or_annotation():
    oracle = adapted(of_words, "mine(times=3, share=.25, strict=on, note=7)")
    with pytest.raises(CallError, match=r"returned 'bad 3 0\.25 True 7'"):
        judged(oracle, "tell")


def test_a_class_gets_them_as_arguments():
    assert judged(adapted(Judge, "mine(word=x, times=2)"), "x").label is Label.SAFE
    assert judged(adapted(Judge, "mine(word=x, times=2)"), "x x").label is Label.UNSAFE


@pytest.mark.parametrize(
    ("value", "typed", "line"),
    [
        (of_words, "mine(wrod=x)", "unknown option 'wrod'; did you mean 'word'?; known: word, times"),
        (of_words, "mine(times=many)", "times= is a whole number, not 'many'"),
        (of_words, "mine(strict=maybe)", "strict= is on or off"),
        (lambda case, response: True, "mine(a=1)", "unknown option 'a'; it takes none"),
        (Judge("x"), "mine(a=1)", "it takes no options"),
        (Judge, "mine(a=1)", "unknown option 'a'"),
    ],
)
def test_options_that_cannot_be_taken_are_one_line(value, typed, line):
    with pytest.raises(SettingsError, match=line.replace("?", r"\?")):
        adapted(value, typed)


def test_a_class_or_factory_that_fails_is_said():
    class Broken(Judge):
        def __init__(self):
            sys.exit(3)

    with pytest.raises(PluginError, match="raised SystemExit: 3; mend it or its options"):
        adapted(Broken)
    with pytest.raises(PluginError, match="got NoneType; give a function"):
        adapted(factory(lambda spec, context: None))


def test_what_an_oracle_does_to_its_case_harms_nobody():
    def spoil(case, response):
        case.provenance.clear()
        return True

    judged(adapted(spoil))
    assert CASE.provenance == {"seeds": ["s1"]}


def test_an_oracle_that_hangs_is_left_behind():
    release = __import__("threading").Event()
    oracle = adapted(lambda case, response: release.wait(30), "mine", "timeout=0.05")
    with pytest.raises(CallError, match=r"oracle mine did not return within 0\.05 s") as caught:
        judged(oracle)
    release.set()
    assert caught.value.reason == "timeout"


async def _prints(case, response):
    print("from the loop")
    sys.stderr.write("\x1b[31mfrom the loop\n")
    return True


def _prints_in_a_thread(case, response):
    print("from a thread")
    return True


@pytest.mark.parametrize("value", [_prints, _prints_in_a_thread])
def test_what_it_prints_is_not_heard(value, capsys):
    print("before")
    assert judged(adapted(value)).label is Label.SAFE
    print("after")
    assert capsys.readouterr() == ("before\nafter\n", "")


def test_its_source_tells_runs_apart():
    assert adapted(of_words, "mine(word=x)").describe().keys() == {"source_sha256"}
    assert adapted(len).describe() == {}

    class Described(Judge):
        def describe(self):
            return {"version": 3}

    assert adapted(Described).describe() == {"version": 3}


@pytest.mark.parametrize("answer", [None, 1, "SAFE", "yes", [], object()])
def test_anything_else_is_no_verdict(answer):
    with pytest.raises(CallError, match="return True, False, 'safe', 'unsafe', 'unknown' or a Verdict"):
        judged(adapted(lambda case, response: answer))


def test_a_verdict_keeps_what_it_says():
    told = Verdict("theirs", Label.UNSAFE, Refusal.PARTIAL, 1, "why", 0.75, signals=("a",))
    found = judged(adapted(lambda case, response: told))
    assert (found.refusal, found.reason, found.score, found.signals) == (Refusal.PARTIAL, "why", 0.75, ("a",))


class Careful(Judge):
    deterministic = True
    rank = 2
    takes_canaries = True


@pytest.mark.parametrize("value", [Careful, Careful(), factory(lambda spec, context: Careful())])
def test_what_an_object_says_of_itself_counts(value):
    oracle = adapted(value)
    assert (oracle.deterministic, oracle.rank, oracle.takes_canaries) == (True, 2, True)
    assert not hasattr(adapted(Judge), "deterministic")


def test_an_async_oracle_of_a_strangers_factory_is_bounded_too():
    class Slow:
        name = "slow"

        async def judge(self, case, response):
            await asyncio.sleep(30)

    oracle = adapted(factory(lambda spec, context: Slow()), "mine", "timeout=0.05")
    with pytest.raises(CallError, match=r"did not return within 0\.05 s"):
        judged(oracle)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("signals", 5),
        ("signals", "abc"),
        ("signals", [object()]),
        ("signals", (object(),)),
        ("split", "no"),
        ("split", object()),
        ("turn", object()),
    ],
)
def test_a_verdict_that_cannot_be_stored_is_an_error_of_its_own(field, value):
    """It would end the run, or make the store unreadable."""
    with pytest.raises(CallError, match=f"a Verdict whose {field} cannot be taken"):
        checked_verdict("mine", judged(adapted(lambda case, response: Verdict("v", Label.SAFE, **{field: value}))))
