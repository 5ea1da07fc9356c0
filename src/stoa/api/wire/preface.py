"""The PROXY protocol, versions 1 and 2: a connection begins by telling who is at its far end.

As HAProxy's proxy-protocol.txt defines it. Only the client's address is taken; TLVs are passed over.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_LONGEST_V1 = 107
_LONGEST = 4096
_PIECES_S = 0.01  # proxies send the header at once; in pieces it is looked at this often


class Malformed(ValueError):
    """The connection does not begin with a PROXY header."""


async def take_client(connection: socket.socket) -> str | None:
    """Take the header off a connection, to the byte. The client's address; None when the proxy speaks for itself."""
    while True:
        seen = await _peek(connection)
        found = parse(seen)
        if found is not None:
            length, client = found
            while length:
                length -= len(connection.recv(length))  # has been seen, so it is there
            return client
        await asyncio.sleep(_PIECES_S)


def parse(seen: bytes) -> tuple[int, str | None] | None:
    """Length of the header and the client's address; None when there is more to come. Raises Malformed."""
    start = seen[:12]
    if start == _SIGNATURE[: len(start)]:
        return _version_2(seen) if len(seen) >= 16 else None
    if seen[:6] == b"PROXY "[: len(seen)]:
        return _version_1(seen)
    raise Malformed("it does not begin with a PROXY header")


def _version_1(seen: bytes) -> tuple[int, str | None] | None:
    line, ended, _ = seen[:_LONGEST_V1].partition(b"\r\n")
    if not ended:
        if len(seen) >= _LONGEST_V1:
            raise Malformed("its PROXY header is too long")
        return None
    parts = line.decode("latin-1").split(" ")
    match parts[1:]:
        case ["UNKNOWN", *_]:
            return len(line) + 2, None
        case ["TCP4" | "TCP6" as family, source, target, *ports] if len(ports) == 2 and all(map(_is_port, ports)):
            kind = IPv4Address if family == "TCP4" else IPv6Address
            try:
                kind(target)
                return len(line) + 2, str(kind(source))
            except ValueError:
                raise Malformed("its PROXY header holds no addresses") from None
        case _:
            raise Malformed("its PROXY header is not of version 1")


def _version_2(seen: bytes) -> tuple[int, str | None] | None:
    version, command, family = seen[12] >> 4, seen[12] & 15, seen[13] >> 4
    length = 16 + int.from_bytes(seen[14:16], "big")
    if version != 2 or command > 1:
        raise Malformed("its PROXY header is not of version 2")
    if length > _LONGEST:
        raise Malformed("its PROXY header is too long")
    size = {1: 4, 2: 16}.get(family)
    if command == 1 and size is not None and length < 16 + 2 * size + 4:
        raise Malformed("its PROXY header is too short for its addresses")
    if len(seen) < length:
        return None
    if command == 0 or size is None:  # the proxy's own health check, or neither IPv4 nor IPv6
        return length, None
    return length, str(ip_address(seen[16 : 16 + size]))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= 65_535


async def _peek(connection: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    while True:
        try:
            seen = connection.recv(_LONGEST, socket.MSG_PEEK)
        except BlockingIOError:
            readable: asyncio.Future[None] = loop.create_future()
            loop.add_reader(connection, _set, readable)
            try:
                await readable
            finally:
                loop.remove_reader(connection)
            continue
        if not seen:
            raise Malformed("it ended before its PROXY header")
        return seen


def _set(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
