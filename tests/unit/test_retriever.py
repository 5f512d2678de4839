"""The retriever over an embedded index: the same every time, filtered, diverse, and never silently poorer."""

import json
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from networks import make_network

pytest.importorskip("chromadb", reason="retrieval needs Chroma: pip install 'pytest-astral[rag]'")
pytest.importorskip("langchain_chroma", reason="retrieval needs langchain-chroma: pip install 'pytest-astral[rag]'")

from astral.corpus import CorpusSource, shipped_seeds
from astral.embeddings import build_embedder
from astral.errors import CorpusError, RetrievalError
from astral.model import Cell, Seed
from astral.retrieval import open_retriever
from astral.setting_values import parse_spec

ROOT = Path(__file__).parents[2]
PLACES, WORDS = ("park", "school", "harbour", "market"), ("red", "green", "blue", "grey", "white", "black", "brown")
SEEDS = [
    *(
        Seed(
            f"PLACEHOLDER-HARM with {word} locks at the {place}",
            "t",
            f"{category}-{kind}-{word}-{place}",
            category,
            kind,
        )
        for category in ("privacy", "violence")
        for kind in ("unsafe", "benign")
        for place in PLACES
        for word in WORDS[: 5 if category == "privacy" else 7]
    ),
]


def embedder(name="hash"):
    return build_embedder(parse_spec(name), make_network())


def cell(category):
    return Cell.of(category=category, style="slang", persuasion="logical_appeal")


@pytest.fixture
def opened(tmp_path):
    """Opens retrievers over an index of the test's own, and closes them."""
    found = []

    def open_one(seeds=SEEDS, name="hash", *, seed=0, directory=tmp_path, chroma=None, said=None):
        one = embedder(name) if isinstance(name, str) else name
        say = (lambda line: None) if said is None else said.append
        found.append(open_retriever(seeds, one, directory=directory, chroma=chroma, seed=seed, say=say))
        return found[-1]

    yield open_one
    for one in found:
        one.close()


def index_of(directory):
    (path,) = (path for path in (directory / "index").iterdir() if path.is_dir())
    return path


def asked(retriever, count=4):
    """What a plan asks: ids for every category and kind, many variants, with and without a headline."""
    return [
        [seed.id for seed in retriever.seeds(cell(category), count, variant, kind=kind, near=near)]
        for category in ("privacy", "violence")
        for kind in ("unsafe", "benign")
        for variant in range(30)
        for near in ("", "Officials warn of blue locks", "Nothing of the kind")
    ]


# --- seeds --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hash", "hash+bm25"])
def test_two_builds_give_the_same_whatever_the_order_of_the_rows(opened, tmp_path, name):
    first = opened(SEEDS, name, directory=tmp_path / "one")
    # the order of first seeds is drawn from the rows as they come, as in CorpusSource; neighbours do not depend on it
    second = opened(SEEDS, name, directory=tmp_path / "two")
    assert asked(first) == asked(second)
    mixed = random.Random(1).sample(SEEDS, len(SEEDS))
    third = opened(mixed, name, directory=tmp_path / "three")
    query = "red locks near the water"
    assert first.search(query, category=None, limit=50) == third.search(query, category=None, limit=50)
    assert index_of(tmp_path / "one").name == index_of(tmp_path / "three").name


def test_a_reopened_index_gives_the_same(opened):
    first = opened()
    before = asked(first)
    first.close()
    assert asked(opened()) == before


def test_first_seeds_rotate_as_in_the_plain_source(opened):
    retriever, plain = opened(seed=7), CorpusSource(SEEDS, seed=7)
    for variant in range(45):
        for kind in ("unsafe", "benign"):
            first = retriever.seeds(cell("privacy"), 3, variant, kind=kind)[0]
            assert first == plain.seeds(cell("privacy"), 1, variant, kind=kind)[0]


def test_seeds_are_of_the_category_and_kind_and_all_different(opened):
    retriever = opened()
    for category in ("privacy", "violence"):
        for kind in ("unsafe", "benign"):
            for variant in range(10):
                found = retriever.seeds(cell(category), 4, variant, kind=kind, near="a headline about harbours")
                assert {(seed.category, seed.kind) for seed in found} == {(category, kind)}
                assert len({seed.text for seed in found}) == len(found) == 4


def test_a_headline_changes_the_neighbours_and_not_the_first_seed(opened):
    retriever = opened()
    plain = retriever.seeds(cell("violence"), 3, 0)
    near = retriever.seeds(cell("violence"), 3, 0, near="brown locks stolen at the harbour")
    assert near[0] == plain[0]
    assert "brown" in near[1].text
    assert "harbour" in near[1].text


def test_near_duplicates_do_not_crowd_out_the_rest(opened):
    same = [Seed(f"how to open a door without a key, item {n}", "t", f"a-{n}", "privacy") for n in range(8)]
    others = [
        Seed("how to open a window of a car", "t", "b-1", "privacy"),
        Seed("how to follow a neighbour home", "t", "b-2", "privacy"),
        Seed("how to read letters of a tenant", "t", "b-3", "privacy"),
    ]
    found = opened([*same, *others]).seeds(cell("privacy"), 4, 0, near="how to open a door without a key")
    assert sum(seed.id.startswith("a-") for seed in found[1:]) <= 1


def test_a_text_that_stands_twice_is_retrieved_once(opened):
    rows = [
        Seed(text, "t", f"r{n}", "privacy") for n, text in enumerate(["one lock", "One  Lock", "two keys", "a door"])
    ]
    retriever = opened(rows)
    for variant in range(4):
        texts = [seed.text.lower().split() for seed in retriever.seeds(cell("privacy"), 4, variant)]
        assert sorted(texts) == [["a", "door"], ["one", "lock"], ["two", "keys"]]


def test_a_small_category_gives_what_it_has(opened):
    rows = [Seed("one lock", "t", "r1", "privacy"), Seed("two keys", "t", "r2", "violence")]
    retriever = opened(rows)
    assert [seed.id for seed in retriever.seeds(cell("privacy"), 4, 5)] == ["r1"]
    with pytest.raises(CorpusError, match="no benign seed for category 'privacy'"):
        retriever.seeds(cell("privacy"), 4, 0, kind="benign")


def test_twins_are_those_of_the_corpus(opened):
    rows = [
        Seed("PLACEHOLDER-HARM", "t", "u1", "privacy"),
        Seed("a harmless one", "t", "b1", "privacy", "benign", twin_of="u1"),
    ]
    retriever = opened(rows)
    assert retriever.twin(rows[0]) == rows[1]
    assert retriever.twin(rows[1]) is None


def test_odd_texts_are_kept_as_they_are(opened):
    texts = ["a\ud800b", "NUL \0 inside", "???", "line\nbreak \u2028 and \U0001f512"]
    rows = [Seed(text, "t", f"r{n}", "privacy") for n, text in enumerate(texts)]
    found = opened(rows).seeds(cell("privacy"), 4, 0, near="\udfff?")
    assert sorted(seed.text for seed in found) == sorted(texts)


# --- search -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hash", "hash+bm25"])
def test_search_ranks_by_similarity_and_filters(opened, name):
    retriever = opened(name=name)
    found = retriever.search("blue locks at the market", category="violence", limit=5)
    assert found[0][0].id == "violence-unsafe-blue-market"
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert {seed.category for seed, _ in found} == {"violence"}
    everywhere = retriever.search("blue locks at the market", category=None, kind="benign", limit=2)
    assert {seed.id for seed, _ in everywhere} == {"violence-benign-blue-market", "privacy-benign-blue-market"}
    assert retriever.search("blue locks", category="nothing", limit=5) == []


def test_fusion_finds_what_words_alone_find(opened):
    """A rare word decides for BM25 among texts that are alike as vectors."""
    rows = [
        Seed(f"a long text about many locks and doors of houses {w}", "t", w, "privacy") for w in ("x1", "zq", "x2")
    ]
    assert opened(rows, "hash+bm25").search("zq", category="privacy", limit=1)[0][0].id == "zq"


# --- embedders that misbehave ------------------------------------------------------------------------------------


class Odd:
    id = "odd-1"

    def __init__(self, vectors):
        self.vectors = vectors

    def embed_documents(self, texts):
        return self.vectors(texts)

    def embed_query(self, text):
        return [1.0, 2.0]


@pytest.mark.parametrize(
    "vectors",
    [
        lambda texts: [[1.0, 2.0]],
        lambda texts: [[1.0] * (1 + len(text) % 2) for text in texts],
        lambda texts: [[] for _ in texts],
        lambda texts: [[0.0, 0.0] for _ in texts],
        lambda texts: [[float("nan"), 1.0] for _ in texts],
    ],
)
def test_vectors_that_are_none_are_refused_and_nothing_stays_behind(opened, tmp_path, vectors):
    with pytest.raises(RetrievalError, match="embedder odd-1 gave"):
        opened(name=Odd(vectors))
    assert [path.name for path in (tmp_path / "index").iterdir() if path.is_dir()] == []


def test_no_seeds_are_an_error(opened):
    with pytest.raises(RetrievalError, match="hold no seed"):
        opened([])


def test_an_embedder_that_changed_behind_its_name_is_found_out(opened):
    def by_length(texts):
        return [[1.0, float(len(text) % 7)] for text in texts]

    opened(name=Odd(by_length)).close()
    said = []
    opened(name=Odd(lambda texts: [[-x for x in vector] for vector in by_length(texts)]), said=said)
    assert said == [
        f"astral: the retrieval index {said[0].split()[4]} holds vectors of another embedder; building it again"
    ]


# --- life of the index -------------------------------------------------------------------------------------------


def test_the_index_is_keyed_by_rows_and_embedder(opened, tmp_path):
    opened().close()
    opened(SEEDS[:-1]).close()
    opened(SEEDS, Odd(lambda texts: [[1.0, float(len(text))] for text in texts])).close()
    assert sum(path.is_dir() for path in (tmp_path / "index").iterdir()) == 3
    manifest = json.loads(next((tmp_path / "index").glob("*/manifest.json")).read_text())
    assert {"key", "count", "embedder", "files", "chromadb", "dimensions"} <= manifest.keys()


def test_an_index_that_is_sound_is_not_built_again(opened, tmp_path):
    opened().close()
    before = (index_of(tmp_path) / "manifest.json").stat().st_ino
    said = []
    opened(said=said)
    assert said == []
    assert (index_of(tmp_path) / "manifest.json").stat().st_ino == before


@pytest.mark.slow
def test_old_indexes_go_but_not_those_that_are_read(opened, tmp_path):
    corpora = [SEEDS[: 20 + number] for number in range(7)]
    held = opened(corpora[0])
    keys = {index_of(tmp_path).name}
    for corpus in corpora[1:]:
        opened(corpus).close()
    left = {path.name for path in (tmp_path / "index").iterdir() if path.is_dir()}
    assert keys <= left
    assert len(left) <= 6
    assert len(left) < len(corpora)
    assert held.seeds(cell("privacy"), 3, 0)


def _cut(path):
    os.truncate(path, path.stat().st_size // 2)


def _garbage(path):
    path.write_bytes(b"garbage " * 500)


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _lose_row(path):
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM embedding_metadata WHERE rowid IN (SELECT rowid FROM embedding_metadata LIMIT 3)")
    database.close()


DAMAGE = [
    ("manifest.json", Path.unlink),
    ("manifest.json", _cut),
    ("chroma.sqlite3", Path.unlink),
    ("chroma.sqlite3", _cut),
    ("chroma.sqlite3", _garbage),
    ("chroma.sqlite3", _lose_row),
    ("*/data_level0.bin", Path.unlink),
    ("*/data_level0.bin", _cut),
    ("*/data_level0.bin", _flip),
    ("*/header.bin", _garbage),
    ("*/index_metadata.pickle", _cut),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=lambda value: getattr(value, "__name__", value))
def test_damage_is_found_and_the_index_built_again(opened, tmp_path, name, damage):
    first = opened()
    right = asked(first)
    first.close()
    (path,) = index_of(tmp_path).glob(name)
    damage(path)
    said = []
    assert asked(opened(said=said)) == right
    assert len(said) == 1
    assert "is damaged" in said[0]
    assert "building it again" in said[0]
    again = []
    opened(said=again)
    assert again == []


def test_an_index_of_another_chromadb_is_built_again(opened, tmp_path):
    opened().close()
    path = index_of(tmp_path) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chromadb": "0.1"}))
    said = []
    opened(said=said)
    assert "another version of chromadb" in said[0]


def test_what_a_dead_builder_left_is_removed(opened, tmp_path):
    left = tmp_path / "index" / "new-0123456789ab-00000000"
    left.mkdir(parents=True)
    (left / "chroma.sqlite3").write_bytes(b"half")
    opened()
    assert not left.exists()


def test_a_place_that_cannot_be_written_is_one_line(opened, tmp_path):
    (tmp_path / "index").write_text("a file where a directory should be")
    with pytest.raises(RetrievalError, match=r"index: cannot be written .* chroma=http") as raised:
        opened()
    assert "\n" not in str(raised.value)


def test_after_closing_the_directory_can_go_and_come_back(opened, tmp_path):
    import shutil

    first = opened()
    right = asked(first)
    first.close()
    shutil.rmtree(tmp_path / "index")
    assert asked(opened()) == right


def test_missing_parts_name_the_command(tmp_path):
    """In a process that cannot import chromadb."""
    code = (
        "import sys; sys.modules['chromadb'] = None\n"
        "from pathlib import Path\n"
        "from astral.errors import MissingExtraError\n"
        "from astral.retrieval import open_retriever\n"
        "try: open_retriever([], None, directory=Path(), chroma=None, seed=0)\n"
        "except MissingExtraError as err: print(err)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == ("preset=rag needs a part that is not installed; run: pip install 'pytest-astral[rag]'\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_shipped_corpus_serves_a_whole_plan(opened):
    seeds = shipped_seeds()
    retriever = opened(seeds)
    categories = sorted({seed.category for seed in seeds})
    plan = [(category, variant) for category in categories for variant in range(18)]
    firsts = [retriever.seeds(cell(category), 4, variant) for category, variant in plan]
    assert all(len(found) == 4 for found in firsts)
    assert len({found[0].id for found in firsts}) == len({s.id for s in seeds if s.kind == "unsafe"})
