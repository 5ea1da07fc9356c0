"""Formats that are packages: OpenDocument, EPUB, Word's footnotes, and what harm such files may be made to do."""

import io
import json
import zipfile
from collections.abc import Mapping

import pytest

from stoa.adapters.parsers.read import read
from stoa.errors import Unreadable

NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("p", "presentation"))
)
META = (
    '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<office:meta><dc:title>House rules</dc:title><dc:date>2026-03-14T10:00:00</dc:date></office:meta></office:document-meta>"
)


def package(files: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def opendocument(body: str, meta: str = META) -> bytes:
    content = f"<office:document-content {NAMESPACES}><office:body>{body}</office:body></office:document-content>"
    return package({"content.xml": content, "meta.xml": meta})


def table(*rows: tuple[str, ...], name: str = "T") -> str:
    cells = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{c}</text:p></table:table-cell>" for c in row)
        + "</table:table-row>"
        for row in rows
    )
    return f'<table:table table:name="{name}">{cells}</table:table>'


def test_a_text_keeps_headings_lists_tables_and_notes() -> None:
    said = "<text:note-body><text:p>By post.</text:p></text:note-body>"
    note = f"<text:note><text:note-citation>1</text:note-citation>{said}</text:note>"
    inner = "<text:list><text:list-item><text:p>1st</text:p></text:list-item></text:list>"
    body = (
        f'<office:text><text:h text:outline-level="2">Leave</text:h><text:p>Ask<text:s/>in time{note}.</text:p>'
        f"<text:p>Then wait.</text:p><text:list><text:list-item><text:p>May</text:p>{inner}</text:list-item></text:list>"
        f"{table(('Day', 'Room'), ('Monday', '4'))}</office:text>"
    )
    document = read(opendocument(body), "a.odt")
    assert (document.title, document.date) == ("House rules", "2026-03-14")
    assert [(h.level, h.text) for h in document.headings] == [(2, "Leave")]
    assert "Ask in time[^1].\n\n[^1]: By post.\n\nThen wait." in document.text
    assert "- May\n  - 1st" in document.text
    assert "| Day | Room |\n| --- | --- |\n| Monday | 4 |" in document.text


def test_slides_are_pages_with_their_notes_under_a_heading() -> None:
    def box(words: str) -> str:
        return f"<draw:text-box><text:p>{words}</text:p></draw:text-box>"

    slide = (
        f'<draw:page><draw:frame p:class="title">{box("Plan {n}")}</draw:frame><draw:frame>{box("Point {n}")}</draw:frame>'
        f"<p:notes><draw:frame>{box('Say {n}')}</draw:frame></p:notes></draw:page>"
    )
    slides = "".join(slide.replace("{n}", str(n)) for n in (1, 2))
    document = read(opendocument(f"<office:presentation>{slides}</office:presentation>"), "a.odp")
    assert [h.text for h in document.headings] == ["Plan 1", "Notes", "Plan 2", "Notes"]
    assert document.page_at(document.text.index("Say 2")) == 2


def test_sheets_of_a_workbook_are_sections_and_the_empty_rest_of_a_sheet_costs_nothing() -> None:
    rest = (
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/>'
        "</table:table-row>"
    )
    sheet = table(("Item", "Amount"), ("Sales", "12"), name="Budget").replace("</table:table>", f"{rest}</table:table>")
    document = read(opendocument(f"<office:spreadsheet>{sheet}</office:spreadsheet>"), "a.ods")
    assert document.text == "Budget\nItem: Sales; Amount: 12"
    assert [h.text for h in document.headings] == ["Budget"]


def test_chapters_of_a_book_come_in_the_order_of_its_spine() -> None:
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>A Book</dc:title><dc:date>2024</dc:date></metadata><manifest>"
        '<item id="b" href="b%20two.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="O/c.opf"/></rootfiles></container>'
    )
    chapter = (
        "<html><body><h1>Chapter {n}</h1><p>Words {n}<sup><a href='#n1'>1</a></sup>.</p><p>More.</p>"
        "<aside id='n1'>A note.</aside></body></html>"
    )
    files = {"META-INF/container.xml": container, "O/c.opf": opf, "O/b two.xhtml": chapter.replace("{n}", "2"),
             "O/a.xhtml": chapter.replace("{n}", "1")}  # fmt: skip
    document = read(package(files), "a.epub")
    assert (document.title, document.date) == ("A Book", "2024")
    assert [h.text for h in document.headings] == ["Chapter 1", "Chapter 2"]
    assert "Words 1[^1].\n\n[^1]: A note.\n\nMore." in document.text
    assert document.page_at(document.text.index("Words 2")) == 2


def test_footnotes_of_word_stand_behind_their_paragraph() -> None:
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    paragraphs = (
        '<w:p><w:r><w:t>Paid in a month</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        "<w:p><w:r><w:t>Another paragraph.</w:t></w:r></w:p>"
    )
    note = '<w:footnote w:id="2"><w:p><w:r><w:t>Later in August.</w:t></w:r></w:p></w:footnote>'
    kinds = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    files = {
        "[Content_Types].xml": (
            f'<Types xmlns="{packages}/content-types">{kinds}<Default Extension="xml" ContentType="application/xml"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{packages}/relationships"><Relationship Id="r" Type="{office}/officeDocument" '
            'Target="word/document.xml"/></Relationships>'
        ),
        "word/_rels/document.xml.rels": (
            f'<Relationships xmlns="{packages}/relationships"><Relationship Id="f" Type="{office}/footnotes" '
            'Target="footnotes.xml"/></Relationships>'
        ),
        "word/document.xml": f"<w:document {word}><w:body>{paragraphs}</w:body></w:document>",
        "word/footnotes.xml": f"<w:footnotes {word}>{note}</w:footnotes>",
    }
    text = read(package(files), "a.docx").text
    assert text == "Paid in a month[^1]\n\n[^1]: Later in August.\n\nAnother paragraph."


def bomb(name: str) -> bytes:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w", force_zip64=True) as big,
    ):
        for _ in range(1025):
            big.write(bytes(2**20))
    return packed.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.odt", "a.epub"])
def test_a_package_that_unpacks_to_too_much_is_refused(name: str, packed: bytes) -> None:
    with pytest.raises(Unreadable, match="unpacks to more than 1 GiB"):
        read(packed, name)


@pytest.fixture(scope="module")
def packed() -> bytes:
    return bomb("content.xml")


def test_a_package_of_countless_files_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 20,000 files"):
        read(package({f"f{n}": "" for n in range(20_001)}), "a.odt")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.odt", package({"meta.xml": META}), "no part 'content.xml'"),
        ("a.odt", package({"content.xml": "<a><b></a>"}), "broken: mismatched tag"),
        ("a.odt", b"PK\x03\x04 cut off", "not the package"),
        ("a.epub", package({"x": ""}), "no part 'META-INF/container.xml'"),
        ("a.rtf", b"plain words", "no RTF"),
        ("a.ipynb", b'{"cells": 3}', "not a notebook"),
        ("a.msg", b"no such thing", "broken"),
        ("a.png", b"\x89PNG", "Tesseract"),
    ],
)
def test_what_is_broken_says_why(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(data, name)


def test_entities_that_multiply_are_refused() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 50}">' for n in range(12))
    with pytest.raises(Unreadable, match="broken"):
        read(package({"content.xml": f"<!DOCTYPE a [{entities}]><a>&e11;</a>"}), "a.odt")


def test_elements_nested_beyond_reason_are_refused() -> None:
    deep = "<text:section>" * 5000 + "<text:p>x</text:p>" + "</text:section>" * 5000
    with pytest.raises(Unreadable, match="nested too deeply"):
        read(opendocument(f"<office:text>{deep}</office:text>"), "a.odt")


def test_rich_text_is_its_words() -> None:
    assert read(rb"{\rtf1\ansi {\b Leave} rules\par Ask caf\'e9 staff.\par}", "a.rtf").text == "Leave rules\nAsk café staff."


def test_a_notebook_is_its_text_and_its_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Load\n"]},
        {"cell_type": "code", "source": "x = 1", "outputs": [{"text": "noise"}]},
    ]
    book = json.dumps({"metadata": {"kernelspec": {"language": "python"}}, "cells": cells}).encode()
    document = read(book, "a.ipynb")
    assert document.text == "# Load\n\n```python\nx = 1\n```"
    assert [h.text for h in document.headings] == ["Load"]
