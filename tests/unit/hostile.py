"""Texts that must stay text in every report, and a run in which one stands wherever foreign text can reach."""

from __future__ import annotations

from dataclasses import replace

from records import case, cell, record, result

from astral.model import Label, Response, Review, RunRecord, Verdict

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
    "<!--<script>",
    "</noscript></dialog><p>",
    "&lt;script&gt; &#60;b&#62;",
    "\u202egnihton\u202c \u2066x\u2069 \u200b",
    "nul \x00 escape \x1b[2J c1 \x9b bell \x07",
    "surrogate \ud800 tag \U000e0041",
    "<meta http-equiv=refresh content=0;url=http://example.org>",
)


def run_with(words: str) -> RunRecord:
    """A run in which ``words`` stand in every place that foreign text can reach."""
    news = dict.fromkeys(("title", "publisher", "date", "query", "source", "retrieved", "url"), words)
    origin = {"writer": words, "fallback": words, "seeds": [words], "source": words, "flags": [words], "news": [news]}
    one = replace(
        case(cell("privacy", "slang", "logic"), words, words), id=words, provenance=origin, extra={f"x_{words}": words}
    )
    twin = replace(case(cell("privacy", "slang", "proof"), words, twin_of=words), id=words + "2")
    verdict = Verdict(words, Label.UNSAFE, severity=3, reason=words, signals=(words,))
    found = [
        result(
            one,
            "unsafe",
            words,
            reason=words,
            detail=words,
            response=Response(words, words, words, earlier=(words,)),
            verdicts=(verdict,),
            origin=words,
            review=Review(Label.UNSAFE, words, words, words),
        ),
        result(twin, "error", words + "b", reason=words, detail=words),
    ]
    run = record([one, twin], found, targets={words: words, words + "b": words})
    header = replace(
        run.run, id=words, started=words, suite={words: words}, judge={words: [words]}, versions={words: words}
    )
    return replace(run, run=header)
