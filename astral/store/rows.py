"""Values to rows and back. Foreign text is kept as its ASCII JSON string, so that NUL and lone surrogates survive."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from astral.model import Calls, Case, Cell, Label, Outcome, Refusal, Response, Run, Spent, Trial, Usage, Verdict

HASH_ONLY = frozenset({"child_abuse"})
"""Categories whose unsafe answers are kept only as hash and length."""
KEY = "run = ? AND case_id = ? AND target = ? AND repeat = ?"
"""The condition that picks one trial; its values come from ``trial_key``."""
NEW_RUN = (
    "INSERT INTO runs (id, started, finished, state, header, calls, number) "
    "VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM runs)) "
)
"""``number`` is the order in which runs were begun: two may begin in one second, and there is one writer."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run already has for a trial: the answer, and verdicts by oracle in the order of turn and judging.

    ``asking`` tells identical questions (None: the answer is not to be used again); ``origin`` is the earlier run that
    the answer was taken from, empty for an answer that this run got.
    """

    response: Response
    verdicts: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)
    asking: bytes | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """One use of a fixture in a Python test, outside the planned trials: asked, judged, or both.

    ``number`` counts from 1 within the run; ``node`` is the test's node id; ``target`` is empty where none was asked,
    ``outcome`` None where nothing was judged.
    """

    number: int
    node: str
    case: Case
    target: str = ""
    response: Response | None = None
    verdicts: tuple[Verdict, ...] = ()
    outcome: Outcome | None = None
    reason: str = ""
    detail: str = ""


dump = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_SUM = '{"#":"'
"""How a body begins that holds the sum of the rest of it."""


def sealed(body: str) -> str:
    """A JSON object with the CRC-32 of the rest of it as its first member: a flipped bit is told from what was written.
    One that has it stays as it is.
    """
    if body.startswith(_SUM):
        return body
    rest = body[1:]
    return f'{_SUM}{zlib.crc32(rest.encode()):08x}"{"" if rest == "}" else ","}{rest}'


def unsealed(body: str) -> dict[str, Any]:
    """The object without its sum. Raises ValueError where that does not fit; older versions wrote none."""
    if body.startswith(_SUM):
        end = len(_SUM) + 8
        told, rest = body[len(_SUM) : end], body[end + 1 :].removeprefix(",")
        if told != f"{zlib.crc32(rest.encode()):08x}":
            raise ValueError("the sum of a row does not fit it")
        body = "{" + rest
    row = json.loads(body)
    if not isinstance(row, dict):
        raise ValueError("a row is no object")
    return row


_RESPONSE = tuple(one.name for one in fields(Response) if one.name != "usage")
_VERDICT = tuple(one.name for one in fields(Verdict))


def response_body(response: Response) -> str:
    """By hand, as is a verdict's: ``asdict`` copies, and these are written once a trial."""
    row = {name: value for name in _RESPONSE if (value := getattr(response, name)) not in (None, ())}
    if response.usage is not None:
        row["usage"] = {"input_tokens": response.usage.input_tokens, "output_tokens": response.usage.output_tokens}
    return sealed(dump(row))


def verdict_body(verdict: Verdict) -> str:
    row = {name: getattr(verdict, name) for name in _VERDICT}
    if not verdict.signals:  # these two are rare, and verdicts many
        del row["signals"]
    if not verdict.split:
        del row["split"]
    return sealed(dump(row))


def read_response(body: str) -> Response:
    return _response(unsealed(body))


def _response(row: dict[str, Any]) -> Response:
    usage = row.pop("usage", None)
    earlier, finish = tuple(row.pop("earlier", ())), tuple(row.pop("earlier_finish", ()))
    return Response(**row, usage=Usage(**usage) if usage else None, earlier=earlier, earlier_finish=finish)


def read_verdict(body: str) -> Verdict:
    return _verdict(unsealed(body))


def _verdict(row: Mapping[str, Any]) -> Verdict:
    signals = tuple(row.get("signals", ()))
    return Verdict(**{**row, "label": Label(row["label"]), "refusal": Refusal(row["refusal"]), "signals": signals})


def case_body(case: Case) -> str:
    row = {
        "cell": case.cell.pairs,
        "turns": case.turns,
        "provenance": dict(case.provenance),
        "twin_of": case.twin_of,
        "extra": dict(case.extra),
    }
    return sealed(dump(row))


def read_case(id: str, body: str) -> Case:
    row = unsealed(body)
    cell = Cell(tuple((d, v) for d, v in row["cell"]))
    return Case(id, cell, tuple(row["turns"]), row["provenance"], row["twin_of"], row["extra"])


def read_cell(body: str) -> Cell | None:
    """The cell alone; None for a benign twin."""
    row = unsealed(body)
    return None if row["twin_of"] is not None else Cell(tuple((d, v) for d, v in row["cell"]))


_BESIDE = frozenset({"id", "started", "finished", "calls", "reused"})
"""Fields of a run that have columns of their own, or are counted when it is read."""


def run_header(run: Run) -> str:
    return sealed(dump({k: v for k, v in asdict(run).items() if k not in _BESIDE}))


def calls_body(calls: Calls) -> str:
    return sealed(dump(asdict(calls)))


def read_run(row: Sequence[Any]) -> Run:
    id, started, finished, header, calls = row
    rest = unsealed(header)
    rest["matrix"] = tuple((d, tuple(v)) for d, v in rest["matrix"])
    rest["merged"] = tuple(rest.get("merged", ()))
    return Run(id=id, started=started, finished=finished, calls=_calls(unsealed(calls)), **rest)


def _calls(row: dict[str, Any]) -> Calls:
    return Calls(**{**row, "spent": tuple(Spent(**spent) for spent in row.get("spent", ()))})


def trial_key(run: str, trial: Trial) -> tuple[Any, ...]:
    return (run, trial.case_id, trial.target, trial.repeat)


def direct_body(call: Direct) -> str:
    body = {
        "node": call.node,
        "target": call.target,
        "case_id": call.case.id,
        "case": case_body(call.case),
        "response": None if call.response is None else response_body(call.response),
        "verdicts": [asdict(verdict) for verdict in call.verdicts],
        "outcome": call.outcome,
        "reason": call.reason,
        "detail": call.detail,
    }
    return sealed(dump(body))


def read_direct(number: int, body: str) -> Direct:
    row = unsealed(body)
    return Direct(
        number=number,
        node=row["node"],
        case=read_case(row["case_id"], row["case"]),
        target=row["target"],
        response=None if row["response"] is None else read_response(row["response"]),
        verdicts=tuple(map(_verdict, row["verdicts"])),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        reason=row["reason"],
        detail=row["detail"],
    )


def withheld(response: Response) -> Response:
    """The response without its texts: length and the first 32 hex digits of the SHA-256 of each stand instead."""
    return replace(response, text=_mark(response.text), earlier=tuple(map(_mark, response.earlier)))


def is_withheld(response: Response) -> bool:
    """True when only hash and length of the answer are kept."""
    return _MARK.fullmatch(response.text) is not None


def exchange_key(case: Case, response: Response) -> str:
    """32 hex digits that tell one answer to one case from every other, in whatever run it stands, withheld or not."""
    texts = [*response.earlier, response.text]
    marks = [text if _MARK.fullmatch(text) else _mark(text) for text in texts]
    return hashlib.sha256(dump([list(case.turns), marks]).encode("ascii")).hexdigest()[:32]


def _mark(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"[withheld: {len(text)} characters, sha256 {digest}]"


_MARK = re.compile(r"\[withheld: \d+ characters, sha256 [0-9a-f]{16}(?:[0-9a-f]{16})?\]")
