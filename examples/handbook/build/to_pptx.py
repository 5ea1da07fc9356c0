"""Writes a manuscript as PPTX: each section is a slide, `???` its speaker notes."""

from pathlib import Path

from manuscript import Callout, Heading, Items, Manuscript, Notes, OrgChart, PageBreak, Paragraph, Table, spans
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Cm, Pt
from stamp import MOMENT, stamp

TEAL, RUST, INK, PALE = (RGBColor.from_string(hue) for hue in ("14505C", "B4482E", "1F2A2E", "EAF1F2"))
WIDTH, HEIGHT, MARGIN = Cm(33.87), Cm(19.05), Cm(2)


def write_pptx(manuscript: Manuscript, path: Path) -> None:
    """Write the PPTX; the same manuscript gives the same bytes."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    core = deck.core_properties
    core.title, core.subject, core.author = manuscript.title, manuscript.number, "Ollerby Laboratories"
    core.created = core.modified = MOMENT
    core.last_modified_by = "Ollerby Laboratories"
    _cover(deck, manuscript)
    slide, top = None, Cm(0)
    for block in manuscript.blocks:
        if isinstance(block, Heading):
            slide, top = _open(deck, block.text, manuscript), Cm(3.6)
        elif slide is None:
            raise ValueError(f"A slide opens with a heading, but {path.name!r} starts with {block!r}")
        else:
            top = _place(slide, block, top)
    deck.save(str(path))
    stamp(path)


def _cover(deck: Deck, manuscript: Manuscript) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    band = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, 0, 0, Cm(1), HEIGHT)
    band.fill.solid()
    band.fill.fore_color.rgb = TEAL
    band.line.fill.background()
    title, subtitle = slide.shapes.title, slide.placeholders[1]
    title.left, title.top, title.width, title.height = MARGIN, Cm(5.5), WIDTH - 2 * MARGIN, Cm(3.5)
    subtitle.left, subtitle.top, subtitle.width, subtitle.height = MARGIN, Cm(9.5), WIDTH - 2 * MARGIN, Cm(4.5)
    _write(title.text_frame, [manuscript.title], size=40, color=TEAL, bold=True)
    lines = [f"{name}: {value}" for name, value in manuscript.facts]
    _write(subtitle.text_frame, lines, size=16)


def _open(deck: Deck, text: str, manuscript: Manuscript) -> Slide:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    title = slide.shapes.title
    title.left, title.top, title.width, title.height = MARGIN, Cm(0.9), WIDTH - 2 * MARGIN, Cm(2)
    _write(title.text_frame, [text], size=28, color=TEAL, bold=True)
    rule = slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, MARGIN, Cm(3), WIDTH - MARGIN, Cm(3))
    rule.line.color.rgb = RUST
    footer = slide.shapes.add_textbox(MARGIN, HEIGHT - Cm(1.2), WIDTH - 2 * MARGIN, Cm(0.8))
    _write(footer.text_frame, [f"Ollerby Laboratories · {manuscript.number} · {len(deck.slides)}"], size=10)
    return slide


def _place(slide: Slide, block: object, top: int) -> int:
    """Put the block under what is there; returns where the next one goes."""
    match block:
        case Paragraph(text):
            return _text(slide, [text], top)
        case Callout(text):
            return _text(slide, [text], top, color=RUST)
        case Items(items, numbered):
            marks = [f"{index}. " if numbered else "• " for index in range(1, len(items) + 1)]
            return _text(slide, [mark + item for mark, item in zip(marks, items, strict=True)], top)
        case Table(rows):
            return _grid(slide, rows, top)
        case OrgChart(boxes):
            return _chart(slide, boxes, top)
        case Notes(text):
            frame = slide.notes_slide.notes_text_frame
            frame.text = f"{frame.text}\n{text}".strip()
            return top
        case PageBreak():
            return top
        case _:
            raise AssertionError(block)


def _text(slide: Slide, lines: list[str], top: int, *, color: RGBColor = INK) -> int:
    height = sum(Cm(0.95) * (1 + len(line) // 92) + Cm(0.45) for line in lines)
    box = slide.shapes.add_textbox(MARGIN, top, WIDTH - 2 * MARGIN, height)
    _write(box.text_frame, lines, size=20, color=color)
    return top + height + Cm(0.4)


def _write(
    frame: TextFrame, lines: list[str], *, size: int, color: RGBColor = INK, bold: bool = False, align: PP_ALIGN = PP_ALIGN.LEFT
) -> None:
    frame.word_wrap = True
    for index, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        paragraph.alignment, paragraph.space_after = align, Pt(size // 3)
        for text, strong in spans(line):
            run = paragraph.add_run()
            run.text = text
            run.font.size, run.font.bold, run.font.color.rgb, run.font.name = Pt(size), bold or strong, color, "Calibri"


def _grid(slide: Slide, rows: tuple[tuple[str, ...], ...], top: int) -> int:
    width, height = WIDTH - 2 * MARGIN, Cm(1.25) * len(rows)
    table = slide.shapes.add_table(len(rows), len(rows[0]), MARGIN, top, width, height).table
    widest = [max(min(len(row[column]), 50) + 4 for row in rows) for column in range(len(rows[0]))]
    for index, each in enumerate(widest):
        table.columns[index].width = int(width * each / sum(widest))
    for index, row in enumerate(rows):
        for column, text in enumerate(row):
            cell = table.cell(index, column)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            cell.fill.solid()
            cell.fill.fore_color.rgb = TEAL if index == 0 else PALE
            hue = RGBColor.from_string("FFFFFF") if index == 0 else INK
            _write(cell.text_frame, [text], size=16, color=hue, bold=index == 0)
    return top + height + Cm(0.6)


def _chart(slide: Slide, boxes: tuple[tuple[str, str], ...], top: int) -> int:
    width, height, gap = Cm(6.9), Cm(2.7), Cm(0.7)
    head = _box(slide, boxes[0], (WIDTH - width) // 2, top, width, height)
    for index, box in enumerate(boxes[1:]):
        row, column = divmod(index, 4)
        in_row = min(4, len(boxes) - 1 - row * 4)
        left = (WIDTH - in_row * width - (in_row - 1) * gap) // 2 + column * (width + gap)
        shape = _box(slide, box, left, top + (row + 1) * (height + Cm(1.6)), width, height)
        if row == 0:
            line = slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, 0, 0, 0, 0)
            line.begin_connect(head, 2)
            line.end_connect(shape, 0)
            line.line.color.rgb = RUST
    rows = (len(boxes) + 2) // 4 + 1
    return top + rows * (height + Cm(1.6))


def _box(slide: Slide, box: tuple[str, str], left: int, top: int, width: int, height: int) -> object:
    shape = slide.shapes.add_shape(MSO_SHAPE.ROUNDED_RECTANGLE, left, top, width, height)
    shape.fill.solid()
    shape.fill.fore_color.rgb = TEAL
    shape.line.fill.background()
    _write(shape.text_frame, list(box), size=14, color=RGBColor.from_string("FFFFFF"), align=PP_ALIGN.CENTER)
    return shape
