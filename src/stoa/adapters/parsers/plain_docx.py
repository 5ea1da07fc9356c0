"""A Word file without what only says how it looks.

Its styles are a hundred times what is asked of them, which is their names and which of them number: read whole, by a parser in
Python, they take nearly all of the time that a short document takes.
"""

import io
import zipfile
from xml.etree import ElementTree as ET

from stoa.adapters.parsers.package import tree

_PARTS = frozenset(("word/styles.xml", "word/numbering.xml"))
_TOLD = frozenset(
    "style name pPr numPr numId abstractNum lvl numFmt pStyle numStyleLink num abstractNumId".split()  # noqa: SIM905
)
"""Elements that say what something is: a heading, a list, the kind of its numbers."""

_EITHER = "AlternateContent"
"""Which of two ways counts is the reader's to tell, so all of it stays."""


def without_looks(archive: zipfile.ZipFile) -> io.BytesIO:
    """The same package with its styles and numberings cut down. Raises Unreadable, and what a broken XML raises."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as plain:
        for entry in archive.infolist():
            data = archive.read(entry) if entry.filename not in _PARTS else _told(archive, entry.filename)
            plain.writestr(entry.filename, data)
    made.seek(0)
    return made


def _told(archive: zipfile.ZipFile, name: str) -> bytes:
    root = tree(archive, name)
    _cut(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _cut(element: ET.Element) -> None:
    for child in list(element):
        kind = child.tag.rpartition("}")[2]
        if kind in _TOLD:
            _cut(child)
        elif kind != _EITHER:
            element.remove(child)
