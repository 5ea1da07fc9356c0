"""What of a window the weights look at: ideas in their order, words, and its shape. Numbers of features, each once.

The space has six parts: single ideas, neighbours, pairs within a few ideas, triples, words and pairs of words, shape. Triples
and words are hashed; the hashes depend on nothing but the text, so weights made on one machine hold on every other.
"""

import re
import zlib
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from stoa.guards.injection.lexicon import lexicon, unspaced
from stoa.guards.injection.plain import HIDDEN, Plain

IDEAS = 128
TRIPLES = WORDS = WORD_PAIRS = 1 << 14
NEIGHBOURS_AT = IDEAS
PAIRS_AT = NEIGHBOURS_AT + IDEAS * IDEAS
TRIPLES_AT = PAIRS_AT + IDEAS * IDEAS
WORDS_AT = TRIPLES_AT + TRIPLES
WORD_PAIRS_AT = WORDS_AT + WORDS
SHAPE_AT = WORD_PAIRS_AT + WORD_PAIRS
SPACE = SHAPE_AT + 64
REACH = 5
"""So many ideas apart two may be and still make a pair."""

_TOKEN = re.compile(
    rf"[^\W_{HIDDEN}]+(?:['\u2019][^\W_]+)?|{HIDDEN}+|\n+|[.?!:\"'\u201c\u201d\u2018\u2019\u00ab\u00bb<>=\u3002\uff1f\u061f\u00bf*#|{{}}-]+"
)
_SIGNS = {
    "stop": ".\u3002", "question": "?\uff1f\u061f\u00bf", "shout": "!", "colon": ":", "equals": "=", "dashes": "-#*",
    "line": "\n", "quote": "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb", "tag": "<>|{}", "hidden": HIDDEN,
}  # fmt: skip
_TURN_ASKED = re.compile(r"(?:^|[\n.?!>\"] ?)(?:q|question|user|human|pregunta|frage|domanda)\d?: ")
_TURN_ANSWERED = re.compile(r"(?:^|[\n.?!>\"] ?)(?:a|answer|assistant|ai|bot|antwort|respuesta|risposta)\d?: ")
_ROLE = re.compile(
    r"<\|?/?(?:system|im_start|im_end|user|assistant|endoftext|sys)[^>]{0,30}>|\[/?(?:inst|system|sys)[^\]]{0,20}\]|<<sys>>"
    r"|#{2,} ?(?:system|instruction|new|assistant)|(?:^|\n) ?(?:system|assistant|developer)(?: message| prompt)? ?:"
)
_ASSIGNED = re.compile(r"\b[a-z]\w{0,8} ?(?:=|:=| is) ?[\"'\u201c]")
_ROLE_SIGNS = ("<", "[", "##", "system", "assistant", "developer")
_DELIMITERS = ("-----", "====", "#####", "*****", "```", '"""', "~~~~")

Indices = npt.NDArray[np.int64]


def features(window: Plain, *, way: str = "") -> Indices:
    """Numbers of the features that a window has, ascending. `way` is the code that it was hidden in, if any."""
    words, hashes, ideas = _read(window.text)
    sequence = np.array(ideas, np.int64)
    dense = sequence[sequence > 0]
    high = sequence * IDEAS
    near = high[:-1] + sequence[1:]
    parts: list[Indices] = [dense, near + NEIGHBOURS_AT]
    firsts = dense * IDEAS + PAIRS_AT
    parts.extend(firsts[:-gap] + dense[gap:] for gap in range(1, min(REACH, dense.size)))
    if sequence.size > 2:
        parts.append(((near[:-1] * IDEAS + sequence[2:]) * 2654435761 >> 7) % TRIPLES + TRIPLES_AT)
    if hashes:
        row = np.array(hashes, np.int64)
        parts.append(row % WORDS + WORDS_AT)
        parts.append(((row[:-1] * 31 + row[1:]) * 2654435761 >> 9) % WORD_PAIRS + WORD_PAIRS_AT)
    parts.append(np.array(_shape(window, words, ideas, way), np.int64) + SHAPE_AT)
    found = np.concatenate(parts)
    found.sort()
    return found[np.append(True, found[1:] != found[:-1])] if found.size else found


def _read(text: str) -> tuple[list[str], list[int], list[int]]:
    """The words, their hashes, and the ideas in their order with one 0 for whatever stands between two."""
    words: list[str] = []
    hashes: list[int] = []
    ideas: list[int] = [0]
    marks = _marks()
    for token in _TOKEN.findall(text):
        mark = marks.get(token[0])
        if mark is not None:
            ideas.append(mark)
        elif token[0] >= "\u1100" and unspaced(token):
            for found in lexicon().joined.finditer(token):
                idea, crc = _word(found[0])
                words.append(found[0])
                hashes.append(crc)
                ideas.append(idea)
        else:
            idea, crc = _word(token)
            words.append(token)
            hashes.append(crc)
            if idea or ideas[-1]:
                ideas.append(idea)
    if ideas[-1]:
        ideas.append(0)
    return words, hashes, ideas


@lru_cache(maxsize=1 << 14)
def _word(word: str) -> tuple[int, int]:
    """Its idea and its hash."""
    book = lexicon()
    idea = book.number("number") if word[0].isdigit() else book.idea(word)
    return idea, zlib.crc32(word.encode("utf-8", "surrogatepass"))


@cache
def _marks() -> dict[str, int]:
    book = lexicon()
    return {sign: book.number(name) for name, signs in _SIGNS.items() for sign in signs}


def _shape(window: Plain, words: list[str], ideas: list[int], way: str) -> list[int]:
    """Numbers below 64: what the text looks like, whatever it says."""
    text = window.text
    found: list[int] = []
    found.extend(n for n, least in enumerate((40, 90, 180)) if len(text) <= least)
    questions = text.count("?") + text.count("\uff1f") + text.count("\u061f")
    found.extend(4 + n for n, least in enumerate((1, 2, 3, 4, 5)) if questions >= least)
    if ":" in text:
        asked, answered = len(_TURN_ASKED.findall(text)), len(_TURN_ANSWERED.findall(text))
        found.extend(10 + n for n, least in enumerate((1, 2, 3)) if asked >= least)
        found.extend(13 + n for n, least in enumerate((1, 2)) if answered >= least)
        if asked > answered > 0:
            found.append(15)
    if any(sign in text for sign in _ROLE_SIGNS) and _ROLE.search(text):
        found.append(16)
    assigned = len(_ASSIGNED.findall(text)) if any(sign in text for sign in "\"'\u201c") else 0
    found.extend(17 + n for n, least in enumerate((1, 2, 3)) if assigned >= least)
    if any(line in text for line in _DELIMITERS):
        found.append(20)
    if "<!--" in text:
        found.append(21)
    if len(words) >= 12:
        distinct = len(set(words)) / len(words)
        found.extend(22 + n for n, most in enumerate((0.5, 0.33, 0.2)) if distinct <= most)
    if way:
        found.append(25)
        found.append(
            26
            + ("base64", "hexadecimal", "binary", "morse", "shifted", "reversed", "decimal", "percent", "entities").index(way)
        )
    if window.invisible > 2:
        found.append(36)
    if window.alike:
        found.append(37)
    if window.drawn:
        found.append(38)
    if window.spaced:
        found.append(39)
    if HIDDEN in text:
        found.append(40)
    latin = sum(1 for word in words if word.isascii())
    if 4 <= latin <= len(words) - 4:
        found.append(41)
    if not any(ideas):
        found.append(42)
    if words and latin == 0:
        found.append(43)
    return found
