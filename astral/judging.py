"""How an answer is judged: each oracle's verdicts, confirmed and committed one by one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from astral.adapters import checked_verdict
from astral.errors import AstralError, CallError
from astral.escape import show
from astral.model import Case, Response, Trial, Verdict
from astral.protocols import Oracle
from astral.store import RunWriter
from astral.voting import confirmed, own_refusal


@dataclass(frozen=True, kw_only=True)
class Judging:
    """How answers become outcomes."""

    oracles: Sequence[Oracle]
    vote: str = "any"
    confirm: int = 2
    fail_on: int = 1


class Bench:
    """All oracles of a run, as they judge one answer after the other."""

    def __init__(self, judging: Judging, writer: RunWriter) -> None:
        self.judging, self._writer = judging, writer

    async def judge(
        self, trial: Trial, case: Case, response: Response, stored: Mapping[str, tuple[Verdict, ...]]
    ) -> tuple[list[Verdict], list[Verdict]]:
        """One confirmed verdict of each oracle, and all verdicts behind them."""
        if (refusal := own_refusal(response)) is not None:
            await self._writer.judged(trial, refusal.oracle, 1, refusal)
            return [refusal], [refusal]
        rounds = await asyncio.gather(
            *(self._rounds(trial, case, response, o, stored.get(o.name, ())) for o in self.judging.oracles),
            return_exceptions=True,  # the verdicts of the others are kept, whoever fails
        )
        for failed in rounds:
            if isinstance(failed, BaseException):
                raise failed
        complete = [outcome for outcome in rounds if not isinstance(outcome, BaseException)]
        return [settled for settled, _ in complete], [verdict for _, raw in complete for verdict in raw]

    async def _rounds(
        self, trial: Trial, case: Case, response: Response, oracle: Oracle, stored: tuple[Verdict, ...]
    ) -> tuple[Verdict, tuple[Verdict, ...]]:
        verdicts = stored
        needed = 1 if getattr(oracle, "deterministic", False) else self.judging.confirm
        while (settled := confirmed(verdicts, needed)) is None:
            with only_call_errors("oracle", oracle.name, (*case.turns, response.text)):
                verdict = checked_verdict(oracle.name, await oracle.judge(case, response))
            verdicts = (*verdicts, verdict)
            await self._writer.judged(trial, oracle.name, len(verdicts), verdict)
        return settled, verdicts


@contextlib.contextmanager
def only_call_errors(kind: str, name: str, harmful: Sequence[str]) -> Iterator[None]:
    """Whatever a target or oracle raises becomes a CallError of this trial; even ``sys.exit`` must not end the loop.

    ``harmful`` texts are left out of the message: it reaches the terminal, and ``ANSWERS[prompt]`` raises the prompt.
    """
    try:
        yield
    except CallError:
        raise
    except AstralError as err:
        raise CallError(f"{kind}_error", str(err)) from None
    except BaseException as err:
        if isinstance(err, asyncio.CancelledError) and _cancelled():
            raise
        words = f"{type(err).__name__}: {show(_message(err, harmful))}"
        message = f"{kind} {show(name)} raised {words}; mend it and use resume=last"
        raise CallError(f"{kind}_error", message) from None


def _cancelled() -> bool:
    """True when the run cancels this task; a plugin may raise CancelledError of its own accord."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _message(err: BaseException, harmful: Sequence[str]) -> str:
    try:
        message = str(err)
    except Exception:
        return "(its message cannot be read)"
    for text in harmful:
        for spelled in (text, repr(text)[1:-1]):
            message = message.replace(spelled, "[text withheld]") if len(spelled) > 3 else message
    return message
