"""A Word file without its looks says what the whole file says."""

import io
import zipfile

from markitdown import StreamInfo
from markitdown.converters import DocxConverter

from stoa.adapters.parsers.plain_docx import without_looks

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGES = "http://schemas.openxmlformats.org/package/2006"
LOOKS = '<w:rPr><w:color w:val="FF0000"/><w:sz w:val="40"/></w:rPr>' * 50

STYLES = (
    f"<w:styles {WORD}><w:docDefaults>{LOOKS}</w:docDefaults>"
    f'<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/>{LOOKS}</w:style>'
    f'<w:style w:type="paragraph" w:styleId="Steps"><w:name w:val="Steps"/>{LOOKS}</w:style>'
    '<w:style w:type="numbering" w:styleId="Own"><w:name w:val="Own"/>'
    '<w:pPr><w:jc w:val="left"/><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr></w:style></w:styles>'
)
NUMBERING = (
    f'<w:numbering {WORD}><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    f'<w:pStyle w:val="Steps"/>{LOOKS}</w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="2"><w:numStyleLink w:val="Own"/></w:abstractNum>'
    '<w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="8"><w:abstractNumId w:val="2"/></w:num>'
    "</w:numbering>"
)
BODY = "".join(
    f"<w:p><w:pPr>{told}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
    for told, text in (
        ('<w:pStyle w:val="H1"/>', "Moving in"),
        ('<w:pStyle w:val="Steps"/>', "Knock."),
        ('<w:numPr><w:ilvl w:val="0"/><w:numId w:val="8"/></w:numPr>', "Wait."),
        ("", "Then open."),
    )
)


def word_file() -> bytes:
    related = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{name}" Target="{name}.xml"/>' for name in ("styles", "numbering")
    )
    files = {
        "[Content_Types].xml": (
            f'<Types xmlns="{PACKAGES}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{PACKAGES}/relationships"><Relationship Id="r" Type="{OFFICE}/officeDocument" '
            'Target="word/document.xml"/></Relationships>'
        ),
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGES}/relationships">{related}</Relationships>',
        "word/document.xml": f"<w:document {WORD}><w:body>{BODY}</w:body></w:document>",
        "word/styles.xml": STYLES,
        "word/numbering.xml": NUMBERING,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def markdown(stream: io.BytesIO) -> str:
    return DocxConverter().convert(stream, StreamInfo(extension=".docx")).markdown


def test_headings_and_lists_are_those_of_the_whole_file() -> None:
    data = word_file()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        plain = markdown(without_looks(archive))
    assert plain == markdown(io.BytesIO(data))
    assert plain.split("\n") == ["# Moving in", "", "1. Knock.", "2. Wait.", "", "Then open."]


def test_what_says_how_it_looks_is_gone_and_all_else_is_as_it_was() -> None:
    with zipfile.ZipFile(io.BytesIO(word_file())) as archive, zipfile.ZipFile(without_looks(archive)) as plain:
        assert plain.namelist() == archive.namelist()
        assert plain.read("word/document.xml") == archive.read("word/document.xml")
        for name in ("word/styles.xml", "word/numbering.xml"):
            assert b"color" not in plain.read(name)
