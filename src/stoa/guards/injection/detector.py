"""Finds text that addresses the model instead of the matter: over its instructions, or after what they guard.

It sees one text without the instructions that it is meant for. A plain question becomes an attack only by what the model was
told to keep to itself; such a one is not found here.
"""

from collections.abc import Iterator, Sequence
from math import exp

from stoa.guards.finding import Finding
from stoa.guards.injection.decoding import Hidden, hidden
from stoa.guards.injection.features import features
from stoa.guards.injection.plain import HIDDEN, plain
from stoa.guards.injection.weights import weights

KIND = "PROMPT_INJECTION"
THRESHOLD = 0.45
STRICT = 0.3
WHOLE = 360
"""Characters: up to this a text is judged as one."""
WINDOW, STEP = 280, 140
DEPTH = 2
"""What is hidden in what was hidden is looked at so many times."""

Window = tuple[int, int, str, str]


class InjectionDetector:
    """A finding is the worst window of the text and its score, when that is at least `threshold`.

    `STRICT` finds more at more false alarms; the figures of both are in the decision page on injection.
    """

    reach = 0

    def __init__(self, threshold: float = THRESHOLD) -> None:
        if not 0.0 < threshold <= 1.0:
            raise ValueError(
                f"threshold {threshold!r} is not above 0 and at most 1: give the least score that counts as an attack"
            )
        self._threshold = threshold

    def find(self, text: str) -> Sequence[Finding]:
        """One finding or none."""
        start, end, score = worst(text)
        return [Finding(KIND, start, end, score)] if score >= self._threshold else []


def worst(text: str) -> tuple[int, int, float]:
    """Place and score of the window that most looks like an attack; linear in the length."""
    table = weights()
    best, place = -99.0, (0, len(text))
    for start, end, window, way in windows(text):
        z = table.bias + float(table.values[features(plain(window), way=way)].sum())
        if z > best:
            best, place = z, (start, end)
    return place[0], place[1], 1.0 / (1.0 + exp(-max(best, -60.0)))


def windows(text: str, *, way: str = "", depth: int = DEPTH) -> Iterator[Window]:
    """Overlapping stretches `(start, end, text, way)`, and what is hidden in them as texts of their own at the same place."""
    if not text.strip():
        return
    pieces = hidden(text) if depth else []
    yield from ((start, end, cut, way) for start, end, cut in _stretches(_masked(text, pieces)))
    for piece in pieces:
        for _, _, inner, inner_way in windows(piece.text, way=piece.way, depth=depth - 1):
            yield piece.start, piece.end, inner, inner_way


def _stretches(text: str) -> Iterator[tuple[int, int, str]]:
    if len(text) <= WHOLE:
        yield 0, len(text), text
        return
    start = 0
    while True:
        end = min(len(text), start + WINDOW)
        # Where a space is near, no word is cut.
        left = text.rfind(" ", max(0, start - 20), start + 1) + 1 if start else 0
        right = text.find(" ", end, end + 20) if end < len(text) else end
        begin, stop = (left or start), (right if right > 0 else end)
        if cut := text[begin:stop].strip():
            yield begin, stop, cut
        if end == len(text):
            return
        start += STEP


def _masked(text: str, pieces: Sequence[Hidden]) -> str:
    """Of the same length, with each piece made unreadable, so that what is asked about it is judged beside it."""
    if not pieces:
        return text
    parts: list[str] = []
    last = 0
    for piece in pieces:
        parts += (text[last : piece.start], HIDDEN * (piece.end - piece.start))
        last = piece.end
    return "".join((*parts, text[last:]))
