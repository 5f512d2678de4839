"""What an exception of a provider's package amounts to."""

from __future__ import annotations

from collections.abc import Mapping

from astral.wire import ChatReply
from astral.wire.failures import Again, Failure, from_exception, from_status

_DECLINED = frozenset({"ContentFilterFinishReasonError", "OpenAIRefusalError", "ModelRefusalError"})
_TIMEOUT = frozenset({"ModelTimeoutError", "TimeoutException", "TimeoutError"})
_NETWORK = frozenset({"ModelConnectionError", "APIConnectionError", "TransportError", "ConnectionError"})


def outcome_of(err: Exception, key_name: str, *, tls: bool) -> ChatReply | Failure:
    """The failure behind an exception; some exceptions are answers."""
    names = {kind.__name__ for kind in type(err).__mro__}
    if names & _DECLINED:
        return ChatReply("", finish_reason="content_filter")
    if "LengthFinishReasonError" in names:
        return ChatReply("", finish_reason="length")
    status, headers, body = _http_of(err)
    if status is not None:
        return from_status(status, headers, body, key_name)
    found = from_exception(err, tls)
    return found if found.reason != "bad_request" else _unknown(names, type(err).__name__)


def _unknown(names: set[str], name: str) -> Failure:
    """The failure of an exception that has no HTTP status and that the wire does not know."""
    if names & _TIMEOUT:
        return Failure("timeout", "no complete reply in time; raise timeout=", Again.YES)
    if names & _NETWORK:
        return Failure("network", f"the connection broke ({name})", Again.YES)
    return Failure("bad_reply", f"the exchange failed ({name}); check provider, model and address", again=Again.ONCE)


def _http_of(err: Exception) -> tuple[int | None, Mapping[str, str], bytes]:
    """Status, headers and body of the HTTP reply behind an exception; providers keep them under several names."""
    response = getattr(err, "response", None)
    for holder, name in ((err, "status_code"), (err, "http_status"), (err, "code"), (response, "status_code")):
        status = getattr(holder, name, None)
        if type(status) is int and 300 <= status < 600:
            break
    else:
        return None, {}, b""
    try:
        headers = {str(k).lower(): str(v) for k, v in dict(getattr(response, "headers", None) or {}).items()}
        body = getattr(response, "content", b"")
    except Exception:  # a stream that was not read
        return status, {}, b""
    return status, headers, body if isinstance(body, bytes) else b""
