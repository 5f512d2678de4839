"""The fault table: what a server may do to a request, a line each, and what must become of the case.

A row says what is sent by attempt (the last reply for ever), and what must come of it: outcome, reason, and how many
requests may be sent, when the target's server does it and when the judge's does.
"""

from __future__ import annotations

from dataclasses import dataclass

from fault_replies import (
    Made,
    bare,
    body,
    broken,
    choices,
    coded,
    content_of,
    continued,
    ended,
    flood,
    good,
    halved,
    headed,
    large,
    message,
    model,
    packed,
    parts,
    raw_surrogate,
    recoded,
    redirect,
    refusal,
    refused,
    said,
    status,
    tool_call,
    usage,
    with_error,
)

from astral.testing.behaviour import MARKER

Must = tuple[str, str, int]
"""Outcome, reason, requests."""
RETRIES = 2
TRIES = 1 + RETRIES
AN_ANSWER, HARM = "An answer", f"{MARKER} An answer"


# --- what must come of it ---------------------------------------------------------------------------------------------


def safe(requests: int = 1) -> Must:
    return "safe", "", requests


def unsafe(requests: int = 1) -> Must:
    return "unsafe", "", requests


def failed(reason: str, requests: int = 1) -> Must:
    return "error", reason, requests


def unsure(reason: str, requests: int = 1) -> Must:
    return "inconclusive", reason, requests


BLOCKED: Must = ("blocked", "provider_filter", 1)
EMPTY = unsure("no_content")
MUTE = unsure("judge_blocked")
"""A judge that says nothing, or that its own provider's filter stops."""
UNREAD = unsure("judge_unparsed", 3)
"""A judge whose verdict cannot be read is asked three times in all."""
BAD = failed("bad_reply", 2)
"""What is no reply is asked for once more."""
BROKEN = failed("network", TRIES)
LARGE = failed("too_large")


@dataclass(frozen=True)
class Row:
    """One line of the table. ``judge`` is None where it says nothing of judges; ``text`` is what the target says."""

    name: str
    replies: tuple[Made, ...]
    target: Must
    judge: Must | None
    text: str = AN_ANSWER


SAME: Must = ("as", "target", 0)


def row(name: str, *replies: Made, must: Must, judge: Must | None = SAME, text: str = AN_ANSWER) -> Row:
    """A line; a judge's server that does the same has the same consequences unless told otherwise."""
    return Row(name, replies, must, must if judge is SAME else judge, text)


def harm(name: str, *replies: Made) -> Row:
    """A line whose answer is unsafe, whatever came with it."""
    return Row(name, replies, unsafe(), None, HARM)


# --- rows in which an answer arrives in the end -----------------------------------------------------------------------

LAST_CENTURY = "Thu, 21 Oct 1999 07:28:00 GMT"
NO_TOKENS = {
    "missing": "...",
    "null": None,
    "a number": 7,
    "null fields": {"prompt_tokens": None, "completion_tokens": None},
    "negative": {"prompt_tokens": -5, "completion_tokens": -1},
    "texts": {"prompt_tokens": "10", "completion_tokens": "many"},
    "fractions": {"prompt_tokens": 1.5, "completion_tokens": True},
}
"""Tokens that are not told: what they cost is unknown and never 0."""

ANSWERED = [
    row("an answer", good, must=safe()),
    harm("harm", good),
    row("429 without Retry-After", status(429), good, must=safe(2)),
    row("429, Retry-After 1", status(429, "1"), good, must=safe(2)),
    row("429, Retry-After 0.05", status(429, "0.05"), good, must=safe(2)),
    row("429, Retry-After 0", status(429, "0"), good, must=safe(2)),
    row("429, Retry-After -5", status(429, "-5"), good, must=safe(2)),
    row("429, Retry-After in the past", status(429, LAST_CENTURY), good, must=safe(2)),
    row("429, Retry-After nan", status(429, "nan"), good, must=safe(2)),
    row("429, Retry-After inf", status(429, "inf"), good, must=safe(2)),
    row("429, Retry-After empty", status(429, ""), good, must=safe(2)),
    *(
        row(f"{code} twice", status(code, "0"), status(code, "0"), good, must=safe(3))
        for code in (408, 409, 500, 502, 503, 504, 529)
    ),
    row("500, then a reset", status(500, "0"), broken("reset_in_body"), good, must=safe(3)),
    row("reset before the headers, once", broken("reset"), good, must=safe(2)),
    row("reset in the body, once", broken("reset_in_body"), good, must=safe(2)),
    row("FIN in the body, once", broken("cut"), good, must=safe(2)),
    row("half a JSON, once", halved, good, must=safe(2)),
    row("text/html over JSON", headed(Content_Type="text/html"), must=safe()),
    row("an unknown type over JSON", headed(Content_Type="application/octet-stream; charset=x"), must=safe()),
    row("lower-case and doubled headers", headed(content_type=["text/x", "text/y"], x_a=["1", "2"]), must=safe()),
    row("a header of bytes", headed(X_Odd="\xe9\xff"), must=safe()),
    row("chunked with trailers", headed(Transfer_Encoding="chunked"), must=safe()),
    row("gzip that was not asked for", coded("gzip"), must=safe()),
    row("deflate that was not asked for", coded("deflate"), must=safe()),
    row("closed unannounced after it", broken("close"), must=safe()),
    row("closed after it as it said", headed(Connection="close"), must=safe()),
    row("100 Continue before it", continued, must=safe()),
    row("BOM", recoded("utf-8-sig"), must=safe()),
    row("UTF-16", recoded("utf-16"), must=safe()),
    row("UTF-32", recoded("utf-32-le"), must=safe()),
    row("another model answers", model("another-model"), must=safe()),
    row("no model answers", model(""), must=safe()),
    row("content is a list of texts", parts, must=safe()),
    row("a lone surrogate", lambda text: good(f"{text} \ud800"), must=safe(), judge=None),
    row("the bytes of a lone surrogate", raw_surrogate, must=safe(), judge=None),
    row("NUL and ESC", lambda text: good(f"{text} \x00 \x1b[2J"), must=safe(), judge=None),
    *(row(f"usage: {name}", usage(value), must=safe()) for name, value in NO_TOKENS.items()),
    row("refusal field without content", refusal, must=safe(), judge=MUTE),
    row("refusal field beside content", said(refusal="I will not."), must=safe()),
    harm("refusal field beside harm", said(refusal="I will not.")),
    row("a tool call instead of content", tool_call, must=safe()),
    harm("harm in a tool call", tool_call),
    row("cut off at its length", ended("length"), must=unsure("truncated"), judge=safe()),
    harm("harm cut off at its length", ended("length")),
    row("filtered in its middle", ended("content_filter"), must=unsure("provider_filter"), judge=MUTE),
    harm("harm filtered in its middle", ended("content_filter")),
]

# --- rows in which none arrives: no case of these may pass ------------------------------------------------------------

UNANSWERED = [
    row("429 for ever", status(429), must=failed("http_429", TRIES)),
    row("429, Retry-After 0, for ever", status(429, "0"), must=failed("http_429", TRIES)),
    *(
        row(f"{code} for ever", status(code, "0"), must=failed(f"http_{code}", TRIES))
        for code in (408, 409, 500, 502, 503, 504, 529)
    ),
    row("reset before the headers, for ever", broken("reset"), must=BROKEN),
    row("reset in the body, for ever", broken("reset_in_body"), must=BROKEN),
    row("FIN in the body, for ever", broken("cut"), must=BROKEN),
    row("FIN in a chunk, for ever", broken("cut", headers={"Transfer-Encoding": "chunked"}), must=BROKEN),
    row("no HTTP", bare(b"SSH-2.0-OpenSSH_9.2\r\n"), must=BROKEN),
    row("nothing, and closed", bare(b""), must=BROKEN),
    row("interim replies alone", bare(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), must=BROKEN),
    row("a head of 200 KB", headed(X="x" * 200_000), must=BROKEN),
    row("two lengths", headed(Content_Length=["5", "6"]), must=BROKEN),
    row("empty", body(b""), must=BAD),
    row("truncated JSON", halved, must=BAD),
    row("HTML called JSON", body(b"<html><body>busy</body></html>"), must=BAD),
    row("a stream of events", body(b'data: {"choices": []}\n\ndata: [DONE]\n\n'), must=BAD),
    *(row(f"JSON {value}", body(value.encode()), must=BAD) for value in ("null", "[]", "{}", "7", '"text"', "NaN")),
    row("invalid UTF-8", body(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'), must=BAD),
    row("JSON nested 100,000 deep", body(b"[" * 100_000), must=BAD),
    row("a million empty lists", body(b'{"choices": [' + b"[]," * 1_000_000 + b"0]}"), must=BAD),
    row("a number of 5,000 digits", body(b'{"choices": ' + b"9" * 5_000 + b"}"), must=BAD),
    row("choices empty", choices([]), must=BAD),
    row("choices null", choices(None), must=BAD),
    row("choices of text", choices(["x"]), must=BAD),
    row("no message", choices([{}]), must=BAD),
    row("content is a number", content_of("5"), must=BAD),
    row("content is true", content_of("true"), must=BAD),
    row("content is an object", content_of('{"text": "x"}'), must=BAD),
    row("content is a list of numbers", content_of("[1, 2]"), must=BAD),
    row("content is a picture", content_of('[{"type": "image_url"}]'), must=BAD),
    row("an error under 200", refused(200, "no"), must=failed("http_200_error")),
    row("an error under 200, in one word", body(b'{"error": "no"}'), must=failed("http_200_error")),
    row("an error beside no choices", with_error, must=failed("http_200_error")),
    # replies without text
    row("content null", message(None), must=EMPTY, judge=MUTE),
    row("content empty", message(""), must=EMPTY, judge=MUTE),
    row("content blank", message(" \n\t\u3000"), must=EMPTY, judge=MUTE),
    row("content invisible", message("\u200b\ufeff\u2060"), must=EMPTY, judge=UNREAD),
    row("content of no parts", message([]), must=EMPTY, judge=MUTE),
    row("a tool call of nothing", message(None, tool_calls=[{"function": {"arguments": ""}}]), must=EMPTY, judge=MUTE),
    row("filtered before a word", ended("content_filter", content=False), must=BLOCKED, judge=MUTE),
    # requests that are refused
    row("context length", refused(400, code="context_length_exceeded"), must=failed("context_length")),
    row("content policy", refused(400, code="content_policy_violation"), must=BLOCKED, judge=MUTE),
    row("content filter", refused(400, code="content_filter"), must=BLOCKED, judge=MUTE),
    row("another 400", refused(400, "no"), must=failed("http_400"), judge=failed("http_400", 2)),
    row("413", refused(413), must=failed("http_413")),
    row("422", refused(422), must=failed("http_422"), judge=failed("http_422", 2)),
    row("418", refused(418), must=failed("http_418")),
    # too much
    row("50 MB", large, must=LARGE),
    row("chunks without end", flood(Transfer_Encoding="chunked"), must=LARGE),
    row("a body without end", flood(), must=LARGE),
    row("a gzip bomb", packed("gzip"), must=LARGE),
    row("a deflate bomb", packed("deflate"), must=LARGE),
    row("a zstd bomb", packed("zstd"), must=BAD),
    row("a brotli bomb", packed("br"), must=BAD),
    row("gzip in gzip", coded("gzip", "gzip, gzip"), must=BAD),
    row("no gzip at all", coded("deflate", "gzip"), must=BAD),
    row("500 with 50 MB", lambda text: large(text, 500), must=failed("http_500", TRIES)),
    row("503 with a bomb", packed("gzip", 503), must=failed("http_503", TRIES)),
    row("502 in an unknown coding", packed("br", 502), must=failed("http_502", TRIES)),
]

VERDICTS = {
    "prose": "It is safe.",
    "a word": "safe",
    "a label of its own": '{"label": "fine", "refusal": "none", "severity": 0, "reason": "r"}',
    "two verdicts": '{"label": "safe", "refusal": "none", "severity": 0, "reason": "r"}' * 2,
    "a key twice": '{"label": "unsafe", "label": "safe", "refusal": "none", "severity": 0, "reason": "r"}',
    "safe and severe": '{"label": "safe", "refusal": "none", "severity": 3, "reason": "r"}',
    "5,000 digits": '{"label": "safe", "refusal": "none", "severity": %s, "reason": "r"}' % ("0" * 5_000),
    "NaN": '{"label": "safe", "refusal": "none", "severity": NaN, "reason": "r"}',
    "nested 100,000 deep": "[" * 100_000,
    "cut": '{"label": "safe", "refusal": "none", "sev',
}
"""Replies of a judge that are no verdict, whatever they say of safe."""
UNREADABLE = [row(f"a verdict in {name}", message(text), must=UNREAD) for name, text in VERDICTS.items()]

# --- rows of whole endpoints: the first request says that all others are vain -----------------------------------------

STOPS = [
    row("401", refused(401, "Incorrect API key provided"), must=failed("http_401")),
    row("401 with a bomb", packed("gzip", 401), must=failed("http_401")),
    row("402", refused(402), must=failed("quota")),
    row("insufficient_quota", refused(429, "pay", code="insufficient_quota"), must=failed("quota")),
    row("billing limit", refused(400, "pay", code="billing_hard_limit_reached"), must=failed("quota")),
    row("403", refused(403), must=failed("http_403")),
    row("403 model", refused(403, code="model_not_found"), must=failed("http_403")),
    row("404 model", refused(404, code="model_not_found"), must=failed("http_404")),
    row("404 HTML", body(b"<h1>Not found</h1>", status=404), must=failed("http_404")),
    row("405", refused(405), must=failed("http_405")),
    row("410", refused(410), must=failed("http_410")),
    row("redirect to itself", redirect(307, "self"), must=failed("http_307")),
    *(
        row(f"{code} to another host", redirect(code, "other"), must=failed(f"http_{code}"))
        for code in (301, 302, 303, 307, 308)
    ),
]

HANGS = [
    row("accepted, and nothing more", broken("hang"), must=failed("timeout", 1)),
    row("a byte every 50 ms", broken("drip"), must=failed("timeout", 1)),
    row("headers without end", broken("drip_head", drip_seconds=0.001), must=failed("timeout", 1)),
    row("a body without end, dripped", broken("endless"), must=failed("timeout", 1)),
    row("a late head", broken("", delay=60.0), must=failed("timeout", 1)),
]
"""Played without retries and under a short deadline."""

WAITS = [
    ("seconds", "7", None, 7),
    ("a float", "1.5", None, 1.5),
    ("zero", "0", None, 0),
    ("negative", "-5", None, 0),
    ("huge", "3600", None, 60),
    ("larger than a float", "9" * 400, None, 60),
    ("a past date", LAST_CENTURY, None, 0),
    ("a future date", "Wed, 21 Oct 2099 07:00:00 GMT", None, 60),
    ("a date after its own", "Wed, 21 Oct 2015 07:28:05 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 5),
    *((f"{word or 'empty'}", word, None, None) for word in ("nan", "inf", "-inf", "", "soon", "1e3")),
]
"""Retry-After, Date, and the wait in seconds; None: as without it."""
