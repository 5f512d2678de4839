"""What is made of foreign names: legal on every system, below its root, unlike for unlike names."""

import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from astral.corpus.shelf import NAME, Shelf, seed_id
from astral.errors import SettingsError
from astral.escape import slug
from astral.model import Cell, case_id
from astral.setting_values import Spec
from astral.trials import target_slugs

NASTY = [
    "..",
    ".",
    "../../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "C:\\x",
    "a/b",
    "--astral",
    "-x",
    "@file",
    "~/x",
    "$HOME",
    "%2e%2e",
    "a\nb",
    "a\r\n::error::x",
    "a\0b",
    "\x1b[2J",
    "\u202ecod.exe",
    "\u2028",
    "\ud800",
    "con",
    "NUL",
    "aux",
    "com1",
    "LPT9",
    "x" * 300,
    "x" * 299 + "y",
    "GPT-4",
    "gpt-4",
    "gpt_4",
    "gpt 4",
    "\u212apt-4",
    "\u0130",
    "\u00df",
    "模型",
    "\U0001f600",
    "model name",
    "modelname",
    "modelname.",
    "modelname..",
    "'; DROP TABLE trials; --",
    "<script>",
    "{{ 7 * 7 }}",
    "%s",
    "[0]",
    "a[b]c",
    "a::b",
    "*",
    "?",
    "",
    " ",
]
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
names = st.one_of(st.text(max_size=60), st.sampled_from(NASTY), st.text("./\\-con\0\n", max_size=12))


def assert_is_legal(name, limit=120):
    """A file of that name can be made on Linux, macOS and Windows; a shell takes it for a word, and no option."""
    assert re.fullmatch(r"[a-z0-9_+][a-z0-9_+.-]*", name)
    assert len(name) <= limit
    assert not name.endswith(".")
    assert not DEVICES.fullmatch(name)


@settings(max_examples=2_000)
@given(names, st.integers(1, 60))
def test_a_slug_is_a_legal_name(text, limit):
    assert_is_legal(slug(text))
    assert len(slug(text, limit)) <= max(limit, 5) + 2


@pytest.mark.parametrize("text", NASTY)
def test_nasty_names_become_legal_ones(text):
    assert_is_legal(slug(text))


@given(st.lists(names, min_size=1, max_size=8, unique=True))
def test_targets_of_unlike_names_have_unlike_slugs(texts):
    """Also where they are unlike in case, at their end or in characters that no name may hold."""
    for kind in ("openai", "http", "python"):
        specs = [Spec(f"{kind}:{text}", kind, text) for text in texts]
        found = target_slugs(specs)
        assert [spec.text for spec in found.values()] == [spec.text for spec in specs]
        for name in found:
            assert_is_legal(name)
        assert len({name.casefold() for name in found}) == len(specs)


def test_nasty_names_stand_side_by_side():
    specs = [Spec(text, "", text) for text in NASTY]
    found = target_slugs(specs)
    assert [*found.values()] == specs
    with pytest.raises(SettingsError, match="same target twice"):
        target_slugs([*specs, specs[3]])


def test_a_name_that_looks_like_one_that_was_told_apart_is_told_apart_too():
    first = [Spec("GPT", "", "GPT"), Spec("gpt", "", "gpt")]
    taken = next(iter(target_slugs(first)))
    specs = [*first, Spec(taken, "", taken)]
    found = target_slugs(specs)
    assert [*found.values()] == specs


texts = st.lists(st.text(st.characters(), min_size=1, max_size=40), min_size=1, max_size=3).map(tuple)


@given(texts, texts)
def test_ids_of_cases_hold_nothing_of_a_prompt_and_tell_prompts_apart(one, other):
    cell = Cell.of(category="privacy", style="slang", persuasion="logical_appeal")
    assume(one != other)
    assert re.fullmatch(r"privacy-slang-logical_appeal-[0-9a-f]{12}", case_id(cell, one))
    assert case_id(cell, one) != case_id(cell, other)


@given(names, st.text(max_size=60))
def test_ids_of_seeds_hold_nothing_of_their_text(name, text):
    assert re.fullmatch(r"[a-z0-9_+-]+-[0-9a-f]{8}", seed_id(slug(name), text))


@given(names)
def test_corpora_stay_on_their_shelf(name):
    shelf = Shelf(Path("/root/of/it/.astral"))
    for taken in (slug(name.split(".")[0]), *([name] if NAME.fullmatch(name) else [])):
        for path in (shelf.path(taken), shelf.map_path(taken)):
            assert path.parent == shelf.directory
            assert path.resolve().is_relative_to(shelf.directory)


@pytest.mark.parametrize("name", NASTY)
def test_no_corpus_is_given_a_name_that_leads_elsewhere_or_is_a_device(name):
    if NAME.fullmatch(name):
        assert_is_legal(name)
