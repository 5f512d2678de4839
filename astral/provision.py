"""Which suite a run uses, and making one where there is none."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from astral.context import Context
from astral.errors import SettingsError, SuiteError
from astral.escape import show
from astral.files import private_directory
from astral.presets import TEMPLATE, in_ci, missing_extras, recipe
from astral.recordings import read_recordings, recorded_suite
from astral.registry import Registry
from astral.screening import RULES, screen_turns
from astral.settings import BY_NAME, DEFAULT_SUITE, WRITER_MODEL, Settings
from astral.store import store_directory
from astral.suite import SUFFIX, Suite, read_suite, write_suite

SECONDS_A_LINE = 15.0
"""Between two lines on how far the writing of a suite is."""
Say = Callable[[str], None]
"""Prints a line for people."""


@dataclass(frozen=True, slots=True)
class Provision:
    """The suite file of a run; ``notes`` are lines that say how it came to be, ``suite`` what it holds where it was
    read already.
    """

    path: Path
    notes: tuple[str, ...] = ()
    suite: Suite | None = None


def provide_suite(
    settings: Settings, context: Context, registry: Registry, directory: Path, *, may_send: bool, say: Say
) -> Provision:
    """The suite of a run: ``suite=``, else the rows of a recorded target, else ``./safety.astral.jsonl``, else one
    generated into ``directory/.astral/suites`` and reused while its settings are unchanged.

    Without ``may_send`` (nothing may be asked of anyone) a suite that a model has to write is an error that names the
    command; in a dry run what making it would ask is said, and a smoke suite stands in. Raises AstralError.
    """
    if settings.suite is not None:
        path = Path(os.path.abspath(context.root / settings.suite))  # as pytest spells the paths it collects
        return Provision(path, _unused(settings), read_suite(path, shown=str(settings.suite)))
    if replay := [spec for spec in settings.target if spec.kind == "replay"]:
        if len(settings.target) > 1:
            raise SettingsError(
                "target=replay:... beside other targets needs a suite; add suite=FILE (make one with astral generate)"
            )
        rows = read_recordings(context.root / replay[0].argument, context.taxonomy)
        suite = recorded_suite(rows, context.taxonomy)
        return _keep(
            suite, directory, suite.content[:12], f"{len(rows)} recorded answers to {len(suite.cases)} prompts"
        )
    if (context.root / DEFAULT_SUITE).is_file():
        return Provision(context.root / DEFAULT_SUITE, _unused(settings))
    return _generated(settings, context, registry, directory, may_send=may_send and not in_ci(), say=say)


def check_gate(suite: Suite, shown: str) -> None:
    """Raise SuiteError for a suite with a text that the content gate keeps out: none of it may be sent. Generated
    suites have none; a file may have been edited, or written by hand.
    """
    broken = [(case.id, rule) for case in suite.cases if (rule := screen_turns(case.turns)) is not None]
    if broken:
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        id, rule = broken[0]
        raise SuiteError(
            f"{show(shown, None)}: the content gate keeps out case {id} ({rule}: {RULES[rule]}){more}; reword or "
            f"remove such cases: they may not be sent"
        )


def _unused(settings: Settings) -> tuple[str, ...]:
    shaping = sorted(key for key in settings.given if BY_NAME[key].generation)
    if not shaping:
        return ()
    return (
        f"the suite is a file, so {', '.join(shaping)} had no effect; to make another: astral generate NEW{SUFFIX} ...",
    )


def _generated(
    settings: Settings, context: Context, registry: Registry, directory: Path, *, may_send: bool, say: Say
) -> Provision:
    from astral.workshop import Workshop  # late: a run of a suite that is there needs none of it

    made = recipe(settings)
    # Generation has the budget for itself: what it used is not missing in the run that follows.
    context = replace(context, network=context.network.fresh())
    shop = Workshop(made, context, registry, directory)
    path = directory / ".astral" / "suites" / f"{shop.key}{SUFFIX}"
    command = context.network.redactor.clean(real_suite_command(settings))
    note = f"{made.preset.name} suite by {show(made.writer.text)}, not reviewed yet; to keep one: {command}"
    if made.preset.name == "smoke" and made.writer == TEMPLATE:
        note = f"smoke suite (template writer, shipped corpus, no web); {_why_smoke(settings)}: {command}"
    if path.is_file():
        return Provision(path, (note,))
    if shop.sends and not may_send:
        if settings.dry_run:
            for line in shop.estimate():
                say(f"astral: making the suite: {line}")
            plain = replace(settings, preset="smoke", writer=TEMPLATE, checker=None, web=None)
            counted = _generated(plain, context, registry, directory, may_send=False, say=say)
            return replace(counted, notes=(f"a smoke suite stands in to count the trials; the real one: {command}",))
        raise SettingsError(f"the suite's {shop.sends} would send requests; make the suite first: {command}")

    def begin() -> None:
        if shop.sends and path.is_file():
            raise SuiteError("another process made the same suite just now; run again to use it")

    suite = shop.make(lambda suite: _keep(suite, directory, shop.key, note), say, _spoken(say), begin=begin)
    if shop.sends:
        for line in suite.lines:
            say(f"astral: {line}")
    return Provision(path, (note,))


def _spoken(say: Say, monotonic: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
    """Progress as a line now and then: pytest holds the terminal, so no bar can be drawn on it."""
    last = monotonic()

    def tick(done: int, planned: int) -> None:
        nonlocal last
        if monotonic() - last >= SECONDS_A_LINE:
            last = monotonic()
            say(f"astral: {done} of {planned} prompts written")

    return tick


def _why_smoke(settings: Settings) -> str:
    """What stands between this run and the full pipeline, in the words that introduce the command."""
    if missing := missing_extras():
        return f"for retrieval and news: pip install 'pytest-astral[{','.join(missing)}]', then"
    return "for retrieval, news and a model's own wording"


def _keep(suite: Suite, directory: Path, key: str, note: str) -> Provision:
    folder = store_directory(directory) / "suites"
    try:
        private_directory(folder)
    except OSError as err:
        raise SuiteError(f"{folder}: cannot be made ({err.strerror}); run where you may write") from err
    path = folder / f"{key}{SUFFIX}"
    if not path.is_file():
        write_suite(suite, path)
    return Provision(path, (note,))


def real_suite_command(settings: Settings) -> str:
    """The command that makes a suite with the full pipeline under these settings."""
    given = settings.as_text(only=lambda key: key.generation and key.name in settings.given)
    shaping = {"preset": "rag-fs-ts", **{k: v for k, v in given.items() if k not in ("preset", "writer")}}
    if settings.preset not in (None, "smoke"):
        shaping["preset"] = settings.preset
    writer = settings.writer.text if settings.writer and settings.writer.kind else f"llm:{WRITER_MODEL}"
    if shaping["preset"] != "static":
        shaping["writer"] = writer
    return " ".join(["astral generate", DEFAULT_SUITE, *(f"{k}={v}" for k, v in shaping.items())])
