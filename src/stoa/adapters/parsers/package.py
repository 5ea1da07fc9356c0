"""Files that are packages of files: opened only if what is in them is of a size that can be read."""

import io
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from xml.etree import ElementTree as ET

from stoa.errors import Unreadable

MOST_UNPACKED = 2**30
_MOST_ENTRIES = 20_000
_MOST_XML = 2**27
"""Of one part that is read as a tree, which takes some ten times its size in memory."""

_OLE = b"\xd0\xcf\x11\xe0"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_MODIFIED = "{http://purl.org/dc/terms/}modified"


@contextmanager
def opened(data: bytes) -> Generator[zipfile.ZipFile]:
    """The package. Raises Unreadable for one that is encrypted, broken or unpacks to too much."""
    if data.startswith(_OLE):
        raise Unreadable("The file is encrypted or of the format before 2007; save it anew without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise Unreadable(f"The file holds more than {_MOST_ENTRIES:,} files.")
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise Unreadable("The file unpacks to more than 1 GiB.")
            if any(entry.flag_bits & 1 for entry in entries):
                raise Unreadable("The file is encrypted; save it without a password.")
            yield archive
    except zipfile.BadZipFile:
        raise Unreadable("The file is broken: it is not the package that its name says.") from None
    except ET.ParseError as error:
        raise Unreadable(f"The file is broken: {error}.") from None
    except RecursionError:
        raise Unreadable("The file is nested too deeply to be read.") from None


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of a package, no longer than it says it is. Raises Unreadable when it is not there or too long to be read."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise Unreadable(f"The file is broken: it has no part {name!r}.") from None
    if entry.file_size > _MOST_XML:
        raise Unreadable(f"The part {name!r} of the file has more than {_MOST_XML // 2**20} MiB.")
    with archive.open(entry) as part:
        return part.read(_MOST_XML)


def tree(archive: zipfile.ZipFile, name: str) -> ET.Element:
    """One file of a package as XML."""
    return ET.fromstring(member(archive, name))  # noqa: S314 - expat expands no entities in bulk


def core_properties(data: bytes) -> tuple[str, str | None]:
    """Title and date of an Office file, empty and None where it has none."""
    try:
        with opened(data) as archive:
            core = tree(archive, "docProps/core.xml")
    except Unreadable:
        return "", None
    title, modified = core.find(_TITLE), core.find(_MODIFIED)
    date = (modified.text or "")[:10] if modified is not None else ""
    return (title.text or "") if title is not None else "", date if len(date) == 10 else None
