"""Finds targets, oracles, writers and report formats by name: built-ins and strangers' plugins enter alike."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from types import ModuleType
from typing import Any, TextIO

from astral.adapters import adapt_oracle, adapt_target, adapt_writer
from astral.context import Context
from astral.corpus import KINDS
from astral.errors import PluginError, SettingsError, did_you_mean
from astral.escape import show
from astral.model import Seed
from astral.protocols import Oracle, Target, Writer
from astral.resources import shipped
from astral.setting_values import Spec
from astral.taxonomy import DEFAULT, Entry, Taxonomy

Factory = Callable[[Spec, Context], Any]
MOST_SEEDS = 1_000_000
"""Seeds that a plugin's source may give: one that never ends must not hang."""


class BuiltIns:
    """ASTRAL's own targets, oracles, writers and reports; what they need is imported when one is built."""

    def pytest_astral_targets(self) -> Mapping[str, Factory]:
        return {
            "demo": _late("astral.targets.demo", "build_target"),
            "openai": _late("astral.targets.openai", "build_target"),
            "azure": _late("astral.targets.openai", "build_azure"),
            "http": _late("astral.targets.http", "build_target"),
            "replay": _late("astral.targets.replay", "build_target"),
            "python": _late("astral.targets.python", "build_target"),
            "command": _late("astral.targets.command", "build_target"),
            "langchain": _late("astral.targets.langchain", "build_target"),
        }

    def pytest_astral_oracles(self) -> Mapping[str, Factory]:
        return {
            "llm": _late("astral.oracles.llm", "build_oracle"),
            "guard": _late("astral.oracles.guard", "build_oracle"),
            "wildguard": _late("astral.oracles.guard", "build_wildguard"),
            "moderation": _late("astral.oracles.moderation", "build_oracle"),
            "probe": _late("astral.oracles.probe", "build_oracle"),
            "offline": _late("astral.oracles.offline", "build_oracle"),
            "recorded": _late("astral.oracles.recorded", "build_oracle"),
        }

    def pytest_astral_writers(self) -> Mapping[str, Factory]:
        return {
            "template": _late("astral.writers.template", "build_writer"),
            "llm": _late("astral.writers.llm", "build_writer"),
            "langchain": _late("astral.writers.llm", "build_writer"),
        }

    def pytest_astral_reports(self) -> Mapping[str, Callable[[Any, TextIO], None]]:
        return {
            "json": _late_report("astral.reports.documents", "write_json"),
            "html": _late_report("astral.reports.documents", "write_html"),
            "md": _late_report("astral.reports.summary", "write"),
            "comment": _late_report("astral.reports.comment", "write"),
            "sarif": _late_report("astral.reports.sarif", "write"),
        }


def factory(function: Factory) -> Factory:
    """Mark a hook's value as a factory ``(spec, context) -> Target | Oracle | Writer`` rather than a plain function."""
    function.astral_factory = True  # type: ignore[attr-defined]
    return function


def _late(module: str, name: str) -> Factory:
    def build(spec: Spec, context: Context) -> Any:
        return getattr(importlib.import_module(module), name)(spec, context)

    return factory(build)


def _late_report(module: str, name: str) -> Callable[[Any, TextIO], None]:
    def write(account: Any, stream: TextIO) -> None:
        getattr(importlib.import_module(module), name)(account, stream)

    write.astral_built_in = True  # type: ignore[attr-defined]
    return write


@dataclass(frozen=True, slots=True)
class Offer:
    """A name that can be chosen, and where it comes from; ``trouble`` where its plugin could not say."""

    name: str
    made_by: str
    trouble: str = ""


class Registry:
    """All that pytest's plugin manager knows of ASTRAL's hooks."""

    def __init__(self, plugins: Any) -> None:
        self._plugins = plugins

    def names(self, kind: str) -> dict[str, tuple[Any, str]]:
        """Each name of ``kind`` (targets, oracles, writers, sources, reports) with its value and the plugin it is from.

        Raises PluginError for a name that two plugins give, or a hook that fails or returns no mapping.
        """
        found: dict[str, tuple[Any, str]] = {}
        hook = getattr(self._plugins.hook, f"pytest_astral_{kind}")
        for implementation in hook.get_hookimpls():
            owner = str(implementation.plugin_name)
            for name, value in _call(implementation, kind, owner, dict).items():
                if not isinstance(name, str):
                    raise PluginError(f"{owner}: pytest_astral_{kind} names something {show(repr(name))}; give a str")
                if name in found:
                    raise PluginError(
                        f"{kind[:-1]} {show(name)!r} is given by {found[name][1]} and by {owner}; rename one of them"
                    )
                found[name] = (value, owner)
        return found

    def listed(self, kind: str) -> list[Offer]:
        """All that plugins offer of ``kind``, those that ship with ASTRAL and are not loaded yet included, by name. A
        hook that fails is an offer without a name.
        """
        found = []
        distributions = {id(plugin): dist for plugin, dist in self._plugins.list_plugin_distinfo()}
        for implementation in getattr(self._plugins.hook, f"pytest_astral_{kind}").get_hookimpls():
            owner = str(implementation.plugin_name)
            dist = distributions.get(id(implementation.plugin))
            made_by = "built in" if isinstance(implementation.plugin, BuiltIns) else _made_by(implementation, dist)
            try:
                names = _call(implementation, kind, owner, dict)
            except PluginError as err:
                found.append(Offer("", made_by, str(err)))
                continue
            found += [Offer(str(name), made_by) for name in names]
        loaded = {offer.name for offer in found}
        found += [Offer(name, f"plugins/{name}.py") for name in shipped_plugin_names(kind) if name not in loaded]
        return sorted(found, key=lambda offer: (offer.made_by != "built in", offer.made_by, offer.name))

    def taxonomy(self) -> Taxonomy:
        """The built-in taxonomy with what plugins add to it."""
        taxonomy = DEFAULT
        for dimension, kind in (("category", "categories"), ("style", "styles"), ("persuasion", "persuasion")):
            hook = getattr(self._plugins.hook, f"pytest_astral_{kind}")
            for implementation in hook.get_hookimpls():
                owner = str(implementation.plugin_name)
                entries = _call(implementation, kind, owner, (list, tuple))
                if not all(map(_is_entry, entries)):
                    raise PluginError(f"{owner}: pytest_astral_{kind} must return a list of astral.taxonomy.Entry")
                taxonomy = taxonomy.extended(dimension, entries)
        return taxonomy

    def target(self, spec: Spec, context: Context) -> Target:
        """Build a target; a bare name that no plugin gives is a model of the OpenAI-compatible endpoint."""
        known = self.names("targets")
        value = self._value("targets", spec, known)
        if value is None and not spec.kind:
            try:
                target: Target = known["openai"][0](spec, context)
            except SettingsError as err:
                raise SettingsError(
                    f"{err}{did_you_mean(spec.argument, [n for n in known if n != 'openai'])}"
                ) from None
            return target
        return adapt_target(self._required("targets", spec, value, known), spec, context)

    def oracle(self, spec: Spec, context: Context) -> Oracle:
        known = self.names("oracles")
        return adapt_oracle(self._required("oracles", spec, self._value("oracles", spec, known), known), spec, context)

    def writer(self, spec: Spec, context: Context) -> Writer:
        known = self.names("writers")
        return adapt_writer(self._required("writers", spec, self._value("writers", spec, known), known), spec, context)

    def seeds(self, name: str) -> tuple[Seed, ...] | None:
        """The seeds that a plugin gives by that name, each with an id; None where no plugin does."""
        value, owner = self.names("sources").get(name, (None, ""))
        if value is None:
            return None
        try:
            rows = tuple(islice(value() if callable(value) else value, MOST_SEEDS + 1))
        except KeyboardInterrupt:
            raise
        except BaseException as err:
            raise PluginError(f"{owner}: source {show(name)!r} raised {type(err).__name__}: {show(str(err))}") from err
        if len(rows) > MOST_SEEDS:
            raise PluginError(f"{owner}: source {show(name)!r} gives more than {MOST_SEEDS:,} seeds; give fewer")
        if not all(map(_is_seed, rows)):
            raise PluginError(
                f"{owner}: source {show(name)!r} must be a list of astral.model.Seed, each with a text, a category and "
                f"a kind of {' or '.join(KINDS)}"
            )
        return tuple(replace(row, id=row.id or f"{name}-{number}") for number, row in enumerate(rows, 1))

    def _value(self, kind: str, spec: Spec, known: Mapping[str, tuple[Any, str]]) -> Any:
        name = spec.kind or spec.argument
        if name not in known and (module := _shipped_plugin(name)) is not None:
            if not self._plugins.is_registered(module):
                self._plugins.register(module, f"plugins/{name}.py")
            known = self.names(kind)
        return known[name][0] if name in known else None

    @staticmethod
    def _required(kind: str, spec: Spec, value: Any, known: Mapping[str, tuple[Any, str]]) -> Any:
        if value is None:
            name = spec.kind or spec.argument
            names = ", ".join(sorted({*known, *shipped_plugin_names(kind)}))
            raise SettingsError(f"unknown {kind[:-1]} {name!r}{did_you_mean(name, known)}; known: {names}")
        return value


def _made_by(implementation: Any, dist: Any) -> str:
    """Distribution and version of a plugin, else its file, else its name."""
    if dist is not None:
        return f"{dist.project_name} {dist.version}"
    return str(getattr(implementation.plugin, "__file__", None) or implementation.plugin_name)


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, Entry) or not isinstance(entry.aliases, tuple):
        return False
    return all(isinstance(text, str) for text in (entry.title, entry.definition, *entry.aliases))


def _is_seed(row: Any) -> bool:
    if not isinstance(row, Seed) or not all(isinstance(getattr(row, field.name), str) for field in fields(Seed)):
        return False
    return bool(row.text.strip() and row.category) and row.kind in KINDS


def _call(implementation: Any, kind: str, owner: str, expected: type | tuple[type, ...]) -> Any:
    try:
        value = implementation.function()
    except KeyboardInterrupt:
        raise
    except BaseException as err:
        raise PluginError(f"{owner}: pytest_astral_{kind} raised {type(err).__name__}: {show(str(err))}") from err
    if value is None:
        return expected() if isinstance(expected, type) else ()
    if not isinstance(value, expected):
        raise PluginError(
            f"{owner}: pytest_astral_{kind} returned {type(value).__name__}; see the hook's documentation"
        )
    return value


def _shipped_plugin(name: str) -> ModuleType | None:
    """The module ``plugins/NAME.py`` that comes with ASTRAL; a user's folder of that name is never looked at."""
    if not name.isidentifier():
        return None
    path = shipped("plugins") / f"{name}.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"astral_shipped_plugin_{name}", path)
    if spec is None or spec.loader is None:
        return None
    if spec.name in sys.modules:
        return sys.modules[spec.name]
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look for their module there
    spec.loader.exec_module(module)
    return module


def shipped_plugin_names(kind: str) -> Sequence[str]:
    """The names under ``plugins/`` that can be chosen; all of them are oracles today."""
    return [path.stem for path in shipped("plugins").glob("[a-z]*.py")] if kind == "oracles" else []
