"""The JSON results: they fit their published schema, add up, and hold no harmful text that was not asked for."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from records import case, cell, of_outcomes, realistic, record, result

from astral.baseline import Baseline, stand
from astral.calibration.trust import UNKNOWN_PRECISION
from astral.gates import GateResult
from astral.model import Label, Outcome, Refusal, Response, RunRecord, Verdict
from astral.reports.facts import facts
from astral.reports.results import document, write
from astral.samples import sample
from astral.taxonomy import DEFAULT

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "results.schema.json").read_text(encoding="ascii"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)
OUTCOMES = [outcome.value for outcome in Outcome]


def text_of(run: RunRecord, text: str, **given: Any) -> str:
    stream = io.StringIO()
    write(run, stream, text=text, **given)
    return stream.getvalue()


def secret_run(category: str = "privacy", outcome: str = "unsafe") -> RunRecord:
    style, persuasion = (values[0] for _, values in DEFAULT.matrix[1:])
    one = case(cell(category, style, persuasion, matrix=DEFAULT.matrix), "PROMPT-TEXT")
    verdict = Verdict("offline", Label(outcome), severity=2, reason="REASON-TEXT")
    given = result(one, outcome, response=Response("ANSWER-TEXT"), verdicts=(verdict,))
    return record([one], [given], DEFAULT.matrix)


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", ["none", "prompts", "all"])
def test_documents_fit_the_schema(text: str) -> None:
    for run in (realistic(targets={"a": "a", "b": "b"}), of_outcomes(), of_outcomes(*OUTCOMES)):
        CHECK.validate(json.loads(text_of(run, text)))


def test_the_schema_refuses_what_is_not_documented() -> None:
    good = document(of_outcomes("safe"))
    gaps = good["coverage_gaps"]
    for place in (good, good["run"], good["totals"]["overall"], good["cases"][0], good["rates"]["unsafe"], gaps):
        place["surprise"] = 1
        assert not CHECK.is_valid(good)
        del place["surprise"]
    assert CHECK.is_valid(good)


def varied() -> RunRecord:
    """Two targets, repeats that differ, a conversation judged turn by turn, and another model that answered."""
    one = case(cell("privacy", "slang", "logic"), "PROMPT-TEXT")
    talk = case(cell("violence", "slang", "logic"), "first", "second")
    answer = Response("ANSWER-TEXT", "m-2", earlier=("EARLIER-TEXT",))
    verdicts = (Verdict("o", Label.UNSAFE, severity=1, turn=1), Verdict("o", Label.SAFE, severity=0, turn=2))
    results = [
        *(result(one, word, "a", repeat) for repeat, word in enumerate(("safe", "unsafe", "safe", "error"), 1)),
        *(result(one, "safe", "b", repeat) for repeat in (1, 2, 3, 4)),
        result(talk, "unsafe", "a", response=answer, verdicts=verdicts),
        result(talk, "safe", "b"),
    ]
    run = record([one, talk], results, targets={"a": "a", "b": "b"})
    return replace(run, run=replace(run.run, params={"a": {"model": "m-1"}, "b": {}}))


def test_repeats_pairs_and_models_are_told() -> None:
    found = document(varied())
    CHECK.validate(json.loads(text_of(varied(), "all")))
    (flaky,) = found["flaky"]
    assert (flaky["target"], flaky["outcomes"]) == ("a", {"safe": 2, "unsafe": 1})
    assert flaky["rate"] == pytest.approx(1 / 3)
    assert found["pairs"] == [{"first": "a", "second": "b", "judged": 2, "only_first": 2, "only_second": 0}]
    assert found["models"] == {"a": {"m-1": 3, "m-2": 1}, "b": {"m-1": 5}}
    assert found["warnings"] == ["a: asked m-1, but 1 of 4 answers came from m-2", UNKNOWN_PRECISION]
    rate = found["rates"]["unsafe_by_target"]["a"]
    assert (rate["hits"], rate["n"], rate["prompts"]) == (2, 4, 2)


def test_verdicts_name_their_turn_and_earlier_answers_obey_text() -> None:
    talk = document(varied(), "all")["cases"][-2]
    assert [verdict["turn"] for verdict in talk["verdicts"]] == [1, 2]
    assert [answer["text"] for answer in talk["response"]["earlier"]] == ["EARLIER-TEXT"]
    assert "EARLIER-TEXT" not in text_of(varied(), "prompts")


def test_totals_add_up() -> None:
    totals = document(realistic(targets={"a": "a", "b": "b"}))["totals"]
    parts = [totals["overall"], *totals["by_target"].values(), totals["twins"]["overall"]]
    for part in parts:
        assert part["planned"] == sum(part[outcome] for outcome in OUTCOMES) > 0
        assert part["safe"] == part["refused"] + part["answered"]
    assert totals["overall"]["planned"] == sum(part["planned"] for part in totals["by_target"].values())


def test_rates_have_count_and_interval() -> None:
    rates = document(of_outcomes(*["safe"] * 84))["rates"]
    assert rates["unsafe"] == {
        "hits": 0,
        "n": 84,
        "prompts": 84,
        "share": 0.0,
        "low": 0.0,
        "high": pytest.approx(0.042965, abs=1e-6),
    }
    assert rates["over_refusal"] == {"hits": 0, "n": 0, "prompts": 0, "share": None, "low": None, "high": None}


def test_coverage_names_what_is_missing() -> None:
    coverage = document(of_outcomes("safe", "error"))["coverage"]
    assert coverage["1"]["covered"] == {"generated": 4, "executed": 3, "judged": 3}
    assert {"category": "violence"} in coverage["1"]["uncovered"]


def test_same_record_same_bytes_whatever_the_order_of_mappings() -> None:
    run = realistic()
    turned = replace(run, cases=dict(reversed(run.cases.items())))
    turned = replace(turned, run=replace(run.run, settings=dict(reversed(run.run.settings.items()))))
    assert text_of(run, "all") == text_of(turned, "all")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("none", set()), ("prompts", {"PROMPT-TEXT"}), ("all", {"PROMPT-TEXT", "ANSWER-TEXT", "REASON-TEXT"})],
)
def test_text_governs_prompts_answers_and_reasons(text: str, shown: set[str]) -> None:
    written = text_of(secret_run(), text)
    assert {word for word in ("PROMPT-TEXT", "ANSWER-TEXT", "REASON-TEXT") if word in written} == shown


@pytest.mark.parametrize("outcome", ["unsafe", "inconclusive"])
def test_unsafe_answers_about_child_abuse_are_never_kept(outcome: str) -> None:
    run = secret_run("child_abuse")
    run = replace(run, results=(replace(run.results[0], outcome=Outcome(outcome)),))
    written = text_of(run, "all")
    assert "ANSWER-TEXT" not in written
    assert "REASON-TEXT" not in written
    answer: dict[str, Any] = json.loads(written)["cases"][0]["response"]
    assert (len(answer["sha256"]), answer["length"], "text" in answer) == (12, 11, False)


def test_safe_answers_about_child_abuse_are_kept() -> None:
    assert "ANSWER-TEXT" in text_of(secret_run("child_abuse", "safe"), "all")


def test_hostile_text_is_ascii_and_comes_back_whole() -> None:
    hostile = "\x00\x1b[31m\ud800 \u202e\u2028\x85 </script> é 🦜"
    one = case(cell("privacy", "slang", "logic"), hostile)
    written = text_of(record([one], [result(one, "safe", response=Response(hostile))]), "all")
    assert written.isascii()
    assert len(written.splitlines()) == written.count("\n")
    assert json.loads(written)["cases"][0]["response"]["text"] == hostile
    assert json.loads(written)["cases"][0]["turns"][0]["text"] == hostile


def test_numbers_that_json_does_not_know_become_null() -> None:
    one = case(cell("privacy", "slang", "logic"))
    verdict = Verdict("odd", Label.SAFE, score=float("nan"))
    run = record([one], [result(one, "safe", verdicts=(verdict,), response=Response("x", seconds=float("inf")))])
    row = json.loads(text_of(run, "none"))["cases"][0]
    assert (row["verdicts"][0]["score"], row["seconds"]) == (None, None)


def test_gates_stand_with_their_reasons() -> None:
    gates = (GateResult("any", False, "1 of 2 is unsafe"), GateResult("coverage>=95%", True, "all of it"))
    found = json.loads(text_of(varied(), "none", gates=gates))
    CHECK.validate(found)
    assert found["gates"] == [
        {"name": "any", "passed": False, "reason": "1 of 2 is unsafe"},
        {"name": "coverage>=95%", "passed": True, "reason": "all of it"},
    ]
    assert document(varied())["gates"] == []


def before(*outcomes: str) -> Baseline:
    """A baseline made of a run over the same cases as ``of_outcomes``."""
    return Baseline(sample(of_outcomes(*outcomes)), "run0", "2026-01-01T00:00:00Z", "astral-baseline.json")


def test_the_standing_against_a_baseline_is_counted_and_listed() -> None:
    run = of_outcomes("unsafe", "unsafe", "safe", "error", "safe", "safe")
    standing = stand(sample(run), before("safe", "unsafe", "unsafe", "unsafe", "error", "safe"))
    found = json.loads(text_of(run, "none", standing=standing))
    CHECK.validate(found)
    against = found["baseline"]
    assert (against["path"], against["run"], against["made"]) == (
        "astral-baseline.json",
        "run0",
        "2026-01-01T00:00:00Z",
    )
    assert against["counts"] == {"new": 1, "known": 1, "fixed": 1, "unseen": 1, "unasked": 0, "added": 1}
    ids = list(run.cases)
    listed = {name: against[name] for name in ("new", "known", "fixed", "unseen")}
    assert listed == {
        name: [{"id": id, "target": "m"}] for name, id in zip(("new", "known", "fixed", "unseen"), ids, strict=False)
    }
    paired = against["by_target"]["m"]
    shared = {"prompts": 4, "pairs": 4, "unsafe_then": 2, "unsafe_now": 2, "worse": 1, "better": 1}
    assert {name: paired[name] for name in shared} == shared
    assert (paired["difference"], paired["p"]) == (0.0, pytest.approx(1.0))
    assert paired["low"] < 0 < paired["high"]


def test_nothing_shared_with_a_baseline_is_no_number() -> None:
    run = of_outcomes("error")
    standing = stand(sample(run), before("safe"))
    found = json.loads(text_of(run, "none", standing=standing))
    CHECK.validate(found)
    paired = found["baseline"]["by_target"]["m"]
    assert (paired["prompts"], paired["difference"], paired["low"], paired["high"]) == (0, None, None, None)
    assert document(run)["baseline"] is None


def test_further_dimensions_have_a_coverage_of_their_own() -> None:
    found = document(varied())["coverage_extended"]
    assert found["dimensions"] == ["target", "turns"]
    assert found["levels"]["1"]["covered"]["judged"] == 4 + 2 + 2  # of the matrix, targets, turns
    assert document(of_outcomes("safe"))["coverage_extended"] == {"dimensions": [], "ignored": [], "levels": {}}


def test_cells_that_nothing_is_known_of_are_counted_and_those_of_the_plan_listed() -> None:
    run = of_outcomes("safe", "error", "not_run", "unsafe")
    found = document(run)["coverage_gaps"]
    counts = {"cells": 8, "judged": 2, "empty": 6, "not_planned": 4}
    assert {name: found[name] for name in counts} == counts
    assert [(one["prompts"], one["outcomes"]) for one in found["planned"]] == [(1, {"error": 1}), (1, {"not_run": 1})]


def test_every_member_is_documented_as_optional_only_where_earlier_versions_had_none() -> None:
    """A document of format 1 fits the schema of every later version: what was added is not required."""
    added = {"gates", "baseline", "coverage_extended", "coverage_gaps"}
    assert set(document(of_outcomes("safe"))) == set(SCHEMA["properties"])
    assert set(SCHEMA["properties"]) - set(SCHEMA["required"]) == added


def test_what_is_written_is_the_document_with_a_line_for_each_trial() -> None:
    for run in (of_outcomes(), of_outcomes("safe"), varied()):
        written = text_of(run, "all")
        assert json.loads(written) == json.loads(json.dumps(document(run, "all")))
        assert sum(line.startswith('  {"detail"') for line in written.splitlines()) == len(run.results)
        keys = [line.split('"')[1] for line in written.splitlines() if line.startswith(' "')]
        assert keys == sorted(document(run))


def test_another_word_for_text_is_refused() -> None:
    with pytest.raises(ValueError, match="text='everything'"):
        document(of_outcomes("safe"), "everything")


@pytest.mark.parametrize(
    ("said", "twins", "told"),
    [
        ([("guard:g", Refusal.UNKNOWN)], False, "; safe answers count as answered"),
        ([("guard:g", Refusal.UNKNOWN)], True, "; safe answers count as answered; over-refusal is not known"),
        ([("guard:g", Refusal.UNKNOWN), ("llm:m", Refusal.NONE)], True, ""),
        ([("refusal_field", Refusal.FULL)], True, ""),  # where the API tells of all refusals, nothing is unknown
    ],
)
def test_a_judge_that_does_not_tell_refusals_is_named(said: Any, twins: bool, told: str) -> None:
    verdicts = tuple(Verdict(oracle, Label.SAFE, refusal) for oracle, refusal in said)
    own = case(cell("privacy", "slang", "proof"))
    cases = [own, case(own.cell, "harmless?", twin_of=own.id)] if twins else [own]
    found = document(record(cases, [result(one, "safe", verdicts=verdicts) for one in cases]))["warnings"]
    assert [one for one in found if "refusals" in one] == ([f"this judge does not tell refusals{told}"] if told else [])


def test_reports_name_a_judge_without_saying_a_thing_twice_or_what_nobody_set() -> None:
    run = of_outcomes("safe")
    place = {"endpoint": "127.0.0.1:1/v1", "model": "g"}
    guard = {"name": "guard:g@http://127.0.0.1:1/v1", **place, "prompt_hash": None, "temperature": 0, "free": True}
    judge = {"oracles": [guard, {"name": "mine", **place}], "vote": "any", "confirm": 2}
    words = dict(facts(replace(run, run=replace(run.run, judge=judge))))["judge"]
    assert words == (
        "guard:g@http://127.0.0.1:1/v1 (temperature 0), mine (endpoint 127.0.0.1:1/v1, model g), vote any, confirm 2"
    )
