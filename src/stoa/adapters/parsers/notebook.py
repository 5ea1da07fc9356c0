"""Notebooks of Jupyter: text and code in their order, without what the code put out."""

from typing import Any, cast

import msgspec

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.footnotes import placed
from stoa.adapters.parsers.text import markdown_headings
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable


def read_notebook(data: bytes) -> ParsedDocument:
    """Cells of text as Markdown, cells of code as fenced code."""
    try:
        book = msgspec.json.decode(data)
        cells = book["cells"]
        language = str(book.get("metadata", {}).get("kernelspec", {}).get("language", ""))
        parts = [_cell(cast("dict[str, Any]", cell), language) for cell in cells]  # cast: JSON, checked by the errors below
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        raise Unreadable("The file is not a notebook of Jupyter, version 4.") from None
    text = placed(clean("\n\n".join(part for part in parts if part.strip())))
    return ParsedDocument(title="", text=text, headings=markdown_headings(text), kind="markdown")


def _cell(cell: dict[str, Any], language: str) -> str:
    source = cell["source"]
    words = ("".join(source) if isinstance(source, list) else str(source)).strip("\n")
    if cell["cell_type"] != "code" or not words:
        return words
    fence = "````" if "```" in words else "```"
    return f"{fence}{language}\n{words}\n{fence}"
