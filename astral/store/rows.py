"""Values to rows and back. Foreign text is kept as its ASCII JSON string, so that NUL and lone surrogates survive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from astral.model import Calls, Case, Cell, Label, Refusal, Response, Run, Trial, Usage, Verdict

HASH_ONLY = frozenset({"child_abuse"})
"""Categories whose unsafe answers are kept only as hash and length."""
KEY = "run = ? AND case_id = ? AND target = ? AND repeat = ?"
"""The condition that picks one trial; its values come from ``trial_key``."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What an interrupted run already has for a trial: the answer, and verdicts by oracle in the order of judging."""

    response: Response
    verdicts: Mapping[str, tuple[Verdict, ...]]


def dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def response_body(response: Response) -> str:
    return dump({k: v for k, v in asdict(response).items() if v not in (None, ())})


def read_response(body: str) -> Response:
    row = json.loads(body)
    usage, earlier = row.pop("usage", None), tuple(row.pop("earlier", ()))
    return Response(**row, usage=Usage(**usage) if usage else None, earlier=earlier)


def read_verdict(body: str) -> Verdict:
    row = json.loads(body)
    return Verdict(**{**row, "label": Label(row["label"]), "refusal": Refusal(row["refusal"])})


def case_body(case: Case) -> str:
    return dump(
        {
            "cell": case.cell.pairs,
            "turns": case.turns,
            "provenance": dict(case.provenance),
            "twin_of": case.twin_of,
            "extra": dict(case.extra),
        }
    )


def read_case(id: str, body: str) -> Case:
    row = json.loads(body)
    cell = Cell(tuple((d, v) for d, v in row["cell"]))
    return Case(id, cell, tuple(row["turns"]), row["provenance"], row["twin_of"], row["extra"])


def run_header(run: Run) -> str:
    return dump({k: v for k, v in asdict(run).items() if k not in ("id", "started", "finished", "calls")})


def read_run(row: Sequence[Any]) -> Run:
    id, started, finished, header, calls = row
    fields = json.loads(header)
    fields["matrix"] = tuple((d, tuple(v)) for d, v in fields["matrix"])
    return Run(id=id, started=started, finished=finished, calls=Calls(**json.loads(calls)), **fields)


def trial_key(run: str, trial: Trial) -> tuple[Any, ...]:
    return (run, trial.case_id, trial.target, trial.repeat)


def withheld(response: Response) -> Response:
    """The response without its text: length and the first 16 hex digits of its SHA-256 stand instead."""
    digest = hashlib.sha256(response.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return replace(response, text=f"[withheld: {len(response.text)} characters, sha256 {digest}]")
