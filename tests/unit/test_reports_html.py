"""The HTML report as a page: foreign text stays text, nothing is loaded, everybody can read it, it stays small."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hostile import HOSTILE, run_with
from pages import Node, Page, contrast, luminance, rows
from records import SMALL, case, cell, of_outcomes, realistic, record, result

from astral.baseline import Baseline, Standing, stand
from astral.cards import identity
from astral.gates import GateResult, evaluate
from astral.model import Calls, CanaryVerdict, Card, Cell, Label, Outcome, Response, RunRecord, Spent, Verdict
from astral.reports.html import render, write
from astral.samples import sample
from astral.stats import Rate


def attacked(words: str) -> dict[str, object]:
    """A run in which ``words`` stand also where a judge, a price, a matrix and a baseline have theirs; its report."""
    run = run_with(words)
    matrix = (("category", ("privacy",)), (f"{words}d", (words, f"{words}c")), ("persuasion", ("logic", "proof")))
    cases = {}
    for id, one in run.cases.items():
        first, _, last = one.cell.pairs
        cases[id] = replace(one, cell=Cell((first, (f"{words}d", words), last)))
    judge = {"oracles": [{"name": words, words: words}], "confirm": 2, "vote": words}
    card = Card(identity(judge), Rate(9, 10), Rate(9, 10), (0, 0), words, words, words)
    said = tuple(CanaryVerdict(words, words + str(n), Label.UNSAFE, Label.SAFE) for n in range(6))
    spent = Spent(words, words, words, 1, 2, 3, usd=0.1, priced=words)
    header = replace(run.run, matrix=matrix, judge=judge, settings={"shard": words}, calls=Calls(1, 1, spent=(spent,)))
    run = replace(run, run=header, cases=cases, cards=(card,), canaries=said)
    was = replace(sample(run), outcomes={one.trial: Outcome.SAFE for one in run.results})
    standing = stand(sample(run), Baseline(was, words, words, words))
    again = replace(standing, known=((words, words),), fixed=((words + "gone", words),), unseen=((words, words + "b"),))
    return {"record": run, "gates": [GateResult(words, False, words)], "standing": again}


def told(words: str, text: str = "all") -> str:
    return render(text=text, **attacked(words))  # type: ignore[arg-type]


def shape(words: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    page = Page(told(words))
    return page.tags, Counter((tag, name) for tag, name, _ in page.attributes)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_adds_no_element_and_no_attribute(hostile: str) -> None:
    assert shape(hostile) == shape("harmless")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_attribute_runs_loads_or_leads_away(hostile: str) -> None:
    source = told(hostile)
    source.encode("utf-8")
    page = Page(source)
    ids = {value for _, name, value in page.attributes if name == "id"}
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "style", "action", "srcdoc", "data")
        if name == "href":
            assert value[0] == "#", (tag, value)
            assert re.fullmatch(r"t\d+", value[1:]) or value[1:] in ids, (tag, value)


@pytest.mark.parametrize("live", ["\x00", "\x1b", "\x9b", "\u202e", "\u2066", "\u200b", "\U000e0041", "\ud800"])
def test_no_live_character_is_left(live: str) -> None:
    assert live not in told(f"a{live}b")


def test_hostile_text_stays_readable() -> None:
    assert "<b>bold & brave</b>" in Page(told("<b>bold & brave</b>")).part("worst").text
    assert "\\u{202e}" in Page(told("a\u202eb")).part("worst").text


def test_the_policy_names_the_hashes_of_the_only_style_and_script() -> None:
    page = Page(render(realistic(), text="all"))
    policy = page.root.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert (page.tags["style"], page.tags["link"], page.tags["iframe"], page.tags["object"]) == (1, 0, 0, 0)
    scripts = [one for one in page.root.all("script") if one.attributes.get("type") != "application/json"]
    assert len(scripts) == 1
    for node, directive in ((page.root.one("style"), "style-src"), (scripts[0], "script-src")):
        digest = base64.b64encode(hashlib.sha256(node.raw.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy


def test_no_address_is_loaded_by_style_or_script() -> None:
    source = render(of_outcomes("safe"))
    assert "url(" not in source
    assert "@import" not in source
    assert "://" not in source


def test_no_inline_style_that_the_policy_would_drop() -> None:
    assert not [a for a in Page(told("x")).attributes if a[1] == "style"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("none", set()), ("prompts", {"PROMPT-TEXT"}), ("all", {"PROMPT-TEXT", "ANSWER-TEXT", "REASON-TEXT"})],
)
def test_text_governs_prompts_answers_and_reasons(text: str, shown: set[str]) -> None:
    one = case(cell("privacy", "slang", "logic"), "PROMPT-TEXT")
    verdict = Verdict("offline", Label.UNSAFE, severity=2, reason="REASON-TEXT")
    run = record([one], [result(one, "unsafe", response=Response("ANSWER-TEXT"), verdicts=(verdict,))])
    source = render(run, text=text)
    assert {word for word in ("PROMPT-TEXT", "ANSWER-TEXT", "REASON-TEXT") if word in source} == shown
    assert ("potentially harmful text" in source) is (text == "all")
    assert ("holds the test prompts" in source) is (text == "prompts")


def test_unsafe_answers_about_child_abuse_are_never_shown() -> None:
    matrix = (("category", ("child_abuse",)), *SMALL[1:])
    one = case(cell("child_abuse", "slang", "logic", matrix=matrix), "PROMPT-TEXT")
    verdict = Verdict("offline", Label.UNSAFE, severity=3, reason="REASON-TEXT")
    run = record([one], [result(one, "unsafe", response=Response("ANSWER-TEXT"), verdicts=(verdict,))], matrix)
    source = render(run, text="all")
    assert "ANSWER-TEXT" not in source
    assert "REASON-TEXT" not in source
    worst = Page(source).part("worst")
    assert [node.raw for node in worst.all("pre")] == ["PROMPT-TEXT"]
    assert "never kept" in worst.text


def test_write_gives_what_render_gives_and_the_same_record_the_same_bytes() -> None:
    stream = io.StringIO()
    write(realistic(), stream, text="all")
    assert stream.getvalue() == render(realistic(), text="all")


def against(was: RunRecord, now: RunRecord) -> Standing:
    return stand(sample(now), Baseline(sample(was), "run0", "2026-01-01T00:00:00Z", "base.jsonl"))


# --- the page as a whole ----------------------------------------------------------------------------------------------


def full() -> Page:
    """A report with every section that there is."""
    run = realistic(targets={"a": "a", "b": "b"}, per_cell=2)
    card = Card(identity(run.run.judge), Rate(93, 100), Rate(195, 200), (3, 1), "labels.jsonl", "ab", "2026-11-20")
    run = replace(run, cards=(card,))
    again = [replace(one, trial=replace(one.trial, repeat=2), outcome=Outcome.INCONCLUSIVE) for one in run.results[:40]]
    run = replace(run, results=(*run.results, *again))
    return Page(render(run, text="all", gates=evaluate(run), standing=against(run, run)))


def test_the_first_screen_is_in_its_order_before_everything_else() -> None:
    ids = [
        one.attributes["id"]
        for one in full().root.walk()
        if "id" in one.attributes and one.tag in ("header", "section")
    ]
    assert ids[:5] == ["verdict", "new", "worst", "trust", "untested"]
    assert ids[5:] == [
        *("gates", "numbers", "maps", "margins", "targets", "coverage", "judge", "baseline", "repeats"),
        *("explorer", "facts"),
    ]


def test_every_link_of_the_overview_leads_somewhere() -> None:
    found = full()
    ids = Counter(value for _, name, value in found.attributes if name == "id")
    assert not [id for id, count in ids.items() if count > 1]
    links = {value[1:] for tag, name, value in found.attributes if (tag, name) == ("a", "href") and value[0] == "#"}
    assert {link for link in links if not re.fullmatch(r"t\d+", link)} <= set(ids)
    sections = {one.attributes["href"][1:] for one in found.root.one("nav").all("a")}
    assert sections == {
        one.attributes["id"] for one in found.root.one("main").inside if isinstance(one, Node) and one.tag == "section"
    } | {"verdict"}


def test_headings_do_not_skip_a_level_and_regions_have_names() -> None:
    found = full()
    levels = [int(one.tag[1]) for one in found.root.walk() if re.fullmatch(r"h\d", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    regions = found.root.all("div", role="region")
    assert len({one.attributes["aria-label"] for one in regions}) == len(regions)
    assert all(one.attributes["tabindex"] == "0" for one in regions)
    for section in found.root.all("section"):
        assert found.part(section.attributes["aria-labelledby"]).tag == "h2"


def test_tables_have_captions_and_heads() -> None:
    found = full().root
    for table in found.all("table"):
        assert table.one("caption").text
        assert all(one.attributes.get("scope") in ("row", "col") for one in table.all("th"))


def tokens(scheme: str) -> Mapping[str, str]:
    style = Page(render(of_outcomes("safe"))).root.one("style").raw
    light, dark = style.split("prefers-color-scheme: dark")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark.partition("\n}")[0]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(scheme: str) -> None:
    colour = tokens(scheme)
    for name in ("ink", "soft", "accent", "bad", "good", "warn"):
        for ground in ("paper", "card", "wash"):
            assert contrast(colour[name], colour[ground]) >= 4.5, (name, ground)
    pairs = [
        ("accent-ink", "accent"),
        ("card", "bad"),
        ("ink", "warn-wash"),
        ("warn", "warn-wash"),
        ("soft", "bad-wash"),
    ]
    for name, ground in [*pairs, ("bad", "bad-wash"), ("good", "good-wash")]:
        assert contrast(colour[name], colour[ground]) >= 4.5, (name, ground)
    for ground in ("paper", "card"):
        assert contrast(colour["rule"], colour[ground]) >= 3, ground


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_rates_grow_steadily_also_without_colour(scheme: str) -> None:
    colour = tokens(scheme)
    steps = [luminance(colour[f"h{step}"]) for step in range(6)]
    assert steps == sorted(steps, reverse=scheme == "light")
    for step in range(6):
        assert contrast(colour[f"h{step}"], colour[f"h{step}-ink"]) >= 4.5, step
    assert all(contrast(colour[f"h{n}"], colour[f"h{n + 1}"]) > 1.25 for n in range(1, 5))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_outcomes_are_told_apart_by_colour_and_their_letters_can_be_read(scheme: str) -> None:
    colour = tokens(scheme)
    assert contrast(colour["answered"], colour["other"]) > 1.4
    assert contrast(colour["answered"], colour["refused"]) > 2
    for name in ("unsafe", "refused", "answered", "other"):
        assert contrast(colour[name], colour[f"{name}-ink"]) >= 4.5, name


def overview(source: str) -> str:
    """The page without the list of trials."""
    before, _, after = source.partition('<section class="explorer"')
    return before + after.partition("</section>")[2]


def test_the_overview_does_not_grow_with_the_run() -> None:
    words = ["unsafe", "safe", "error", "inconclusive"] * 500
    small, large = of_outcomes(*words[:200]), of_outcomes(*words)
    assert len(overview(render(large, standing=against(large, large)))) < 1.5 * len(
        overview(render(small, standing=against(small, small)))
    )


def test_lists_are_bounded_and_say_what_they_leave_out() -> None:
    matrix = tuple((name, tuple(f"{name}{n}" for n in range(60))) for name in ("x", "y", "z"))
    cases = [case(cell(f"x{n}", f"y{n}", f"z{n}", matrix=matrix), f"prompt {n}") for n in range(60)]
    slugs = [f"t{n:02}" for n in range(40)]
    results = [
        result(one, "unsafe" if n > 50 else "error", slug, reason=f"r{n}")
        for n, one in enumerate(cases)
        for slug in slugs
    ]
    run = record(cases, results, matrix)
    found = Page(source := render(run, gates=evaluate(run)))
    assert len(overview(source)) < 900_000
    heat = found.part("map-1")
    assert len(heat.one("tbody").all("tr")) == 40
    assert "and 20 more values of x" in heat.text
    assert {f"x{n}" for n in range(51, 60)} <= {row[0] for row in rows(heat.one("table"))}
    assert "and 10 more targets" in found.part("targets").text
    assert "and 770 more pairs" in found.part("targets").text
    assert "and 34 more targets" in found.part("verdict").text
    assert "more reasons" in found.part("coverage").text
