"""A strict, small reader of multipart/form-data bodies (RFC 7578): where each part lies, without copying any.

It reads what clients of model APIs send: a few fields and a few files. What is not exactly of the form is refused, since a body
that two readers understand differently is a way past checks.
"""

import re
from typing import NamedTuple

from stoa.errors import InvalidRequest

MAX_PARTS = 128
MAX_HEADERS = 16 * 1024
"""Bytes of one part's headers."""

_BOUNDARY = re.compile(r'^multipart/form-data\s*;\s*boundary=(?:"([^"]{1,70})"|([^\s;",]{1,70}))\s*$', re.IGNORECASE)
_BOUNDARY_CHARS = re.compile(r"[0-9A-Za-z'()+_,./:=? -]*[0-9A-Za-z'()+_,./:=?-]")
_PLAIN = ("binary", "8bit", "7bit")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9*_-]+)=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s";]+))\s*')


class BodyPart(NamedTuple):
    """`start` and `end` are where its content lies in the body. `filename` is None for a plain field."""

    name: str
    filename: str | None
    start: int
    end: int


def boundary_of(content_type: str) -> bytes:
    """Raises InvalidRequest when the header is not that of a multipart form."""
    found = _BOUNDARY.match(content_type)
    boundary = (found[1] or found[2]) if found else ""
    if not boundary or not _BOUNDARY_CHARS.fullmatch(boundary):
        raise InvalidRequest(
            f"Content-Type has to be multipart/form-data with a boundary; found {content_type[:100]!r}.", param="Content-Type"
        )
    return boundary.encode()


def read_parts(body: bytes, boundary: bytes) -> list[BodyPart]:
    """The parts in their order. Raises InvalidRequest when the body is not exactly of the form."""
    delimiter = b"\r\n--" + boundary
    if not body.startswith(delimiter[2:]):
        raise _broken("it does not begin with its boundary")
    parts: list[BodyPart] = []
    at = len(delimiter) - 2
    while body[at : at + 2] != b"--":
        if body[at : at + 2] != b"\r\n":
            raise _broken("a boundary is followed by something else than a line break")
        if len(parts) == MAX_PARTS:
            raise _broken(f"it has more than {MAX_PARTS} parts")
        head_end = body.find(b"\r\n\r\n", at, at + MAX_HEADERS)
        if head_end < 0:
            raise _broken(f"the headers of part {len(parts) + 1} do not end within {MAX_HEADERS} bytes")
        start = head_end + 4
        if body.startswith(delimiter[2:], start):  # some readers see an empty part here, some the boundary as content
            raise _broken(f"part {len(parts) + 1} has neither content nor an end")
        end = body.find(delimiter, start)
        if end < 0:
            raise _broken("it does not end with its boundary")
        name, filename = _disposition(body[at + 2 : head_end], len(parts) + 1)
        parts.append(BodyPart(name, filename, start, end))
        at = end + len(delimiter)
    if body[at + 2 :] not in (b"", b"\r\n"):
        raise _broken("something follows its end")
    return parts


def text_of(body: bytes, parts: list[BodyPart], name: str) -> str | None:
    """The text of the field of that name, None when there is none. Raises InvalidRequest for two of them and for a file."""
    part = _field(parts, name)
    if part is None:
        return None
    try:
        return body[part.start : part.end].decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{name!r} has to be text in UTF-8.", param=name) from error


def with_text(body: bytes, parts: list[BodyPart], boundary: bytes, name: str, text: str) -> bytes:
    """The body with another text in the field of that name, which is put in front when it is not there."""
    return b"".join(splice(body, parts, boundary, name, text))


def splice(body: bytes, parts: list[BodyPart], boundary: bytes, name: str, text: str) -> list[bytes | memoryview]:
    """The same in pieces, which copy nothing of the body. Raises ValueError when the text would end its part early."""
    written = text.encode()
    if b"--" + boundary in written:
        raise ValueError(f"{name!r} may not hold the boundary")
    part = _field(parts, name)
    if part is not None:
        return [memoryview(body)[: part.start], written, memoryview(body)[part.end :]]
    head = b'Content-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n'
    return [b"--" + boundary + b"\r\n" + head + written + b"\r\n", memoryview(body)]


def _field(parts: list[BodyPart], name: str) -> BodyPart | None:
    found = [part for part in parts if part.name == name]
    if len(found) > 1:
        raise InvalidRequest(f"{name!r} is there {len(found)} times; it may be there once.", param=name)
    if found and found[0].filename is not None:
        raise InvalidRequest(f"{name!r} has to be a text; found a file.", param=name)
    return found[0] if found else None


def _disposition(head: bytes, number: int) -> tuple[str, str | None]:
    """Name and file name of a part."""
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError as error:
        raise _broken(f"the headers of part {number} are not UTF-8") from error
    if any("\n" in line or "\r" in line or ":" not in line or line[:1].isspace() for line in lines):
        raise _broken(f"part {number} has to have headers of one line each")
    told = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    if any(name == "content-transfer-encoding" and value.lower() not in _PLAIN for name, value in told):
        raise _broken(f"part {number} is encoded for transfer; send it as it is")
    dispositions = [value for name, value in told if name == "content-disposition"]
    if len(dispositions) != 1:
        raise _broken(f"part {number} has to have one Content-Disposition")
    kind, semicolon, parameters = dispositions[0].partition(";")
    if kind.strip().lower() != "form-data":
        raise _broken(f"part {number} is not form-data")
    values: dict[str, str] = {}
    rest = semicolon + parameters
    while rest:
        found = _PARAMETER.match(rest)
        if found is None or found[1].lower() in values:
            raise _broken(f"the Content-Disposition of part {number} cannot be read")
        values[found[1].lower()] = re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3]
        rest = rest[found.end() :]
    if not values.get("name"):
        raise _broken(f"part {number} has no name")
    return values["name"], values.get("filename", values.get("filename*"))


def _broken(what: str) -> InvalidRequest:
    return InvalidRequest(f"The multipart/form-data body cannot be read: {what}.", param="body")
