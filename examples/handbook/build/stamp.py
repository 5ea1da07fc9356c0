"""Rewrites an office file with fixed dates, so that a second build gives the same bytes."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MOMENT = datetime(2025, 11, 3, 9, 0, tzinfo=UTC)
_SAVED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def stamp(path: Path) -> None:
    """Give every part of the file, and its properties, the one moment."""
    with ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    saved = MOMENT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in parts:
            part = ZipInfo(name, MOMENT.timetuple()[:6])
            part.compress_type = ZIP_DEFLATED
            archive.writestr(part, _SAVED.sub(rb"\g<1>" + saved, data) if name == "docProps/core.xml" else data)
