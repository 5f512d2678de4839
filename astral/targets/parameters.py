"""What a model is asked with beside the prompt: system prompt, sampling parameters, and what else the user adds."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from astral.context import Context
from astral.errors import SettingsError
from astral.escape import show
from astral.setting_values import Spec
from astral.settings import BY_NAME

OPTIONS = ("system", "temperature", "max_tokens", "extra")
"""What a target's own brackets may give in place of the keys of the same names."""
SYSTEM_LIMIT = 256 * 1024
"""The most bytes that a file with a system prompt may hold."""
_SECRET = re.compile(
    r"(^|[_-])((api|access)[_-]?key|token|secret|password|credential|authorization)$|^key$", re.IGNORECASE
)
"""Names of fields that hold a secret where their value is a text."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """None and nothing stand for what the user did not set: that is never sent."""

    system: str | None = field(default=None, repr=False)
    temperature: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """What of this an answer depends on, as JSON; of the system prompt its SHA-256."""
        digest = None if self.system is None else sha256(self.system.encode("utf-8", "surrogatepass")).hexdigest()
        found = {
            "system_sha256": digest,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "extra": dict(self.extra) or None,
        }
        return {name: value for name, value in found.items() if value is not None}


def read_parameters(spec: Spec, context: Context, *, taken: Collection[str] = ()) -> Parameters:
    """The parameters of one target: those in its brackets, else those of the run.

    ``taken`` are fields of the request that ``extra`` may not give. Raises SettingsError, which names key or option.
    """
    given, settings = dict(spec.options), context.settings
    values: dict[str, Any] = {name: getattr(settings, name) for name in OPTIONS}
    for name in OPTIONS:
        if name in given:
            try:
                values[name] = BY_NAME[name].read(given[name])
            except SettingsError as err:
                raise SettingsError(f"target {show(spec.text)}: {name}={show(given[name], 80)}: {err}") from None
    extra = values["extra"].value if values["extra"] is not None else {}
    known = [*taken, *(name for name in ("temperature", "max_tokens") if values[name] is not None)]
    for name in known:
        if name in extra:
            raise SettingsError(
                f"target {show(spec.text)}: extra= may not give {name!r}, which ASTRAL sets itself; leave it out"
            )
    if secret := _secret_in(extra):
        raise SettingsError(
            f"target {show(spec.name)}: extra= holds a text under {show(secret, 40)!r}, and it would stand in every "
            "report; ask by http:FILE.toml, which takes secrets from the environment (docs/targets.md)"
        )
    if extra.get("n", 1) != 1:
        raise SettingsError(
            f"target {show(spec.name)}: extra= asks for several answers by 'n', and one would be judged; use repeats="
        )
    system = None if values["system"] is None else system_prompt(values["system"], context.root)
    return Parameters(system, values["temperature"], values["max_tokens"], extra)


def _secret_in(value: Any, name: str = "") -> str:
    """The name of the first field inside ``value`` that holds a secret; empty where there is none."""
    if isinstance(value, dict):
        return next((found for key, part in value.items() if (found := _secret_in(part, key))), "")
    if isinstance(value, list):
        return next((found for part in value if (found := _secret_in(part, name))), "")
    return name if isinstance(value, str) and value and _SECRET.search(name) else ""


def system_prompt(text: str, root: Path) -> str:
    """``text``, or with ``@FILE`` what stands in that file (relative to ``root``). Raises SettingsError."""
    if not text.startswith("@"):
        if not text.strip():
            raise SettingsError("system= is blank; give a text or @FILE, or leave it out")
        return text
    path, name = root / text[1:], f"system={show(text, 80)}"
    try:
        with path.open("rb") as stream:
            content = stream.read(SYSTEM_LIMIT + 1)
    except OSError as err:
        raise SettingsError(f"{name} cannot be read ({err.strerror}); check the path") from None
    except ValueError:
        raise SettingsError(f"{name} is no path; check it") from None
    if len(content) > SYSTEM_LIMIT:
        raise SettingsError(f"{name} holds more than {SYSTEM_LIMIT // 1024} KiB; is it the right file?")
    try:
        found = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{name} is not UTF-8; save it as UTF-8") from None
    if not found.strip():
        raise SettingsError(f"{name} is blank; write the system prompt into it")
    return found.removesuffix("\n")


def refuse_parameters(spec: Spec, context: Context, instead: str) -> None:
    """Raise SettingsError where one is set for a target that could not be given it."""
    for name in OPTIONS:
        if getattr(context.settings, name) is not None or name in dict(spec.options):
            raise SettingsError(
                f"target {show(spec.text)} takes no {name}=; {instead}, or set it in the brackets of the model that it "
                f"is for: gpt-4({name}=...)"
            )
