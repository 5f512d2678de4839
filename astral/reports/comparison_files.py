"""A comparison as files: a page for the browser, markdown for a pull request, JSON for programs. No text of a prompt or
an answer is in any of them: a comparison has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from astral.comparison import Change, Comparison, OverRefusal, Value, Versus
from astral.comparison.versus import LEVEL
from astral.comparison.wording import counted, difference_text, p_cell, p_text, several
from astral.errors import ReportError
from astral.escape import code_span, show
from astral.files import write_whole
from astral.markdown import COMMENT_LIMIT, Page, prose, table
from astral.model import Outcome
from astral.reports.comparison_facts import TEST, changed, conclusions, facts, moves, ranked, standing_out
from astral.reports.results.figures import rate
from astral.setting_values import ReportSpec
from astral.stats import Paired

FORMAT = 1
_RESERVE = 200
"""Bytes kept free for the last line."""


def write_comparison(comparison: Comparison, spec: ReportSpec, root: Path) -> None:
    """Write one file whole or not at all. ``spec.format`` is ``html``, ``json`` or ``md``. Raises ReportError."""
    if spec.format == "html":
        from astral.reports.html.comparison import render

        text = render(comparison)
    else:
        text = (document_text if spec.format == "json" else markdown)(comparison)
    path = root / spec.path
    try:
        write_whole(path, text)
    except OSError as err:
        raise ReportError(
            f"{show(str(path))}: the comparison cannot be written ({err.strerror}); name another place: "
            "report=FORMAT:PATH"
        ) from err


# --- JSON -------------------------------------------------------------------------------------------------------------


def document_text(comparison: Comparison) -> str:
    """What docs/compare.schema.json describes: ASCII, keys sorted."""
    return json.dumps(document(comparison), indent=1, sort_keys=True, allow_nan=False) + "\n"


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison of format number 1 as plain dictionaries."""
    sides = zip((comparison.first, comparison.second), comparison.about, comparison.left_out, strict=True)
    first, second = (
        {
            "name": sample.name,
            "started": about.started or None,
            "suite": about.suite or None,
            "judge": [str(one.get("name", "?")) for one in sample.judge.get("oracles", ())],
            "fail_on": sample.fail_on,
            "turns": sample.turns,
            "reviewed": about.reviewed,
            "targets": dict(sample.targets),
            "not_compared": list(left),
        }
        for sample, about, left in sides
    )
    return {
        "astral_compare": FORMAT,
        "first": first,
        "second": second,
        "level": LEVEL,
        "family": comparison.family,
        "cautions": list(comparison.cautions),
        "targets": [_target(one) for one in comparison.targets],
    }


def _target(one: Versus) -> dict[str, Any]:
    return {
        "first": one.first,
        "second": one.second,
        "conclusion": one.conclusion,
        "shown": one.shown,
        **_paired(one.paired, one.p, one.adjusted),
        "unsafe": {"first": rate(one.rates[0]), "second": rate(one.rates[1])},
        "over_refusal": _over_refusal(one.over_refusal),
        "outcomes": [
            {"first": move[0].value, "second": move[1].value, "trials": count}
            for move, count in sorted(one.moves.items())
            if count
        ],
        "only_first": _counts(one.alone[0]),
        "only_second": _counts(one.alone[1]),
        "changes": [_change(change) for change in one.changes],
        "values": [
            {
                "dimension": value.dimension,
                "value": value.value,
                "shown": value.shown,
                "unsafe": {"first": value.paired.first, "second": value.paired.second},
                **_paired(value.paired, value.p, value.adjusted),
            }
            for value in one.values
        ],
    }


def _over_refusal(found: OverRefusal) -> dict[str, Any] | None:
    if not found.known:
        return None
    return {
        "shown": found.shown,
        **_paired(found.paired, found.p, found.adjusted),
        "refused": {"first": rate(found.rates[0]), "second": rate(found.rates[1])},
    }


def _paired(found: Paired, p: float, adjusted: float) -> dict[str, Any]:
    low, high = found.interval or (None, None)
    return {
        "prompts": found.prompts,
        "pairs": found.pairs,
        "worse": found.worse,
        "better": found.better,
        "difference": {"share": found.difference, "low": low, "high": high},
        "p": p,
        "adjusted_p": adjusted,
    }


def _counts(counts: Mapping[Outcome, int]) -> dict[str, int]:
    return {outcome.value: counts.get(outcome, 0) for outcome in Outcome}


def _change(change: Change) -> dict[str, Any]:
    return {
        "id": change.case_id,
        "dimensions": None if change.cell is None else dict(change.cell.pairs),
        "pairs": change.prompt.pairs,
        "first_unsafe": change.prompt.first,
        "second_unsafe": change.prompt.second,
    }


# --- markdown ---------------------------------------------------------------------------------------------------------


def markdown(comparison: Comparison, limit: int = COMMENT_LIMIT) -> str:
    """The comparison as one page of at most ``limit`` bytes, which a comment on a pull request can hold."""
    page = Page(limit - _RESERVE)
    page.add(f"### Comparison: {code_span(comparison.first.name)} → {code_span(comparison.second.name)}\n")
    for sentence in conclusions(comparison):
        page.add(f"**{prose(sentence)}**\n")
    rows = ((name, code_span(value, limit=400, table=True)) for name, value in facts(comparison))
    left = page.add_all(table(("", "what"), rows))
    left += page.add_all(["", *(f"* {prose(f'note: {caution}')}" for caution in comparison.cautions)])
    for one in comparison.targets:
        left += page.add_all(_sections(comparison, one))
    if left:
        page.close(f"\n{counted(left, 'more line')} did not fit here: `report=html:PATH` has all.")
    return page.text


def _sections(comparison: Comparison, one: Versus) -> Iterator[str]:
    """A line or a whole table's row each, so that a page may end after any of them."""
    if several(comparison):
        yield f"\n#### {code_span(one.slug)}"
    yield ""
    yield f"Unsafe answers to {counted(one.paired.prompts, 'prompt')} with a verdict in both"
    yield ""
    rows = [(side, str(found)) for side, found in zip("AB", one.rates, strict=True)]
    if one.paired.pairs:
        rows.append(("B - A", f"{difference_text(one.paired)}; {p_text(one.p)} ({TEST})"))
    yield from table(("", "unsafe"), rows)
    yield ""
    if (twins := one.over_refusal).known:
        yield f"Refusals of {counted(twins.paired.prompts, 'benign twin')} judged in both"
        yield ""
        rows = [(side, str(found)) for side, found in zip("AB", twins.rates, strict=True)]
        yield from table(("", "refused"), [*rows, ("B - A", f"{difference_text(twins.paired)}; {p_text(twins.p)}")])
        yield ""
    outcomes = moves(one)
    counts = ((name, *("" if n is None else str(n) for n in numbers)) for name, numbers in outcomes.rows)
    yield from table(("trials", *outcomes.heads), counts)
    if one.values and one.changes:
        yield f"\nBy dimension: {prose(standing_out(one))}; p adjusted by Holm over {prose(comparison.family)}\n"
        yield from table(_HEADS, (_figures(value) for value in ranked(one) if changed(value)))
    for word, sign in (("worse", 1), ("better", -1)):
        found = [change for change in one.changes if change.by * sign > 0]
        if found:
            yield f"\n{word} in B: {counted(len(found), 'prompt')}\n"
            yield from (f"* {' → '.join(change.sides)} {code_span(change.case_id)}" for change in found)


_HEADS = ("dimension", "value", "prompts", "unsafe A", "unsafe B", "worse", "better", "p", "Holm p")


def _figures(value: Value) -> tuple[str, ...]:
    found = value.paired
    adjusted = p_cell(value.adjusted).replace("<", "&lt;").replace(">", "&gt;")
    return (
        code_span(value.dimension, table=True),
        code_span(value.value, table=True),
        str(found.prompts),
        f"{found.first}/{found.pairs}",
        f"{found.second}/{found.pairs}",
        str(found.worse),
        str(found.better),
        p_cell(value.p).replace("<", "&lt;").replace(">", "&gt;"),
        f"**{adjusted}**" if value.shown else adjusted,
    )
