"""The explorer of the HTML report in a real browser: what it shows, how it is used, that foreign text stays text."""

import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from hostile import HOSTILE, run_with
from records import case, cell, of_outcomes, realistic, record, result

from astral.baseline import Baseline, stand
from astral.escape import visible
from astral.model import Label, Outcome, Response, Review, Verdict
from astral.reports.html import render
from astral.samples import sample

TARGETS = {"gpt-4": "gpt-4", "llama3": "openai:llama3@http://localhost:11434/v1"}


def varied():
    """196 trials of two targets and some repeats, with splits and reviews, against another run as baseline."""
    run, told = realistic(targets=TARGETS), []
    for number, one in enumerate(run.results):
        if one.outcome is Outcome.UNSAFE and number % 5 == 0:
            review = Review(Label.UNSAFE, "ada", "2026-02-01T00:00:00Z", "A note on the answer", Outcome.UNSAFE)
            told.append(replace(one, review=review))
        elif one.verdicts and number % 7 == 0:
            other = Verdict("guard:llama-guard3", Label.SAFE, reason="nothing matched", score=0.12, signals=("calm",))
            told.append(replace(one, verdicts=(*one.verdicts, other)))
        else:
            told.append(one)
        if number % 11 == 0:
            told.append(replace(one, trial=replace(one.trial, repeat=2)))
    run = replace(run, results=tuple(told))
    known = Baseline(sample(realistic(seed=3, targets=TARGETS)), "run0", "2026-01-01T00:00:00Z", "known.json")
    return run, stand(sample(run), known)


@pytest.fixture(scope="module")
def told():
    """The run of most tests, and how it stands against its baseline."""
    return varied()


@pytest.fixture(scope="module")
def report(told, tmp_path_factory):
    """Its report, as the address of a file."""
    return _put(tmp_path_factory.mktemp("report"), render(told[0], text="all", standing=told[1]))


def _put(folder, source):
    path = folder / "report.html"
    path.write_text(source, encoding="utf-8")
    return path.as_uri()


def opened(tab, address, hash=""):
    """The report in a tab, once its list is there."""
    tab.goto("about:blank")
    tab.goto(address + hash)
    _settled(tab)
    return tab


def _settled(tab):
    tab.locator("#explorer-rows[aria-busy=false]").wait_for(state="attached")


def led(tab, hash):
    """The report at another place, as if a link had led there."""
    tab.evaluate(
        """hash => new Promise((done) => {
          if (decodeURIComponent(location.hash) === hash) return done();
          addEventListener('hashchange', () => done(), { once: true });
          location.hash = hash;
        })""",
        hash,
    )
    _settled(tab)


def shown(tab):
    """The numbers of all trials in the list, in its order; what is not drawn yet is asked for."""
    _settled(tab)
    while (more := tab.locator("#explorer-more button")).count():
        more.click()
    return tab.eval_on_selector_all(
        "#explorer-rows a.row", "rows => rows.map(row => Number(/^#t([0-9]+)/.exec(row.hash)[1]))"
    )


def counted(tab):
    """``12 of 245 trials`` as a number."""
    words = tab.locator("#explorer-words").inner_text().replace(",", "")
    return int(re.search(r"(\d+)( of|) *\d*", words.removeprefix("All "))[1])


def gone_wrong(tab, address):
    """What the page complained of, and what it asked for beside itself."""
    return tab.faults + [url for url in tab.asked if url.partition("#")[0] not in (address, "about:blank")]


def typed(tab, text):
    tab.locator("#explorer-text").fill(text)
    _settled(tab)


# --- filters ----------------------------------------------------------------------------------------------------------


def expected(run, standing):
    """By what trials can be filtered, counted by Python: for each filter, the values of each trial."""
    groups = {"new": standing.new, "known": standing.known, "fixed": standing.fixed, "unseen": standing.unseen}
    states = {question: name for name, questions in groups.items() for question in questions}
    finals = {}
    for one in run.results:
        if one.outcome.final:
            finals.setdefault((one.trial.case_id, one.trial.target), set()).add(one.outcome)
    found = []
    for one in run.results:
        of, question = run.cases[one.trial.case_id], (one.trial.case_id, one.trial.target)
        labels = {verdict.label for verdict in one.verdicts}
        marks = {"confirmed by people": one.review, "judges split": {Label.SAFE, Label.UNSAFE} <= labels}
        marks["repeats differ"] = len(finals.get(question, ())) > 1
        outcome = one.outcome.value if one.outcome is not Outcome.SAFE else "refused" if one.refused else "answered"
        found.append(
            {
                "outcome": {outcome},
                "severity": {"" if one.severity is None else str(one.severity)},
                "baseline": {states.get(question, "")},
                **{dimension: {value} for dimension, value in of.cell.pairs},
                "target": {one.trial.target},
                "oracle": {f"{verdict.oracle}: {verdict.label}" for verdict in one.verdicts},
                "marks": {mark for mark, there in marks.items() if there},
                "reason": {one.reason},
                "kind": {"twin" if of.twin_of else "prompt"},
            }
        )
    return found


def passing(found, **wanted):
    """The numbers of the trials that have one of the wanted values everywhere."""
    numbers = range(1, len(found) + 1)
    return {n for n in numbers if all(found[n - 1][key] & values for key, values in wanted.items())}


def test_each_value_of_each_filter_shows_exactly_the_trials_that_have_it(told, report, tab):
    found = expected(*told)
    opened(tab, report)
    tried = Counter()
    for key in found[0]:
        for value in sorted(set().union(*(one[key] for one in found))):
            led(tab, f"#{key}={value}")
            right = passing(found, **{key: {value}})
            assert (counted(tab), set(shown(tab))) == (len(right), right), (key, value)
            tried[key] += 1
    assert set(tried) == set(found[0])
    assert min(tried.values()) >= 2, "a filter with one value filters nothing"
    assert gone_wrong(tab, report) == []


def test_menus_and_buttons_say_how_many_trials_each_choice_leaves(told, report, tab):
    found = expected(*told)
    opened(tab, report)
    tab.get_by_role("group", name="outcome").get_by_role("button", name=re.compile("^unsafe")).click()
    tab.get_by_label("category", exact=True).select_option(label=_option(tab, "category", "privacy"))
    chosen = {"outcome": {"unsafe"}, "category": {"privacy"}}
    assert set(shown(tab)) == passing(found, **chosen)
    for words in tab.get_by_label("category", exact=True).locator("option").all_inner_texts():
        name, number = re.fullmatch(r"(.*) \((\d+)\)", words).groups() if words != "several" else ("several", 0)
        if name not in ("any", "several"):
            right = passing(found, outcome={"unsafe"}, category={name.replace(" ", "_")})
            assert int(number) == len(right), name
    for words in tab.get_by_label("target", exact=True).locator("option").all_inner_texts():
        name, _, number = words.partition(" (")
        if name in TARGETS:
            assert int(number.rstrip(")")) == len(passing(found, **chosen, target={name}))
    tab.get_by_role("group", name="outcome").get_by_role("button", name=re.compile("^blocked")).click()
    assert set(shown(tab)) == passing(found, outcome={"unsafe", "blocked"}, category={"privacy"})
    tab.get_by_role("button", name="clear filters").click()
    assert counted(tab) == len(found)
    assert tab.get_by_role("button", name="clear filters").is_hidden()


def _option(tab, label, value):
    options = tab.get_by_label(label, exact=True).locator("option").all_inner_texts()
    return next(words for words in options if words.startswith(value.replace("_", " ")))


def texts(run, one):
    """Everything that the words of a search are looked for in."""
    of = run.cases[one.trial.case_id]
    parts = [one.trial.id, " / ".join(of.cell.values).replace("_", " "), one.reason, *of.turns]
    parts += [one.response.text, one.response.model or ""] if one.response else []
    for verdict in one.verdicts:
        parts += [verdict.reason, *verdict.signals]
    if one.review:
        parts += [one.review.note, f"{one.outcome}, as {one.review.who} said, {one.review.when[:10]}"]
    return "\n".join(parts).lower()


def test_a_search_finds_the_trials_that_have_all_words(told, report, tab):
    run, _ = told
    haystacks = [texts(run, one) for one in run.results]
    sealed = [one.verdicts and "child_abuse" in run.cases[one.trial.case_id].cell.values for one in run.results]
    opened(tab, report)
    found = {}
    for words in (
        "prompt 3-1",
        "[unsafe-content]",
        "I CAN'T help",
        "  step   2 ",
        "hate speech",
        "matched",
        "ada",
        "xyz",
    ):
        wanted = words.lower().split()
        right = {n for n, text in enumerate(haystacks, 1) if all(word in text for word in wanted)}
        typed(tab, words)
        differing = right ^ set(shown(tab))
        assert all(sealed[number - 1] for number in differing), "only what is not in the file cannot be found"
        found[words] = counted(tab)
        assert found[words] == len(shown(tab))
    assert found.pop("xyz") == 0
    assert all(0 < number < len(run.results) for number in found.values()), found


def test_typing_on_and_deleting_again_find_the_same(report, tab):
    opened(tab, report)
    for words in ("", "s", "st", "step", "step 1", "step 1 x", "step 1", "st", "xt", ""):
        typed(tab, words)
        at_once = shown(tab)
        typed(tab, "nothing like it")
        typed(tab, words)
        assert shown(tab) == at_once, words


def test_searching_and_filtering_go_together_and_a_link_keeps_both(told, report, tab, new_tab):
    run, standing = told
    found = expected(run, standing)
    opened(tab, report)
    typed(tab, "step 1")
    tab.get_by_role("group", name="against the baseline").get_by_role("button", name=re.compile("^new")).click()
    right = {
        n
        for n in passing(found, baseline={"new"})
        if "step 1" in texts(run, run.results[n - 1]) and "child_abuse" not in run.results[n - 1].trial.case_id
    }
    assert set(shown(tab)) == right
    tab.wait_for_function("() => location.hash === '#baseline=new&text=step%201'")
    other = opened(new_tab(), tab.url)
    assert set(shown(other)) == right
    assert other.locator("#explorer-text").input_value() == "step 1"
    assert other.evaluate("document.getElementById('explorer').getBoundingClientRect().top < innerHeight")


def test_a_value_that_no_trial_has_leaves_none(report, tab):
    assert shown(opened(tab, report, "#category=gardening")) == []
    assert counted(tab) == 0


def test_grouped_trials_are_counted_group_by_group(told, report, tab):
    found = expected(*told)
    opened(tab, report)
    for key in found[0]:
        led(tab, f"#group={key}")
        counts = Counter(value for one in found for value in one[key] or {"none"})
        heads = tab.locator("button.group")
        assert sorted(int(number) for number in heads.locator(".num").all_inner_texts()) == sorted(counts.values()), key
        assert tab.locator("a.row").count() == 0
        heads.first.click()
        number = int(heads.first.locator(".num").inner_text())
        assert heads.first.get_attribute("aria-expanded") == "true"
        assert tab.locator("a.row").count() == min(number, 25)


# --- the page of one trial --------------------------------------------------------------------------------------------


def test_the_page_of_a_trial_tells_all_of_it_and_its_answer_is_folded(tab, tmp_path):
    one = replace(
        case(cell("privacy", "slang", "logic"), "What is a kite?"),
        provenance={"writer": "llm:m", "news": [{"title": "A ruling", "url": "https://news.example/1"}]},
    )
    twin = case(one.cell, "What is a kind kite?", twin_of=one.id)
    verdict = Verdict("judge", Label.UNSAFE, severity=2, reason="It says too much.", score=0.91, signals=("steps",))
    review = Review(Label.UNSAFE, "ada", "2026-02-01T00:00:00Z", "I agree.", Outcome.UNSAFE)
    run = record(
        [one, twin],
        [
            result(one, "unsafe", response=Response("THE ANSWER", "m-7"), verdicts=(verdict,), review=review),
            result(one, "safe", repeat=2),
            result(twin, "safe", response=Response("THE KIND ANSWER")),
        ],
    )
    known = Baseline(sample(record([one], [result(one, "safe")])), "run0", "2026-01-01T00:00:00Z", "known.json")
    opened(tab, _put(tmp_path, render(run, text="all", standing=stand(sample(run), known))), "#t1")
    page = tab.get_by_role("dialog", name="privacy / slang / logic")
    words = page.inner_text()
    for told in (
        ["What is a kite?", "What is a kind kite?", "It says too much.", "0.91", "signals: steps", "m-7"],
        ["unsafe, as ada said, 2026-02-01", "I agree.", "New: unsafe now, safe there.", "known.json", "llm:m"],
        ["A ruling", "https://news.example/1", "Benign twin", "m, repeat 2", f"{one.id}.m"],
    ):
        for piece in told:
            assert piece in words, piece
    assert "THE ANSWER" not in words
    assert "THE KIND ANSWER" not in words
    link = page.get_by_role("link", name="https://news.example/1")
    assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noopener noreferrer nofollow", "_blank")
    page.get_by_text("Answer: 10 characters, may be harmful").click()
    assert page.get_by_text("THE ANSWER").is_visible()
    page.get_by_role("link", name="open").click()
    page.get_by_role("heading", name="The prompt it is the twin of").wait_for()
    assert "Baselines hold no benign twins." in page.inner_text()
    page.get_by_role("link", name="open").click()
    page.get_by_role("heading", name="Benign twin").wait_for()
    page.get_by_role("link", name="m, repeat 2").click()
    page.get_by_text("m, repeat 2 (this one)").wait_for()
    assert tab.url.endswith("#t2")
    assert tab.faults == []


def test_a_conversation_is_shown_turn_by_turn(tab, tmp_path):
    talk = case(cell("privacy", "slang", "logic"), "PROMPT-1", "PROMPT-2")
    verdicts = (Verdict("judge", Label.UNSAFE, severity=1, turn=1), Verdict("judge", Label.SAFE, turn=2))
    answer = Response("ANSWER-2", earlier=("ANSWER-1",))
    run = record([talk], [result(talk, "unsafe", response=answer, verdicts=verdicts)])
    opened(tab, _put(tmp_path, render(run, text="all")), "#t1")
    tab.keyboard.press("o")
    words = tab.locator("#case").inner_text()
    places = [words.index(word) for word in ("PROMPT-1", "ANSWER-1", "PROMPT-2", "ANSWER-2")]
    assert places == sorted(places)
    assert tab.get_by_role("columnheader", name="turn").count() == 1


def test_links_back_and_reload_lead_where_one_expects(report, tab):
    opened(tab, report)
    assert tab.locator("#case").is_hidden()
    typed(tab, "privacy")
    row = tab.locator("a.row").nth(1)
    number = re.match(r"#t(\d+)", row.get_attribute("href"))[1]
    row.click()
    tab.locator("#case[open]").wait_for()
    assert tab.url.endswith(f"#t{number}&text=privacy")
    tab.reload()
    tab.locator("#case[open]").wait_for()
    assert tab.locator("#explorer-text").input_value() == "privacy"
    tab.go_back()
    tab.locator("#case").wait_for(state="hidden")
    assert tab.url.endswith("#text=privacy")
    tab.go_forward()
    tab.locator("#case[open]").wait_for()
    tab.keyboard.press("Escape")
    tab.locator("#case").wait_for(state="hidden")
    assert tab.url.endswith("#text=privacy")
    tab.evaluate("location.hash = '#coverage'")
    tab.wait_for_timeout(50)
    assert tab.locator("#explorer-text").input_value() == "privacy", "anchors elsewhere on the page change nothing here"
    tab.evaluate("location.hash = '#t9999'")
    tab.get_by_text("There is no trial 9999").wait_for()
    assert tab.locator("#case").is_hidden()
    assert gone_wrong(tab, report) == []


def test_a_page_that_was_closed_is_not_opened_by_back(report, tab):
    opened(tab, report)
    tab.locator("a.row").first.click()
    tab.locator("#case[open]").wait_for()
    tab.keyboard.press("j")
    tab.keyboard.press("Escape")
    tab.locator("#case").wait_for(state="hidden")
    tab.go_back()
    assert tab.url == "about:blank"
    opened(tab, report, "#t2")
    tab.keyboard.press("Escape")
    tab.locator("#case").wait_for(state="hidden")
    assert tab.url == f"{report}#trials", "who came by a link stays in the report"


def test_a_broken_link_opens_the_report_all_the_same(report, tab):
    for hash in ("#%", "#t0", "#t1e9", "#text=%E0%A4%A", "#=&&=", "#__proto__=x", "#group=x&order=y", "#numbers"):
        opened(tab, report, hash)
        assert (counted(tab) > 0) is (hash[:5] != "#text"), hash
        assert tab.locator("#case").is_hidden()
    assert tab.faults == []


def test_links_of_the_overview_open_trials_and_close_to_where_one_was(told, report, tab):
    opened(tab, report)
    link = tab.locator("main a[href^='#t']").first
    link.scroll_into_view_if_needed()
    before = tab.evaluate("scrollY")
    link.click()
    tab.locator("#case[open]").wait_for()
    tab.get_by_role("button", name="Close").click()
    tab.locator("#case").wait_for(state="hidden")
    assert abs(tab.evaluate("scrollY") - before) < 5
    assert link.evaluate("one => one === document.activeElement")


def test_everything_is_done_by_keyboard(report, tab):
    opened(tab, report, "#category=privacy")
    tab.keyboard.press("/")
    tab.keyboard.type("step 1")
    _settled(tab)
    assert tab.locator("#explorer-text").input_value() == "step 1"
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    tab.wait_for_function("() => document.activeElement === document.body")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("k")
    assert _focused_row(tab) == 1
    tab.keyboard.press("Enter")
    tab.locator("#case[open]").wait_for()
    assert tab.evaluate("document.activeElement.id") == "case-title"
    assert "2 of" in tab.locator("#case .place").inner_text()
    assert tab.locator("details.answer[open]").count() == 0
    tab.keyboard.press("o")
    assert tab.locator("#case details.answer[open]").count() == tab.locator("#case details.answer").count() > 0
    tab.keyboard.press("j")
    assert "3 of" in tab.locator("#case .place").inner_text()
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("k")
    tab.keyboard.press("k")
    assert "1 of" in tab.locator("#case .place").inner_text(), "the first one has none before it"
    tab.keyboard.press("Escape")
    tab.locator("#case").wait_for(state="hidden")
    assert _focused_row(tab) == 0, "the keyboard goes on at the row of the page that was left"


def _focused_row(tab):
    return tab.evaluate("[...document.querySelectorAll('a.row')].indexOf(document.activeElement)")


def test_single_keys_can_be_switched_off(report, tab):
    opened(tab, report)
    tab.get_by_label("keys").uncheck()
    tab.keyboard.press("j")
    assert _focused_row(tab) == -1
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") != "explorer-text"


def test_every_control_has_a_name_and_every_table_heads(report, tab):
    opened(tab, report, "#t1")
    nameless = """() => [...document.querySelectorAll('#explorer button, #explorer select, #explorer input')]
      .filter((one) => !(one.labels?.length || one.getAttribute('aria-label') || one.textContent.trim())).length"""
    assert tab.evaluate(nameless) == 0
    assert tab.locator("#explorer-words[role=status]").count() == 1
    assert tab.locator("#case th:not([scope])").count() == 0
    assert tab.locator("#case table").count() == tab.locator("#case table caption").count()
    title = tab.locator("#case-title").inner_text()
    assert tab.get_by_role("dialog", name=title).is_visible()


# --- windows, colours, paper ------------------------------------------------------------------------------------------


def test_long_lists_are_drawn_a_piece_at_a_time_and_counted_whole(tab, tmp_path):
    address = _put(tmp_path, render(of_outcomes(*["safe", "unsafe", "refused"] * 100)))
    opened(tab, address)
    assert tab.locator("a.row").count() == 100
    assert counted(tab) == 300
    tab.get_by_role("button", name="show 100 more").click()
    assert tab.locator("a.row").count() == 200
    assert _focused_row(tab) == 100
    opened(tab, address, "#group=outcome")
    tab.locator("button.group").first.click()
    assert tab.locator("a.row").count() == 25
    tab.get_by_role("button", name="show 75 more").click()
    assert tab.locator("a.row").count() == 100
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.faults == []
    opened(tab, address)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("a.row").count() == 300, "paper shows more than a screen"


def test_the_worst_stands_first(told, report, tab):
    run, _ = told
    first = [run.results[number - 1] for number in shown(opened(tab, report))]
    unsafe = [one for one in first if one.outcome is Outcome.UNSAFE]
    assert first[: len(unsafe)] == unsafe
    assert [one.severity for one in unsafe] == sorted((one.severity for one in unsafe), reverse=True)
    assert shown(opened(tab, report, "#order=plan")) == list(range(1, len(run.results) + 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_trial_has_the_colours_of_the_scheme(report, new_tab, scheme):
    tab = opened(new_tab(color_scheme=scheme), report, "#t1")
    light = tab.evaluate("""() => {
      const [r, g, b] = getComputedStyle(document.getElementById('case')).backgroundColor.match(/[0-9]+/g).map(Number);
      return r + g + b > 382;
    }""")
    assert light is (scheme == "light")
    assert gone_wrong(tab, report) == []


def test_nothing_is_wider_than_a_narrow_screen(report, new_tab):
    tab = opened(new_tab(viewport={"width": 390, "height": 780}), report)
    for hash in ("", "#t1", "#group=category"):
        led(tab, hash)
        for place in ("html", "#explorer", "#case"):
            assert tab.locator(place).evaluate("one => one.scrollWidth - one.clientWidth") <= 0, (hash, place)


def test_only_what_can_be_read_is_printed(report, tab):
    opened(tab, report, "#outcome=unsafe,error&text=step")
    assert tab.locator("#explorer-chosen").is_hidden()
    tab.emulate_media(media="print")
    assert tab.locator("#explorer-tools").is_hidden()
    assert tab.locator("#explorer-chosen").inner_text() == "outcome: unsafe or error; words: step"
    assert tab.locator("a.row").first.is_visible()
    opened(tab, report, "#t1")
    assert tab.locator("#case h2").is_visible()
    assert tab.locator("#case .bar").is_hidden()
    assert tab.locator("a.row").first.is_hidden(), "an open page is printed alone"


# --- texts ------------------------------------------------------------------------------------------------------------

OWNED = (
    "<script>document.title = 'owned'</script></script><img src=x onerror=\"document.title='owned'\">"
    "<svg onload=\"document.title='owned'\"></svg>"
    "<a href=\"javascript:document.title='owned'\" onclick=\"document.title='owned'\">on</a> "
    "\u202egnihtemos\u202c zero\u200bwidth \x1b[31m {{ 7 * 7 }} ${7 * 7} <!--<script>"
)


def checked(tab, tmp_path, words):
    """Open every place of a report that is full of ``words``, and see that they are text there."""
    address = _put(tmp_path, render(run_with(words), text="all"))
    opened(tab, address)
    for hash in ("#group=target", "#group=oracle", "#t2", "#t1"):
        led(tab, hash)
        tab.locator("#explorer summary").evaluate_all("all => all.forEach((one) => { one.parentElement.open = true })")
        assert tab.title().startswith("ASTRAL: ")
        for made in ("img", "script:not([type='application/json'])", "svg", "style", "meta", "a[onclick]"):
            assert tab.locator(f"#explorer {made}").count() == 0
        links = tab.eval_on_selector_all("#explorer a", "all => all.map((one) => one.getAttribute('href'))")
        assert not [link for link in links if not link.startswith("#")]
        handlers = "all => all.flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on'))"
        assert tab.eval_on_selector_all("*", handlers) == []
    assert tab.locator("#case pre").all_inner_texts() == [visible(words)] * 5
    for piece in ("blockquote", ".reason", ".signals", ".meta dd code"):
        assert visible(words).strip() in tab.locator(f"#case {piece}").first.inner_text().replace("\n", " ")
    assert gone_wrong(tab, address) == []


def test_nothing_that_strangers_write_is_more_than_text(tab, tmp_path):
    checked(tab, tmp_path, OWNED)


@pytest.mark.slow
@pytest.mark.parametrize("words", ["javascript:document.title='owned'", *HOSTILE])
def test_none_of_many_hostile_texts_is_more_than_text(tab, tmp_path, words):
    checked(tab, tmp_path, words)


def test_a_report_without_texts_says_what_its_search_covers(told, tab, tmp_path):
    run, standing = told
    address = _put(tmp_path, render(run, text="none", standing=standing))
    opened(tab, address)
    assert "Placeholder" not in tab.content()
    assert "covers ids, cells and targets only" in tab.locator("#explorer-state").inner_text()
    typed(tab, "placeholder")
    assert counted(tab) == 0
    some = run.results[7].trial.id
    typed(tab, some)
    assert 8 in shown(tab)
    tab.locator("a.row").first.click()
    assert "not in this file (text=none)" in tab.locator("#case").inner_text()
    assert gone_wrong(tab, address) == []


def test_without_scripts_the_findings_can_be_read(told, report, new_tab):
    run, _ = told
    tab = new_tab(java_script_enabled=False)
    tab.goto(report)
    first = next(number for number, one in enumerate(run.results, 1) if one.outcome is Outcome.UNSAFE)
    row = tab.locator(f"#explorer tr#t{first}")
    assert run.results[first - 1].trial.id in row.inner_text()
    assert tab.locator("#explorer-tools").is_hidden()
    assert "runs no scripts" in tab.locator("#explorer noscript .lead").inner_text()
    assert row.is_visible()
    assert gone_wrong(tab, report) == []
