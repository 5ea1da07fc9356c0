"""What a question asks: one thing or several, with what it tells beforehand as background."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stoa.adapters.engines.words import content_words

_SENTENCE = re.compile(r"\S.*?(?:[.!?]+(?=\s|$)|$)", re.DOTALL)
_BEFORE = r"(?:(?:in|by|for|from|on|at|to|with|within|until|since|up to|after|before)\s+)?"
_JOINT = re.compile(
    rf",\s+(?:and|or|but)\s+(?={_BEFORE}(?:how|when|where|who|whom|whose|why|what|which)\b)"
    rf"|\s+and\s+(?={_BEFORE}(?:how|when|where|who|why)\b)",
    re.IGNORECASE,
)

FEWEST_WORDS = 2
"""A part with fewer words of meaning hangs on what stands before it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing asked: `text` is text[start:end] of the whole."""

    text: str
    start: int
    end: int


def parts(question: str) -> list[Part]:
    """The things that a question asks, in order; at least one. What is left over is background."""
    found: list[Part] = []
    before = 0
    for start, end in _asked(question):
        if len(content_words(question[start:end])) < FEWEST_WORDS:
            start = found.pop().start if found else before
        found.append(Part(question[start:end].strip(), start, end))
        before = end
    return found or [Part(question, 0, len(question))]


def _asked(question: str) -> Iterator[tuple[int, int]]:
    """Ranges of the sentences that end in a question mark, cut where a second question is joined on."""
    for sentence in _SENTENCE.finditer(question):
        if not sentence[0].rstrip(" .!").endswith("?"):
            continue
        start = sentence.start()
        for joint in _JOINT.finditer(question, sentence.start(), sentence.end()):
            yield start, joint.start()
            start = joint.end()
        yield start, sentence.end()
