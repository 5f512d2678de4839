"""What the names of `astral compare` mean, and what is said where they mean nothing."""

import io
import shutil
from dataclasses import replace

import pytest
from records import of_outcomes, record
from stored_runs import keep

from astral.baseline import dump
from astral.baseline.update import make_baseline
from astral.commands.sides import Sides
from astral.errors import AstralError, SettingsError, StoreError
from astral.model import Outcome
from astral.reports import results
from astral.store import Store, store_directory

WORDS = ("safe", "unsafe", "refused", "safe", "error", "unsafe")


def made(id, targets=("m",), words=WORDS):
    found = of_outcomes(*words, targets=targets)
    return replace(found, run=replace(found.run, id=id, started=f"2026-01-0{id[-1]}T00:00:00Z"))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Runs r1 and r3 of target m, r4 of m, n and o, and r2, which planned nothing; r5 of m and n comes last. No test
    changes it.
    """
    tmp_path = tmp_path_factory.mktemp("project")
    with Store(store_directory(tmp_path) / "astral.db", create=True) as store:
        keep(store, made("r1"))
        keep(store, replace(record([], []), run=replace(made("r2").run, id="r2")))
        keep(store, made("r3"))
        keep(store, made("r4", ("m", "n", "o")))
        keep(store, made("r5", ("m", "n")))
    whole = made("r9", ("m",), ("unsafe",) * 6)
    stream = io.StringIO()
    results.write(whole, stream)
    (tmp_path / "kept.json").write_text(stream.getvalue())
    (tmp_path / "safety.baseline.jsonl").write_text(dump(make_baseline(whole, "2026-01-09T00:00:00Z", "b")))
    return tmp_path


def chosen(project, *words):
    """Both names, each with its target where one was named, and the pairs of targets."""
    found = Sides(project, project).choose(words)
    return found.first.sample.name, found.second.sample.name, found.targets


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ("r5", "r5", (("m", "n"),))),
        ("last", ("r5", "r5", (("m", "n"),))),
        ("r5", ("r5", "r5", (("m", "n"),))),
        ("r3", ("r1", "r3", None)),
        ("r4", ("r3", "r4", None)),
        ("previous last", ("r4", "r5", None)),
        ("last r1", ("r5", "r1", None)),
        ("m n", ("r5", "r5", (("m", "n"),))),
        ("openai:n openai:m", ("r5", "r5", (("n", "m"),))),
        ("n", ("r4", "r5", (("n", "n"),))),
        ("r4:o", ("r3", "r4", (("m", "o"),))),
        ("r4:o r5:n", ("r4", "r5", (("o", "n"),))),
        ("previous:o last:m", ("r4", "r5", (("o", "m"),))),
        ("r4:m r4:o", ("r4", "r4", (("m", "o"),))),
        ("r4 n", ("r4", "r5", (("n", "n"),))),
        ("r3 n", ("r3", "r5", (("m", "n"),))),
        ("kept.json", ("kept.json", "r5", None)),
        ("kept.json r1", ("kept.json", "r1", None)),
        ("kept.json:m n", ("kept.json", "r5", (("m", "n"),))),
        ("safety.baseline.jsonl", ("safety.baseline.jsonl", "r5", None)),
        ("last safety.baseline.jsonl", ("r5", "safety.baseline.jsonl", None)),
    ],
)
def test_names(project, words, expected):
    assert chosen(project, *words.split()) == expected


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ("lats", SettingsError, "no run, target or file 'lats'; did you mean 'last'?; runs: last, previous, "
                                "r5, r4, r3, r1; targets of the last run: m, n; files: "),
        ("r2", SettingsError, "no run, target or file 'r2'"),
        ("r1 nobody", SettingsError, "no run, target or file 'nobody'"),
        ("r4:x", SettingsError, "r4 has no target 'x'; it has m, n, o"),
        ("r5:mm r4", SettingsError, "r5 has no target 'mm'"),
        ("r1", StoreError, "there is no run before r1, the first one stored here; name two: astral compare A B"),
        ("r5 last", SettingsError, "both names mean r5 (m, n): a run is no evidence against itself; name another"),
        ("m m", SettingsError, "both names mean r5 (m): a run is no evidence against itself; name another"),
        ("r4 r4:o", SettingsError, "both names mean r4 (m, n, o)"),
        ("none.json", AstralError, "none.json: cannot be read"),
        ("none.baseline.jsonl", AstralError, "none.baseline.jsonl: no such baseline"),
        ("\x1b[31m", SettingsError, "no run, target or file '\\\\u{1b}[31m'"),
    ],
)  # fmt: skip
def test_names_that_mean_nothing_are_told_with_what_there_is(project, words, kind, told):
    with pytest.raises(kind) as caught:
        chosen(project, *words.split())
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_target_in_common_there_is_nothing_to_compare(project, tmp_path):
    project = shutil.copytree(project, tmp_path / "copy")
    with Store(project / ".astral" / "astral.db", create=True) as store:
        keep(store, made("r6", ("p", "q", "s")))
    with pytest.raises(SettingsError) as caught:
        chosen(project, "r5", "r6")
    assert str(caught.value) == (
        "no target in common: r5 (m, n) and r6 (p, q, s); name one of each: RUN:TARGET RUN:TARGET"
    )
    with pytest.raises(SettingsError, match=r"no target in common: r5 \(m, n\) and r6 \(p\)"):
        chosen(project, "r5", "p")


def test_without_a_store_files_can_be_compared_and_names_cannot(project, tmp_path_factory):
    bare = tmp_path_factory.mktemp("bare")
    (bare / "a.json").write_text((project / "kept.json").read_text())
    (bare / "b.json").write_text((project / "kept.json").read_text())
    assert chosen(bare, "a.json", "b.json") == ("a.json", "b.json", None)
    for words in ([], ["last"], ["previous"], ["a.json"]):
        with pytest.raises(StoreError, match="no run with trials is stored here yet; start with: pytest"):
            chosen(bare, *words)
    with pytest.raises(SettingsError, match="no run, target or file 'm'; no run with trials is stored here yet; files"):
        chosen(bare, "m")
    assert not (bare / ".astral").exists()


def test_a_baseline_is_the_run_it_was_made_of(project):
    found = Sides(project, project).choose(["safety.baseline.jsonl", "kept.json"])
    assert found.first.sample.outcomes == found.second.sample.outcomes
    assert set(found.first.sample.outcomes.values()) == {Outcome.UNSAFE}
    assert found.first.about.started == "2026-01-09T00:00:00Z"
    assert found.first.about.suite
