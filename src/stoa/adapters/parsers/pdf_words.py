"""What stands on a page of a PDF: words with their places, ruled lines and pictures, all in points, y upwards.

A page holds letters at places. What is a word is pdfium's guess, which puts spaces where the gaps are.
"""

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

import pypdfium2 as pdfium
from pypdfium2 import raw

from stoa.adapters.parsers.clean import clean

MOST_CHARACTERS = 200_000
"""Of one page; a page of print has three thousand."""

_MOST_OBJECTS = 20_000
"""Objects of a page that are looked at for rules: a drawing may have millions."""

_THIN = 2.5
"""Points: what is no thicker is a rule."""

_BOLD = re.compile(r"bold|black|heavy|semibold|demi|cmbx|-bd", re.IGNORECASE)
_FIXED = re.compile(r"mono|courier|consol|typewriter|sourcecode|\b(?:cm|sf|ec|lm)\w*tt|(?:cm|sf|ec)tt\d", re.IGNORECASE)
_MARKS = frozenset(map(ord, "0123456789*†‡§"))
_HYPHENS = frozenset((0x02, 0xFFFE, 0xAD))
_UNNAMED = {
    0x0B: "ff", 0x0C: "fi", 0x0D: "fl", 0x0E: "ffi", 0x0F: "ffl",
    0x10: "“", 0x11: "”", 0x12: "„", 0x13: "«", 0x14: "»", 0x15: "–", 0x16: "—",
    0x1B: "ff", 0x1C: "fi", 0x1D: "fl", 0x1E: "ffi", 0x1F: "ffl", 0x88: "•",
}  # fmt: skip
"""What TeX's encodings OT1 and T1 hold in the places of control characters, where a font does not say so itself."""

_FIXED_FLAG = 1
_ENOUGH, _MEASURED = 4, 24
"""Words by which it is told whether the letters of a font are of one width, at least and at most."""


@dataclass(slots=True)
class Word:
    """`base` is its base line, `size` the size of its letters; `hyphen` when it is the first part of one that was divided.

    `raised` is a small mark set high behind it, which refers to a footnote, as a rule, and `mark` one in front of it.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    font: int = 0
    hyphen: bool = False
    raised: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Font:
    """How letters look, as far as it tells what a line is. `advance` is the width of each, in letter heights, if fixed."""

    bold: bool = False
    fixed: bool = False
    advance: float = 0.6


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line: from (`left`, `bottom`) to (`right`, `top`), one of the two extents thin."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def level(self) -> bool:
        return self.right - self.left > self.top - self.bottom


@dataclass(slots=True)
class PageWords:
    """A page. `pictured` is the share of it that pictures cover."""

    words: list[Word] = field(default_factory=list[Word])
    fonts: Sequence[Font] = ()
    rules: Sequence[Rule] = ()
    pictured: float = 0.0


def read_words(page: pdfium.PdfPage) -> PageWords:
    """The words of a page in the order in which they were written."""
    text = page.get_textpage()
    try:
        words, fonts = _upright(*_Reader(text).words())
    finally:
        text.close()
    rules, pictured = _drawn(page)
    return PageWords(words, fonts, rules, pictured)


class _Reader:
    """Calls of the library with places for their answers that are made once: a page takes thousands."""

    def __init__(self, text: pdfium.PdfTextPage) -> None:
        self._raw = text.raw
        self._four = [ctypes.c_double() for _ in range(4)]
        self._matrix = raw.FS_MATRIX()
        self._fonts: dict[int, int] = {}
        self._looks: list[Font] = []
        self._widths: list[list[float]] = []

    def words(self) -> tuple[list[tuple[Word, int]], list[Font]]:
        """Words with the quarter turns by which each is rotated, and the fonts that they point to."""
        found: list[tuple[Word, int]] = []
        codes: list[int] = []
        begin, unicode_of = 0, raw.FPDFText_GetUnicode
        count = min(raw.FPDFText_CountChars(self._raw), MOST_CHARACTERS)
        for at in range(count + 1):
            code = unicode_of(self._raw, at) if at < count else 0x20
            letter = code > 0x20 and code != 0xA0 and code not in _HYPHENS and code != 0x200B
            if letter or (code in _UNNAMED and not raw.FPDFText_IsGenerated(self._raw, at)):
                if not codes:
                    begin = at
                codes.append(code)
                continue
            if codes:
                found.append(self._word(codes, begin, at - 1, hyphen=code in _HYPHENS))
                codes = []
        return found, [_measured(look, widths) for look, widths in zip(self._looks, self._widths, strict=True)]

    def _word(self, codes: list[int], first: int, last: int, *, hyphen: bool) -> tuple[Word, int]:
        left, _, bottom, top = self._box(first)
        end_left, end_right, end_bottom, end_top = self._box(last)
        size, turns = self._size(first)
        raised = mark = ""
        if len(codes) > 1 and codes[-1] in _MARKS and end_bottom > bottom + 0.1 * size:
            kept = len(codes)
            while kept > 1 and codes[kept - 1] in _MARKS and self._size(first + kept - 1)[0] < 0.85 * size:
                kept -= 1
            raised, codes = "".join(map(chr, codes[kept:])), codes[:kept]
        elif len(codes) > 1 and codes[0] in _MARKS and size < 0.85 * (last_size := self._size(last)[0]):
            kept = 1
            while kept < len(codes) - 1 and codes[kept] in _MARKS and self._size(first + kept)[0] < 0.85 * last_size:
                kept += 1
            mark, codes, size, first = "".join(map(chr, codes[:kept])), codes[kept:], last_size, first + kept
        text = "".join([_UNNAMED.get(code) or chr(code) for code in codes])
        if not text.isascii():
            text = clean(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        base = self._base(first)
        if turns == 1:
            place = (bottom, end_top, -base[0])
        elif turns == 3:
            place = (-top, -end_bottom, base[0])
        elif turns == 2:
            place = (-left, -end_left, -base[1])
        else:
            place = (left, end_right, base[1])
        start, end, line = place
        font = self._font_at(first)
        if len(codes) >= 4 and turns == 0 and not (raised or mark) and len(self._widths[font]) < _MEASURED:
            self._widths[font].append((self._base(last)[0] - base[0]) / (last - first) / size)
        return Word(text, min(start, end), max(start, end), line, size, font, hyphen, raised, mark), turns

    def _box(self, at: int) -> tuple[float, float, float, float]:
        left, right, bottom, top = self._four
        raw.FPDFText_GetCharBox(self._raw, at, left, right, bottom, top)
        return left.value, right.value, bottom.value, top.value

    def _base(self, at: int) -> tuple[float, float]:
        x, y, *_ = self._four
        raw.FPDFText_GetCharOrigin(self._raw, at, x, y)
        return x.value, y.value

    def _size(self, at: int) -> tuple[float, int]:
        matrix = self._matrix
        size = float(raw.FPDFText_GetFontSize(self._raw, at)) or 1.0
        if not raw.FPDFText_GetMatrix(self._raw, at, matrix):
            return size, 0
        scale = abs(matrix.d) or abs(matrix.b) or abs(matrix.c) or 1.0
        turns = (0 if matrix.a >= 0 else 2) if abs(matrix.a) >= abs(matrix.b) else (1 if matrix.b > 0 else 3)
        return size * scale, turns

    def _font_at(self, at: int) -> int:
        font = raw.FPDFTextObj_GetFont(raw.FPDFText_GetTextObject(self._raw, at))
        if not font:
            return self._fonts.setdefault(0, self._new(Font())) if 0 not in self._fonts else self._fonts[0]
        handle = ctypes.addressof(font.contents)
        if handle not in self._fonts:
            name = ctypes.create_string_buffer(128)
            raw.FPDFFont_GetBaseFontName(font, name, 128)
            words = name.value.decode("utf-8", "replace")
            bold = _BOLD.search(words) is not None
            fixed = bool(raw.FPDFFont_GetFlags(font) & _FIXED_FLAG) or _FIXED.search(words) is not None
            self._fonts[handle] = self._new(Font(bold, fixed))
        return self._fonts[handle]

    def _new(self, look: Font) -> int:
        self._looks.append(look)
        self._widths.append([])
        return len(self._looks) - 1


def _measured(look: Font, widths: Sequence[float]) -> Font:
    """Whether all letters of a font are of one width, where the font does not say so itself."""
    if not widths or not (look.fixed or len(widths) >= _ENOUGH):
        return look
    fixed = look.fixed or max(widths) - min(widths) < 0.02 * max(widths)
    return replace(look, fixed=fixed, advance=max(median(widths), 0.1))


def _upright(words: Sequence[tuple[Word, int]], fonts: list[Font]) -> tuple[list[Word], list[Font]]:
    """Words as whoever turns the page to read it sees them; the few that stand otherwise come last, below all others."""
    if not words:
        return [], fonts
    turned = [0, 0, 0, 0]
    for word, turns in words:
        turned[turns] += len(word.text)
    most = turned.index(max(turned))
    kept = [word for word, turns in words if turns == most]
    below = min(word.base for word in kept) - 100.0
    for word, turns in words:
        if turns != most:
            below -= 0.01
            kept.append(replace(word, base=below - 20.0 * turns))
    return kept, fonts


def _drawn(page: pdfium.PdfPage) -> tuple[list[Rule], float]:
    """Ruled lines, and the share of the page that is pictures."""
    rules: list[Rule] = []
    whole = max(page.get_width() * page.get_height(), 1.0)
    pictured = 0.0
    for number, (kind, (left, bottom, right, top)) in enumerate(_objects(page)):
        if number >= _MOST_OBJECTS:
            break
        width, height = right - left, top - bottom
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            pictured += max(width, 0.0) * max(height, 0.0) / whole
        elif min(width, height) <= _THIN < max(width, height):
            rules.append(Rule(left, bottom, right, top))
        elif width > 20 and height > 8 and width * height < 0.9 * whole:  # a frame or a coloured cell: its four edges
            rules += [
                Rule(left, bottom, right, bottom), Rule(left, top, right, top),
                Rule(left, bottom, left, top), Rule(right, bottom, right, top),
            ]  # fmt: skip
    return rules, min(pictured, 1.0)


def _objects(page: pdfium.PdfPage) -> Iterator[tuple[int, tuple[float, float, float, float]]]:
    """Paths and pictures with their extents."""
    extents = [ctypes.c_float() for _ in range(4)]
    for number in range(min(raw.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)):
        found = raw.FPDFPage_GetObject(page.raw, number)
        kind = raw.FPDFPageObj_GetType(found)
        if kind in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE) and raw.FPDFPageObj_GetBounds(found, *extents):
            left, bottom, right, top = (extent.value for extent in extents)
            yield kind, (left, bottom, right, top)
