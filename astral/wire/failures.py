"""What went wrong with a request, whether trying again may help, and what to tell the user."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from astral.wire.connection import Broken
from astral.wire.replies import ErrorBody, ShapeError, error_fields, read_json
from astral.wire.transport import BodyRefused

RETRY_AFTER_LIMIT = 60.0
"""The longest wait, in seconds, that a server may ask of us."""
_PASSING = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_PASSING_CODES = ("server_error", "rate_limit_exceeded")
"""What the Responses API calls a failure of its own, under a status of success."""
_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_FILTERED = frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation", "invalid_prompt"})
_CONNECTION = frozenset({"APIConnectionError", "TransportError", "NetworkError", "ProtocolError", "TimeoutException"})
"""Bases of what providers' SDKs and the HTTP libraries raise over a connection that did not hold."""


class Again(Enum):
    """Whether a request is worth another try."""

    NO = "no"
    ONCE = "once"
    YES = "yes"
    AT_ONCE = "at once"
    """As YES; the first time without a wait and not as a retry of its case, since it was likely not seen at all."""


class Stops(Enum):
    """What a failure makes useless to ask again for the rest of the run."""

    NOTHING = "nothing"
    MODEL = "model"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt: what happened and what next. ``said`` is the server's own text, neither cleaned nor escaped."""

    reason: str
    what: str
    said: str = field(default="", repr=False, kw_only=True)
    again: Again = Again.NO
    stops: Stops = Stops.NOTHING
    wait: float | None = None
    throttles: bool = False
    """True when the endpoint was asked too much: what it asks to wait, all calls to it wait."""
    filtered: bool = False
    """True when the provider's filter refused the prompt: an answer of a kind, and no error."""


def from_status(status: int, headers: Mapping[str, str], body: bytes, key_name: str) -> Failure:
    """The failure that an HTTP status other than success amounts to."""
    try:
        error = error_fields(read_json(body))
    except ShapeError:
        error = {}
    message = error.get("message")
    said = message if isinstance(message, str) else ""
    codes = _codes(error)
    found = (
        _of_the_prompt(status, codes, error, said)
        or _stopping(status, codes, key_name)
        or _other(status, retry_after(headers))
    )
    return found if found.filtered or status == 401 else replace(found, said=said)


def _of_the_prompt(status: int, codes: set[str], error: Mapping[str, Any], said: str) -> Failure | None:
    """A failure that another prompt would not meet."""
    if (status in (400, 422) and codes & _FILTERED) or (status == 403 and _flagged(error)):
        return Failure("provider_filter", "the provider's filter refused the prompt", filtered=True)
    if status == 400 and ("context_length_exceeded" in codes or "maximum context length" in said):
        return Failure("context_length", "the prompt is longer than the model takes; shorten it or use another model")
    return None


def _stopping(status: int, codes: set[str], key_name: str) -> Failure | None:
    """A failure that every later request would meet as well."""
    reason = f"http_{status}"
    if status == 402 or codes & _QUOTA:
        what = f"the quota is used up ({status}); check plan and billing of the account, then use resume=last"
        return Failure("quota", what, stops=Stops.ENDPOINT)
    if status == 404 or (status == 403 and "model_not_found" in codes):
        what = f"there is no such model or path ({status}); check the model's name and the address"
        return Failure(reason, what, stops=Stops.MODEL)
    what = {
        401: f"the key was refused (401); check {key_name}",
        403: f"access was denied (403); check what {key_name} may do",
        **dict.fromkeys((405, 410), f"this is no chat endpoint ({status}); check the address"),
    }.get(status, "")
    if status < 400:
        what = f"the server redirects ({status}), which is not followed; give the final address"
    return Failure(reason, what, stops=Stops.ENDPOINT) if what else None


def _other(status: int, wait: float | None) -> Failure:
    reason = f"http_{status}"
    if status in _PASSING or status >= 500:
        next_step = "lower concurrency= or set rpm=" if status == 429 else "use resume=last later"
        throttles = status == 429 or (status in (503, 529) and wait is not None)
        what = f"the server answered {status}; {next_step}"
        return Failure(reason, what, again=Again.YES, wait=wait, throttles=throttles)
    return Failure(reason, f"the server refused the request ({status}); check model and settings")


def _codes(error: Mapping[str, Any]) -> set[str]:
    """All that providers use to say which error it is: code, type, and Azure's inner code."""
    inner = error.get("innererror")
    values = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    return {value for value in values if isinstance(value, str)}


def _flagged(error: Mapping[str, Any]) -> bool:
    """True for a router's 403 that reports a moderated prompt and not a key without rights."""
    metadata = error.get("metadata")
    return isinstance(metadata, dict) and "flagged_input" in metadata


def from_exception(err: BaseException, url_is_tls: bool) -> Failure:
    """The failure that an exception of a provider's SDK, the HTTP library or our own reading amounts to."""
    chain = _causes(err)
    for cause in chain:
        if isinstance(cause, BodyRefused):
            return Failure(cause.reason, str(cause), Again.ONCE if cause.reason == "bad_reply" else Again.NO)
        if isinstance(cause, ShapeError):
            return Failure("bad_reply", f"{cause}; {cause.hint}", Again.ONCE)
        if isinstance(cause, ErrorBody):
            message = cause.error.get("message")
            what = f"{cause}; check model and settings"
            again = Again.YES if cause.error.get("code") in _PASSING_CODES else Again.NO
            return Failure("http_200_error", what, said=message if isinstance(message, str) else "", again=again)
        if isinstance(cause, Broken):
            again = Again.AT_ONCE if cause.unheard else Again.YES
            how = _cause(chain[-1]) if cause is not chain[-1] else str(cause)
            return Failure("network", f"the connection broke ({how})", again)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure(
                "network", f"its TLS certificate was refused ({cause.verify_message}); mend it or set SSL_CERT_FILE"
            )
    return _from_network(err, [type(cause).__name__ for cause in chain], chain[-1], url_is_tls)


def _from_network(err: BaseException, names: list[str], last: BaseException, url_is_tls: bool) -> Failure:
    if names[0] == "Unreached" or "ConnectError" in names:
        hint = "check the address and that the server runs" + ("" if url_is_tls else ", and http or https")
        return Failure("network", f"no connection ({_cause(last)}); {hint}", Again.YES)
    if names[0] != "LocalProtocolError" and _CONNECTION & {kind.__name__ for kind in type(err).__mro__}:
        return Failure("network", f"the connection broke ({_cause(last)})", Again.YES)
    return Failure("bad_request", f"the request could not be made ({names[0]}); check model name and settings")


def _cause(err: BaseException) -> str:
    """Name and number of a system error; the name alone of others, whose texts may quote requests."""
    if isinstance(err, OSError) and err.strerror:
        return f"{type(err).__name__}: {err.strerror}"
    return type(err).__name__


def _causes(err: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = err
    while following is not None and following not in chain and len(chain) < 20:
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` asks to wait, from 0 to 60; None when it is missing or says nothing.

    A date is compared with the reply's own ``Date`` where there is one, so that a wrong clock here does no harm.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[+-]?\d+(\.\d*)?", value, re.ASCII):
        return min(max(float(value), 0.0), RETRY_AFTER_LIMIT)
    date = _date(value)
    if date is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return min(max((date - now).total_seconds(), 0.0), RETRY_AFTER_LIMIT)


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
