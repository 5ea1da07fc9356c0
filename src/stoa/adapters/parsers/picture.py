"""Pictures of pages."""

from stoa.adapters.parsers.pdf import compose
from stoa.adapters.parsers.recognise import Recogniser
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable


def read_picture(data: bytes, recogniser: Recogniser | None) -> ParsedDocument:
    """A scanned page or a photograph of one."""
    if recogniser is None:
        raise Unreadable("The file is a picture; text in it is recognised where Tesseract is installed (worker.ocr_languages).")
    found = recogniser.picture(data)
    if found is None:
        raise Unreadable("The picture could not be read: Tesseract failed on it, or it took too long.")
    return compose("", None, [found])
