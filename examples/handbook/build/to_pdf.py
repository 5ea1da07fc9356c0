"""Writes a manuscript as PDF: title block, running header, page numbers."""

from pathlib import Path
from xml.sax.saxutils import escape

from manuscript import Callout, Heading, Items, Manuscript, Notes, OrgChart, PageBreak, Paragraph, Table, spans
from reportlab import rl_config
from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, ListFlowable, ListItem, SimpleDocTemplate, Spacer
from reportlab.platypus import PageBreak as Break
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

INK, TEAL, RUST, PALE = HexColor("#1F2A2E"), HexColor("#14505C"), HexColor("#B4482E"), HexColor("#EAF1F2")

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14.5, textColor=INK, spaceAfter=7)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9, leading=11.5, spaceAfter=0)
HEAD = ParagraphStyle("head", parent=CELL, fontName="Helvetica-Bold", textColor=white)
NAME = ParagraphStyle("name", parent=CELL, fontName="Helvetica-Bold", textColor=TEAL)
TITLE = ParagraphStyle("title", parent=BODY, fontName="Helvetica-Bold", fontSize=21, leading=26, textColor=TEAL, spaceAfter=8)
SECTIONS = {
    1: ParagraphStyle("h1", parent=TITLE, fontSize=13.5, leading=17, spaceBefore=11, spaceAfter=5, keepWithNext=1),
    2: ParagraphStyle("h2", parent=TITLE, fontSize=11, leading=14, spaceBefore=7, spaceAfter=4, keepWithNext=1),
}
NOTICE = ParagraphStyle(
    "notice", parent=BODY, backColor=PALE, borderColor=TEAL, borderWidth=0.7, borderPadding=7, spaceBefore=13, spaceAfter=15
)
MARGIN, PADDING = 23 * mm, 6  # the library pads its frame by six points
WIDTH = A4[0] - 2 * MARGIN


def write_pdf(manuscript: Manuscript, path: Path) -> None:
    """Write the PDF; the same manuscript gives the same bytes."""
    rl_config.invariant = 1
    document = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=MARGIN - PADDING,
        rightMargin=MARGIN - PADDING,
        topMargin=26 * mm,
        bottomMargin=22 * mm,
        title=manuscript.title,
        author="Ollerby Laboratories",
        subject=manuscript.number,
    )
    story: list[Flowable] = [Text(escape(manuscript.title), TITLE), _facts(manuscript), Spacer(0, 5 * mm)]
    for block in manuscript.blocks:
        story += _flowables(block)
    if manuscript.revisions:
        story += [Text("Revision history", SECTIONS[1]), _grid((("Version", "Date", "Change"), *manuscript.revisions))]

    class Numbered(_NumberedCanvas):
        running = " · ".join(("Ollerby Laboratories", manuscript.number, f"Version {manuscript.version}"))

    document.build(story, canvasmaker=Numbered)


def _flowables(block: object) -> list[Flowable]:
    match block:
        case Heading(level, text):
            return [Text(_inline(text), SECTIONS[min(level, 2)])]
        case Paragraph(text):
            return [Text(_inline(text), BODY)]
        case Callout(text):
            return [Text(_inline(text), NOTICE)]
        case Items(items, numbered):
            entries = [ListItem(Text(_inline(item), BODY)) for item in items]
            kind = "1" if numbered else "bullet"
            look = {"bulletColor": RUST, "bulletFontSize": 10, "leftIndent": 15}
            return [ListFlowable(entries, bulletType=kind, start=None if numbered else "•", **look)]
        case Table(rows):
            return [_grid(rows), Spacer(0, 4 * mm)]
        case PageBreak():
            return [Break()]
        case Notes() | OrgChart():
            raise ValueError(f"A PDF has no place for {block!r}; move it to a .pptx manuscript")
        case _:
            raise AssertionError(block)


def _inline(text: str) -> str:
    return "".join(f"<b>{escape(run)}</b>" if bold else escape(run) for run, bold in spans(text))


def _facts(manuscript: Manuscript) -> Grid:
    rows = [[Text(name, NAME), Text(escape(value), CELL)] for name, value in manuscript.facts]
    rules = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#C5D3D6")),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Grid(rows, colWidths=[34 * mm, WIDTH - 34 * mm], style=rules)


def _grid(rows: tuple[tuple[str, ...], ...]) -> Grid:
    cells = [[Text(_inline(cell), HEAD if index == 0 else CELL) for cell in row] for index, row in enumerate(rows)]
    widest = [max(15, *(min(len(row[column]), 46) + 5 for row in rows)) for column in range(len(rows[0]))]
    widths = [WIDTH * each / sum(widest) for each in widest]
    style = [
        ("BACKGROUND", (0, 0), (-1, 0), TEAL),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, PALE]),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#C5D3D6")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    return Grid(cells, colWidths=widths, repeatRows=1, style=style)


class _NumberedCanvas(Canvas):
    """Keeps the pages back until their number is known."""

    running = ""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802  the canvas's own name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            self._frame(len(self._pages))
            super().showPage()
        super().save()

    def _frame(self, total: int) -> None:
        self.setFont("Helvetica", 8)
        self.setFillColor(HexColor("#5C6B70"))
        self.drawString(MARGIN, A4[1] - 16 * mm, self.running)
        self.drawRightString(A4[0] - MARGIN, 13 * mm, f"Page {self._pageNumber} of {total}")
        self.drawString(MARGIN, 13 * mm, "Printed copies are uncontrolled.")
        self.setStrokeColor(TEAL)
        self.setLineWidth(0.8)
        self.line(MARGIN, A4[1] - 18 * mm, A4[0] - MARGIN, A4[1] - 18 * mm)
