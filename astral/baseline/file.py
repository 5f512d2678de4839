"""The file of a baseline, ``NAME.baseline.jsonl``: a header line, then one question a line. Ids and outcomes only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from astral.baseline.standing import Baseline, known_outcomes
from astral.errors import BaselineError, did_you_mean
from astral.escape import show
from astral.files import is_special, write_whole
from astral.model import Outcome, Trial
from astral.samples import Question, Sample
from astral.wire.strict_json import read_object

FORMAT = 1
EXAMPLE = "safety.baseline.jsonl"
"""What messages and documents call the file."""
MOST_BYTES = 64 * 2**20
"""Half a million questions; what is larger is no baseline."""
_DEEPEST = 8
_CASE, _SLUG = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)*"), re.compile(r"[a-z0-9_+-]+")
_HEADER = frozenset(
    {"astral_baseline", "fail_on", "judge", "made", "run", "suite", "targets", "turns", "pytest_astral"}
)
_LINE = frozenset({"case", "outcomes", "since", "target"})


def dump(baseline: Baseline) -> str:
    """The file as text: ASCII, sorted, so that the same run gives the same bytes but for ``made`` and ``run``."""
    sample = baseline.sample
    header = {
        "astral_baseline": FORMAT,
        "fail_on": sample.fail_on,
        "judge": sample.judge,
        "made": baseline.made,
        "pytest_astral": baseline.version,
        "run": baseline.run,
        "suite": baseline.suite,
        "targets": sample.targets,
        "turns": sample.turns,
    }
    return "".join(_canonical(row) + "\n" for row in (header, *_lines(baseline)))


def _lines(baseline: Baseline) -> list[dict[str, Any]]:
    rows = []
    for (case, target), outcomes in known_outcomes(baseline.sample).items():
        row = {"case": case, "target": target, "outcomes": outcomes}
        rows.append(row | ({"since": baseline.since[case, target]} if (case, target) in baseline.since else {}))
    return rows


def _canonical(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, separators=(",", ":"))


def write_baseline(baseline: Baseline, path: Path, shown: str) -> None:
    """Write the file whole or not at all. Raises BaselineError."""
    try:
        write_whole(path, dump(baseline))
    except OSError as err:
        raise BaselineError(
            f"{show(shown)}: the baseline cannot be written ({err.strerror}); name another place: baseline=FILE"
        ) from err


def load_baseline(path: Path, shown: str) -> Baseline:
    """Read and check a baseline; ``shown`` is how messages name it. Raises BaselineError with file:line."""
    name = show(shown)
    text = _text(path, name)
    header_line, *lines = text.split("\n")
    header = _header(f"{name}:1", header_line)
    outcomes: dict[Trial, Outcome] = {}
    first_seen: dict[Question, int] = {}
    since: dict[Question, str] = {}
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        question, found, day = _line(where, line, header["targets"])
        if first_seen.setdefault(question, number) != number:
            raise BaselineError(
                f"{where}: {question[0]} at {question[1]} stands in line {first_seen[question]} already; remove one"
            )
        outcomes |= {Trial(*question, repeat): outcome for repeat, outcome in enumerate(found, 1)}
        if Outcome.UNSAFE in found:
            since[question] = day or header["made"][:10]
    sample = Sample(
        shown, outcomes, {}, header["targets"], header["judge"], fail_on=header["fail_on"], turns=header["turns"]
    )
    return Baseline(sample, header["run"], header["made"], shown, since, header["suite"], header["pytest_astral"])


def check_replaceable(path: Path, shown: str) -> None:
    """Raise BaselineError where ``path`` holds something that was never a baseline, such as a suite: a broken baseline,
    a conflict of git in it too, still has its header somewhere.
    """
    name = show(shown)
    content = _bytes(path, name).strip()
    if content and b'"astral_baseline"' not in content:
        raise BaselineError(f"{name}: no baseline, so it is not replaced; remove it, or name another file")


def _text(path: Path, name: str) -> str:
    try:
        return _bytes(path, name).decode("utf-8")
    except UnicodeDecodeError as err:
        raise BaselineError(f"{name}: not UTF-8; {_again(name)}") from err


def _bytes(path: Path, name: str) -> bytes:
    try:
        if is_special(path):
            raise BaselineError(f"{name}: a device or a pipe; name a file: baseline=FILE")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise BaselineError(
            f"{name}: no such baseline; make it from a stored run: astral baseline update baseline={name} (and that "
            "run with baseline=off)"
        ) from None
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or type(err).__name__
        raise BaselineError(f"{name}: the baseline cannot be read ({reason}); name another file") from err
    if len(content) > MOST_BYTES:
        raise BaselineError(f"{name}: larger than {MOST_BYTES // 2**20} MiB, so no baseline; name another file")
    return content


def _again(name: str) -> str:
    return f"make it again: astral baseline update baseline={name.rpartition(':')[0] or name} --replace"


def _object(where: str, line: str) -> dict[str, Any]:
    row = read_object(line)
    if row is None:
        conflict = line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||"))
        hint = (
            "a conflict of git; keep one side" if conflict else "each line must be one JSON object, no key in it twice"
        )
        raise BaselineError(f"{where}: {hint}")
    return row


# --- the header -------------------------------------------------------------------------------------------------------


def _header(where: str, line: str) -> dict[str, Any]:
    if not line.strip():
        raise BaselineError(f"{where}: the file is empty; {_again(where)}")
    header = _object(where, line)
    version = header.get("astral_baseline")
    if type(version) is not int or version < 1:
        raise BaselineError(f'{where}: not the header of a baseline ("astral_baseline": {FORMAT}); name another file')
    if version > FORMAT:
        raise BaselineError(
            f"{where}: baseline format {show(str(version), 20)} is newer than this version reads ({FORMAT}); upgrade "
            "pytest-astral"
        )
    _check_keys(where, header, _HEADER, _HEADER)
    checks = {
        "fail_on": type(header["fail_on"]) is int and 1 <= header["fail_on"] <= 3,
        "judge": _is_judge(header["judge"]),
        "made": _is_time(header["made"]),
        **{key: isinstance(header[key], str) for key in ("pytest_astral", "run", "suite")},
        "targets": _are_targets(header["targets"]),
        "turns": header["turns"] in ("last", "each"),
    }
    if wrong := next((key for key, good in checks.items() if not good), None):
        raise BaselineError(f'{where}: "{wrong}" has another shape than in docs/baseline.md; {_again(where)}')
    return header


def _check_keys(where: str, row: Mapping[str, Any], known: frozenset[str], needed: frozenset[str]) -> None:
    for key in row:
        if key not in known:
            raise BaselineError(f"{where}: unknown key {show(key, 40)!r}{did_you_mean(key[:40], known)}; remove it")
    if missing := sorted(needed - row.keys()):
        raise BaselineError(f'{where}: "{missing[0]}" is missing; {_again(where)}')


def _is_judge(value: Any) -> bool:
    if (
        not isinstance(value, dict)
        or value.keys() != {"oracles", "confirm", "vote"}
        or not _is_shallow(value, _DEEPEST)
    ):
        return False
    oracles = value["oracles"]
    return isinstance(oracles, list) and all(isinstance(o, dict) and isinstance(o.get("name"), str) for o in oracles)


def _is_shallow(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(one, depth - 1) for one in inner)


def _are_targets(value: Any) -> bool:
    return isinstance(value, dict) and all(_SLUG.fullmatch(k) and isinstance(v, str) for k, v in value.items())


def _is_time(value: Any) -> bool:
    try:
        return _is_day(value[:10]) and datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


# --- a line -----------------------------------------------------------------------------------------------------------


def _line(where: str, line: str, targets: Mapping[str, str]) -> tuple[Question, list[Outcome], str]:
    row = _object(where, line)
    _check_keys(where, row, _LINE, _LINE - {"since"})
    case, target = row["case"], row["target"]
    if not isinstance(case, str) or not _CASE.fullmatch(case):
        raise BaselineError(f"{where}: case {_word(case)} is no id of a case; take the line out")
    if not isinstance(target, str) or target not in targets:
        near = did_you_mean(target[:40], targets) if isinstance(target, str) else ""
        raise BaselineError(f"{where}: target {_word(target)} is not in the header{near}")
    found = _outcomes(where, row["outcomes"])
    day = row.get("since", "")
    if day and Outcome.UNSAFE not in found:
        raise BaselineError(f"{where}: since= stands beside an unsafe outcome only; take it out")
    if "since" in row and not _is_day(day):
        raise BaselineError(f"{where}: since {_word(day)} is no day such as 2026-11-21")
    return (case, target), found, day


def _outcomes(where: str, value: Any) -> list[Outcome]:
    if not isinstance(value, list) or not value:
        raise BaselineError(f"{where}: outcomes must be a list such as ['unsafe', 'safe'], one for each repeat")
    known = {outcome.value: outcome for outcome in Outcome}
    for one in value:
        if not isinstance(one, str) or one not in known:
            near = did_you_mean(one[:40], known) if isinstance(one, str) else ""
            raise BaselineError(f"{where}: unknown outcome {_word(one)}{near}")
    found = [known[one] for one in value]
    if not any(outcome.judged for outcome in found):
        raise BaselineError(f"{where}: no outcome is safe or unsafe, so nothing is known; take the line out")
    return found


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value).isoformat() == value)
    except (TypeError, ValueError):
        return False


def _word(value: Any) -> str:
    return show(repr(value)[:200], 60)
