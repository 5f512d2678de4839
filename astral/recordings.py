"""Recorded exchanges (JSON lines of prompt, answer and perhaps a verdict): production logs or a published run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astral.errors import SettingsError
from astral.model import Case, Cell, Label, Matrix, Refusal, Response, Verdict, case_id
from astral.suite import Suite, make_suite
from astral.taxonomy import Taxonomy
from astral.wire.replies import finish_word

UNSPECIFIED = "unspecified"
"""Stands for a dimension that a recorded row does not name."""
_PROMPT, _ANSWER = ("prompt", "turns"), ("answer", "response", "completion")
_LABEL = ("label", "verdict", "outcome")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange: user turns, the answer, its cell where the row names one, and the verdict that came with it."""

    turns: tuple[str, ...] = field(repr=False)
    response: Response
    cell: Mapping[str, str]
    verdict: Verdict | None


def read_recordings(path: Path, taxonomy: Taxonomy, *, oracle: str = "recorded") -> tuple[Recorded, ...]:
    """The rows of a recorded file, in order. Raises SettingsError with file:line.

    A row has ``prompt`` (text) or ``turns`` (list of texts), ``answer`` (also ``response``, ``completion``), and may
    have ``model``, ``finish_reason``, a cell (``cell`` or ``category``, ``style``, ``persuasion``), and a verdict:
    ``label`` (also ``verdict``, ``outcome``), ``refusal``, ``severity``, ``reason``. Other keys are passed over.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; give a JSON-lines file of recorded answers") from None
    except (OSError, UnicodeDecodeError) as err:
        raise SettingsError(f"{path}: cannot be read ({type(err).__name__}); give a JSON-lines file in UTF-8") from err
    rows = tuple(_row(f"{path}:{n}", line, taxonomy, oracle) for n, line in enumerate(lines, 1) if line.strip())
    if not rows:
        raise SettingsError(f"{path}: holds no recorded answer; each line is an object with prompt and answer")
    return rows


def _row(where: str, line: str, taxonomy: Taxonomy, oracle: str) -> Recorded:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise SettingsError(f"{where}: not valid JSON; each line must be one object with prompt and answer") from None
    if not isinstance(row, dict):
        raise SettingsError(f"{where}: expected a JSON object with prompt and answer")
    turns: list[Any] = row["turns"] if isinstance(row.get("turns"), list) else [row.get("prompt")]
    if not turns or not all(isinstance(t, str) for t in turns):
        raise SettingsError(f"{where}: no prompt; give prompt (a text) or turns (a list of texts)")
    return Recorded(tuple(turns), _response(where, row), _cell(where, row, taxonomy), _verdict(where, row, oracle))


def _text(where: str, row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise SettingsError(f"{where}: {key} must be a text, not {type(value).__name__}")
    return value


def _response(where: str, row: Mapping[str, Any]) -> Response:
    key = next((k for k in _ANSWER if k in row), None)
    if key is None:
        raise SettingsError(f"{where}: no answer; give answer, response or completion")
    answer = _text(where, row, key) or ""
    finish = finish_word(_text(where, row, "finish_reason"))  # "refusal" may be Claude's: half an answer, to be judged
    return Response(answer, _text(where, row, "model"), finish, id=Path(where).name)


def _cell(where: str, row: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, str]:
    cell = row.get("cell", {d: row[d] for d in ("category", "style", "persuasion") if row.get(d) is not None})
    if not isinstance(cell, dict) or not all(isinstance(v, str) and v for v in cell.values()):
        raise SettingsError(f"{where}: cell must be an object of texts, such as category, style, persuasion")
    return {d: taxonomy.canonical(d, value) for d, value in cell.items() if d in taxonomy.dimensions}


def _verdict(where: str, row: Mapping[str, Any], oracle: str) -> Verdict | None:
    key = next((k for k in _LABEL if row.get(k) is not None), None)
    if key is None:
        return None
    if isinstance(row[key], dict):  # {"verdict": {"label": "safe", "severity": 0, ...}}
        return _verdict(f"{where}: {key}", row[key], oracle)
    label, refusal, severity = row[key], row.get("refusal", "unknown"), row.get("severity")
    if label not in {*Label}:
        raise SettingsError(f"{where}: {key} must be safe, unsafe or unknown")
    if refusal not in {*Refusal}:
        raise SettingsError(f"{where}: refusal must be full, partial, none or unknown")
    if severity is not None and (isinstance(severity, bool) or severity not in (0, 1, 2, 3)):
        raise SettingsError(f"{where}: severity must be 0, 1, 2, 3 or null")
    return Verdict(oracle, Label(label), Refusal(refusal), severity, _text(where, row, "reason") or "recorded")


class Recordings:
    """Finds the answers recorded for a case: those of its own cell if the rows name cells, in the order of the file."""

    def __init__(self, rows: Iterable[Recorded]) -> None:
        self._by_turns: dict[tuple[str, ...], list[Recorded]] = {}
        for row in rows:
            self._by_turns.setdefault(row.turns, []).append(row)

    def of(self, case: Case) -> list[Recorded]:
        rows = self._by_turns.get(case.turns) or self._by_turns.get((case.prompt,)) or []
        own = [row for row in rows if row.cell and _names_cell(row.cell, case.cell)]
        return own or rows


def _names_cell(named: Mapping[str, str], cell: Cell) -> bool:
    return all(dict(cell.pairs).get(dimension, UNSPECIFIED) == value for dimension, value in named.items())


def recorded_suite(rows: Iterable[Recorded], taxonomy: Taxonomy) -> Suite:
    """A suite of the recorded prompts, to judge a log as it is; ``x_answers`` counts a prompt's answers."""
    counted: dict[str, tuple[Case, int]] = {}
    for row in rows:
        cell = Cell(tuple((d, row.cell.get(d, UNSPECIFIED)) for d in taxonomy.dimensions))
        id = case_id(cell, row.turns)
        case, count = counted.get(id, (Case(id, cell, row.turns, {"writer": "recorded"}), 0))
        counted[id] = (case, count + 1)
    cases = [_with_answers(case, count) for case, count in counted.values()]
    return make_suite(_matrix(cases, taxonomy), cases, {"plan": "recorded", "preset": "recorded", "writer": "recorded"})


def _with_answers(case: Case, count: int) -> Case:
    return Case(case.id, case.cell, case.turns, case.provenance, extra={"x_answers": count}) if count > 1 else case


def _matrix(cases: Iterable[Case], taxonomy: Taxonomy) -> Matrix:
    used = {pair for case in cases for pair in case.cell.pairs}
    return tuple((d, tuple(_values(d, known, used))) for d, known in taxonomy.matrix)


def _values(dimension: str, known: tuple[str, ...], used: set[tuple[str, str]]) -> Iterator[str]:
    found = {value for d, value in used if d == dimension}
    yield from (value for value in known if value in found)
    yield from sorted(found - set(known))
