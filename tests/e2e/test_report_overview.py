"""The overview of the HTML report in a real browser: without scripts, on a phone, on paper, and by keyboard."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from records import case, cell, realistic, record, result

from astral.baseline import Baseline, stand
from astral.gates import evaluate
from astral.model import Outcome
from astral.reports.html import render
from astral.samples import sample

LONG = "a-target-with-a-name-that-is-much-longer-than-any-column"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report with every section and long names, as the address of a file."""
    run = realistic(targets={"gpt-4": "gpt-4", LONG: LONG}, per_cell=3)
    again = [replace(one, trial=replace(one.trial, repeat=2), outcome=Outcome.INCONCLUSIVE) for one in run.results[:40]]
    run = replace(run, results=(*run.results, *again))
    standing = stand(sample(run), Baseline(sample(realistic(seed=3)), "run0", "2026-01-01T00:00:00Z", "base.jsonl"))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(run, text="all", gates=evaluate(run), standing=standing), encoding="utf-8")
    return path.as_uri()


def shown(page):
    """The heat maps that can be seen."""
    return [one.get_attribute("data-map") for one in page.locator(".map").all() if one.is_visible()]


def test_heat_maps_are_chosen_without_a_script_and_by_keyboard(report, new_tab):
    page = new_tab(java_script_enabled=False)
    page.goto(report)
    assert shown(page) == ["category:style"]
    page.get_by_text("style by persuasion", exact=True).first.click()
    assert shown(page) == ["style:persuasion"]
    page.keyboard.press("ArrowLeft")
    assert shown(page) == ["category:persuasion"]


def test_the_texts_of_findings_are_folded_and_open_without_a_script(report, new_tab):
    page = new_tab(java_script_enabled=False)
    page.goto(report)
    first = page.locator("#worst details").first
    assert not first.locator("pre").first.is_visible()
    first.locator("summary").click()
    assert first.locator("pre").first.is_visible()


@pytest.mark.parametrize("width", [360, 400, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_makes_the_page_scroll_sideways(report, new_tab, width, scheme):
    page = new_tab(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(report)
    page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.faults == []
    assert page.asked == [report]


def test_the_first_screen_holds_what_matters(tmp_path, new_tab):
    run = realistic(share=0.1)
    path = tmp_path / "report.html"
    path.write_text(render(run, text="all", gates=evaluate(run)), encoding="utf-8")
    page = new_tab(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    for part in ("#verdict", "#new", "#worst", "#trust", "#untested"):
        assert page.locator(part).bounding_box()["y"] < 800, part
    assert page.locator("#worst li").last.bounding_box()["y"] < 800


def test_on_paper_all_maps_and_lists_are_open_and_texts_stay_folded(report, tab):
    tab.goto(report)
    tab.emulate_media(media="print")
    assert len(shown(tab)) == 3
    assert not tab.locator("nav.sections").is_visible()
    assert not [one for one in tab.locator("#worst pre").all() if one.is_visible()]
    lists = tab.locator("details.unfold > ul li:first-child").all()
    assert lists
    assert all(one.is_visible() for one in lists)
    tab.set_viewport_size({"width": 703, "height": 1000})  # A4 less its margins
    assert tab.evaluate("document.documentElement.scrollWidth") <= 703


def test_the_first_stop_of_the_keyboard_skips_the_links(report, tab):
    tab.goto(report)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the report"
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main")


def test_a_link_to_a_section_does_not_hide_its_heading_under_the_bar(report, new_tab):
    page = new_tab(reduced_motion="reduce")
    page.goto(report)
    page.locator("nav.sections").get_by_text("Coverage").click()
    top, bar = page.locator("#coverage-title").bounding_box()["y"], page.locator("nav.sections").bounding_box()
    assert bar["y"] == 0
    assert bar["height"] <= top < 100


def test_a_matrix_of_many_dimensions_shows_one_map_at_a_time(tmp_path, new_tab):
    matrix = tuple((f"d{n}", ("a", "b")) for n in range(5))
    one = case(cell(*"ababa", matrix=matrix), "words")
    path = tmp_path / "report.html"
    path.write_text(render(record([one], [result(one, "unsafe")], matrix)), encoding="utf-8")
    page = new_tab(java_script_enabled=False)
    page.goto(path.as_uri())
    for number in range(1, 11):
        page.locator(f"#choose-map-{number}").check()
        assert shown(page) == [page.locator(f"#map-{number}").get_attribute("data-map")]
