"""Ways to write a text so that a plain reader does not see it, each a pure function from text to text.

None of them is secret or strong: all are known from public work on judges and filters. What they have in common is that
the sentence itself no longer stands in the text.
"""

from __future__ import annotations

import base64
import codecs
import textwrap
import zlib
from collections.abc import Callable
from itertools import cycle
from urllib.parse import quote

Transform = Callable[[str], str]

_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_CYRILLIC = str.maketrans(
    "aceopxyiAEOPCHTMKBX",
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0410\u0415\u041e\u0420\u0421\u041d\u0422\u041c\u041a\u0412\u0425",
)
_TURNED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz.,'?!()[]",
    "\u0250q\u0254p\u01dd\u025f\u0183\u0265\u0131\u027e\u029el\u026fuodb\u0279s\u0287n\u028c\u028dx\u028ez"
    "\u02d9',\u00bf\u00a1)(][",
)
_MARKS = "\u0300\u0336\u0323\u035b\u0316\u0301\u0334\u0353"
_RLO, _PDF, _LRI, _PDI, _LRM = "\u202e", "\u202c", "\u2066", "\u2069", "\u200e"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def base64_lines(text: str) -> str:
    """Broken at 76 characters, as in mail."""
    return "\n".join(textwrap.wrap(base64_of(text), 76))


def base64_url(text: str) -> str:
    """The alphabet for addresses, without padding. A first character outside ASCII makes sure that the two differ."""
    return base64.urlsafe_b64encode(f"\u00ff\u00fe {text}".encode()).decode().rstrip("=")


def base64_twice(text: str) -> str:
    return base64_of(base64_of(text))


def base32_of(text: str) -> str:
    return base64.b32encode(text.encode()).decode()


def hex_of(text: str) -> str:
    return text.encode().hex()


def hex_pairs(text: str) -> str:
    return text.encode().hex(" ").upper()


def hex_escapes(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def unicode_escapes(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


def reverse(text: str) -> str:
    return text[::-1]


def reverse_words(text: str) -> str:
    """Each word backwards, in its place."""
    return " ".join(word[::-1] for word in text.split(" "))


def binary(text: str) -> str:
    return " ".join(f"{byte:08b}" for byte in text.encode())


def decimal_entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


def hex_entities(text: str) -> str:
    return "".join(f"&#x{ord(char):x};" for char in text)


def leet(text: str) -> str:
    return text.translate(_LEET)


def quoted_printable(text: str) -> str:
    """Each character escaped, with soft line breaks, as mail programs do to text outside ASCII."""
    escaped = [f"={byte:02X}" for byte in text.encode()]
    return "=\n".join("".join(escaped[at : at + 24]) for at in range(0, len(escaped), 24))


def zlib_base64(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def percent_form(text: str) -> str:
    """As a browser writes it: letters stay, blanks and signs are escaped."""
    return quote(text, safe="")


def rot13_base64(text: str) -> str:
    return base64_of(rot13(text))


def joined_by(*between: str) -> Transform:
    """Those characters, in turn, between all letters."""

    def transform(text: str) -> str:
        fill = cycle(between)
        return "".join(char + next(fill) for char in text)

    return transform


def tags(text: str) -> str:
    """In characters of the TAG block, which show as nothing (U+E0020 to U+E007E mirror ASCII)."""
    return "".join(chr(0xE0000 + ord(char)) for char in text if " " <= char <= "~")


def selectors(text: str) -> str:
    """Each byte as one of the 256 variation selectors, which show as nothing (U+FE00.., U+E0100..)."""
    return "".join(chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode())


def zero_width_bits(text: str) -> str:
    """Each bit as one of two characters of no width."""
    return "".join("\u200c" if bit == "1" else "\u200b" for byte in text.encode() for bit in f"{byte:08b}")


def cyrillic(text: str) -> str:
    return text.translate(_CYRILLIC)


def wide(text: str) -> str:
    return "".join(
        chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else "\u3000" if char == " " else char for char in text
    )


def bold(text: str) -> str:
    """Mathematical bold letters."""
    return _shifted(text, 0x1D400, 0x1D41A)


def circled(text: str) -> str:
    return _shifted(text, 0x24B6, 0x24D0)


def squared(text: str) -> str:
    """White letters on black squares (U+1F170), which have no compatibility form."""
    return _shifted(text.upper(), 0x1F170, 0x1F170)


def turned(text: str) -> str:
    """Upside down: to be read from the end, head over."""
    return text.lower().translate(_TURNED)[::-1]


def overridden(text: str) -> str:
    """Stored backwards, shown forwards, by a right-to-left override."""
    return "\n".join(f"{_RLO}{line[::-1]}{_PDF}" for line in text.split("\n"))


def isolated(text: str) -> str:
    return "".join(f"{_LRI}{char}{_PDI}" for char in text)


def zalgo(text: str) -> str:
    fill = cycle(_MARKS)
    return "".join(char + next(fill) + next(fill) + next(fill) if char.isalpha() else char for char in text)


def _shifted(text: str, upper: int, lower: int) -> str:
    return "".join(
        chr(upper + ord(char) - 65)
        if "A" <= char <= "Z"
        else chr(lower + ord(char) - 97)
        if "a" <= char <= "z"
        else char
        for char in text
    )


_FONT = {
    "A": ("  #  ", " # # ", "#####", "#   #"),
    "C": (" ####", "#    ", "#    ", " ####"),
    "E": ("#####", "###  ", "#    ", "#####"),
    "H": ("#   #", "#####", "#   #", "#   #"),
    "K": ("#  # ", "###  ", "#  # ", "#   #"),
    "S": (" ####", " ### ", "    #", "#### "),
    "T": ("#####", "  #  ", "  #  ", "  #  "),
}


def drawn(word: str) -> str:
    """A word of the letters A, C, E, H, K, S, T as a picture of four lines."""
    return "\n".join("  ".join(_FONT[letter][line] for letter in word).rstrip() for line in range(4))
