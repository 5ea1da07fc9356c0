"""Text inside text: what base64, hexadecimal, binary, Morse, escapes, a shifted or a reversed alphabet hide.

A piece counts only when what comes out reads like language, so that digests, keys and images stay what they are.
"""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import msgspec

from stoa.guards.injection.lexicon import lexicon

_COMMON = frozenset(
    """
    the of and to in is that it for on with are this be as what you your how can tell me all who which where when please was
    not have has from will would do does about give say der die das und ist nicht ein eine wie le les est une des que pour el
    los una por como il che di del per um uma para com het een van en voor
    """.split()  # noqa: SIM905
)
_TELLING = frozenset(("override", "instruction", "reveal", "secret"))
_SIGNS = """
    .- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..
    ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.
"""
_MORSE: dict[str, str] = dict(zip(_SIGNS.split(), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True))
_SHIFTS = [str.maketrans("abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")] + [
    str.maketrans("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"[n:] + "abcdefghijklmnopqrstuvwxyz"[:n])
    for n in range(1, 26)
]


class Hidden(msgspec.Struct, frozen=True, gc=False):
    """`text` is what the characters from `start` to `end` decode to; `way` names the code."""

    way: str
    start: int
    end: int
    text: str


def hidden(text: str) -> list[Hidden]:
    """In the order of their places, without overlap. Never raises; linear in the length."""
    found: list[Hidden] = []
    for way, pattern, decode in _WAYS:
        if not _may(way, text):
            continue
        for match in pattern.finditer(text):
            try:
                decoded = decode(match[0])
                if way == "base64" and _BASE64.fullmatch(decoded):
                    decoded = _base64(decoded)
            except (ValueError, binascii.Error, OverflowError):
                continue
            if reads(decoded):
                found.append(Hidden(way, match.start(), match.end(), decoded))
    found.extend(_turned(text))
    found.sort(key=lambda piece: (piece.start, -piece.end))
    apart: list[Hidden] = []
    for piece in found:
        if not apart or piece.start >= apart[-1].end:
            apart.append(piece)
    return apart


def _may(way: str, text: str) -> bool:
    """Whether a look is worth its time."""
    match way:
        case "percent":
            return text.count("%") >= 4
        case "entities":
            return "&#" in text
        case "binary":
            return text.count("0") >= 8
        case "hexadecimal":  # half of the letters' first digits are these
            return text.count("6") + text.count("7") >= 8
        case _:
            return True


def reads(text: str) -> bool:
    """Whether this is language: common words in it, or words that attacks are made of; printable throughout."""
    if len(text) < 8 or not text.replace("\n", " ").replace("\t", " ").isprintable():
        return False
    words = [word.strip(".,;:?!'\"()") for word in text.lower().split()]
    common = len({word for word in words if word in _COMMON})
    if common >= 3 or (common >= 2 and common * 4 >= len(words)):
        return True
    book = lexicon()
    telling = {idea for word in words if (idea := book.idea(word)) and book.names[idea - 1] in _TELLING}
    return len(telling) + min(common, 1) >= 2


def _turned(text: str) -> Iterator[Hidden]:
    """Stretches of plain letters that are no language as they stand but are one shifted along the alphabet or backwards."""
    for match in _STRETCH.finditer(text):
        words = match[0].lower().split()
        if len(words) < 3 or any(word in _COMMON for word in words):
            continue
        lower = match[0].lower()
        backwards = lower[::-1]
        if _language(backwards.split()):
            yield Hidden("reversed", match.start(), match.end(), backwards)
            continue
        short = [word for word in words if 2 <= len(word) <= 4]
        if not short:
            continue
        for table in _SHIFTS:
            # The short words decide; the whole is turned only when two of them become common ones.
            if len({turned for word in short[:24] if (turned := word.translate(table)) in _COMMON}) >= 2:
                shifted = lower.translate(table)
                if _language(shifted.split()):
                    yield Hidden("shifted", match.start(), match.end(), shifted)
                    break


def _language(words: list[str]) -> bool:
    common = [word for word in words if word in _COMMON]
    return len(set(common)) >= 2 and len(common) * 6 >= len(words)


def _base64(piece: str) -> str:
    bare = piece.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode()


def _hexadecimal(piece: str) -> str:
    digits = "".join([c for c in piece.replace("0x", "").replace("\\x", "") if c in "0123456789abcdefABCDEF"])
    return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode()


def _binary(piece: str) -> str:
    bits = "".join([c for c in piece if c in "01"])
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) // 8 * 8, 8)).decode()


def _decimal(piece: str) -> str:
    codes = [int(code) for code in re.findall(r"\d+", piece)]
    return "".join(map(chr, codes)) if all(32 <= code < 127 for code in codes) else ""


def _morse(piece: str) -> str:
    words = re.split(r"\s*[/|]\s*|\s{2,}", piece.replace("\u2013", "-").replace("\u2212", "-").replace("_", "-"))
    return " ".join("".join([_MORSE.get(sign, "") for sign in word.split()]) for word in words)


_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{16,}={0,2}")
_STRETCH = re.compile(r"[A-Za-z][A-Za-z ,'\-]{22,600}")
_WAYS: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("binary", re.compile(r"[01]{8}(?:[ ,]?[01]{8}){4,}"), _binary),
    ("hexadecimal", re.compile(r"(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ :,]?){10,}"), _hexadecimal),
    ("base64", _BASE64, _base64),
    ("decimal", re.compile(r"\d{2,3}(?:[ ,]{1,2}\d{2,3}){8,}"), _decimal),
    ("morse", re.compile(r"[.\-_\u2013\u2212]{1,6}(?:[ /|]{1,3}[.\-_\u2013\u2212]{1,6}){7,}"), _morse),
    ("percent", re.compile(r"(?:[^\s%]{0,24}%[0-9A-Fa-f]{2}){4,}[^\s%]{0,24}"), unquote),
    ("entities", re.compile(r"(?:&#x?[0-9A-Fa-f]{1,6};){6,}"), html.unescape),
)
