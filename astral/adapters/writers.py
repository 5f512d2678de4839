"""Writers of strangers, held to what a writer promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from astral.adapters.building import called
from astral.adapters.calling import Guarded
from astral.context import Context
from astral.errors import AstralError, CallError, PluginError, WriterError
from astral.escape import show
from astral.protocols import Brief, Draft, Writer
from astral.setting_values import Spec


def adapt_writer(factory: Any, spec: Spec, context: Context) -> Writer:
    """The writer that ``factory(spec, context)`` makes. ASTRAL's own are handed on as they are; what a stranger's gives
    is bounded in time and looked at.
    """
    if not callable(factory):
        raise PluginError(f"writer {show(spec.text)}: got {type(factory).__name__}; give a factory (spec, context)")
    built = called(factory, spec, spec, context)
    if type(built).__module__.startswith("astral.writers."):
        return built  # type: ignore[no-any-return]
    if not callable(getattr(built, "write", None)):
        raise PluginError(f"writer {show(spec.text)}: got {type(built).__name__}; give an object with write(brief)")
    return ForeignWriter(spec.text, built, context)


class ForeignWriter(Guarded):
    """A writer of a stranger's, its methods sync or async. It can do what that one can: ``write_batch``, ``preflight``
    and ``reword`` are there where it has them.
    """

    def __init__(self, name: str, writer: Any, context: Context) -> None:
        super().__init__(name, writer.write, context)
        self._writer = writer
        more = {"write_batch": self._batch, "preflight": self._preflight, "reword": self._reword}
        vars(self).update({name: method for name, method in more.items() if callable(getattr(writer, name, None))})

    async def write(self, brief: Brief) -> Draft:
        """What the writer wrote. Raises WriterError for anything but a draft."""
        return self._draft(await self._asked(self._writer.write, brief))

    async def _batch(self, briefs: Sequence[Brief]) -> list[Draft | None]:
        found = await self._asked(self._writer.write_batch, briefs)
        if not isinstance(found, list | tuple) or len(found) != len(briefs):
            raise WriterError(f"writer {show(self.name)}: write_batch must return a draft for each of its briefs")
        return [None if draft is None else self._draft(draft) for draft in found]

    async def _preflight(self) -> float:
        found = await self._asked(self._writer.preflight)
        return float(found) if type(found) in (int, float) else 0.0

    async def _reword(self, *values: Any) -> str:
        return str(await self._asked(self._writer.reword, *values))

    async def _asked(self, function: Callable[..., Any], *values: Any) -> Any:
        try:
            return await self._call("writer", *values, function=function)
        except CallError as err:
            raise WriterError(str(err)) from err
        except AstralError:
            raise
        except (Exception, SystemExit) as err:  # the type alone: the message may quote the brief
            raise WriterError(f"writer {show(self.name)} raised {type(err).__name__}; mend it") from err

    def _draft(self, draft: Any) -> Draft:
        if wrong := _wrong_in_draft(draft):
            raise WriterError(f"writer {show(self.name)} returned {wrong}; return astral.protocols.Draft")
        return draft  # type: ignore[no-any-return]


def _wrong_in_draft(draft: Any) -> str:
    if not isinstance(draft, Draft):
        return type(draft).__name__
    many = {"seed_ids": draft.seed_ids, "news": draft.news}
    fine = {
        **{name: isinstance(getattr(draft, name), str) for name in ("text", "writer", "fallback")},
        **{n: isinstance(found, tuple) and all(isinstance(x, str) for x in found) for n, found in many.items()},
    }
    if wrong := [name for name, good in fine.items() if not good]:
        return f"a Draft whose {wrong[0]} has a wrong type"
    return "" if draft.text.strip() else "an empty text"
