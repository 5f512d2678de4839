"""SECURITY.md names a test for each claim: these are there, and what it says of files and limits is so."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from astral.search.exchange import SECONDS
from astral.search.fetcher import BYTES, HOPS
from astral.wire.transport import BODY_LIMIT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
CLAIMS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@cache
def functions_of(name):
    source = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(source) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), CLAIMS)
def test_the_test_that_is_named_is_there(file, name):
    assert name in functions_of(file)


def test_there_are_many_and_every_word_about_a_test_is_one():
    assert len(CLAIMS) > 50
    assert PAGE.count("`tests/") == len(re.findall(r"`tests/[\w/]+\.py(?:::\w+)?`", PAGE))


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert link.startswith("https://") or (ROOT / link).is_file(), link


def test_the_limits_are_those_of_the_program():
    assert BODY_LIMIT == 4 * 2**20
    assert (HOPS, SECONDS, BYTES) == (3, 10.0, 2 * 2**20)
    assert "three redirects, never from https to http, 10 s, 2 MiB" in " ".join(PAGE.split())


def test_it_invents_no_address_to_write_to():
    assert "@" not in PAGE
    assert "mailto" not in PAGE
