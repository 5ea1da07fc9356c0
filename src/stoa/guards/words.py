"""Words and phrases that are not to be said: lists by language, and an operator's own.

A list names words by how bad they are; `~` at the end of an entry stands for any ending. Usual disguises are seen through:
letters written as digits or signs, stars inside, dots or blanks between all letters, letters repeated. An entry is always
a whole word of the text.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal

from stoa.guards.expressions import Expression, Span, encoded
from stoa.guards.finding import Finding
from stoa.guards.personal.wordlists import FOLDER
from stoa.guards.together import settled

Severity = Literal["mild", "strong", "severe"]

SCORES: Mapping[str, float] = {"mild": 0.4, "strong": 0.7, "severe": 1.0}
TOXICITY = "TOXICITY"
DENIED = "DENIED"

_FOLDER = FOLDER / "toxic"
_DISGUISES = {"a": "@4", "e": "3", "i": "1!", "o": "0", "s": "$5", "t": "7+", "l": "1", "g": "9", "b": "8"}
_BETWEEN = r"[ ._-]"
_SHORT = 3
_REACH = 80
_LONGEST = 200


@cache
def languages() -> frozenset[str]:
    """Those with a list, as two letters."""
    return frozenset(path.stem for path in _FOLDER.glob("*.txt"))


class Toxicity:
    """Implements `Detector`; a finding's score says how bad it is. Raises ValueError where a language has no list."""

    reach = _REACH

    def __init__(self, chosen: Iterable[str] = ("en",), *, least: Severity = "strong") -> None:
        wanted = sorted(set(chosen))
        if unknown := [language for language in wanted if language not in languages()]:
            raise ValueError(f"languages: no list for {unknown[0]!r}; there are {', '.join(sorted(languages()))}")
        if least not in SCORES:
            raise ValueError(f"least: {least!r} is no severity; there are {', '.join(SCORES)}")
        self._lists: list[tuple[float, Expression]] = []
        for language in wanted:  # one machine each: together they outgrow RE2's memory, and then take fifty times as long
            for severity, entries in _entries(language).items():
                if SCORES[severity] >= SCORES[least]:
                    self._lists.append((SCORES[severity], _disguised(entries)))

    def find(self, text: str) -> Sequence[Finding]:
        data = encoded(text)
        return settled(
            Finding(TOXICITY, start, end, score)
            for score, expression in self._lists
            for start, end in _whole_words(expression, text, data)
            if _meant(text[start:end])
        )


class DenyList:
    """Implements `Detector` for an operator's own words, phrases and regular expressions (RE2), which find `DENIED`.

    Words and phrases are found as the shipped lists are, disguises included. On a stream an expression is sure to be found
    before any of it leaves when it matches at most `longest` characters. Raises ValueError naming what is wrong.
    """

    def __init__(self, words: Sequence[str] = (), expressions: Sequence[str] = (), *, longest: int = _LONGEST) -> None:
        for place, word in enumerate(words):
            if not any(character.isalnum() for character in word):
                raise ValueError(f"words[{place}]: {word!r} has no letter or digit in it")
        self._words = _disguised([" ".join(word.split()) for word in words]) if words else None
        self._expressions: list[Expression] = []
        for place, pattern in enumerate(expressions):
            try:
                expression = Expression(pattern, by_character=True)
            except ValueError as error:
                raise ValueError(f"expressions[{place}]: {pattern!r} is not a regular expression of RE2: {error}") from None
            if expression.occurs(b""):
                raise ValueError(f"expressions[{place}]: {pattern!r} matches the empty text, and so every text")
            self._expressions.append(expression)
        self.reach = max(longest if expressions else 1, *(2 * len(word) + 8 for word in words), 1)

    def find(self, text: str) -> Sequence[Finding]:
        data = encoded(text)
        found: list[Finding] = []
        if self._words is not None:
            found += [Finding(DENIED, start, end) for start, end in _whole_words(self._words, text, data)]
        for expression in self._expressions:
            found += [Finding(DENIED, start, end) for start, end in _places(expression, text, data)]
        return settled(found)


def _entries(language: str) -> Mapping[str, Sequence[str]]:
    """Of one language by severity: lines such as `severe: one, another`."""
    found: dict[str, list[str]] = {}
    for line in (_FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        severity, _, words = line.partition(":")
        if words and not line.startswith("#"):
            found.setdefault(severity, []).extend(word.strip() for word in words.split(",") if word.strip())
    return found


def _disguised(entries: Sequence[str]) -> Expression:
    ordered = sorted(entries, key=len, reverse=True)
    return Expression("|".join(form for entry in ordered for form in _forms(entry.lower())))


def _forms(entry: str) -> Sequence[str]:
    """How an entry may be written: plain with disguised letters, and with something between all letters."""
    ending = r"(?:[A-Za-z\x80-\xff]|[*#][A-Za-z])*" if entry.endswith("~") else ""
    words = entry.rstrip("~").split(" ")
    plain = r"[\s,]+".join("".join(_letter(word, at) for at in range(len(word))) for word in words)
    if len(words) > 1 or len(words[0]) <= _SHORT:
        return (plain + ending,)
    return plain + ending, _BETWEEN.join(_letter(words[0], at, apart=True) for at in range(len(words[0])))


def _letter(word: str, at: int, *, apart: bool = False) -> str:
    """One letter with its disguises. Stars stand for letters inside a word; short words are taken as they are written."""
    letter = word[at]
    if letter in "'’":
        return "(?:'|’)?"
    if not letter.isascii():
        return f"(?:{letter}|{letter.upper()})"
    if not letter.isalpha():
        return f"\\{letter}" if not letter.isalnum() else letter
    signs = "" if len(word) <= _SHORT else _DISGUISES.get(letter, "") + ("*#" if 0 < at < len(word) - 1 and not apart else "")
    return f"[{letter}{letter.upper()}{signs}]{'+' if len(word) > _SHORT and not apart else ''}"


def _places(expression: Expression, text: str, data: bytes) -> Iterable[Span]:
    """In characters."""
    at, seen_bytes, seen = 0, 0, 0
    while at <= len(data) and (found := expression.search(data, at)) is not None:
        (begin, end), _ = found
        start = seen + len(data[seen_bytes:begin].decode("utf-8", "replace"))
        stop = start + len(data[begin:end].decode("utf-8", "replace"))
        seen, seen_bytes = start, begin
        if stop > start and stop <= len(text):
            yield start, stop
        at = max(end, at + 1)


def _whole_words(expression: Expression, text: str, data: bytes) -> Iterable[Span]:
    for start, end in _places(expression, text, data):
        if not (start and _of_a_word(text[start - 1])) and not (end < len(text) and _of_a_word(text[end])):
            yield start, end


def _of_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _meant(value: str) -> bool:
    """A number, a row of signs, or letters with a star after each is no word in disguise."""
    letters = sum(character.isalpha() for character in value)
    marks = sum(not character.isspace() for character in value) - letters
    starred = sum(part != "" for part in value.replace("#", "*").split("*")) - 1
    return letters + 2 >= marks and any(character.isalpha() for character in value[:2]) and starred <= len(value) // 4
