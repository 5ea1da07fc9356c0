"""Cuts a passage into what an answer can be made of: sentences, list items with their lead-in, table rows with their columns.

Headings are no units; they are the context of what stands below them. Works on plain text and on Markdown, wrapped or not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from stoa.adapters.engines.markup import clean
from stoa.adapters.engines.pointing import points_back
from stoa.adapters.engines.structures import ITEM, Listing, Structure, Table, listing, records, table

Kind = Literal["sentence", "item", "list", "row"]


@dataclass(frozen=True, slots=True)
class Unit:
    """`text` is what an answer may say, white space and markup cleaned; `context` the nearest heading or question, if any.

    `before` is the text that stands before one that points back, such as `It opens at nine`; empty for one that stands alone.
    `of` is the table or list that a row or an item is from.
    """

    text: str
    context: str
    kind: Kind
    before: str = ""
    of: Structure | None = field(default=None, compare=False, repr=False)


LIST_WORDS = 80
"""A list with a lead-in can also be answered as a whole, up to this long."""

HEADING_WORDS = 8
"""A paragraph without an end up to this long, with text below it, is a heading."""

RUN_IN_WORDS = 3
"""A paragraph's first sentence up to this long is read with the next one."""

BEFORE_WORDS = 60
"""Up to so many words are said before a sentence that points back; if they are more, the sentence before alone."""

_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*$")
_STEP = re.compile(r"\s*(\d{1,2})\s+(?=[A-Z])")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_FIELDS = re.compile(r"\s*[^:;|]{1,60}: [^;]*(?:; [^:;|]{1,60}: [^;]*)+$")

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof rev hon st jr sr gen col lt sgt capt gov sen rep pres etc vs e.g i.e cf al approx ca no nos vol fig "  # noqa: SIM905
    "figs sec ch pp ed eds est dept univ inc ltd co corp jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri "
    "sat sun ave blvd rd mt ft tel ext max min resp incl excl art para nr bzw ph.d u.s u.k u.n a.m p.m b.c a.d d.c".split()
)
_LETTERED = frozenset(
    "building block room hall wing gate dock zone site section part step class type group grade level line plan option "  # noqa: SIM905
    "category appendix annex schedule exhibit table figure form unit team vitamin hepatitis".split()
)
_END = re.compile(r"""[.!?…]+["'”’)\]»]*(?=\s)""")
_OPENS = re.compile(r"""["'“‘(\[«]*[A-Z0-9À-ÖØ-Þ]""")


def units(text: str) -> list[Unit]:
    """Everything in text that can answer a question, in order. What asks one itself, such as the title of an FAQ, cannot."""
    found: list[Unit] = []
    heading, lead_in = "", ""
    blocks = _without_numbers(list(_blocks(text)))
    for at, block in enumerate(blocks, 1):
        first = block[0]
        if title := _HEADING.match(first):
            heading, lead_in = clean(title[1]), ""
        elif _ROW.match(first):
            found += _rows(table(block, heading))
            lead_in = ""
        elif _FIELDS.match(first):
            found += _rows(records(block, heading))
        elif ITEM.match(first):
            found += _items(listing(block, lead_in, heading))
            lead_in = ""
        elif at < len(blocks) and _is_bare_heading(block):
            heading, lead_in = clean(first), ""
        else:
            sentences = _with_run_in(split_sentences(clean(" ".join(block))))
            lead_in = sentences[-1] if sentences and sentences[-1].endswith(":") else ""
            for sentence in sentences:
                if sentence.endswith("?"):
                    heading = sentence
                elif sentence != lead_in:
                    above = found[-1] if found and found[-1].context == heading else None
                    found.append(Unit(sentence, heading, "sentence", _before(sentence, above)))
    return [unit for unit in found if not unit.text.endswith("?")]


def _with_run_in(sentences: list[str]) -> list[str]:
    """A paragraph may begin with what it is about, `CAPA. Corrective and preventive action.`: that is no sentence by itself."""
    if len(sentences) > 1 and len(sentences[0].split()) <= RUN_IN_WORDS and sentences[0].endswith("."):
        return [" ".join(sentences[:2]), *sentences[2:]]
    return sentences


def _before(sentence: str, above: Unit | None) -> str:
    """What a sentence that points back needs before it: the sentence above, and what that one needs."""
    if above is None or above.kind != "sentence" or not points_back(sentence):
        return ""
    together = f"{above.before} {above.text}".strip()
    return together if len(together.split()) <= BEFORE_WORDS else above.text


def split_sentences(text: str) -> list[str]:
    """Sentences of running text on one line. Abbreviations, initials, decimal numbers and ordinals do not end one."""
    sentences: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if _OPENS.match(text, end.end() + 1) and not _abbreviated(text[start : end.end()]):
            sentences.append(text[start : end.end()].strip())
            start = end.end()
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if re.search(r"\w", sentence)]


def _abbreviated(sentence: str) -> bool:
    if not sentence.endswith("."):
        return False
    words = [word.lstrip("(\"'“‘[").lower() for word in sentence[:-1].split()[-2:]]
    last = words[-1] if words else ""
    single = len(last) == 1 and last.isalpha() and last != "i" and not _LETTERED.intersection(words)
    return last in _ABBREVIATIONS or single or (last.isdigit() and len(last) <= 2 and " " not in sentence)


def _without_numbers(blocks: list[list[str]]) -> list[list[str]]:
    """Steps that a parser brings as paragraphs, `1 Warn others.` and `2 Call for help.`, without their numbers."""
    numbers = [int(found[1]) if (found := _STEP.match(block[0])) else 0 for block in blocks]
    neighbours = zip([0, *numbers], numbers, [*numbers[1:], 0], strict=False)
    return [
        [_STEP.sub("", block[0], count=1), *block[1:]] if own and (above == own - 1 > 0 or below == own + 1) else block
        for block, (above, own, below) in zip(blocks, neighbours, strict=True)
    ]


def _is_bare_heading(block: list[str]) -> bool:
    """A short line by itself without an end, as headings are in plain text."""
    return len(block) == 1 and len(block[0].split()) <= HEADING_WORDS and block[0].strip()[-1] not in ".!?:;,"


def _blocks(text: str) -> Iterator[list[str]]:
    """Runs of lines that belong together: a heading, a table, one list with its wrapped lines, or a paragraph."""
    block: list[str] = []
    last = "blank"
    for line in text.splitlines():
        kind = _kind(line, last)
        if block and (kind != last or kind == "heading"):
            yield block
            block = []
        if kind != "blank":
            block.append(line)
        last = kind
    if block:
        yield block


def _kind(line: str, last: str) -> str:
    """What a line is, after a line of kind `last`: a wrapped line of a list belongs to the list."""
    if not line.strip():
        return "list" if last == "list" else "blank"
    if _HEADING.match(line):
        return "heading"
    if _ROW.match(line):
        return "table"
    if _FIELDS.match(line):
        return "fields"
    if ITEM.match(line) or (last == "list" and line.startswith("  ")):
        return "list"
    return "paragraph"


def _rows(structure: Table) -> Iterator[Unit]:
    return (Unit(said, structure.heading, "row", of=structure) for said in structure.said)


def _items(structure: Listing) -> Iterator[Unit]:
    for said in structure.said:
        yield Unit(said, structure.heading, "item", of=structure)
    whole = f"{structure.lead_in} {'; '.join(item.rstrip('.;,') for item in structure.items)}."
    if structure.lead_in and len(structure.items) > 1 and len(whole.split()) <= LIST_WORDS:
        yield Unit(whole, structure.heading, "list", of=structure)
