"""What a setting can be: targets and models as typed, budgets, shares, dates; and how each is read from text.

A reader takes the text and returns the value, or raises SettingsError with what was expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from astral.errors import SettingsError, did_you_mean


@dataclass(frozen=True, slots=True)
class Spec:
    """A target, oracle or writer as typed: ``kind:argument@url(option=value,...)``; a bare name has no ``kind``."""

    text: str
    kind: str
    argument: str
    url: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """``kind`` and ``argument`` without the address."""
        return f"{self.kind}:{self.argument}" if self.kind else self.argument


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may use; None means without limit."""

    requests: int | None = None
    tokens: int | None = None
    usd: float | None = None

    def __str__(self) -> str:
        if self.usd is not None:
            return _dollars(self.usd)
        if self.requests is None and self.tokens is None:
            return "none"
        return f"{self.requests}req" if self.requests is not None else f"{self.tokens}tok"


def _dollars(usd: float) -> str:
    """``$5``, ``$0.50``, ``$0.0125``."""
    places = next(places for places in (0, 2, 3, 4, 5, 6) if places == 6 or round(usd, places) == round(usd, 6))
    return f"${usd:.{places}f}"


class Share(float):
    """A part of a whole, from 0 to 1, that is spelled as a percentage."""

    def __str__(self) -> str:
        """As short as it can be and still be read as the same share."""
        texts = [f"{Decimal(f'{float(self) * 100:.{digits}g}'):f}%" for digits in range(6, 18)]
        return next((text for text in texts if float(text[:-1]) / 100 == self), texts[-1])


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a run that is split over machines: ``index`` of ``count``, from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


@dataclass(frozen=True, slots=True)
class ReportSpec:
    """A report to be written: its format and where."""

    format: str
    path: Path

    def __str__(self) -> str:
        return f"{self.format}:{self.path}"


@dataclass(frozen=True, slots=True)
class Web:
    """Where news are searched for; ``required``: a search that fails or finds nothing is an error."""

    sources: tuple[Spec, ...] = ()
    required: bool = False

    def __str__(self) -> str:
        return ",".join([*(spec.text for spec in self.sources), *(["required"] if self.required else [])]) or "off"


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A JSON object as typed; ``text`` is its canonical form, so that equal objects are equal values."""

    text: str

    @property
    def value(self) -> dict[str, Any]:
        """The object, a fresh copy each time."""
        return json.loads(self.text)  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Days:
    """A length of time in days."""

    count: int

    def __str__(self) -> str:
        return f"{self.count}d"


# --- readers of single values: text in, value out, SettingsError with what was expected -------------------------------


_QUOTED = re.compile(r"""(?<![^\s=:,(])(?:"[^"]*"|'[^']*')""")
"""What stands in quotes, as a word of a command line; an apostrophe within a word is none."""


def _masked(text: str) -> str:
    """``text`` with an underscore for each character in quotes: no separator, no bracket."""
    return _QUOTED.sub(lambda found: "_" * len(found[0]), text)


def split_outside_brackets(text: str, separator: str = ",") -> list[str]:
    """Split at ``separator`` where no round or curly bracket and no quote is open; blank parts are dropped."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(_masked(text)):
        depth += (char in "({") - (char in ")}")
        if char == separator and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def parse_spec(text: str) -> Spec:
    """Read ``kind:argument@url(options)``; the address begins at the last ``@http``."""
    body = text.strip()
    options: tuple[tuple[str, str], ...] = ()
    if body.endswith(")") and "(" in _masked(body):
        at = _masked(body).index("(")
        body, options = body[:at], _spec_options(text, body[at + 1 : -1])
    url = None
    at = max(body.rfind("@http://"), body.rfind("@https://"))
    if at >= 0 and not body.startswith("command:"):  # an argument of a command is the command's
        body, url = body[:at], body[at + 1 :].rstrip("/")
    kind, colon, argument = body.partition(":")
    if not colon:
        kind, argument = "", body
    if not (kind or argument):
        raise SettingsError("an empty name; give for example gpt-4 or demo")
    return Spec(text.strip(), kind.strip(), argument.strip(), url, options)


def _spec_options(text: str, inner: str) -> tuple[tuple[str, str], ...]:
    options = []
    for part in split_outside_brackets(inner):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise SettingsError(f"{text!r}: options are written name(key=value, ...), not {part!r}")
        options.append((key.strip(), value.strip()))
    return tuple(options)


def read_specs(text: str) -> tuple[Spec, ...]:
    found = tuple(parse_spec(part) for part in split_outside_brackets(text))
    if not found:
        raise SettingsError("nothing is named")
    return found


def read_one_spec(text: str) -> Spec:
    found = read_specs(text)
    if len(found) > 1:
        raise SettingsError("takes one name only")
    return found[0]


def read_web(text: str) -> Web:
    specs = read_specs(text)
    sources = tuple(spec for spec in specs if spec.text not in ("off", "required"))
    if any(spec.text == "off" for spec in specs) and len(specs) > 1:
        raise SettingsError("off stands alone")
    for spec in sources:
        name = spec.kind or spec.argument
        read_choice(*WEB_SOURCES, "off", "required")(name)
        if name in ("searxng", "rss", "file") and not (spec.kind and spec.argument):
            raise SettingsError(f"{name} needs an address, written {name}:{'PATH' if name == 'file' else 'URL'}")
    return Web(sources, any(spec.text == "required" for spec in specs))


def read_days(text: str) -> Days:
    match = re.fullmatch(r"(\d{1,4})d", text)
    if not match:
        raise SettingsError("expected days such as 30d")
    return Days(int(match[1]))


def read_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s]+", text):
        raise SettingsError("expected an address such as http://localhost:8000")
    return text.rstrip("/")


def read_json_object(text: str) -> JsonObject:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise SettingsError('expected a JSON object such as {"top_p": 0.9}')
    return JsonObject(json.dumps(value, sort_keys=True))


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def read_names(text: str) -> tuple[str, ...]:
    return tuple(split_outside_brackets(text))


def read_whole(low: int, high: int | None = None) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,15}", text) or int(text) < low or (high is not None and int(text) > high):
            raise SettingsError(
                f"expected a whole number of at least {low}" + (f" and at most {high}" if high is not None else "")
            )
        return int(text)

    return read


def read_number(low: float, high: float = 1e9, *, above: bool = False) -> Callable[[str], float]:
    def read(text: str) -> float:
        if (
            not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", text)
            or not low <= float(text) <= high
            or (above and float(text) <= low)
        ):
            raise SettingsError(
                f"expected a number {'above' if above else 'from'} {low:g}" + (f" to {high:g}" if high < 1e9 else "")
            )
        return float(text)

    return read


def read_choice(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise SettingsError(f"expected one of {', '.join(words)}{did_you_mean(text, words)}")
        return text

    return read


def read_switch(text: str) -> bool:
    return read_choice("on", "off")(text) == "on"


def read_percent(text: str) -> Share:
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%", text)
    if not match or float(match[1]) > 100:
        raise SettingsError("expected a percentage such as 5%")
    return Share(float(match[1]) / 100)


def read_budget(text: str) -> Budget:
    if text == "none":
        return Budget()
    match = re.fullmatch(r"(\d{1,12}(?:\.\d+)?)([kM]?)(req|tok)", text)
    amount = int(float(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]]) if match else 0
    if match and amount:
        return Budget(requests=amount) if match[3] == "req" else Budget(tokens=amount)
    match = re.fullmatch(r"\$(\d{1,9}(?:\.\d{1,6})?)|(\d{1,9}(?:\.\d{1,6})?)usd", text, re.ASCII)
    if match and float(match[1] or match[2]) > 0:
        return Budget(usd=float(match[1] or match[2]))
    raise SettingsError(
        "expected for example 500req, 1Mtok, $5 or none; a shell leaves a $ alone in single quotes only, so write "
        "'budget=$5' or budget=5usd"
    )


def read_shard(text: str) -> Shard:
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise SettingsError("expected K/N such as 3/10, K at least 1 and at most N")
    return Shard(int(match[1]), int(match[2]))


def read_path(text: str) -> Path:
    if not text:
        raise SettingsError("expected a path")
    return Path(text)


def read_path_or_off(text: str) -> Path | None:
    """A path, or None for ``off``: the command line takes back what the ini file names."""
    return None if text == "off" else read_path(text)


WEB_SOURCES = ("duckduckgo", "tavily", "searxng", "rss", "file")
_FORMAT = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


def read_reports(text: str) -> tuple[ReportSpec, ...]:
    """Formats and places; which formats there are is known once plugins are loaded (``formats.check_reports``)."""
    found = []
    for part in split_outside_brackets(text):
        format, colon, path = part.partition(":")
        if not colon or not _FORMAT.fullmatch(format) or not Path(path).name:
            raise SettingsError(f"expected FORMAT:PATH such as html:report.html, not {part!r}")
        found.append(ReportSpec(format, Path(path)))
    return tuple(found)


def read_text(text: str) -> str:
    return text
