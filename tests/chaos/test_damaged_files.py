"""Bytes of the other files that are read, flipped: an error in one line, or what the file said before.

Suites, baselines, cards of judges, results and what was paid for while a suite was made. None of them has a byte that
turns a finding into none: at most a question is not found again, which no gate takes for an answer.
"""

import io
import random

import pytest
from records import case, cell, record, result

from astral.baseline import dump, load_baseline, updated
from astral.baseline.judges import check_same_rules
from astral.cards import read_card, write_card
from astral.errors import AstralError
from astral.journal import Journal
from astral.model import Card
from astral.reports.reading import read_results
from astral.reports.results import write
from astral.samples import sample
from astral.stats import Rate, Repeats
from astral.suite import make_suite, read_suite, write_suite

SEED, MOST = 11, 3000
MATRIX = (("category", ("privacy", "violence")), ("style", ("slang", "question")), ("persuasion", ("logic", "proof")))


def a_run():
    one, other = case(cell("privacy", "slang", "logic")), case(cell("violence", "question", "proof"))
    found = [result(one, "unsafe"), result(one, "safe", repeat=2), result(other, "unsafe"), result(other, "safe", "n")]
    return record([one, other], found)


def flipped(content):
    """A copy for each byte (of a long file, for drawn ones) with a drawn change: one bit, or anything."""
    rng = random.Random(SEED)
    for at in sorted(rng.sample(range(len(content)), min(len(content), MOST))):
        change = 1 << rng.randrange(8) if rng.random() < 0.5 else rng.randrange(1, 256)
        yield at, content[:at] + bytes([content[at] ^ change]) + content[at + 1 :]


def swept(path, read, check):
    """Read every damaged copy; ``check`` what came of those that were not refused. How many were tried, and refused."""
    content, refused, tried = path.read_bytes(), 0, 0
    for at, damaged in flipped(content):
        path.write_bytes(damaged)
        tried += 1
        try:
            found = read(path)
        except AstralError as err:
            if "\n" in str(err) or path.name not in str(err):
                pytest.fail(f"not one line about the file: {err}")
            refused += 1
            continue
        assert check(found), f"byte {at}: {damaged[max(0, at - 30) : at + 30]!r}"
    return tried, refused


def test_suites(tmp_path, counted):
    """What was changed and is still a suite, is no longer the one that was reviewed, and says so."""
    path = tmp_path / "x.astral.jsonl"
    cases = [case(cell("privacy", "slang", "logic"), f"Placeholder {n}?", *["More?"] * (n % 2)) for n in range(3)]
    write_suite(make_suite(MATRIX, cases, {"seed": 0, "writer": "template", "plan": "full"}), path)
    whole = read_suite(path)
    tried, refused = swept(path, read_suite, lambda found: found.cases == whole.cases or found.edited)
    assert refused > tried / 2
    counted("faults injected", tried)


def test_baselines(tmp_path, counted):
    """A finding is known as before or not at all; other rules are refused when the run begins."""
    path, run = tmp_path / "x.baseline.jsonl", a_run()
    path.write_text(dump(updated(None, run, "2026-01-02T04:00:00Z", path.name).baseline))
    whole = load_baseline(path, path.name)
    known = whole.sample.outcomes

    def read(place):
        found = load_baseline(place, place.name)
        check_same_rules(found, sample(run))
        return found

    def check(found):
        outcomes = found.sample.outcomes
        return len(outcomes) == len(known) and all(outcomes[one] == known[one] for one in outcomes.keys() & known)

    tried, refused = swept(path, read, check)
    assert refused > tried / 2
    counted("faults injected", tried)


def test_cards(tmp_path, counted):
    path = tmp_path / "card.json"
    rate = Rate(9, 10, Repeats(1, 2, 1, 2))
    judge = {"oracles": [{"name": "llm:judge", "temperature": 0.5}], "vote": "any", "confirm": 2}
    write_card(Card(judge, rate, Rate(19, 20), (1, 0), "labels.jsonl", "0" * 64, "2026-11-21T10:00:00Z", "1.0"), path)
    whole = read_card(path)
    tried, refused = swept(path, read_card, lambda found: found == whole)
    assert refused > tried * 0.8
    counted("faults injected", tried)


def test_results(tmp_path, counted):
    """What stands for a trial that the run had, is what came of it."""
    path = tmp_path / "out.json"
    stream = io.StringIO()
    write(a_run(), stream, text="none")
    path.write_text(stream.getvalue())
    known = read_results(path).outcomes

    def check(found):
        outcomes = found.outcomes
        return len(outcomes) <= len(known) and all(outcomes[one] == known[one] for one in outcomes.keys() & known)

    tried, refused = swept(path, read_results, check)
    assert refused
    counted("faults injected", tried)


def test_journals(tmp_path, counted):
    """A reply is what was paid for, or it is asked for again."""
    path = tmp_path / "draft.jsonl"
    kept = {"a1": {"text": "Placeholder one?", "n": 1}, "b2": ["two", "\ud800\x00"], "c3": "three"}
    journal = Journal(path).open()
    for key, value in kept.items():
        journal.put(key, value)
    journal.close()
    content = path.read_bytes()
    for at, damaged in flipped(content):
        path.write_bytes(damaged)
        again = Journal(path).open()
        found = {key: again.get(key) for key in kept}
        again.close()
        assert all(value in (None, kept[key]) for key, value in found.items()), at
        assert sum(value is None for value in found.values()) <= 2, at  # a line break is two lines' end
    counted("faults injected", len(content))
