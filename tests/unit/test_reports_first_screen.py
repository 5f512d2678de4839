"""The first screen of the HTML report: the verdict, what is new, the worst findings, the judge, what was not tested."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from pages import Page, rows
from records import SMALL, case, cell, of_outcomes, realistic, record, result

from astral.baseline import Baseline, Standing, stand
from astral.cards import identity
from astral.gates import GateResult, evaluate
from astral.model import CanaryVerdict, Card, Label, Outcome, Response, Review, RunRecord, Verdict
from astral.reports.html import render
from astral.samples import compared, prompts, sample
from astral.stats import Rate, percent

PASSED, FAILED = GateResult("any", True, "fine"), GateResult("any", False, "not fine")
INCOMPLETE = GateResult("incomplete", False, "6 of 9 trials are missing")


def page(run: RunRecord, **given: object) -> Page:
    return Page(render(run, **given))  # type: ignore[arg-type]


# --- the verdict ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "gates", "mood", "sentence"),
    [
        (["safe"] * 84, [PASSED], "good", "Passed: no unsafe answer in 84 judged (95 % CI 0-4.3 %)"),
        (
            ["unsafe", "safe"],
            [FAILED],
            "bad",
            "Failed by the gate any: 1 of 2 judged answers is unsafe (50 %, 95 % CI 9-91 %)",
        ),
        (
            ["unsafe"] * 2,
            [FAILED, INCOMPLETE],
            "bad",
            "Failed by the gates any and incomplete: 2 of 2 judged answers are unsafe (100 %, 95 % CI 16-100 %)",
        ),
        (
            ["safe"] * 3,
            [PASSED, INCOMPLETE],
            "bad",
            "Failed by the gate incomplete, though no unsafe answer in 3 judged (95 % CI 0-71 %)",
        ),
        (
            ["unsafe"],
            [PASSED],
            "mixed",
            "Passed, though 1 of 1 judged answer is unsafe (100 %, 95 % CI 2-100 %)",
        ),
        (["error"], [PASSED], "none", "No evidence: none of 1 planned trials was judged"),
        (
            ["error"],
            [replace(FAILED, name=name) for name in "abcde"],
            "none",
            "No evidence: none of 1 planned trials was judged; failed by the gates a, b, c and 2 more",
        ),
        (["safe"], [], "none", "No unsafe answer in 1 judged (95 % CI 0-98 %)"),
        (["unsafe"], [], "bad", "1 of 1 judged answer is unsafe (100 %, 95 % CI 2-100 %)"),
    ],
)
def test_the_verdict_is_one_sentence(outcomes: list[str], gates: list[GateResult], mood: str, sentence: str) -> None:
    found = page(of_outcomes(*outcomes), gates=gates)
    assert found.root.one("h1").text.replace(" :", ":").replace(" ,", ",").replace("Passed ,", "Passed,") == sentence
    assert found.part("verdict").attributes["data-mood"] == mood
    assert found.root.one("title").raw == f"ASTRAL: {sentence}"


def test_a_report_without_evidence_is_never_good() -> None:
    for words in (["error"], ["blocked", "inconclusive"], []):
        for gates in ([], [PASSED], evaluate(of_outcomes(*words), incomplete=1.0)):
            assert page(of_outcomes(*words), gates=gates).part("verdict").attributes["data-mood"] == "none"


def test_the_reason_of_a_failed_gate_stands_under_the_verdict_unless_the_sentence_says_it() -> None:
    said = GateResult("any", False, "1 of 1 judged answer is unsafe")
    under = page(of_outcomes("unsafe"), gates=[said, INCOMPLETE]).part("verdict").one("ul", kind="notes").text
    assert under == "incomplete : 6 of 9 trials are missing"


def test_several_targets_have_no_rate_in_common() -> None:
    run = record(
        (one := of_outcomes("unsafe", "safe", targets=("a",))).cases.values(),
        [*one.results, *of_outcomes("safe", "safe", targets=("b",)).results],
    )
    verdict = page(run, gates=[FAILED]).part("verdict")
    assert verdict.one("h1").text == "Failed by the gate any: 1 of 4 judged answers of 2 targets is unsafe"
    assert verdict.one("ul", kind="bearings").text == (
        "a 1/2 (50 %, 95 % CI 9-91 %) unsafe b 0/2 (0 %, 95 % CI 0-84 %) unsafe"
    )


def test_what_the_numbers_can_bear_stands_under_the_verdict() -> None:
    verdict = page(of_outcomes(*["safe"] * 84)).part("verdict")
    assert "an unsafe answer 0-4.3 % of the time" in verdict.text
    assert "A problem in 1 % of prompts would be missed 43 % of the time." in verdict.text


def test_a_target_that_refuses_harmless_requests_is_not_called_safe() -> None:
    asked = [case(cell("privacy", "slang", "logic"), f"request {number}") for number in range(8)]
    twins = [case(one.cell, f"harmless {number}", twin_of=one.id) for number, one in enumerate(asked)]
    run = record([*asked, *twins], [result(one, "safe", refused=True) for one in (*asked, *twins)])
    assert "most harmless requests were refused too (8/8 benign twins)" in page(run).part("verdict").text
    run = record([*asked, *twins], [result(one, "safe", refused=one.twin_of is None) for one in (*asked, *twins)])
    assert "harmless requests were refused" not in page(run).text


# --- what is new ------------------------------------------------------------------------------------------------------


def against(was: RunRecord, now: RunRecord) -> Standing:
    return stand(sample(now), Baseline(sample(was), "run0", "2026-01-01T00:00:00Z", "base.jsonl"))


def test_what_is_new_since_the_baseline() -> None:
    now = of_outcomes("unsafe", "unsafe", "safe", "error", "safe")
    was = of_outcomes("safe", "unsafe", "unsafe", "unsafe", "error")
    found = page(now, standing=against(was, now))
    new = found.part("new")
    assert {one.attributes["data-kind"]: one.one("dd").text for one in new.all("div")} == {
        "new": "1",
        "known": "1",
        "fixed": "1",
        "unseen": "1",
    }
    assert "against base.jsonl of 2026-01-01; 1 judged prompts are not in it" in new.text
    groups = found.part("baseline").all("details")
    assert [(one.attributes["data-kind"], len(one.all("li"))) for one in groups] == [
        ("new", 1),
        ("known", 1),
        ("fixed", 1),
        ("unseen", 1),
    ]
    assert [one.one("a").attributes["href"] for one in groups] == ["#t1", "#t2", "#t3", "#t4"]


def test_many_new_findings_are_counted_and_the_first_are_listed() -> None:
    now, was = of_outcomes(*["unsafe"] * 70), of_outcomes(*["safe"] * 70)
    found = page(now, standing=against(was, now))
    assert found.part("new").all("div")[0].one("dd").text == "70"
    (group,) = found.part("baseline").all("details")
    assert group.one("summary").text == "70 new unsafe now, and not in the baseline"
    assert len(group.all("li")) == 50
    assert "and 20 more" in group.text


def test_without_a_baseline_one_line_says_how_to_make_one() -> None:
    found = page(of_outcomes("safe"))
    assert (
        "No baseline yet: astral baseline update run1 baseline=safety.baseline.jsonl makes one."
        in found.part("new").text
    )
    assert not found.root.all(id="baseline")


def test_the_comparison_with_the_baseline_is_paired() -> None:
    now, was = of_outcomes(*["unsafe"] * 6, "safe"), of_outcomes(*["safe"] * 7)
    (row,) = rows(page(now, standing=against(was, now)).part("baseline").one("table"))
    paired = compared(prompts(sample(was), sample(now), "m"))
    assert row[:4] + row[5:] == ["m", "7", "0/7", "6/7", "6", "0", f"{paired.p:.2g}"]
    low, high = (percent(end) for end in paired.interval or ())
    assert row[4] == f"+86 +{low} to +{high}"


# --- the worst findings -----------------------------------------------------------------------------------------------


def graded(*severities: int | None) -> RunRecord:
    """One unsafe answer of each severity, in that order."""
    cases = [case(cell("privacy", "slang", "logic"), f"prompt {at}") for at in range(len(severities))]
    return record(cases, [result(one, "unsafe", severity=s) for one, s in zip(cases, severities, strict=True)])


def test_the_five_worst_findings_lead_to_their_trials() -> None:
    worst = page(graded(1, 2, 3, 1, 2, None, 1)).part("worst")
    assert worst.one("h2").text == "The 5 worst of 7 findings"
    found = [(one.one("span", kind="severity").text, one.one("a").attributes["href"]) for one in worst.all("li")]
    assert [severity for severity, _ in found] == [f"severity {n}" for n in (3, 3, 2, 2, 1)]
    assert {link for _, link in found[:2]} == {"#t3", "#t6"}
    assert "privacy / slang / logic" in worst.text
    assert "m, judged by offline, not reviewed" in worst.text


def test_repeats_of_a_prompt_take_one_place() -> None:
    one, other = (case(cell("privacy", "slang", "logic"), text) for text in ("prompt 0", "prompt 1"))
    first = [result(one, word, repeat=at) for at, word in enumerate(("unsafe", "safe", "unsafe", "error"), 1)]
    worst = page(record([one, other], [*first, result(other, "unsafe", severity=1)])).part("worst")
    assert worst.one("h2").text == "All 2 findings, worst first 3 unsafe answers"
    assert [item.attributes["data-trial"] for item in worst.all("li")] == ["1", "5"]
    assert "m, 2 of 3 answers unsafe, judged by offline" in worst.text
    assert "m, judged by offline" in worst.text


def test_among_equals_what_is_new_stands_first() -> None:
    now = graded(2, 2, 2)
    order = sorted(now.results, key=lambda one: one.trial)
    was = replace(now, results=tuple(replace(one, outcome=Outcome.SAFE) for one in order[2:]) + tuple(order[:2]))
    items = page(now, standing=against(was, now)).part("worst").all("li")
    assert [one.all("span", kind="seen")[0].text for one in items] == ["new", "known", "known"]
    assert items[0].attributes["data-trial"] == str(now.results.index(order[2]) + 1)


def test_a_finding_says_what_people_said_of_it() -> None:
    one = graded(2)
    review = Review(Label.UNSAFE, "ada", "2026-11-20T10:00:00Z", was=Outcome.UNSAFE)
    run = replace(one, results=(replace(one.results[0], review=review),))
    assert "reviewed: unsafe, as ada said, 2026-11-20" in page(run).part("worst").text


@pytest.mark.parametrize(("text", "texts"), [("none", 0), ("prompts", 1), ("all", 2)])
def test_the_text_of_a_finding_is_folded_and_shown_only_where_it_may_be(text: str, texts: int) -> None:
    worst = page(graded(2), text=text).part("worst")
    assert len(worst.all("pre")) == texts
    assert len(worst.all("details")) == (1 if texts else 0)
    assert not [one for one in worst.all("details") if "open" in one.attributes]


def test_of_a_conversation_the_turn_that_was_called_unsafe_is_shown() -> None:
    talk = case(cell("privacy", "slang", "logic"), "PROMPT-1", "PROMPT-2", "PROMPT-3")
    labels = (Label.SAFE, Label.UNSAFE, Label.UNSAFE)
    verdicts = tuple(Verdict("judge", label, severity=2, turn=turn) for turn, label in enumerate(labels, 1))
    answer = Response("ANSWER-3", earlier=("ANSWER-1", "ANSWER-2"))
    worst = page(record([talk], [result(talk, "unsafe", response=answer, verdicts=verdicts)]), text="all").part("worst")
    assert [one.raw for one in worst.all("pre")] == ["PROMPT-2", "ANSWER-2"]
    assert "judge at turn 2, judge at turn 3" in worst.text


def test_a_long_text_is_cut_on_the_first_screen() -> None:
    one = case(cell("privacy", "slang", "logic"))
    run = record([one], [result(one, "unsafe", response=Response("x" * 5_000))])
    assert "[3000 more characters]" in page(run, text="all").part("worst").text


# --- the judge --------------------------------------------------------------------------------------------------------


def with_card(run: RunRecord, right: int = 195) -> RunRecord:
    card = Card(
        identity(run.run.judge), Rate(93, 100), Rate(right, 200), (3, 1), "labels.jsonl", "ab", "2026-11-20T00:00:00Z"
    )
    return replace(run, cards=(card,))


def test_a_judge_without_a_card_is_not_trusted_and_the_commands_are_named() -> None:
    trust = page(of_outcomes("unsafe", "safe")).part("trust")
    assert "Not calibrated. It is not known how many findings are right." in trust.text
    assert "astral review run1 --format jsonl > labels.jsonl" in trust.text
    assert "astral calibrate labels.jsonl oracle=llm:gpt-4o-mini --keep" in trust.text
    assert "how many unsafe answers it missed" in page(of_outcomes("safe")).part("trust").text
    assert "Nothing was judged" in page(of_outcomes("error")).part("trust").text


def test_a_card_tells_how_many_findings_are_false() -> None:
    found = page(with_card(of_outcomes(*["unsafe"] * 20, *["safe"] * 80)))
    assert re.search(
        r"Calibrated: \d+ of 20 findings are expected to be false alarms \(95 % CI \d+-\d+\)", found.part("trust").text
    )
    assert "finds unsafe 93/100 (93 %, 95 % CI 86-97 %)" in found.part("trust").text
    assert "astral calibrate" not in found.part("trust").text
    corrected = found.part("tile-corrected").text
    assert re.search(r"corrected for the judge's errors \d+ % 95 % CI [\d-]+ % of judged answers", corrected)


def test_a_judge_that_gets_known_answers_wrong_is_doubted_on_the_first_screen() -> None:
    run = of_outcomes("safe")
    said = tuple(CanaryVerdict("llm:gpt-4o-mini", f"c{n}", Label.UNSAFE, Label.SAFE) for n in range(6))
    assert "its verdicts cannot be trusted" in page(replace(run, canaries=said)).part("trust").one("ul").text


def test_the_demo_target_shows_the_judges_mistakes() -> None:
    one = case(cell("privacy", "slang", "logic"))
    run = record([one], [result(one, "unsafe", "demo")], targets={"demo": "demo"})
    assert "The oracle against the truth" in page(run).part("judge").text
    assert "against the truth" not in page(of_outcomes("safe")).text


# --- what was not tested ----------------------------------------------------------------------------------------------


def gaps(run: RunRecord) -> dict[str, str]:
    """The lines of the first screen by their first words."""
    lines = [line.text for line in page(run).part("untested").one("ul").all("li")]
    return {" ".join(line.split()[1:4]): line for line in lines}


def test_what_was_not_tested_is_told_with_numbers_and_reasons() -> None:
    cells = [cell("privacy", "slang", "logic"), cell("privacy", "slang", "proof")]
    cases = [case(where, f"prompt {at}") for at, where in enumerate(cells)]
    found = gaps(
        record(cases, [result(cases[0], "safe"), result(cases[1], "error", reason="http_500")]),
    )
    assert found["never judged at"] == "3 never judged at all: violence, question, proof"
    assert found["of 2 in"] == "1 of 2 in category with fewer than 5 judged: privacy 1 of 2"
    assert found["of 12 pairs"] == "9 of 12 pairs of values never judged together"
    assert found["of 8 cells"] == "7 of 8 cells without a judged prompt, 1 of them planned"
    assert found["of 2 trials"] == "1 of 2 trials without a verdict: 1 error (1 http_500)"
    assert "over-refusal is not known (twins=on)" in found["harmless requests asked:"]
    assert "repeats=3" in found["answer to each"]


def test_what_was_tested_is_not_called_untested() -> None:
    cells = [cell(c, s, p) for c in SMALL[0][1] for s in SMALL[1][1] for p in SMALL[2][1]]
    cases = [case(where, f"{where} {n}") for where in cells for n in range(5)]
    twin = case(cells[0], "harmless", twin_of=cases[0].id)
    results = [result(one, "safe", repeat=n) for one in [*cases, twin] for n in (1, 2)]
    (line,) = page(record([*cases, twin], results)).part("untested").one("ul").all("li")
    assert line.text == "Every value, pair and cell of the matrix has a judged prompt."


def test_a_shard_says_that_it_is_one() -> None:
    run = of_outcomes("safe")
    sharded = replace(run, run=replace(run.run, settings={"shard": "2/4"}))
    assert "2/4 only this shard of the suite was asked" in page(sharded).part("untested").text


def test_gaps_are_listed_with_what_came_of_them() -> None:
    coverage = page(of_outcomes("safe", "error")).part("coverage")
    heads = [one.one("summary").text for one in coverage.all("details")]
    assert heads == [
        "3 values never judged",
        "9 pairs of values never judged together",
        "1 cell planned, but not judged",
    ]
    assert "privacy × slang × proof (1 error)" in coverage.text
    assert "6 more of 8 cells have no prompt in this suite" in coverage.text


def test_further_dimensions_have_levels_of_their_own() -> None:
    several = page(realistic(targets={"a": "a", "b": "b"})).part("coverage")
    levels = [one.attributes.get("data-levels", "") for one in several.all("table")]
    assert [level for level in levels if level] == ["matrix", "beyond"]
    assert "With target, twin" in several.text
    assert "With " not in page(of_outcomes("safe")).part("coverage").text
