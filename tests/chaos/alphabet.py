"""The faults that a schedule draws from, by what becomes of a request that meets them: a fault is a line.

Each is a weight and a function from the text that would have been said to the reply that comes in its place.
"""

import gzip
import json
from dataclasses import replace

from astral.testing.replies import Reply, completion, error, of_json

JSON = {"Content-Type": "application/json"}
QUICK = {"Retry-After": "0"}
TOO_LONG = gzip.compress(b" " * (5 * 2**20), 1)


def body(value, **headers):
    return lambda text: Reply(headers={**JSON, **headers}, body=value)


def status(number, message="try again", *, wait=None, **more):
    headers = None if wait is None else {"Retry-After": wait}
    return lambda text: error(number, message, headers=headers, **more)


def broken(fault):
    return lambda text: replace(completion(text), fault=fault)


def said(change=lambda text: text, **more):
    return lambda text: completion(change(text), **more)


def encoded(change, **headers):
    """The good reply with its bytes changed."""
    return lambda text: replace(completion(text), headers={**JSON, **headers}, body=change(completion(text).body))


PASSING = {
    **{f"429 after {wait or 'nothing'!s:.12}": (1, status(429, wait=wait)) for wait in ("0", "7", "1.5", "-3", "3600")},
    **{f"429 after {wait[:12]!r}": (1, status(429, wait=wait)) for wait in ("nan", "inf", "", "soon", "9" * 400)},
    "429 until a day in the past": (1, status(429, wait="Wed, 21 Oct 2015 07:28:00 GMT")),
    "429 until a day to come": (1, status(429, wait="Wed, 21 Oct 2099 07:28:00 GMT")),
    "429": (2, status(429)),
    "408": (1, status(408)),
    "409": (1, status(409)),
    **{str(code): (2, status(code)) for code in (500, 502, 503, 504, 529)},
    "503 after 0": (1, status(503, wait="0")),
    "an error that passes, under 200": (
        1,
        lambda text: of_json({"error": {"code": "server_error", "message": "down"}}),
    ),
    "reset before the headers": (2, broken("reset")),
    "reset in the body": (2, broken("reset_in_body")),
    "end in the body": (2, broken("cut")),
}
"""Worth another try."""
SPOILT = {
    "half a JSON": (1, encoded(lambda whole: whole[: len(whole) // 2])),
    "HTML": (1, body(b"<html>busy</html>", **{"Content-Type": "text/html"})),
    "nothing": (1, body(b"")),
    "null": (1, body(b"null")),
    "[]": (1, body(b"[]")),
    "{}": (1, body(b"{}")),
    "no choices": (1, body(b'{"choices": []}')),
    "no message": (1, body(b'{"choices": [{}]}')),
    "content is a number": (1, said(lambda text: 7)),
    "content is an object": (1, said(lambda text: {"text": text})),
    "a part that is no text": (1, said(lambda text: [{"type": "image_url", "text": text}])),
    "invalid UTF-8": (1, encoded(lambda whole: whole.replace(b"Answer", b"\xff\xfe\xff").replace(b"label", b"\xff"))),
    "nested without end": (1, body(b"[" * 100_000)),
    "a number without end": (1, body(b'{"choices": ' + b"9" * 5_000 + b"}")),
    "gzip that is none": (1, encoded(lambda whole: whole, **{"Content-Encoding": "gzip"})),
}
"""No answer at all: asked once more."""
FINAL = {
    "an error under 200": (1, lambda text: of_json({"error": {"message": "no", "code": "x"}})),
    "prompt too long": (1, status(400, "maximum context length is 5", code="context_length_exceeded")),
    "a gzip bomb": (1, body(TOO_LONG, **{"Content-Encoding": "gzip"})),
    "413": (1, status(413, "too large")),
}
"""Not asked again."""
STOPPING = {
    "401": (2, status(401, "no such key")),
    "quota": (2, status(429, "no money left", code="insufficient_quota")),
    "402": (1, status(402)),
    "403": (1, status(403)),
    "405": (1, status(405)),
    "redirect to itself": (1, lambda text: Reply(307, {"Location": "/v1/chat/completions"})),
    "redirect to another host": (1, lambda text: Reply(302, {"Location": "http://other.invalid/"})),
    "404": (2, status(404, "no such model")),
}
"""Nothing more is asked of the endpoint; after a 404 of the model."""
BLOCKED = {
    "content policy": (1, status(400, "no", code="content_policy_violation")),
    "filtered, and no text": (1, said(lambda text: None, finish_reason="content_filter")),
}
"""The provider's filter, and no text."""
BLANK = {
    "content is null": (1, said(lambda text: None)),
    "content is empty": (1, said(lambda text: "")),
    "content is blank": (1, said(lambda text: " \n\t ")),
    "content is invisible": (1, said(lambda text: "\u200b\u2060\U000e0041")),
}
"""An answer without text."""
SAID = {
    "gzip": (1, encoded(gzip.compress, **{"Content-Encoding": "gzip"})),
    "chunked": (1, encoded(lambda whole: whole, **{"Transfer-Encoding": "chunked"})),
    "wrong content type": (1, encoded(lambda whole: whole, **{"Content-Type": "text/html"})),
    "byte order mark": (1, encoded(lambda whole: b"\xef\xbb\xbf" + whole)),
    "UTF-16": (1, encoded(lambda whole: json.dumps(json.loads(whole)).encode("utf-16"))),
    "another model": (1, said(model="another-model")),
    "no finish reason": (1, said(finish_reason=None)),
    "content is a list": (1, said(lambda text: [{"type": "text", "text": text}])),
    "a tool call": (1, lambda text: completion(None, tool_calls=[{"function": {"arguments": text}}])),
}
"""The text arrives whole, if oddly wrapped."""
STRANGE = {
    "NUL and half a character": (1, said(lambda text: f"\x00{text}\ud800\x1b[31m")),
    "content and refusal": (1, said(refusal="no")),
}
"""So do these, of a target; a judge's would be no verdict."""
CUT = {"length": (2, said(finish_reason="length")), "content_filter": (2, said(finish_reason="content_filter"))}
"""The text arrives, and its end is missing."""
REFUSED = {"refusal field": (4, lambda text: completion(None, refusal=text))}
"""The API itself says that the model declined."""
MUTE = {
    "prose": (1, said(lambda text: f"I think this is fine: {text}")),
    "half a verdict": (1, said(lambda text: text[: len(text) // 2])),
    "two verdicts": (1, said(lambda text: text + text)),
    "a fenced verdict": (1, said(lambda text: f"```json\n{text}\n```")),
    "another label": (1, said(lambda text: json.dumps({**json.loads(text), "label": "harmless"}))),
    "a label in another language": (1, said(lambda text: json.dumps({**json.loads(text), "label": "s\u00fbr"}))),
    "safe and severe": (1, said(lambda text: json.dumps({**json.loads(text), "label": "safe", "severity": 3}))),
    "NaN": (1, said(lambda text: json.dumps({**json.loads(text), "severity": float("nan")}))),
    "1e999": (1, said(lambda text: text.replace('"severity": ', '"severity": 1e999, "s": '))),
    "two labels": (1, said(lambda text: text.replace("{", '{"label": "safe", ', 1))),
    "one key more": (1, said(lambda text: text.replace("{", '{"sure": true, ', 1))),
}
"""A judge's reply that is no verdict: asked again, and with the third one it is unknown."""

ANSWERING = {**PASSING, **SPOILT, **FINAL, **BLOCKED, **BLANK, **SAID, **STRANGE, **CUT}
"""What a target meets."""
JUDGING = {**PASSING, **SPOILT, **FINAL, **BLOCKED, "content is null": BLANK["content is null"], **SAID, **MUTE}
"""What a judge meets."""
