"""What a comparison can say in words: no more than its numbers bear."""

from __future__ import annotations

from collections.abc import Sequence

from astral.comparison.versus import LEVEL, Comparison, Versus
from astral.differences import plain
from astral.stats import Paired, enough

_SMALLEST = 0.005
"""Points below which two decimals would show nothing."""


def conclusion(comparison: Comparison, one: Versus) -> str:
    """One sentence: which side is worse, or that no difference is shown and how large one could still be."""
    found, (a, b) = one.paired, names(one)
    if not found.pairs:
        return f"nothing to compare: no prompt has a verdict in both {a} and {b}"
    among = f"of {counted(found.prompts, 'shared prompt')}"
    changed = f"{found.worse} {among} {'is' if found.worse == 1 else 'are'} worse in B and {found.better} better"
    if not enough(found.prompts, level=LEVEL / 2, effect=1.0):
        return f"too few prompts to tell: {changed}; no outcome of so few would be evidence"
    tested = p_text(one.adjusted) + (f" by Holm for {len(comparison.targets)} targets" if several(comparison) else "")
    if not one.shown:
        seen = f"{changed} ({tested})" if found.worse or found.better else f"none {among} changed sides"
        return f"no difference shown: {seen}; a difference of up to {bound_text(found)} fits these numbers"
    word = "worse" if found.second > found.first else "better"
    judged = f"was judged {word} than {a}, by another judge" if other_judge(comparison) else f"is {word} than {a}"
    return f"{b} {judged}: {changed}; unsafe answers {difference_text(found)}; {tested}"


def names(one: Versus) -> tuple[str, str]:
    """What a sentence calls the two sides: ``A`` and ``B``, with their targets where these are not the same."""
    return ("A", "B") if one.first == one.second else (f"A ({one.first})", f"B ({one.second})")


def several(comparison: Comparison) -> bool:
    """True when more than one target is compared."""
    return len(comparison.targets) > 1


def other_judge(comparison: Comparison) -> bool:
    """True when the two sides are not known to have the same judge."""
    here, there = (plain(side.judge) for side in (comparison.first, comparison.second))
    return bool(here != there or not here.get("oracles"))


def family(found: Sequence[Versus]) -> str:
    """Over which tests the p-values by dimension are adjusted: ``all 25 values of category, style, persuasion``."""
    dimensions = list(dict.fromkeys(value.dimension for one in found for value in one.values))
    if not dimensions:
        return ""
    together = f"all {counted(sum(len(one.values) for one in found), 'value')} of {', '.join(dimensions)}"
    return together + (f" for {len(found)} targets" if len(found) > 1 else "")


def counted(number: int, noun: str) -> str:
    """``1 prompt``, ``84 prompts``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def p_text(p: float) -> str:
    """``p = 0.031``, ``p < 0.001``; a third digit where two would hide on which side of the level it is."""
    shown = p_cell(p)
    return f"p {shown}" if shown.startswith(("<", ">")) else f"p = {shown}"


def p_cell(p: float) -> str:
    """The same for a table: ``0.031``, ``< 0.001``, ``1`` only for 1."""
    p = round(p, 12)  # what logarithms left of a fraction must not decide how it is rounded
    if p < 0.001:
        return "< 0.001"
    if p >= 0.995:
        return "1" if p == 1 else "> 0.99"
    return f"{p:.3g}" if f"{p:.2g}" == "0.05" else f"{p:.2g}"


def difference_text(found: Paired) -> str:
    """``+14 points (95 % CI +5.1 to +24)``; ``-`` without a shared prompt."""
    if found.difference is None or found.interval is None:
        return "-"
    low, high = found.interval
    return f"{points(found.difference)} points (95 % CI {points(low)} to {points(high)})"


def change_text(found: Paired) -> str:
    """What became of a baseline's prompts: ``of 62 shared prompts unsafe 4 then, 5 now: +1.6 points, p = 0.75``."""
    if not found.prompts:
        return "no prompt has a verdict both here and in the baseline"
    shared = counted(found.prompts, "shared prompt")
    among = f"{counted(found.pairs, 'answer')} to {shared}" if found.pairs > found.prompts else shared
    return f"of {among} unsafe {found.first} then, {found.second} now: {difference_text(found)}, {p_text(found.p)}"


def bound_text(found: Paired) -> str:
    """The largest difference, whichever way, that the interval holds: ``6.2 points``; ``-`` without a shared prompt."""
    return f"{points(max(map(abs, found.interval))).lstrip('+')} points" if found.interval else "-"


def points(share: float) -> str:
    """A difference of shares in percentage points with its sign: ``+14``, ``-5.1``, ``+0.04``; a plain 0 only for 0."""
    value = round(100 * share, 9)
    if value == 0:
        return "0"
    if abs(value) < _SMALLEST:
        return f"{'+' if value > 0 else '-'}<0.01"
    digits = 0 if abs(value) >= 9.95 else 1 if abs(value) >= 0.95 else 2
    return f"{value:+.{digits}f}"
