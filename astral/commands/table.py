"""The table of commands. They run inside pytest, so that conftest.py files count as in a run."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

import pytest

from astral.commands.order import Order, Typed, names_taken, say
from astral.errors import AstralError, SettingsError, did_you_mean
from astral.escape import show
from astral.interrupt import end_orderly
from astral.registry import BuiltIns
from astral.settings import Settings

PYTEST_OPTIONS = ("-p", "-c", "--rootdir", "--confcutdir")
"""Options of pytest that may follow a command; each takes a value."""


INTERRUPTED = "what a model has replied is kept, and the same command goes on from there"


@dataclass(frozen=True, slots=True)
class Command:
    """``run`` is ``module:function`` below ``astral.commands``; ``words`` the names it takes at least and at most."""

    run: str
    usage: str
    help: str
    words: tuple[int, int] = (0, 1)
    flags: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()


COMMANDS: Mapping[str, Command] = {
    "generate": Command(
        "generate:generate",
        "generate [OUT.astral.jsonl] [--refresh] [--restart] [--dry-run] [KEY=VALUE ...]",
        "write a suite: review it, commit it",
        flags=("--refresh", "--restart", "--dry-run"),
    ),
    "diff": Command(
        "diff:diff",
        "diff OLD NEW [--format text|md]",
        "what changed between two suites, by cell",
        words=(2, 2),
        valued=("--format",),
    ),
    "corpus": Command(
        "corpus:corpus",
        "corpus list | build | search QUERY | import FILE --format FORMAT",
        "seed corpora: bring, index and search them",
        words=(1, 20),
        valued=("--format", "--columns", "--name", "--licence", "--map", "--category", "--kind", "--limit"),
    ),
    "news": Command(
        "news:news",
        "news OUT.jsonl [KEY=VALUE ...]",
        "search for news once and pin them in a file for web=file:OUT.jsonl",
        words=(1, 1),
    ),
    "judge": Command(
        "judge:judge",
        "judge [RUN] [oracle=...] [KEY=VALUE ...] | judge resume=RUN",
        "judge the answers of a stored run again, as a new run; no target is asked (default: the last run)",
    ),
    "merge": Command(
        "merge:merge",
        "merge RUN|DIR[:RUN]|FILE.db ... [--partial] [KEY=VALUE ...]",
        "put the shards of a run together, from this store or from others, as one run",
        words=(1, 10_000),
        flags=("--partial",),
    ),
    "compare": Command(
        "compare:compare",
        "compare [A] [B] [report=md|html|json:PATH]",
        "what changed from A to B, each a RUN, previous, TARGET, RUN:TARGET or file (default: previous and last run)",
        words=(0, 2),
    ),
    "baseline": Command(
        "baseline:baseline",
        "baseline update [RUN] [baseline=FILE] [--replace] [--prune] | baseline show [baseline=FILE]",
        "write down what a run found, to be held against later ones; show what is written down (default: the last run)",
        words=(1, 2),
        flags=("--replace", "--prune"),
    ),
    "calibrate": Command(
        "calibrate:calibrate",
        "calibrate LABELS.jsonl oracle=NAME[,NAME...] [--json OUT] [--predictions OUT.jsonl] [--keep] "
        "[--card OUT.json] [--run RUN] [--repeats K] [--show-text] | calibrate LABELS.jsonl --train OUT.json "
        "[--method mean|logistic] [embedder=NAME] | calibrate --attacks oracle=NAME [--json OUT]",
        "hold judges against people's labels, train a probe, or try the attack pack on your own judge",
        words=(0, 1),
        flags=("--keep", "--attacks", "--show-text"),
        valued=("--json", "--predictions", "--card", "--run", "--train", "--method", "--repeats"),
    ),
    "review": Command(
        "review:review",
        "review [RUN] [--who NAME] [--audit N] [--port N] [--no-browser] | review [RUN] --format jsonl | "
        "review [RUN] --import FILE.jsonl [--who NAME]",
        "read findings and doubtful answers in the browser and say what they are; or export and import such labels",
        flags=("--no-browser",),
        valued=("--port", "--who", "--format", "--import", "--audit"),
    ),
    "plugins": Command(
        "plugins:plugins", "plugins", "list targets, oracles and writers, and where each comes from", words=(0, 0)
    ),
    "runs": Command("runs:runs", "runs", "list the stored runs", words=(0, 0)),
    "coverage": Command(
        "coverage:coverage",
        "coverage [RUN ...|all] [--list] [--format text|md|json]",
        "how much of the matrix stored runs have judged, one or several together, and what is missing",
        words=(0, 10_000),
        flags=("--list",),
        valued=("--format",),
    ),
    "report": Command(
        "report:report", "report [RUN] [KEY=VALUE ...]", "show a stored run again (default: the last one)"
    ),
}


def usage_lines(only: str = "") -> Iterator[str]:
    """Each command, or ``only`` that one, with what it is for; each form of it on lines of its own."""
    for name in [only] if only in COMMANDS else COMMANDS:
        command = COMMANDS[name]
        for form in re.split(rf" \| (?={name} )", command.usage):
            words = (word.replace(" ", "\0") for word in re.findall(r"\[[^]]*\]|\S+", form))  # [--json OUT] stays one
            lines = wrap(" ".join(["astral", *words]), 98, break_long_words=False, break_on_hyphens=False)
            yield from (f"  {'    ' if at else ''}{line}".replace("\0", " ") for at, line in enumerate(lines))
        yield f"      {command.help}"


def split_words(name: str, words: Sequence[str]) -> tuple[Typed, list[str]]:
    """A command line as the command and the options that pytest takes. ``KEY=VALUE`` becomes ``--astral``.

    Raises SettingsError for an unknown command or option, or a wrong number of names.
    """
    command = known_command(name)
    found: list[str] = []
    options: dict[str, str] = {}
    pytests: list[str] = []
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if word in PYTEST_OPTIONS:
            pytests += [word, next(rest, "")]
        elif option in command.flags and not equals:
            options[option] = "on"
        elif option in command.valued:
            options[option] = value if equals else next(rest, "")
            if not options[option]:
                raise SettingsError(f"{option} needs a value; usage: astral {command.usage}")
        elif word.startswith("-"):
            if option.startswith("--") and option not in PYTEST_OPTIONS:
                known = [*command.flags, *command.valued, *PYTEST_OPTIONS]
                raise SettingsError(f"{name}: unknown option {show(option)!r}{did_you_mean(option, known)}")
            pytests.append(word)
        elif equals and option.isidentifier():
            pytests += ["--astral", word]
        else:
            found.append(word)
    least, most = command.words
    if not least <= len(found) <= most:
        raise SettingsError(f"{name} takes {names_taken(least, most)}, not {len(found)}; usage: astral {command.usage}")
    return Typed(name, tuple(found), options), pytests


def known_command(name: str) -> Command:
    """The command of that name. Raises SettingsError when there is none."""
    if name not in COMMANDS:
        raise SettingsError(
            f"unknown command {show(name)!r}{did_you_mean(name, COMMANDS)}; known: {', '.join([*COMMANDS, 'keys'])}"
        )
    return COMMANDS[name]


def run_command(config: pytest.Config, settings: Settings) -> int:
    """Run the command that ``astral`` handed over; pytest's exit codes (4: a one-line usage error)."""
    typed = Typed.read(config.getoption("astral_command"))
    config._do_configure()  # what pytest itself does for --help: plugins are configured, no session begins
    try:
        config.pluginmanager.register(BuiltIns(), "astral-builtins")
        end_orderly(config)
        module, function = known_command(typed.name).run.split(":")
        run = getattr(importlib.import_module(f"astral.commands.{module}"), function)
        code = run(Order(config, settings, typed.words, typed.options))
    except AstralError as err:
        raise pytest.UsageError(f"astral {typed.name}: {err}") from None
    except KeyboardInterrupt:
        say("interrupted" + (f"; {INTERRUPTED}" if typed.name == "generate" else ""))
        return pytest.ExitCode.INTERRUPTED
    finally:
        config._ensure_unconfigure()
    return int(code or 0)
