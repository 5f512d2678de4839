"""The calls of fixtures in a worker, carried to the controller by the broker; values travel as the store has them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, TypeVar

from astral.direct import DirectCalls
from astral.model import Case, Outcome, Response, Result, Trial
from astral.store.rows import case_body, dump, read_case, read_response, read_verdict, response_body
from astral.workers.broker import Line, Serve

T = TypeVar("T")


def serve(calls: Callable[[], DirectCalls], suite: Callable[[], Awaitable[str]]) -> Serve:
    """What the controller's broker does: ``ask``, ``judge``, and ``suite``, the path of the run's suite."""

    async def answer(call: str, values: Mapping[str, Any]) -> Any:
        if call == "suite":
            return await suite()
        case = read_case(values["id"], values["case"])
        if call == "ask":
            return response_body(await calls().ask(values["node"], values["target"], case))
        return _result_row(await calls().judge(values["node"], case, read_response(values["response"])))

    return answer


class RemoteCalls:
    """``Calls`` of a worker."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def ask(self, node: str, target: str, case: Case) -> Future[Response]:
        return _then(self._line.start("ask", node=node, target=target, **_case_row(case)), read_response)

    def judge(self, node: str, case: Case, response: Response) -> Future[Result]:
        row = {**_case_row(case), "response": response_body(response)}
        return _then(self._line.start("judge", node=node, **row), lambda found: _read_result(case, found))

    def suite(self) -> str:
        """The path of the run's suite, which is made first where there is none. Raises CallError."""
        return str(self._line.start("suite").result())


def _case_row(case: Case) -> dict[str, str]:
    return {"id": case.id, "case": case_body(case)}


def _result_row(found: Result) -> dict[str, Any]:
    verdicts = [dump(asdict(verdict)) for verdict in found.verdicts]
    return {"outcome": found.outcome, "reason": json.dumps(found.reason), "verdicts": verdicts}


def _read_result(case: Case, row: Mapping[str, Any]) -> Result:
    verdicts = tuple(map(read_verdict, row["verdicts"]))
    return Result(Trial(case.id, ""), Outcome(row["outcome"]), json.loads(row["reason"]), None, verdicts)


def _then(future: Future[Any], read: Callable[[Any], T]) -> Future[T]:
    """A future of what ``read`` makes of the other's value."""
    made: Future[T] = Future()

    def settle(done: Future[Any]) -> None:
        if not made.set_running_or_notify_cancel():
            return
        try:
            made.set_result(read(done.result()))
        except BaseException as err:
            made.set_exception(err)

    future.add_done_callback(settle)
    return made
