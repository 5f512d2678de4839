"""The architecture as a test: a module may import only modules to its left. A new module takes a place here."""

import ast
from pathlib import Path

import pytest

import astral

LAYERS = """
    escape secrets errors assertions markdown withholding files stats
    | setting_values gate_specs model freshness cards samples differences model_names conversation protocols
      settings hookspecs
    | presets taxonomy matrix suite resources templates screening
    | limits prices wire context providers
    | embeddings search corpus retrieval recordings
    | writers quality journal generator
    | adapters targets oracles voting registry attacks
    | store judging canaries engine direct overruling
    | tally coverage baseline calibration comparison gates changes
    | cost reports
    | refresh workshop provision outfit trials
      header formats publish reuse planning preflight outlook run rejudge merging review
    | progress items forgetting suites selection marker fixtures
    | conclusion interrupt workers session commands plugin cli
"""
ORDER = [name for name in LAYERS.split() if name != "|"]
ROOT = Path(astral.__file__).parent
MODULES = sorted(p for p in ROOT.rglob("*.py") if "_shipped" not in p.parts)
HEAVY = {"httpx2", "jinja2", "pydantic", "covertable", "langchain", "langchain_core", "langchain_chroma"} | {
    *("chromadb", "numpy", "ddgs", "rich", "tokenizers", "jsonpath"),
}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path, *, top_level: bool = False):
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "astral":
                yield from (f"astral.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_leftwards(path):
    here = room(path)
    if here in ("__init__", "testing"):
        return
    assert here in ORDER, f"give {here} a place in LAYERS"
    for name in imports(path):
        if name.startswith("astral."):
            there = name.split(".")[1]
            assert there != "testing", "testing is for tests and plugin authors"
            assert ORDER.index(there) <= ORDER.index(here), f"{here} may not import {there}"


def test_every_place_is_taken():
    assert sorted({room(path) for path in MODULES} - {"__init__", "testing"}) == sorted(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_imports_are_late(path):
    top = {name.split(".")[0] for name in imports(path, top_level=True)}
    allowed = {"jinja2"} if room(path) in ("templates", "reports") else set()
    assert not (top & HEAVY) - allowed


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_providers_sdk_is_imported(path):
    assert "openai" not in {name.split(".")[0] for name in imports(path)}


def test_settings_and_hookspecs_import_the_standard_library_only():
    for name in ("escape", "secrets", "errors", "setting_values", "gate_specs", "settings", "hookspecs"):
        for module in imports(ROOT / f"{name}.py"):
            assert module.split(".")[0] in {"astral", *__import__("sys").stdlib_module_names}
            early = ("astral.escape", "astral.secrets", "astral.errors", "astral.setting_values", "astral.gate_specs")
            assert module in early or not module.startswith("astral")


def test_the_plugin_imports_only_the_hook_specifications_before_it_is_switched_on():
    ours = [module for module in imports(ROOT / "plugin.py", top_level=True) if module.startswith("astral")]
    assert ours == ["astral.hookspecs"]
