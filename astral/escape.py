"""The one way foreign text reaches a screen, a log or a file: nothing stays live, everything stays visible."""

from __future__ import annotations

import re
import unicodedata

_LIVE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,40}")
_QUIET = re.compile(r"[\x20-\x7e]*")
_ORDERS = re.compile(
    r"##(?=(?:vso|teamcity)?\[)"
    r"|:(?=:(?:error|warning|notice|debug|group|endgroup|echo|(?:add|remove|set|save|stop|internal)-))",
    re.I,
)
"""What GitHub's runner takes for an order in a log: ``##[error]`` anywhere, ``::error::`` at the start of a line, where
blanks before it do not count (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs, read
2026-11-21). A wrapped line may start anywhere. ``##vso[`` and ``##teamcity[`` are orders to agents of Azure Pipelines
(https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands) and TeamCity
(https://jetbrains.com/help/teamcity/service-messages.html), both read 2026-11-21."""


def _live(char: str) -> bool:
    code = ord(char)
    return unicodedata.category(char) in _LIVE_CATEGORIES or any(code in block for block in _VARIATION_SELECTORS)


class _Spelled(dict[int, int | str]):
    """What stands for each character, kept once it was asked for: a large report has ten million of them."""

    def __missing__(self, code: int) -> int | str:
        self[code] = f"\\u{{{code:x}}}" if _live(chr(code)) else code
        return self[code]


_SPELLED = _Spelled()


def visible(text: str) -> str:
    """``text`` with every control, format, surrogate and unassigned character spelled ``\\u{1b}``; line breaks too.

    So is the first character of what a CI runner would obey.
    """
    if "##" in text or "::" in text:
        text = _ORDERS.sub(lambda found: f"\\u{{{ord(found[0][0]):x}}}" + found[0][1:], text)
    if _QUIET.fullmatch(text):
        return text
    return text.translate(_SPELLED)


def show(text: str, limit: int | None = 200) -> str:
    """``text`` as one inert line of at most ``limit`` characters (None: all); line breaks and tabs become blanks."""
    line = visible(re.sub(r"[ \t\r\n\v\f]+", " ", text).strip())
    if limit is not None and len(line) > limit:
        return line[: max(limit - 3, 0)] + "..."
    return line


def show_block(text: str, indent: str = "    ") -> str:
    """``text`` as an indented inert block: its own line breaks are kept, and none of its lines starts at column 0."""
    return "\n".join(indent + visible(line.expandtabs(4)) for line in re.split(r"\r\n|\r|\n", text))


def code_span(text: str, *, limit: int | None = 200, table: bool = False) -> str:
    """``text`` as a code span of markdown on one line: neither markup, nor a mention, nor the end of a table's cell."""
    inert = show(text, limit).replace("`", "'") or "-"
    return f"`{_PIPES.sub(_pipe, inert) if table else inert}`"


_PIPES = re.compile(r"(\\*)\|")


def _pipe(found: re.Match[str]) -> str:
    """A pipe in a table's cell. After a backslash of the text it is spelled, since readers of markdown differ there."""
    return found[1] + (r"\u{7c}" if found[1] else r"\|")


def is_name(text: str) -> bool:
    """True for a plain name of at most 40 characters, which cannot be a piece of an answer or a prompt."""
    return _NAME.fullmatch(text) is not None


_DEVICE = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")
"""Names that no file may have on Windows, whatever follows a dot
(https://doc.rust-lang.org/beta/nightly-rustc/cargo/util/restricted_names/fn.is_windows_reserved.html, read
2026-11-21)."""


def slug(text: str, limit: int = 40) -> str:
    """Lower-case letters, digits, ``_ + -`` only; never empty, never longer than ``limit``, no device of Windows."""
    cleaned = re.sub(r"[^a-z0-9_+]+", "-", text.lower()).strip("-")[:limit].strip("-")
    return f"x-{cleaned}" if _DEVICE.fullmatch(cleaned) else cleaned or "x"
