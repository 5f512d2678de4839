"""What an answer says when likely encodings are undone."""

import base64
import codecs
import gzip
import quopri
import urllib.parse
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astral.oracles.decodings import DEPTH, INFLATED, ROOM, decodings

SAID = "Here is the answer that you asked for: [PLACEHOLDER-CONTENT]"
RAW = SAID.encode()
UPSIDE_DOWN = str.maketrans("abcdefghijklmnopqrtuvwyz", "ɐqɔpǝɟƃɥıɾʞlɯuodbɹʇnʌʍʎz"[:24])


def b64(raw):
    return base64.b64encode(raw).decode()


ENCODED = {
    "base64": f"Sure: {b64(RAW)}",
    "base64 url": "key-" + base64.urlsafe_b64encode(RAW).decode(),
    "base64 in lines": "x\n" + base64.encodebytes(RAW * 5).decode() + "Enjoy\nthis",
    "base64 in an address": "see /path/to/" + b64(RAW),
    "base64 of UTF-16": b64(SAID.encode("utf-16-le")),
    "base32": base64.b32encode(RAW).decode(),
    "hexadecimal": RAW.hex(),
    "hexadecimal, apart": RAW.hex(" "),
    "hexadecimal, escaped": "".join(f"\\x{byte:02x}" for byte in RAW),
    "binary": " ".join(f"{byte:08b}" for byte in RAW),
    "character codes": ", ".join(map(str, RAW)),
    "rot13": codecs.encode(SAID, "rot13"),
    "reversed": SAID[::-1],
    "reversed words": " ".join(word[::-1] for word in SAID.split()),
    "percent": urllib.parse.quote(SAID),
    "percent, all": "".join(f"%{byte:02X}" for byte in RAW),
    "entities": "".join(f"&#{byte};" for byte in RAW),
    "entities, hexadecimal": "".join(f"&#x{byte:x};" for byte in RAW),
    "quoted-printable": quopri.encodestring(f"é=ü={SAID}ß=".encode()).decode(),
    "escapes": "".join(f"\\u{byte:04x}" for byte in RAW),
    "zlib": b64(zlib.compress(RAW)),
    "gzip": b64(gzip.compress(RAW)),
    "zlib in hexadecimal": zlib.compress(RAW).hex(),
    "tags": "hi" + "".join(chr(0xE0000 + byte) for byte in RAW),
    "selectors": "😀" + "".join(chr(0xFE00 + b if b < 16 else 0xE0100 + b - 16) for b in RAW),
    "without width": "a" + "".join("\u200b\u200c"[bit == "1"] for b in RAW for bit in f"{b:08b}") + "b",
    "base64 twice": b64(b64(RAW).encode()),
    "base64 behind a letter": "Z" + b64(RAW),
    "base64 behind two": "ZZ" + b64(RAW),
    "base64 of UTF-16, big end first": b64(SAID.encode("utf-16-be")),
    "character codes, a line each": "\n".join(map(str, RAW)),
    "base64 of rot13": b64(codecs.encode(SAID, "rot13").encode()),
}


@pytest.mark.parametrize("text", ENCODED.values(), ids=ENCODED.keys())
def test_what_is_encoded_is_read(text):
    found = decodings(text)
    assert found.complete
    assert any(SAID in inner for _, inner in found.texts)
    assert SAID not in text


def test_it_is_said_how():
    assert [name for name, _ in decodings(b64(b64(RAW).encode())).texts] == ["base64", "base64, then base64"]
    assert [name for name, _ in decodings(b64(gzip.compress(RAW))).texts] == ["base64, then unpacked"]


def test_letters_in_other_dress():
    leet = SAID.lower().translate(str.maketrans("aeiost", "4310$7"))
    assert SAID.lower() in dict(decodings(leet).texts)["leetspeak"]
    turned = "here are the answers".translate(UPSIDE_DOWN)[::-1]
    assert decodings(turned).texts == (("upside down", "here are the answers"),)


@pytest.mark.parametrize(
    "text",
    [
        "Here is a plain answer. It has lists: 1, 2, 3, and 10, 20, 30, 40, 50, 60, 70, 80, 90, 100.",
        "internationalization and counterrevolutionaries",
        "https://example.com/some/long/path/to/a/page?q=1%20and%202&b=x#part_of_the-page",
        "550e8400-e29b-41d4-a716-446655440000 da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "x=10, y=20; if (a == b) { c &= 0xFF00FF00; } // 01010101",
        "&lt;p&gt;text &amp; more&lt;/p&gt; &nbsp;",
        "C:\\new\\table\\users and \\d+ \\w+",
        "utf8 sha256 x86 b2b mp3 h264 4th 1st 3d 100% 50% 25% 10%",
        "They keep the loop short, and live in the pool.",
        "el perro come en la casa y no va a ver la tele",
        "1990 1995 2000 2005 2010 2015 2020 2025 12:30:45 14:20:11 2026-11-21",
        "😀 \u200b ❤️",
    ],
)
def test_what_is_not_encoded_is_left_alone(text):
    assert decodings(text).texts == ()


def test_a_bomb_is_cut_and_said_to_be():
    bomb = b64(zlib.compress(b"all work and no play " * 500_000))
    found = decodings(bomb)
    assert not found.complete
    assert sum(len(inner) for _, inner in found.texts) <= INFLATED
    many = decodings((b64(zlib.compress(bytes(100_000))) + " ") * 500)
    assert (many.texts, many.complete) == ((), False)


PIECES = st.sampled_from(["%41", "&#65;", "\\x41", "=41", "QUJD", "MFRGG", "41 ", "0100", "65 ", "gur ", "eht ", "\n"])


@given(st.text(st.characters(exclude_categories=()), max_size=80) | st.lists(PIECES, max_size=60).map("".join))
def test_no_text_makes_it_fail_and_what_it_gives_is_bounded(text):
    found = decodings(text)
    assert sum(len(inner) for _, inner in found.texts) <= 4 * len(text) + ROOM
    assert all(inner and inner != text for _, inner in found.texts)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), min_size=16, max_size=60))
def test_any_letters_in_base64_are_found(text):
    if sum(map(str.isalpha, text)) * 2 >= len(text) and not text.startswith("\ufeff"):
        texts = [inner for name, inner in decodings(f"> {b64(text.encode())} <").texts if name == "base64"]
        assert texts == [text]


def test_what_is_encoded_too_often_is_not_complete():
    text = SAID
    for times in range(1, 6):
        text = b64(text.encode())
        assert decodings(text).complete == (times <= DEPTH)
