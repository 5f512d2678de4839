"""SARIF: valid by the standard's own schema, and a finding keeps its identity."""

import io
import json
import random
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from accounts import HOSTILE, against, hostile, many
from jsonschema import Draft4Validator
from records import SMALL, case, cell, of_outcomes, realistic, record, result

from astral.gates import evaluate
from astral.model import Label, Response, Review, Verdict
from astral.reports import sarif
from astral.reports.account import Account

DATA = Path(__file__).parents[1] / "data"
WHERE = cell("violence", "slang", "proof")


@cache
def schema():
    found = json.loads((DATA / "sarif-schema-2.1.0.json").read_text())
    Draft4Validator.check_schema(found)
    return Draft4Validator(found, format_checker=Draft4Validator.FORMAT_CHECKER)


def run_of(account):
    """The only run of the log, which is valid."""
    stream = io.StringIO()
    sarif.write(account, stream)
    assert stream.getvalue().isascii()
    log = json.loads(stream.getvalue())
    problems = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in schema().iter_errors(log)]
    assert problems == []
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


def prints(account):
    """Fingerprint by trial."""
    return {one["properties"]["trials"][0]: one["partialFingerprints"] for one in run_of(account)["results"]}


@pytest.mark.parametrize(
    "account",
    [
        Account(of_outcomes()),
        Account(of_outcomes("safe")),
        Account(of_outcomes("error", "not_run", "blocked", "inconclusive")),
        Account(realistic(share=0.5), text="all"),
        against(realistic(1, share=0.4), realistic(2, share=0.4), "prompts"),
    ],
)
def test_it_is_valid_by_the_schema(account):
    run = run_of(account)
    assert run["tool"]["driver"]["name"] == "pytest-astral"
    assert len({rule["id"] for rule in run["tool"]["driver"]["rules"]}) == len(run["tool"]["driver"]["rules"])


@pytest.mark.parametrize("level", ["none", "all"])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_is_inert(text, level):
    run = run_of(hostile(text, level))
    said = [one["message"]["text"] for one in run["results"]]
    said += [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    for one in said:
        assert not re.search(r"[\[\]{}\n\r\x00-\x1f\u202e\u2028]", one.replace("\\u{", "").replace("}", ""))


def test_a_result_says_which_rule_where_and_how_bad():
    asked = case(WHERE, "PROMPT-TEXT")
    found = record([asked], [result(asked, "unsafe", severity=3), result(asked, "safe", repeat=2)])
    account = Account(found, places={asked.id: ("bots/safety.astral.jsonl", 42)})
    run = run_of(account)
    (one,) = run["results"]
    assert (one["ruleId"], one["level"], one["occurrenceCount"]) == ("violence", "error", 1)
    assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == "violence"
    place = one["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "bots/safety.astral.jsonl", "uriBaseId": "%SRCROOT%"}
    assert place["region"]["startLine"] == place["region"]["endLine"] == 42
    assert one["message"]["text"] == (
        f"m gave an unsafe answer of severity 3 to a prompt on violence. Case {asked.id}, style slang, "
        "persuasion proof. 1 of 2 answers were unsafe."
    )
    assert one["properties"]["severity"] == 3
    assert "PROMPT-TEXT" not in json.dumps(run)


@pytest.mark.parametrize(
    ("severities", "score", "levels"),
    [
        ([3], "9.5", ["error"]),
        ([2], "8.0", ["error"]),
        ([1], "5.0", ["warning"]),
        ([1, 3, 2], "9.5", ["error", "error", "warning"]),
    ],
)
def test_a_rule_is_as_severe_as_its_worst_finding(severities, score, levels):
    cases = [case(WHERE, f"prompt {n}") for n in severities]
    run = run_of(
        Account(record(cases, [result(c, "unsafe", severity=n) for c, n in zip(cases, severities, strict=True)]))
    )
    rules = {rule["id"]: rule["properties"] for rule in run["tool"]["driver"]["rules"]}
    assert rules["violence"]["security-severity"] == score
    assert "security-severity" not in rules["privacy"]
    assert [one["level"] for one in run["results"]] == levels


def test_severity_that_is_unknown_counts_as_the_highest():
    asked = case(WHERE)
    (one,) = run_of(Account(record([asked], [result(asked, "unsafe", severity=None)])))["results"]
    assert one["properties"]["severity"] == 3


def test_rules_are_the_categories_with_their_definitions():
    rules = run_of(Account(realistic()))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules][:2] == ["animal_abuse", "child_abuse"]
    assert len(rules) == 14
    for rule in rules:
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"], rule["help"]["text"]):
            assert 0 < len(text) <= 1024
    own = replace(of_outcomes("unsafe").run, matrix=(("category", ("our_rules",)), *SMALL[1:]))
    (rule,) = run_of(Account(replace(of_outcomes(), run=own)))["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "Unsafe answer: Our rules"


# --- identity ---------------------------------------------------------------------------------------------------------


def test_a_finding_keeps_its_fingerprint_in_another_order_shard_line_and_run():
    found = realistic(share=0.5)
    first = prints(Account(found))
    results = list(found.results)
    random.Random(1).shuffle(results)
    moved = replace(found, results=tuple(results), run=replace(found.run, id="another", started="2026-05-05T00:00:00Z"))
    places = {id: ("elsewhere.astral.jsonl", at) for at, id in enumerate(found.cases, 2)}
    assert prints(Account(moved, places=places)) == first
    shard = replace(found, results=found.results[::3])
    part = prints(Account(shard))
    assert part
    assert part.items() <= first.items()


def test_fingerprints_differ_by_prompt_cell_and_target():
    other = cell("violence", "question", "proof")
    cases = [case(WHERE, "one"), case(WHERE, "two"), case(other, "one"), case(WHERE, "one", "two")]
    found = record(cases, [result(c, "unsafe", target) for c in cases for target in ("m", "n")])
    values = [one["primaryLocationLineHash"] for one in prints(Account(found)).values()]
    assert len(set(values)) == len(values) == 8


def test_rewording_one_prompt_changes_its_fingerprint_and_no_other():
    cases = [case(WHERE, f"prompt {n}") for n in range(4)]
    reworded = [case(WHERE, "prompt 0, please"), *cases[1:]]
    before, after = (prints(Account(record(c, [result(one, "unsafe") for one in c]))) for c in (cases, reworded))
    assert before.keys() & after.keys() == {f"{c.id}.m" for c in cases[1:]}
    assert all(before[name] == after[name] for name in before.keys() & after.keys())
    assert before[f"{cases[0].id}.m"] not in after.values()
    assert before.keys() - after.keys() == {f"{cases[0].id}.m"}


def test_repeats_of_a_prompt_are_one_finding():
    asked = case(WHERE)
    words = ["unsafe", "safe", "unsafe"]
    (one,) = run_of(Account(record([asked], [result(asked, w, repeat=n) for n, w in enumerate(words, 1)])))["results"]
    assert one["occurrenceCount"] == 2
    assert one["properties"]["trials"] == [f"{asked.id}.m", f"{asked.id}.m.r3"]
    assert one["message"]["text"].endswith("2 of 3 answers were unsafe.")


# --- the baseline -----------------------------------------------------------------------------------------------------


def test_what_is_known_is_unchanged_and_suppressed_and_what_is_fixed_is_no_result():
    cases = [case(WHERE, f"prompt {n}") for n in range(3)]
    outcomes = [("unsafe", "unsafe"), ("safe", "unsafe"), ("unsafe", "safe")]
    then, now = (record(cases, [result(c, o[at]) for c, o in zip(cases, outcomes, strict=True)]) for at in (0, 1))
    run = run_of(against(now, then))
    states = {one["properties"]["case"]: (one["baselineState"], one["suppressions"]) for one in run["results"]}
    why = "known since 2026-01-01: in the baseline safety.baseline.jsonl"
    assert states == {
        cases[0].id: ("unchanged", [{"kind": "external", "justification": why}]),
        cases[1].id: ("new", []),
    }
    said = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert "1 known finding fixed since the baseline" in said
    assert run["properties"]["baseline"]["fixed"] == 1
    assert "baselineState" not in run_of(Account(now))["results"][0]


# --- how the run went -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "successful"),
    [
        (("safe", "unsafe"), True),
        (("safe", "inconclusive"), True),
        (("safe", "error"), False),
        (("safe", "not_run"), False),
        (("inconclusive",), False),
        ((), False),
    ],
)
def test_a_run_that_lacks_something_was_no_success(outcomes, successful):
    (invocation,) = run_of(Account(of_outcomes(*outcomes)))["invocations"]
    assert invocation["executionSuccessful"] is successful
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == ("2026-01-02T03:04:05Z", "2026-01-02T03:05:06Z")


def test_errors_and_failed_gates_are_notifications():
    asked = case(WHERE)
    found = record([asked], [result(asked, "error", reason="http_500", detail="the endpoint said 500; try later")])
    (invocation,) = run_of(Account(found, evaluate(found)))["invocations"]
    told = [(one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]]
    assert ("error", "1 trial: error: the endpoint said 500; try later") in told
    assert ("error", "Gate evidence failed: no answer of m was judged") in told


# --- texts and limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "shown"), [("none", set()), ("prompts", {"PROMPT-TEXT"}), ("all", {"PROMPT-TEXT", "ANSWER-TEXT"})]
)
def test_harmful_text_is_there_only_where_it_may_be(level, shown):
    asked = case(WHERE, "PROMPT-TEXT")
    verdict = Verdict("offline", Label.UNSAFE, severity=2, reason="REASON-TEXT")
    review = Review(Label.UNSAFE, "alice", "2026-02-03T00:00:00Z", "NOTE-TEXT")
    answered = Response("ANSWER-TEXT")
    found = record([asked], [result(asked, "unsafe", verdicts=(verdict,), response=answered, review=review)])
    log = json.dumps(run_of(Account(found, text=level)))
    words = ("PROMPT-TEXT", "ANSWER-TEXT", "REASON-TEXT", "NOTE-TEXT")
    assert {word for word in words if word in log} == shown


def test_ten_thousand_findings_are_cut_to_what_is_shown_worst_first():
    (run,) = sarif.document(Account(many(10_000)))["runs"]  # the schema takes ten seconds for so many
    severities = [one["properties"]["severity"] for one in run["results"]]
    assert len(severities) == 5_000
    assert severities == sorted(severities, reverse=True)
    assert set(severities) == {3, 2}
    assert run["properties"]["findings"] == 10_000
    said = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert "5000 of 10000 findings are listed, the most severe; GitHub shows no more" in said


def test_without_its_suite_a_finding_stands_in_the_first_line_of_the_file_that_was_named():
    asked = case(WHERE)
    found = record([asked], [result(asked, "unsafe")])
    named = replace(found, run=replace(found.run, suite={"path": "my tests/söme#1.astral.jsonl, b.astral.jsonl"}))
    run = run_of(Account(named))
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20tests/s%C3%B6me%231.astral.jsonl"
    assert place["region"]["startLine"] == 1
    said = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert "1 finding in the first line, since no suite here has the prompt" in said


def test_the_same_account_gives_the_same_bytes():
    streams = [io.StringIO() for _ in range(2)]
    for stream in streams:
        sarif.write(against(realistic(1), realistic(2)), stream)
    assert streams[0].getvalue() == streams[1].getvalue()


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/home/alice/x.astral.jsonl", "x.astral.jsonl"),
        ("../other/x.astral.jsonl", "x.astral.jsonl"),
        ("C:\\Users\\alice\\x.astral.jsonl", "x.astral.jsonl"),
        ("bots\\x.astral.jsonl", "bots/x.astral.jsonl"),
        ("https:x.astral.jsonl", "https%3Ax.astral.jsonl"),
        ("", "suite.astral.jsonl"),
    ],
)
def test_a_location_is_relative_to_the_repository_and_names_no_machine(path, uri):
    """GitHub refuses a whole file for one location of another scheme (github/codeql-action#754)."""
    asked = case(WHERE)
    (one,) = run_of(Account(record([asked], [result(asked, "unsafe")]), places={asked.id: (path, 1)}))["results"]
    assert one["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}
