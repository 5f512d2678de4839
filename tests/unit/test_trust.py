"""How far a judge can be trusted, and that every report says so: card, corrected rate, review, cascade, splits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from explored import Explored, strings
from pages import Page
from records import of_outcomes, record

from astral.calibration.correction import Corrected, corrected
from astral.calibration.trust import UNKNOWN_MISSES, UNKNOWN_PRECISION, Alarms, Reading, Trust, trust
from astral.cards import identity
from astral.model import CanaryVerdict, Card, Label, Outcome, Refusal, Response, Review, RunRecord, Verdict
from astral.reports.html import render
from astral.reports.results import document
from astral.reports.terminal import lines
from astral.stats import Estimate, Rate

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "results.schema.json").read_text(encoding="ascii"))
OFFLINE: Mapping[str, Any] = {"oracles": [{"name": "offline", "version": "3"}], "vote": "any", "confirm": 2}
MODEL: Mapping[str, Any] = {"oracles": [{"name": "llm:judge", "prompt_hash": "0123"}], "vote": "any", "confirm": 2}
BOTH: Mapping[str, Any] = {
    "oracles": [{"name": "llm:judge", "prompt_hash": "0123"}, {"name": "offline"}],
    "vote": "cascade",
    "confirm": 2,
}


def judged_by(judge: Mapping[str, Any], run: RunRecord, *cards: Card, **settings: str) -> RunRecord:
    header = replace(run.run, judge=judge, settings={**run.run.settings, **settings})
    return replace(run, run=header, cards=cards)


def card(judge: Mapping[str, Any], *, made: str = "2026-11-20T00:00:00Z") -> Card:
    return Card(identity(judge), Rate(93, 100), Rate(195, 200), (3, 2), "data/labels.jsonl", "ab" * 32, made, "0.1")


def ten_of(judge: Mapping[str, Any], *cards: Card, unsafe: int = 10, safe: int = 90, **settings: str) -> RunRecord:
    return judged_by(judge, of_outcomes(*["unsafe"] * unsafe, *["safe"] * safe), *cards, **settings)


def reviewed(run: RunRecord, *labels: Label) -> RunRecord:
    """The first trials as people said, by alice."""
    results = list(run.results)
    for at, label in enumerate(labels):
        was = results[at].outcome
        now = {Label.SAFE: Outcome.SAFE, Label.UNSAFE: Outcome.UNSAFE, Label.UNKNOWN: Outcome.INCONCLUSIVE}[label]
        review = Review(label, "alice", "2026-11-21T10:00:00Z", "A NOTE", was)
        results[at] = replace(results[at], outcome=now, review=review)
    return replace(run, results=tuple(results))


def trust_panel(run: RunRecord) -> str:
    """What the first screen of the HTML report says of the judge."""
    return Page(render(run)).part("trust").text


def said(run: RunRecord, text: str = "none") -> str:
    return " ".join(" ".join(lines(run, width=100, unicode=True, text=text)).split())


@pytest.mark.parametrize(
    ("unsafe", "carded", "expected"),
    [
        (
            10,
            True,
            "offline oracle: screening only; 2 of these 10 findings are expected to be false alarms (95 % CI 1-7)",
        ),
        (
            10,
            False,
            "offline oracle: screening only; not known how many of these 10 findings are expected to be false alarms",
        ),
        (0, True, "offline oracle: screening only; 0 of these 0 findings are expected to be false alarms"),
        (0, False, "offline oracle: screening only; 0 of these 0 findings are expected to be false alarms"),
        (1, True, "offline oracle: screening only; 1 of this 1 finding is expected to be a false alarm (95 % CI 0-1)"),
        (1, False, "offline oracle: screening only; not known whether the 1 finding is expected to be a false alarm"),
    ],
)
def test_every_run_judged_offline_says_what_its_findings_are_worth(unsafe: int, carded: bool, expected: str) -> None:
    run = ten_of(OFFLINE, *[card(OFFLINE)] * carded, unsafe=unsafe, safe=100 - unsafe)
    assert f"note: {expected}" in said(run)
    assert "screening" in trust_panel(run)
    assert expected in document(run)["warnings"]


def test_the_demo_target_says_so_too() -> None:
    run = ten_of(OFFLINE)
    demo = replace(run, run=replace(run.run, targets={"m": "demo"}))
    assert "screening only; not known how many of these 10 findings" in said(demo)


def test_another_judge_without_a_card_is_not_calibrated() -> None:
    assert f"note: {UNKNOWN_PRECISION}" in said(ten_of(MODEL))
    assert f"note: {UNKNOWN_MISSES}" in said(ten_of(MODEL, unsafe=0))
    assert "Not calibrated. It is not known how many findings are right." in trust_panel(ten_of(MODEL))
    assert "calibrated" not in said(ten_of(MODEL, card(MODEL)))
    assert "calibrated" not in said(judged_by(MODEL, of_outcomes("error")))


def test_a_card_corrects_the_rate_and_foretells_the_precision() -> None:
    run = ten_of(MODEL, card(MODEL))
    found = trust(run).readings["m"]
    assert found.corrected is not None
    assert found.corrected.share == pytest.approx((0.1 - 0.025) / (0.93 - 0.025))
    assert found.corrected.precision is not None
    assert found.corrected.precision.value == pytest.approx(found.corrected.share * 0.93 / 0.1)
    assert found.alarms == Alarms(2, 1, 7)
    text = said(run)
    assert "judge's card: labels.jsonl, 305 answers, 5 undecided, 2026-11-20: sensitivity 93/100 (93 %" in text
    assert "corrected for the judge's errors: 8.3 % (95 % CI 2-17 %) of judged answers truly unsafe" in text
    assert "; by its own verdicts 10/100 (10 %" in text
    assert "expected precision at this run's own rate: 77 % (95 % CI 32-92 %); 2 (1-7) of 10 findings" in text
    page = render(run)
    assert "How far can the judge be trusted?" in page
    assert "<b>8.3 %</b>" in page
    assert "2 of 10 <small>(1-7)</small>" in page


def test_the_card_of_another_judge_counts_for_nothing() -> None:
    other = {**MODEL, "confirm": 1}
    assert trust(ten_of(MODEL, card(other), card(OFFLINE))).card is None
    young, old = card(MODEL, made="2026-11-21"), card(MODEL, made="2026-01-01")
    assert trust(ten_of(MODEL, young, old)).card == young


def test_a_judge_like_chance_is_a_caution_and_corrects_nothing() -> None:
    blind = replace(card(MODEL), specificity=Rate(5, 100))
    run = ten_of(MODEL, blind)
    assert "its verdicts say nothing" in said(run)
    assert trust(run).alarms is None
    assert "corrected for" not in said(run)
    assert "of 10 <small>" not in render(run)


@pytest.mark.parametrize(("key", "value"), [("fail_on", "2"), ("turns", "each")])
def test_a_card_that_does_not_fit_the_run_is_not_used(key: str, value: str) -> None:
    run = ten_of(MODEL, card(MODEL), **{key: value})
    if key == "turns":
        cases = {id: replace(case, turns=("one", "two")) for id, case in run.cases.items()}
        assert trust(run).unfit == ""
        run = replace(run, cases=cases)
    found = trust(run)
    assert found.unfit.startswith(f"{key}={value}: the judge's card")
    assert found.readings["m"].corrected is None
    assert found.unfit in document(run)["warnings"]


def test_a_card_without_one_kind_of_answers_is_not_used() -> None:
    run = ten_of(MODEL, replace(card(MODEL), sensitivity=Rate()))
    found = trust(run)
    assert (found.readings["m"].corrected, found.alarms) == (None, None)
    assert "note: the judge decided no truly unsafe answer of its card, so rates are not corrected" in said(run)


def test_people_overrule_visibly_and_the_correction_keeps_to_the_judge() -> None:
    run = reviewed(ten_of(MODEL, card(MODEL)), Label.SAFE, Label.SAFE, Label.UNSAFE, Label.UNKNOWN)
    found = trust(run)
    assert str(found.reviewed) == "review: 4 labelled, 3 overruled (1 unsafe -> inconclusive, 2 unsafe -> safe)"
    reading = found.readings["m"]
    assert (reading.raw, reading.findings, reading.unseen) == (Rate(10, 100), 7, 6)
    assert reading.corrected == trust(ten_of(MODEL, card(MODEL))).readings["m"].corrected
    assert found.alarms == Alarms(1, 0, 4)
    text = said(run)
    assert f"overruled: {run.results[0].trial.id} unsafe -> safe by alice, 2026-11-21" in text
    assert "(unsafe, as alice said, 2026-11-21)" in text
    first = Explored(render(run)).trials[0]
    assert first["review"] == "unsafe -> safe by alice, 2026-11-21"
    assert first["note"][:2] == [6, None]
    assert "A NOTE" not in render(run)
    assert "A NOTE" in [*strings(Explored(render(run, text="all")).trials[0])]
    one = document(run)["cases"][0]["review"]
    assert (one["label"], one["who"], one["was"], one["note"]["length"]) == ("safe", "alice", "unsafe", 6)
    assert "A NOTE" not in json.dumps(document(run, "prompts"))


def test_answers_that_could_not_have_been_called_safe_are_no_evidence_of_a_rate() -> None:
    """With the end missing, only the judge's false alarms would be counted: a safe target would look unsafe."""
    plain = ten_of(MODEL, card(MODEL))
    cut = replace(Response("As far as it"), finish_reason="length")
    results = [replace(one, response=cut) if at < 4 else one for at, one in enumerate(plain.results)]
    found = trust(replace(plain, results=tuple(results))).readings["m"]
    assert (found.raw, found.cut, found.findings) == (Rate(6, 96), 4, 10)
    assert found.corrected == corrected(Rate(6, 96), card(MODEL))
    assert "without 4 unsafe, cut off," in said(replace(plain, results=tuple(results)))
    assert "; without 4 cut off" in render(replace(plain, results=tuple(results)))


def test_answers_that_no_oracle_was_asked_about_have_no_false_alarms() -> None:
    plain = ten_of(MODEL, card(MODEL))
    declined = replace(Response("No."), finish_reason="refusal")
    results = [replace(one, response=declined) if at >= 50 else one for at, one in enumerate(plain.results)]
    found = trust(replace(plain, results=tuple(results))).readings["m"]
    assert found.raw == Rate(10, 100)
    assert found.corrected == corrected(Rate(10, 50), card(MODEL), beside=50)


def test_false_alarms_of_several_targets_are_added_before_they_are_rounded() -> None:
    parts = {name: Reading(Rate(1, 100), 1, 1, Corrected(0, 0, 1, Estimate(0.6, 0.1, 1.0))) for name in "abcde"}
    assert [one.alarms for one in parts.values()] == [Alarms(0, 0, 1)] * 5
    assert Trust(None, parts).alarms == Alarms(2, 0, 5)  # .4 each


def test_findings_that_people_called_unsafe_are_no_false_alarms() -> None:
    run = reviewed(ten_of(OFFLINE, card(OFFLINE), unsafe=3), *[Label.UNSAFE] * 3)
    assert trust(run).alarms == Alarms(0, 0, 0)
    assert "0 of these 3 findings are expected to be false alarms" in said(run)


def test_a_cascade_tells_what_it_spared() -> None:
    run = judged_by(BOTH, of_outcomes("safe", "safe", "safe", "unsafe", "safe"))
    cheap = Verdict("offline", Label.SAFE, Refusal.FULL, 0)
    dear = (Verdict("llm:judge", Label.UNSAFE, severity=2), Verdict("llm:judge", Label.UNSAFE, severity=2))
    told = Verdict("refusal_field", Label.SAFE, Refusal.FULL, 0)
    verdicts = [(cheap,), (cheap,), (cheap,), (replace(cheap, label=Label.UNKNOWN), *dear), (told,)]
    results = tuple(replace(one, verdicts=v) for one, v in zip(run.results, verdicts, strict=True))
    found = trust(replace(run, results=results)).saving
    assert found is not None
    assert (found.answers, found.spared, dict(found.asked)) == (4, 3, {"offline": 4, "llm:judge": 1})
    line = "cascade: 3 of 4 answers were settled by offline alone; 1 went to llm:judge"
    assert str(found) == line
    assert line in said(replace(run, results=results))
    assert trust(judged_by({**BOTH, "vote": "any"}, run)).saving is None


def test_split_and_doubtful_answers_are_counted_until_somebody_looked() -> None:
    run = judged_by(MODEL, of_outcomes("safe", "safe", "unsafe", "error"))
    torn = replace(run.results[0], verdicts=(Verdict("llm:judge", Label.SAFE, split=True),))
    apart = replace(run.results[1], verdicts=(Verdict("a", Label.SAFE), Verdict("b", Label.UNSAFE)))
    run = replace(run, results=(torn, apart, *run.results[2:]))
    assert (trust(run).split, trust(run).waiting) == (2, 3)
    assert "3 answers are worth a review (astral review); 2 split verdicts" in said(run)
    assert trust(reviewed(run, Label.SAFE)).waiting == 2
    assert document(run)["cases"][0]["verdicts"][0]["split"]
    assert [one["split"] for one in document(run)["cases"]] == [True, True, False, False]


def test_known_answers_that_went_wrong_are_a_caution() -> None:
    def canaries(said_: Label) -> tuple[CanaryVerdict, ...]:
        return tuple(CanaryVerdict("llm:judge", f"c{n}", Label.UNSAFE, said_) for n in range(6))

    good, bad = (replace(ten_of(MODEL), canaries=canaries(label)) for label in (Label.UNSAFE, Label.SAFE))
    assert "cannot be trusted" in " ".join(document(bad)["warnings"])
    assert "cannot be trusted" not in " ".join(document(good)["warnings"])
    assert document(bad)["trust"]["canaries"][0]["trustworthy"] is False
    assert "known answers" in said(good)


def test_documents_with_all_of_it_fit_the_schema() -> None:
    run = reviewed(ten_of(BOTH, card(BOTH)), Label.SAFE, Label.UNSAFE)
    verdict = Verdict("offline", Label.UNSAFE, severity=2, signals=("steps", "a piece of the answer"), split=True)
    results = [replace(one, verdicts=(verdict,)) for one in run.results]
    run = replace(run, results=tuple(results), canaries=(CanaryVerdict("llm:judge", "c1", Label.SAFE, Label.SAFE),))
    check = jsonschema.Draft202012Validator(SCHEMA)
    for text in ("none", "all"):
        check.validate(document(run, text))
    check.validate(document(record([], [])))


def test_signals_that_may_quote_an_answer_follow_text() -> None:
    run = ten_of(MODEL, unsafe=1, safe=0)
    verdict = Verdict("llm:judge", Label.UNSAFE, severity=2, score=0.875, signals=("steps", "a piece of\x1b[31m it"))
    run = replace(run, results=(replace(run.results[0], verdicts=(verdict,)),))
    assert document(run)["cases"][0]["verdicts"][0]["signals"] == ["steps"]
    assert len(document(run, "all")["cases"][0]["verdicts"][0]["signals"]) == 2
    assert "a piece of" not in render(run)
    shown = render(run, text="all")
    assert "\x1b" not in shown
    (found,) = Explored(shown).trials[0]["verdicts"]
    assert found["signals"].startswith("steps, a piece of")
    assert found["score"] == 0.88


def test_strange_words_stay_inert() -> None:
    strange = replace(card(MODEL), labels="<img src=x>\x1b[2J.jsonl")
    run = ten_of(MODEL, strange)
    run = replace(
        run,
        results=(
            replace(run.results[0], review=Review(Label.UNSAFE, "<b>\x1b[0m", "now", "", Outcome.SAFE)),
            *run.results[1:],
        ),
    )
    assert "\x1b" not in "\n".join(lines(run, width=100, unicode=True))
    page = render(run)
    assert "<img" not in page
    assert "\x1b" not in page
    assert "&lt;b&gt;" in page
