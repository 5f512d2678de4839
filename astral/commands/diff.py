"""``astral diff``: what changed between two suites."""

from __future__ import annotations

from astral.changes import compare
from astral.changes.markdown import markdown
from astral.changes.text import lines
from astral.commands.order import Order, say
from astral.escape import show
from astral.publish import text_level
from astral.suite import read_suite


def diff(order: Order) -> None:
    """Print how the second suite differs from the first; prompts only with ``text=prompts`` or ``text=all``."""
    form = order.choice("--format", "text", "md")
    names = (order.words[0], order.words[1])
    old, new = (read_suite(order.root / name, shown=show(name)) for name in names)
    changes = compare(old, new)
    prompts = text_level(order.settings, quiet=True) != "none"
    if form == "md":
        say(markdown(changes, names, prompts=prompts).rstrip("\n"))
        return
    for line in lines(changes, names, prompts=prompts):
        say(line)
