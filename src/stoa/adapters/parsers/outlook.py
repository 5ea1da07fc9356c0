"""Outlook's MSG files: a message as a file system of its properties (MS-OXMSG), read with olefile."""

import io
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from stoa.adapters.parsers.mail import Inner, Message, compose, named
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable

if TYPE_CHECKING:
    import olefile

_SUBJECT, _BODY, _HTML, _SENDER, _ADDRESS, _TO, _COPIES = 0x0037, 0x1000, 0x1013, 0x0C1A, 0x5D01, 0x0E04, 0x0E03
_SENT, _DELIVERED = 0x0039, 0x0E06
_FILE_NAME, _SHORT_NAME, _DATA = 0x3707, 0x3704, 0x3701
_UNICODE, _BYTES, _TIME = 0x001F, 0x0102, 0x0040
_MOST_BYTES = 2**27
_PROPERTIES = "__properties_version1.0"
_HEAD_OF_PROPERTIES = 32


def read_msg(data: bytes, inner: Inner) -> ParsedDocument:
    """A message as Outlook saves it."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            if not file.exists(_PROPERTIES):
                raise Unreadable("The file is no message of Outlook.")
            return compose(_message(file), inner)
    except (OSError, struct.error, IndexError, ValueError) as error:
        raise Unreadable(f"The message is broken: {error}"[:300]) from None


def _message(file: "olefile.OleFileIO") -> Message:
    folders = sorted({entry[0] for entry in file.listdir() if entry[0].startswith("__attach_version1.0_#")})
    html = _stream(file, "", _HTML, _BYTES)
    return Message(
        subject=_text(file, "", _SUBJECT), sender=named([(_text(file, "", _SENDER), _text(file, "", _ADDRESS))]),
        to=_text(file, "", _TO).replace(";", ","), copies=_text(file, "", _COPIES).replace(";", ","), sent=_sent(file),
        text=_text(file, "", _BODY), html=html.decode("utf-8", "replace") or _text(file, "", _HTML),
        files=[
            (_text(file, folder, _FILE_NAME) or _text(file, folder, _SHORT_NAME) or folder, attached)
            for folder in folders
            if (attached := _stream(file, folder, _DATA, _BYTES))
        ],
    )  # fmt: skip


def _text(file: "olefile.OleFileIO", folder: str, name: int) -> str:
    wide = _stream(file, folder, name, _UNICODE)
    found = wide.decode("utf-16-le", "replace") if wide else _stream(file, folder, name, 0x001E).decode("cp1252", "replace")
    return found.rstrip("\0")


def _stream(file: "olefile.OleFileIO", folder: str, name: int, kind: int) -> bytes:
    path = "/".join(filter(None, (folder, f"__substg1.0_{name:04X}{kind:04X}")))
    if not file.exists(path):
        return b""
    if file.get_size(path) > _MOST_BYTES:
        raise Unreadable(f"A part of the message has more than {_MOST_BYTES // 2**20} MiB.")
    return file.openstream(path).read()


def _sent(file: "olefile.OleFileIO") -> str:
    table = file.openstream(_PROPERTIES).read()
    times: dict[int, int] = {}
    for at in range(_HEAD_OF_PROPERTIES, len(table) - 15, 16):
        kind, name, _, value = struct.unpack_from("<HHIQ", table, at)
        if kind == _TIME:
            times[name] = value
    ticks = times.get(_SENT) or times.get(_DELIVERED)
    if not ticks or ticks > 2**62:
        return ""
    moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    return moment.isoformat(sep=" ", timespec="minutes")[:16]
