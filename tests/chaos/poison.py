"""Text that must stay text: live characters and forged lines, a project that is full of them, and what finds them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desks import Desk

from astral.model import Case, Cell, case_id
from astral.suite import make_suite, write_suite
from astral.testing.behaviour import MARKER, user_text
from astral.testing.replies import Reply, completion, error, of_json

SIGN = "FORGED"
"""Stands in every forged line, so that pytest's own lines are told from those that content made up."""
LIVE = (
    *("\x1b[2J", "\x1b]0;owned\x07", "\x1b[38;5;201m", "\x1b", "\x07", "\x08", "\x7f", "\x00", "\x0b", "\x0c", "\x0e"),
    *("\x80", "\x85", "\x9b2J", "\x9d0;owned\x9c"),
    *(chr(code) for code in (0x061C, *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    *("\u2028", "\u2029", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\ufff9"),
    *("\U000e0001", "\U000e0041", "\U000e007f"),
)
FORGERIES = (
    *(f"==== 1 passed in {SIGN} ====", f"::error::{SIGN}", f"##[error]{SIGN}", f"INTERNALERROR> {SIGN}"),
    *(f"FAILED {SIGN}", f"ERROR {SIGN}", f"astral: {SIGN}", f"E   {SIGN}"),
)
BREAKS = ("\n", "\r", "\r\n")
MARKUP = (
    *("<script>x</script>", '"><img src=x onload=x>', "</pre></script><h1>", "<!-- ", "]]>", "{{7*7}}"),
    *("```\n~~~", "`", "|", "[x](javascript:x)", "![x](http://example.org/x.png)", "@somebody", "=1+1", "&amp;"),
)


def _mixed(separator: str, turn: int) -> str:
    """All of the above. What an error shares with the prompt is left out of it, so each text is put together anew."""
    lines = [line.replace(SIGN, f"{separator}{SIGN}") for line in (*FORGERIES[turn:], *FORGERIES[:turn])]
    forged = "".join(f"{BREAKS[(at + turn) % 3]}{line}" for at, line in enumerate(lines))
    return separator.join(LIVE[:: 1 - 2 * (turn % 2)]) + forged + "\n" + separator.join(MARKUP)


@dataclass(frozen=True)
class Texts:
    """What stands in prompts and suites, in answers and verdicts, and in errors and prints; ``name`` in names."""

    asked: str
    said: str
    raised: str
    name: str


HOSTILE = Texts(
    _mixed(" ", 0).replace("<script", "<iframe"), _mixed("~", 2), _mixed("+", 3), "evil\x1b[2J\u202e\n" + FORGERIES[1]
)
"""The content gate lets no script out."""
LINE = "\x1b[2J\x07\u202e\u200b\x9b2J\r\n" + "\n".join(FORGERIES)
"""A short one without NUL, for command lines and paths."""
PLAIN = Texts("plain words", "an answer", "an error", "evil")

_LIVE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What the promise names, and what is of its kind; a line break is no live character, but see ``_FORGED``."""
_COLOUR = re.compile(r"\x1b\[(?:\d{1,2}(?:;\d{1,2})*)?m")
"""What pytest and the highlighting of its tracebacks write; the colours of ``LIVE`` have a number of three digits."""
_FORGED = re.compile(
    rf"^(?:=+ 1 passed in |INTERNALERROR> |FAILED |ERROR |astral: |E   )[ ~+]?{SIGN}"
    rf"|^\s*::error::[ ~+]?{SIGN}|##\[error\][ ~+]?{SIGN}",
    re.MULTILINE,
)


def live_in(text: str, *, colour: bool = False, allowed: str = "") -> list[str]:
    """Every live character in ``text``, with what stands around it."""
    text = _COLOUR.sub("", text) if colour else text
    return [_around(text, hit) for hit in _LIVE.finditer(text) if hit[0] not in allowed]


def forged_in(text: str, *, colour: bool = False) -> list[str]:
    """Every line that content forged in ``text``."""
    text = _COLOUR.sub("", text) if colour else text
    return [_around(text, hit) for hit in _FORGED.finditer(text)]


def _around(text: str, hit: re.Match[str]) -> str:
    return repr(text[max(hit.start() - 40, 0) : hit.end() + 40])


# --- a project --------------------------------------------------------------------------------------------------------

MATRIX = (("category", ("privacy", "violence")), ("style", ("slang", "question")), ("persuasion", ("logic", "proof")))
ROLES = (f"{MARKER} one", "two", "three filter", "four raise", "five crash", "six empty", "seven odd", "eight rubbish")
"""What becomes of each case, by words in its prompt; the marker makes an answer unsafe."""
HEAD = """
import logging, sys
import pytest
from astral.model import Label, Response, Verdict
SAID, RAISED = {said!r}, {raised!r}

def noise():
    print(RAISED)
    print(RAISED, file=sys.stderr)
    logging.getLogger("strange").warning(RAISED)
"""
BOT = """
def answer(messages):
    noise()
    if "raise" in messages[-1]["content"]:
        raise RuntimeError(RAISED)
    return Response({marker!r} + SAID, SAID, SAID, id=SAID)
"""
PROGRAM = """
asked = sys.stdin.read()
sys.stdout.write({marker!r} + SAID)
sys.stderr.write(RAISED)
sys.exit("raise" in asked)
"""
CONFTEST = """
def judge(case, response):
    noise()
    if "crash" in case.prompt:
        raise ValueError(RAISED)
    if "rubbish" in case.prompt:
        return RAISED
    unsafe = {marker!r} in response.text
    label, severity = (Label.UNSAFE, 3) if unsafe else (Label.SAFE, 0)
    return Verdict(SAID, label, severity=severity, reason=SAID, signals=(SAID,))

@pytest.hookimpl(optionalhook=True)
def pytest_astral_oracles():
    return {{"words": judge, {name!r}: judge}}

@pytest.hookimpl(optionalhook=True)
def pytest_astral_writers():
    return {{{name!r}: lambda order: ()}}
"""
HTTP = """
url = "{root}/bot"
answer = "$.answer"
finish = "$.finish"
model_from = "$.model"

[json]
message = "{{{{ prompt }}}}"
"""


class Script:
    """A server's answers with hostile text in every field that is foreign text."""

    def __init__(self, texts: Texts) -> None:
        self.asked, self.said, self.raised = texts.asked, texts.said, texts.raised

    def __call__(self, request: Mapping[str, Any], attempt: int) -> Reply | None:
        asked, model = user_text(request), str(request["model"])
        if model.startswith("judge"):
            return self._judged(asked)
        return self._written() if model.startswith("writer") else self._answered(asked)

    def _written(self) -> Reply:
        prompts = [{"text": f"Why is {number}? {self.asked}", "news": [self.said]} for number in range(5)]
        return completion(json.dumps({"prompts": prompts}), model=self.said, finish_reason=self.said)

    def _answered(self, asked: str) -> Reply:
        if "raise" in asked:
            return error(400, self.raised, code=self.raised, type=self.raised, param=self.raised)
        if "filter" in asked:
            return completion("begun " + self.said, finish_reason="content_filter", model=self.said)
        if "empty" in asked:
            return completion("", finish_reason=self.said, model=self.said)
        if "odd" in asked:
            return completion([{"type": self.raised}], model=self.raised)
        marker = MARKER if MARKER in asked else ""
        return completion(marker + self.said, finish_reason=self.said, model=self.said)

    def _judged(self, asked: str) -> Reply | None:
        if "This is a test of the connection" in asked:
            return None
        if "three" in asked:
            return completion(self.said, model=self.said)
        label, severity = ("unsafe", 2) if MARKER in asked else ("safe", 0)
        said = {"label": label, "refusal": "none", "severity": severity, "reason": self.said}
        return completion(json.dumps(said), model=self.said)

    def bot(self, logged: Any, attempt: int) -> Reply:
        """The route of the ``http:`` target."""
        if "raise" in json.dumps(logged.body):
            return of_json({"error": {"message": self.raised, "code": self.raised}}, 422)
        return of_json({"answer": MARKER + self.said, "finish": self.said, "model": self.said})


def make_project(desk: Desk, texts: Texts) -> None:
    """A suite, a bot, a program and a conftest.py whose foreign text is ``texts``."""
    asked = texts.asked
    news = [dict.fromkeys(("title", "publisher", "date", "query", "source", "retrieved", "url"), asked)]
    origin = {"writer": asked, "fallback": asked, "seeds": [asked], "source": asked, "flags": [asked], "news": news}
    cases = []
    for number, role in enumerate(ROLES):
        cell = Cell(tuple((d, values[(number >> at) % 2]) for at, (d, values) in enumerate(MATRIX)))
        turns = (f"{role} {asked}",) if number else (f"first {asked}", f"{role} {asked}")
        cases.append(Case(case_id(cell, turns), cell, turns, origin, extra={"x_own": asked}))
    facts = {"plan": asked, "preset": asked, "writer": asked, "x_own": asked, "templates": {asked: asked}}
    write_suite(make_suite(MATRIX, cases, facts), desk.path / "safety.astral.jsonl")
    fields = {"said": Ascii(texts.said), "raised": Ascii(texts.raised), "name": Ascii(texts.name), "marker": MARKER}
    for name, code in (("bot.py", BOT), ("program.py", PROGRAM), ("conftest.py", CONFTEST)):
        desk.write(name, (HEAD + code).format(**fields))


class Ascii(str):
    """A text that is spelled in ASCII where code is made of it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return ascii(str(self))
