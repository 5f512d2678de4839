"""Reads the results of a run back from JSON: what its trials came to, for comparisons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from astral.cards import identity
from astral.errors import ResultsError
from astral.escape import show
from astral.model import Cell, Label, Outcome, Refusal, Result, Trial, Verdict
from astral.reports.results import FORMAT
from astral.reports.unpacking import Unfit, unpack
from astral.samples import Sample, refusals

_NEXT = "name a JSON report of a run, or write it again: astral report RUN report=json:PATH"
_KEPT = ("id", "target", "repeat", "twin_of", "outcome", "dimensions")
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_REFUSALS = {refusal.value: refusal for refusal in Refusal}
_T = TypeVar("_T")
_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}


def read_results(path: Path) -> Sample:
    """The trials of a file that ``report=json:PATH`` of this version or an earlier one wrote; ``path`` is its name.

    Outcomes are those that people left; of benign twins only their refusals are kept. Raises ResultsError, one
    sentence, for what is not there, is newer than this program, is cut off, is no JSON, or is not what it should be.
    """
    where = show(str(path))
    try:
        text = path.read_text(encoding="utf-8")
        return _sample(str(path), unpack(text, "cases", _keep))
    except OSError as err:
        raise ResultsError(f"{where}: cannot be read ({err.strerror}); {_NEXT}") from err
    except UnicodeDecodeError as err:
        raise ResultsError(f"{where}: not UTF-8; {_NEXT}") from err
    except json.JSONDecodeError as err:
        raise ResultsError(f"{where}{_broken(err)}; {_NEXT}") from err
    except Unfit as err:
        raise ResultsError(f"{where}: {show(str(err))}; {_NEXT}") from err
    except (ValueError, RecursionError) as err:  # a number of thousands of digits, lists in lists in lists
        raise ResultsError(f"{where}: JSON that no report holds ({type(err).__name__}); {_NEXT}") from err


def _broken(err: json.JSONDecodeError) -> str:
    """Where the text stops being JSON, and whether that is because the rest of it is missing."""
    if not err.doc.strip():
        return ": the file is empty"
    if err.pos >= len(err.doc.rstrip()) or err.msg.startswith("Unterminated string"):
        return f":{err.lineno}: the file is cut off"
    return f":{err.lineno}: not JSON ({show(err.msg, 60)})"


def _keep(trial: Any) -> Any:
    """What a comparison needs of a trial, before anybody knows whether it is one."""
    if not isinstance(trial, dict):
        return trial
    kept = _KEPT if trial.get("twin_of") is None else (*_KEPT, "verdicts")
    return {key: trial[key] for key in kept if key in trial}


def _sample(name: str, members: Mapping[str, Any]) -> Sample:
    _check_format(members)
    run = _member(members, "run", dict)
    targets = _words(_member(run, "targets", dict, "run."), "run.targets")
    order = [_member(one, "dimension", str, "run.matrix[].") for one in _rows(run, "matrix", "run.")]
    cases: dict[str, tuple[Cell, str | None]] = {}
    outcomes: dict[Trial, Outcome] = {}
    twins: list[Result] = []
    for number, row in enumerate(_rows(members, "cases")):
        place = f"cases[{number}]."
        trial = _trial(row, place, targets)
        case = _cell(row, place, order), _optional(row, "twin_of", place)
        if trial in outcomes:
            raise Unfit(f"{place}id: {trial.id} stands there twice")
        if cases.setdefault(trial.case_id, case) != case:
            raise Unfit(f"{place}id: {trial.case_id} is another case than in an earlier trial")
        outcomes[trial] = outcome = _outcome(row, place)
        if case[1] is not None:
            twins.append(Result(trial, outcome, verdicts=tuple(_verdicts(row, place))))
    harmful = {id: cell for id, (cell, twin_of) in cases.items() if twin_of is None}
    return Sample(
        name=name,
        outcomes={trial: outcome for trial, outcome in outcomes.items() if trial.case_id in harmful},
        cells=harmful,
        targets=targets,
        judge=_judge(run),
        fail_on=_param(run, "fail_on", "1", ("1", "2", "3"), int),
        turns=_param(run, "turns", "last", ("last", "each"), str),
        twins=refusals(twins),
    )


def _check_format(members: Mapping[str, Any]) -> None:
    found = members.get("format")
    if type(found) is not int or found < 1 or not {"run", "cases"} <= members.keys():
        raise Unfit("not the results of a run")
    if found > FORMAT:
        raise Unfit(f"results of format {found}, this version reads up to {FORMAT}: upgrade pytest-astral")


def _trial(row: Mapping[str, Any], place: str, targets: Mapping[str, str]) -> Trial:
    trial = Trial(
        _member(row, "id", str, place), _member(row, "target", str, place), _member(row, "repeat", int, place)
    )
    if trial.target not in targets:
        raise Unfit(f"{place}target: {_quoted(trial.target)} is not among run.targets")
    if trial.repeat < 1:
        raise Unfit(f"{place}repeat: repeats count from 1")
    return trial


def _outcome(row: Mapping[str, Any], place: str) -> Outcome:
    word = _member(row, "outcome", str, place)
    if word not in _OUTCOMES:
        raise Unfit(f"{place}outcome: {_quoted(word)} is none of {', '.join(_OUTCOMES)}")
    return _OUTCOMES[word]


def _verdicts(row: Mapping[str, Any], place: str) -> Iterator[Verdict]:
    """Who said what of a refusal, and of which answer."""
    for number, said in enumerate(_rows(row, "verdicts", place)):
        where = f"{place}verdicts[{number}]."
        word, turn = _member(said, "refusal", str, where), said.get("turn")
        if word not in _REFUSALS or not (turn is None or type(turn) is int):
            raise Unfit(f"{where}{'turn' if word in _REFUSALS else 'refusal'}: not as docs/results.md says")
        yield Verdict(_member(said, "oracle", str, where), Label.UNKNOWN, _REFUSALS[word], turn=turn)


def _cell(row: Mapping[str, Any], place: str, order: Sequence[str]) -> Cell:
    """Its dimensions in the order of the matrix, those outside it behind: an object of sorted keys has lost theirs."""
    given = _words(_member(row, "dimensions", dict, place), f"{place}dimensions")
    names = [*(name for name in order if name in given), *sorted(given.keys() - set(order))]
    return Cell(tuple((name, given[name]) for name in names))


def _judge(run: Mapping[str, Any]) -> Mapping[str, Any]:
    judge = _member(run, "judge", dict, "run.")
    if judge:
        _rows(judge, "oracles", "run.judge.")
    return identity(judge)


def _param(run: Mapping[str, Any], name: str, default: str, known: Sequence[str], kind: Callable[[str], _T]) -> _T:
    """A setting of the run; one that an earlier version did not have was as it is by default."""
    text = _words(_member(run, "params", dict, "run."), "run.params").get(name, default)
    if text not in known:
        raise Unfit(f"run.params.{name}: {_quoted(text)} is none of {', '.join(known)}")
    return kind(text)


def _member(row: Mapping[str, Any], name: str, kind: type, place: str = "") -> Any:
    """The member of that type; True and False are no numbers."""
    value = row.get(name)
    if type(value) is not kind:
        raise Unfit(f"{place}{name}: {_KINDS[kind]} is needed, {_told(row, name)}")
    return value


def _optional(row: Mapping[str, Any], name: str, place: str) -> str | None:
    return None if name in row and row[name] is None else _member(row, name, str, place)


def _rows(row: Mapping[str, Any], name: str, place: str = "") -> list[Mapping[str, Any]]:
    found = _member(row, name, list, place)
    for number, one in enumerate(found):
        if type(one) is not dict:
            raise Unfit(f"{place}{name}[{number}]: an object is needed, {_quoted(one)} is there")
    return list(found)


def _words(found: Mapping[str, Any], place: str) -> dict[str, str]:
    for name, value in found.items():
        if type(value) is not str:
            raise Unfit(f"{place}.{name}: a text is needed, {_quoted(value)} is there")
    return dict(found)


def _told(row: Mapping[str, Any], name: str) -> str:
    return f"{_quoted(row[name])} is there" if name in row else "it is not there"


def _quoted(value: Any) -> str:
    return show(json.dumps(value), 40)
