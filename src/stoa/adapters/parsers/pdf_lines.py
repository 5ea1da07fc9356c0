"""From words to lines in the order in which people read: columns one after the other, cells of a line side by side."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from stoa.adapters.parsers.pdf_words import Font, PageWords, Rule, Word

CELL_GAP = 1.1
"""A gap of so many letter heights between two words divides cells of a table."""

REFERENCE = "\ue000{}\ue001"
"""How a mark that may refer to a footnote stands in a line until it is known whether there is one."""

_LABEL = re.compile(r"^([•▪●◦‣∙·■□➢–—-]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\d{1,2}(\.\d{1,2}){1,4}\.?|[A-Z]\.\d{1,2}(\.\d{1,2})*)$")
_MARK = re.compile(r"^(?:\d{1,3}|[*†‡§])$")
_LEAST_LINES = 6
"""Lines that stand beside each other for two columns of text."""

_LEAST_WORDS = 3.0
"""Words of a line of text, on average; cells of a table have fewer."""


@dataclass(slots=True)
class Cell:
    """Words without a wide gap between them."""

    words: list[Word]

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    @property
    def base(self) -> float:
        return self.words[0].base

    @property
    def size(self) -> float:
        return self.words[0].size

    @property
    def text(self) -> str:
        return "".join(_written(self.words))


@dataclass(slots=True)
class Line:
    """A line: its cells from left to right, where it stands and what its letters are like; `advance` as in `Font`."""

    cells: list[Cell]
    bold: bool = False
    fixed: bool = False
    advance: float = 0.6
    text: str = field(init=False)
    size: float = field(init=False)
    base: float = field(init=False)

    def __post_init__(self) -> None:
        self.text = " ".join(cell.text for cell in self.cells)
        longest = max(self.cells, key=lambda cell: cell.right - cell.left)
        self.size, self.base = longest.size, longest.base

    @property
    def left(self) -> float:
        return self.cells[0].left

    @property
    def right(self) -> float:
        return self.cells[-1].right

    @property
    def mark(self) -> str:
        return self.cells[0].words[0].mark


def lines_of(page: PageWords) -> list[list[Line]]:
    """The regions of a page in reading order, each with its lines from top to bottom."""
    cells = list(_cells(page.words))
    return [list(_lines(region, page.fonts)) for region in _regions(cells, page.rules) if region]


def pitch(lines: Sequence[Line]) -> float:
    """The usual distance from one base line to the next."""
    steps = [above.base - below.base for above, below in itertools.pairwise(lines)]
    near = [step for step, line in zip(steps, lines, strict=False) if 0 < step < 2.2 * line.size]
    return median(near) if near else 0.0


def _written(words: Sequence[Word]) -> Iterator[str]:
    for number, word in enumerate(words):
        yield word.mark and REFERENCE.format(word.mark)
        yield word.text
        if word.raised:
            yield REFERENCE.format(word.raised)
        if word.hyphen:
            yield "\xad"
        elif number + 1 < len(words):
            yield " "


def _cells(words: Sequence[Word]) -> Iterator[Cell]:
    """Runs of words as they were written one after the other on one base line."""
    run: list[Word] = []
    for word in words:
        if run:
            above = run[-1]
            gap, size = word.left - above.right, max(above.size, 1.0)
            if abs(word.base - above.base) < 0.3 * size and -0.6 * size < gap < CELL_GAP * size:
                run.append(word)
                continue
            if word.size < 0.85 * size and 0 < word.base - above.base < 0.7 * size and -0.2 * size < gap < 0.4 * size:
                if word.text.isdigit() and not above.raised:
                    above.raised = word.text  # a mark with a space in front of it
                else:
                    run.append(word)
                continue
            raised = above.size < 0.85 * word.size and 0 < above.base - word.base < 0.7 * word.size
            if raised and len(run) == 1 and _MARK.match(above.text) and -0.2 * size < gap < word.size and not word.mark:
                word.mark, run = above.text, [word]  # a mark in front of its note
                continue
            yield Cell(run)
        run = [word]
    if run:
        yield Cell(run)


def _lines(cells: Sequence[Cell], fonts: Sequence[Font]) -> Iterator[Line]:
    """Cells on one base line, put side by side."""
    row: list[Cell] = []
    for cell in sorted(cells, key=lambda each: (-each.base, each.left)):
        if row and row[0].base - cell.base > 0.45 * min(row[0].size, cell.size):
            yield _line(row, fonts)
            row = []
        row.append(cell)
    if row:
        yield _line(row, fonts)


def _line(row: list[Cell], fonts: Sequence[Font]) -> Line:
    joined: list[Cell] = []
    for cell in sorted(row, key=lambda each: each.left):
        before = joined[-1] if joined else None
        if before is not None:
            gap, size = cell.left - before.right, max(before.size, cell.size)
            label = len(joined) == 1 and len(row) == 2 and _LABEL.match(before.text) and gap < 4 * size
            if gap < CELL_GAP * size or label:
                joined[-1] = Cell([*before.words, *cell.words])
                continue
        joined.append(cell)
    looks = [fonts[word.font] for cell in joined for word in cell.words]
    bold, fixed = all(look.bold for look in looks), all(look.fixed for look in looks)
    return Line(joined, bold=bold, fixed=fixed, advance=looks[0].advance)


def _regions(cells: list[Cell], rules: Sequence[Rule], depth: int = 0) -> list[list[Cell]]:
    """What is read as a whole, in order: above, left column, right column, below."""
    found = _columns(cells, rules) if depth < 3 and len(cells) >= 2 * _LEAST_LINES else None
    if found is None:
        return [cells]
    gutter, top, bottom = found
    above = [cell for cell in cells if cell.base > top]
    below = [cell for cell in cells if cell.base < bottom]
    beside = [cell for cell in cells if bottom <= cell.base <= top]
    left = [cell for cell in beside if cell.right <= gutter]
    right = [cell for cell in beside if cell.right > gutter]
    return [
        *_regions(above, rules, depth + 1), *_regions(left, rules, depth + 1), *_regions(right, rules, depth + 1),
        *_regions(below, rules, depth + 1),
    ]  # fmt: skip


def _columns(cells: Sequence[Cell], rules: Sequence[Rule]) -> tuple[float, float, float] | None:
    """Where a gutter between two columns of text is, with the highest and the lowest base line beside it."""
    left, right = min(cell.left for cell in cells), max(cell.right for cell in cells)
    best: tuple[int, float, float, float] | None = None
    for gutter in _gutters(cells, left, right):
        crossing = sorted((cell.base for cell in cells if cell.left < gutter < cell.right), reverse=True)
        for top, bottom in zip([1e9, *crossing], [*crossing, -1e9], strict=True):
            beside = [cell for cell in cells if bottom < cell.base < top]
            if beside and _is_text(beside, gutter, left, right) and not _ruled(beside, rules):
                found = (len(beside), gutter, max(cell.base for cell in beside), min(cell.base for cell in beside))
                best = max(best or found, found)
    return best[1:] if best is not None else None


def _gutters(cells: Sequence[Cell], left: float, right: float) -> Iterator[float]:
    """Places in the middle part that few cells cross: the middle of each such range."""
    step = 3.0
    count = int((right - left) / step) + 2
    change = [0] * (count + 1)
    for cell in cells:
        change[int((cell.left - left) / step)] += 1
        change[min(int((cell.right - left) / step) + 1, count)] -= 1
    cover, depth = list[int](), 0
    for one in change[:count]:
        depth += one
        cover.append(depth)
    first, last = int(count * 0.15), int(count * 0.85)
    limit = 0.35 * max(cover, default=0)
    at = first
    while at < last:
        if cover[at] <= limit:
            end = at
            while end < last and cover[end] <= limit:
                end += 1
            least = min(cover[at:end])
            lowest = [place for place in range(at, end) if cover[place] == least]
            yield left + (lowest[len(lowest) // 2] + 0.5) * step
            at = end
        at += 1


def _is_text(cells: Sequence[Cell], gutter: float, left: float, right: float) -> bool:
    """Whether cells on both sides are lines of text and were not written row by row."""
    sides = ([cell for cell in cells if cell.right <= gutter], [cell for cell in cells if cell.left >= gutter])
    for side, width in zip(sides, (gutter - left, right - gutter), strict=True):
        if len({round(cell.base) for cell in side}) < _LEAST_LINES:
            return False
        words = sum(len(cell.words) for cell in side) / len(side)
        filled = Counter[int]()
        for cell in side:
            filled[round(cell.base)] += round(cell.right - cell.left)  # a side may hold several columns itself
        if words < _LEAST_WORDS or sum(each > 0.55 * width for each in filled.values()) < 0.4 * len(filled):
            return False
    turns = sum(1 for one, other in itertools.pairwise(cells) if (one.left < gutter) != (other.left < gutter))
    return turns <= max(3, 0.15 * len(cells))


def _ruled(cells: Sequence[Cell], rules: Sequence[Rule]) -> bool:
    """Whether rules divide the rows of what stands there, as they do in a table."""
    top, bottom = max(cell.base for cell in cells), min(cell.base for cell in cells)
    left, right = min(cell.left for cell in cells), max(cell.right for cell in cells)
    across = [
        rule for rule in rules if rule.level and rule.right - rule.left > 0.7 * (right - left) and bottom < rule.top < top
    ]
    return len({round(rule.top) for rule in across}) >= 3
