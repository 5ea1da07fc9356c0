"""Messages of Outlook, in a compound file that is written here byte by byte ([MS-CFB], [MS-OXMSG])."""

import struct
from datetime import UTC, datetime

import pytest

from stoa.adapters.parsers.read import read
from stoa.errors import Unreadable

SECTOR = 512
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
LARGE = 4096
"""What is smaller lies in a stream of small pieces; here all is padded beyond it."""


def entry(
    name: str, kind: int, *, left: int = FREE, right: int = FREE, child: int = FREE, start: int = END, size: int = 0
) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    return wide.ljust(64, b"\0") + struct.pack("<HBBIII36xIQ", len(wide), kind, 1, left, right, child, start, size)


def compound(streams: dict[str, bytes], folders: dict[str, dict[str, bytes]]) -> bytes:
    """Streams at the root and in folders below it; siblings are a chain to the right."""
    names: list[tuple[str, bytes | None, int]] = []  # name, content, index of the first child or FREE
    top = [*streams, *folders]
    at = 1 + len(top)
    for name in top:
        names.append((name, streams.get(name), at if name in folders else FREE))
        at += len(folders.get(name, {}))
    below = [(name, data, FREE) for inner in folders.values() for name, data in inner.items()]
    body, table, entries = b"", list[int](), [entry("Root Entry", 5, child=1)]
    last = {len(top)} | {1 + len(top) + sum(len(f) for f in list(folders.values())[: n + 1]) - 1 for n in range(len(folders))}
    for number, (name, data, child) in enumerate([*names, *below], 1):
        right = FREE if number in last else number + 1
        if data is None:
            entries.append(entry(name, 1, right=right, child=child))
            continue
        padded = data.ljust(LARGE, b"\0")
        padded += bytes(-len(padded) % SECTOR)
        start = len(table)
        table += [*range(start + 1, start + len(padded) // SECTOR), END]
        entries.append(entry(name, 2, right=right, start=start, size=max(len(data), LARGE)))
        body += padded
    directory = b"".join(entries) + bytes(-len(entries) % 4 * 128)
    first = len(table)
    table += [*range(first + 1, first + len(directory) // SECTOR), END, TABLE]
    body += directory + struct.pack(f"<{len(table)}I", *table).ljust(SECTOR, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, first, 0, 1, END, 0, END, 0)
    return (head + struct.pack("<I", len(table) - 1)).ljust(SECTOR, b"\xff") + body


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def message() -> bytes:
    sent = int((datetime(2026, 3, 14, 9, 15, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    streams = {
        "__properties_version1.0": bytes(32) + struct.pack("<HHIQ", 0x0040, 0x0039, 6, sent),
        "__substg1.0_0037001F": wide("Leave in May"), "__substg1.0_0C1A001F": wide("Ada Lovelace"),
        "__substg1.0_5D01001F": wide("ada@example.org"), "__substg1.0_0E04001F": wide("Bob; Carol"),
        "__substg1.0_1000001F": wide("Two weeks, please.\r\n"),
    }  # fmt: skip
    attached = {"__substg1.0_3707001F": wide("plan.csv"), "__substg1.0_37010102": b"day,room\nMonday,4\n".ljust(5000)}
    return compound(streams, {"__attach_version1.0_#00000000": attached})


def test_a_message_has_its_head_its_text_and_its_files() -> None:
    document = read(message(), "a.msg")
    assert (document.title, document.date) == ("Leave in May", "2026-03-14")
    assert document.text.startswith(
        "From: Ada Lovelace <ada@example.org>\nTo: Bob, Carol\nDate: 2026-03-14 09:15\n\nTwo weeks, please."
    )
    assert "day: Monday; room: 4" in document.text
    assert [heading.text for heading in document.headings] == ["Attached: plan.csv"]


@pytest.mark.parametrize("cut", [100, 600, 3000])
def test_a_message_that_is_cut_off_is_refused_with_a_reason(cut: int) -> None:
    with pytest.raises(Unreadable):
        read(message()[:cut], "a.msg")


def test_another_file_of_the_same_kind_is_no_message() -> None:
    with pytest.raises(Unreadable, match="no message of Outlook"):
        read(compound({"WordDocument": b"x"}, {}), "a.msg")
