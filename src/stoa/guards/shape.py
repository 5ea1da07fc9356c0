"""The size and the shape of what is sent: limits, emptiness, floods, writing systems, and characters nobody sees."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec
import numpy as np

from stoa.guards.expressions import Expression, encoded
from stoa.guards.finding import Finding

_CONTROLS = {chr(code) for code in (*range(32), *range(0x7F, 0xA0))} - set("\t\n\r\x0c\x85")
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ZERO_WIDTH = set("\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u115f\u1160\u3164\uffa0\u00ad")
_JOINERS = set("\u200c\u200d")  # meant in Arabic, Indic scripts and emoji
_UNSEEN: Mapping[str, str] = {
    **dict.fromkeys(_CONTROLS, "CONTROL_CHARACTER"),
    **dict.fromkeys(_BIDI, "BIDI_CONTROL"),
    **dict.fromkeys(_ZERO_WIDTH, "ZERO_WIDTH"),
    **dict.fromkeys(map(chr, range(0xE0000, 0xE0080)), "TAG_CHARACTER"),
    **dict.fromkeys(map(chr, range(0xE0100, 0xE01F0)), "VARIATION_SELECTOR"),
}
_DROP = str.maketrans(dict.fromkeys(_UNSEEN, None))
_BLANKS = (0x20, 0x0A, 0x09)
_UNSEEN_BYTES = Expression(
    r"[\x00-\x08\x0b\x0e-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xe1\x85[\x9f\xa0]|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xaa-\xae]"
    r"|\xe2\x81[\xa0-\xa9]|\xe3\x85\xa4|\xef\xbb\xbf|\xef\xbe\xa0|\xf3\xa0[\x80\x81\x84-\x87]"
)
_FLAG = "\U0001f3f4"  # the flag that England, Scotland and Wales are written with, in tag characters

SCRIPTS: Mapping[str, str] = {
    "latin": "LATIN", "greek": "GREEK", "cyrillic": "CYRILLIC", "arabic": "ARABIC", "hebrew": "HEBREW", "han": "CJK",
    "kana": "HIRAGANA KATAKANA", "hangul": "HANGUL", "devanagari": "DEVANAGARI", "thai": "THAI", "armenian": "ARMENIAN",
    "georgian": "GEORGIAN", "bengali": "BENGALI", "tamil": "TAMIL",
}  # fmt: skip
"""What may be allowed, and how Unicode's names of its letters begin."""


class Fault(msgspec.Struct, frozen=True, gc=False):
    """`rule` is the limit's name; `message` says what was found and what is allowed."""

    rule: str
    message: str


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of one request; None sets none. Characters and tokens are those of all messages together."""

    characters: int | None = None
    messages: int | None = None
    tokens: int | None = None
    """Estimated where the caller does not know them: four bytes of UTF-8 a token."""
    empty: bool = True
    """Whether the last message may be empty or blank."""
    repeated: int | None = None
    """How often one word, or one run of up to 8 characters, may follow itself."""
    scripts: Sequence[str] = ()
    """Writing systems allowed, by the names in SCRIPTS; none named allows all."""
    foreign: float = 0.1
    """Share of letters that may be in other writing systems."""

    def __post_init__(self) -> None:
        if unknown := [script for script in self.scripts if script not in SCRIPTS]:
            raise ValueError(f"scripts: {unknown[0]!r} is not known; there are {', '.join(SCRIPTS)}")

    def faults(self, texts: Sequence[str], *, tokens: int | None = None) -> Sequence[Fault]:
        """Of the texts of a request's messages, in their order; empty when all is well."""
        found: list[Fault] = []
        characters = sum(map(len, texts))
        _over(found, "messages", len(texts), self.messages)
        _over(found, "characters", characters, self.characters)
        if self.tokens is not None:
            _over(found, "tokens", tokens if tokens is not None else estimated_tokens(texts), self.tokens)
        if not self.empty and not (texts and texts[-1].translate(_DROP).strip()):
            found.append(Fault("empty", "The last message is empty; send something to answer"))
        if self.repeated is not None:
            most = max((longest_repeat(text, over=self.repeated) for text in texts), default=0)
            if most > self.repeated:
                found.append(
                    Fault("repeated", f"Something is repeated {most} times in a row; at most {self.repeated} are allowed")
                )
        if self.scripts and (script := self._foreign(texts)) is not None:
            found.append(Fault("scripts", f"The text is partly {script}; allowed are {', '.join(self.scripts)}"))
        return found

    def _foreign(self, texts: Sequence[str]) -> str | None:
        """The commonest script that is not allowed, where there is too much of such."""
        counts = scripts(texts)
        total = sum(counts.values())
        others = {script: n for script, n in counts.items() if script not in self.scripts}
        if total == 0 or sum(others.values()) <= self.foreign * total:
            return None
        return max(others, key=lambda script: others[script])


def _over(found: list[Fault], rule: str, count: int, most: int | None) -> None:
    if most is not None and count > most:
        found.append(Fault(rule, f"The request has {count:,} {rule}; at most {most:,} are allowed"))


def estimated_tokens(texts: Iterable[str]) -> int:
    """Four bytes a token, three tokens a message: within a fifth for English prose, too many for other scripts."""
    return sum(len(text.encode("utf-8", "surrogatepass")) // 4 + 3 for text in texts)


def scripts(texts: Iterable[str]) -> Mapping[str, int]:
    """Letters by writing system; those that SCRIPTS does not name count as `other`."""
    counts: dict[str, int] = {}
    for text in texts:
        if text.isascii():
            counts["latin"] = counts.get("latin", 0) + sum(map(str.isalpha, text))
            continue
        for character in text:
            if character.isalpha():
                script = _script(character)
                counts[script] = counts.get(script, 0) + 1
    return counts


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    if character.isascii():
        return "latin"
    name = unicodedata.name(character, "").split(" ", 1)[0]
    return next((script for script, names in SCRIPTS.items() if name and name in names.split()), "other")


def longest_repeat(text: str, *, over: int = 0) -> int:
    """How often one word, or one run of up to 8 characters, follows itself at most; exact where that is more than `over`."""
    if len(text) <= over:
        return 0
    most, run, last = 0, 0, ""
    for word in text.split():
        run = run + 1 if word == last else 1
        last = word
        most = max(most, run)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    blank = (points == _BLANKS[0]) | (points == _BLANKS[1]) | (points == _BLANKS[2])
    for width in range(1, 9):
        if len(points) <= width * max(1, over):
            break
        breaks = np.flatnonzero((points[width:] != points[:-width]) | blank[width:])
        ends = np.concatenate(([-1], breaks, [len(points) - width]))
        same = int(np.diff(ends).max()) - 1
        if same >= width:
            most = max(most, same // width + 1)
    return max(most, int(bool(text)))


class Unseen:
    """Implements `Detector` for characters that a reader does not see and a model does: text can be smuggled in them."""

    reach = 4

    def find(self, text: str) -> Sequence[Finding]:
        if (text.isascii() and text.isprintable()) or not _UNSEEN_BYTES.occurs(encoded(text)):
            return []
        found: list[Finding] = []
        for at, character in enumerate(text):
            kind = _UNSEEN.get(character)
            if kind is None and not (character in _JOINERS and _idle_joiner(text, at)):
                continue
            kind = kind or "ZERO_WIDTH"
            if kind == "TAG_CHARACTER" and _of_a_flag(text, at):
                continue
            if found and found[-1].kind == kind and found[-1].end == at:
                found[-1] = Finding(kind, found[-1].start, at + 1)
            else:
                found.append(Finding(kind, at, at + 1))
        return found


def _idle_joiner(text: str, at: int) -> bool:
    """Between ASCII characters there is nothing to join."""
    return text[at - 1 : at].isascii() and text[at + 1 : at + 2].isascii()


def _of_a_flag(text: str, at: int) -> bool:
    return _FLAG in text[max(0, at - 6) : at]
