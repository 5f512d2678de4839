"""A calibration on the terminal: tables for all rows and for each source, and the rows that judges got wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import wrap

from astral.calibration.agreement import Agreement
from astral.calibration.calibrating import counted
from astral.calibration.figures import PREVALENCES, Calibrated, Figures, RunRate, Scope
from astral.calibration.labels import LabelledRow
from astral.calibration.measures import Confusion
from astral.escape import show
from astral.model import Label
from astral.reports.grid import Column, grid
from astral.reports.judge_names import NAME, names_legend, short_names
from astral.stats import Estimate, Rate, percent
from astral.store import HASH_ONLY

LISTED = 20
"""The wrong rows of one kind that are named for a judge."""
SHOWN = 500
"""Characters of a prompt or an answer that are shown where texts were asked for."""


def calibration_lines(found: Calibrated, *, width: int, texts: bool = False) -> list[str]:
    """All that a calibration found, in lines of at most ``width`` characters where no name is longer.

    ``texts``: prompts and answers of the rows that were judged wrongly are shown, escaped.
    """
    return [line.rstrip() for line in _lines(found, width, texts)]


def _lines(found: Calibrated, width: int, texts: bool) -> Iterator[str]:
    yield from _head(found, width)
    whole, *parts = found.scopes
    names = short_names(one.juror.name for one in whole.figures)
    yield ""
    yield from _tables("judge", [(names[one.juror.name], one) for one in whole.figures], found.prevalences, width)
    if whole.agreement is not None:
        yield ""
        yield "agreement of the oracles: Krippendorff's alpha, 1 if full, 0 as by chance"
        yield f"  {'all rows' if parts else 'alpha'}: {_alpha(whole.agreement)}"
        yield from (f"  {_source(part)}: {_alpha(part.agreement)}" for part in parts)
    for at, figures in enumerate(whole.figures):
        if parts and _told(figures):
            yield ""
            yield f"{names[figures.juror.name]} by source:"
            yield from _tables("source", [(_source(one), one.figures[at]) for one in parts], found.prevalences, width)
    if parts and not all(map(_told, whole.figures)):
        yield ""
        yield "the other votes by source: --json OUT"
    yield ""
    for line in (*names_legend(names), *_legend(found)):
        yield from wrap(line, width, subsequent_indent="  ")
    for figures in whole.figures:
        yield from _score(figures, names[figures.juror.name], width)
    for figures in whole.figures:
        if _told(figures):
            yield from _wrong(found, figures, names[figures.juror.name], width, texts)
    yield from _unjudged(found, names, width)


def _told(figures: Figures) -> bool:
    """Oracles, and the vote that is set: the others have their line among all rows, and stand in the JSON."""
    return not figures.juror.vote or figures.juror.chosen


def _alpha(found: Agreement | None) -> str:
    if found is None:
        return "-"
    return f"{found.alpha:.2f} (95 % CI {found.low:.2f} to {found.high:.2f}, {_rows(found.units)})"


def _head(found: Calibrated, width: int) -> Iterator[str]:
    scope = found.scopes[0]
    yield f"{show(found.labels)}: {_size(scope)}"
    if undecided := len(found.file.undecided):
        yield f"{_rows(undecided)} labelled unknown left out: no judge can be right about them"
    if bare := sum(not row.category for row in found.file.rows):
        name = "names" if bare == 1 else "name"
        note = f"{bare} of {_rows(len(found.file.rows))} {name} no category; in a run judges are told that of each case"
        yield from wrap(f"note: {note}", width, subsequent_indent="  ")
    if found.file.caution:
        yield from wrap(f"note: {found.file.caution}", width, subsequent_indent="  ")
    for label, count in ((Label.UNSAFE, scope.unsafe), (Label.SAFE, scope.safe)):
        if not count:
            yield f"no row is labelled {label}: what needs both is not known (-)"


def _size(scope: Scope) -> str:
    noun = "prompt" if scope.prompts == 1 else "prompts"
    prompts = f", {scope.prompts} {noun}" if scope.prompts < len(scope.rows) else ""
    return f"{_rows(len(scope.rows))}, {scope.unsafe} unsafe and {scope.safe} safe{prompts}"


def _rows(count: int, what: str = "") -> str:
    return f"{count} {what}{'row' if count == 1 else 'rows'}"


# --- tables -----------------------------------------------------------------------------------------------------------

_Entry = tuple[str, Figures, Confusion]
"""A row of a table: its name, whose it is, and the counts that it shows."""


def _tables(head: str, named: Sequence[tuple[str, Figures]], prevalences: Sequence[float], width: int) -> Iterator[str]:
    """Counts, then figures; each judge with its unknowns as they are, then those that change when forced."""
    entries: list[_Entry] = [(name, one, one.confusion) for name, one in named]
    entries += [(f"{name}, forced", one, one.forced) for name, one in named if one.forced is not None]
    label = Column((head,), tuple(name for name, _, _ in entries), left=True)
    yield from grid(label, _counts(entries), width)
    yield ""
    yield from grid(label, list(_figures(entries, prevalences)), width)


def _source(scope: Scope) -> str:
    return show(scope.source or "", NAME) or "(none)"


def _counts(entries: Sequence[_Entry]) -> list[Column]:
    every = [confusion.counts for _, _, confusion in entries]
    columns = [
        Column(("", "caught"), tuple(str(one.caught) for one in every)),
        Column(("unsafe", "missed"), tuple(str(one.missed) for one in every)),
        Column(("rows", "unknown"), tuple(str(one.undecided_unsafe) for one in every)),
        Column(("", "alarms"), tuple(str(one.alarms) for one in every)),
        Column(("safe", "cleared"), tuple(str(one.cleared) for one in every)),
        Column(("rows", "unknown"), tuple(str(one.undecided_safe) for one in every)),
    ]
    if any(figures.unjudged for _, figures, _ in entries):
        columns.append(Column(("not", "judged"), tuple(str(figures.unjudged) for _, figures, _ in entries)))
    return columns


def _figures(entries: Sequence[_Entry], prevalences: Sequence[float]) -> Iterator[Column]:
    def column(head: tuple[str, ...], cell: Callable[[Confusion], Rate | Estimate | None]) -> Column:
        return Column(head, tuple(_cell(cell(confusion)) for _, _, confusion in entries))

    def shipped(head: tuple[str, ...], cell: Callable[[Figures], str]) -> Column:
        return Column(head, tuple(cell(one) if shown is one.confusion else "" for _, one, shown in entries))

    yield column(("recall",), lambda one: one.sensitivity)
    yield column(("specificity",), lambda one: one.specificity)
    yield column(("precision",), lambda one: one.precision)
    yield column(("F1",), lambda one: one.f1)
    yield column(("accuracy",), lambda one: one.accuracy)
    yield column(("balanced", "accuracy"), lambda one: one.balanced_accuracy)
    yield column(("unsafe,", "called safe"), lambda one: one.missed)
    yield column(("safe, called", "unsafe"), lambda one: one.false_alarms)
    yield column(("unknown",), lambda one: one.unknown)
    if any(figures.flips.n for _, figures, _ in entries):
        yield shipped(("flips",), lambda one: _cell(one.flips))
    if any(figures.auroc for _, figures, _ in entries):
        yield shipped(("AUROC",), lambda one: _decimal(one.auroc))
    for share in prevalences:
        head = ("precision", f"at {_share(share)} %")
        yield column(head, lambda one, p=share: one.precision_at(p))  # type: ignore[misc]


def _share(prevalence: float) -> str:
    return percent(prevalence, 0) if prevalence in PREVALENCES else percent(prevalence)


def _cell(figure: Rate | Estimate | None) -> str:
    """``89 (85-92)``, in per cent; ``-`` where nothing was counted."""
    if figure is None or (isinstance(figure, Rate) and not figure.n):
        return "-"
    return f"{figure.percent} ({figure.percent_interval})".replace(" %", "")


def _decimal(figure: Estimate | None) -> str:
    return "-" if figure is None else f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"


def _legend(found: Calibrated) -> Iterator[str]:
    """What the heads of the tables mean; the first line stands at the margin, the others under it."""
    judges = found.scopes[0].figures
    yield "in % (AUROC apart) with 95 % intervals, which take rows of one prompt together"
    yield "recall, specificity, precision, F1, accuracy: of the rows that were decided; the others: of all"
    if any(figures.forced for figures in judges):
        yield "forced: unknowns are decided by the score, unsafe from .5 on; for comparison only"
    if any(figures.flips.n for figures in judges):
        yield f"flips: rows that were not called the same in all of {found.repeats} askings"
    yield (
        "precision at N %: how many of the answers called unsafe would truly be so if N % of all answers were; with "
        "few unsafe answers, most findings of a good judge are false"
    )
    if found.run is not None:
        yield from _run(found, found.run)


def _run(found: Calibrated, run: RunRate) -> Iterator[str]:
    judge = "this judge" if run.same_judge else "another judge"
    yield f"run {show(run.run)}: unsafe {run.rate}, as judged by {judge}"
    better = found.corrected
    if better is None or better.note:
        unknown = "the errors of that judge are not known (its card)" if not run.same_judge else "no rate to correct"
        why = better.note if better is not None else run.unfit or unknown
        yield f"  not corrected: {show(why, None)}"
        return
    errors = "the errors above" if run.same_judge else "the errors on that judge's card"
    true = f"; true findings among the unsafe ones {better.precision}" if better.precision else ""
    yield f"  corrected for {errors}: truly unsafe {better}{true}"


def _score(figures: Figures, name: str, width: int) -> Iterator[str]:
    table = figures.reliability
    if table is None:
        return
    yield ""
    yield f"{name}: what its score means (Brier score {_decimal(table.brier)}, 0 is perfect)"
    label = Column(("score",), tuple(f"{one.low:.1f}-{one.high:.1f}" for one in table.bins), left=True)
    columns = [
        Column(("rows",), tuple(str(one.unsafe.n) for one in table.bins)),
        Column(("mean score",), tuple(f"{one.mean_score:.2f}" for one in table.bins)),
        Column(("% truly unsafe",), tuple(_cell(one.unsafe) for one in table.bins)),
    ]
    yield from grid(label, columns, width)


# --- rows -------------------------------------------------------------------------------------------------------------


def _wrong(found: Calibrated, figures: Figures, name: str, width: int, texts: bool) -> Iterator[str]:
    rows = found.file.rows
    kinds = ((Label.UNSAFE, "unsafe, called safe"), (Label.SAFE, "safe, called unsafe"))
    places = [(words, figures.wrong(truth)) for truth, words in kinds]
    total = sum(len(at) for _, at in places)
    yield ""
    decided = _rows(figures.confusion.counts.decided, "decided ")
    yield f"{name} got {total} of {decided} wrong{':' if total else ''}"
    named = Counter(row.id for row in rows)
    for words, at in places:
        if not at:
            continue
        more = f", and {len(at) - LISTED} more: --predictions lists all" if len(at) > LISTED else ""
        listed = ", ".join(_row_name(rows[one], named) for one in at[:LISTED])
        text = f"{words} ({len(at)}): {listed}{more}"
        yield from wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
        if texts:
            for one in at[:LISTED]:
                yield from _texts(found, figures, one, named, width)


def _row_name(row: LabelledRow, named: Counter[str]) -> str:
    """The row's own name; its line where it has none, or where others have the same."""
    line = f"line {row.number}"
    if row.id == str(row.number):
        return line
    return f"{show(row.id, 60)} ({line})" if named[row.id] > 1 else show(row.id, 60)


def _texts(found: Calibrated, figures: Figures, at: int, named: Counter[str], width: int) -> Iterator[str]:
    row = found.file.rows[at]
    verdict = counted(found.said[figures.juror.name][at]).verdict if not figures.juror.vote else None
    yield f"    {_row_name(row, named)}"
    if row.category in HASH_ONLY:
        yield f"      texts of {row.category} are not shown"
        return
    reason = verdict.reason if verdict else ""
    for head, text in (("prompt", row.prompt), ("answer", row.response), ("reason", reason)):
        if text:
            yield from wrap(f"{head}: {show(text, SHOWN)}", width, initial_indent=" " * 6, subsequent_indent=" " * 8)


def _unjudged(found: Calibrated, names: Mapping[str, str], width: int) -> Iterator[str]:
    named = Counter(row.id for row in found.file.rows)
    for figures in found.scopes[0].figures:
        if figures.juror.vote or not figures.unjudged:
            continue
        pairs = zip(found.file.rows, figures.juror.opinions, strict=True)
        failed = [(row, opinion.error) for row, opinion in pairs if opinion.label is None]
        words = ", ".join(
            f"{count} {show(reason, 40)}" for reason, count in Counter(error for _, error in failed).most_common()
        )
        listed = ", ".join(_row_name(row, named) for row, _ in failed[:LISTED])
        yield ""
        more = f", and {len(failed) - LISTED} more" if len(failed) > LISTED else ""
        details = (one.detail for asked in found.said[figures.juror.name] if (one := counted(asked)).detail)
        yield f"{names[figures.juror.name]} gave no verdict on {_rows(len(failed))} ({words}):"
        for line in (f"{listed}{more}", f"the first: {show(next(details, ''), None)}"):
            yield from wrap(line, width, initial_indent="  ", subsequent_indent="    ")
