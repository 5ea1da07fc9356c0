"""Chunks that come whole, as those of a model's stream do: taken out of their framing without the parser.

Most of a gateway's reads are one such chunk, and handing it through the parser costs more than all else that is done with it.
What is taken here is a strict part of RFC 9112, section 7.1, that every reader understands alike; all else is the parser's.
"""

_LARGEST = 8192
SIZES = {b"%x" % size: size for size in range(1, _LARGEST)}
"""What a size line says, for those that are taken."""


def payload_of(data: bytes) -> bytes | None:
    """What whole chunks of less than 8 KiB hold; None for anything else: a part of one, the last one, an extension.

    The bytes must begin where a chunk may begin.
    """
    line = data.find(b"\r\n", 1, 6)
    size = SIZES.get(data[:line])
    if size is None:
        return None
    start = line + 2
    end = start + size
    if data[end:] == b"\r\n":
        return data[start:end]
    return _of_several(data)


def _of_several(data: bytes) -> bytes | None:
    parts: list[bytes] = []
    start, last = 0, len(data)
    while start < last:
        line = data.find(b"\r\n", start + 1, start + 6)
        size = SIZES.get(data[start:line])
        if size is None or line < 0:  # a size whose line has not ended yet is none
            return None
        end = line + 2 + size
        if data[end : end + 2] != b"\r\n":
            return None
        parts.append(data[line + 2 : end])
        start = end + 2
    return b"".join(parts)
