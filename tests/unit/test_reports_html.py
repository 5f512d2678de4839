"""The HTML report: foreign text stays text, nothing is loaded, and the numbers are those of the record."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from records import SMALL, case, cell, of_outcomes, realistic, record, result

from astral.gates import GateResult
from astral.model import Label, Response, RunRecord, Verdict
from astral.reports.html import render, write
from astral.reports.html import trials as html_trials

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</pre></details><h1>All safe</h1>",
    "javascript:alert(1)",
    '<a href="javascript:alert(1)">x</a>',
    "{{ 7 * 191 }}{% raw %}",
    "<!-- --><style>*{display:none}</style>",
    "&lt;script&gt; &#60;b&#62;",
    "\u202egnihton\u202c \u2066x\u2069 \u200b",
    "nul \x00 escape \x1b[2J c1 \x9b bell \x07",
    "surrogate \ud800 tag \U000e0041",
    "<meta http-equiv=refresh content=0;url=http://example.org>",
)


class Page(HTMLParser):
    """Counts the elements and attributes of a page, and keeps its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.inside: dict[str, str] = {}
        self.words: list[str] = []
        self._open = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("style", "script"):
            self.inside[self._open] = self.inside.get(self._open, "") + data
        else:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    @property
    def text(self) -> str:
        return "".join(self.words)


def run_with(words: str) -> RunRecord:
    """A run in which ``words`` stand in every place that foreign text can reach."""
    one = replace(case(cell("privacy", "slang", "logic"), words, words), id=words)
    twin = replace(case(cell("privacy", "slang", "proof"), words, twin_of=words), id=words + "2")
    verdict = Verdict(words, Label.UNSAFE, severity=3, reason=words)
    found = [
        result(
            one,
            "unsafe",
            words,
            reason=words,
            detail=words,
            response=Response(words, words, words),
            verdicts=(verdict,),
        ),
        result(twin, "error", words + "b", reason=words, detail=words),
    ]
    run = record([one, twin], found, targets={words: words, words + "b": words})
    header = replace(
        run.run, id=words, started=words, suite={words: words}, judge={words: [words]}, versions={words: words}
    )
    return replace(run, run=header)


def shape(words: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    page = Page(render(run_with(words), text="all", gates=[GateResult(words, False, words)]))
    return page.tags, Counter((tag, name) for tag, name, _ in page.attributes)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_adds_no_element_and_no_attribute(hostile: str) -> None:
    assert shape(hostile) == shape("harmless")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_attribute_runs_loads_or_leads_away(hostile: str) -> None:
    source = render(run_with(hostile), text="all")
    source.encode("utf-8")
    for tag, name, value in Page(source).attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "style", "action", "srcdoc", "data")
        if name == "href":
            assert re.fullmatch(r"#t\d+", value), (tag, value)


def test_hostile_text_stays_readable() -> None:
    page = Page(render(run_with("<b>bold & brave</b>"), text="all"))
    assert "<b>bold & brave</b>" in page.text
    assert "\\u{202e}" in Page(render(run_with("a\u202eb"), text="all")).text


@pytest.mark.parametrize("live", ["\x00", "\x1b", "\x9b", "\u202e", "\u2066", "\u200b", "\U000e0041", "\ud800"])
def test_no_live_character_is_left(live: str) -> None:
    assert live not in render(run_with(f"a{live}b"), text="all")


def test_line_breaks_of_an_answer_stay() -> None:
    one = case(cell("privacy", "slang", "logic"))
    run = record([one], [result(one, "safe", response=Response("first\nsecond\r\nthird"))])
    assert '<pre tabindex="0">first\nsecond\nthird</pre>' in render(run, text="all")


def test_the_policy_names_the_hashes_of_the_only_style_and_script() -> None:
    page = Page(render(realistic(), text="all"))
    (policy,) = [v for tag, name, v in page.attributes if name == "content" and v.startswith("default-src")]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert (page.tags["style"], page.tags["script"], page.tags["link"], page.tags["iframe"]) == (1, 1, 0, 0)
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        digest = base64.b64encode(hashlib.sha256(page.inside[tag].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy


def test_no_address_is_loaded_by_style_or_script() -> None:
    source = render(of_outcomes("safe"))
    assert "url(" not in source
    assert "http" not in source.replace("http-equiv", "")


def test_no_inline_style_that_the_policy_would_drop() -> None:
    assert not [a for a in Page(render(realistic(), text="all")).attributes if a[1] == "style"]


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


def test_unsafe_answers_about_child_abuse_are_never_shown() -> None:
    matrix = (("category", ("child_abuse",)), *SMALL[1:])
    one = case(cell("child_abuse", "slang", "logic", matrix=matrix))
    verdict = Verdict("offline", Label.UNSAFE, severity=3, reason="REASON-TEXT")
    run = record([one], [result(one, "unsafe", response=Response("ANSWER-TEXT"), verdicts=(verdict,))], matrix)
    source = render(run, text="all")
    assert "ANSWER-TEXT" not in source
    assert "REASON-TEXT" not in source
    assert "never kept" in source


def test_header_rate_and_coverage() -> None:
    page = Page(render(of_outcomes(*["safe"] * 84)))
    assert "No unsafe answer in 84 judged" in page.text
    assert "0 of 84 unsafe (95 % CI 0-4.3 %)" in page.text
    assert "8/8 (100 %)" in page.text
    assert "No evidence: none of 2 planned trials was judged" in render(of_outcomes("error", "blocked"))


def test_cells_with_few_judged_trials_show_outcomes_not_a_colour() -> None:
    few, many = of_outcomes("unsafe", "refused"), of_outcomes(*["unsafe"] * 80)
    colour = re.compile(r'<td class="h\d"')
    assert not colour.search(render(few))
    assert len(colour.findall(render(many))) == 4
    assert '<td class="none">' in render(few)
    assert '<td class="none">' not in render(many)


def test_a_cell_below_100_per_cent_never_takes_the_colour_of_zero() -> None:
    one = [case(cell("privacy", "slang", "logic"), f"prompt {n}") for n in range(1000)]
    run = record(one, [result(c, "safe" if n else "unsafe") for n, c in enumerate(one)])
    source = render(run)
    assert '<td class="h1"' in source
    assert '<td class="h0"' not in source


def test_targets_are_compared_and_their_links_lead_to_their_trials() -> None:
    run = realistic(targets={"a": "a", "b": "b"}, per_cell=1)
    page = Page(render(run))
    assert "Targets side by side" in page.text
    assert "Targets side by side" not in render(realistic())
    ids = {value for tag, name, value in page.attributes if name == "id"}
    links = {value[1:] for tag, name, value in page.attributes if name == "href"}
    assert links
    assert links <= ids


def test_each_target_can_be_shown_alone() -> None:
    page = Page(render(realistic(targets={"b": "b", "a": "a"})))
    buttons = [value for tag, name, value in page.attributes if (tag, name) == ("button", "data-asked")]
    assert buttons == ["all", "1", "2"]
    owners = Counter(value for tag, name, value in page.attributes if (tag, name) == ("details", "data-target"))
    assert owners["1"] == owners["2"] > 0
    assert "data-asked" not in render(realistic()).replace("button[data-asked]", "")


def test_two_targets_are_compared_prompt_by_prompt() -> None:
    a, b = of_outcomes("unsafe", "safe"), of_outcomes("safe", "safe", targets=("n",))
    run = record(a.cases.values(), [*a.results, *b.results])
    assert "m and n, 2 prompts judged for both: 1 unsafe for m only, 0 for n only" in Page(render(run)).text


def conversation(category: str = "privacy") -> RunRecord:
    """A trial of three turns whose second answer was unsafe."""
    matrix = (("category", (category,)), *SMALL[1:])
    talk = case(cell(category, "slang", "logic", matrix=matrix), "PROMPT-1", "PROMPT-2", "PROMPT-3")
    labels = (Label.SAFE, Label.UNSAFE, Label.SAFE)
    verdicts = tuple(Verdict("judge", label, severity=2, turn=turn) for turn, label in enumerate(labels, 1))
    answer = Response("ANSWER-3", earlier=("ANSWER-1", "ANSWER-2"))
    return record([talk], [result(talk, "unsafe", response=answer, verdicts=verdicts)], matrix)


def test_a_conversation_is_shown_as_turns() -> None:
    source = render(conversation(), text="all")
    places = [source.index(word) for n in (1, 2, 3) for word in (f"PROMPT-{n}", f"ANSWER-{n}")]
    assert places == sorted(places)
    page = Page(source)
    assert "Show the answer 2: 8 characters" in page.text
    assert "judge at turn 2" in page.text
    assert '<th scope="col">turn</th>' in source


@pytest.mark.parametrize(("category", "text"), [("privacy", "prompts"), ("privacy", "none"), ("child_abuse", "all")])
def test_no_answer_of_a_conversation_is_shown_where_the_last_one_is_not(category: str, text: str) -> None:
    source = render(conversation(category), text=text)
    assert "ANSWER-" not in source
    assert source.count("8 characters, hash") == (3 if text != "none" else 6)


def test_prompts_that_were_never_answered_stand_there_all_the_same() -> None:
    talk = case(cell("privacy", "slang", "logic"), "PROMPT-1", "PROMPT-2")
    page = Page(render(record([talk], [result(talk, "error")]), text="all"))
    assert page.text.count("no answer is known") == 2


def test_flaky_prompts_link_to_their_trials() -> None:
    one = case(cell("privacy", "slang", "logic"))
    page = Page(render(record([one], [result(one, word, repeat=n) for n, word in enumerate(("safe", "unsafe"), 1)])))
    assert "1 of 1 prompt did not always get the same outcome" in page.text
    assert ("a", "href", "#t1") in page.attributes
    assert "repeats of one prompt taken as a cluster" in page.text
    assert "trials taken as independent" in render(of_outcomes("safe"))


def test_gates_are_shown_when_given() -> None:
    page = Page(render(of_outcomes("safe"), gates=[GateResult("incomplete", False, "6 of 9 trials")]))
    assert "6 of 9 trials" in page.text


def test_a_huge_run_keeps_its_findings_and_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_trials, "TRIALS_SHOWN", 3)
    source = render(of_outcomes(*["safe"] * 6, "unsafe"))
    assert "4 further trials" in source
    assert source.count('<details class="trial"') == 3
    assert 'data-kind="unsafe"' in source


def test_a_huge_answer_is_cut() -> None:
    one = case(cell("privacy", "slang", "logic"))
    source = render(record([one], [result(one, "safe", response=Response("x" * 100_000))]), text="all")
    assert "[80000 more characters]" in source
    assert len(source) < 100_000


def test_tables_have_captions_and_heads() -> None:
    page = Page(render(realistic(targets={"a": "a", "b": "b"}), text="all"))
    scopes = [value for tag, name, value in page.attributes if (tag, name) == ("th", "scope")]
    assert len(scopes) == page.tags["th"]
    assert page.tags["caption"] >= page.tags["table"] - 1


def test_a_narrow_screen_scrolls_its_tables_and_not_the_page() -> None:
    source = render(realistic(targets={"a": "a", "b": "b"}, per_cell=3))
    style = Page(source).inside["style"]
    assert ".scroll { position: relative; overflow-x: auto;" in style  # else what is unseen widens the page
    for name in ("Heat map", "Findings", "Targets side by side"):
        assert re.search(rf'<div class="scroll" role="region" aria-label="{name}" tabindex="0">\n<table', source)
    narrow = style.partition("@media (max-width: 600px)")[2].partition("\n}")[0]
    assert "code.id { display: none; }" in narrow
    assert '<code class="id">' in source


def luminance(colour: str) -> float:
    """Relative luminance (https://www.w3.org/TR/WCAG21/#dfn-relative-luminance, read 2026-11-21)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(*colours: str) -> float:
    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_outcomes_are_told_apart_by_colour_and_their_letters_can_be_read(scheme: str) -> None:
    light, dark = Page(render(of_outcomes("safe"))).inside["style"].split("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    assert contrast(colours["answered"], colours["other"]) > 1.4
    assert contrast(colours["answered"], colours["refused"]) > 2
    for name in ("unsafe", "refused", "answered", "other"):
        assert contrast(colours[name], colours[f"{name}-ink"]) > 4.5, name


def test_write_gives_what_render_gives() -> None:
    stream = io.StringIO()
    write(of_outcomes("safe"), stream)
    assert stream.getvalue() == render(of_outcomes("safe"))


@pytest.mark.parametrize("matrix", [(), SMALL[:1], SMALL[:2]])
def test_smaller_matrices(matrix: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    one = case(cell(*(values[0] for _, values in matrix), matrix=matrix), "words")
    assert "1 unsafe answer in 1 judged" in render(record([one], [result(one, "unsafe")], matrix))


def test_reasons_without_a_verdict_stand_first_where_nothing_was_judged() -> None:
    def reasoned(run: RunRecord) -> str:
        return render(replace(run, results=tuple(replace(result, reason="judge_unparsed") for result in run.results)))

    nothing, some = reasoned(of_outcomes("error", "error")), reasoned(of_outcomes("unsafe", "error"))
    assert nothing.index("error: judge_unparsed") < nothing.index("Unsafe answers by")
    assert some.index("error: judge_unparsed") > some.index("Unsafe answers by")
    assert nothing.count("<h2>Trials without a verdict") == some.count("<h2>Trials without a verdict") == 1


# --- where a prompt comes from ----------------------------------------------------------------------------------------


def of_news(**item: str) -> RunRecord:
    """A run of one case that builds on one news item."""
    told = {"title": "A ruling on data", "publisher": "Westria Today", "date": "2026-01-01", "query": "privacy ruling"}
    news = told | {"source": "rss", "retrieved": "2026-01-02T00:00:00Z", "url": "https://news.example/1"} | item
    where = case(cell("privacy", "slang", "logic"))
    provenance = {"writer": "llm:m", "seeds": ["privacy-u01"], "source": "chroma", "flags": ["style"], "news": [news]}
    built = replace(where, provenance=provenance)
    return record([built], [result(built, "safe")])


def test_the_news_that_a_prompt_builds_on_stand_beside_it() -> None:
    page = Page(render(of_news(), text="prompts"))
    told = " ".join(page.words)
    for words in ("llm:m", "privacy-u01 (chroma)", "style", "A ruling on data", "Westria Today, 2026-01-01"):
        assert words in told
    assert ("a", "href", "https://news.example/1") in page.attributes
    assert ("a", "rel", "noopener noreferrer nofollow") in page.attributes


def test_a_report_without_prompts_names_no_title_and_no_address() -> None:
    source = render(of_news(), text="none")
    assert "Westria Today, 2026-01-01" in " ".join(Page(source).words)
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
    page = Page(render(of_news(url=url), text="all"))
    assert not [value for tag, name, value in page.attributes if (tag, name) == ("a", "href") and value[:1] != "#"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_foreign_text_in_news_stays_text(hostile: str) -> None:
    plain, attacked = (Page(render(of_news(title=title, publisher=title), text="all")) for title in ("x", hostile))
    assert attacked.tags == plain.tags


def test_a_target_that_refuses_harmless_requests_is_not_called_safe() -> None:
    asked = [case(cell("privacy", "slang", "logic"), f"request {number}") for number in range(8)]
    twins = [case(one.cell, f"harmless {number}", twin_of=one.id) for number, one in enumerate(asked)]
    run = record([*asked, *twins], [result(one, "safe", refused=True) for one in (*asked, *twins)])
    assert "most harmless requests were refused too (8/8 benign twins)" in render(run)
    run = record([*asked, *twins], [result(one, "safe", refused=one.twin_of is None) for one in (*asked, *twins)])
    assert "harmless requests were refused" not in render(run)
