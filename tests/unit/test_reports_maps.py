"""The numbers of the HTML report are those of the record: tiles, gates, heat maps, margins, targets."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace

import pytest
from pages import Node, Page, rows
from records import SMALL, case, cell, of_outcomes, realistic, record, result

from astral.gates import GateResult
from astral.model import Calls, Outcome, RunRecord, Spent
from astral.reports.html import render
from astral.samples import compared, prompts, sample
from astral.stats import Rate, holm

PASSED, FAILED = GateResult("any", True, "fine"), GateResult("any", False, "not fine")
INCOMPLETE = GateResult("incomplete", False, "6 of 9 trials are missing")


def page(run: RunRecord, **given: object) -> Page:
    return Page(render(run, **given))  # type: ignore[arg-type]


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_tiles_hold_the_numbers_of_the_record() -> None:
    run = realistic(per_cell=3)
    found = page(run)
    counts = Counter(one.outcome for one in run.results if run.cases[one.trial.case_id].twin_of is None)
    outcomes = dict(row for row in rows(found.part("tile-outcomes").one("table")))  # type: ignore[misc]
    for name in ("safe", "unsafe", "error", "blocked"):
        assert int(outcomes[name]) == counts[Outcome(name)]
    assert int(outcomes["planned"]) == counts.total()
    unsafe, judged = counts[Outcome.UNSAFE], counts[Outcome.UNSAFE] + counts[Outcome.SAFE]
    assert f"{unsafe}/{judged} judged" in found.part("tile-unsafe").text
    assert "benign twins" in found.part("tile-refusal").text
    assert "Not tested" in page(of_outcomes("safe")).part("tile-refusal").text
    assert "the judge has no card" in found.part("tile-corrected").text


def test_cost_has_its_price_requests_tokens_and_time() -> None:
    run = of_outcomes("safe")
    spent = Spent("api.example/v1", "m-1", "judge", 7, 1200, 340, usd=0.0123, priced="2026-10-01")
    asked = replace(run.run, calls=Calls(84, 7, 2, 1, spent=(spent,)))
    tile = page(replace(run, run=asked)).part("tile-cost")
    assert tile.one("p", kind="big").text == "$0.0123"
    assert dict(row for row in rows(tile.one("table"))) == {  # type: ignore[misc]
        "requests, target": "84",
        "requests, judge": "7",
        "requests, preflight": "2",
        "of these retries": "1",
        "tokens in": "1,200",
        "tokens out": "340",
        "time": "61 s",
    }
    assert "price of 2026-10-01" in tile.text
    assert "No request was sent." in page(run).part("tile-cost").text
    unpriced = replace(run.run, calls=Calls(84))
    assert "unknown" in page(replace(run, run=unpriced)).part("tile-cost").text


def test_every_gate_stands_there_with_its_reason_the_failed_ones_first() -> None:
    found = rows(page(of_outcomes("safe"), gates=[PASSED, INCOMPLETE]).part("gates").one("table"))
    assert found == [["incomplete", "failed", "6 of 9 trials are missing"], ["any", "passed", "fine"]]


@pytest.mark.parametrize(("words", "link"), [(("safe", "unsafe", "safe"), "#t2"), (("unsafe", "safe"), "#t1")])
def test_flaky_prompts_link_to_the_trial_that_was_unsafe(words: tuple[str, ...], link: str) -> None:
    one = case(cell("privacy", "slang", "logic"))
    found = page(record([one], [result(one, word, repeat=n) for n, word in enumerate(words, 1)]))
    assert "1 of 1 prompt did not always get the same outcome" in found.part("repeats").text
    assert found.part("repeats").one("a").attributes["href"] == link
    assert "repeats of one prompt taken as a cluster" in found.part("facts").text
    assert "trials taken as independent" in page(of_outcomes("safe")).part("facts").text


# --- maps and margins -------------------------------------------------------------------------------------------------


def shuffled(seed: int, dimensions: int = 3, cases: int = 300) -> RunRecord:
    """A run with a matrix of uneven sides, and outcomes that differ from cell to cell."""
    sides = (2, 4, 3, 2)[:dimensions]
    matrix = tuple((f"d{at}", tuple(f"v{at}{n}" for n in range(side))) for at, side in enumerate(sides))
    dice = random.Random(seed)
    found = [
        case(cell(*(dice.choice(values) for _, values in matrix), matrix=matrix), f"prompt {n}") for n in range(cases)
    ]
    words = ("unsafe", "safe", "safe", "error")
    return record(found, [result(one, dice.choice(words)) for one in found], matrix)


def judged(run: RunRecord, **values: str) -> Rate:
    """The unsafe rate of the cases with those values, counted anew."""
    chosen = [one for one in run.results if values.items() <= dict(run.cases[one.trial.case_id].cell.pairs).items()]
    outcomes = Counter(one.outcome for one in chosen)
    return Rate(outcomes[Outcome.UNSAFE], outcomes[Outcome.UNSAFE] + outcomes[Outcome.SAFE])


def shown(rate: Rate) -> str:
    return f"{rate.percent} {rate.fraction} {rate.percent_interval}" if rate.n else "-"


@pytest.mark.parametrize("dimensions", [2, 3, 4])
def test_each_pair_of_dimensions_has_a_map_whose_cells_are_those_of_the_record(dimensions: int) -> None:
    run = shuffled(dimensions, dimensions)
    maps = page(run).part("maps").all("div", kind="map")
    assert len(maps) == dimensions * (dimensions - 1) // 2
    assert len(page(run).root.all("input", type="radio")) == (len(maps) if len(maps) > 1 else 0)
    for one in maps:
        down, across = one.attributes["data-map"].split(":")
        heads = [head.text for head in one.one("thead").all("th")][:-1]
        for row in rows(one.one("table")):
            name, *cells, whole = row
            assert whole == shown(judged(run, **{down: name}))
            for head, words in zip(heads, cells, strict=True):
                assert words == shown(judged(run, **{down: name, across: head})), (name, head)


def colours(found: Node) -> list[int]:
    steps = (re.fullmatch(r"h(\d)", one.attributes.get("class", "")) for one in found.all("td"))
    return [int(step[1]) for step in steps if step]


def test_cells_with_few_judged_trials_show_outcomes_not_a_colour() -> None:
    few, many = (page(of_outcomes(*words)).part("map-1") for words in (["unsafe", "refused"], ["unsafe"] * 80))
    assert not colours(few)
    assert colours(many) == [5, 5, 5, 5]
    assert [len(found.all("td", kind="none")) for found in (few, many)] == [3, 0]
    assert [mark.text for mark in few.all("span", kind="mark")] == ["U", "R"]
    assert few.all("td", kind="none")[0].text == "not planned"
    unjudged = page(of_outcomes("error")).part("map-1")
    assert [mark.text for mark in unjudged.all("span", kind="mark")] == ["E"], "planned, so not hatched"


def test_a_cell_above_0_per_cent_never_takes_the_colour_of_zero() -> None:
    one = [case(cell("privacy", "slang", "logic"), f"prompt {n}") for n in range(1000)]
    run = record(one, [result(c, "safe" if n else "unsafe") for n, c in enumerate(one)])
    assert colours(page(run).part("map-1")) == [1]


def test_margins_of_every_dimension_have_rates_and_drawn_intervals() -> None:
    run = shuffled(9)
    found = page(run).part("margins").all("div", kind="margin")
    assert [one.attributes["data-dimension"] for one in found] == ["d0", "d1", "d2"]
    for one in found:
        for name, _, _, fraction, interval in rows(one.one("table")):
            rate = judged(run, **{one.attributes["data-dimension"]: name})
            assert (fraction, interval) == (rate.fraction, rate.percent_interval)
        assert all(row.all("rect", kind="bar") for row in one.one("tbody").all("tr"))


def test_drawn_intervals_stay_on_their_scale() -> None:
    several = realistic(targets={"a": "a", "b": "b"})
    for run in (of_outcomes("unsafe"), of_outcomes(*["safe"] * 300), shuffled(1), several):
        for bar in page(run).root.all("rect", kind="bar"):
            start, width = float(bar.attributes["x"]), float(bar.attributes["width"])
            assert start >= 0
            assert start + width <= 100.51


@pytest.mark.parametrize("matrix", [(), SMALL[:1], SMALL[:2]])
def test_smaller_matrices(matrix: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    one = case(cell(*(values[0] for _, values in matrix), matrix=matrix), "words")
    found = page(record([one], [result(one, "unsafe")], matrix))
    assert "1 of 1 judged answer is unsafe" in found.root.one("h1").text
    assert len(found.root.all(id="maps")) == (1 if len(matrix) == 2 else 0)


# --- targets ----------------------------------------------------------------------------------------------------------


def of_targets(**words: list[str]) -> RunRecord:
    """The same prompts asked of several targets."""
    runs = [of_outcomes(*outcomes, targets=(name,)) for name, outcomes in words.items()]
    return record(runs[0].cases.values(), [one for run in runs for one in run.results])


def test_targets_are_compared_prompt_by_prompt_after_holm() -> None:
    run = of_targets(a=["safe"] * 40, b=[*["unsafe"] * 12, *["safe"] * 28], c=[*["unsafe"] * 3, *["safe"] * 37])
    one = sample(run)
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    paired = {pair: compared(prompts(one, one, *pair)) for pair in pairs}
    adjusted = dict(zip(pairs, holm([paired[pair].p for pair in pairs]), strict=True))
    found = rows(page(run).part("duels"))
    assert [tuple(row[:2]) for row in found] == sorted(pairs, key=lambda pair: adjusted[pair])
    for first, second, count, _, _, _, more, less, p, so in found:
        pair = (first, second)
        assert (count, more, less) == ("40", str(paired[pair].better), str(paired[pair].worse))
        assert float(p.removeprefix("<")) == pytest.approx(max(adjusted[pair], 0.001), rel=0.06)
        assert ("is unsafe more often" in so) is (adjusted[pair] <= 0.05)
    assert found[0][-1] == "b is unsafe more often"


def test_each_target_has_a_row_and_one_target_has_no_table() -> None:
    found = page(realistic(targets={"a": "a", "b": "b"})).part("targets")
    assert [row[0] for row in rows(found.all("table")[0])] == ["a", "b"]
    assert not page(realistic()).root.all(id="targets")
