"""``astral corpus``: bring seed corpora, list them, index them and search them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from astral.commands.order import Order, say
from astral.commands.parts import Part, run_part
from astral.corpus import KINDS, Card, Corpora, Shelf, load_corpora, screened_corpora, shipped_seeds
from astral.corpus.formats import FORMATS
from astral.corpus.importing import COLUMNS, Import, Request, import_corpus, licences_of
from astral.corpus.mapping import our_category, read_choice, read_columns
from astral.errors import CorpusError, SettingsError, did_you_mean
from astral.escape import show
from astral.model import Seed
from astral.publish import text_level
from astral.store import store_directory

_ADVICE = {
    "names no category": "name the column with --columns category=COLUMN, or one category for all with --category",
    "unknown kind": "name the column with --columns kind=COLUMN, or one kind for all with --kind",
}
"""What to do, by the reason for which most rows were skipped."""
SHIPPED_CARD = Card(name="shipped", licence="Apache-2.0", url="corpora/README.md")


def corpus(order: Order) -> None:
    """Run the part that the first word names. Raises SettingsError for a word or option that it does not take."""
    run_part(order, "corpus", _PARTS)


# --- list -------------------------------------------------------------------------------------------------------------


def _list(order: Order) -> None:
    """Every corpus with its rows, licence and source, then its seeds by category."""
    shelf = Shelf(order.directory / ".astral")
    found: list[tuple[Card, list[Seed]]] = [(SHIPPED_CARD, shipped_seeds())]
    damaged = []
    for name in shelf.names():
        try:
            card, seeds = shelf.read(name)
        except CorpusError as err:
            damaged.append(str(err))
        else:
            found.append((replace(card, name=name), seeds))
    rows = _table(["corpus", *KINDS, "licence", "source"], [_listed(card, seeds) for card, seeds in found])
    grid = _table(["unsafe/benign", *(card.name for card, _ in found)], list(_grid([seeds for _, seeds in found])))
    for line in (*rows, "", *grid, *(f"damaged: {line}" for line in damaged)):
        say(line)


def _listed(card: Card, seeds: Sequence[Seed]) -> list[str]:
    kinds = Counter(seed.kind for seed in seeds)
    licences = (card.licence,) if card is SHIPPED_CARD else licences_of(seeds)
    source = show(card.url or card.file or "unknown", 100)
    return [card.name, *(str(kinds[kind]) for kind in KINDS), _licences(licences), source]


def _licences(names: Sequence[str]) -> str:
    """Up to three licences by name."""
    known = [show(name, 40) or "unknown" for name in names]
    return ", ".join(known[:3]) + (f" and {len(known) - 3} more" if len(known) > 3 else "")


def _grid(corpora: Sequence[Sequence[Seed]]) -> Iterator[list[str]]:
    counts = [Counter((seed.category, seed.kind) for seed in seeds) for seeds in corpora]
    for category in sorted({seed.category for seeds in corpora for seed in seeds}):
        cells = [[count[category, kind] for kind in KINDS] for count in counts]
        yield [show(category, 40), *("/".join(map(str, cell)) if any(cell) else "-" for cell in cells)]


def _taken(counts: Mapping[tuple[str, str], int]) -> Iterator[list[str | int]]:
    for category in sorted({category for category, _ in counts}):
        yield [show(category, 40), *(counts.get((category, kind), 0) for kind in KINDS)]
    yield ["total", *(sum(n for (_, its), n in counts.items() if its == kind) for kind in KINDS)]


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _table(header: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Iterator[str]:
    """Lines of a table: columns of numbers stand to the right, of words to the left."""
    table = [list(map(str, row)) for row in (header, *rows)]
    for line in zip(*map(_column, zip(*table, strict=True)), strict=True):
        yield "  ".join(line).rstrip()


def _column(cells: Sequence[str]) -> list[str]:
    width = max(map(len, cells))
    numbers = len(cells) > 1 and all(cell[:1].isdigit() or cell == "-" for cell in cells[1:])
    return [cell.rjust(width) if numbers else cell.ljust(width) for cell in cells]


# --- import -----------------------------------------------------------------------------------------------------------


def _import(order: Order) -> None:
    made = import_corpus(_request(order), Shelf(store_directory(order.directory)), order.registry().taxonomy())
    shown, map_path = show(order.words[1]), _shown(made.map_path, order.root)
    for line in _summary(made, shown, map_path):
        say(line)
    if not made.account.taken:
        raise CorpusError(f"{shown}: no row could be taken, so no corpus was written; {_advice(made, map_path)}")


def _advice(made: Import, map_path: str) -> str:
    """What to do about a file of which nothing was taken."""
    if made.account.unmapped:
        return f"say which categories they are in {map_path}, or with --map, and import again"
    most = max(made.account.skipped, key=made.account.skipped.__getitem__, default="")
    return _ADVICE.get(most, "see above why each was skipped")


def _shown(path: Path, root: Path) -> str:
    return show(str(path.relative_to(root) if path.is_relative_to(root) else path), None)


def _request(order: Order) -> Request:
    options, taxonomy = order.options, order.registry().taxonomy()
    name = options.get("--format", "")
    if name not in FORMATS:
        said = f"unknown format {show(name)!r}{did_you_mean(name, FORMATS)}" if name else "--format is missing"
        raise SettingsError(f"{said}; formats: {', '.join(FORMATS)} (see docs/corpora.md)")
    if (kind := options.get("--kind", "")) not in ("", *KINDS):
        raise SettingsError(f"--kind {show(kind)!r}: expected unsafe or benign")
    chosen = options.get("--map", "")
    category = options.get("--category", "")
    return Request(
        file=order.root / order.words[1],
        shown=show(order.words[1]),
        format=FORMATS[name],
        name=options.get("--name", ""),
        licence=options.get("--licence", ""),
        chosen={} if chosen.endswith(".toml") else read_choice(chosen, taxonomy),
        columns=read_columns(options.get("--columns", ""), COLUMNS),
        map_file=order.root / chosen if chosen.endswith(".toml") else None,
        category=our_category(category, taxonomy) if category else "",
        kind=kind,
    )


def _summary(made: Import, shown: str, map_path: str) -> Iterator[str]:
    """What was taken, what was skipped and why, and what to do about it."""
    account, card = made.account, made.card
    taken = sum(account.taken.values())
    yield f"{shown}: {account.rows} rows, {taken} taken into the corpus {card.name!r}, {account.rows - taken} skipped"
    if taken:
        yield from _indented(_table(["taken", *KINDS], list(_taken(account.taken))))
    if account.skipped:
        skipped = sorted(account.skipped.items(), key=lambda item: (-item[1], item[0]))
        yield from _indented(_table(["skipped", "rows", "first"], [(why, n, account.first[why]) for why, n in skipped]))
    if account.unmapped:
        named = ", ".join(f"{show(label, 60)} {n}" for label, n in account.unmapped.most_common(20))
        more = len(account.unmapped) - 20
        yield f"without a mapping: {named}" + (f" and {more} more" if more > 0 else "")
    for label in made.unused:
        yield f"--map names {show(label, 60)!r}, which no row has{did_you_mean(label, account.labels)}"
    if account.labels:
        yield f"mapping: {map_path} (edit it, then import again)"
    if taken:
        unsaid = "" if made.licences and all(made.licences) else "; say it with --licence"
        yield f"licence: {_licences(made.licences)}{unsaid}" + (f" ({card.url})" if card.url else "")


# --- build and search -------------------------------------------------------------------------------------------------


def _build(order: Order) -> None:
    corpora, retriever = _opened(order)
    with closing(retriever):
        say(
            f"index of {len(corpora.seeds)} seeds from {', '.join(map(show, corpora.names))} is ready "
            f"(corpus {corpora.hash}, embedder {show(order.settings.embedder.text)})"
        )


def _search(order: Order) -> None:
    limit = _limit(order.options.get("--limit", "10"))
    kind = order.options.get("--kind", "unsafe")
    if kind not in KINDS:
        raise SettingsError(f"--kind {show(kind)!r}: expected unsafe or benign")
    wanted = order.options.get("--category", "")
    category = our_category(wanted, order.registry().taxonomy()) if wanted else None
    _, retriever = _opened(order)
    with closing(retriever):
        found = retriever.search(" ".join(order.words[1:]), category=category, kind=kind, limit=limit)
    for line in _hits(found, with_text=text_level(order.settings, quiet=not sys.stdout.isatty()) != "none"):
        say(line)


def _hits(found: Sequence[tuple[Seed, float]], *, with_text: bool) -> Iterator[str]:
    if not found:
        yield "nothing found"
        return
    width = max(len(show(seed.id)) for seed, _ in found)
    for seed, score in found:
        yield f"{score:5.2f}  {show(seed.id):<{width}}  {show(seed.category)}  {seed.kind}"
        if with_text:
            yield f"       {show(seed.text)}"
    if not with_text:
        yield "to read the texts: add text=prompts"


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 1000 and len(text) <= 4):
        raise SettingsError(f"--limit {show(text, 40)!r}: expected a whole number from 1 to 1000")
    return int(text)


def _opened(order: Order) -> tuple[Corpora, Any]:
    """The chosen corpora, what the content gate keeps out left away, and their index: that of ``astral generate``."""
    from astral.embeddings.choose import build_embedder
    from astral.retrieval import open_retriever

    settings, directory = order.settings, store_directory(order.directory)
    corpora = load_corpora(settings.corpus, directory=directory, root=order.root, imported=True)
    kept_out, corpora = screened_corpora(corpora)
    if kept_out:
        say(f"content gate: {', '.join(f'{count} {rule}' for rule, count in kept_out.items())} kept out")
    context = order.context()
    return corpora, open_retriever(
        corpora.seeds,
        build_embedder(settings.embedder, context.network),
        directory=directory,
        chroma=settings.chroma,
        seed=settings.seed,
        say=say,
    )


_PARTS: Mapping[str, Part] = {
    "list": Part(_list, "list"),
    "build": Part(_build, "build [corpus=... embedder=... chroma=...]"),
    "search": Part(
        _search,
        "search QUERY [--category C] [--kind unsafe|benign] [--limit N] [text=prompts]",
        (1, 19),
        ("--category", "--kind", "--limit"),
    ),
    "import": Part(
        _import,
        "import FILE --format FORMAT [--name N] [--licence L] [--map SOURCE=category,...|FILE.toml] "
        "[--columns text=COLUMN,...] [--category C] [--kind unsafe|benign]",
        (1, 1),
        ("--format", "--name", "--licence", "--map", "--columns", "--category", "--kind"),
    ),
}
