"""docs/results.md: its examples are run, its tables are the schema's own words.

``ASTRAL_ACCEPT=1 pytest tests/unit/test_results_docs.py`` (make accept) writes outputs and tables anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "results.md"
SCHEMA = json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="ascii"))
MEMBERS = re.compile(r"(<!-- members: start -->\n)(.*?)(<!-- members: end -->)", re.DOTALL)
SHELL = re.compile(r"(```console\n\$ ([^\n]*)\n)(.*?)(```)", re.DOTALL)
PYTHON = re.compile(r"(```python\n(.*?)```\n\n```text\n)(.*?)(```)", re.DOTALL)


def agree(pattern: re.Pattern[str], number: int, text: str) -> None:
    """The block of the page is ``text``; with ASTRAL_ACCEPT=1 it becomes that."""
    page = PAGE.read_text(encoding="utf-8")
    block = [*pattern.finditer(page)][number]
    last = len(block.groups()) - 1
    if os.environ.get("ASTRAL_ACCEPT") == "1":
        PAGE.write_text(page[: block.start(last)] + text + page[block.end(last) :], encoding="utf-8", newline="\n")
    else:
        assert block[last] == text, "docs/results.md is not what it says; if that is what you meant: make accept"


def blocks(pattern: re.Pattern[str]) -> list[tuple[int, str]]:
    return [(number, found[2]) for number, found in enumerate(pattern.finditer(PAGE.read_text(encoding="utf-8")))]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the results of the golden run."""
    shutil.copy(ROOT / "tests" / "golden" / "results.json", tmp_path / "run.json")
    return tmp_path


def said(command: list[str], place: Path) -> str:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
@pytest.mark.parametrize(("number", "command"), blocks(SHELL))
def test_the_examples_with_jq_say_what_they_say(number: int, command: str, place: Path) -> None:
    found = said(["sh", "-c", command], place)
    assert found.strip()
    agree(SHELL, number, found)


@pytest.mark.parametrize(("number", "program"), blocks(PYTHON))
def test_the_examples_in_python_say_what_they_say(number: int, program: str, place: Path) -> None:
    found = said([sys.executable, "-c", program], place)
    assert found.strip()
    agree(PYTHON, number, found)


def test_there_are_examples() -> None:
    assert len(blocks(SHELL)) == 4
    assert len(blocks(PYTHON)) == 2


def test_the_golden_results_fit_the_schema() -> None:
    golden = json.loads((ROOT / "tests" / "golden" / "results.json").read_text(encoding="ascii"))
    jsonschema.Draft202012Validator(SCHEMA).validate(golden)


# --- the tables of members ---


def objects(path: str, node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object that has members of its own, with the path to it."""
    if "properties" in node:
        yield path, node
        for name, member in node["properties"].items():
            yield from objects(f"{path}.{name}" if path else name, member)
    for one in (*node.get("oneOf", ()), *node.get("anyOf", ())):
        yield from objects(path, one)
    if isinstance(node.get("items"), dict):
        yield from objects(f"{path}[]", node["items"])
    if isinstance(node.get("additionalProperties"), dict):
        yield from objects(f"{path}{{}}", node["additionalProperties"])


def everything() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from objects("", SCHEMA)
    for name, shape in SCHEMA["$defs"].items():
        yield from objects(name, shape)


def kind(node: dict[str, Any]) -> str:
    """The type of a member in a few words."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if words := node.get("enum", [node["const"]] if "const" in node else []):
        return ", ".join(f"`{word}`" for word in words)
    choices = [*node.get("oneOf", ()), *node.get("anyOf", ())]
    if choices:
        return " or ".join(kind(one) for one in choices)
    if node["type"] == "array":
        return f"list of {kind(node['items'])}"
    if node["type"] == "object":
        inner = node.get("additionalProperties")
        return f"object of {kind(inner)}" if isinstance(inner, dict) else "object"
    types = [node["type"]] if isinstance(node["type"], str) else node["type"]
    return " or ".join(types)


def tables() -> str:
    found = []
    for path, node in everything():
        heading = path if path in SCHEMA["$defs"] else f"`{path}`" if path else "The document"
        found += [f"### {heading}", ""]
        found += [node["description"], ""] if "description" in node and path else []
        found += ["| member | type | what |", "|---|---|---|"]
        for name, member in sorted(node["properties"].items()):
            late = "" if name in node["required"] else " (not in every document)"
            found.append(f"| `{name}` | {kind(member)} | {member['description']}{late} |")
        found.append("")
    return "\n".join(found)


def test_every_member_is_explained_in_the_schema() -> None:
    silent = [
        f"{path}.{name}"
        for path, node in everything()
        for name, one in node["properties"].items()
        if not one.get("description", "").strip()
    ]
    assert silent == []


def test_every_object_of_the_schema_is_strict() -> None:
    assert [path for path, node in everything() if node.get("additionalProperties") is not False] == []


def test_the_page_holds_the_words_of_the_schema() -> None:
    agree(MEMBERS, 0, "\n" + tables())


def test_what_was_added_is_named_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    added = sorted(set(SCHEMA["properties"]) - set(SCHEMA["required"]))
    (line,) = [line for line in page.split("\n") if line.startswith("Added since the first version")]
    assert sorted(re.findall(r"`(\w+)`", line)) == added
