"""A Python function as the target: ``python:module:function``, sync or async, ``(prompt)`` or ``(messages)``."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from astral.adapters import FunctionTarget, adapt_target
from astral.context import Context
from astral.errors import SettingsError
from astral.escape import show
from astral.protocols import Target
from astral.setting_values import Spec
from astral.targets.parameters import refuse_parameters
from astral.wire.access import check_options


def build_target(spec: Spec, context: Context) -> Target | FunctionTarget:
    """Import the function (relative to where pytest was called, as ``python -m`` would). Raises SettingsError."""
    module_name, colon, attribute = spec.argument.partition(":")
    if not (module_name and colon and attribute):
        raise SettingsError(f"target {spec.text!r}: write python:module:function")
    if str(context.root) not in sys.path:
        sys.path.insert(0, str(context.root))
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as err:
        raise SettingsError(
            f"target {spec.text!r}: importing {module_name} raised {type(err).__name__}: "
            f"{show(str(err))}; run pytest where the module can be imported"
        ) from err
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise SettingsError(
                f"target {spec.text!r}: {show(getattr(found, '__name__', module_name))} has no {name!r}; "
                "write python:module:function"
            )
        found = getattr(found, name)
    if not callable(found) and not hasattr(found, "answer"):
        raise SettingsError(f"target {spec.text!r}: {attribute} is not callable; give a function (prompt) -> str")
    check_options(spec, f"target {show(spec.text)}", ())
    if not getattr(found, "astral_factory", False):
        refuse_parameters(spec, context, "a function is called with the prompt alone")
    return adapt_target(found, spec, context)
