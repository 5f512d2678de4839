"""``astral calibrate``: judges held against people's labels; a probe trained on them; attacks on a judge."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from astral.calibration.calibrating import Calibrating, Kept
from astral.calibration.figures import Calibrated, RunRate
from astral.calibration.judged import judged, misfit, own_results
from astral.calibration.labels import LabelFile, read_label_file
from astral.calibration.panel import jurors
from astral.cards import KEPT, alone, card_of, identity, load_cards, write_card
from astral.commands.judges import announce, build_judges, closed_loop, joined, judging_forecast, over, write_out
from astral.commands.order import Order, say
from astral.commands.progress import progress_bar
from astral.context import Context
from astral.cost import spent_text
from astral.engine import DRAIN_SECONDS, Loop
from astral.errors import SettingsError
from astral.escape import show, slug
from astral.files import is_special
from astral.header import judge_facts, now, own_versions
from astral.journal import key_of
from astral.protocols import Oracle
from astral.reports.calibration import calibration_lines
from astral.reports.calibration_files import calibration_text, predictions_text
from astral.run import STORE
from astral.store import Store, store_directory

MOST_REPEATS = 100
_PLACES = ("--json", "--predictions", "--card", "--train")


def calibrate(order: Order) -> int:
    """Calibrate, train or attack, as the options say. 0: done; 1: too much was not judged; 2: interrupted."""
    _check_options(order)
    if "--attacks" in order.options:
        from astral.commands.attacking import attack

        return attack(order)
    path, shown, file = _labels(order)
    if "--train" in order.options:
        from astral.commands.training import train

        return train(order, shown, file)
    return _calibrated(order, path, shown, file)


def _labels(order: Order) -> tuple[Path, str, LabelFile]:
    """The file of labels, how people name it, and what it holds."""
    if not order.words:
        raise SettingsError("name a file of labelled answers: astral calibrate LABELS.jsonl oracle=NAME")
    path, shown = order.root / order.words[0], show(order.words[0])
    return path, shown, read_label_file(path, order.registry().taxonomy(), shown=shown)


def _check_options(order: Order) -> None:
    """Raise SettingsError for options that say nothing together, or files that cannot be written, before any call."""
    given, instead = order.options, [word for word in ("--attacks", "--train") if word in order.options]
    fitting = {"--attacks": {"--attacks", "--json"}, "--train": {"--train", "--method"}}
    if instead and (wrong := sorted(set(given) - fitting[instead[0]])):
        raise SettingsError(f"{wrong[0]} says nothing beside {instead[0]}; leave it out")
    if "--attacks" in given and order.words:
        raise SettingsError("--attacks brings answers of its own; leave the file of labels out")
    if "--method" in given and "--train" not in given:
        raise SettingsError("--method says how a probe is trained; add --train OUT.json")
    cards = order.directory / ".astral" / KEPT
    if "--keep" in given and cards.exists() and not (cards.is_dir() and os.access(cards, os.W_OK | os.X_OK)):
        raise SettingsError(f"--keep: {show(str(cards))} is no directory that may be written to; move it away")
    taken = {(order.root / word).resolve(): "the labels" for word in order.words}
    for option in _PLACES:
        if option in given:
            path = order.root / given[option]
            _check_place(option, path, given[option])
            if (other := taken.setdefault(path.resolve(), option)) != option:
                raise SettingsError(f"{option} {show(given[option])} would write over {other}; name another file")


def _check_place(option: str, path: Path, typed: str) -> None:
    folder = path.parent
    if path.is_dir():
        raise SettingsError(f"{option} {show(typed)}: this is a directory; name a file in it")
    if is_special(path):
        raise SettingsError(f"{option} {show(typed)}: this is a device or a pipe; name a file")
    if not folder.is_dir():
        raise SettingsError(f"{option} {show(typed)}: the directory {show(str(folder))} is not there; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"{option} {show(typed)}: the directory {show(str(folder))} may not be written to")


def _repeats(order: Order) -> int:
    text = order.options.get("--repeats", "1")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_REPEATS:
        raise SettingsError(f"--repeats {show(text, 40)!r}: expected a whole number from 1 to {MOST_REPEATS}")
    return int(text)


# --- calibrating ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bench:
    """What a calibration is made with."""

    order: Order
    context: Context
    oracles: Sequence[Oracle]
    facts: Mapping[str, Any]
    path: Path
    shown: str
    file: LabelFile
    repeats: int


def _calibrated(order: Order, path: Path, shown: str, file: LabelFile) -> int:
    settings, context, repeats = order.settings, order.context(), _repeats(order)
    oracles = build_judges(order, context)
    facts = judge_facts(oracles, settings)
    run = _run_rate(order, facts)
    bench = _Bench(order, context, oracles, facts, path, shown, file, repeats)
    directory = store_directory(order.directory)
    kept = {
        oracle.name: Kept(oracle, described, path, directory)
        for oracle, described in zip(oracles, facts["oracles"], strict=True)
    }
    work = Calibrating(
        file.rows, oracles, kept, confirm=settings.confirm, repeats=repeats, concurrency=settings.concurrency
    )
    with ExitStack() as opened:
        opened.enter_context(work)
        loop = opened.enter_context(closed_loop(context))
        if not _begin(bench, work, kept, loop):
            return 0
        if not _judge(bench, work, loop):
            say(
                f"interrupted; {work.done} of {work.planned} judgings are kept, and the same command goes on from there"
            )
            return int(pytest.ExitCode.INTERRUPTED)
        versions = own_versions()["pytest-astral"]
        panel = jurors(oracles, work.said, vote=settings.vote)
        found = Calibrated(shown, file, facts, repeats, work.said, panel, now(), versions, run)
        code = _tell(bench, found)
        work.finished()
        return code


def _begin(bench: _Bench, work: Calibrating, kept: Mapping[str, Kept], loop: Loop) -> bool:
    """Budget, preflight, and the cost in a line; False for a dry run."""
    pending = {oracle.name: work.pending(oracle) for oracle in bench.oracles}
    forecast = joined(
        judging_forecast(
            oracle,
            [(row.case(), row.answer()) for row in pending[oracle.name]],
            confirm=bench.order.settings.confirm,
        )
        for oracle in bench.oracles
    )
    if found := sum(one.count for one in kept.values()):
        say(f"astral: goes on from {found} {'verdict' if found == 1 else 'verdicts'} of an interrupted calibration")
    judgings = sum(map(len, pending.values()))
    announce(bench.order, bench.context, bench.oracles, forecast, judgings=judgings, loop=loop)
    return not bench.order.settings.dry_run


def _judge(bench: _Bench, work: Calibrating, loop: Loop) -> bool:
    """Wait for all judgings; False where somebody stopped them. What is in flight then may end."""
    future = loop.start(work.run())
    network = bench.context.network
    try:
        with progress_bar("judging", lambda: network.calls.judge) as tick:
            while not over(future, 0.2):
                tick(work.done, work.planned)
    except KeyboardInterrupt:
        loop.soon(work.stop)
        if not over(future, DRAIN_SECONDS):
            future.cancel()
        return False
    future.result()
    return True


# --- what was found ---------------------------------------------------------------------------------------------------


def _tell(bench: _Bench, found: Calibrated) -> int:
    """Print it, write what was asked for, and say how complete it is."""
    order = bench.order
    width = min(shutil.get_terminal_size().columns, 120)
    say("")
    for line in calibration_lines(found, width=width, texts="--show-text" in order.options):
        say(line)
    say("")
    write_out(order, "--json", lambda: calibration_text(found))
    write_out(order, "--predictions", lambda: predictions_text(found, reasons="--show-text" in order.options))
    complete = _complete(bench, found)
    wished = bool({"--keep", "--card"} & set(order.options))
    if complete and not found.file.caution:
        _keep(bench, found)
    elif wished:
        say(f"no card was written: {found.file.caution or 'too many rows lack a verdict'}")
    if spent := spent_text(bench.context.network.calls_so_far()):
        say(f"spent: {show(spent, None)}")
    if found.unjudged:
        rows = len(found.file.rows)
        lack = f"{rows} rows lack" if rows > 1 else "1 row lacks"
        say(f"{found.unjudged} of {lack} a verdict; the same command asks for these alone")
    return 0 if complete and not (wished and found.file.caution) else 1


def _complete(bench: _Bench, found: Calibrated) -> bool:
    """False where so much was not judged that the figures may mislead: above ``incomplete=``, or all of it."""
    missing, allowed = found.unjudged / len(found.file.rows), bench.order.settings.incomplete
    return missing < 1 and missing <= allowed


def _keep(bench: _Bench, found: Calibrated) -> None:
    """Write the cards that were asked for: of each oracle alone, and of all of them as they would judge a run."""
    order, judge = bench.order, found.judge
    cards = {found.chosen.juror.name: found.card(found.chosen, identity(judge))}
    for figures in found.scopes[0].figures:
        if not figures.juror.vote and len(bench.oracles) > 1:
            cards[figures.juror.name] = found.card(figures, alone(judge, figures.juror.name))
    if typed := order.options.get("--card"):
        write_card(cards[found.chosen.juror.name], order.root / typed)
        say(f"card: {show(typed)}; runs use it with card={show(typed)}")
    if "--keep" in order.options:
        for name, card in cards.items():
            path = order.directory / ".astral" / KEPT / f"{slug(name)}-{key_of(card.judge)[:12]}.json"
            write_card(card, path)
            say(f"card kept: {show(os.path.relpath(path, order.root))}")
    elif not typed:
        say("not kept: add --keep to make it this judge's card")


def _run_rate(order: Order, judge: Mapping[str, Any]) -> RunRate | None:
    """The unsafe rate of the run that was named by its own verdicts, and what is known of the judge that came to it."""
    if (name := order.options.get("--run")) is None:
        return None
    with Store(order.directory / ".astral" / STORE) as store:
        record = store.record(name)
    who = identity(record.run.judge)
    same = who == identity(judge)
    card = None if same else card_of(load_cards(order.settings.card, order.root, order.directory / ".astral"), who)
    found = judged(record.cases, own_results(record))
    return RunRate(record.run.id, found.rate, found.asked, same, card, misfit(record))
