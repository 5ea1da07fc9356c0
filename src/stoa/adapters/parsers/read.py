"""The table of formats: which reader takes a file, by the end of its name. Readers import their library late."""

from collections.abc import Callable
from pathlib import PurePosixPath

from stoa.adapters.parsers.clean import tidy
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable

Reader = Callable[[bytes], ParsedDocument]


def _pdf(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.pdf import read_pdf

    return read_pdf(data)


def _docx(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.office import read_docx

    return read_docx(data)


def _pptx(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.office import read_pptx

    return read_pptx(data)


def _xlsx(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.sheets import read_xlsx

    return read_xlsx(data)


def _csv(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.sheets import read_csv

    return read_csv(data)


def _html(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.web import read_html

    return read_html(data)


def _markdown(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.text import read_markdown

    return read_markdown(data)


def _text(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.text import read_text

    return read_text(data)


def _code(data: bytes) -> ParsedDocument:
    from stoa.adapters.parsers.text import read_code

    return read_code(data)


_CODE = frozenset(
    "bash bat c cc cfg cpp cs css dart ex fs go gradle graphql groovy h hpp hs ini java jl js json jsx kt lua m ml php pl "  # noqa: SIM905
    "properties proto ps1 py r rb rs scala sh sql svelte swift tex tf toml ts tsx vb vue xml yaml yml zig".split()
)

READERS: dict[str, Reader] = {
    "pdf": _pdf,
    "docx": _docx, "docm": _docx,
    "pptx": _pptx, "pptm": _pptx,
    "xlsx": _xlsx, "xlsm": _xlsx,
    "csv": _csv, "tsv": _csv,
    "html": _html, "htm": _html, "xhtml": _html,
    "md": _markdown, "markdown": _markdown,
    "txt": _text, "text": _text, "rst": _text, "log": _text,
    **dict.fromkeys(_CODE, _code),
}  # fmt: skip
"""By the last part of the name, in lower case."""

_NAMED = {"dockerfile": _code, "makefile": _code, "readme": _text, "license": _text, "changelog": _text}

_OLD = {"doc": "docx", "ppt": "pptx", "xls": "xlsx", "odt": "docx", "odp": "pptx", "ods": "xlsx", "rtf": "docx", "pages": "pdf"}


def read(data: bytes, name: str) -> ParsedDocument:
    """The text of a file, cleaned, with a title. Raises Unreadable with the reason."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower().removeprefix(".")
    reader = READERS.get(suffix) or _NAMED.get(path.name.lower())
    if reader is None:
        if suffix in _OLD:
            raise Unreadable(f"Files of kind .{suffix} cannot be read; save it as .{_OLD[suffix]}.")
        kind = f"of kind .{suffix}" if suffix else "without an ending"
        raise Unreadable(f"Files {kind} cannot be read; use PDF, DOCX, PPTX, XLSX, HTML, Markdown, text, CSV or source code.")
    if not data:
        raise Unreadable("The file is empty.")
    document = tidy(reader(data))
    if not document.text.strip():
        raise Unreadable("No text was found in the file; a scanned document needs its text recognised first.")
    return document
