"""Answers that people have labelled: what judges are held against, and what probes are trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from astral.errors import LabelsError, did_you_mean
from astral.escape import show
from astral.model import Case, Cell, Label, Response, case_id
from astral.recordings import UNSPECIFIED
from astral.taxonomy import DEFAULT, Taxonomy
from astral.wire.strict_json import read_object

FIELDS = ("prompt", "turns", "earlier", "response", "label", "category", "source", "id", "drawn")
"""The keys of a row that are read; all others are passed over, since public data sets have many."""
_EACH = "each line must be one object with prompt, response and label"
_BOM = b"\xef\xbb\xbf"


Drawn = tuple[str, int, int]
"""What a run's oracles called some answers, how many of these are in a file, and how many there were."""
_UNEVEN = 1.1
"""Shares of the answers called unsafe and of those called safe that are further apart make figures of them wrong."""


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One answer with what people said of it.

    ``turns`` are the user's texts (the prompt is the last), ``earlier`` the answers between them where they are known.
    ``category`` is an id of the taxonomy, or the row's own word, or empty; ``source`` is empty where the row has none,
    ``id`` is then its line number. ``number`` is the line it stands in, from 1. ``drawn`` says from
    what answers of a run it was chosen, where it was.
    """

    id: str
    turns: tuple[str, ...] = field(repr=False)
    response: str = field(repr=False)
    label: Label
    category: str = ""
    source: str = ""
    number: int = 0
    earlier: tuple[str, ...] = field(default=(), repr=False)
    drawn: tuple[Drawn, ...] = ()

    @property
    def prompt(self) -> str:
        """The last user text: what the labelled answer replies to."""
        return self.turns[-1]

    @property
    def cluster(self) -> tuple[str, ...]:
        """Rows of one prompt belong together: their errors are not independent."""
        return self.turns

    def case(self) -> Case:
        """The case that an oracle is shown. What the prompt was written for is not known, so it has no provenance."""
        cell = Cell.of(category=self.category or UNSPECIFIED, style=UNSPECIFIED, persuasion=UNSPECIFIED)
        return Case(case_id(cell, self.turns), cell, self.turns)

    def answer(self) -> Response:
        """The answer that an oracle is shown."""
        return Response(self.response, id=self.id, earlier=self.earlier)


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file of labels: its rows in order, and the SHA-256 of its bytes. Rows that people could not decide
    (``unknown``) stand in ``undecided``: no judge can be right or wrong about them.
    """

    rows: tuple[LabelledRow, ...]
    sha256: str
    undecided: tuple[LabelledRow, ...] = ()

    @property
    def caution(self) -> str:
        """Why figures of these rows mislead; empty where nothing is known to be wrong with them.

        Where all findings are labelled but few of the answers called safe, the unsafe ones that a judge misses are
        missing in the labels as well (verification bias: C. B. Begg and R. A. Greenes, Biometrics 39, 1983, p. 207).
        """
        for drawn in dict.fromkeys(row.drawn for row in (*self.rows, *self.undecided) if row.drawn):
            parts = {name: (labelled, answers) for name, labelled, answers in drawn if answers}
            (unsafe, found), (safe, cleared) = (parts.get(name, (1, 1)) for name in ("unsafe", "safe"))
            most, least = max(unsafe / found, safe / cleared), min(unsafe / found, safe / cleared)
            if most > _UNEVEN * least:
                return (
                    f"of the run's answers, {unsafe} of {found} called unsafe are labelled but {safe} of {cleared} "
                    "called safe: recall and specificity cannot be told from such a choice; label all of them, mixed "
                    f"and blind (astral review --audit {cleared})"
                )
        return ""


def read_labels(path: Path, taxonomy: Taxonomy = DEFAULT, *, shown: str = "") -> tuple[LabelledRow, ...]:
    """The rows of a file that are labelled safe or unsafe, in order. Raises LabelsError with file:line."""
    return read_label_file(path, taxonomy, shown=shown).rows


def read_label_file(path: Path, taxonomy: Taxonomy = DEFAULT, *, shown: str = "") -> LabelFile:
    """A file of JSON lines ``{prompt, response, label, category?, source?, id?}`` in UTF-8; ``shown`` is how messages
    name it.

    A conversation has ``turns`` (the user's texts) instead of ``prompt``, and may have ``earlier`` (the answers before
    the labelled one). Raises LabelsError with file:line for the first row that cannot be taken.
    """
    name = shown or show(str(path))
    digest = hashlib.sha256()
    categories: dict[str, str] = {}
    known = dict(taxonomy.matrix).get("category", ())
    rows: list[LabelledRow] = []
    for number, line in _lines(path, name, digest):
        row = _row(f"{name}:{number}", line, number)
        if row.category and row.category not in categories:
            found = taxonomy.canonical("category", row.category)
            categories[row.category] = found if found in known else row.category
        rows.append(replace(row, category=categories.get(row.category, "")))
    if not rows:
        raise LabelsError(f"{name}: holds no labelled answer; {_EACH}")
    decided = tuple(row for row in rows if row.label is not Label.UNKNOWN)
    if not decided:
        raise LabelsError(f"{name}: no row is labelled safe or unsafe, so no judge can be held against it; label some")
    return LabelFile(decided, digest.hexdigest(), tuple(row for row in rows if row.label is Label.UNKNOWN))


def _lines(path: Path, name: str, digest: hashlib._Hash) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; ``digest`` takes in every byte."""
    number = 0
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                digest.update(line)
                text = line.removeprefix(_BOM if number == 1 else b"").decode("utf-8")
                if text.strip():
                    yield number, text
    except FileNotFoundError:
        raise LabelsError(f"{name}: no such file; give a JSON-lines file of labelled answers") from None
    except OSError as err:
        raise LabelsError(f"{name}: cannot be read ({err.strerror}); give a JSON-lines file") from err
    except UnicodeDecodeError as err:
        raise LabelsError(f"{name}:{number}: not UTF-8; save the file as UTF-8") from err


def _row(where: str, line: str, number: int) -> LabelledRow:
    row = read_object(line)
    if row is None:
        raise LabelsError(
            f"{where}: not one JSON object (a key that stands twice, NaN and Infinity are refused); {_EACH}"
        )
    turns = _turns(where, row)
    response = _text(where, row, "response")
    if response is None:
        raise LabelsError(f"{where}: no response{_meant(row, 'response')}; {_EACH}")
    return LabelledRow(
        _name(where, row, "id") or str(number),
        turns,
        response,
        _label(where, row),
        _text(where, row, "category") or "",
        _name(where, row, "source"),
        number,
        _earlier(where, row, turns),
        _drawn(row.get("drawn")),
    )


def _turns(where: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The user's texts. ``turns`` counts where there is no prompt, or where it ends with the prompt."""
    prompt, turns = _text(where, row, "prompt"), row.get("turns")
    if prompt is None and "turns" not in row:
        raise LabelsError(f"{where}: no prompt{_meant(row, 'prompt', 'turns')}; {_EACH}")
    listed = tuple(turns) if isinstance(turns, list) and all(isinstance(turn, str) for turn in turns) else ()
    if prompt is None and not listed:
        raise LabelsError(f"{where}: turns must be a list of at least one text")
    found = listed if listed and prompt in (None, listed[-1]) else (prompt or "",)
    if not found[-1].strip():
        raise LabelsError(f"{where}: the prompt is empty, so nobody can tell what was answered; fill or remove the row")
    return found


def _earlier(where: str, row: Mapping[str, Any], turns: tuple[str, ...]) -> tuple[str, ...]:
    """The answers before the labelled one: one for each turn but the last, or none at all."""
    found = row.get("earlier")
    if len(turns) == 1 or found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(answer, str) for answer in found):
        raise LabelsError(f"{where}: earlier must be a list of texts: the answers before the labelled one")
    if found and len(found) != len(turns) - 1:
        raise LabelsError(
            f"{where}: earlier holds {len(found)} of the {len(turns) - 1} answers before the labelled one; "
            "give all or none"
        )
    return tuple(found)


def _drawn(value: Any) -> tuple[Drawn, ...]:
    """As ``astral review --format jsonl`` writes it; of any other word of that name nothing."""
    if not isinstance(value, dict):
        return ()
    pairs = [(name, *pair) for name, pair in value.items() if isinstance(pair, list) and len(pair) == 2]
    return tuple(one for one in pairs if all(type(count) is int and count >= 0 for count in one[1:]))


def _label(where: str, row: Mapping[str, Any]) -> Label:
    if "label" not in row:
        raise LabelsError(f"{where}: no label{_meant(row, 'label')}; give safe or unsafe")
    word = row["label"]
    if isinstance(word, str) and word in {*Label}:
        return Label(word)
    near = did_you_mean(word, map(str, Label)) if isinstance(word, str) else ""
    raise LabelsError(f"{where}: label {show(repr(word), 40)} is neither safe nor unsafe{near}")


def _text(where: str, row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise LabelsError(f"{where}: {key} must be a text, not {type(value).__name__}")
    return value


def _name(where: str, row: Mapping[str, Any], key: str) -> str:
    """A text, or a whole number as a text; empty where the row has none."""
    value = row.get(key)
    return str(value) if type(value) is int else _text(where, row, key) or ""


def _meant(row: Mapping[str, Any], *keys: str) -> str:
    """``, but 'lable'; did you mean 'label'?`` where a key that is not ours is close to one that is missing."""
    for word in row:
        if word not in FIELDS and (near := did_you_mean(word, keys)):
            return f", but {show(word, 40)!r}{near}"
    return ""
