"""The coverage of runs as markdown for a pull request and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from astral.comparison.wording import counted
from astral.coverage import Gap, Level, United
from astral.escape import code_span
from astral.model import Run
from astral.reports.coverage import MOST, further_gaps, further_text, gap_text, listing, unplanned, why_text
from astral.reports.results.figures import beyond, level, untested

FORMAT = 1


def document(found: United, runs: Sequence[Run], *, listed: bool) -> str:
    """One JSON object, ASCII, as docs/coverage.md describes it; ``listed`` adds the cells that were not planned."""
    by_id = {run.id: run for run in runs}
    content: dict[str, Any] = {
        "astral_coverage": FORMAT,
        "runs": [
            {
                "run": part.run,
                "started": part.started,
                "suite": str(by_id[part.run].suite.get("path", "")),
                "targets": dict(by_id[part.run].targets),
                **{name: _by_strength(getattr(part, name)) for name in ("judged", "added", "alone")},
            }
            for part in found.parts
        ],
        "matrix": [[name, list(values)] for name, values in found.matrix],
        "coverage": {str(one.strength): level(one) for one in found.levels},
        "coverage_extended": beyond(found.extended),
        "coverage_gaps": untested(found.gaps),
    }
    if listed:
        content["coverage_gaps"]["not_planned_cells"] = [dict(c) for c in islice(found.gaps.unplanned_cells(), MOST)]
    return json.dumps(content, indent=2)


def markdown(found: United, runs: Sequence[Run], *, listed: bool) -> Iterator[str]:
    """The account as lines of markdown, all foreign text in code spans."""
    by_id = {run.id: run for run in runs}
    if len(found.parts) == 1:
        run = by_id[found.parts[0].run]
        suite = f" of {code_span(str(run.suite['path']))}" if run.suite.get("path") else ""
        yield f"### Coverage of run {code_span(run.id)}{suite} at {', '.join(map(code_span, run.targets))}"
    else:
        yield f"### Coverage of {len(found.parts)} runs together"
        yield ""
        yield from _runs(found, by_id)
    yield ""
    yield from _levels(found.levels)
    gaps = found.gaps
    for name, missing, one in zip(("values", "pairs"), (gaps.values, gaps.pairs), found.levels, strict=False):
        yield from _section(f"Never judged: {len(missing)} of {one.total} {name}", missing, len(missing), listed)
    planned = f"Cells planned, but not judged: {len(gaps.planned)} of {gaps.cells}"
    yield from _section(planned, gaps.planned, len(gaps.planned), listed)
    empty = f"Cells not planned: {gaps.not_planned} of {gaps.cells}"
    yield from _section(empty, unplanned(found), gaps.not_planned, listed, why=False)
    if found.extended.levels:
        yield f"\n**With further dimensions: {further_text(found, code_span)}**\n"
        yield from _levels(found.extended.levels)
        for t, name in ((1, "value"), (2, "pair")):
            missing = tuple(further_gaps(found, t))
            yield from _section(
                f"Never judged with them: {counted(len(missing), name)}", missing, len(missing), listed, why=False
            )
    yield from (f"\nNot a dimension: {code_span(sentence)}" for sentence in found.extended.ignored)


def _by_strength(counts: Sequence[int]) -> dict[str, int]:
    return {str(t): count for t, count in enumerate(counts, 1)}


def _runs(found: United, by_id: dict[str, Run]) -> Iterator[str]:
    strengths = range(len(found.levels))
    yield _row(["run", "target", *(f"{t + 1}-way judged (+ new)" for t in strengths), "alone"])
    yield _row(["---"] * (3 + len(strengths)))
    for part in found.parts:
        targets = ", ".join(code_span(slug, table=True) for slug in by_id[part.run].targets)
        counts = (f"{part.judged[t]} (+{part.added[t]})" for t in strengths)
        yield _row([code_span(part.run, table=True), targets, *counts, "/".join(map(str, part.alone))])


def _levels(levels: Sequence[Level]) -> Iterator[str]:
    yield _row(["coverage", "judged", "", "executed", "generated"])
    yield _row(["---", "---:", "---:", "---:", "---:"])
    for one in levels:
        counts = (f"{count}/{one.total}" for count in (one.executed, one.generated))
        yield _row([f"{one.strength}-way", f"{one.judged}/{one.total}", one.percent, *counts])


def _section(title: str, gaps: Iterable[Gap], count: int, listed: bool, *, why: bool = True) -> Iterator[str]:
    """A list under its title; nothing where it is empty."""
    if not count:
        return
    found = listing(gaps, count, listed)
    yield f"\n**{title}**\n"
    for group in found.lines:
        yield f"* {gap_text(group, code_span)}" + (f" ({why_text(group)})" if why else "")
    if found.end:
        yield f"* {found.end}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
