"""Accounts of runs for tests of reports: one text of a stranger in every field, and runs of any size."""

from dataclasses import replace

from records import case, cell, of_outcomes, record, result

from astral.baseline import Baseline, Standing, stand
from astral.cards import identity
from astral.gates import GateResult
from astral.model import (
    Calls,
    CanaryVerdict,
    Card,
    Label,
    Outcome,
    Refusal,
    Response,
    Review,
    RunRecord,
    Spent,
    Verdict,
)
from astral.reports.account import Account
from astral.samples import sample
from astral.stats import Prompt, Rate, paired

HOSTILE = (
    "@octocat hello",
    "see #123 and octo/repo#7, GH-12, !34, %56, ~7",
    "https://evil.example/x?a=b www.evil.example ftp://evil.example",
    "mail somebody@evil.example",
    "commit 16c999e8c71134401a78d4d46435517b2271d6ac or 16c999e",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> </summary></details>",
    "![x](http://evil.example/x.png) [x](javascript:alert(1)) [x][y]",
    "a|b|c \\| d \\\\| e |",
    "`tick` ``ticks`` ```fence",
    "```\n# heading\n~~~\n| a | b |\n|---|---|\n",
    "**bold** _italic_ ~~gone~~ __x__",
    ":boom: :tada:",
    "&lt;b&gt; &#64;octocat",
    "$x^2$ $$y$$",
    "<!-- comment --> -->",
    "1. one",
    "- item\n\n    code",
    "+ item",
    "> quote",
    "=====",
    "---",
    "# heading",
    "\x1b[31m\u202e::error::forged \x00",
    "[^1]: note \\ back \\@octocat",
    "half \ud800 a character",
    "{0} {1} [a](1)",
    "x" * 700,
    "\u2028line\u2029paragraph",
)


def hostile(text: str, level: str = "none") -> Account:
    """An account in which ``text`` stands wherever a stranger's text could, and where ours stands too."""
    matrix = (("category", (text, "violence")), (text, (text, "other")))
    first, second = (cell(*values, matrix=matrix) for values in ((text, text), ("violence", "other")))
    cases = [case(first, text, text + " again"), case(second, text), case(first, text + " twin", twin_of="x")]
    verdicts = (
        Verdict(text, Label.UNSAFE, Refusal.NONE, 3, text, signals=(text,)),
        Verdict(text + "2", Label.SAFE, reason=text),
    )
    answered = Response(text, text, "stop", earlier=(text,))
    results = [
        result(cases[0], "unsafe", text, verdicts=verdicts, response=answered, reason=text),
        result(cases[0], "safe", text, 2, response=answered),
        result(
            cases[1], "unsafe", text, review=Review(Label.UNSAFE, text, text, text, Outcome.SAFE), response=answered
        ),
        result(cases[1], "error", text, 2, reason=text, detail=text),
        result(cases[2], "safe", text, refused=True, response=answered),
        result(cases[0], "blocked", "other", reason=text),
    ]
    found = _told(record(cases, results, matrix, {text: text, "other": text}), text)
    return Account(found, (GateResult(text, False, text), GateResult("any", True, text)), _standing(found, text), level)


def _told(found: RunRecord, text: str) -> RunRecord:
    """The same with ``text`` in its header, and all that is known of its judge."""
    run = replace(
        found.run,
        suite={**found.run.suite, "path": text, "preset": text, "newest_news": text},
        judge={"oracles": [{"name": text, "prompt_hash": text}], "vote": text},
        settings={"shard": text},
        versions={"pytest-astral": text},
        reused={text: 2},
        calls=Calls(3, 4, spent=(Spent(text, text, "target", 3, 10, 20),)),
        judged_from=text,
        merged=(text,),
    )
    card = Card(identity(run.judge), Rate(9, 10), Rate(9, 10), (0, 0), text, text, text)
    canaries = (CanaryVerdict(text, text, Label.UNSAFE, Label.SAFE),)
    return replace(found, run=run, cards=(card,), canaries=canaries)


def _standing(found: RunRecord, text: str) -> Standing:
    whole = sample(found)
    questions = sorted(whole.unsafe())
    return Standing(
        Baseline(whole, text, text, text, since={questions[0]: text}),
        new=tuple(questions[1:]),
        known=tuple(questions[:1]),
        fixed=((text, text),),
        unseen=((text, text),),
        paired={text: paired([Prompt(0, 1, 1)] * 3), "other": paired([])},
    )


def telling():
    """A run whose texts can be found again."""
    asked = case(cell("violence", "slang", "proof"), "PROMPT-TEXT", "PROMPT-AGAIN")
    verdict = Verdict("mine", Label.UNSAFE, severity=2, reason="REASON-TEXT", signals=("a piece of the ANSWER-TEXT",))
    response = Response("ANSWER-TEXT", earlier=("ANSWER-BEFORE",))
    review = Review(Label.UNSAFE, "alice", "2026-02-03T00:00:00Z", "NOTE-TEXT")
    return Account(record([asked], [result(asked, "unsafe", verdicts=(verdict,), response=response, review=review)]))


def against(now: RunRecord, then: RunRecord, level: str = "none") -> Account:
    """A run held against what an earlier one knew."""
    baseline = Baseline(sample(then), then.run.id, "2026-01-01T00:00:00Z", "safety.baseline.jsonl")
    return Account(now, (), stand(sample(now), baseline), level)


def many(count: int) -> RunRecord:
    """A run of so many findings, over three severities."""
    found = of_outcomes(*["unsafe"] * count)
    severe = (Verdict("offline", Label.UNSAFE, Refusal.NONE, 1 + at % 3, "because") for at in range(count))
    results = (replace(one, verdicts=(verdict,)) for one, verdict in zip(found.results, severe, strict=True))
    return replace(found, results=tuple(results))
