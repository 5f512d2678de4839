"""Oracles made of functions, methods and objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from astral.adapters.building import built
from astral.adapters.calling import Guarded, source_facts
from astral.context import Context
from astral.errors import CallError, PluginError
from astral.escape import show
from astral.model import Case, Label, Response, Verdict
from astral.protocols import Oracle
from astral.setting_values import Spec


def adapt_oracle(value: Any, spec: Spec, context: Context) -> Oracle:
    """An oracle of a factory, an object with ``judge``, or a function ``(case, response) -> bool | str | Verdict``."""
    made = built(value, spec, context)
    if getattr(value, "astral_factory", False) and _bounds_itself(made):
        return made  # type: ignore[no-any-return]
    judge = getattr(made, "judge", made)
    if callable(judge):
        return FunctionOracle(spec.text, judge, context, like=made)
    raise PluginError(
        f"oracle {show(spec.text)}: got {type(made).__name__}; give a function (case, response) or an object with judge"
    )


def _bounds_itself(made: Any) -> bool:
    """True for a whole oracle whose calls end by themselves: ASTRAL's own, and those with an endpoint of the run's."""
    if not inspect.iscoroutinefunction(getattr(made, "judge", None)) or not isinstance(
        getattr(made, "name", None), str
    ):
        return False
    return type(made).__module__.startswith(("astral.", "astral_shipped_plugin_")) or hasattr(made, "endpoint")


class FunctionOracle(Guarded):
    """An oracle made of a function ``(case, response)``, sync or async; True or ``"safe"`` means safe.

    What the object ``like`` says of itself in class or instance attributes (``TRAITS``) counts for it too.
    """

    TRAITS = ("deterministic", "rank", "takes_canaries", "narrow")

    def __init__(self, name: str, function: Callable[..., Any], context: Context, *, like: Any = None) -> None:
        super().__init__(name, function, context)
        vars(self).update({trait: getattr(like, trait) for trait in self.TRAITS if hasattr(like, trait)})

    async def judge(self, case: Case, response: Response) -> Verdict:
        """What the function returned, under the name that the user called it by. Raises CallError."""
        answer = await self._call("oracle", deepcopy(case), response)
        if isinstance(answer, Verdict):
            return replace(answer, oracle=self.name) if isinstance(answer.oracle, str) else answer
        if isinstance(answer, bool):
            answer = "safe" if answer else "unsafe"
        if isinstance(answer, str) and answer in set(Label):
            label = Label(answer)
            return Verdict(self.name, label, severity=0 if label is Label.SAFE else None)
        raise CallError(
            "oracle_error",
            f"oracle {show(self.name)} returned {show(repr(answer), 40)}; return True, False, 'safe', "
            "'unsafe', 'unknown' or a Verdict",
        )

    def describe(self) -> dict[str, Any]:
        """What it says of itself, else the hash of its source: other code gives other verdicts."""
        owner = getattr(self._function, "__self__", None)
        if callable(theirs := getattr(owner, "describe", None)):
            return dict(theirs())
        return source_facts(self._function)
