"""What a text can be held to: its numbers, its names, and the words that carry its meaning.

Words are compared by their first letters, which takes the forms of a word together in most languages with an alphabet; where
there are no spaces, pairs of signs are words. Where capitals mark every noun, as in German, only what looks like no plain noun
is a name.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from stoa.gateway.likeness.numerals import SCALES, SMALL, with_digits
from stoa.gateway.likeness.vocabulary import FUNCTION, NEGATING, words_of

LETTERS = 5
"""Of a word that are compared."""

_TOKEN = re.compile(r"\d[\d.,]*\d|\d|[^\W\d_][^\W_]*")
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")
_SMALL = re.compile(r"\b[a-zß-öø-ÿа-я]{1,4}\b|[\u3040-\u30ff\uac00-\ud7af\u0e00-\u0e7f]|[\u3400-\u9fff]")
_OPENING = re.compile(r"""(?:^|[.!?:;"“„«(\[–—|\n*_-])[\s"'“‘„«(\[*_]*$""")
_JOINT = re.compile(r"[ \-'’./]{1,2}")
_NOUGHTS = re.compile(r"(?<=\d):00\b")
_ENUMERATED = re.compile(r"\(\d{1,2}\)")
_PARTS = frozenset(("st", "nd", "rd", "th", "s", "t", "d", "ll", "re", "ve", "m"))
"""What is left of 2nd, 1980s, isn't."""
_NO_NAMES = words_of("mr mrs ms dr prof sir according although however therefore yes no bc bce ad ce am pm")
_NUMBER_WORDS = frozenset(SMALL) | frozenset(SCALES)
_ENGLISH = 0.2
_MOST_SMALL = 10


class Number(NamedTuple):
    """`readings` are what it can mean: 6.924 is a little over six, or thousands. `of` is the word it counts, cut to LETTERS."""

    written: str
    readings: frozenset[float]
    of: str
    soft: bool
    """A small one in letters may be counted from what a passage lists: it is wrong only where the passage counts otherwise."""


class Name(NamedTuple):
    """Capitalised words in a row."""

    words: tuple[str, ...]


class Facts(NamedTuple):
    """Of one text. `small` are its short words in small letters, which tell its language."""

    numbers: tuple[Number, ...]
    names: tuple[Name, ...]
    stems: frozenset[str]
    folded: frozenset[str]
    """Every word of it, in small letters without accents."""
    small: frozenset[str]
    negated: bool


class _Token(NamedTuple):
    text: str
    start: int
    end: int


Known = Callable[[str], bool]
"""Whether a word, as written, is a name elsewhere: a sentence may begin with one."""


def facts_of(text: str, *, known: Known = lambda word: False, nouns_are_capital: bool = False) -> Facts:
    text = _SIGNS.sub(r" \g<0> ", _NOUGHTS.sub("", unicodedata.normalize("NFC", text)))
    tokens = [_Token(found[0], found.start(), found.end()) for found in _TOKEN.finditer(_ENUMERATED.sub("   ", text))]
    words = [fold(token.text) for token in tokens]
    stems = {cut(word) for word in words if word not in FUNCTION and word not in _PARTS and not word[0].isdigit()}
    return Facts(
        numbers=tuple(_numbers(tokens, words)),
        names=tuple(_names(text, tokens, known, nouns_are_capital=nouns_are_capital)),
        stems=frozenset(stems | set(_pairs(text))),
        folded=frozenset(words),
        small=small_words(text),
        negated=not NEGATING.isdisjoint(words) or "n't" in text or "n’t" in text,
    )


def small_words(text: str) -> frozenset[str]:
    """The short ones in small letters; where there are no spaces, the signs that stand for sounds."""
    return frozenset(_SMALL.findall(text)) - _PARTS


def fold(word: str) -> str:
    """Small letters without accents."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def cut(word: str) -> str:
    """A folded word as it is compared."""
    return word[:LETTERS]


def capitals_mark_nouns(text: str) -> bool:
    """True for languages that write nouns with a capital; never for English."""
    tokens = [_Token(found[0], found.start(), found.end()) for found in _TOKEN.finditer(text) if found[0][0].isalpha()]
    if not tokens or sum(token.text.lower() in FUNCTION for token in tokens) >= _ENGLISH * len(tokens):
        return False
    long = [token for token in tokens if len(token.text) >= LETTERS and not _opens(text, token.start)]
    return sum(token.text[0].isupper() for token in long) >= len(long) / 3 > 0


def _opens(text: str, at: int) -> bool:
    return _OPENING.search(text, max(0, at - 8), at) is not None


def _pairs(text: str) -> Iterator[str]:
    for run in _SIGNS.finditer(text):
        yield from (first + second for first, second in pairwise(run[0])) if len(run[0]) > 1 else run[0]


def _numbers(tokens: Sequence[_Token], words: Sequence[str]) -> Iterator[Number]:
    at = 0
    while at < len(words):
        first, word = at, words[at]
        at += 1
        if word[0].isdigit():
            readings = _readings(word)
            if at < len(words) and words[at] in SCALES:
                readings = [each * SCALES[words[at]] for each in readings]
                at += 1
            split = len(readings) > 1 and word.count(".") > 1
            for each in [[one] for one in readings] if split else [readings]:
                yield Number(_written(tokens, first, at), frozenset(each), _of(words, at), soft=False)
        elif word in _NUMBER_WORDS:
            while at < len(words) and words[at] in _NUMBER_WORDS:
                at += 1
            for told in with_digits(words[first:at]):
                value = float(told) if told.isdecimal() else SCALES.get(told)
                if value is not None:
                    soft = value <= _MOST_SMALL or told in SCALES
                    yield Number(_written(tokens, first, at), frozenset((float(value),)), _of(words, at), soft=soft)


def _readings(digits: str) -> list[float]:
    """1,234.5 is one number; 1.234 may be two; 12.05.2024 holds three."""
    groups = re.split(r"[.,]", digits)
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return [float(digits)]
    grouped = all(len(group) == 3 for group in groups[1:])
    if len(set(marks)) == 2:
        return [float("".join(groups[:-1]) + "." + groups[-1])]
    if len(marks) > 1:
        return [float("".join(groups))] if grouped else [float(group) for group in groups]
    if not grouped:
        return [float(".".join(groups))]
    return [float("".join(groups))] if marks == [","] else [float(digits), float("".join(groups))]


def _of(words: Sequence[str], at: int) -> str:
    return cut(words[at]) if at < len(words) and words[at] not in FUNCTION else ""


def _written(tokens: Sequence[_Token], first: int, end: int) -> str:
    return " ".join(token.text for token in tokens[first:end])


def _names(text: str, tokens: Sequence[_Token], known: Known, *, nouns_are_capital: bool) -> Iterator[Name]:
    run: list[_Token] = []
    for token in [*tokens, _Token("", len(text), len(text))]:
        capital = token.text[:1].isupper()
        joined = bool(run) and _JOINT.fullmatch(text, run[-1].end, token.start) is not None
        if run and not (capital and joined):
            yield from _named(text, run, known, nouns_are_capital=nouns_are_capital)
            run = []
        if capital and not (not run and nouns_are_capital and _opens(text, token.start)):
            run.append(token)


def _named(text: str, run: list[_Token], known: Known, *, nouns_are_capital: bool) -> Iterator[Name]:
    opens = _opens(text, run[0].start)
    first = fold(run[0].text)
    if opens and (first in FUNCTION or first in _NO_NAMES):
        run, opens = run[1:], False
    kept = tuple(token.text for token in run if not _is_no_name(token.text))
    if not kept:
        return
    if len(kept) == 1:
        word = kept[0]
        striking = any(sign.isupper() or sign.isdigit() for sign in word[1:])
        if (opens and not striking and not known(word)) or (nouns_are_capital and not striking):
            return
    yield Name(kept)


def _is_no_name(word: str) -> bool:
    folded = fold(word)
    return len(word) == 1 or folded in _NO_NAMES or (folded in FUNCTION and not word.isupper()) or folded in _NUMBER_WORDS
