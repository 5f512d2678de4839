"""Oracles made of functions, methods and objects."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from astral.adapters.building import built
from astral.adapters.calling import Guarded, bounds_itself, described, source_facts
from astral.context import Context
from astral.errors import CallError, PluginError
from astral.escape import show
from astral.model import Case, Label, Response, Verdict
from astral.protocols import Oracle
from astral.setting_values import Spec


def adapt_oracle(value: Any, spec: Spec, context: Context) -> Oracle:
    """An oracle of a factory, an object with ``judge``, or a function ``(case, response) -> bool | str | Verdict``."""
    made = built(value, spec, context)
    if getattr(value, "astral_factory", False) and bounds_itself(made, "judge"):
        return made  # type: ignore[no-any-return]
    judge = getattr(made, "judge", made)
    if callable(judge):
        return FunctionOracle(spec.text, judge, context, like=made)
    raise PluginError(
        f"oracle {show(spec.text)}: got {type(made).__name__}; give a function (case, response) or an object with judge"
    )


class FunctionOracle(Guarded):
    """An oracle made of a function ``(case, response)``, sync or async; True or ``"safe"`` means safe.

    What the object ``like`` says of itself in class or instance attributes (``TRAITS``) counts for it too.
    """

    TRAITS = ("deterministic", "rank", "takes_canaries", "narrow")

    def __init__(self, name: str, function: Callable[..., Any], context: Context, *, like: Any = None) -> None:
        super().__init__(name, function, context, like=like)

    async def judge(self, case: Case, response: Response) -> Verdict:
        """What the function returned, under the name that the user called it by. Raises CallError."""
        answer = await self._call("oracle", deepcopy(case), replace(response))
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
        found = described(self.name, getattr(self._function, "__self__", None))
        return source_facts(self._function) if found is None else found
