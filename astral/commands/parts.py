"""Commands made of parts: ``astral corpus list``, ``astral baseline update``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from astral.commands.order import Order, names_taken
from astral.errors import SettingsError, did_you_mean
from astral.escape import show


@dataclass(frozen=True, slots=True)
class Part:
    """A command below another: the names that may follow it, at least and at most, and its options."""

    run: Callable[[Order], None]
    usage: str
    words: tuple[int, int] = (0, 0)
    options: tuple[str, ...] = ()


def run_part(order: Order, whole: str, parts: Mapping[str, Part]) -> None:
    """Run the part of ``astral WHOLE`` that the first word names. Raises SettingsError for a word or option that it
    does not take.
    """
    name, *rest = order.words
    if name not in parts:
        raise SettingsError(f"unknown part {show(name)!r}{did_you_mean(name, parts)}; known: {', '.join(parts)}")
    part = parts[name]
    least, most = part.words
    if not least <= len(rest) <= most:
        raise SettingsError(
            f"{name} takes {names_taken(*part.words)}, not {len(rest)}; usage: astral {whole} {part.usage}"
        )
    if surplus := sorted({*order.options} - {*part.options}):
        raise SettingsError(f"{name} does not take {surplus[0]}; usage: astral {whole} {part.usage}")
    part.run(order)
