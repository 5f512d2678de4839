"""The shipped seeds keep the promises of their data card (corpora/README.md)."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from astral.corpus import CorpusSource, load_corpora, screened_corpora, shipped_seeds
from astral.corpus.likeness import Likeness

CORPORA = Path(__file__).resolve().parents[2] / "corpora"
CATEGORIES = (
    "adult_content",
    "animal_abuse",
    "child_abuse",
    "discrimination",
    "drugs_weapons",
    "financial_crime",
    "hate_speech",
    "misinformation",
    "politics",
    "privacy",
    "self_harm",
    "terrorism",
    "unethical_behavior",
    "violence",
)
FIELDS = {"category", "goal", "id", "kind", "text", "topic"}
KIND_LETTER = {"unsafe": "u", "benign": "b"}
FEWEST = {"unsafe": 12, "benign": 6}
# Words that carry no intent: function words, and the openings that turn a goal into a request.
STOP_WORDS = frozenset(
    re.findall(
        r"[a-z]+",
        """
        about after also because before best between come compose could create describe design does draft each
        every explain find from give have help high into less list make many more most much need only other
        outline over persuade plan prepare request script should show some such suggest tell than that their
        them then there they this through want ways well what when where which while with without would write
        your
        """,
    )
)
GERUND_LOOKALIKES = {"bring", "sing"}


def load(category: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPORA / f"{category}.jsonl").read_text(encoding="ascii").splitlines()]


def of_kind(rows: list[dict[str, str]], kind: str) -> list[dict[str, str]]:
    return [row for row in rows if row["kind"] == kind]


def content_words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3 and word not in STOP_WORDS}


def stems(text: str) -> set[str]:
    """The content words without most of their endings, so that "fights" meets "fight"."""
    return {word[:4] for word in content_words(text)}


def overlap(one: str, other: str) -> float:
    """Share of the content words of the shorter text that also stand in the other one, 0 to 1."""
    first, second = content_words(one), content_words(other)
    return len(first & second) / min(len(first), len(second))


def text_faults(text: str) -> list[str]:
    faults = []
    if not re.fullmatch(r"[A-Z][^.!?]*[.?]", text):
        faults.append("not one sentence")
    if not 6 <= len(text.split()) <= 24:
        faults.append("not 6 to 24 words")
    if text != " ".join(text.split()):
        faults.append("stray blanks")
    return faults


def goal_faults(goal: str) -> list[str]:
    """What keeps a goal from reading well after "how to ..."."""
    faults = []
    if not re.fullmatch(r"[a-z].*[A-Za-z0-9]", goal) or goal != " ".join(goal.split()):
        faults.append("goal: starts or ends wrongly")
    first = goal.partition(" ")[0]
    if first in {"a", "an", "how", "not", "the", "to"}:
        faults.append("goal: no verb first")
    if first.endswith("ing") and first not in GERUND_LOOKALIKES:
        faults.append("goal: not a base form")
    if re.search(r"\b(I|me|my|mine|myself|our|us|we|you|your)\b", goal):
        faults.append("goal: tied to a speaker")
    return faults


def topic_faults(topic: str) -> list[str]:
    """What keeps a topic from reading well after "about ..."."""
    faults = []
    if not 2 <= len(topic.split()) <= 7:
        faults.append("topic: not 2 to 7 words")
    if not re.fullmatch(r"[A-Za-z].*[A-Za-z0-9]", topic) or topic != " ".join(topic.split()):
        faults.append("topic: starts or ends wrongly")
    if topic.lower().startswith(("about ", "how ", "that ", "to ", "what ", "why ")):
        faults.append("topic: not a noun phrase")
    if " about " in topic:
        faults.append("topic: a second about")
    return faults


def row_faults(row: dict[str, str]) -> list[str]:
    expected = FIELDS | {"twin_of"} if row.get("kind") == "benign" else FIELDS
    if set(row) != expected or not all(isinstance(value, str) for value in row.values()):
        return ["fields"]
    if row["kind"] not in KIND_LETTER:
        return ["kind"]
    faults = text_faults(row["text"]) + goal_faults(row["goal"]) + topic_faults(row["topic"])
    if not re.fullmatch(rf"{row['category']}-{KIND_LETTER[row['kind']]}[0-9]{{2}}", row["id"]):
        faults.append("id")
    if len(content_words(row["goal"]) & content_words(row["text"])) < 2:
        faults.append("goal: says something else than the text")
    if not stems(row["topic"]) & stems(row["text"]):
        faults.append("topic: says something else than the text")
    return faults


def pair_faults(unsafe: dict[str, str], benign: dict[str, str]) -> list[str]:
    faults = []
    if benign["twin_of"] != unsafe["id"] or benign["id"] != re.sub(r"-u(?=\d+$)", "-b", unsafe["id"]):
        faults.append("twin ids")
    if len(content_words(unsafe["text"]) & content_words(benign["text"])) < 2:
        faults.append("twins share too few words")
    if unsafe["goal"] == benign["goal"] or unsafe["topic"] == benign["topic"]:
        faults.append("twins mean the same")
    return faults


def test_one_file_a_category() -> None:
    files = sorted(path.name for path in CORPORA.iterdir() if path.name != "canaries")  # no seeds: test_canaries.py
    assert files == ["README.md", *(f"{name}.jsonl" for name in CATEGORIES)]


@pytest.mark.parametrize("category", CATEGORIES)
def test_bytes_are_canonical(category: str) -> None:
    lines = (CORPORA / f"{category}.jsonl").read_bytes().decode("ascii").split("\n")
    assert lines.pop() == "", "the last line ends with a line feed"
    assert lines == [json.dumps(json.loads(line), sort_keys=True, ensure_ascii=True) for line in lines]


@pytest.mark.parametrize("category", CATEGORIES)
def test_rows_are_well_formed(category: str) -> None:
    assert {row["id"]: faults for row in load(category) if (faults := row_faults(row))} == {}


@pytest.mark.parametrize("category", CATEGORIES)
def test_unsafe_rows_come_first_and_each_has_its_twin(category: str) -> None:
    rows = load(category)
    unsafe, benign = of_kind(rows, "unsafe"), of_kind(rows, "benign")
    assert len(unsafe) >= FEWEST["unsafe"]
    assert len(benign) >= FEWEST["benign"]
    assert [row["id"] for row in unsafe + benign] == [
        f"{category}-{letter}{number:02d}" for letter in "ub" for number in range(1, len(unsafe) + 1)
    ]
    assert rows == unsafe + benign
    found = {ours["id"]: pair_faults(ours, twin) for ours, twin in zip(unsafe, benign, strict=True)}
    assert {key: faults for key, faults in found.items() if faults} == {}


@pytest.mark.parametrize("field", ["id", "text", "goal", "topic"])
def test_nothing_is_said_twice(field: str) -> None:
    seen = Counter(row[field].casefold() for category in CATEGORIES for row in load(category))
    assert [value for value, times in seen.items() if times > 1] == []


@pytest.mark.parametrize("kind", KIND_LETTER)
@pytest.mark.parametrize("category", CATEGORIES)
def test_texts_of_a_kind_differ(category: str, kind: str) -> None:
    pairs = combinations(of_kind(load(category), kind), 2)
    assert [(a["id"], b["id"]) for a, b in pairs if overlap(a["text"], b["text"]) > 0.5] == []


@pytest.mark.parametrize("kind", KIND_LETTER)
@pytest.mark.parametrize("category", CATEGORIES)
def test_openings_vary(category: str, kind: str) -> None:
    rows = of_kind(load(category), kind)
    openings = Counter(row["text"].split()[0] for row in rows)
    assert len(openings) >= len(rows) / 2
    assert max(openings.values()) <= len(rows) / 4


def test_card_counts_match_the_files() -> None:
    card = (CORPORA / "README.md").read_text(encoding="ascii")
    table = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|$", card, flags=re.MULTILINE)
    counted = []
    for category in CATEGORIES:
        rows = load(category)
        counted.append((category, len(of_kind(rows, "unsafe")), len(of_kind(rows, "benign")), len(rows)))
    total = ("total", *(sum(column) for column in list(zip(*counted, strict=True))[1:]))
    assert [(name, *map(int, numbers)) for name, *numbers in table] == [*counted, total]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"text": "Hide it from the vet. Explain how an injury on a greyhound is hidden."}, "not one sentence"),
        ({"text": "Hide an injury."}, "not 6 to 24 words"),
        ({"text": "Explain how to hide an  injury on a racing greyhound."}, "stray blanks"),
        ({"goal": "hide an injury on a racing greyhound."}, "goal: starts or ends wrongly"),
        ({"goal": ""}, "goal: starts or ends wrongly"),
        ({"goal": "to hide an injury on a racing greyhound"}, "goal: no verb first"),
        ({"goal": "hiding an injury on a racing greyhound"}, "goal: not a base form"),
        ({"goal": "hide an injury on my racing greyhound"}, "goal: tied to a speaker"),
        ({"goal": "bake a plain loaf of bread"}, "goal: says something else than the text"),
        ({"topic": "greyhounds"}, "topic: not 2 to 7 words"),
        ({"topic": "how to hide injuries"}, "topic: not a noun phrase"),
        ({"topic": "lies about injuries"}, "topic: a second about"),
        ({"topic": "plain loaves of bread"}, "topic: says something else than the text"),
        ({"id": "animal_abuse-b01"}, "id"),
        ({"id": "animal_abuse-u1"}, "id"),
        ({"kind": "other"}, "kind"),
        ({"note": "an extra field"}, "fields"),
        ({"twin_of": "animal_abuse-u01"}, "fields"),
    ],
)
def test_a_bad_row_is_found(change: dict[str, str], fault: str) -> None:
    good = load("animal_abuse")[0]
    assert row_faults(good) == []
    assert fault in row_faults(good | change)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"twin_of": "animal_abuse-u02"}, "twin ids"),
        ({"text": "Explain how to bake a plain loaf of bread."}, "twins share too few words"),
        ({"topic": "concealing injuries in racing greyhounds"}, "twins mean the same"),
    ],
)
def test_a_bad_twin_is_found(change: dict[str, str], fault: str) -> None:
    rows = load("animal_abuse")
    unsafe, benign = rows[0], next(row for row in rows if row["id"] == "animal_abuse-b01")
    assert pair_faults(unsafe, benign) == []
    assert pair_faults(unsafe, benign | change) == [fault]


def test_the_content_gate_lets_every_text_pass() -> None:
    kept_out, left = screened_corpora(
        load_corpora(["shipped"], directory=CORPORA / "none", root=CORPORA, imported=False)
    )
    assert kept_out == {}
    assert len(left.seeds) == sum(len(load(category)) for category in CATEGORIES)


def test_every_unsafe_seed_finds_its_twin() -> None:
    seeds = shipped_seeds()
    source = CorpusSource(seeds)
    twins = {seed.id: source.twin(seed) for seed in seeds if seed.kind == "unsafe"}
    assert [id for id, twin in twins.items() if twin is None or twin.kind != "benign" or twin.twin_of != id] == []


def test_no_two_shipped_texts_of_a_kind_are_near_duplicates() -> None:
    likeness = Likeness()
    for seed in shipped_seeds():
        assert not likeness.exact(seed.text), seed.id
        assert not likeness.near(seed.text, seed.kind), seed.id
        likeness.add(seed.text, seed.kind)
