"""The explorer in the HTML report: what a page holds of its trials, in which words, and what it may not hold at all."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import pytest
from explored import Explored, strings
from hostile import HOSTILE, run_with
from pages import Page
from records import SMALL, case, cell, of_outcomes, realistic, record, result

from astral.baseline import Baseline, stand
from astral.calibration.trust import disagreed
from astral.escape import visible
from astral.model import Label, Outcome, Response, Review, RunRecord, Verdict
from astral.reports.disclosure import fingerprint
from astral.reports.html import explorer, render
from astral.samples import sample

ONE = case(cell("privacy", "slang", "logic"), "PROMPT-TEXT")


def page(run: RunRecord, text: str = "all", baseline: RunRecord | None = None) -> Explored:
    """The page of a run, held against an earlier one."""
    known = None if baseline is None else Baseline(sample(baseline), "run0", "2026-01-01T00:00:00Z", "known.json")
    return Explored(render(run, text=text, standing=known and stand(sample(run), known)))


def values(run: RunRecord, dimension: str) -> list[str]:
    return [run.cases[one.trial.case_id].cell[dimension] for one in run.results]


# --- what can be filtered ---------------------------------------------------------------------------------------------


def test_every_trial_stands_in_the_index_at_its_own_place() -> None:
    run = realistic(targets={"a": "a", "b": "openai:b"})
    read = page(run)
    index = read.index
    assert f"All {len(run.results)} trials" in read.page.text
    assert [index["cases"][place] for place in index["case"]] == [one.trial.case_id for one in run.results]
    assert index["repeat"] == [one.trial.repeat for one in run.results]
    assert read.facet("target") == [one.trial.target for one in run.results]
    for dimension in ("category", "style", "persuasion"):
        assert read.facet(dimension) == values(run, dimension)
    said = [{f"{v.oracle}: {v.label}" for v in one.verdicts} for one in run.results]
    assert read.facet("oracle") == said
    assert read.facet("reason") == [one.reason for one in run.results]
    assert index["typed"] == {"a": "a", "b": "openai:b"}


def test_safe_trials_are_split_into_refused_and_answered() -> None:
    words = ["unsafe", "refused", "safe", "inconclusive", "blocked", "error", "not_run"]
    read = page(of_outcomes(*words))
    assert read.facet("outcome") == ["answered" if word == "safe" else word for word in words]
    (outcome,) = [one for one in read.index["facets"] if one["key"] == "outcome"]
    assert [value for value, _ in outcome["values"]][:2] == ["unsafe", "inconclusive"], "the worst stands first"


@pytest.mark.parametrize(("given", "shown"), [(1, "1"), (3, "3"), (None, "3")])
def test_a_severity_that_is_not_known_counts_as_3(given: int | None, shown: str) -> None:
    run = record([ONE], [result(ONE, "unsafe", severity=given), result(ONE, "safe", repeat=2)])
    assert page(run).facet("severity") == [shown, ""]


def test_a_target_whose_trials_differ_between_repeats_is_marked() -> None:
    run = record([ONE], [result(ONE, "unsafe"), result(ONE, "safe", repeat=2), result(ONE, "safe", "n")])
    assert page(run).facet("marks") == [{"repeats differ"}, {"repeats differ"}, set()]


def test_what_people_said_and_where_judges_split_is_marked() -> None:
    split = (Verdict("a", Label.UNSAFE, severity=1), Verdict("b", Label.SAFE))
    cases = [case(ONE.cell, f"prompt {number}") for number in range(4)]
    told = [
        result(cases[0], "safe", review=Review(Label.SAFE, "ada", "2026-01-01T00:00:00Z", "NOTE", Outcome.UNSAFE)),
        result(cases[1], "unsafe", review=Review(Label.UNSAFE, "ada", "2026-01-01T00:00:00Z", "", Outcome.UNSAFE)),
        result(cases[2], "unsafe", verdicts=split),
        result(cases[3], "unsafe"),
    ]
    assert [disagreed(one) for one in told] == [False, False, True, False]
    read = page(record(cases, told))
    assert read.facet("marks") == [{"overruled"}, {"confirmed by people"}, {"judges split"}, set()]
    assert read.trials[0]["review"] == "unsafe -> safe by ada, 2026-01-01"
    assert read.trials[0]["note"] == [4, "NOTE"]


def test_keys_of_ones_own_and_conversations_can_be_filtered_by() -> None:
    german = replace(case(ONE.cell, "eins"), extra={"x_language": "de"})
    english = replace(case(ONE.cell, "one", "two"), extra={"x_language": "en"})
    twin = replace(case(ONE.cell, "zwei", twin_of=german.id), extra={"x_language": "TWIN-TEXT, any words"})
    run = record([german, english, twin], [result(one, "safe") for one in (german, english, twin)])
    read = page(run, "none")
    assert read.facet("language") == ["de", "en", ""]
    assert read.facet("turns") == ["single", "scripted", "single"]
    assert "TWIN-TEXT" not in render(run)
    assert ["x_language", "TWIN-TEXT, any words"] in page(run).prompts[2]["fields"]


def test_columns_are_small_numbers_and_texts_stand_in_blocks_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "BLOCK", 50)
    run = realistic(targets={"a": "a", "b": "b"})
    read = page(run)
    assert read.index["block"] == 50
    kinds = {kind: len(blocks) for kind, blocks in read.blocks.items()}
    assert kinds == {"index": 1, "prompts": -(-len(run.cases) // 50), "trials": -(-len(run.results) // 50)}
    assert len(read.prompts) == len(run.cases)
    assert len(read.trials) == len(run.results)
    assert not [one for one in strings(read.index) if "Placeholder" in one]
    assert read.prompts[7]["turns"][0][1] == list(run.cases.values())[7].prompt


# --- twins and baselines ----------------------------------------------------------------------------------------------


def test_a_benign_twin_is_found_from_its_prompt_and_back() -> None:
    twin = case(ONE.cell, "twin", twin_of=ONE.id)
    lost = case(ONE.cell, "lost", twin_of="somewhere-else")
    run = record([ONE, twin, lost], [result(one, "safe") for one in (ONE, twin, lost)])
    read = page(run)
    assert read.index["twins"] == [-1, 0, -1]
    assert read.index["twin_of"] == {"2": "somewhere-else"}
    assert read.facet("kind") == ["prompt", "twin", "twin"]


def test_each_trial_says_how_its_prompt_stands_against_the_baseline() -> None:
    cases = [case(ONE.cell, f"prompt {number}") for number in range(5)]
    twin = case(ONE.cell, "twin", twin_of=cases[0].id)
    then = ["safe", "unsafe", "unsafe", "unsafe", "safe"]
    now = ["unsafe", "unsafe", "safe", "error", "safe"]
    was = record(cases, [result(one, word) for one, word in zip(cases, then, strict=True)])
    found = [*(result(one, word) for one, word in zip(cases, now, strict=True)), result(twin, "safe")]
    read = page(record([*cases, twin], found), baseline=was)
    assert read.facet("baseline") == ["new", "known", "fixed", "unseen", "", ""]
    assert read.index["was"] == [*then, ""]
    assert read.index["baseline"] == {"run": "run0", "made": "2026-01-01T00:00:00Z", "path": "known.json"}


def test_repeats_of_one_prompt_stand_alike_and_each_keeps_what_it_was() -> None:
    was = record([ONE], [result(ONE, "safe"), result(ONE, "unsafe", repeat=2)])
    now = record([ONE], [result(ONE, "unsafe"), result(ONE, "safe", repeat=2), result(ONE, "safe", repeat=3)])
    read = page(now, baseline=was)
    assert read.facet("baseline") == ["known", "known", "known"]
    assert read.index["was"] == ["safe", "unsafe", ""]


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    read = page(of_outcomes("unsafe"))
    assert read.index["baseline"] is None
    assert not [one for one in read.index["facets"] if one["key"] == "baseline"]


# --- what a page may hold ---------------------------------------------------------------------------------------------


def telling(**given: object) -> RunRecord:
    """A trial with a word of its own in every text."""
    news = {"title": "NEWS-TITLE", "url": "https://NEWS-URL.example/", "publisher": "PUBLISHER", "date": "2026-01-01"}
    one = replace(ONE, provenance={"writer": "llm:m", "news": [news]}, extra={"x_note": "A FIELD-TEXT of my own"})
    verdict = Verdict("offline", Label.UNSAFE, severity=2, reason="REASON-TEXT", signals=("SIGNAL TEXT",))
    review = Review(Label.UNSAFE, "ada", "2026-01-01T00:00:00Z", "NOTE-TEXT", Outcome.UNSAFE)
    told = {"response": Response("ANSWER-TEXT"), "verdicts": (verdict,), "review": review, **given}
    return record([one], [result(one, "unsafe", **told)])


PROMPTS = {"PROMPT-TEXT", "NEWS-TITLE", "NEWS-URL", "FIELD-TEXT"}
ANSWERS = {"ANSWER-TEXT", "REASON-TEXT", "SIGNAL TEXT", "NOTE-TEXT"}


@pytest.mark.parametrize(("text", "shown"), [("none", set()), ("prompts", PROMPTS), ("all", PROMPTS | ANSWERS)])
def test_text_governs_everything_that_may_hold_harm(text: str, shown: set[str]) -> None:
    source = render(telling(), text=text)
    assert {word for word in PROMPTS | ANSWERS if word in source} == shown
    assert "PUBLISHER" in source
    assert Explored(source).index["text"] == text
    (turn,) = Explored(source).prompts[0]["turns"]
    assert turn == ([11, "PROMPT-TEXT"] if text != "none" else [11, None, fingerprint("PROMPT-TEXT")])


def test_unsafe_answers_about_child_abuse_are_never_in_the_file() -> None:
    matrix = (("category", ("child_abuse",)), *SMALL[1:])
    one = replace(ONE, cell=cell("child_abuse", "slang", "logic", matrix=matrix))
    run = replace(telling(), cases={one.id: one}, run=replace(telling().run, matrix=matrix))
    source = render(run, text="all")
    assert not [word for word in ANSWERS if word in source]
    (told,) = Explored(source).trials
    assert told["sealed"] == 1
    assert told["answers"] == [[11, None, fingerprint("ANSWER-TEXT")]]


def conversation(category: str = "privacy") -> RunRecord:
    """A trial of three turns whose second answer was unsafe."""
    matrix = (("category", (category,)), *SMALL[1:])
    talk = case(cell(category, "slang", "logic", matrix=matrix), "PROMPT-1", "PROMPT-2", "PROMPT-3")
    labels = (Label.SAFE, Label.UNSAFE, Label.SAFE)
    verdicts = tuple(Verdict("judge", label, severity=2, turn=turn) for turn, label in enumerate(labels, 1))
    answer = Response("ANSWER-3", earlier=("ANSWER-1", "ANSWER-2"))
    return record([talk], [result(talk, "unsafe", response=answer, verdicts=verdicts)], matrix)


def test_each_turn_of_a_conversation_has_its_answer_and_its_verdict() -> None:
    read = page(conversation())
    assert [turn[1] for turn in read.prompts[0]["turns"]] == ["PROMPT-1", "PROMPT-2", "PROMPT-3"]
    (told,) = read.trials
    assert [answer[1] for answer in told["answers"]] == ["ANSWER-1", "ANSWER-2", "ANSWER-3"]
    assert [(verdict["turn"], verdict["label"]) for verdict in told["verdicts"]][1] == (2, "unsafe")


@pytest.mark.parametrize(("category", "text"), [("privacy", "prompts"), ("privacy", "none"), ("child_abuse", "all")])
def test_no_answer_of_a_conversation_is_shown_where_the_last_one_is_not(category: str, text: str) -> None:
    source = render(conversation(category), text=text)
    assert "ANSWER-" not in source
    assert [answer[:2] for answer in Explored(source).trials[0]["answers"]] == [[8, None]] * 3


def test_prompts_that_were_never_answered_stand_there_all_the_same() -> None:
    talk = case(ONE.cell, "PROMPT-1", "PROMPT-2")
    read = page(record([talk], [result(talk, "error")]))
    assert len(read.prompts[0]["turns"]) == 2
    assert "answers" not in read.trials[0]


def test_a_huge_answer_is_cut_and_its_length_is_told() -> None:
    source = render(record([ONE], [result(ONE, "safe", response=Response("x" * 100_000))]), text="all")
    length, text = Explored(source).trials[0]["answers"][0]
    assert length == 100_000
    assert text.endswith("x\n[80000 more characters]")
    assert len(text) < 20_100


def test_a_huge_run_keeps_every_trial_and_the_texts_of_its_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "TEXTS_SHOWN", 60)
    run = of_outcomes(*["safe"] * 6, "unsafe")  # 8 characters of prompt, 9 of answer, 7 of reason
    read = page(run)
    assert len(read.facet("outcome")) == 7
    assert [bool(one["answers"][0][1]) for one in read.trials] == [
        True,
        False,
        False,
        False,
        False,
        False,
        True,
    ]
    assert read.index["left"] == 5
    assert page(run, "none").index["left"] == 0, "where no text is in the file, none is left out of it"


# --- foreign text stays text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_adds_nothing_to_the_page(hostile: str) -> None:
    def shape(words: str) -> tuple[Counter[str], list[tuple[str, str]]]:
        read = page(run_with(words))
        return read.page.tags, sorted((tag, name) for tag, name, _ in read.page.attributes)

    assert shape(hostile) == shape("harmless")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_comes_through_whole_and_inert(hostile: str) -> None:
    source = render(run_with(hostile), text="all")
    blocks = re.findall(r'<script type="application/json"[^>]*>(.*)</script>', source)
    read = Explored(source)
    assert len(blocks) == len(read.raw) == 3
    for block in blocks:
        assert block.isascii()
        assert not re.search("[<>&\x00-\x1f\x7f]", block), "nothing in it that HTML gives a meaning to"
        for text in strings(json.loads(block)):
            assert text.replace("\n", "").isprintable(), "nothing in it that a screen would obey"
    assert read.trials[0]["answers"][0][1] == visible(hostile)
    assert visible(hostile) in read.index["typed"]


def test_line_breaks_of_an_answer_stay() -> None:
    read = page(record([ONE], [result(ONE, "safe", response=Response("first\nsecond\r\nthird\ttab\u2028end"))]))
    assert read.trials[0]["answers"][0][1] == "first\nsecond\nthird   tab\\u{2028}end"


def test_a_number_that_json_does_not_have_is_left_out() -> None:
    verdicts = (Verdict("a", Label.SAFE, score=float("nan")), Verdict("b", Label.SAFE, score=0.126))
    told = page(record([ONE], [result(ONE, "safe", verdicts=verdicts)])).trials[0]["verdicts"]
    assert "score" not in told[0]
    assert told[1]["score"] == 0.13


# --- where a prompt comes from ----------------------------------------------------------------------------------------


def of_news(**item: str) -> RunRecord:
    """A run of one case that builds on one news item."""
    told = {"title": "A ruling on data", "publisher": "Westria Today", "date": "2026-01-01", "query": "privacy ruling"}
    news = told | {"source": "rss", "retrieved": "2026-01-02T00:00:00Z", "url": "https://news.example/1"} | item
    provenance = {"writer": "llm:m", "seeds": ["privacy-u01"], "source": "chroma", "flags": ["style"], "news": [news]}
    built = replace(ONE, provenance=provenance)
    return record([built], [result(built, "safe")])


def test_the_news_that_a_prompt_builds_on_stand_beside_it() -> None:
    (told,) = page(of_news(), "prompts").prompts
    assert told["origin"] == [["written by", "llm:m"], ["seeds", "privacy-u01 (chroma)"], ["failed checks", "style"]]
    assert told["news"] == [
        {
            "title": "A ruling on data",
            "publisher": "Westria Today",
            "date": "2026-01-01",
            "query": "privacy ruling",
            "source": "rss",
            "retrieved": "2026-01-02T00:00:00Z",
            "url": "https://news.example/1",
            "link": 1,
        }
    ]


def test_a_report_without_prompts_names_no_title_and_no_address() -> None:
    source = render(of_news(), text="none")
    assert Explored(source).prompts[0]["news"][0]["publisher"] == "Westria Today"
    assert "A ruling on data" not in source
    assert "news.example" not in source


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//news.example/1",
        "https://bank.example@evil.example/",
        "https://news.example/\u202e1",
        "https://news.example/ 1",
        "https://n\u0435ws.example/1",
        "https:///1",
        "",
    ],
)
def test_an_address_that_a_browser_must_not_follow_is_no_link(url: str) -> None:
    (item,) = page(of_news(url=url)).prompts[0]["news"]
    assert "link" not in item


# --- without its script -----------------------------------------------------------------------------------------------


def test_without_a_script_the_findings_stand_there_as_a_table() -> None:
    run = realistic()
    unsafe = [one for one in run.results if one.outcome is Outcome.UNSAFE]
    source = render(run, text="all").partition("<noscript>")[2].partition("</noscript>")[0]
    read = Page(source)
    assert read.tags["tr"] == len(unsafe) + 1
    numbers = {one.trial.id: number for number, one in enumerate(run.results, 1)}
    ids = {value for tag, name, value in read.attributes if (tag, name) == ("tr", "id")}
    assert ids == {f"t{numbers[one.trial.id]}" for one in unsafe}
    for one in unsafe:
        assert one.trial.id in read.text
    assert "[UNSAFE-CONTENT]" not in read.text


def test_the_table_of_findings_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "LISTED", 3)
    source = render(of_outcomes(*["unsafe"] * 5)).partition("<noscript>")[2]
    assert "The first 3 of 5 findings" in source
    assert source.count('<tr id="t') == 3


def test_a_run_without_findings_says_so_without_its_script() -> None:
    assert "No finding." in render(of_outcomes("safe")).partition("<noscript>")[2]


def test_the_same_run_gives_the_same_bytes() -> None:
    assert render(realistic(), text="all") == render(realistic(), text="all")
