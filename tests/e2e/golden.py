"""What a run leaves behind, without what is different each time: to be compared with files that a person has read."""

import difflib
import itertools
import json
import os
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
ACCEPT = "ASTRAL_ACCEPT"
"""The variable with which what came out becomes what is expected."""
_RUN = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b")
_DURATION = re.compile(r"(?<=time )\| .*?(?:less than a second|\d+ s)$", re.MULTILINE)
_WORDS = ("h1", "h2", "h3", "h4", "h5", "h6", "th", "td", "caption", "summary", "legend", "button", "title")
"""Elements whose texts belong to the structure of a page."""
_SILENT = ("style", "script", "svg")
_EMPTY = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


def check(name, text):
    """Assert that ``text`` is what the golden file holds; with ASTRAL_ACCEPT=1 it becomes that."""
    path = GOLDEN / name
    if os.environ.get(ACCEPT) == "1":
        path.write_text(text, encoding="utf-8", newline="\n")
        return
    assert path.is_file(), f"{path.name} is not there yet; after a look at what comes out: make accept"
    kept = path.read_text(encoding="utf-8").split("\n")
    difference = "\n".join(difflib.unified_diff(kept, text.split("\n"), f"golden/{name}", "this run", lineterm="", n=2))
    if difference:
        pytest.fail(f"not what it was (if that is what you meant: make accept)\n{difference}", pytrace=False)


class Volatile:
    """What is different in each run or version, with the words that stand for it."""

    def __init__(self, document, place):
        run = document["run"]
        hashes = {
            "CONTENT": run["suite"]["content"],
            "TEMPLATES": run["suite"]["templates"],
            "RULES": run["judge"]["oracles"][0]["rules"],
            "SUITE": Path(run["suite"]["path"]).name.partition(".")[0],
        }
        versions = {f"{name}-VERSION": version for name, version in run["versions"].items()}
        known = {str(place): "PLACE", **{value: word for word, value in hashes.items()}}
        known |= {value[:12]: word for word, value in hashes.items()}
        self._known = sorted(known.items(), key=lambda item: -len(item[0]))
        self._versions = {version: word for word, version in versions.items()}

    def out_of(self, text):
        """``text`` with stable words; the fixed day of the baseline stays."""
        for value, word in self._known:
            text = text.replace(value, word)
        for version, word in self._versions.items():
            text = re.sub(rf"(?<![\w.]){re.escape(version)}(?![\w.])", word, text)
        text = _RUN.sub(lambda found: found[0] if found[0] == BASELINE_RUN else "RUN", text)
        return _TIME.sub(lambda found: found[0] if found[0] == BASELINE_MADE else "TIME", text)


BASELINE_RUN, BASELINE_MADE = "20260102-030405-0000", "2026-01-02T03:04:05Z"
"""What the golden baseline says of itself."""


def section(out):
    """ASTRAL's section of a terminal, from its heading to the next."""
    return re.search(r"^=+ astral =+\n(.*?)^=+ ", out, re.DOTALL | re.MULTILINE)[1]


def readable(document):
    """JSON as lines: keys sorted, a line for each trial, numbers with as many digits as all machines agree on."""
    return "\n".join(_lines(_rounded(document), "")) + "\n"


def _rounded(value):
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value


def _lines(value, indent):
    """Objects and lists are broken where they do not fit a line."""
    flat = json.dumps(value, sort_keys=True)
    if len(indent) + len(flat) <= 120 or not isinstance(value, dict | list) or not value:
        return [indent + flat]
    lines = [indent + ("{" if isinstance(value, dict) else "[")]
    items = sorted(value.items()) if isinstance(value, dict) else [(None, one) for one in value]
    for name, one in items:
        first, *more = _lines(one, indent + " ")
        head = "" if name is None else f"{json.dumps(name)}: "
        block = [f"{indent} {head}{first.lstrip()}", *more]
        lines += [*block[:-1], block[-1] + ","]
    lines[-1] = lines[-1].removesuffix(",")
    return [*lines, indent + ("}" if isinstance(value, dict) else "]")]


@dataclass
class Element:
    """An element of a page: its tag with id and classes, and what is in it: elements and words that count."""

    tag: str
    name: str = ""
    parts: list = field(default_factory=list)

    def lines(self, indent=""):
        """The tree as lines; a row of a table is one, and alike siblings that follow each other stand once."""
        if self.tag == "tr":
            return [f"{indent}{self.name}: " + " | ".join(_cell(one) for one in self.parts if isinstance(one, Element))]
        found = [indent + self.name]
        blocks = [[f'{indent}  "{one}"'] if isinstance(one, str) else one.lines(indent + "  ") for one in self.parts]
        for block, alike in itertools.groupby(blocks):
            number = len(list(alike))
            found += block if number == 1 else [f"{block[0]}  x{number}", *block[1:]]
        return found

    @property
    def words(self):
        return " ".join(" ".join(one if isinstance(one, str) else one.words for one in self.parts).split())


def _cell(one):
    return f"{one.name} {one.words}".strip() if one.name not in ("th", "td") else one.words


class Outline(HTMLParser):
    """A page as a tree of elements, with the words of its headings, tables and buttons."""

    def __init__(self):
        super().__init__()
        self.root = Element("", "page")
        self._open = [self.root]
        self._heard = []

    @property
    def depth(self):
        return len(self._open) - 1

    def handle_starttag(self, tag, attributes):
        self._say()
        given = dict(attributes)
        name = tag + (f"#{given['id']}" if given.get("id") else "")
        name += "".join(f".{one}" for one in sorted((given.get("class") or "").split()))
        element = Element(tag, name)
        if not self._is_in("svg"):
            self._open[-1].parts.append(element)
        if tag not in _EMPTY:
            self._open.append(element)

    def handle_endtag(self, tag):
        if tag not in _EMPTY and self._is_in(tag):
            self._say()
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, words):
        if self._is_in(*_WORDS) and not self._is_in(*_SILENT):
            self._heard.append(words)

    def _is_in(self, *tags):
        return any(one.tag in tags for one in self._open)

    def _say(self):
        words = " ".join("".join(self._heard).split())
        self._heard = []
        if words:
            self._open[-1].parts.append(words)


def outline(page):
    """The structure of a page as indented lines. Asserts that its elements are closed."""
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert not parser.depth, "elements are not closed"
    return _DURATION.sub("| DURATION", "\n".join(parser.root.lines()) + "\n")
