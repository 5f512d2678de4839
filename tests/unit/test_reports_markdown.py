"""The summary and the comment: what stands in them, bounded, and inert whatever a run was told."""

import re
from dataclasses import replace

import pytest
from accounts import HOSTILE, against, hostile, many
from records import case, cell, of_outcomes, realistic, record, result
from test_markdown import GFM, check_inert, inline

from astral.errors import ReportError
from astral.gates import GateResult, evaluate
from astral.markdown import COMMENT_LIMIT
from astral.model import Response, Verdict
from astral.reports import comment, summary
from astral.reports.account import Account

OURS = re.compile(
    r"<!-- pytest-astral targets=[a-z0-9_+,-]+ -->\n|<details><summary>[\w.+?-]+: harmful text</summary>\n|</details>\n"
)
RENDERS = {"md": summary.render, "comment": comment.render}


@pytest.fixture(params=RENDERS)
def render(request):
    return RENDERS[request.param]


def rendered(render, account):
    """The tokens of a page; HTML in it is ours alone."""
    tokens = GFM.parse(render(account))
    html = [token.content for token in tokens if token.type == "html_block"]
    assert all(OURS.fullmatch(text) for text in html), html
    return [token for token in tokens if token.type != "html_block"]


def shape(tokens):
    """What a page is made of, whatever stands in it: tables with their cells, lists, headings, blocks."""
    return [token.type for token in tokens if token.type != "inline"]


@pytest.mark.parametrize("level", ["none", "prompts", "all"])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_stays_text_wherever_it_stands(render, text, level):
    tokens = rendered(render, hostile(text, level))
    check_inert(tokens)
    assert shape(tokens) == shape(rendered(render, hostile("plain", level)))


@pytest.mark.parametrize(
    ("level", "shown"), [("none", set()), ("prompts", {"PROMPT-TEXT"}), ("all", {"PROMPT-TEXT", "ANSWER-TEXT"})]
)
def test_harmful_text_is_there_only_where_it_may_be(render, level, shown):
    asked = case(cell("violence", "slang", "proof"), "PROMPT-TEXT")
    verdict = Verdict("offline", "unsafe", severity=2, reason="REASON-TEXT")
    found = record([asked], [result(asked, "unsafe", verdicts=(verdict,), response=Response("ANSWER-TEXT"))])
    page = render(Account(found, text=level))
    assert {word for word in ("PROMPT-TEXT", "ANSWER-TEXT", "REASON-TEXT") if word in page} == shown


def test_no_line_of_a_text_begins_a_line_of_the_page(render):
    """Some bots take ``/approve`` at the start of a line for an order, in a block of code as well."""
    asked = case(cell("violence", "slang", "proof"), "/hold\n/lgtm cancel")
    found = record([asked], [result(asked, "unsafe", response=Response("/approve\n\t/merge"))])
    page = render(Account(found, text="all"))
    assert "/approve" in page
    assert not re.search(r"^/", page, re.MULTILINE)


def test_answers_of_the_sealed_category_are_never_shown(render):
    matrix = (("category", ("child_abuse",)), ("style", ("slang",)), ("persuasion", ("proof",)))
    asked = case(cell("child_abuse", "slang", "proof"), "PROMPT-TEXT")
    found = record([asked], [result(asked, "unsafe", response=Response("ANSWER-TEXT"))], matrix)
    page = render(Account(found, text="all"))
    assert "PROMPT-TEXT" in page
    assert "ANSWER-TEXT" not in page


def test_the_verdict_stands_first_then_gates_findings_and_rates():
    found = of_outcomes("unsafe", "safe", "safe", "error")
    page = summary.render(Account(found, evaluate(found)))
    order = [
        "**Failed by the gates any and incomplete: 1 of 3 judged",
        "| `any` | **failed** |",
        "| `evidence` | passed |",
    ]
    order += ["#### Unsafe answers, worst first", "#### Rates", "| `m` | 1/3 (33 %, 95 % CI 6-79 %) |", "**Coverage**"]
    order += ["**Judge**", "**Not tested**", "**About this run**", "`astral report run1 text=all"]
    places = [page.index(part) for part in order]
    assert places == sorted(places)


def test_a_comment_begins_with_the_line_by_which_a_workflow_finds_it():
    one, two = of_outcomes("safe"), of_outcomes("unsafe", "safe", targets=("m", "gpt-4o"))
    assert comment.render(Account(one)).splitlines()[0] == "<!-- pytest-astral targets=m -->"
    again = replace(one, run=replace(one.run, id="another"))
    assert comment.marker(Account(one)) == comment.marker(Account(again))
    assert comment.marker(Account(two)) == "<!-- pytest-astral targets=m,gpt-4o -->"
    crowd = of_outcomes("safe", targets=tuple(f"model-{n}" for n in range(40)))
    assert re.fullmatch(r"<!-- pytest-astral targets=[0-9a-f]{12} -->", comment.marker(Account(crowd)))


def test_what_is_new_stands_apart_from_what_is_known(render):
    cases = [case(cell("violence", "slang", "proof"), f"prompt {n}") for n in range(5)]
    outcomes = [("unsafe", "unsafe"), ("safe", "unsafe"), ("unsafe", "safe"), ("unsafe", "error"), ("safe", "safe")]
    then, now = (record(cases, [result(c, o[at]) for c, o in zip(cases, outcomes, strict=True)]) for at in (0, 1))
    page = render(against(now, then))
    assert "**1 new**, 1 known, 1 fixed, 1 not seen again" in page
    assert f"* new: `{cases[1].id}.m`" in page
    assert f"* fixed: `{cases[2].id}.m`" in page
    assert f"| 2 | **new** | `{cases[1].id}.m`" in page
    assert f"| 2 | known | `{cases[0].id}.m`" in page
    assert page.index(f"| `{cases[1].id}.m`") < page.index(f"| `{cases[0].id}.m`")
    assert "of 4 shared prompts unsafe 2 then, 2 now" in page


@pytest.mark.parametrize(("form", "limit", "listed"), [("md", summary.LIMIT, 20), ("comment", COMMENT_LIMIT, 10)])
def test_ten_thousand_findings_are_cut_to_the_worst(form, limit, listed):
    crowd = many(10_000)
    page = RENDERS[form](replace(against(crowd, of_outcomes("safe")), text="all"))
    assert len(page.encode()) <= limit
    rows = re.findall(r"^\| 3 \|.*$", page, re.MULTILINE)
    assert len(rows) == listed
    assert not re.findall(r"^\| [12] \|", page, re.MULTILINE)
    assert f"... and {10_000 - listed} more: `astral report run1`" in page
    assert f"worst first ({listed} of 10000)" in page


def test_a_comment_that_would_be_too_long_says_what_is_left_out():
    asked = [case(cell("violence", "slang", "proof"), f"{n} " + "ü" * 3_000, "ä" * 3_000) for n in range(30)]
    found = record(asked, [result(c, "unsafe", response=Response("ö" * 5_000)) for c in asked])
    page = comment.render(Account(found, text="all"))
    assert COMMENT_LIMIT - 20_000 < len(page.encode()) <= COMMENT_LIMIT
    assert re.search(r"\n\d+ more lines do not fit into a comment; see the other reports of this run\.\n$", page)
    assert page.count("<details>") == page.count("</details>") > 0
    check_inert([token for token in GFM.parse(page) if token.type != "html_block"])


def test_a_summary_takes_no_more_room_than_it_is_given():
    page = summary.render(Account(realistic(share=0.5), text="all"), 6_000)
    assert len(page.encode()) <= 6_000
    assert "do not fit here" in page
    with pytest.raises(ReportError, match="only 100 bytes are left"):
        summary.render(Account(realistic()), 100)


def test_several_targets_have_a_row_each_and_no_rate_in_common(render):
    page = render(Account(of_outcomes("unsafe", "safe", targets=("m", "n"))))
    assert "| `m` | 1/2 (50 %, 95 % CI 9-91 %) |" in page
    assert "| `n` | 1/2 (50 %, 95 % CI 9-91 %) |" in page
    assert "2/4" not in page


@pytest.mark.parametrize("outcomes", [(), ("error",), ("not_run", "blocked"), ("safe",)])
def test_a_run_without_a_finding_is_no_proof_of_safety(render, outcomes):
    found = of_outcomes(*outcomes)
    page = render(Account(found, evaluate(found)))
    assert "worst first" not in page
    said = "no unsafe answer in 1 judged (95 % CI 0-98 %)" if outcomes == ("safe",) else "No evidence"
    assert said in page


def test_the_same_account_gives_the_same_bytes_whatever_the_order_of_its_results(render):
    found = realistic(3, share=0.4)
    page = render(Account(found, (GateResult("any", True, "because"),)))
    assert page == render(Account(replace(found, results=found.results[::-1]), (GateResult("any", True, "because"),)))


def test_bold_and_code_are_the_only_marks(render):
    kinds = {child.type for child in inline(rendered(render, against(realistic(1), realistic(2))))}
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
