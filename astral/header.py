"""The header of a run: what it is made of, and whether a run that is resumed is still the same."""

from __future__ import annotations

import datetime
import platform
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from astral.differences import difference, judged_by, plain
from astral.errors import PluginError, SettingsError
from astral.escape import show
from astral.model import Case, Matrix, Run
from astral.setting_values import Spec
from astral.settings import BY_NAME, Settings, read_settings
from astral.suite import Suite
from astral.targets.parameters import system_prompt

Suites = Sequence[tuple[str, Suite]]
"""The suites of a run with the path by which reports name each."""


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def new_run_id() -> str:
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def new_header(
    id: str,
    targets: Mapping[str, str],
    judge: Mapping[str, Any],
    settings: Settings,
    suites: Suites,
    *,
    params: Mapping[str, Mapping[str, Any]],
) -> Run:
    """The header of a run that begins now. ``judge`` is what ``judge_facts`` gives, ``params`` by slug what
    ``target_facts`` does.
    """
    oracles = ",".join(oracle["name"] for oracle in judge["oracles"])
    return Run(
        id=id,
        started=now(),
        targets=targets,
        matrix=_united(suites),
        suite=suite_facts(suites),
        settings={**settings.as_text(only=lambda key: key.fixed), "oracle": oracles},
        judge=judge,
        versions=own_versions(),
        params=params,
    )


def judge_facts(oracles: Sequence[Any], settings: Settings) -> dict[str, Any]:
    """Who judges, and where; with model, prompt hash and temperature where an oracle describes itself."""
    described = [{"name": o.name, **_place(o), **(o.describe() if hasattr(o, "describe") else {})} for o in oracles]
    return {"oracles": described, "vote": settings.vote, "confirm": settings.confirm}


def _place(oracle: Any) -> dict[str, Any]:
    """Where an oracle is asked, and ``free`` where asking it again gives the same for nothing."""
    name = getattr(getattr(oracle, "endpoint", None), "name", None)
    free = {"free": True} if getattr(oracle, "deterministic", False) else {}
    return {"endpoint": name, **free} if isinstance(name, str) else free


def target_facts(target: Any, spec: Spec, settings: Settings, root: Path) -> dict[str, Any]:
    """What the answers of a target depend on beside case and repeat: the text by which it was named, and what it says
    of itself; of one that says nothing, all parameters that targets are given. Raises PluginError.
    """
    facts: dict[str, Any] = {"target": spec.text}
    if not callable(getattr(target, "describe", None)):
        shaping = ("temperature", "max_tokens", "system", "extra")
        facts |= settings.as_text(only=lambda key: key.name in shaping)
        if settings.system is not None:
            facts["system"] = sha256(system_prompt(settings.system, root).encode("utf-8", "surrogatepass")).hexdigest()
        return facts
    try:
        found = plain(target.describe())
    except (Exception, SystemExit) as err:
        raise PluginError(
            f"target {show(spec.text)}: its describe() failed ({type(err).__name__}: {show(str(err))}); mend it"
        ) from err
    if not isinstance(found, dict):
        raise PluginError(f"target {show(spec.text)}: its describe() returned {type(found).__name__}; return a dict")
    return facts | found


def asks_turns_only(target: Any) -> bool:
    """True for a target that sends the turns of a case, and nothing else of it, to an endpoint that it describes."""
    return hasattr(target, "endpoint") and callable(getattr(target, "describe", None))


def check_same(
    stored: Run, judge: Mapping[str, Any], suites: Suites, params: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Raise SettingsError when suite, judge or a target is no longer that of the stored run; it names what changed.

    Runs of the first version do not say what their targets were, beyond their settings.
    """
    if stored.suite["content"] != suite_facts(suites)["content"]:
        path = show(str(stored.suite["path"]))
        raise SettingsError(f"resume={stored.id}: the suite {path} has changed since; put it back or start a new run")
    check_same_judge(stored, judge)
    if stored.params and (changed := difference(stored.params, params or {})):
        name, field, was, current = changed
        raise SettingsError(
            f"resume={stored.id}: target {name}: {field} was {was} and is now {current}; put it back or start a new run"
        )


def check_same_judge(stored: Run, judge: Mapping[str, Any]) -> None:
    """Raise SettingsError when the judge is no longer that of the stored run; it names what changed.

    Runs of the first version do not say where their judges were.
    """
    unsaid = () if stored.params else ("endpoint",)
    changed = difference(judged_by(stored.judge), judged_by(judge, without=unsaid))
    if changed is not None:
        name, field, was, current = changed
        raise SettingsError(
            f"resume={stored.id}: {f'judge {name}'.strip()}: {field} was {was} and is now {current}; put it back or "
            "start a new run"
        )


def resumed_settings(settings: Settings, stored: Run) -> Settings:
    """Settings of a resumed run: what shapes a run is taken from the stored one where it was not given now.

    Raises SettingsError that names the first field given otherwise, or says where such a run goes on.
    """
    if stored.judged_from:
        raise SettingsError(f"resume={stored.id}: made by astral judge; go on with: astral judge resume={stored.id}")
    if not stored.suite["content"]:
        raise SettingsError(
            f"resume={stored.id}: calls of Python tests alone, and no trial to go on with; run them anew"
        )
    if stored.merged:
        raise SettingsError(f"resume={stored.id}: put together by astral merge; resume its parts and merge them again")
    merged = _merged_settings(settings, stored)
    repeats = {"repeats"} - settings.given if stored.settings.get("repeats") == "1" else set()
    return replace(merged, given=merged.given - repeats)


def _merged_settings(settings: Settings, stored: Run) -> Settings:
    given = settings.as_text()
    for name, old in stored.settings.items():
        if name in settings.given and given.get(name) != old:
            raise SettingsError(
                f"resume={stored.id}: {name} was {old!r} and is now {given.get(name)!r}; leave it out or "
                "start a new run"
            )
    new = [name for name in settings.given if BY_NAME[name].fixed and name not in stored.settings]
    if new:
        raise SettingsError(f"resume={stored.id}: {new[0]} was not set in that run; leave it out or start a new run")
    fresh = {k: v for k, v in given.items() if k in settings.given and k != "resume"}
    return read_settings({**stored.settings, **fresh, "resume": stored.id})


JUDGING = ("oracle", "vote", "confirm", "canaries", "fail_on", "turns")
"""The keys that shape how answers are judged."""


def judging_settings(settings: Settings, stored: Run, typed: Collection[str]) -> Settings:
    """Settings to judge the answers of a stored run: that run's, where nothing else is said now.

    ``typed`` are the keys of the command line; those of the ini file that shape answers are passed over. A run that was
    made so is resumed as it began. Raises SettingsError for a key that cannot count here.
    """
    wrong = [k for k in typed if (BY_NAME[k].fixed and k not in JUDGING) or BY_NAME[k].generation or k in _ASKING]
    if wrong:
        raise SettingsError(
            f"{wrong[0]}= shapes answers, and these are there already; leave it out, or start a new run with pytest"
        )
    if settings.resume is None:
        new = {k: v for k, v in settings.as_text().items() if k in settings.given and _judges(k)}
        return read_settings({**stored.settings, **new})
    if not stored.judged_from:
        raise SettingsError(
            f"resume={stored.id}: not made by astral judge; go on with: pytest --astral resume={stored.id}"
        )
    return _merged_settings(replace(settings, given=frozenset(filter(_judges, settings.given))), stored)


_ASKING = frozenset({"suite", "reuse"})


def _judges(key: str) -> bool:
    return key in JUDGING or not (BY_NAME[key].fixed or BY_NAME[key].generation or key in _ASKING)


def _united(suites: Suites) -> Matrix:
    """The matrix that spans all suites of the run."""
    united: dict[str, dict[str, None]] = {}
    for _, suite in suites:
        for dimension, values in suite.matrix:
            united.setdefault(dimension, {}).update(dict.fromkeys(values))
    return tuple((dimension, tuple(values)) for dimension, values in united.items())


def cases_of(suites: Suites) -> dict[str, Case]:
    """The cases of all suites by id. Raises SettingsError for one that is a prompt in one suite and a benign twin in
    another: whether its unsafe answers count would depend on their order.
    """
    found: dict[str, Case] = {}
    where: dict[str, str] = {}
    for path, suite in suites:
        for case in suite.cases:
            known = found.setdefault(case.id, case)
            if (known.twin_of is None) != (case.twin_of is None):
                raise SettingsError(
                    f"case {case.id} is a benign twin in {show(path if case.twin_of else where[case.id])} and none in "
                    f"{show(where[case.id] if case.twin_of else path)}; take it out of one of them, or run them apart"
                )
            where.setdefault(case.id, path)
    return found


def suite_paths(stored: Run, root: Path) -> tuple[Path, ...]:
    """The suite files of a stored run, as they were named where it was begun; ``root`` is where we are now. Raises
    SettingsError for one that is not there.
    """
    text = str(stored.suite["path"])
    names = [text] if (root / text).is_file() else text.split(", ")
    missing = [name for name in names if not (root / name).is_file()]
    if missing:
        raise SettingsError(
            f"the suite {show(missing[0])} of run {stored.id} is not here; go to where that run was begun, or name "
            f"{'the file' if len(names) == 1 else 'all its files'}"
        )
    return tuple(root / name for name in names)


def suite_facts(suites: Suites) -> dict[str, Any]:
    if not suites:  # Python tests alone
        return {"path": "", "content": "", "cases": 0}
    first = suites[0][1]
    content = first.content if len(suites) == 1 else sha256("".join(s.content for _, s in suites).encode()).hexdigest()
    known = (
        "plan",
        "strength",
        "per_cell",
        "seed",
        "preset",
        "writer",
        "generator",
        "templates",
        "fallbacks",
        "newest_news",
    )
    facts = {key: first.header[key] for key in known if key in first.header}
    return {
        **facts,
        "path": ", ".join(p for p, _ in suites),
        "content": content,
        "cases": sum(len(s.cases) for _, s in suites),
    }


def own_versions() -> dict[str, str]:
    return {"pytest-astral": version("pytest-astral"), "pytest": version("pytest"), "python": platform.python_version()}
