"""What a plugin gave, made ready: factories are called, classes made, options handed to those that take them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_args

from astral.context import Context
from astral.errors import AstralError, PluginError, SettingsError, did_you_mean
from astral.escape import show
from astral.setting_values import Spec

_SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def built(value: Any, spec: Spec, context: Context) -> Any:
    """A factory's product; an object of a class; a function whose keyword-only parameters are the options of ``spec``.

    Raises SettingsError for an option that nothing takes, PluginError for a factory or class that fails.
    """
    if getattr(value, "astral_factory", False):
        return called(value, spec, spec, context)
    if inspect.isclass(value) and (hasattr(value, "judge") or hasattr(value, "answer")):
        options = _taken(value, spec, keyword_only=False)
        return called(value, spec, **options)
    if not spec.options:
        return value
    if not callable(value):
        raise SettingsError(f"{show(spec.text)}: it takes no options; leave the brackets out")
    return partial(value, **_taken(value, spec, keyword_only=True))


def called(factory: Callable[..., Any], spec: Spec, *values: Any, **options: Any) -> Any:
    """What a factory or class gives. Whatever it raises becomes a PluginError of one line."""
    try:
        return factory(*values, **options)
    except (AstralError, KeyboardInterrupt):
        raise
    except BaseException as err:
        message = (
            f"{show(spec.text)}: its factory raised {type(err).__name__}: {show(str(err))}; mend it or its options"
        )
        raise PluginError(message) from err


def _taken(function: Any, spec: Spec, *, keyword_only: bool) -> dict[str, Any]:
    """The options of ``spec`` by name, each of the type of the parameter's default. Raises SettingsError."""
    kinds = (inspect.Parameter.KEYWORD_ONLY,)
    if not keyword_only:
        kinds = (*kinds, inspect.Parameter.POSITIONAL_OR_KEYWORD)  # type: ignore[assignment]
    parameters = {name: one for name, one in _parameters(function).items() if one.kind in kinds}
    found = {}
    for name, text in spec.options:
        if name not in parameters:
            known = f"known: {', '.join(parameters)}" if parameters else "it takes none"
            raise SettingsError(
                f"{show(spec.text)}: unknown option {show(name)!r}{did_you_mean(name, parameters)}; {known}"
            )
        found[name] = _read(spec, name, text, parameters[name])
    return found


def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # of some built-in functions none is known
        return {}


def _named(annotation: Any) -> Any:
    """The type that an annotation such as ``int | None`` means, written out or as a string."""
    if isinstance(annotation, str):
        plain = annotation.replace("Optional[", "").strip("] ").removesuffix("| None").strip()
        return {"bool": bool, "int": int, "float": float}.get(plain, str)
    return next((one for one in get_args(annotation) if one is not type(None)), annotation)


def _read(spec: Spec, name: str, text: str, parameter: inspect.Parameter) -> Any:
    """``text`` as a value of the parameter's type: that of its default, else the one it is annotated with."""
    unset = parameter.default is inspect.Parameter.empty or parameter.default is None
    kind = _named(parameter.annotation) if unset else type(parameter.default)
    try:
        if kind is bool:
            return _SWITCH[text.lower()]
        return kind(text) if kind in (int, float) else text
    except (KeyError, ValueError):
        wanted = {bool: "on or off", int: "a whole number", float: "a number"}[kind]
        raise SettingsError(f"{show(spec.text)}: {name}= is {wanted}, not {show(text, 40)!r}") from None
