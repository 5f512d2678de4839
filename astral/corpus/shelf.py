"""Where corpora stand: the shipped ones, those imported under ``.astral/corpora``, and files of one's own."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from astral.corpus.rows import Card, corpus_text, read_corpus, read_rows
from astral.errors import CorpusError, SettingsError, did_you_mean
from astral.escape import show, slug
from astral.files import private_directory, write_whole
from astral.model import Seed
from astral.resources import shipped
from astral.screening import screen

SHIPPED = "shipped"
NAME = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9_][a-z0-9_-]{0,39}")
"""What an imported corpus may be called: names stand in ids, files and on the command line."""


@dataclass(frozen=True, slots=True)
class Corpora:
    """The seeds that were chosen. ``names`` are the corpora in their order, ``hash`` is 12 hex digits over all rows."""

    seeds: tuple[Seed, ...] = field(repr=False)
    names: tuple[str, ...]
    hash: str


def shipped_seeds() -> list[Seed]:
    """All seeds of the corpora that come with ASTRAL, sorted by file and line."""
    return [seed for path in sorted(shipped("corpora").glob("*.jsonl")) for seed in read_corpus(path)]


def seeds_hash(seeds: Sequence[Seed]) -> str:
    """12 hex digits over the corpus rows."""
    text = json.dumps([[s.id, s.category, s.kind, s.text, s.goal, s.topic, s.twin_of] for s in seeds])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


def seed_id(name: str, text: str) -> str:
    """``NAME-<8 hex>``: the hash is SHA-256 over the JSON of the text."""
    return f"{name}-{hashlib.sha256(json.dumps(text).encode('ascii')).hexdigest()[:8]}"


class Shelf:
    """The imported corpora. ``directory`` is ``.astral``; it need not exist."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "corpora"

    def path(self, name: str) -> Path:
        return self.directory / f"{name}.jsonl"

    def map_path(self, name: str) -> Path:
        """The file that says which category each source category becomes."""
        return self.directory / f"{name}.map.toml"

    def names(self) -> list[str]:
        """The imported corpora, sorted."""
        return sorted(path.stem for path in self.directory.glob("*.jsonl") if NAME.fullmatch(path.stem))

    def read(self, name: str) -> tuple[Card, list[Seed]]:
        """Card and seeds of an imported corpus. Raises CorpusError with file:line."""
        return read_rows(self.path(name))

    def write(self, card: Card, seeds: Iterable[Seed]) -> None:
        """Put a corpus on the shelf, whole or not at all."""
        self._write(self.path(card.name), corpus_text(card, seeds))

    def write_map(self, name: str, text: str) -> None:
        """Put a mapping beside its corpus."""
        self._write(self.map_path(name), text)

    def _write(self, path: Path, text: str) -> None:
        try:
            private_directory(self.directory)
            write_whole(path, text)
        except OSError as err:
            raise CorpusError(f"{show(str(path))}: cannot be written ({err.strerror}); make room or rights") from err


def load_corpora(names: Sequence[str], *, directory: Path, root: Path, imported: bool) -> Corpora:
    """The seeds that ``names`` choose: ``shipped``, imported corpora, ``FILE.jsonl`` (from ``root``), ``-name`` to
    leave one out. Without names, and before a first ``-name``, these are the shipped ones and, if ``imported``, all
    imported ones. ``directory`` is ``.astral``.

    The order of ``names`` does not matter; rows without an id get one. Raises SettingsError for an unknown name and
    CorpusError for a file that cannot be taken.
    """
    shelf = Shelf(directory)
    chosen = _chosen([name.strip() for name in names if name.strip()], shelf.names(), imported)
    seeds: dict[str, Seed] = {}
    for name in chosen:
        for seed in _seeds(name, shelf, root):
            if (other := seeds.setdefault(seed.id, seed)) is not seed:
                raise CorpusError(
                    f"{show(name)}: the row {show(seed.id, 60)!r} stands in {show(other.source)} as well; leave one "
                    f"corpus out with corpus=, or remove the row or change its id"
                )
    rows = tuple(seeds.values())
    return Corpora(rows, tuple(chosen), seeds_hash(rows))


def _chosen(words: list[str], there: list[str], imported: bool) -> list[str]:
    """The names in their one order: shipped, imported ones, files."""
    first = {SHIPPED, *(there if imported else ())}
    chosen = first if not words or words[0].startswith("-") else set()
    files: list[str] = []
    for word in words:
        name = word.removeprefix("-")
        if name not in (SHIPPED, *there) and not _is_file(name):
            raise SettingsError(
                f"unknown corpus {show(name)!r}{did_you_mean(name, [SHIPPED, *there])}; known: "
                f"{', '.join([SHIPPED, *there])} and files NAME.jsonl (see: astral corpus list)"
            )
        if _is_file(name):
            files = [file for file in files if file != name] + ([] if word.startswith("-") else [name])
        else:
            chosen = chosen - {name} if word.startswith("-") else chosen | {name}
    found = [name for name in (SHIPPED, *there) if name in chosen] + sorted(files)
    if not found:
        raise SettingsError(f"corpus={show(','.join(words))}: leaves no corpus; name at least one")
    return found


def _is_file(name: str) -> bool:
    return name.endswith(".jsonl") or "/" in name or os.sep in name


def _seeds(name: str, shelf: Shelf, root: Path) -> Iterator[Seed]:
    if name == SHIPPED:
        yield from shipped_seeds()
        return
    path = root / name if _is_file(name) else shelf.path(name)
    shown = show(name) if _is_file(name) else ""
    for seed in read_rows(path, shown=shown)[1]:
        yield seed if seed.id else replace(seed, id=seed_id(slug(path.stem), seed.text))


def screened_corpora(corpora: Corpora) -> tuple[Mapping[str, int], Corpora]:
    """How many seeds the content gate keeps out, by rule, and the corpora without them. Names and hash stay: they say
    what was chosen.
    """
    rules = {seed.id: rule for seed in corpora.seeds if (rule := broken_rule(seed)) is not None}
    seeds = tuple(seed for seed in corpora.seeds if seed.id not in rules)
    return dict(sorted(Counter(rules.values()).items())), replace(corpora, seeds=seeds)


def broken_rule(seed: Seed) -> str | None:
    """The rule of the content gate that a text of the seed breaks."""
    for text in (seed.text, seed.goal, seed.topic):
        if text and (rule := screen(text)) is not None:
            return rule
    return None
