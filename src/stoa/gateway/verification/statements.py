"""Cuts an answer into the sentences that state something, with the numbers of the passages that each one names.

Reads Markdown as models write it: paragraphs, lists, tables. Headings, code, questions, what only leads in to a list, polite
words, and sentences that say that the documents do not tell, state nothing that a passage could hold.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

CITED = re.compile(r"\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\]")
"""`[1]`, and `[1, 2]` for `[1][2]`."""

_NUMBER = re.compile(r"\d+")
_LINE = re.compile(r"[^\n]*\n?")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s|\s*(\*\*|__)[^*_]+\1:?\s*$")
_ITEM = re.compile(r"\s*(?:>\s*)*(?:[-*+•–]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)|\s*>\s?")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"\s*\|?[\s:|-]*--[\s:|-]*\|?\s*$")

_CITATIONS = rf"(?:\s*{CITED.pattern})*"
_END = re.compile(rf"""[.!?…]+["'”’)»*_]*{_CITATIONS}[.*_]*(?=\s|$)|[。！？]{_CITATIONS}""")
_OPENS = re.compile(r"""\s*["'“‘(«*_`]*[^\W_a-zà-öø-ÿ]""")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"'“])(?:[A-Za-z]|[A-Za-z](?:\.[A-Za-z])+|mrs?|ms|dr|prof|st|jr|sr|vs|etc|cf|approx|no|nr|vol|fig|sec|art|para"
    r"|incl|excl|max|min|dept|inc|ltd|co|corp|bzw|ca|gen|col|gov|rev|hon|mt|ft)\.$",
    re.IGNORECASE,
)

_SOURCE = (
    r"(?:documents?|passages?|sources?|excerpts?|texts?|context|materials?|files?|results|information|handbook|policy|policies)"
)
_TELL = (
    r"(?:answer|say|mention|state|specif|contain|cover|address|tell|include|provide|give|describe|explain|define|detail|discuss"
    r"|list|indicate|clarif|name|reveal|hold|help|show|offer)"
)
_NOT = r"(?:not|n't|n’t|never|nothing|no|none|neither|nowhere)"
_TELLS_NOTHING = re.compile(
    rf"\b{_SOURCE}\b[^.]*?(?:\b|(?<=\w)){_NOT}\b[^.]*?\b{_TELL}\w*"
    rf"|\b{_NOT}\b[^.]*?\b(?:said|mention\w*|stated|specified|found|covered|answered|given|provided|described|contained|available)"
    rf"\b[^.]*?\b{_SOURCE}\b"
    rf"|\b(?:no|not|n't|n’t)\b[^.]*?\b(?:information|details?|answer|mention)\b[^.]*?\b(?:{_SOURCE}|about|on|regarding|available)\b"
    r"|\bI (?:do not|don't|don’t|cannot|can't|can’t|could not|couldn't|couldn’t) (?:know|find|answer|say|tell)\b",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"(?:I hope|I'm (?:sorry|happy|glad)|I am (?:sorry|happy|glad)|sorry\b|let me know|feel free"
    r"|please (?:let me|feel free|ask me)"
    r"|if you (?:have|need|want|would like) (?:any |some )?(?:more|other|further|additional|questions?|details?|help|to know)"
    r"|you(?:'|’)re welcome|you are welcome|thanks?\b|thank you|sure\b|of course\b|certainly\b|hello\b|hi\b|happy to\b"
    r"|glad to\b|great question|good question|in (?:summary|short|conclusion)\W*$|yes\W*$|no\W*$)",
    re.IGNORECASE,
)
_MOST_POLITE_WORDS = 14
_LONGEST_REFUSAL = 400
_LONGEST_ABBREVIATION = 12
_WORD = re.compile(r"\S")
_LETTER = re.compile(r"[^\W\d_]")


class Statement(NamedTuple):
    """`text` is answer[start:end] without citations and marks of a list; `numbers` are those of the passages it names."""

    start: int
    end: int
    text: str
    numbers: tuple[int, ...]


def statements(answer: str) -> Iterator[Statement]:
    """In order. An item of a list that names no passage rests on those that the sentence before the list names."""
    led_by: tuple[int, ...] = ()
    for start, end, kind in _blocks(answer):
        for first, last in _sentences(answer, start, end) if kind != "row" else [(start, end)]:
            told = answer[first:last]
            numbers = numbers_in(told)
            bare = CITED.sub("", told).strip()
            leads = bare.rstrip("*_ ").endswith(":")
            if kind != "item":
                led_by = numbers if leads else ()
            if _states(bare, cited=bool(numbers), leads=leads):
                yield Statement(first, last, bare, numbers or (led_by if kind == "item" else ()))


def numbers_in(text: str) -> tuple[int, ...]:
    """The numbers of passages that a text names, in the order in which it first does."""
    return tuple(dict.fromkeys(int(number[0]) for group in CITED.finditer(text) for number in _NUMBER.finditer(group[0])))


def _states(text: str, *, cited: bool, leads: bool) -> bool:
    if not _LETTER.search(text) or text.rstrip("*_\"'”’) ").endswith(("?", "？")) or (leads and not cited):
        return False
    if _POLITE.match(text.lstrip("*_ ")) and len(text.split()) <= _MOST_POLITE_WORDS and not cited:
        return False
    return len(text) > _LONGEST_REFUSAL or _TELLS_NOTHING.search(text) is None


def _blocks(answer: str) -> Iterator[tuple[int, int, str]]:
    """Where paragraphs, items of lists and rows of tables begin and end."""
    begun: tuple[int, str] | None = None
    at = end = 0
    fenced = False
    lines = [line for line in _LINE.findall(answer) if line]
    for number, line in enumerate(lines):
        fence = _FENCE.match(line) is not None
        item = None if fenced else _ITEM.match(line)
        row = not fenced and _ROW.match(line) is not None
        silent = fence or fenced or not line.strip() or _HEADING.match(line) is not None or _RULE.match(line) is not None
        if begun is not None and (silent or item or row):
            yield begun[0], end, begun[1]
            begun = None
        if not silent:
            heads = row and number + 1 < len(lines) and _RULE.match(lines[number + 1]) is not None
            if row and not heads:
                yield at, at + len(line.rstrip()), "row"
            elif not row and begun is None:
                begun = (at + (item.end() if item else len(line) - len(line.lstrip())), "item" if item else "paragraph")
            end = at + len(line.rstrip())
        fenced ^= fence
        at += len(line)
    if begun is not None:
        yield begun[0], end, begun[1]


def _sentences(answer: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    first = start
    for found in _END.finditer(answer, start, end):
        cut = found.end()
        if cut >= end:
            break
        last_word = answer[max(first, found.start() - _LONGEST_ABBREVIATION) : found.start() + 1]
        if found[0][0] in "。！？" or (_OPENS.match(answer, cut, end) and not _ABBREVIATED.search(last_word)):
            yield first, cut
            after = _WORD.search(answer, cut, end)
            first = after.start() if after is not None else end
    if answer[first:end].strip():
        yield first, end
