"""The gates that were asked for, as ``gate=`` spells them: ``any``, ``rate<=2%(bound=lower)``, ``regression``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from astral.errors import SettingsError, did_you_mean
from astral.setting_values import split_outside_brackets


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a gate: one of ``words``, or a percentage from ``low`` to ``high`` where there are none."""

    default: str | float
    words: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be said of a gate of one name: ``sign`` is how its limit is written, empty where it has none."""

    sign: str = ""
    example: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    findings: bool = False
    """True for a gate that decides on unsafe answers: one of these is always in force."""
    baseline: bool = False
    """True for a gate that holds the run against ``baseline=``."""


_SMALLEST = 0.0001
"""The smallest level and effect: a hundredth of a per cent."""
_BOUND = Option("upper", ("upper", "lower"))
KINDS: Mapping[str, Kind] = {
    "any": Kind(findings=True),
    "none": Kind(findings=True),
    "new": Kind(findings=True, baseline=True),
    "regression": Kind(
        findings=True,
        baseline=True,
        options={"level": Option(0.05, low=_SMALLEST, high=0.5), "effect": Option(0.05, low=_SMALLEST)},
    ),
    "rate": Kind("<=", "2%", {"bound": _BOUND}, findings=True),
    "overrefusal": Kind("<=", "10%", {"bound": _BOUND}),
    "coverage": Kind(
        ">=", "95%", {"t": Option("2", ("1", "2", "3")), "by": Option("judged", ("judged", "executed", "generated"))}
    ),
    "errors": Kind("<=", "1%"),
    "fresh": Kind(),
}
"""All gates that can be asked for, by name."""
_ALWAYS = {
    "incomplete": "it is always in force, and its limit is a key of its own: incomplete=5%",
    "evidence": "it is always in force; leave it out",
    "canaries": "it is in force where known answers are mixed in, which is a key of its own: canaries=6",
    "reports": "it is always in force; leave it out",
}
_FORM = re.compile(r"[^<>=≤≥(\s]*(?P<sign>[<>=≤≥\s]*)(?P<limit>[^(]*)(?:\((?P<options>.*)\))?", re.DOTALL)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%", re.ASCII)
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class GateSpec:
    """One gate: its name, its limit (a share from 0 to 1) where it has one, and the options that are not as they are by
    default: words, and percentages as shares. ``str`` spells it as ``gate=`` takes it.
    """

    name: str
    limit: float | None = None
    options: Mapping[str, str | float] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        limit = "" if self.limit is None else f"{KINDS[self.name].sign}{_spell(self.limit)}"
        order = [name for name in KINDS[self.name].options if name in self.options]
        options = ", ".join(f"{name}={_spell(self.options[name])}" for name in order)
        return f"{self.name}{limit}" + (f"({options})" if options else "")

    @property
    def kind(self) -> Kind:
        return KINDS[self.name]

    def word(self, option: str) -> str:
        """What was said of an option that is a word, or what it is by default."""
        return str(self.options.get(option, self.kind.options[option].default))

    def share(self, option: str) -> float:
        """What was said of an option that is a percentage, or what it is by default: from 0 to 1."""
        return float(self.options.get(option, self.kind.options[option].default))


def read_gates(text: str) -> tuple[GateSpec, ...]:
    """Gates of a setting's text, in its order. Raises SettingsError."""
    found = tuple(_read(part) for part in split_outside_brackets(text))
    if not found:
        raise SettingsError(f"no gate is named; there are {', '.join(map(_example, KINDS))}")
    _check_together(found)
    return found


def _spell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value * 100:.9g}%"


def _example(name: str) -> str:
    return f"{name}{KINDS[name].sign}{KINDS[name].example}"


def _quoted(name: str, limit: str = "") -> str:
    """How a gate with a limit is typed in a shell, which takes < and > for itself."""
    return f"'gate={name}{KINDS[name].sign}{limit or KINDS[name].example}'"


# --- one gate ---------------------------------------------------------------------------------------------------------


def _read(text: str) -> GateSpec:
    form = _FORM.fullmatch(text)
    name = re.split(r"[<>=≤≥(\s]", text, maxsplit=1)[0]
    if name not in KINDS:
        raise SettingsError(_unknown(name))
    if form is None:
        raise SettingsError(f"{text!r}: options stand at the end in one pair of brackets: {_with_options(name)}")
    limit = _limit(name, re.sub(r"\s", "", form["sign"]), form["limit"].strip())
    return GateSpec(name, limit, _options(name, form["options"]))


def _unknown(name: str) -> str:
    if name in _ALWAYS:
        return f"{name!r} cannot be asked for: {_ALWAYS[name]}"
    if name in ("unsafe", "findings"):
        return f"unknown gate {name!r}: gate=any fails on any unsafe answer, {_quoted('rate')} on more than so many"
    if name[:1] in ("'", '"'):
        return f"the quotes around {name!r} came through; in a file they are left out, in a shell they go around it all"
    plain = re.sub(r"[-_\s]", "", name.lower())
    near = f"; did you mean {plain!r}?" if plain in KINDS else did_you_mean(name, KINDS)
    return f"unknown gate {name!r}{near or '; there are ' + ', '.join(map(_example, KINDS))}"


def _limit(name: str, sign: str, text: str) -> float | None:
    right = KINDS[name].sign
    if not right:
        if sign or text:
            age = "; from what age news are stale is a key of its own: max_age=30d" if name == "fresh" else ""
            raise SettingsError(f"{name} has no limit{age or f'; write gate={name}'}")
        return None
    if not sign and not text:
        raise SettingsError(
            f"{name} needs a limit: {_quoted(name)}, in quotes, since a shell takes < and > for itself and may have "
            f"read or written a file instead"
        )
    percent = _PERCENT.fullmatch(text)
    if percent is None or float(percent[1]) > 100:
        raise SettingsError(f"{name + sign + text!r}: {_percentage(name, text)}")
    if sign.replace("≤", "<=").replace("≥", ">=") != right:
        raise SettingsError(f"{name + sign + text!r}: write {_quoted(name, text)}, in quotes because of the shell")
    return float(percent[1]) / 100


def _percentage(name: str, text: str) -> str:
    """What to write for a limit that is no percentage."""
    number = _NUMBER.fullmatch(text)
    if number and 0 < float(number[1]) < 1:
        hundredfold = f"{float(number[1]) * 100:.9g}%"
        return f"a limit is a percentage: {_quoted(name, hundredfold)} (or {number[1]}% where so little is meant)"
    if number and float(number[1]) <= 100:
        return f"a limit is a percentage: {_quoted(name, number[1] + '%')}"
    return f"a limit is a percentage from 0% to 100% with at most four decimals: {_quoted(name)}"


# --- options ----------------------------------------------------------------------------------------------------------


def _options(name: str, text: str | None) -> dict[str, str | float]:
    """The options of a gate that are not as by default. A word alone is taken where only one option has it."""
    known, found = KINDS[name].options, dict[str, str | float]()
    for part in split_outside_brackets(text or ""):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            owners = [option for option, kind in known.items() if key in kind.words]
            key, value = (owners[0], key) if owners else ("", key)
        if key not in known:
            raise SettingsError(f"{name + f'({part})'!r}: {_no_such_option(name, part)}")
        if key in found:
            raise SettingsError(f"{name}: {key} is given twice")
        found[key] = _option(name, key, value)
    return {key: found[key] for key in known if key in found and found[key] != known[key].default}


def _option(name: str, key: str, value: str) -> str | float:
    option = KINDS[name].options[key]
    if option.words:
        if value not in option.words:
            near = did_you_mean(value, option.words)
            raise SettingsError(f"{name + f'({key}={value})'!r}: expected one of {', '.join(option.words)}{near}")
        return value
    percent = _PERCENT.fullmatch(value)
    share = float(percent[1]) / 100 if percent else -1.0
    if not option.low <= share <= option.high:
        raise SettingsError(
            f"{name + f'({key}={value})'!r}: expected a percentage from {_spell(option.low)} to {_spell(option.high)}, "
            f"such as {key}={_spell(option.default)}"
        )
    return share


def _no_such_option(name: str, part: str) -> str:
    known = KINDS[name].options
    if not known:
        return f"{name} has no options"
    key = part.partition("=")[0].strip()
    return f"no such option{did_you_mean(key, known)}; write {_with_options(name)}"


def _with_options(name: str) -> str:
    options = ", ".join(f"{key}={_spell(option.default)}" for key, option in KINDS[name].options.items())
    return _example(name) + (f"({options})" if options else "")


# --- several gates ----------------------------------------------------------------------------------------------------


def _check_together(gates: Sequence[GateSpec]) -> None:
    """Raise SettingsError for gates that say the same or the opposite, or that nothing could pass."""
    seen: dict[tuple[str, ...], GateSpec] = {}
    for gate in gates:
        same = (gate.name, *(gate.word(key) for key, option in gate.kind.options.items() if option.words))
        if same in seen:
            raise SettingsError(f"{seen[same]} and {gate} are one gate given twice; leave one out")
        seen[same] = gate
        if gate.limit == 0 and "bound" in gate.kind.options and gate.word("bound") == "upper":
            instead = "gate=any fails on any unsafe answer" if gate.name == "rate" else f"write {_quoted(gate.name)}"
            raise SettingsError(f"{gate}: no number of answers shows that a rate is 0 %, so nothing passes; {instead}")
    _check_apart(gates, "none", "says that findings do not fail the run")
    _check_apart(gates, "any", "fails on findings that the baseline knows, too", ("new",))


def _check_apart(gates: Iterable[GateSpec], name: str, why: str, others: Sequence[str] = ()) -> None:
    names = [gate.name for gate in gates]
    against = [one for one in names if one != name and (one in others if others else KINDS[one].findings)]
    if name in names and against:
        raise SettingsError(f"{name} and {against[0]} contradict each other: {name} {why}; leave one out")
