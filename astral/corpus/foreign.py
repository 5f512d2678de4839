"""Reads the files of strangers row by row: CSV, JSON lines, and promptfoo's test cases; plain, ``.gz`` or ``.xz``."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from astral.errors import CorpusError, MissingExtraError
from astral.escape import show

MAX_LINE = 1_000_000
"""Characters: a longer line is no row of prompts."""
MAX_DOCUMENT = 64_000_000
"""Characters of a file that must be read whole."""
MAX_DEPTH = 100
"""Lists and objects of a YAML file within one another."""
PLUGIN_PREFIX = "promptfoo:redteam:"


@dataclass(frozen=True, slots=True)
class Record:
    """A row with its columns in lower case; ``place`` is where it begins, for messages."""

    place: str
    columns: Mapping[str, Any] = field(repr=False)

    def value(self, *names: str) -> Any:
        """The first of the columns that is filled, or None."""
        return next((v for name in names if (v := self.columns.get(name.lower())) not in (None, "")), None)


def read_records(path: Path, layout: str, shown: str) -> Iterator[Record]:
    """The rows of a file; ``layout`` is ``csv``, ``jsonl``, ``promptfoo`` or empty (by the file's name).

    Raises CorpusError with file:line for a file that is not what it should be, MissingExtraError for YAML without
    PyYAML.
    """
    stem = path.name.lower().removesuffix(".gz").removesuffix(".xz")
    reader = {"csv": _csv_records, "jsonl": _jsonl_records, "promptfoo": _promptfoo_records}
    with _opened(path, shown) as stream:
        yield from reader[layout or ("csv" if stem.endswith(".csv") else "jsonl")](stream, shown)


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[TextIO]:
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix.lower(), open)
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield stream
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError, zlib.error) as err:
        raise CorpusError(f"{shown}: cannot be read ({type(err).__name__}); give a file in UTF-8") from err


def _lines(stream: TextIO, shown: str) -> Iterator[tuple[int, str]]:
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise CorpusError(f"{shown}:{number}: longer than {MAX_LINE:,} characters; is this a file of prompts?")
        yield number, line


def _lowered(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name.strip().lower(): value for name, value in columns.items()}


# --- CSV --------------------------------------------------------------------------------------------------------------


def _csv_records(stream: TextIO, shown: str) -> Iterator[Record]:
    rows = csv.reader((line for _, line in _lines(stream, shown)), strict=True)
    header: list[str] | None = None
    begins = 1
    try:
        for row in rows:
            if row and header is None:
                header = _header(row, f"{shown}:{begins}")
            elif row and header is not None:
                if len(row) != len(header):
                    raise CorpusError(
                        f"{shown}:{begins}: {len(row)} fields where the header names {len(header)}; mend the row"
                    )
                yield Record(f"{shown}:{begins}", dict(zip(header, row, strict=True)))
            begins = rows.line_num + 1
    except csv.Error as err:
        raise CorpusError(f"{shown}:{begins}: not valid CSV ({show(str(err), 80)}); mend the row") from err
    if header is None:
        raise CorpusError(f"{shown}:1: the file is empty; expected a header line")


def _header(row: list[str], where: str) -> list[str]:
    header = [name.strip().lower() for name in row]
    if len({*header}) != len(header):
        raise CorpusError(f"{where}: the header names a column twice; rename one")
    return header


# --- JSON lines -------------------------------------------------------------------------------------------------------


def _jsonl_records(stream: TextIO, shown: str) -> Iterator[Record]:
    for number, line in _lines(stream, shown):
        if line.strip():
            place = f"{shown}:{number}"
            yield Record(place, _lowered(_json_object(line, place)))


def _json_object(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise CorpusError(f"{where}: not valid JSON; each line must be one JSON object") from err
    if not isinstance(value, dict):
        raise CorpusError(f"{where}: expected a JSON object; each line must be one")
    return value


# --- promptfoo --------------------------------------------------------------------------------------------------------


def _promptfoo_records(stream: TextIO, shown: str) -> Iterator[Record]:
    """Test cases of a configuration (``tests:``), of a list, or one a line; JSON, JSON lines or YAML."""
    name = shown.lower().removesuffix(".gz").removesuffix(".xz")
    if name.endswith(".jsonl"):
        for number, line in _lines(stream, shown):
            if line.strip():
                place = f"{shown}:{number}"
                yield _test_record(place, _json_object(line, place), "")
        return
    document = _document(stream, shown, name.endswith((".yaml", ".yml")))
    tests = document.get("tests") if isinstance(document, dict) else document
    if not isinstance(tests, list):
        raise CorpusError(
            f"{shown}:1: holds no list of test cases; give the file that promptfoo redteam generate wrote"
        )
    settings = document.get("redteam") if isinstance(document, dict) else None
    injected = settings.get("injectVar") if isinstance(settings, dict) else None
    for number, test in enumerate(tests, 1):
        yield _test_record(f"{shown}, test {number}", test, injected if isinstance(injected, str) else "")


def _document(stream: TextIO, shown: str, yaml: bool) -> Any:
    text = stream.read(MAX_DOCUMENT + 1)
    if len(text) > MAX_DOCUMENT:
        raise CorpusError(f"{shown}:1: longer than {MAX_DOCUMENT:,} characters; split it, or give JSON lines")
    if yaml:
        return _yaml(text, shown)
    try:
        return json.loads(text)
    except json.JSONDecodeError as err:
        raise CorpusError(f"{shown}:{err.lineno}: not valid JSON; a YAML file must end in .yaml") from err
    except (ValueError, RecursionError) as err:
        raise CorpusError(f"{shown}:1: not readable JSON ({type(err).__name__}); give JSON lines") from err


def _yaml(text: str, shown: str) -> Any:
    try:
        import yaml
    except ImportError as err:
        raise MissingExtraError("reading YAML", "rag") from err  # chromadb brings PyYAML; JSON needs nothing
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=loader):  # the native loader crashes the interpreter on endless nesting
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise CorpusError(f"{shown}:{event.start_mark.line + 1}: nested too deep; give JSON lines")
        return yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        raise CorpusError(f"{shown}:{mark.line + 1 if mark else 1}: not valid YAML; mend the file") from err
    except (ValueError, RecursionError, KeyError) as err:
        raise CorpusError(f"{shown}:1: not readable YAML ({type(err).__name__}); give JSON") from err


def _test_record(place: str, test: Any, injected: str) -> Record:
    """The columns that our table of formats names; what has another shape stays empty and is counted by the import."""
    variables, metadata = (_mapping(test, name) for name in ("vars", "metadata"))
    plugin, strategy = metadata.get("pluginId"), metadata.get("strategyId")
    return Record(
        place,
        {
            "prompt": _injected(variables, injected),
            "plugin": plugin.removeprefix(PLUGIN_PREFIX) if isinstance(plugin, str) else None,
            "category": metadata.get("category"),
            "label": metadata.get("label"),
            "strategy": None if strategy in ("basic", "retry") else strategy,
        },
    )


def _mapping(test: Any, name: str) -> Mapping[str, Any]:
    value = test.get(name) if isinstance(test, dict) else None
    return value if isinstance(value, dict) else {}


def _injected(variables: Mapping[str, Any], injected: str) -> Any:
    """The prompt among the variables: the one that is injected, ``prompt``, or the only one."""
    for name in (injected, "prompt"):
        if name in variables:
            return variables[name]
    return next(iter(variables.values())) if len(variables) == 1 else None
