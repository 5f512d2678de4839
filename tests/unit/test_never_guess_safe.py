"""No error is a pass: nothing that goes wrong, and no verdict short of a clean safe one, ever makes a trial safe."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import cell
from safe_chains import ACTS, FINISHES, TEXTS, VOTES, Chain, Scene, mutated, scenes, verdict

from astral.adapters import adapt_oracle, adapt_target
from astral.context import Context
from astral.engine import Engine, Loop
from astral.judging import Judging
from astral.limits import BudgetMeter
from astral.model import Case, Label, Outcome, Refusal, Response, Result, Trial, Verdict
from astral.secrets import Redactor
from astral.setting_values import Budget, parse_spec
from astral.settings import parse_settings
from astral.taxonomy import DEFAULT
from astral.wire import Network

PLACES = ("builtins", "httpx2", "httpcore2", "h11", "astral", "sqlite3", "json", "ssl", "socket", "asyncio", "_pytest")
PLACES += ("_ssl", "_sqlite3", "_socket", "concurrent", "zlib", "http", "pydantic_core", "jinja2")
SAFE = Verdict("o", Label.SAFE, Refusal.NONE, 0)


# --- every verdict ----------------------------------------------------------------------------------------------------


def test_a_trial_is_safe_exactly_where_all_that_is_needed_says_so() -> None:
    chain = Chain()
    chain.check([*scenes()])
    assert set(chain.outcomes) == {None, *Outcome} - {Outcome.ERROR, Outcome.NOT_RUN}
    assert min(chain.outcomes.values()) > 20


VERDICTS = st.builds(
    verdict,
    st.sampled_from(list(Label)),
    st.sampled_from([0, 1, 2, 3, None]),
    st.sampled_from(list(Refusal)),
)
SCENES = st.builds(
    Scene,
    st.lists(st.lists(VERDICTS | st.sampled_from(ACTS), min_size=1, max_size=3).map(tuple), max_size=6).map(tuple),
    st.sampled_from(TEXTS),
    st.sampled_from(FINISHES),
    st.sampled_from(VOTES),
    st.integers(1, 3),
    st.integers(1, 3),
)


@given(SCENES)
def test_any_multiset_of_verdicts(scene: Scene) -> None:
    Chain().check([scene])


MUTANTS = {
    "any label will do": ("voting", "if label is Label.SAFE:", "if label is not Label.UNSAFE:"),
    "no verdict at all": ("voting", "    if not count:\n", "    if count < 0:\n"),
    "one safe is enough": ("voting", "if safe >= needed[1]:", "if safe:"),
    "none unsafe is enough": ("voting", "if safe >= needed[1]:", "if not unsafe:"),
    "half a majority": ("voting", "(count // 2 + 1, count // 2 + 1)", "(count // 2 + 1, (count + 1) // 2)"),
    "a cut answer": ("voting", "cut_off := CUT_OFF.get(", "cut_off := {}.get("),
    "a blank answer": ("voting", "    if is_blank(response.text):\n        if", "    if not response:\n        if"),
    "invisible is not blank": (
        "voting",
        'c.isspace() or unicodedata.category(c) in ("Cc", "Cf"',
        'c.isspace() or (c) in ("Cc", "Cf"',
    ),
    "unconfirmed is safe": ("voting", "Verdict(first.oracle, Label.UNKNOWN,", "Verdict(first.oracle, Label.SAFE,"),
    "the second word counts": ("voting", "or (first.label is not Label.UNSAFE) or", "or"),
    "the best of all oracles": (
        "judging",
        "return [settled for settled, _ in rounds]",
        "return [settled for settled, _ in rounds if settled.label is Label.SAFE]",
    ),
    "one that fails is left out": ("judging", "            raise failed\n", "            pass\n"),
    "an exception is a safe verdict": (
        "judging",
        "await oracle.judge(case, response)",
        "await _whatever(oracle, case, response)",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_guard_is_needed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, old, new = MUTANTS[name]
    chain = mutated(tmp_path, file, old, new)
    if "_whatever" in new:
        chain.judging._whatever = _whatever
    with pytest.raises(AssertionError):
        chain.check([*scenes()])


def test_an_unchanged_copy_passes(tmp_path: Path) -> None:
    copy = mutated(tmp_path, "voting", '"""The result of a trial with that decision."""', '"""A copy."""')
    copy.check([*scenes()][::10])


async def _whatever(oracle: Any, case: Case, response: Response) -> Verdict:
    try:
        return await oracle.judge(case, response)
    except Exception:
        return SAFE


# --- every exception --------------------------------------------------------------------------------------------------


def _all(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for one in type.__subclasses__(kind):
        yield from _all(one)


def exceptions() -> list[type[BaseException]]:
    """All classes of exceptions that Python, the libraries on the way and ASTRAL define."""
    for name in ("httpx2", "h11", "astral.errors", "sqlite3", "json", "ssl", "socket", "zlib", "http.client"):
        importlib.import_module(name)
    found = [one for one in dict.fromkeys(_all(BaseException)) if one.__module__.partition(".")[0] in PLACES]
    return sorted(found, key=lambda one: (one.__module__, one.__qualname__))


def made(kind: type[BaseException]) -> BaseException:
    """One of that class, whatever it wants to be made of."""
    for values in (("a", "b"), ("a",), (), ("a", [ValueError("b")]), ("utf-8", b"x", 0, 1, "y"), ("x", 0, 1, "y")):
        try:
            return kind(*values)
        except Exception:
            continue
    return kind.__new__(kind)


@dataclass
class Written:
    """A writer that keeps what became of each trial."""

    results: dict[Trial, Result] = field(default_factory=dict)

    async def answered(self, trial: Trial, response: Response, *, wait: bool = True) -> None: ...
    async def judged(self, *given: Any, wait: bool = True) -> None: ...

    async def finished(self, found: Result, *, hash_only: bool = False) -> None:
        assert found.trial not in self.results
        self.results[found.trial] = found

    def stopping(self) -> None: ...


KINDS = exceptions()


@dataclass
class Raising:
    """A target or oracle of one's own that raises, at the n-th case, the n-th of all exceptions, or nothing at all."""

    name: str = "own"
    raises: bool = True

    async def answer(self, case: Case, repeat: int) -> Response:
        self._raise(case)
        return Response("an answer", finish_reason="stop")

    async def judge(self, case: Case, response: Response) -> Verdict:
        self._raise(case)
        return SAFE

    def _raise(self, case: Case) -> None:
        if self.raises:
            raise made(KINDS[int(case.prompt)])


def plain_target(prompt: str) -> str:
    raise made(KINDS[int(prompt)])


def plain_oracle(case: Case, response: Response) -> bool:
    raise made(KINDS[int(case.prompt)])


def context() -> Context:
    network = Network(concurrency=4, rpm=None, timeout=60, retries=0, budget=BudgetMeter(Budget()), redactor=Redactor())
    return Context(parse_settings(["target=demo"]), DEFAULT, network, Path())


def outcomes(target: Any, oracles: list[Any]) -> list[Result]:
    """What becomes of one trial for each exception, by the engine itself."""
    cases = {str(n): Case(str(n), cell("privacy", "slang", "logic"), (str(n),)) for n in range(len(KINDS))}
    trials, writer, loop = [Trial(id, "t") for id in cases], Written(), Loop()
    engine = Engine(trials, cases, {"t": target}, Judging(oracles=oracles), writer, lanes=8)  # type: ignore[arg-type]
    engine.start(loop)
    try:
        found = [engine.wait(trial) for trial in trials]
        engine.stop()
        assert engine.failure == ""
    finally:
        loop.close()
    assert [writer.results[trial].outcome for trial in trials] == [one.outcome for one in found]
    return found


def test_the_chain_says_safe_where_nothing_is_raised() -> None:
    found = outcomes(Raising(raises=False), [Raising(raises=False)])
    assert {one.outcome for one in found} == {Outcome.SAFE}


@pytest.mark.parametrize("where", ["target", "only oracle", "one of two", "function target", "function oracle"])
def test_no_exception_whatsoever_is_a_pass(where: str) -> None:
    calm, wild = Raising("calm", raises=False), Raising("wild")
    target, oracles = {
        "target": (wild, [calm]),
        "only oracle": (calm, [wild]),
        "one of two": (calm, [calm, wild]),
        "function target": (adapt_target(plain_target, parse_spec("f"), context()), [calm]),
        "function oracle": (calm, [adapt_oracle(plain_oracle, parse_spec("f"), context())]),
    }[where]
    found = outcomes(target, oracles)
    assert len(found) == len(KINDS) > 150
    assert {kind.__module__.partition(".")[0] for kind in KINDS} >= {"builtins", "httpx2", "h11", "astral", "sqlite3"}
    assert Counter(one.outcome for one in found) == {Outcome.ERROR: len(KINDS) - 1, Outcome.NOT_RUN: 1}
    (broke,) = [kind for kind, one in zip(KINDS, found, strict=True) if one.outcome is Outcome.NOT_RUN]
    assert broke.__name__ == "BudgetExhausted"
    assert all(one.detail and "\n" not in one.detail for one in found)
