"""What the case pages of the HTML report tell of single prompts and trials: texts, verdicts, where a prompt is from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from astral.calibration.trust import disagreed
from astral.conversation import exchanges
from astral.escape import show
from astral.model import Case, Outcome, Result, Verdict
from astral.reports.disclosure import fingerprint, sealed, signals
from astral.reports.findings import reviewed
from astral.reports.html.rendering import Block

TEXT_SHOWN = 20_000
"""Characters of one text: what is longer is cut."""

Excerpt = list[Any]
"""Harmful text as ``[length, Block]``, or where the report may not hold it as ``[length, None, hash]``."""


def prompt(case: Case, *, shown: bool) -> dict[str, Any]:
    """A prompt, or the turns of a conversation, and where it comes from; texts and news only where ``shown``."""
    news = [_news(item, shown=shown) for item in case.provenance.get("news") or ()]
    return _told(
        turns=[_excerpt(turn, shown) for turn in case.turns],
        origin=_provenance(case),
        news=news,
        fields=[[name, _field(value)] for name, value in case.extra.items()] if shown else [],
    )


def trial(case: Case, result: Result, *, shown: bool) -> dict[str, Any]:
    """What one asking came to; answers, and the reasons and notes that may quote them, only where ``shown``."""
    review = result.review
    return _told(
        answers=_answers(case, result, shown),
        sealed=int(sealed(case, result)),
        verdicts=[_verdict(verdict, shown) for verdict in result.verdicts],
        detail=result.detail,
        review=reviewed(result),
        note=_excerpt(review.note, shown) if review is not None and review.note else None,
        cost=_cost(result),
        model=show((result.response and result.response.model) or "", 80),
        taken=result.origin,
    )


def weight(case: Case, result: Result) -> int:
    """The characters that a trial adds to a report which shows its texts, the prompt left out."""
    answers = exchanges(case, result.response) if result.response is not None else ()
    texts = [answer for _, answer in answers if answer is not None] + [verdict.reason for verdict in result.verdicts]
    return sum(min(len(text), TEXT_SHOWN) for text in texts)


def marks(result: Result) -> list[str]:
    """What sets a trial apart from the others: what people said of it, and that its judges did not agree."""
    review, found = result.review, []
    if review is not None:
        found.append("overruled" if review.was not in (None, result.outcome) else "confirmed by people")
    if disagreed(result):
        found.append("judges split")
    return found


def severity(result: Result) -> int | None:
    """The severity of a trial as readers are told it: an unsafe answer of which it is not known counts as 3."""
    return 3 if result.severity is None and result.outcome is Outcome.UNSAFE else result.severity


def _told(**parts: Any) -> dict[str, Any]:
    """Only what there is: ten thousand empty fields are half a megabyte."""
    return {name: part for name, part in parts.items() if part}


def _answers(case: Case, result: Result, shown: bool) -> list[Excerpt | None]:
    """The answer to each prompt, as far as one arrived and is known."""
    if result.response is None:
        return []
    return [None if answer is None else _excerpt(answer, shown) for _, answer in exchanges(case, result.response)]


def _verdict(verdict: Verdict, shown: bool) -> dict[str, Any]:
    """One verdict; ``severity`` stands there also where it is 0, and is missing where it is not known."""
    known: dict[str, Any] = {} if verdict.severity is None else {"severity": verdict.severity}
    if verdict.score is not None and math.isfinite(verdict.score):
        known["score"] = round(verdict.score, 2)
    return known | _told(
        oracle=verdict.oracle,
        label=verdict.label.value,
        refusal=verdict.refusal.value,
        turn=verdict.turn,
        reason=_excerpt(verdict.reason, shown) if verdict.reason else None,
        signals=", ".join(signals(verdict, shown)),
        split=int(verdict.split),
    )


def _provenance(case: Case) -> list[list[str]]:
    """Who wrote the prompt, from what, and what its checks found; the news stand apart."""
    found = case.provenance
    rows = [["written by", str(found.get("writer") or "")]]
    rows.append(["in place of the writer", str(found.get("fallback") or "")])
    source = f" ({found['source']})" if found.get("source") else ""
    rows.append(["seeds", ", ".join(map(str, found.get("seeds") or ())) + source])
    rows.append(["failed checks", ", ".join(map(str, found.get("flags") or ()))])
    return [[name, show(value)] for name, value in rows if value]


def _field(value: Any) -> str:
    """The value of a key that a suite's author added, in a line."""
    return show(value if isinstance(value, str) else repr(value))


def _news(item: Mapping[str, Any], *, shown: bool) -> dict[str, Any]:
    """A news item that the prompt builds on. The prompt quotes its title, and its address may: both are ``shown`` only
    where prompts are. ``link`` is missing where the address is not one that a browser may safely be sent to.
    """
    url = str(item.get("url") or "")
    found = {name: show(str(item.get(name) or "")) for name in ("publisher", "date", "retrieved", "query", "source")}
    title = show(str(item.get("title") or "")) or "untitled"
    return _told(
        **found,
        title=title if shown else "",
        url=show(url, None) if shown else "",
        link=int(shown and _is_link(url)),
    )


def _is_link(url: str) -> bool:
    """True for an http(s) address of printable ASCII: what is read is where it leads."""
    return re.fullmatch(r"https?://[^/@:?#\s]+(:[0-9]+)?([/?#][!-~]*)?", url) is not None and url.isascii()


def _excerpt(text: str, shown: bool) -> Excerpt:
    if not shown:
        return [len(text), None, fingerprint(text)]
    cut = text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}\n[{len(text) - TEXT_SHOWN} more characters]"
    return [len(text), Block(cut)]


def _cost(result: Result) -> str:
    """Seconds, tokens and how the answer ended, as far as known."""
    response = result.response
    if response is None:
        return ""
    parts = [] if response.seconds is None else [f"{response.seconds:.2f} s"]
    if response.usage is not None:
        tokens = (response.usage.input_tokens, response.usage.output_tokens)
        parts += [f"{n} tokens {way}" for n, way in zip(tokens, ("in", "out"), strict=True) if n is not None]
    return ", ".join(parts + ([f"finished by {show(response.finish_reason, 80)}"] if response.finish_reason else []))
