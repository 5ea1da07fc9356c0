"""From lines to what they make up: headings, paragraphs, lists, code, tables, and footnotes where they are referred to."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from stoa.adapters.parsers.pdf_lines import REFERENCE, Line, pitch
from stoa.adapters.parsers.pdf_tables import Rows, find_tables, markdown
from stoa.adapters.parsers.pdf_words import Rule

HeadingLook = tuple[float, bool]
"""The size of a heading's letters, negative so that the largest comes first, and whether only being bold makes it one."""

_BULLET = re.compile(r"^([•▪▫●◦‣∙·■□➢–-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_LEADERS = re.compile(r"(?:\s?[.·…]){4,}\s?")
_MARKED = re.compile(REFERENCE.format("(.+?)"))
_NOTE_LABEL = re.compile(r"^(\d{1,3}|[*†‡§])\s")
_LONGEST_HEADING = 160
_LONGEST_BOLD = 100
_WIDEST_CODE = 160


@dataclass(frozen=True, slots=True)
class Look:
    """What most letters of a document are like."""

    size: float
    bold: bool


@dataclass(slots=True)
class Block:
    """A piece of text that stands by itself. `rows` and `columns` are those of a table; `last` is set on a page's last."""

    text: str
    heading: HeadingLook | None = None
    rows: Rows = field(default_factory=list[list[str]])
    columns: tuple[float, ...] = ()
    last: bool = False


def look_of(lines: Sequence[Line]) -> Look:
    """By the letters of a document."""
    sizes, bold = Counter[float](), 0
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
        bold += len(line.text) if line.bold else 0
    return Look(sizes.most_common(1)[0][0] if sizes else 1.0, bold > 0.5 * max(sizes.total(), 1))


def blocks_of(lines: Sequence[Line], rules: Sequence[Rule], look: Look) -> list[Block]:
    """The blocks of one region of a page, in order."""
    lines = [line for line in lines if line.text.strip("\xad ")]
    body, notes = _footnotes(lines, look)
    blocks = list(_blocks(body, rules, look))
    return _with_notes(_lists_together(blocks), notes)


def _blocks(lines: Sequence[Line], rules: Sequence[Rule], look: Look) -> Iterator[Block]:
    tables = {table.start: table for table in find_tables(lines, rules)}
    margin = _margin(lines)
    usual = pitch(lines)
    at = 0
    while at < len(lines):
        end = at + 1
        if table := tables.get(at):
            rows = [[_LEADERS.sub(" … ", cell).strip() for cell in row] for row in table.rows]
            yield Block(markdown(rows), rows=rows, columns=table.columns)
            end = table.end
        elif heading := _heading(lines, at, look, usual):
            while end < len(lines) and end not in tables and _heading(lines, end, look, usual) == heading:
                if not _near(lines[end - 1], lines[end], usual):
                    break
                end += 1
            yield Block(_joined([line.text for line in lines[at:end]]), heading=heading)
        elif lines[at].fixed:
            while end < len(lines) and end not in tables and lines[end].fixed and _near(lines[end - 1], lines[end], usual):
                end += 1
            yield Block(_code(lines[at:end]))
        else:
            listed = _BULLET.match(lines[at].text) is not None
            while end < len(lines) and end not in tables:
                if not _continues(lines[end - 1], lines[end], margin, usual, listed=listed):
                    break
                if _heading(lines, end, look, usual):
                    break
                end += 1
            yield Block(_LEADERS.sub(" … ", _joined([line.text for line in lines[at:end]])))
        at = end


def _margin(lines: Sequence[Line]) -> float:
    """Where full lines end: a picture's labels may stand farther to the right."""
    ends = sorted(line.right for line in lines if len(line.text) >= 30) or sorted(line.right for line in lines) or [0.0]
    return ends[int(0.8 * (len(ends) - 1))] if len(ends) > 4 else ends[-1]


def _heading(lines: Sequence[Line], at: int, look: Look, usual: float) -> HeadingLook | None:
    line = lines[at]
    words = line.text
    if len(words) > _LONGEST_HEADING or len(line.cells) > 2 or line.fixed or _LEADERS.search(words):
        return None
    if not re.search(r"[^\W\d_]", words):
        return None
    if line.size >= look.size * 1.15:
        return -round(line.size, 1), False
    above = lines[at - 1].base - line.base if at else 1e9
    apart = above > 1.25 * usual or lines[at - 1].bold
    short = len(words) <= _LONGEST_BOLD and len(line.cells) == 1
    if line.bold and not look.bold and short and apart and line.size >= 0.95 * look.size and words[-1] not in ".,;":
        return -round(line.size, 1), True
    return None


def _near(above: Line, below: Line, usual: float) -> bool:
    size = max(above.size, below.size)
    return 0 < above.base - below.base < max((1.45 if usual else 1.9) * size, 1.35 * usual)


def _continues(above: Line, below: Line, margin: float, usual: float, *, listed: bool) -> bool:
    """Whether a line goes on with the sentence above: near it, in the same letters, and that one was full."""
    full = above.right > margin - 0.22 * (margin - above.left) or above.text.endswith("\xad")
    same = abs(above.size - below.size) < 0.2 and not below.fixed and not _LEADERS.search(above.text)
    indented = not listed and below.left > above.left + 0.8 * below.size
    return same and full and not indented and _near(above, below, usual) and not _BULLET.match(below.text)


def _joined(lines: Sequence[str]) -> str:
    text = ""
    for line in lines:
        if text.endswith("\xad"):
            text = text[:-1] + line
        elif text.endswith("-") and line[:1].islower() and not text.endswith(" -"):
            text = text[:-1] + line if re.search(r"[a-zäöüß]-$", text) else text + line
        else:
            text += (" " if text else "") + line
    return text.replace("\xad", "")


def _code(lines: Sequence[Line]) -> str:
    """Lines as they are, indented as on the page; a single one is a line of text."""
    if len(lines) == 1:
        return lines[0].text.replace("\xad", "-")
    width = max(lines[0].advance * lines[0].size, 1.0)
    left = min(line.left for line in lines)
    written: list[str] = []
    for line in lines:
        row = ""
        for word in (word for cell in line.cells for word in cell.words):
            column = min(round((word.left - left) / width), _WIDEST_CODE)
            row = row.ljust(column if column > len(row) else len(row) + bool(row)) + word.text + ("-" if word.hyphen else "")
        written.append(row)
    return "\n".join(["```", *written, "```"])


def _lists_together(blocks: Sequence[Block]) -> list[Block]:
    """Items of a list one below the other, without empty lines between them."""
    together: list[Block] = []
    for block in blocks:
        above = together[-1] if together else None
        item = not block.heading and not block.rows and _BULLET.match(block.text)
        if above is not None and item and not above.heading and not above.rows and _begins_list(above.text):
            above.text = f"{above.text}\n{block.text}"
            continue
        together.append(block)
    return together


def _begins_list(above: str) -> bool:
    return above.endswith(":") or _BULLET.match(above.rsplit("\n", 1)[-1]) is not None


def _footnotes(lines: Sequence[Line], look: Look) -> tuple[Sequence[Line], dict[str, str]]:
    """The lines above the footnotes of a region, and the notes by their marks: small lines at its end that begin with one."""
    begin = len(lines)
    while begin and lines[begin - 1].size < 0.93 * look.size and not lines[begin - 1].bold:
        begin -= 1
    while begin < len(lines) and not _mark(lines[begin]):
        begin += 1
    notes: dict[str, list[str]] = {}
    for line in lines[begin:]:
        if mark := _mark(line):
            notes[mark] = [_MARKED.sub("", line.text, count=1) if line.mark else line.text.split(" ", 1)[1]]
        else:
            notes[next(reversed(notes))].append(line.text)
    referred = {mark for line in lines[:begin] for mark in _MARKED.findall(line.text)}
    if not notes or not set(notes) & referred:
        return lines, {}
    return lines[:begin], {mark: _joined(words) for mark, words in notes.items()}


def _mark(line: Line) -> str:
    if line.mark:
        return line.mark
    found = _NOTE_LABEL.match(line.text)
    return found[1] if found else ""


def _with_notes(blocks: Sequence[Block], notes: dict[str, str]) -> list[Block]:
    """Each footnote behind the block that refers to it; marks that refer to none stand as they did."""
    placed: list[Block] = []
    left = dict(notes)
    for block in blocks:
        referred = [mark for mark in dict.fromkeys(_MARKED.findall(block.text)) if mark in left]
        block.text = _MARKED.sub(lambda found: f"[^{found[1]}]" if found[1] in notes else found[1], block.text)
        block.rows = [[_MARKED.sub(r"\1", cell) for cell in row] for row in block.rows]
        placed.append(block)
        placed += [Block(f"[^{mark}]: {left.pop(mark)}") for mark in referred]
    placed += [Block(f"[^{mark}]: {note}") for mark, note in left.items()]
    return placed
