"""The table of formats: which reader takes a file, by the end of its name. Readers import their library late."""

import importlib
import importlib.metadata
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

import msgspec

from stoa.adapters.parsers.clean import tidy
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable

if TYPE_CHECKING:
    from stoa.adapters.parsers.recognise import Recogniser

Reader = Callable[..., ParsedDocument]
"""Takes the bytes, and what else its family needs: see `_reader`."""

_MOST_WITHIN = 2
"""Files within files within files."""

_CODE = frozenset(
    "bash bat c cc cfg cpp cs css dart ex fs go gradle graphql groovy h hpp hs ini java jl js json jsx kt lua m ml php pl "  # noqa: SIM905
    "properties proto ps1 py r rb rs scala sh sql svelte swift tex tf toml ts tsx vb vue xml yaml yml zig".split()
)

_WITH = {
    "pdf.read_pdf": "pypdfium2", "picture.read_picture": "pypdfium2", "office.read_docx": "markitdown",
    "office.read_pptx": "markitdown", "sheets.read_xlsx": "openpyxl", "web.read_html": "markitdown",
    "book.read_epub": "markitdown", "rich_text.read_rtf": "striprtf", "outlook.read_msg": "olefile",
}  # fmt: skip
"""The package behind a reader, where there is one."""

READERS: dict[str, str] = {
    "pdf": "pdf.read_pdf",
    "docx": "office.read_docx", "docm": "office.read_docx",
    "pptx": "office.read_pptx", "pptm": "office.read_pptx",
    "xlsx": "sheets.read_xlsx", "xlsm": "sheets.read_xlsx",
    "odt": "opendocument.read_opendocument", "odp": "opendocument.read_opendocument",
    "ods": "opendocument.read_opendocument", "ott": "opendocument.read_opendocument",
    "epub": "book.read_epub",
    "rtf": "rich_text.read_rtf",
    "csv": "sheets.read_csv", "tsv": "sheets.read_csv",
    "html": "web.read_html", "htm": "web.read_html", "xhtml": "web.read_html",
    "md": "text.read_markdown", "markdown": "text.read_markdown",
    "eml": "mail.read_eml", "msg": "outlook.read_msg",
    "ipynb": "notebook.read_notebook",
    **dict.fromkeys(("png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"), "picture.read_picture"),
    **dict.fromkeys(("txt", "text", "rst", "log"), "text.read_text"),
    **dict.fromkeys(_CODE, "text.read_code"),
}  # fmt: skip
"""By the last part of the name, in lower case: the file of this folder that reads it, and the function there."""

_NAMED = {
    "dockerfile": "text.read_code", "makefile": "text.read_code", "readme": "text.read_text", "license": "text.read_text",
    "changelog": "text.read_text",
}  # fmt: skip

_OLD = {"doc": "docx", "ppt": "pptx", "xls": "xlsx", "pages": "pdf"}


def read(data: bytes, name: str, *, recogniser: "Recogniser | None" = None, within: int = 0) -> ParsedDocument:
    """The text of a file, cleaned, with a title. Raises Unreadable with the reason.

    `recogniser` reads pictures of pages; `within` is how many files this one lies in.
    """
    path = PurePosixPath(name)
    suffix = path.suffix.lower().removeprefix(".")
    place = READERS.get(suffix) or _NAMED.get(path.name.lower())
    if place is None:
        if suffix in _OLD:
            raise Unreadable(f"Files of kind .{suffix} cannot be read; save it as .{_OLD[suffix]}.")
        kind = f"of kind .{suffix}" if suffix else "without an ending"
        raise Unreadable(
            f"Files {kind} cannot be read; use PDF, DOCX, PPTX, XLSX, OpenDocument, EPUB, HTML, Markdown, text, CSV, e-mail "
            "or source code."
        )
    if not data:
        raise Unreadable("The file is empty.")
    document = tidy(_reader(place, recogniser, within)(data))
    if not document.text.strip():
        raise Unreadable(_nothing_in(document))
    return msgspec.structs.replace(document, notes=(*_unread(document), *document.notes), reader=_made_by(place, recogniser))


def _reader(place: str, recogniser: "Recogniser | None", within: int) -> Reader:
    module, _, function = place.partition(".")
    reader = cast("Reader", getattr(importlib.import_module(f"stoa.adapters.parsers.{module}"), function))  # of the table
    match module:
        case "pdf":
            return partial(reader, recognise=recogniser.page if recogniser is not None else None)
        case "picture":
            return partial(reader, recogniser=recogniser)
        case "mail" | "outlook":
            return partial(reader, inner=partial(_inner, recogniser=recogniser, within=within + 1))
        case _:
            return reader


def _inner(data: bytes, name: str, *, recogniser: "Recogniser | None", within: int) -> ParsedDocument:
    if within > _MOST_WITHIN:
        raise Unreadable("It lies in too many files that lie in each other.")
    return read(data, name, recogniser=recogniser, within=within)


def _nothing_in(document: ParsedDocument) -> str:
    if document.unread:
        return (
            "No text was found in the file: its pages are pictures, so a scanned document. "
            "Their text is recognised where Tesseract is installed (worker.ocr_languages)."
        )
    return "No text was found in the file; a scanned document needs its text recognised first."


def _unread(document: ParsedDocument) -> tuple[str, ...]:
    if not document.unread:
        return ()
    pages = [str(page) for page in document.unread[:50]]
    more = len(document.unread) - len(pages)
    named = ", ".join(pages) + (f" and {more} more" if more else "")
    return (
        f"Not read, for they are pictures: page{'s' if len(document.unread) > 1 else ''} {named} of {len(document.pages)}.",
    )


def _made_by(place: str, recogniser: "Recogniser | None") -> str:
    package = _WITH.get(place)
    programs = [f"{package} {importlib.metadata.version(package)}"] if package else []
    if recogniser is not None and recogniser.used:
        programs.append(recogniser.version)
    return ", ".join(programs)
