"""Changes as markdown for a pull request: bounded, and no text in it can end the block it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from astral.changes.compare import Changes, Counts, Kind, Row
from astral.changes.text import SHOWN, coverage_text, kinds_text, remarks, texts
from astral.escape import code_span
from astral.markdown import COMMENT_LIMIT, Page, fence, table_row

LIMIT = COMMENT_LIMIT
_RESERVE = 400
"""Kept free for the closing lines."""


def markdown(changes: Changes, names: tuple[str, str], *, prompts: bool, limit: int = LIMIT) -> str:
    """The comparison as one page of at most ``limit`` bytes (from 2,000); ``prompts`` shows the texts."""
    page = Page(limit - _RESERVE)
    page.add(_heading(names))
    if changes.none:
        page.add("No change.\n")
        return page.text
    page.add(_totals(changes))
    page.add(f"Coverage of generated prompts: {', '.join(coverage_text(changes))}\n")
    for remark in remarks(changes, (code_span(names[0]), code_span(names[1]))):
        page.add(f"* {remark}")
    left = page.add_all(["", *_header(changes)])
    left += page.add_all(["", *_cells(changes, prompts=prompts)])
    if left:
        page.close(f"\n{left} more entries do not fit here; `astral diff` without `--format md` lists all of them.\n")
    return page.text


def _heading(names: tuple[str, str]) -> str:
    old, new = map(code_span, names)
    return f"### Suite diff: {old} → {new}\n"


def _totals(changes: Changes) -> str:
    kinds = [kind for kind in SHOWN if changes.prompts.of(kind) or changes.twins.of(kind)]
    heads = ["", "before", "after", "kept", *(kind.value for kind in kinds)]
    parts = [("prompts", changes.prompts)]
    if changes.twins.before or changes.twins.after:
        parts.append(("benign twins", changes.twins))
    rows = [_cells_of(name, counts, kinds) for name, counts in parts]
    return "\n".join(map(table_row, [heads, ["---"] * len(heads), *rows])) + "\n"


def _cells_of(name: str, counts: Counts, kinds: Iterable[Kind]) -> list[str]:
    return [name, *map(str, (counts.before, counts.after, counts.kept, *map(counts.of, kinds)))]


def _header(changes: Changes) -> Iterator[str]:
    if not changes.header:
        return
    yield table_row(["header", "before", "after"])
    yield table_row(["---"] * 3)
    for found in changes.header:
        yield table_row(code_span(text, table=True) for text in (found.name, found.old, found.new))


def _cells(changes: Changes, *, prompts: bool) -> Iterator[str]:
    """An entry for each row, so that a page may end after any of them."""
    for cell, rows in changes.by_cell().items():
        head = f"\n**{code_span(str(cell))}**: {kinds_text(rows)}\n\n"
        for row in rows:
            yield f"{head}* {_entry(row)}" + (_fences(row) if prompts else "")
            head = ""


def _entry(row: Row) -> str:
    case = code_span(row.case.id)
    if row.other is None:
        return f"{row.kind.value} {case}"
    other = code_span(row.other.id)
    if row.kind is Kind.MOVED:
        return f"moved {case} from {code_span(str(row.other.cell))}"
    if row.kind is Kind.NOTED:
        return f"other provenance {case}"
    if row.kind is Kind.REPEATS:
        return f"{case} nearly repeats {other} ({row.cosine:.2f})"
    return f"{row.kind.value} {other} → {case} ({row.cosine:.2f})"


def _fences(row: Row) -> str:
    signed = ((f"{sign} ", turn) for sign, case in texts(row) for turn in case.turns)
    return "".join(f"\n\n{fence(turn, indent=sign, language='diff')}\n" for sign, turn in signed)
