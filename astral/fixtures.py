"""What the fixtures ``astral_target``, ``astral_oracle`` and ``astral_suite`` give to Python tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, TypeVar

import pytest

from astral.direct import Calls
from astral.errors import AstralError, BudgetExhausted, did_you_mean
from astral.escape import show
from astral.items import SESSION, finding_line
from astral.model import Case, Cell, Matrix, Outcome, Response, Result, Verdict, case_id
from astral.suite import Suite
from astral.taxonomy import ID

T = TypeVar("T")
ANY_HARM = "harmful_content"
"""The category of a prompt that a test wrote itself and gave none: a judge goes by the name."""


class Asking(Protocol):
    """What fixtures need of the session, in the controller and in workers alike."""

    slugs: tuple[str, ...]
    calls: Calls
    shows_text: bool

    def case_suite(self) -> Suite:
        """The suite that ``astral_case`` is taken from. Raises AstralError."""


def asking(config: pytest.Config) -> Asking:
    """The session of a run that was switched on."""
    found: Any = config.stash[SESSION]
    return found  # type: ignore[no-any-return]


def target_fixture(session: Asking, slug: str | None) -> AskedTarget:
    """``astral_target`` of that slug; the first target's without one."""
    __tracebackhide__ = True
    name = session.slugs[0] if slug is None else slug
    if name not in session.slugs:
        known = f"{did_you_mean(name, session.slugs)}; known: {', '.join(session.slugs)}"
        pytest.fail(f"unknown target {show(repr(slug))}{known}", pytrace=False)
    return AskedTarget(session.calls, name)


def suite_fixture(session: Asking) -> CaseSuite:
    """``astral_suite``; fails the test where there is none."""
    __tracebackhide__ = True
    try:
        return CaseSuite(session.case_suite())
    except AstralError as err:
        _give_up(err)


@dataclass(frozen=True, slots=True, repr=False)
class Judgement:
    """What all oracles together say of an answer. Its repr is one inert line without prompt and answer."""

    case: Case
    result: Result = field(repr=False)
    shows_text: bool = False

    @property
    def outcome(self) -> Outcome:
        """``safe``, ``unsafe``, ``inconclusive`` or ``blocked``."""
        return self.result.outcome

    @property
    def safe(self) -> bool:
        """True only when the oracles called the answer safe: an inconclusive one is not."""
        return self.outcome is Outcome.SAFE

    @property
    def unsafe(self) -> bool:
        """True when the oracles called the answer unsafe, confirmed and at or above ``fail_on``."""
        return self.outcome is Outcome.UNSAFE

    @property
    def refused(self) -> bool:
        """True when the answer is safe because the target declined in full."""
        return self.result.refused

    @property
    def severity(self) -> int | None:
        """The highest severity among unsafe verdicts (an unknown one counts as 3); None when there is none."""
        return self.result.severity

    @property
    def reason(self) -> str:
        """A short word for why the outcome is neither safe nor unsafe, such as ``judges_disagree``; else empty."""
        return self.result.reason

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All verdicts, those that confirm others included."""
        return self.result.verdicts

    def __bool__(self) -> NoReturn:
        raise TypeError("a Judgement is neither true nor false; write .safe or .unsafe")

    def __repr__(self) -> str:
        where = f"case {self.case.id}"
        if self.unsafe:
            words = [finding_line(self.result), *self._said(), where]
        else:
            by = ", ".join(sorted({show(v.oracle, 60) for v in self.verdicts}))
            words = [
                self.outcome.value + (f" ({show(self.reason)})" if self.reason else ""),
                *([f"by {by}"] if by else []),
                where,
            ]
        return f"<Judgement {', '.join(words)}>"

    def _said(self) -> list[str]:
        """The judges' own words, which may repeat harmful text."""
        if not self.shows_text:
            return []
        return [repr(show(v.reason)) for v in self.verdicts if v.label == "unsafe" and v.reason]


class AskedTarget:
    """``astral_target``: ask it with ``answer = astral_target(case)``, or ``await astral_target.aask(case)``."""

    def __init__(self, calls: Calls, slug: str) -> None:
        self.name = slug
        self._calls = calls

    def __call__(self, case: Case | str | Sequence[str], *, category: str = ANY_HARM) -> Response:
        """The target's answer to a case, a prompt of your own, or a list of turns.

        Fails the test where the target cannot be reached, and skips it when the budget is used up.
        """
        __tracebackhide__ = True
        return _waited(self._calls.ask(_node(), self.name, as_case(case, category)))

    async def aask(self, case: Case | str | Sequence[str], *, category: str = ANY_HARM) -> Response:
        """The same for a coroutine under asyncio, which may ask several at once."""
        __tracebackhide__ = True
        return await _awaited(self._calls.ask(_node(), self.name, as_case(case, category)))

    def __repr__(self) -> str:
        return f"<astral_target {self.name}>"


class AskedOracle:
    """``astral_oracle``: all oracles of the run under ``vote=`` and ``confirm=``, as they judge trials."""

    def __init__(self, calls: Calls, *, shows_text: bool) -> None:
        self._calls, self._shows_text = calls, shows_text

    def __call__(
        self, case: Case | str | Sequence[str], response: Response | str, *, category: str = ANY_HARM
    ) -> Judgement:
        """What the oracles make of an answer to a case (or prompt, or turns of your own)."""
        __tracebackhide__ = True
        asked = as_case(case, category)
        return self._judgement(asked, _waited(self._calls.judge(_node(), asked, _as_response(response))))

    async def ajudge(
        self, case: Case | str | Sequence[str], response: Response | str, *, category: str = ANY_HARM
    ) -> Judgement:
        """The same for a coroutine under asyncio."""
        __tracebackhide__ = True
        asked = as_case(case, category)
        return self._judgement(asked, await _awaited(self._calls.judge(_node(), asked, _as_response(response))))

    def _judgement(self, case: Case, result: Result) -> Judgement:
        return Judgement(case, result, self._shows_text)

    def __repr__(self) -> str:
        return "<astral_oracle>"


class CaseSuite:
    """``astral_suite``: the suite of the run."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases in file order, benign twins included."""
        return self._suite.cases

    @property
    def matrix(self) -> Matrix:
        """The dimensions in order, each with its values."""
        return self._suite.matrix

    def case(self, id: str) -> Case:
        """The case with that id; KeyError when there is none."""
        found = next((case for case in self.cases if case.id == id), None)
        if found is None:
            raise KeyError(f"no case {id!r}{did_you_mean(id, [case.id for case in self.cases])}")
        return found

    def __len__(self) -> int:
        return len(self.cases)

    def __repr__(self) -> str:
        return f"<astral_suite {len(self)} cases>"


def as_case(asked: Case | str | Sequence[str], category: str) -> Case:
    """A case as it is; a prompt or turns of the test's own as a case of that category. Fails the test for others."""
    __tracebackhide__ = True
    if isinstance(asked, Case):
        return asked
    turns = (asked,) if isinstance(asked, str) else tuple(asked) if isinstance(asked, list | tuple) else ()
    if not turns or not all(isinstance(turn, str) and turn.strip() for turn in turns):
        kind = "an empty text" if isinstance(asked, str) else type(asked).__name__
        pytest.fail(f"give a case, a prompt or a list of prompts, not {kind}", pytrace=False)
    if not ID.fullmatch(category):
        pytest.fail(f"category={show(repr(category))}: use an id such as 'privacy'", pytrace=False)
    cell = Cell.of(category=category)
    return Case(case_id(cell, turns), cell, turns)


def _as_response(response: Response | str) -> Response:
    __tracebackhide__ = True
    if isinstance(response, str):
        return Response(response)
    if not isinstance(response, Response):
        pytest.fail(f"give the answer as text or Response, not {type(response).__name__}", pytrace=False)
    return response


def _node() -> str:
    """The test that is running, by pytest's own mark of it."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]


def _waited(future: Future[T]) -> T:
    __tracebackhide__ = True
    try:
        return future.result()
    except AstralError as err:
        _give_up(err)


async def _awaited(future: Future[T]) -> T:
    __tracebackhide__ = True
    try:
        return await asyncio.wrap_future(future)
    except AstralError as err:
        _give_up(err)


def _give_up(err: AstralError) -> NoReturn:
    """One line instead of a traceback through our own source."""
    __tracebackhide__ = True
    if isinstance(err, BudgetExhausted):
        raise pytest.skip.Exception(f"not_run: {err}", _use_item_location=True) from None
    raise pytest.fail.Exception(show(str(err), None), pytrace=False) from None
