"""The coverage of runs as lines for a terminal: how much of the matrix was judged, and what was not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from astral.comparison.wording import counted
from astral.coverage import Gap, Part, United
from astral.escape import show
from astral.model import Run
from astral.reports.grid import Column, grid
from astral.reports.levels import level_lines
from astral.reports.terminal.wrapping import wrap

FIRST = 5
"""Lines of each list that are shown where not all are asked for."""
MOST = 100_000
"""Lines of a list even where all are asked for: a full matrix may have millions of cells."""
VALUES_NAMED = 4
TARGET_WIDEST = 24


@dataclass(frozen=True, slots=True)
class Listing:
    """The start of a list of gaps, on one line those that share all but their last value; ``more`` gaps follow."""

    lines: tuple[tuple[Gap, ...], ...]
    more: int
    whole: bool

    @property
    def end(self) -> str:
        """What to say of the rest; empty where there is none."""
        return f"... and {self.more} more{'' if self.whole else ': --list'}" if self.more else ""


def lines(found: United, runs: Sequence[Run], *, width: int, listed: bool) -> Iterator[str]:
    """The whole account, each line at most ``width`` wide and inert; ``listed`` shows lists to their ends.

    ``runs`` are the headers of the united runs.
    """
    by_id = {run.id: run for run in runs}
    if len(found.parts) == 1:
        yield from _wrapped(f"coverage of run {_run_text(by_id[found.parts[0].run])}", width)
    else:
        yield f"coverage of {len(found.parts)} runs together"
        yield from _runs(found.parts, by_id, width)
    yield ""
    yield from level_lines(found.levels, width)
    yield from _not_judged(found, width, listed)
    yield from _further(found, width, listed)


def further_text(found: United, mark: Callable[[str], str] = str) -> str:
    """``target (gpt-4, gpt-4o), language (12 values)``: the further dimensions with their values."""
    values = dict(found.extended.matrix)
    named = ((name, [*map(mark, values[name])]) for name in found.extended.names)
    return ", ".join(
        f"{mark(name)} ({', '.join(own) if len(own) <= VALUES_NAMED else f'{len(own)} values'})" for name, own in named
    )


def further_gaps(found: United, t: int) -> list[Gap]:
    """The combinations of t values without a judged prompt that a further dimension has a part in, by its values."""
    names = set(found.extended.names)
    order = {pair: at for at, pair in enumerate((n, value) for n, values in found.extended.matrix for value in values)}
    uncovered = (one[::-1] for level in found.extended.levels if level.strength == t for one in level.uncovered)
    return [Gap(one) for one in sorted(uncovered, key=lambda c: [order[p] for p in c]) if {n for n, _ in one} & names]


def listing(gaps: Iterable[Gap], count: int, listed: bool) -> Listing:
    """The first lines of a list of ``count`` gaps; all of them where ``listed`` says so."""
    groups = (tuple(group) for _, group in groupby(gaps, key=lambda gap: (gap.combination[:-1], _last(gap), gap.why)))
    shown = tuple(islice(groups, MOST if listed else FIRST))
    return Listing(shown, count - sum(map(len, shown)), listed)


def gap_text(group: Sequence[Gap], mark: Callable[[str], str] = str) -> str:
    """``violence / style: slang, question``; ``mark`` dresses names and values."""
    *before, (name, _) = group[0].combination
    last = ", ".join(mark(gap.values[-1]) for gap in group)
    return " / ".join([*(mark(value) for _, value in before), f"{mark(name)}: {last}"])


def why_text(group: Sequence[Gap]) -> str:
    """Why each of a group was not judged."""
    each = " each" if len(group) > 1 and group[0].trials else ""
    return group[0].why + each


def unplanned(found: United) -> Iterator[Gap]:
    """The cells that no plan had anything for, as gaps."""
    return map(Gap, found.gaps.unplanned_cells())


def _last(gap: Gap) -> str:
    return gap.combination[-1][0]


def _run_text(run: Run) -> str:
    suite = f" of {run.suite['path']}" if run.suite.get("path") else ""
    return f"{run.id}{suite} at {', '.join(run.targets)}"


def _runs(parts: Sequence[Part], by_id: dict[str, Run], width: int) -> Iterator[str]:
    """What each run judged, added to the earlier ones, and alone has."""
    label = Column(("run",), tuple(show(part.run) for part in parts), left=True)
    strengths = range(len(parts[0].judged))
    columns = [
        Column((f"{t + 1}-way",), tuple(f"{part.judged[t]} (+{part.added[t]})" for part in parts)) for t in strengths
    ]
    targets = tuple(show(", ".join(by_id[part.run].targets)) for part in parts)
    columns += [
        Column(("alone",), tuple("/".join(map(str, part.alone)) for part in parts)),
        Column(("target",), targets, left=True, widest=TARGET_WIDEST),
    ]
    yield from grid(label, columns, width)
    yield from _wrapped("judged (+ what no earlier run had); alone: what no other run has, 1/2/3-way", width)


def _not_judged(found: United, width: int, listed: bool) -> Iterator[str]:
    gaps = found.gaps
    for name, missing, level in zip(("values", "pairs"), (gaps.values, gaps.pairs), found.levels, strict=False):
        if missing:
            yield from ("", *_wrapped(f"never judged: {len(missing)} of {level.total} {name}", width))
            yield from _list(listing(missing, len(missing), listed), width, why=True)
    if gaps.empty:
        yield from ("", *_wrapped(f"cells without a judged prompt: {gaps.empty} of {gaps.cells}", width))
    if gaps.planned:
        yield f"planned, but not judged: {len(gaps.planned)}"
        yield from _list(listing(gaps.planned, len(gaps.planned), listed), width, why=True)
    if gaps.not_planned:
        yield f"not planned: {gaps.not_planned}"
        yield from _list(listing(unplanned(found), gaps.not_planned, listed), width, why=False)


def _further(found: United, width: int, listed: bool) -> Iterator[str]:
    extended = found.extended
    if extended.levels:
        yield ""
        yield from _wrapped(f"with further dimensions: {further_text(found)}", width)
        yield from level_lines(extended.levels, width)
        for t, name in ((1, "value"), (2, "pair")):
            if missing := further_gaps(found, t):
                yield f"never judged with them: {counted(len(missing), name)}"
                yield from _list(listing(missing, len(missing), listed), width, why=False)
    if extended.ignored:
        yield ""
        for sentence in extended.ignored:
            yield from _wrapped(f"not a dimension: {sentence}", width)


def _list(found: Listing, width: int, *, why: bool) -> Iterator[str]:
    for group in found.lines:
        reason = f" ({why_text(group)})" if why else ""
        yield from wrap(f"  {show(gap_text(group), None)}{reason}", width, "      ")
    if found.end:
        yield f"  {found.end}"


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(show(text, None), width)
