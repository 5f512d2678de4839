"""The templates of an ``http:`` file: what a prompt enters as data, and never as a template."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from astral.errors import SettingsError, TemplateError, did_you_mean
from astral.escape import show

if TYPE_CHECKING:
    import jinja2

VARIABLES = ("prompt", "turns", "messages", "session", "turn", "case_id")
"""What a template may use: the turn's text, all user texts so far, the conversation with its answers and this turn, the
conversation's id, the turn's number from 1, and the case's id."""
ASKING = frozenset({"prompt", "turns", "messages"})
"""Those of them that carry what is asked."""
ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""``${NAME}``: the value of an environment variable."""


class Template:
    """A compiled template of one value of a file; ``where`` is its key, for messages."""

    def __init__(self, text: str, where: str, secrets: Mapping[str, str]) -> None:
        """``secrets`` are the environment's variables that the file names. Raises SettingsError."""
        import jinja2
        from jinja2 import meta

        self._where, self._secrets = where, secrets
        source = ENVIRONMENT.sub(lambda found: f'{{{{ environment["{found[1]}"] }}}}', text)
        try:
            self._compiled = _environment().from_string(source)
            self.uses = frozenset(meta.find_undeclared_variables(_environment().parse(source))) - {"environment"}
        except jinja2.TemplateSyntaxError as err:
            raise SettingsError(f"{where}: no template: {show(str(err.message), 120)} (line {err.lineno})") from None
        except (jinja2.TemplateError, RecursionError) as err:
            raise SettingsError(f"{where}: no template: {show(str(err), 120)}") from None
        for name in sorted(self.uses - set(VARIABLES)):
            raise SettingsError(
                f"{where}: unknown variable {show(name, 40)!r}{did_you_mean(name, VARIABLES)}; "
                f"known: {', '.join(VARIABLES)}"
            )

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text for ``values``. Raises TemplateError."""
        try:
            return self._compiled.render(**values, environment=self._secrets)
        except Exception as err:  # a template may divide by zero, or index what is not there
            raise TemplateError(
                f"{self._where}: {type(err).__name__}: {show(str(err), 120)}; mend the template"
            ) from None


Filling = Callable[[Mapping[str, Any]], Any]


def filling(value: Any, where: str, make: Callable[[str, str], Template]) -> Filling:
    """What fills each text inside a TOML value, however deep; numbers, true and false stay as they are.

    Raises SettingsError for a value that JSON does not have.
    """
    if isinstance(value, str):
        return make(value, where).fill
    if isinstance(value, dict):
        inside = {name: filling(part, f"{where}.{show(name, 40)}", make) for name, part in value.items()}
        return lambda values: {name: fill(values) for name, fill in inside.items()}
    if isinstance(value, list):
        items = [filling(part, f"{where}[{at}]", make) for at, part in enumerate(value)]
        return lambda values: [fill(values) for fill in items]
    if isinstance(value, bool | int | float):
        return lambda values: value
    raise SettingsError(f"{where}: a {type(value).__name__} is no JSON; write it as a text in quotes")


@cache
def _environment() -> jinja2.Environment:
    """A sandbox: the file may come from elsewhere, and nothing in it needs more than its variables."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def printed(value: Any) -> Any:
        if isinstance(value, jinja2.Undefined):
            return str(value)  # raises
        if not isinstance(value, str | int | float):
            raise TypeError("a list has no text of its own; write for example {{ messages | tojson }}")
        return value

    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True, finalize=printed
    )
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment
