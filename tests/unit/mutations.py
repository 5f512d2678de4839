"""Files that are nearly right: bytes of a valid one with pieces cut, doubled, swapped and strewn in."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

JSON_PIECES = [
    *(
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "0",
        "-1",
        "1e999",
        "NaN",
        "Infinity",
        "9" * 5_000,
        "\\",
        "\n",
    ),
    *(
        '"\\ud800"',
        '"\\u0000"',
        "[[[[",
        "[" * 5_000,
        '{"a":' * 2_000,
        '{"a":1,"a":2}',
        "\\u202e",
        "\x1b[31m",
        "\r",
        "\u2028",
    ),
    *('""', '" "', "[]", "{}", "[null]", '["x"]', "0.5", "1" * 30, "\ufeff", "\x00", "::error::"),
]
TOML_PIECES = [
    *("=", "[", "]", "[[", "]]", '"', '"""', "'", ".", "#", "\n", "true", "nan", "inf", "1e400", "9" * 5_000, "0x1F"),
    *(
        "1979-05-27",
        "07:32:00",
        "1979-05-27T07:32:00Z",
        "{ a = 1 }",
        "[1, 'x']",
        "[" * 5_000,
        "\\uD800",
        "\x00",
        "\x1b",
    ),
    *(
        "a = 1\n",
        "a.b.c = 2\n",
        "[a]\n",
        "[[price]]\n",
        "${HOME}",
        "{{ prompt }}",
        "{% for x in turns %}",
        "{{",
        "$..",
        "''",
    ),
]
YAML_PIECES = [
    *(
        "- ",
        ": ",
        "\n",
        "  ",
        "\t",
        "#",
        "&a ",
        "*a",
        "<<: *a",
        "? ",
        "| ",
        "> ",
        "--- ",
        "...",
        "%YAML 9.9\n",
        "'",
        '"',
    ),
    *("!!bool ", "!!timestamp ", "!!int ", "!!float ", "!!null ", "!!map ", "!!seq ", "!!set ", "!!omap ", "!!binary "),
    *(
        "!!str ",
        "!!pairs ",
        "!!merge ",
        "!!python/object:os.system ",
        "!x ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "~",
        "no",
        "988",
        ".nan",
    ),
    *("[" * 5_000, "0o777", "1:30", "2001-99-99", "\x00", "\x1b", "\u2028", "{a: 1, a: 2}", "= ", "rules", "name"),
]
_WORD = re.compile(rb"(?<![\w\"'])[\w\"'\[{]")
"""Where something begins: there a change does the most."""


class Content(bytes):
    """Bytes whose picture in a message is short."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes, {bytes(self[:2_000])!r}>"


def mutated(valid: bytes, pieces: list[str]) -> st.SearchStrategy[bytes]:
    """``valid`` after up to five changes: a piece out, in, doubled, elsewhere, replaced, or all that follows gone."""
    foreign = st.sampled_from([piece.encode("utf-8", "surrogatepass") for piece in pieces]) | st.binary(max_size=3)
    change = st.tuples(
        st.sampled_from(["cut", "put", "before", "replace", "double", "move", "end"]),
        st.floats(0, 1),
        st.integers(0, 40),
        st.floats(0, 1),
        foreign,
    )

    def changed(changes: list[tuple[str, float, int, float, bytes]]) -> bytes:
        content = valid
        for what, place, length, other, piece in changes:
            at, to = int(place * len(content)), int(other * len(content))
            words = [found.start() for found in _WORD.finditer(content)] or [0]
            word = words[int(place * (len(words) - 1))]
            taken = content[at : at + length]
            rest = content[:at] + content[at + length :]
            content = {
                "cut": rest,
                "put": content[:at] + piece + content[at:],
                "before": content[:word] + piece + content[word:],
                "replace": content[:at] + piece + content[at + length :],
                "double": content[:at] + taken + content[at:],
                "move": rest[:to] + taken + rest[to:],
                "end": content[:at],
            }[what]
        return Content(content)

    return st.lists(change, min_size=1, max_size=5).map(changed)


def values() -> st.SearchStrategy[object]:
    """Any JSON value, odd numbers and texts among them."""
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=6)
        | st.sampled_from(["safe", "unsafe", "\ud800", "\x00", "", " ", 10**400, -0.0, "http://", "stop"])
    )
    return st.recursive(
        leaves,
        lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=6), inside, max_size=3),
        max_leaves=6,
    )


def replaced(valid: object) -> st.SearchStrategy[object]:
    """``valid`` (JSON) with one value in it, at any depth, dropped, replaced by any other, or another key beside it."""
    places = list(_places(valid))

    @st.composite
    def changed(draw: st.DrawFn) -> object:
        whole = json.loads(json.dumps(valid))
        for _ in range(draw(st.integers(1, 3))):
            *way, last = draw(st.sampled_from(places))
            inside = whole
            for step in way:
                try:
                    inside = inside[step]
                except (LookupError, TypeError):
                    break
            else:
                _change(inside, last, draw)
        return whole

    return changed()


def _change(inside: object, last: object, draw: st.DrawFn) -> None:
    what = draw(st.sampled_from(["drop", "set", "add"]))
    try:
        if what == "drop":
            del inside[last]  # type: ignore[attr-defined]
        elif what == "set" or not isinstance(inside, dict):
            inside[last] = draw(values())  # type: ignore[index]
        else:
            inside[draw(st.text(max_size=6))] = draw(values())
    except (LookupError, TypeError):
        return


def _places(value: object) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inside in steps:
        found += [(step,), *((step, *more) for more in _places(inside))]
    return found
