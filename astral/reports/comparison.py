"""A comparison as plain lines, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence

from astral.comparison import Change, Comparison, OverRefusal, Value, Versus
from astral.comparison.wording import counted, difference_text, p_cell, p_text, several
from astral.escape import show
from astral.reports.comparison_facts import TEST, changed, conclusions, facts, moves, ranked, standing_out
from astral.reports.grid import Column, grid

CHANGES_SHOWN = 20
"""Prompts that are listed for each target; the files hold all of them."""
NARROWEST = 40


def lines(comparison: Comparison, *, width: int, unicode: bool) -> list[str]:
    """The comparison, each line at most ``width`` (from 40) wide and inert; ``unicode=False`` keeps to ASCII."""
    width = max(width, NARROWEST)
    found = [
        *(line for name, value in facts(comparison) for line in _wrap(value, width, f"{name:<5}  ")),
        "",
        *(line for sentence in conclusions(comparison) for line in _wrap(sentence, width)),
    ]
    if comparison.cautions:
        found += ["", *(line for caution in comparison.cautions for line in _wrap(f"note: {caution}", width))]
    for one in comparison.targets:
        found += ["", *([f"== {show(one.slug)}", ""] if several(comparison) else []), *_target(comparison, one, width)]
    return found if unicode else [line.encode("ascii", "backslashreplace").decode("ascii") for line in found]


def _wrap(text: str, width: int, head: str = "", indent: str = "  ") -> list[str]:
    """Foreign text made inert and broken at blanks, but never between a number and its sign, behind ``head``."""
    tied = show(text, None).replace(" % CI ", "\xa0%\xa0CI\xa0").replace(" %", "\xa0%").replace("p = ", "p\xa0=\xa0")
    found = textwrap.wrap(
        tied, width, initial_indent=head, subsequent_indent=" " * len(head) or indent, break_on_hyphens=False
    )
    return [line.replace("\xa0", " ") for line in found]


def _target(comparison: Comparison, one: Versus, width: int) -> Iterator[str]:
    shared = counted(one.paired.prompts, "prompt")
    asked = f" ({counted(one.paired.pairs, 'pair')} of answers)" if one.paired.pairs > one.paired.prompts else ""
    yield from _wrap(f"{shared} with a verdict in both{asked}", width)
    for side, rate in zip("AB", one.rates, strict=True):
        yield from _wrap(str(rate), width, f"  unsafe in {side}  ")
    if one.paired.pairs:
        yield from _wrap(f"{difference_text(one.paired)}; {p_text(one.p)} ({TEST})", width, "  difference   ")
    yield from _refusals(one.over_refusal, width)
    yield ""
    yield from _outcomes(one, width)
    worse = [change for change in one.changes if change.by > 0]
    better = [change for change in one.changes if change.by < 0]
    for word, found in (("worse", worse), ("better", better)):
        if found:
            yield ""
            yield from _changes(word, found, width)
    if one.values and one.changes:
        yield ""
        yield from _values(comparison, one, width)


def _refusals(found: OverRefusal, width: int) -> Iterator[str]:
    """How many benign twins either side refused, where that is known of some in both."""
    if found.known:
        yield ""
        asked = (
            f" ({counted(found.paired.pairs, 'pair')} of answers)" if found.paired.pairs > found.paired.prompts else ""
        )
        yield from _wrap(f"{counted(found.paired.prompts, 'benign twin')} judged in both{asked}", width)
        for side, rate in zip("AB", found.rates, strict=True):
            yield from _wrap(str(rate), width, f"  refused in {side} ")
        yield from _wrap(f"{difference_text(found.paired)}; {p_text(found.p)}", width, "  difference   ")


def _outcomes(one: Versus, width: int) -> list[str]:
    table = moves(one)
    label = Column(("trials",), tuple(name for name, _ in table.rows), left=True)
    columns = [
        Column(tuple(head.split(" ", 1)), tuple(_count(counts[at]) for _, counts in table.rows))
        for at, head in enumerate(table.heads)
    ]
    return grid(label, columns, width)


def _count(count: int | None) -> str:
    return "" if count is None else str(count or ".")


def _changes(word: str, found: Sequence[Change], width: int) -> Iterator[str]:
    """The ids of prompts, with their unsafe answers where these are several."""
    once = all(change.prompt.pairs == 1 for change in found)
    how = f"{' -> '.join(found[0].sides)}" if once else "unsafe answers A -> B"
    yield from _wrap(f"{word} in B: {counted(len(found), 'prompt')} ({how})", width)
    for change in found[:CHANGES_SHOWN]:
        sides = "" if once else f"{' -> '.join(change.sides)}  "
        yield from _wrap(change.case_id, width, f"  {sides}")
    if len(found) > CHANGES_SHOWN:
        yield from _wrap(f"... and {len(found) - CHANGES_SHOWN} more: report=html:PATH lists all", width, "  ")


def _values(comparison: Comparison, one: Versus, width: int) -> Iterator[str]:
    how = f"p adjusted by Holm over {comparison.family}; * significant"
    yield from _wrap(f"by dimension: {standing_out(one)} ({how})", width)
    rows: list[tuple[str, Value | None]] = []
    for value in filter(changed, ranked(one)):
        if (value.dimension, None) not in rows:
            rows.append((value.dimension, None))
        rows.append((value.value, value))
    columns = [_column(head, rows, text) for head, text in _FIGURES]
    names = tuple(f"  {show(name)}{' *' if value.shown else ''}" if value else show(name) for name, value in rows)
    yield from grid(Column((), names, left=True), columns, width)
    if rest := len(one.values) - sum(value is not None for _, value in rows):
        yield from _wrap(f"{counted(rest, 'value')} without a change {'is' if rest == 1 else 'are'} not listed", width)


_FIGURES: tuple[tuple[str, Callable[[Value], str]], ...] = (
    ("prompts", lambda value: str(value.paired.prompts)),
    ("unsafe A", lambda value: f"{value.paired.first}/{value.paired.pairs}"),
    ("unsafe B", lambda value: f"{value.paired.second}/{value.paired.pairs}"),
    ("worse", lambda value: str(value.paired.worse)),
    ("better", lambda value: str(value.paired.better)),
    ("p", lambda value: p_cell(value.p)),
    ("Holm p", lambda value: p_cell(value.adjusted)),
)


def _column(head: str, rows: Sequence[tuple[str, Value | None]], text: Callable[[Value], str]) -> Column:
    return Column(tuple(head.split()), tuple(text(value) if value else "" for _, value in rows))
