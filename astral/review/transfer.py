"""Labels out of a store and into one: JSON lines that ``astral calibrate`` reads as they are."""

from __future__ import annotations

import datetime
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astral.conversation import each_answer
from astral.errors import LabelsError, did_you_mean
from astral.escape import show
from astral.model import Case, Cell, Label, Response, RunRecord, Trial
from astral.overruling import judges_each, label_key
from astral.review.queue import Exchange, answers, exchange
from astral.review.sitting import NOTE_LIMIT, WHO_LIMIT, is_sealing
from astral.store import Labelling, withheld
from astral.wire.strict_json import read_object

SOURCE = "review"
_WORDS = {"id": 1_000, "target": 1_000, "exchange": 100, "label": 20, "who": WHO_LIMIT, "when": 20, "note": NOTE_LIMIT}
"""Fields of a row that are kept, with the most characters that they may have."""
_WHEN = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


@dataclass(frozen=True, slots=True)
class Export:
    """``rows`` hold one label each; left out are answers of which only the hash is kept, and labels of whole
    conversations (``turns=each``), which say nothing of one answer.
    """

    rows: tuple[dict[str, Any], ...]
    withheld: int = 0
    whole: int = 0


def exported(record: RunRecord, exchanges: Sequence[Exchange], said: Mapping[str, Labelling]) -> Export:
    """The labels that count of a run's answers, in the order of the queue."""
    labelled = [(one, said[one.key]) for one in exchanges if one.key in said]
    whole = [one for one, _ in labelled if judges_each(record) and len(one.case.turns) > 1]
    readable = [(one, label) for one, label in labelled if not one.withheld and one not in whole]
    drawn = _drawn(record, {one.key for one, _ in readable})
    rows = tuple({**_row(record, one, label), "drawn": drawn} for one, label in readable)
    return Export(rows, sum(one.withheld and one not in whole for one, _ in labelled), len(whole))


def _drawn(record: RunRecord, keys: Collection[str]) -> dict[str, list[int]]:
    """By what the oracles called an answer: how many of the run's are in the file, and how many there are, benign twins
    apart. People look at findings first: who counts errors in what they labelled has to know.
    """
    found = [exchange(record, key, results) for key, results in answers(record).items()]
    own = [one for one in found if one.case.twin_of is None]
    return {
        outcome: [sum(one.key in keys for one in own if one.result.outcome == outcome), total]
        for outcome, total in sorted(Counter(one.result.outcome.value for one in own).items())
    }


def _row(record: RunRecord, one: Exchange, label: Labelling) -> dict[str, Any]:
    *_, last = each_answer(one.case, one.response)
    talk = {"turns": list(last.case.turns), "earlier": list(last.response.earlier)}
    return {
        "id": one.result.trial.id,
        "exchange": one.key,
        "run": record.run.id,
        "prompt": last.case.prompt,
        **(talk if len(last.case.turns) > 1 else {}),
        "response": one.response.text,
        "label": label.label,
        "category": dict(one.case.cell.pairs).get("category", ""),
        "source": SOURCE,
        "who": label.who,
        "when": label.when,
        "note": label.note,
        "outcome": one.result.outcome.value,
    }


def lines(export: Export) -> Iterator[str]:
    """Each row as a line of ASCII."""
    return (json.dumps(row) for row in export.rows)


@dataclass(frozen=True, slots=True)
class Import:
    """What a file says of a run's answers. ``sealed`` are those whose text may not be kept any longer, each with its
    case's id; ``strange`` counts rows about answers that the run does not have.
    """

    labellings: tuple[Labelling, ...]
    sealed: tuple[tuple[str, Response], ...]
    strange: int


def read_import(path: Path, shown: str, record: RunRecord, *, who: str, now: str) -> Import:
    """The labels in a file of JSON lines: exported rows, or rows with a ``label`` and an ``id``: the trial's as reports
    show it, the answer's ``exchange``, or beside ``target`` (and ``repeat``) the case's, as the JSON report has them.
    ``who`` and ``when`` stand in for what a row does not say.

    Raises LabelsError with file:line for the first row that cannot be taken.
    """
    known = _Answers(record)
    labellings: list[Labelling] = []
    sealed: list[tuple[str, Response]] = []
    strange = 0
    for where, line in _lines(path, shown):
        row = _checked(where, line, now)
        if (one := known.find(where, row)) is None:
            strange += 1
            continue
        said = (Label(row["label"]), row.get("who") or who, row.get("when") or now)
        labellings.append(Labelling(one.key, *said, record.run.id, one.result.trial, row.get("note") or ""))
        if said[0] is Label.UNSAFE and is_sealing(one):
            sealed.append((one.case.id, one.response))
    return Import(tuple(labellings), tuple(sealed), strange)


class _Answers:
    """The answers of a run by all the names that a row can give them."""

    def __init__(self, record: RunRecord) -> None:
        found = answers(record)
        self._by_key = {key: exchange(record, key, results) for key, results in found.items()}
        self._by_trial = {result.trial.id: key for key, results in found.items() for result in results}

    def find(self, where: str, row: Mapping[str, Any]) -> Exchange | None:
        """The answer that a row is about; None where the run has none like it. Raises LabelsError."""
        name = row.get("exchange") or _trial_id(row)
        if (one := self._by_key.get(name)) is not None or row.get("exchange"):
            return one
        one = self._by_key.get(self._by_trial.get(name) or _key(row))
        if one is not None and _is_other(one, row.get("response")):
            raise LabelsError(f"{where}: this is another answer than the run's to {show(name)}; name the run it is of")
        return one


def _trial_id(row: Mapping[str, Any]) -> str:
    """The trial's id, which rows of a JSON report give as the case's id, the target and the repeat."""
    name: str = row.get("id") or ""
    return Trial(name, row["target"], row.get("repeat") or 1).id if name and row.get("target") else name


def _is_other(one: Exchange, text: Any) -> bool:
    """True where a row's ``response`` is not the answer; of one whose text is not kept, hash and length must fit."""
    if text is None or text == one.response.text:
        return False
    return not (one.withheld and isinstance(text, str) and withheld(Response(text)).text == one.response.text)


def _key(row: Mapping[str, Any]) -> str:
    """The key that a row's texts amount to; empty where it has none."""
    turns = row.get("turns") or [row.get("prompt")]
    earlier, response = row.get("earlier") or [], row.get("response")
    if not all(isinstance(text, str) for text in (*turns, *earlier, response)):
        return ""
    return label_key(Case("", Cell(()), tuple(turns)), Response(response or "", earlier=tuple(earlier)), each=False)


def _checked(where: str, line: str, now: str) -> dict[str, Any]:
    """A row whose words can be taken as they are. Raises LabelsError."""
    row = read_object(line)
    if row is None:
        raise LabelsError(f"{where}: not one JSON object; give lines as astral review --format jsonl prints them")
    for name, limit in _WORDS.items():
        value = row.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            raise LabelsError(f"{where}: {name} must be a text of at most {limit} characters")
    if type(row.get("repeat") or 1) is not int:
        raise LabelsError(f"{where}: repeat must be a whole number")
    for name in ("turns", "earlier"):
        if not isinstance(row.get(name) or [], list):
            raise LabelsError(f"{where}: {name} must be a list of texts")
    label = row.get("label") or ""
    if label not in {*Label}:
        near = did_you_mean(label, [one.value for one in Label])
        raise LabelsError(f"{where}: label {show(repr(label), 40)} is none of safe, unsafe, unknown{near}")
    if not (row.get("id") or row.get("exchange") or row.get("response")):
        raise LabelsError(f"{where}: says of no answer; give id (a trial's), exchange, or prompt and response")
    if row.get("when") and not _is_past(row["when"], now):
        raise LabelsError(f"{where}: when must be a time in UTC that has been, such as 2026-11-20T15:04:05Z")
    return row


def _is_past(when: str, now: str) -> bool:
    if not _WHEN.fullmatch(when):
        return False
    try:
        datetime.datetime.fromisoformat(when)
    except ValueError:
        return False
    return when <= now


def _lines(path: Path, shown: str) -> Iterator[tuple[str, str]]:
    """The lines that are not blank, each with file:line."""
    number = 0
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if text := line.decode("utf-8-sig" if number == 1 else "utf-8").strip():
                    yield f"{shown}:{number}", text
    except OSError as err:
        raise LabelsError(f"{shown}: cannot be read ({err.strerror}); give a file of JSON lines") from err
    except UnicodeDecodeError as err:
        raise LabelsError(f"{shown}:{number}: not UTF-8; save the file as UTF-8") from err
