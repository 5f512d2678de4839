"""The ``astral`` command: hands its words to pytest, where plugins are loaded as in a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version

USAGE = """\
usage: astral COMMAND [KEY=VALUE ...]

{commands}
  astral keys
      every KEY, its default and what it is for

Runs are started by pytest:  pytest --astral target=demo
Options of pytest (-p MODULE, -c FILE, --rootdir DIR) may follow the command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns pytest's exit codes."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] == "--version":
        sys.stdout.write(f"pytest-astral {version('pytest-astral')}\n")
        return 0
    import pytest

    from astral.commands.table import COMMANDS, split_words, usage_lines
    from astral.errors import SettingsError
    from astral.settings import describe_keys

    if not words or words[0] == "help" or {"-h", "--help"} & {*words}:
        known = next((word for word in words if word in COMMANDS), "")
        lines = "\n".join(usage_lines(known))
        sys.stdout.write((f"usage:\n{lines}" if known else USAGE.format(commands=lines)) + "\n")
        return 0 if words else 4
    if words[0] == "keys":
        sys.stdout.write("".join(line + "\n" for line in describe_keys()))
        return 0
    try:
        typed, options = split_words(words[0], words[1:])
    except SettingsError as err:
        sys.stderr.write(f"astral: {err}\n")
        return 4
    # langsmith, which langchain brings, makes every start of pytest a second slower; no command has a use for it.
    without = ("-p", "no:cacheprovider", "-p", "no:langsmith_plugin")
    return int(pytest.main([f"--astral-command={typed.text()}", *options, *without]))


if __name__ == "__main__":
    raise SystemExit(main())
