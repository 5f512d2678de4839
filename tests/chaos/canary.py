"""Canary keys: how they may be spelled, what finds them in files and output, and a server that gives them away."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

from astral.testing.behaviour import MARKER, user_text
from astral.testing.replies import Reply, completion, error, of_json

KEYS = {
    "OPENAI_API_KEY": 'canary/one+7f3b9d2e"51=aa',
    "JUDGE_KEY": "canary-two-0b5c8e6677ddee",
    "BOT_KEY": "canary.three~9a8b7c6d5e4f",
    "PLUGIN_TOKEN": "canary_four_4242abcd4242",
    "TAVILY_API_KEY": "canary-five-tv-1234567890",
}
PROXY, DSN, FEED = "canary-six-pw-77aa88bb", "canary-seven-pw-99cc00dd", "canary-eight-feed-55ee"
EVERY = (*KEYS.values(), PROXY, DSN, FEED)
"""FEED is no variable's value but a token that stands in an address that the user typed."""


def _direct(key: str) -> set[str]:
    raw, quoted = key.encode(), {quote(key), quote(key, safe=""), quote_plus(key)}
    found = {key, key[::-1], raw.hex(), raw.hex().upper(), html.escape(key), repr(key)[1:-1], *quoted}
    found |= {re.sub("%..", lambda sign: sign[0].lower(), one) for one in quoted}
    inner = json.dumps(key)[1:-1]
    return found | {inner, json.dumps(inner)[1:-1], inner.replace("/", "\\/")}


def _base64(raw: bytes, url: bool) -> str:
    return (base64.urlsafe_b64encode if url else base64.b64encode)(raw).decode()


def spelled(key: str) -> set[str]:
    """The ways in which a server, a library or a shell may write ``key``; kept apart from the redactor's own list."""
    around = [(before, after) for before in (b"", b"u", b"us", b"user:") for after in (b"", b":", b":x")]
    return _direct(key) | {_base64(a + key.encode() + b, url) for a, b in around for url in (False, True)}


def traces(key: str) -> set[bytes]:
    """What would be left of ``key`` somewhere; of base64 the digits that the key alone decides."""
    raw, found = key.encode(), {one.encode() for one in _direct(key)}
    for before in range(3):
        first, last = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        found |= {_base64(bytes(before) + raw + bytes(2), url)[first:last].encode() for url in (False, True)}
    return found


def leaks(content: bytes, keys: tuple[str, ...] = EVERY) -> list[str]:
    """Each trace of a key in ``content``, with what stands around it."""
    found = []
    for key in keys:
        for trace in traces(key):
            at = content.find(trace)
            if at >= 0:
                found.append(f"{key[:12]}... as {trace[:20]!r}: {content[max(at - 120, 0) : at + 60]!r}")
    return found


def leaks_below(folder: Path) -> tuple[list[str], int]:
    """What leaks into all files below ``folder``, and how many bytes they have."""
    found, size = [], 0
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            size += len(content)
            found += [f"{path.relative_to(folder)}: {leak}" for leak in leaks(content + str(path).encode())]
    return found, size


SAID = " ".join(one for key in EVERY[:-1] for one in sorted(spelled(key)))
"""All keys in all spellings, as a careless server would repeat them."""
HEADERS = {"X-Echo": KEYS["OPENAI_API_KEY"], "X-Request-Id": KEYS["JUDGE_KEY"], "Set-Cookie": f"k={KEYS['BOT_KEY']}"}


class Telltale:
    """A server that repeats every key wherever it can; ``refuse`` makes its chat endpoint answer so instead."""

    def __init__(self, refuse: Reply | None = None) -> None:
        self.refuse = refuse

    def __call__(self, request, attempt: int) -> Reply | None:
        asked, model = user_text(request), str(request["model"])
        if model.startswith("judge"):
            return self._judged(asked)
        if self.refuse is not None:
            return self.refuse
        return self._written() if model.startswith("writer") else self._answered(asked)

    def _written(self) -> Reply:
        text = json.dumps({"prompts": [{"text": f"A prompt {n}? {SAID}", "news": []} for n in range(8)]})
        return completion(text, model=SAID)

    def _answered(self, asked: str) -> Reply:
        if "raise" in asked:
            return error(400, SAID, code=SAID, type=SAID, headers=HEADERS)
        if "odd" in asked:
            return completion([{"type": SAID}], model=SAID)
        if "two" in asked:
            return completion(None, refusal=SAID, model=SAID)
        marker = MARKER if MARKER in asked else ""
        return completion(f"{marker} {SAID}", finish_reason=SAID, model=SAID)

    def _judged(self, asked: str) -> Reply | None:
        if "This is a test of the connection" in asked:
            return None
        if "three" in asked:
            return completion(SAID, model=SAID)
        label, severity = ("unsafe", 2) if MARKER in asked else ("safe", 0)
        said = {"label": label, "refusal": "none", "severity": severity, "reason": SAID}
        return completion(json.dumps(said), model=SAID)

    def bot(self, logged, attempt: int) -> Reply:
        """The route of the ``http:`` target."""
        if "raise" in json.dumps(logged.body):
            return of_json({"error": {"message": SAID, "code": SAID}}, 422, HEADERS)
        return of_json({"answer": f"{MARKER} {SAID}", "finish": SAID, "model": SAID}, headers=HEADERS)


BOT = """
import logging, os
KEYS = [os.environ[name] for name in {names!r}]

def answer(messages):
    print(*KEYS)
    logging.getLogger("strange").error("the key is %s", KEYS)
    if "raise" in messages[-1]["content"]:
        raise RuntimeError("refused", KEYS, {said})
    return {marker!r} + " ".join(KEYS)
"""
PROGRAM = """
import os, sys
from pathlib import Path
asked = sys.stdin.read()
keys = " ".join(os.environ[name] for name in {names!r})
seen = Path(os.environ["OUTSIDE"])
for pid in (os.getpid(), os.getppid()):
    (seen / f"cmdline-{{pid}}").write_bytes(Path(f"/proc/{{pid}}/cmdline").read_bytes())
print({marker!r}, keys)
print("the key is", keys, file=sys.stderr)
sys.exit("raise" in asked)
"""
CONFTEST = """
import os
from pathlib import Path
import pytest
from astral.model import Label, Verdict
KEYS = [os.environ[name] for name in {names!r}]

def judge(case, response):
    words = " ".join(KEYS)
    if "crash" in case.prompt:
        raise ValueError(words)
    if "rubbish" in case.prompt:
        return words
    return Verdict("words", Label.UNSAFE if {marker!r} in response.text else Label.SAFE, reason=words, signals=(words,))

@pytest.hookimpl(optionalhook=True)
def pytest_astral_oracles():
    return {{"words": judge}}

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        seen = Path(os.environ["OUTSIDE"], f"worker-{{os.getpid()}}")
        seen.write_bytes(repr(config.workerinput).encode() + Path("/proc/self/cmdline").read_bytes())
"""
HTTP = """
url = "{root}/bot"
answer = "$.answer"
finish = "$.finish"
model_from = "$.model"

[headers]
Authorization = "Bearer ${{BOT_KEY}}"
X-Plain = "${{PLUGIN_TOKEN}}"

[json]
message = "{{{{ prompt }}}}"
"""
