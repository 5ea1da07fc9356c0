"""Rules of patterns over one text: RE2 throughout, so that no text can make them slow.

A rule runs only where its hint occurs: all hints are looked for at once, which is one pass for most texts. Expressions work
on bytes, findings are in characters; where a word begins and ends is looked at in characters.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stoa.guards.expressions import Expression, Hints, encoded
from stoa.guards.finding import Finding
from stoa.guards.together import settled

BEFORE = 60
"""Characters before a match in which the words that a rule needs are looked for."""

Part = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` is what a finding looks like, or its group 1 where it has one; matches begin and end at the edges of words.

    `hint` occurs in every text that the pattern occurs in, and is small. `check` says which part of a match counts, None when
    nothing does. `near` must occur within `BEFORE` characters in front of it. `reach` is in characters, as a detector's: so
    much of what follows a finding's first character must be seen for it to be found.
    """

    kind: str
    pattern: str
    hint: str
    reach: int
    score: float
    check: Callable[[str], Part | None] | None = None
    near: str | None = None
    glued: str = ""
    """Characters by which it must not be joined to a letter or digit."""
    open_left: bool = False
    """It may begin within a word."""
    alone: bool = False
    """It is not a part of a row of numbers: no digit stands a blank or a dash away from it."""


def whole(value: str) -> Part:
    return 0, len(value)


class Patterns:
    """A detector from rules. Thread-safe."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(_Compiled(rule) for rule in rules)
        self.reach = max((max(rule.reach, BEFORE) for rule in rules), default=1)
        self._hints = Hints([rule.hint for rule in rules])

    def find(self, text: str) -> list[Finding]:
        data = encoded(text)
        hits = self._hints.within(data)
        if not hits:
            return []
        ascii_only = len(data) == len(text)
        return settled(finding for hit in hits for finding in self._rules[hit].find(text, data, ascii_only=ascii_only))


class _Compiled:
    """A rule, ready. Offsets are turned from bytes to characters going forwards, so that a text is decoded once."""

    __slots__ = ("_near", "_pattern", "_rule")

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._pattern = Expression(rule.pattern)
        self._near = Expression(rule.near) if rule.near is not None else None

    def find(self, text: str, data: bytes, *, ascii_only: bool) -> Iterator[Finding]:
        at, seen_bytes, seen = 0, 0, 0
        while (found := self._pattern.search(data, at)) is not None:
            (begin, end), over = found
            if ascii_only:
                start, stop = begin, end
            else:
                while begin < end and data[begin] & 0xC0 == 0x80:  # in the middle of a character
                    begin += 1
                while end < len(data) and data[end] & 0xC0 == 0x80:
                    end += 1
                start = seen + _characters(data, seen_bytes, begin)
                stop = start + _characters(data, begin, end)
                seen, seen_bytes = start, begin
            part = self._part(text, start, stop) if begin < end else None
            if part is None:
                at = _past_word(data, max(begin, at))
                continue
            yield Finding(self._rule.kind, part[0], part[1], self._rule.score)
            at = begin + len(encoded(text[start : part[1]])) if part[1] < stop else max(over, end)

    def _part(self, text: str, start: int, stop: int) -> Part | None:
        rule = self._rule
        if rule.check is not None:
            part = rule.check(text[start:stop])
            if part is None:
                return None
            start, stop = start + part[0], start + part[1]
        if not rule.open_left and _goes_on(text[start], text[max(0, start - 2) : start][::-1], rule.glued):
            return None
        if _goes_on(text[stop - 1], text[stop : stop + 2], rule.glued):
            return None
        if rule.alone and (_row(text[max(0, start - 2) : start][::-1]) or _row(text[stop : stop + 2])):
            return None
        if self._near is not None and not self._near.occurs(encoded(text[max(0, start - BEFORE) : start])):
            return None
        return start, stop


def _goes_on(edge: str, beside: str, glued: str) -> bool:
    """Whether what stands beside an edge belongs to the same word; a full stop behind a number ends a sentence."""
    if not beside:
        return False
    if beside[0] in glued:
        return len(beside) > 1 and beside[1].isalnum()
    return (beside[0].isalnum() or beside[0] == "_") and (edge.isalnum() or edge == "_")


def _row(beside: str) -> bool:
    return len(beside) == 2 and beside[0] in " -" and beside[1].isdigit()


def _past_word(data: bytes, at: int) -> int:
    """Where to look again after a match at `at` that was none: behind the word that it begins with."""
    place = at + 1
    if at < len(data) and _OF_WORDS[data[at]]:
        while place < len(data) and _OF_WORDS[data[place]]:
            place += 1
    return place


def _characters(data: bytes, begin: int, end: int) -> int:
    return len(data[begin:end].decode("utf-8", "surrogatepass"))


_OF_WORDS = bytes(code >= 0x80 or chr(code).isalnum() for code in range(256))
