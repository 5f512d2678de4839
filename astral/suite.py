"""The suite file ``NAME.astral.jsonl``: a header line, then one case a line. Same input, same bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astral.errors import SuiteError, did_you_mean
from astral.files import write_whole
from astral.model import Case, Cell, Matrix, case_id
from astral.taxonomy import ID

FORMAT = 1
SUFFIX = ".astral.jsonl"
_HEADER = frozenset(
    {"astral_suite", "matrix", "plan", "strength", "per_cell", "seed", "preset", "writer", "generator", "templates"}
    | {"cases", "content", "fallbacks", "newest_news", "settings", "quality", "screened", "shortfall"}
    | {"corpora", "embedder", "news"}
)
_CASE = frozenset({"id", "cell", "prompt", "turns", "provenance", "twin_of"})


@dataclass(frozen=True)
class Suite:
    """A file of cases: ``header`` as in the file (see docs/suite-format.md), ``cases`` in file order."""

    header: Mapping[str, Any]
    cases: tuple[Case, ...] = field(repr=False)
    edited: bool = False
    """True when the cases are no longer those that the header of the file was written for."""
    lines: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)
    """The line of the file that each case stands in, by id; empty for a suite that was not read from a file."""

    @property
    def matrix(self) -> Matrix:
        return tuple((dimension, tuple(values)) for dimension, values in self.header["matrix"])

    @property
    def content(self) -> str:
        """The hash over all cases: 64 hex digits."""
        return str(self.header["content"])


def make_suite(matrix: Matrix, cases: Iterable[Case], facts: Mapping[str, Any]) -> Suite:
    """A suite of sorted cases; ``facts`` are the header fields that the generator knows (plan, seed, writer, ...)."""
    ordered = tuple(sorted(cases, key=lambda case: (case.id, case.twin_of or "")))
    header = {
        "astral_suite": FORMAT,
        "matrix": [[dimension, list(values)] for dimension, values in matrix],
        "cases": len(ordered),
        "content": _content_hash(ordered),
        **facts,
    }
    return Suite(header, ordered)


def _canonical(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, separators=(",", ":"))


def _content_hash(cases: Iterable[Case]) -> str:
    digest = hashlib.sha256()
    for case in cases:
        digest.update(_canonical(_case_row(case)).encode("ascii") + b"\n")
    return digest.hexdigest()


def _case_row(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {"id": case.id, "cell": dict(case.cell.pairs), **case.extra}
    row |= {"prompt": case.turns[0]} if len(case.turns) == 1 else {"turns": list(case.turns)}
    if case.provenance:
        row["provenance"] = dict(case.provenance)
    if case.twin_of is not None:
        row["twin_of"] = case.twin_of
    return row


def suite_text(suite: Suite) -> str:
    """The file as text, ASCII only, so that no line separator inside a prompt can split a line."""
    rows = [suite.header, *(_case_row(case) for case in suite.cases)]
    return "".join(_canonical(row) + "\n" for row in rows)


def write_suite(suite: Suite, path: Path) -> None:
    """Write the suite whole or not at all. Raises SuiteError."""
    try:
        write_whole(path, suite_text(suite))
    except OSError as err:
        raise SuiteError(f"{path}: cannot be written ({err.strerror}); choose another place or make room") from err


def read_suite(path: Path, *, shown: str | None = None) -> Suite:
    """Read and check a suite file; ``shown`` is how messages name it. Raises SuiteError with file:line."""
    name = shown or str(path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise SuiteError(f"{name}: no such suite; make it with: astral generate {name}") from None
    except (OSError, UnicodeDecodeError) as err:
        raise SuiteError(f"{name}: cannot be read ({type(err).__name__}); give a suite file in UTF-8") from err
    header = _header(name, lines[0])
    matrix: dict[str, frozenset[str]] = {d: frozenset(values) for d, values in header["matrix"]}
    cases: list[Case] = []
    cells: dict[tuple[str, ...], Cell] = {}
    first_seen: dict[str, int] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        case = _case(f"{name}:{number}", _object(f"{name}:{number}", line), matrix, cells)
        if first_seen.setdefault(case.id, number) != number:
            raise SuiteError(
                f"{name}:{number}: case {case.id} stands in line {first_seen[case.id]} already; remove one"
            )
        cases.append(case)
    _check_twins(name, cases, first_seen)
    if not cases:
        raise SuiteError(f"{name}: holds no case; make it again with: astral generate {name}")
    content = _content_hash(sorted(cases, key=lambda case: (case.id, case.twin_of or "")))
    edited = header.get("content") != content
    return Suite({**header, "cases": len(cases), "content": content}, tuple(cases), edited, first_seen)


def _object(where: str, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as err:
        hint = str(err) if isinstance(err, _DuplicateKeyError) else "not valid JSON"
        raise SuiteError(f"{where}: {hint}; each line must be one JSON object") from None
    if not isinstance(row, dict):
        raise SuiteError(f"{where}: expected a JSON object; each line must be one")
    return row


class _DuplicateKeyError(ValueError):
    pass


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise _DuplicateKeyError("a key stands twice")
    return row


def _header(name: str, line: str) -> dict[str, Any]:
    where = f"{name}:1"
    if not line.strip():
        raise SuiteError(f"{where}: the file is empty; make it again with: astral generate {name}")
    header = _object(where, line)
    version = header.get("astral_suite")
    if not isinstance(version, int) or isinstance(version, bool):
        raise SuiteError(f'{where}: the first line is not a suite header (it must hold "astral_suite": {FORMAT})')
    if version > FORMAT:
        raise SuiteError(
            f"{where}: suite format {version} is newer than this version reads ({FORMAT}); upgrade pytest-astral"
        )
    _check_keys(where, header, _HEADER)
    if not _is_matrix(header.get("matrix")):
        raise SuiteError(
            f'{where}: "matrix" must be a list of [dimension, [values]] the category first; see docs/suite-format.md'
        )
    return header


def _is_matrix(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) for row in value)
        and all(isinstance(v, list) and v and all(isinstance(x, str) and ID.fullmatch(x) for x in v) for _, v in value)
        and [d for d, _ in value][:1] == ["category"]
    )


def _check_keys(where: str, row: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in row:
        if key not in known and not key.startswith("x_"):
            raise SuiteError(f"{where}: unknown key {key!r}{did_you_mean(key, known)}; keys of your own start with x_")


_NOTHING: dict[str, Any] = {}
"""Stands for what a line does not hold: one for all of them, and nobody writes to it."""


def _case(
    where: str, row: dict[str, Any], matrix: Mapping[str, frozenset[str]], cells: dict[tuple[str, ...], Cell]
) -> Case:
    _check_keys(where, row, _CASE)
    cell = _cell(where, row.get("cell"), matrix, cells)
    turns = _turns(where, row)
    provenance, twin_of = row.get("provenance", _NOTHING), row.get("twin_of")
    if not isinstance(provenance, dict) or not (twin_of is None or isinstance(twin_of, str)):
        raise SuiteError(f"{where}: provenance must be an object and twin_of a case id")
    if provenance and (wrong := _wrong_in(provenance)) is not None:
        raise SuiteError(f"{where}: provenance: {wrong!r} has another shape than in docs/suite-format.md; mend it")
    expected = case_id(cell, turns)
    if row.get("id", expected) != expected:
        raise SuiteError(
            f"{where}: id {row['id']!r} does not fit the prompt and cell; remove the id to have it made, "
            f"expected {expected}"
        )
    extra = {key: value for key, value in row.items() if key.startswith("x_")}
    return Case(expected, cell, turns, provenance, twin_of, extra or _NOTHING)


def _wrong_in(provenance: Mapping[str, Any]) -> str | None:
    """The first of the fields that others read whose value has another shape than ours."""
    news = provenance.get("news", [])
    fine = {
        "writer": isinstance(provenance.get("writer", ""), str),
        "source": isinstance(provenance.get("source", ""), str),
        "fallback": isinstance(provenance.get("fallback", ""), str),
        "seeds": _is_texts(provenance.get("seeds", [])),
        "flags": _is_texts(provenance.get("flags", [])),
        "news": isinstance(news, list) and all(isinstance(item, dict) and _is_texts([*item.values()]) for item in news),
    }
    return next((name for name, good in fine.items() if not good), None)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _cell(where: str, value: Any, matrix: Mapping[str, frozenset[str]], cells: dict[tuple[str, ...], Cell]) -> Cell:
    """The cell that ``value`` says; ``cells`` holds those of earlier lines, which need no second look."""
    if isinstance(value, dict) and len(value) == len(matrix):
        with contextlib.suppress(TypeError, KeyError):  # a value that is no text, or none: told below
            return cells[tuple(map(value.__getitem__, matrix))]
    cell = _new_cell(where, value, matrix)
    cells[cell.values] = cell
    return cell


def _new_cell(where: str, value: Any, matrix: Mapping[str, frozenset[str]]) -> Cell:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise SuiteError(f'{where}: "cell" must be an object such as {{"category": "privacy", ...}}')
    if unknown := [d for d in value if d not in matrix]:
        raise SuiteError(
            f"{where}: unknown dimension {unknown[0]!r}{did_you_mean(unknown[0], matrix)}; the header's "
            f"matrix names: {', '.join(matrix)}"
        )
    for dimension, allowed in matrix.items():
        if dimension not in value:
            raise SuiteError(f"{where}: the cell has no {dimension}; name one of {', '.join(sorted(allowed))}")
        if value[dimension] not in allowed:
            raise SuiteError(
                f"{where}: unknown {dimension} {value[dimension]!r}{did_you_mean(value[dimension], allowed)}"
            )
    return Cell(tuple((dimension, value[dimension]) for dimension in matrix))


def _turns(where: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    turns: Sequence[Any] = row["turns"] if isinstance(row.get("turns"), list) else [row.get("prompt")]
    if ("prompt" in row) == ("turns" in row) or not turns or not all(isinstance(t, str) and t.strip() for t in turns):
        raise SuiteError(f'{where}: give either "prompt" (a text) or "turns" (a list of texts), none of them empty')
    return tuple(turns)


def _check_twins(name: str, cases: Sequence[Case], lines: Mapping[str, int]) -> None:
    for case in cases:
        if case.twin_of is not None and case.twin_of not in lines:
            raise SuiteError(f"{name}:{lines[case.id]}: twin_of names {case.twin_of!r}, which is not in this file")
