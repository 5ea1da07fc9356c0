"""Writes a manuscript as DOCX with real heading, list and table styles."""

from pathlib import Path

from docx import Document
from docx.document import Document as Doc
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph as DocParagraph
from manuscript import Callout, Heading, Items, Manuscript, Notes, OrgChart, PageBreak, Paragraph, Table, spans
from stamp import MOMENT, stamp

TEAL = RGBColor(0x14, 0x50, 0x5C)
TABLE_STYLE = "Light Grid Accent 1"


def write_docx(manuscript: Manuscript, path: Path) -> None:
    """Write the DOCX; the same manuscript gives the same bytes."""
    document = Document()
    _style(document)
    core = document.core_properties
    core.title, core.subject, core.author = manuscript.title, manuscript.number, "Ollerby Laboratories"
    core.created = core.modified = MOMENT
    core.last_modified_by, core.comments = "Ollerby Laboratories", ""
    _frame(document, manuscript)
    document.add_heading(manuscript.title, level=0)
    _grid(document, manuscript.facts, header=False)
    for block in manuscript.blocks:
        _add(document, block)
    if manuscript.revisions:
        document.add_heading("Revision history", level=1)
        _grid(document, (("Version", "Date", "Change"), *manuscript.revisions))
    document.save(str(path))
    stamp(path)


def _style(document: Doc) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    body = document.styles["Normal"]
    body.font.name, body.font.size = "Calibri", Pt(11)
    body.paragraph_format.space_after = Pt(7)
    for name in ("Title", "Heading 1", "Heading 2"):
        document.styles[name].font.color.rgb = TEAL


def _frame(document: Doc, manuscript: Manuscript) -> None:
    section = document.sections[0]
    section.header.paragraphs[0].text = f"Ollerby Laboratories · {manuscript.number} · Version {manuscript.version}"
    footer = section.footer.paragraphs[0]
    footer.add_run("Printed copies are uncontrolled. Page ")
    run = footer.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._r.append(part)


def _add(document: Doc, block: object) -> None:
    match block:
        case Heading(level, text):
            document.add_heading(text, level=level)
        case Paragraph(text):
            _runs(document.add_paragraph(), text)
        case Callout(text):
            _runs(document.add_paragraph(style="Intense Quote"), text)
        case Items(items, numbered):
            for item in items:
                _runs(document.add_paragraph(style="List Number" if numbered else "List Bullet"), item)
        case Table(rows):
            _grid(document, rows)
        case PageBreak():
            document.add_page_break()
        case Notes() | OrgChart():
            raise ValueError(f"A DOCX has no place for {block!r}; move it to a .pptx manuscript")
        case _:
            raise AssertionError(block)


def _runs(paragraph: DocParagraph, text: str) -> None:
    for run, bold in spans(text):
        paragraph.add_run(run).bold = bold or None


def _grid(document: Doc, rows: tuple[tuple[str, ...], ...], *, header: bool = True) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    table.style = TABLE_STYLE if header else "Table Grid"
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            _runs(cell.paragraphs[0], text)
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)
    if header:
        mark = OxmlElement("w:tblHeader")
        mark.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(mark)
    document.add_paragraph()
