"""``astral review``: people read what the oracles found or doubted, and their labels overrule."""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import sys
import webbrowser
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from astral.commands.order import Order, say
from astral.errors import SettingsError
from astral.escape import show
from astral.files import write_whole
from astral.header import now
from astral.model import RunRecord
from astral.presets import in_ci
from astral.review.queue import Exchange, Kind, queue
from astral.review.server import ReviewServer
from astral.review.sitting import WHO_LIMIT, Sitting, changes_line
from astral.review.transfer import exported, lines, read_import
from astral.run import STORE
from astral.store import Store, counting_labels, import_labels

AUDIT = 20
"""Safe answers that are drawn for the audit where ``--audit`` does not say how many."""
_NAMES = {
    Kind.FINDING: ("finding", "findings"),
    Kind.DOUBTFUL: ("inconclusive", "inconclusive"),
    Kind.SPLIT: ("split verdict", "split verdicts"),
    Kind.AUDIT: ("safe one to audit", "safe ones to audit"),
    Kind.LABELLED: ("other labelled one", "other labelled ones"),
}


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The command's own options, read."""

    who: str
    port: int = 0
    audit: int = AUDIT
    format: str = ""
    file: str = ""
    browser: bool = True


def review(order: Order) -> None:
    """Serve the page until it or Ctrl-C ends it; or print the labels of a run, or take labels from a file."""
    wishes = _read(order)
    with Store(order.directory / ".astral" / STORE) as store:
        record = store.record(order.words[0] if order.words else "last")
        if wishes.file:
            _import(order, store, record, wishes)
        elif wishes.format:
            _export(store, record)
        else:
            _serve(order, store, record, wishes)


def _read(order: Order) -> _Wishes:
    """The options. Raises SettingsError for one that cannot be taken."""
    given = order.options
    if given.get("--format", "jsonl") != "jsonl":
        raise SettingsError(f"--format {show(given['--format'])}: labels are printed as jsonl only")
    if "--format" in given and "--import" in given:
        raise SettingsError("--format jsonl prints labels and --import takes them: give one of the two")
    who = given.get("--who", "").strip() or _user()
    if len(who) > WHO_LIMIT:
        raise SettingsError(f"--who: a name of at most {WHO_LIMIT} characters, not {len(who)}")
    return _Wishes(
        who,
        _number(given, "--port", 0, 65_535),
        _number(given, "--audit", AUDIT, 10_000),
        given.get("--format", ""),
        given.get("--import", ""),
        "--no-browser" not in given,
    )


def _number(given: Mapping[str, str], name: str, otherwise: int, most: int) -> int:
    text = given.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise SettingsError(f"{name} {show(text, 40)}: give a whole number up to {most}")
    return int(text)


def _user() -> str:
    """Who labels, where nobody says: the user of this machine."""
    with contextlib.suppress(Exception):  # a container may know no user at all; what is raised then differs
        return getpass.getuser()[:WHO_LIMIT]
    return "reviewer"


def _serve(order: Order, store: Store, record: RunRecord, wishes: _Wishes) -> None:
    found = queue(record, counting_labels(store).keys(), wishes.audit)
    sitting = Sitting(store, record, found, wishes.who, now)
    server = ReviewServer(sitting, order.registry().taxonomy(), port=wishes.port)
    say(f"astral: review of run {record.run.id}: {_counted(found)}")
    say(f"astral: labels by {show(wishes.who)}; open {server.address}")
    say("astral: Finish in the page, or Ctrl-C, ends it")
    sys.stdout.flush()
    opened = _browser(server.address, order.directory / ".astral") if wishes.browser and _has_browser() else None
    # Ctrl-C is the usual way to end it
    with opened or contextlib.nullcontext(), contextlib.suppress(KeyboardInterrupt):
        server.serve_until_ended()
    for line in sitting.summary():
        say(f"astral: {line}")


@contextlib.contextmanager
def _browser(address: str, directory: Path) -> Iterator[None]:
    """Open the page by way of a private file: everybody on a machine can read the arguments of its programs, and the
    address holds the token.
    """
    path = directory / f"review-{secrets.token_hex(8)}.html"
    try:
        write_whole(path, f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>ASTRAL</title>')
        webbrowser.open(path.as_uri())
    except OSError:  # the address is on the terminal
        pass
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _counted(found: Sequence[Exchange]) -> str:
    """``5 findings, 3 inconclusive, 20 safe ones to audit``."""
    counts = Counter(one.kind for one in found)
    parts = [f"{counts[kind]} {_NAMES[kind][counts[kind] != 1]}" for kind in Kind if counts[kind]]
    return ", ".join(parts) or "no answer is there to be read"


def _has_browser() -> bool:
    """True where a person sits at a screen: a browser of the terminal would take the terminal."""
    screen = sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return screen and sys.stdout.isatty() and not in_ci()


def _export(store: Store, record: RunRecord) -> None:
    """Rows on standard output, and what was left out on standard error."""
    said = counting_labels(store)
    export = exported(record, queue(record, said.keys(), 0), said)
    for line in lines(export):
        say(line)
    notes = [f"{len(export.rows)} labelled answers of run {record.run.id}"]
    notes += [f"{export.withheld} left out whose text is not kept"] if export.withheld else []
    notes += [f"{export.whole} left out that label a whole conversation (turns=each)"] if export.whole else []
    sys.stderr.write(f"astral: {'; '.join(notes)}\n")


def _import(order: Order, store: Store, record: RunRecord, wishes: _Wishes) -> None:
    """All rows or none."""
    before = counting_labels(store)
    found = read_import(order.root / wishes.file, show(wishes.file), record, who=wishes.who, now=now())
    new = import_labels(store.path, found.labellings, sealed=found.sealed)
    after = counting_labels(store)
    changed = sum(key in before and before[key].label is not one.label for key, one in after.items())
    older = sum(after[one.exchange] != one for one in new)
    parts = [f"{len(new)} labels imported into run {record.run.id}"]
    parts += [f"{changed} in place of other labels"] if changed else []
    parts += [f"{older} older than the labels that count"] if older else []
    parts += [f"{again} there already"] if (again := len(found.labellings) - len(new)) else []
    parts += [f"{found.strange} of answers that this run does not have"] if found.strange else []
    say(f"astral: {', '.join(parts)}")
    say(f"astral: {changes_line(record, after)}")
    say(f"astral: next: astral report {record.run.id}")
