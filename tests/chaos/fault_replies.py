"""What servers send in place of an answer: each of these makes a reply out of what the model would say."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from astral.testing.replies import Fault, Reply, completion, error, of_json

Made = Callable[[str], Reply]
"""From what the model would say to what its server sends."""
TARGET = "gpt-4"
MEGABYTE = 2**20
JSON = {"Content-Type": "application/json"}


def good(text: str) -> Reply:
    return completion(text, model=TARGET)


def model(name: str) -> Made:
    return lambda text: completion(text, model=name)


def status(code: int, wait: str | None = None) -> Made:
    return lambda text: error(code, "not now", headers={} if wait is None else {"Retry-After": wait})


def refused(number: int, message: str = "no", **more: Any) -> Made:
    return lambda text: error(number, message, **more)


def broken(fault: Fault, **more: Any) -> Made:
    return lambda text: replace(good(text), fault=fault, **more)


def body(value: bytes, status: int = 200) -> Made:
    return lambda text: Reply(status, JSON, value)


def with_error(text: str) -> Reply:
    return of_json({"id": "x", "choices": [], "error": {"message": "overloaded", "code": 502}})


def redirect(code: int, where: str) -> Made:
    """``where`` is ``self`` or ``other``: the server's script knows their addresses."""
    return lambda text: Reply(code, {"Location": where})


def bare(value: bytes) -> Made:
    return lambda text: Reply(body=value, fault="bare")


def headed(**headers: Any) -> Made:
    """A good reply under other headers; ``_`` in a name stands for ``-``."""
    return lambda text: replace(good(text), headers={**JSON, **_named(headers)})


def _named(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def coded(coding: str, how: str = "") -> Made:
    """A good reply, packed, and said to be packed ``how``."""
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}[coding]
    return lambda text: replace(
        good(text), headers={**JSON, "Content-Encoding": how or coding}, body=pack(good(text).body)
    )


def recoded(encoding: str) -> Made:
    return lambda text: replace(good(text), body=json.dumps(json.loads(good(text).body)).encode(encoding))


def message(content: Any = None, **more: Any) -> Made:
    """A completion with this content, whatever the model would say."""
    return lambda text: completion(content, model=TARGET, **more)


def said(**more: Any) -> Made:
    """A completion with what the model says, and more."""
    return lambda text: completion(text, model=TARGET, **more)


def parts(text: str) -> Reply:
    return completion([{"type": "text", "text": text[:5]}, {"type": "text", "text": text[5:]}], model=TARGET)


def refusal(text: str) -> Reply:
    return completion(None, refusal=text, model=TARGET)


def tool_call(text: str) -> Reply:
    call = {"type": "function", "function": {"name": "f", "arguments": text}}
    return completion(None, tool_calls=[call], finish_reason="tool_calls", model=TARGET)


def ended(finish: str, content: bool = True) -> Made:
    return lambda text: completion(text if content else None, finish_reason=finish, model=TARGET)


def usage(value: Any) -> Made:
    """Tokens as ``value`` says; a text of three dots leaves the field out."""

    def made(text: str) -> Reply:
        whole = json.loads(good(text).body)
        whole["usage"] = value
        if value == "...":
            del whole["usage"]
        return of_json(whole)

    return made


def choices(value: Any) -> Made:
    return lambda text: of_json({"choices": value})


def continued(text: str) -> Reply:
    """An interim reply, and then the answer."""
    answer = good(text).body
    head = f"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n"
    return Reply(body=head.encode() + answer, fault="bare")


def halved(text: str) -> Reply:
    return Reply(headers=JSON, body=good(text).body[:60])


def raw_surrogate(text: str) -> Reply:
    """The bytes of a lone surrogate, which UTF-8 does not allow."""
    whole = json.dumps(json.loads(good(text + " \ud83d").body), ensure_ascii=False)
    return Reply(headers=JSON, body=whole.encode("utf-8", "surrogatepass"))


def content_of(value: str) -> Made:
    """A completion whose content is this JSON, as it stands."""
    return body(b'{"choices": [{"message": {"role": "assistant", "content": %s}}]}' % value.encode())


# --- what is too much -------------------------------------------------------------------------------------------------


def large(text: str, status: int = 200) -> Reply:
    """50 MB, a completion."""
    return replace(_fifty_megabytes(), status=status)


@cache
def _fifty_megabytes() -> Reply:
    return completion("x" * 50 * MEGABYTE)


@cache
def bomb(coding: str) -> bytes:
    """200 MB of blanks, packed."""
    if coding == "zstd":
        return _zstd_bomb()
    if coding == "br":  # nothing here can make one: it begins like one, and whoever unpacked it would say so
        return b"\x1b\xff\xff\x0f" + b"\x00" * 1000
    packer = zlib.compressobj(9, wbits={"gzip": 31, "deflate": 15}[coding])
    blanks = b" " * MEGABYTE
    return b"".join([*(packer.compress(blanks) for _ in range(200)), packer.flush()])


def _zstd_bomb() -> bytes:
    """A frame of 1600 blocks that each repeat one byte 128 KiB times (RFC 8878, section 3.1.1)."""
    repeated, last, size = 1 << 1, 1, 128 * 1024
    header = (size << 3 | repeated).to_bytes(3, "little")
    final = (size << 3 | repeated | last).to_bytes(3, "little")
    return struct.pack("<IBB", 0xFD2FB528, 0, 0x38) + (header + b" ") * 1599 + final + b" "


def packed(coding: str, status: int = 200) -> Made:
    return lambda text: Reply(status, {**JSON, "Content-Encoding": coding}, bomb(coding))


def flood(**headers: str) -> Made:
    return lambda text: Reply(headers={**JSON, **_named(headers)}, body=b" " * 65_536, fault="flood")
