"""``astral corpus`` as people type it: import, list, build and search, in child processes."""

import csv
import io
import json
import os
import pty
import subprocess
import sys

import pytest

HARMBENCH = "Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID"
HARMFUL = "PLACEHOLDER-HARM number one of the fixture"


def harmbench(*rows):
    stream = io.StringIO()
    csv.writer(stream).writerows(
        [HARMBENCH.split(","), *([text, "standard", what, "", "", "x"] for text, what in rows)]
    )
    return stream.getvalue()


@pytest.fixture
def desk(offline_desk):
    """A desk with a file of HarmBench's layout: documented, never recorded (see tests/unit/test_corpus_formats.py)."""
    offline_desk.write(
        "hb.csv",
        harmbench(
            (HARMFUL, "chemical_biological"),
            (HARMFUL, "chemical_biological"),
            ("PLACEHOLDER-HARM two, of another sort", "illegal"),
            ("A line with the zz operational marker in it", "harassment_bullying"),
        ),
    )
    return offline_desk


def test_an_import_says_what_it_took_and_what_it_skipped_and_why(desk):
    done = desk.astral("corpus", "import", "hb.csv", "--format", "harmbench", "--name", "hb")
    assert done.code == 0, done.text
    lines = [line.split() for line in done.out.splitlines()]
    assert done.out.startswith("hb.csv: 4 rows, 1 taken into the corpus 'hb', 3 skipped\n")
    assert ["drugs_weapons", "1", "0"] in lines
    assert ["total", "1", "0"] in lines
    assert ["duplicate", "1", "hb.csv:3"] in lines
    assert ["category", "without", "a", "mapping", "1", "hb.csv:4"] in lines
    assert ["content", "gate:", "operational", "1", "hb.csv:5"] in lines
    assert "without a mapping: illegal 1\n" in done.out
    assert "mapping: .astral/corpora/hb.map.toml (edit it, then import again)" in done.out
    assert "licence: MIT (https://github.com/centerforaisafety/HarmBench" in done.out
    assert HARMFUL not in done.text
    assert desk.files() == {"hb.csv", ".astral/.gitignore", ".astral/corpora/hb.jsonl", ".astral/corpora/hb.map.toml"}


@pytest.mark.slow
def test_a_mapping_is_typed_or_edited_and_the_corpus_replaced(desk):
    words = ("corpus", "import", "hb.csv", "--format", "harmbench", "--name", "hb")
    done = desk.astral(*words, "--map", "illegal=theft,ilegal=theft", "--licence", "CC0-1.0")
    assert "2 taken into the corpus 'hb'" in done.out
    assert "--map names 'ilegal', which no row has; did you mean 'illegal'?" in done.out
    assert "licence: CC0-1.0 (" in done.out
    path = desk.path / ".astral" / "corpora" / "hb.map.toml"
    assert '"illegal" = "financial_crime"  # 1 row' in path.read_text()
    path.write_text(path.read_text().replace('"illegal" = "financial_crime"', '"illegal" = ""'))
    assert "1 taken into the corpus 'hb'" in desk.astral(*words).out


@pytest.mark.slow
def test_list_shows_corpora_their_licences_and_their_categories(desk):
    desk.astral("corpus", "import", "hb.csv", "--format", "harmbench", "--name", "hb")
    done = desk.astral("corpus", "list")
    assert done.code == 0, done.text
    lines = [line.split() for line in done.out.splitlines()]
    assert ["shipped", "252", "252", "Apache-2.0", "corpora/README.md"] in lines
    assert ["hb", "1", "0", "MIT"] in [line[:4] for line in lines]
    assert ["drugs_weapons", "18/18", "1/0"] in lines
    assert ["privacy", "18/18", "-"] in lines
    (desk.path / ".astral" / "corpora" / "bad.jsonl").write_text("{\n")
    damaged = desk.astral("corpus", "list")
    assert damaged.code == 0
    assert "damaged: " in damaged.out
    assert "bad.jsonl:1: not a JSON object" in damaged.out
    assert ["hb", "1", "0", "MIT"] in [line.split()[:4] for line in damaged.out.splitlines()]


@pytest.mark.slow
def test_list_writes_nothing(desk):
    assert desk.astral("corpus", "list").code == 0
    assert desk.files() == {"hb.csv"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bulid",), ("unknown part 'bulid'; did you mean 'build'?", "list, build, search, import")),
        (("list", "x"), ("list takes no name, not 1", "usage: astral corpus list")),
        (("build", "--limit", "3"), ("build does not take --limit",)),
        (("import",), ("import takes 1 name, not 0", "import FILE --format FORMAT")),
        (("import", "hb.csv"), ("--format is missing", "harmbench, xstest, ailuminate, promptfoo")),
        (("import", "hb.csv", "--format", "harmbensh"), ("unknown format 'harmbensh'; did you mean 'harmbench'?",)),
        (("import", "hb.csv", "--format", "xstest"), ("hb.csv:2: no column prompt; there are: behavior,",)),
        (("import", "no.csv", "--format", "csv"), ("no.csv: cannot be read (No such file or directory)",)),
        (("import", "hb.csv", "--format", "harmbench", "--kind", "safe"), ("--kind 'safe'", "unsafe or benign")),
        (("import", "hb.csv", "--format", "harmbench", "--category", "privcy"), ("did you mean 'privacy'?",)),
        (("import", "hb.csv", "--format", "harmbench", "--map", "no.toml"), ("--map", "no such file")),
        (("import", "hb.csv", "--format", "harmbench", "--name", "shipped"), ("--name 'shipped'",)),
        (("search",), ("search takes at least 1 word, not 0",)),
        (("search", "x", "--limit", "0"), ("--limit '0'", "from 1 to 1000")),
        (("search", "x", "corpus=hbb"), ("unknown corpus 'hbb'",)),
    ],
)
def test_what_is_typed_wrongly_is_one_line_and_makes_no_corpus(desk, words, said):
    desk.astral("corpus", *words).refused(*said)
    assert not list(desk.path.glob(".astral/corpora/*"))


@pytest.mark.slow
def test_an_import_that_takes_nothing_says_why_and_names_the_mapping(desk):
    desk.write("odd.csv", harmbench((HARMFUL, "illegal")))
    done = desk.astral("corpus", "import", "odd.csv", "--format", "harmbench")
    done.refused("odd.csv: no row could be taken", ".astral/corpora/odd.map.toml, or with --map")
    assert "without a mapping: illegal 1" in done.out
    assert ".astral/corpora/odd.jsonl" not in desk.files()


@pytest.mark.slow
def test_a_category_that_a_conftest_brings_can_be_mapped_to(desk):
    desk.write(
        "conftest.py",
        "from astral.taxonomy import Entry\n"
        "def pytest_astral_categories():\n"
        "    return [Entry('gossip', 'Gossip', 'About the neighbours.')]\n",
    )
    done = desk.astral("corpus", "import", "hb.csv", "--format", "harmbench", "--map", "illegal=gossip")
    assert done.code == 0, done.text
    assert ["gossip", "1", "0"] in [line.split() for line in done.out.splitlines()]


# --- build and search -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_index_is_built_and_searched(desk):
    desk.astral("corpus", "import", "hb.csv", "--format", "harmbench", "--name", "hb")
    built = desk.astral("corpus", "build")
    assert built.code == 0, built.text
    assert "index of 505 seeds from shipped, hb is ready (corpus " in built.out
    assert "embedder hash)" in built.out
    found = desk.astral("corpus", "search", "PLACEHOLDER-HARM", "number", "one", "--limit", "3")
    assert found.code == 0, found.text
    score, id, category, kind = found.out.splitlines()[0].split()
    assert float(score) > 0
    assert id.startswith("hb-")
    assert (category, kind) == ("drugs_weapons", "unsafe")
    assert len(found.out.splitlines()) == 4
    assert found.out.splitlines()[3] == "to read the texts: add text=prompts"
    assert HARMFUL not in found.text


@pytest.mark.slow
def test_a_search_keeps_to_category_and_kind_and_shows_texts_when_asked(desk):
    words = ("corpus", "search", "a customer's identity", "--category", "privacy_violation", "--limit=4")
    found = desk.astral(*words, "--kind", "benign", "text=prompts")
    assert found.code == 0, found.text
    lines = found.out.splitlines()
    assert len(lines) == 8
    assert all(line.split()[2:] == ["privacy", "benign"] for line in lines[::2])
    assert all(line.startswith("       ") and len(line) > 20 for line in lines[1::2])


@pytest.mark.slow
def test_texts_of_a_search_are_inert(desk):
    desk.write("mine.jsonl", json.dumps({"text": "PLACEHOLDER \x1b[31m zebra", "category": "privacy"}) + "\n")
    found = desk.astral("corpus", "search", "zebra", "corpus=mine.jsonl", "text=all")
    assert found.code == 0, found.text
    assert "PLACEHOLDER \\u{1b}[31m zebra" in found.out
    assert "\x1b" not in found.text


@pytest.mark.slow
def test_seeds_that_the_content_gate_keeps_out_are_counted_and_not_indexed(desk):
    rows = [{"text": f"PLACEHOLDER zebra {mark}", "category": "privacy"} for mark in ("one", "zz operational marker")]
    desk.write("mine.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    found = desk.astral("corpus", "search", "zebra", "corpus=mine.jsonl", "text=all")
    assert found.code == 0, found.text
    assert "content gate: 1 operational kept out" in found.out
    assert found.out.count("zebra") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "shown"), [({}, True), pytest.param({"CI": "true"}, False, marks=pytest.mark.slow)]
)
def test_a_terminal_outside_ci_shows_texts(desk, variables, shown):
    """On a pseudo-terminal, as a person has it."""
    controller, terminal = pty.openpty()
    words = [sys.executable, "-m", "astral.cli", "corpus", "search", "customer identity", "--limit", "1"]
    with subprocess.Popen(words, cwd=desk.path, env={**desk.env, **variables}, stdout=terminal) as running:
        os.close(terminal)
        said = b""
        while chunk := _read(controller):
            said += chunk
    os.close(controller)
    assert running.returncode == 0
    assert (b"to read the texts" not in said) == shown
    assert len(said.decode().strip().splitlines()) == 2


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux's way to say that the other end is closed
        return b""
