"""RTF, as plain text."""

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.web import squeeze
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable


def read_rtf(data: bytes) -> ParsedDocument:
    """Paragraphs without their looks; cells of a table are divided by `|`."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise Unreadable("The file is broken: it is no RTF.")
    text: str = rtf_to_text(data.decode("cp1252", "replace"), errors="replace")
    return ParsedDocument(title="", text=squeeze(clean(text)), kind="prose")
