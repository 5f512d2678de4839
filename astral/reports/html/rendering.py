"""Turns a template and its view into one document that loads nothing and runs nothing but our own script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from astral.errors import ReportError
from astral.escape import show_block, visible

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Block:
    """Foreign text of several lines, whose line breaks stay."""

    text: str


def render_page(
    template: str, view: Mapping[str, Any], *, styles: Sequence[str] = (), scripts: Sequence[str] = ()
) -> str:
    """The document that ``template`` (a file beside this one) makes of ``view``; it gets ``policy``, the content of the
    Content-Security-Policy, ``style`` and ``script``, the named files one after the other. Raises ReportError.
    """
    style, style_hash = _part(tuple(styles))
    script, script_hash = _part(tuple(scripts))
    sources = f"default-src 'none'; style-src {style_hash}; script-src {script_hash}"
    policy = Markup(f"{sources}; base-uri 'none'; form-action 'none'")  # noqa: S704 - hashes only
    given = {"policy": policy, "style": style, "script": script}
    try:
        return _environment().get_template(template).render(given | dict(view))
    except jinja2.TemplateError as err:
        raise ReportError(f"{template}: {err}; reinstall pytest-astral") from err


def data_block(value: Any) -> Markup:
    """``value`` as JSON that may stand in a ``<script type="application/json">``: ASCII, and without a sign that HTML
    gives a meaning to, so that no text in it can end the block. Its strings are as inert as those of a template.
    """
    text = json.dumps(_inert_parts(value), separators=(",", ":"), allow_nan=False)
    inert = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(inert)  # noqa: S704 - no markup is left in it


def _inert_parts(value: Any) -> Any:
    """Plain JSON without a live character: what a page writes from it needs no care."""
    if isinstance(value, Mapping):
        return {visible(key): _inert_parts(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [part if type(part) is int else _inert_parts(part) for part in value]
    return _inert(value)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_inert,
    )


def _inert(value: Any) -> Any:
    """What every expression of the template passes through, so that no place in it can forget to escape: also what
    becomes text only there.
    """
    if isinstance(value, Block):
        return show_block(value.text, indent="")
    if value is None or isinstance(value, Markup | int | float):
        return value
    return visible(str(value))


@cache
def _part(names: tuple[str, ...]) -> tuple[Markup, str]:
    """Shipped style sheets or scripts, and their hash as the content security policy wants it."""
    source = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    return Markup(source), f"'sha256-{digest}'"  # noqa: S704 - our own files, no foreign text
