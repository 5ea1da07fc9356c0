"""Tables on a page of a PDF: by the lines that are ruled around their cells, else by the gaps between their columns."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stoa.adapters.parsers.pdf_lines import Cell, Line
from stoa.adapters.parsers.pdf_words import Rule

Rows = list[list[str]]
Span = tuple[float, float]

_NEAR = 3.0
"""Points: edges that are no farther apart are one."""

_MOST_RULES = 600
"""Rules of one page that are looked at for frames; a drawing has more."""

_LEAST_GUTTER = 2.0
_LEAST_GAP_OF_TWO = 1.5
"""Of two rows alone the cells stand farther apart, in letter heights."""


@dataclass(frozen=True, slots=True)
class Found:
    """The table of lines[start:end], with where its columns begin."""

    start: int
    end: int
    rows: Rows
    columns: tuple[float, ...]


def find_tables(lines: Sequence[Line], rules: Sequence[Rule]) -> list[Found]:
    """The tables among the lines of a region, in order, without overlap."""
    framed = [table for frame in _frames(rules) if (table := _framed(lines, frame))]
    framed.sort(key=lambda table: table.start)
    across = [rule for rule in rules if rule.level]
    found: list[Found] = []
    at = 0
    while at < len(lines):
        inside = next((table for table in framed if table.start == at), None)
        stop = next((table.start for table in framed if table.start > at), len(lines))
        table = inside or _aligned(lines, at, stop, across)
        if table is not None:
            found.append(table)
        at = table.end if table is not None else at + 1
    return found


def markdown(rows: Rows) -> str:
    """Rows as a Markdown table, the first as its header."""
    written = ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join([written[0], "|" + " --- |" * len(rows[0]), *written[1:]])


# --- cells with lines around them ---


def _frames(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules that touch each other, where they enclose at least two cells."""
    if not 4 <= len(rules) <= _MOST_RULES:
        return []
    left = list(rules)
    frames: list[list[Rule]] = []
    while left:
        frame, waiting = list[Rule](), [left.pop()]
        while waiting:
            rule = waiting.pop()
            frame.append(rule)
            touching = [other for other in left if _touch(rule, other)]
            if touching:
                left = [other for other in left if not _touch(rule, other)]
                waiting += touching
        if len(_edges([rule.left for rule in frame if not rule.level])) >= 3:
            frames.append(frame)
    return frames


def _touch(one: Rule, other: Rule) -> bool:
    return (
        one.left - _NEAR <= other.right
        and other.left - _NEAR <= one.right
        and one.bottom - _NEAR <= other.top
        and other.bottom - _NEAR <= one.top
    )


def _framed(lines: Sequence[Line], frame: Sequence[Rule]) -> Found | None:
    """The lines within a frame as its cells. None where other text stands beside it, and for a frame around one row or none."""
    across, upright = [rule for rule in frame if rule.level], [rule for rule in frame if not rule.level]
    columns = _edges([rule.left for rule in upright])
    levels = _edges([rule.bottom for rule in across])[::-1]  # from the top
    if len(levels) < 3:
        return None
    inside = [n for n, line in enumerate(lines) if levels[-1] < _middle(line) < levels[0] and _within(line, columns)]
    beside = any(levels[-1] < _middle(line) < levels[0] and not _within(line, columns) for line in lines)
    if not inside or beside or inside != list(range(inside[0], inside[-1] + 1)):
        return None
    rows: Rows = [[""] * (len(columns) - 1) for _ in levels[1:]]
    for line in lines[inside[0] : inside[-1] + 1]:
        row = _place(levels, _middle(line), downwards=True)
        for column, text in _by_column(line, columns, upright):
            while row > 0 and not _divided(across, columns, column, levels[row]):
                row -= 1  # a cell over several rows stands in the first
            rows[row][column] = _joined(rows[row][column], text)
    kept = [row for row in rows if any(row)]
    if len(kept) < 2 or sum(1 for row in kept for cell in row if cell) < 3:
        return None
    return Found(inside[0], inside[-1] + 1, kept, tuple(columns[:-1]))


def _by_column(line: Line, columns: Sequence[float], upright: Sequence[Rule]) -> Iterator[tuple[int, str]]:
    """The words of a line by the columns in which they stand; over a missing edge they belong to the column before."""
    parts: dict[int, list[Cell]] = {}
    for cell in line.cells:
        begin, last = 0, -1
        for number, word in enumerate([*cell.words, None]):
            column = -1 if word is None else _place(columns, (word.left + word.right) / 2)
            while column > 0 and not any(
                abs(rule.left - columns[column]) <= _NEAR and rule.bottom - 1 <= _middle(line) <= rule.top + 1
                for rule in upright
            ):
                column -= 1
            if column != last and number:
                parts.setdefault(last, []).append(Cell(cell.words[begin:number]))
                begin = number
            last = column
    for column, cells in parts.items():
        yield column, " ".join(cell.text for cell in cells)


def _divided(across: Sequence[Rule], columns: Sequence[float], column: int, level: float) -> bool:
    middle = (columns[column] + columns[column + 1]) / 2
    return any(abs(rule.bottom - level) <= _NEAR and rule.left <= middle <= rule.right for rule in across)


def _edges(places: Sequence[float]) -> list[float]:
    """Distinct places in order."""
    edges: list[float] = []
    for place in sorted(places):
        if not edges or place - edges[-1] > _NEAR:
            edges.append(place)
    return edges


def _within(line: Line, columns: Sequence[float]) -> bool:
    return line.left >= columns[0] - _NEAR and line.right <= columns[-1] + _NEAR


def _place(edges: Sequence[float], at: float, *, downwards: bool = False) -> int:
    passed = sum(1 for edge in edges[1:-1] if (at < edge if downwards else at > edge))
    return min(passed, len(edges) - 2)


def _middle(line: Line) -> float:
    return line.base + 0.3 * line.size


# --- columns by their gaps ---


def _aligned(lines: Sequence[Line], at: int, stop: int, across: Sequence[Rule]) -> Found | None:
    """A table that begins at a line: lines whose gaps lie above each other, and lines that stand in one of its columns."""
    if len(lines[at].cells) < 2 or lines[at].fixed:
        return None
    gutters, end, several, steps = _gaps(lines[at]), at + 1, 1, list[float]()
    while end < stop and gutters:
        above, line = lines[end - 1], lines[end]
        step = above.base - line.base
        ruled = _rule_between(above, line, across)
        farthest = 1.6 * max(steps) if len(steps) >= 2 else 4 * line.size
        if line.fixed or abs(line.size - lines[at].size) > 0.15 * line.size or (step > farthest and not ruled):
            break
        if len(line.cells) > 1:
            shared = _shared(gutters, _gaps(line))
            if not shared:
                break
            # A gap in one row alone, between words that happen to stand apart, or a cell that spans columns.
            gutters, several = (shared if several < 2 or len(shared) >= len(gutters) else gutters), several + 1
        elif all(line.left < right and line.right > left for left, right in gutters):
            break
        steps.append(step)
        end += 1
    while end > at + 1 and len(lines[end - 1].cells) < 2 and _alone_in_first(lines[end - 1], gutters):
        if _rule_between(lines[end - 2], lines[end - 1], across):
            break
        end -= 1  # what stands below the first column is a sentence after the table, or cannot be told from one
    if several < 2 and not _wrapped(lines[at:end], gutters):
        return None
    block = lines[at:end]
    gutters = _columns(block)
    if not gutters or (several == 2 and max(right - left for left, right in gutters) < _LEAST_GAP_OF_TWO * block[0].size):
        return None
    starts = (min(line.left for line in block), *((left + right) / 2 for left, right in gutters))
    rows = _rows(block, starts, across)
    return Found(at, end, rows, starts) if len(rows) > 1 else None


def _rows(lines: Sequence[Line], starts: Sequence[float], across: Sequence[Rule]) -> Rows:
    """Words into rows: a rule begins one; without rules a line with something in the first column does."""
    breaks = [n > 0 and _rule_between(lines[n - 1], lines[n], across) for n in range(len(lines))]
    ruled = sum(breaks) >= 2
    rows: Rows = []
    for number, line in enumerate(lines):
        row = [""] * len(starts)
        for cell in line.cells:
            column = max(n for n, start in enumerate(starts) if n == 0 or start <= cell.left + 1)
            row[column] = _joined(row[column], cell.text)
        first = bool(row[0]) and not (rows and not any(rows[-1][1:]))
        if not rows or breaks[number] or (not ruled and first):
            rows.append(row)
        else:
            rows[-1] = [_joined(above, below) for above, below in zip(rows[-1], row, strict=True)]
    return rows


def _columns(lines: Sequence[Line]) -> list[Span]:
    """The gutters of a block: ranges that no line crosses, but for a few that span columns."""
    edges = sorted({edge for line in lines for cell in line.cells for edge in (cell.left, cell.right)})
    allowed = len(lines) // 8
    gutters: list[Span] = []
    for left, right in itertools.pairwise(edges):
        middle = (left + right) / 2
        crossing = sum(1 for line in lines for cell in line.cells if cell.left < middle < cell.right)
        if crossing > allowed:
            continue
        if gutters and gutters[-1][1] == left:
            gutters[-1] = (gutters[-1][0], right)
        else:
            gutters.append((left, right))
    several = sum(1 for line in lines if len(line.cells) > 1)
    return [
        (left, right)
        for left, right in gutters
        if right - left >= _LEAST_GUTTER
        and sum(1 for line in lines if line.left < left and line.right > right) >= min(2, several)
    ]


def _gaps(line: Line) -> list[Span]:
    return [(one.right, other.left) for one, other in zip(line.cells, line.cells[1:], strict=False)]


def _shared(gutters: Sequence[Span], gaps: Sequence[Span]) -> list[Span]:
    overlaps = [(max(a, c), min(b, d)) for a, b in gutters for c, d in gaps]
    return [(left, right) for left, right in overlaps if right - left >= _LEAST_GUTTER]


def _alone_in_first(line: Line, gutters: Sequence[Span]) -> bool:
    return bool(gutters) and line.left < gutters[0][0]


def _wrapped(lines: Sequence[Line], gutters: Sequence[Span]) -> bool:
    """Whether a single row goes on in two of its columns below."""
    if not gutters or len(lines) < 3:
        return False
    return len({sum(1 for left, _ in gutters if line.left > left) for line in lines[1:]}) >= 2


def _rule_between(above: Line, below: Line, across: Sequence[Rule]) -> bool:
    """Whether a rule lies between two lines, under most of what stands above or over most of what stands below."""
    width = max(above.right - above.left, below.right - below.left)
    left = min(above.left, below.left)
    return any(
        below.base + 0.5 * below.size < rule.top < above.base + 0.1 * above.size
        and rule.left <= left + 0.5 * width
        and rule.right - rule.left > 0.5 * width
        for rule in across
    )


def _joined(above: str, below: str) -> str:
    if above.endswith("\xad"):
        return above[:-1] + below
    return f"{above} {below}".strip()
