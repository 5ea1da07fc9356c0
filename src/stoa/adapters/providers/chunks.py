"""Chunks that come whole, as those of a model's stream do: taken out of their framing without the parser.

Most of a gateway's reads are one such chunk, and handing it through the parser costs more than all else that is done with it.
What is taken here is the strict part of RFC 9112, section 7.1, that every reader understands alike; all else is the parser's.
"""

_LONGEST_SIZE = 8  # hexadecimal digits: a read is far shorter than what these can say


def payload_of(data: bytes) -> bytes | None:
    """What whole chunks hold; None for anything else: a part of one, the last one, an extension, a leading zero.

    The bytes must begin where a chunk may begin.
    """
    first = _one(data, 0)
    if first is None:
        return None
    start, end = first
    if end + 2 == len(data):
        return data[start:end]
    parts = [data[start:end]]
    while end + 2 != len(data):
        following = _one(data, end + 2)
        if following is None:
            return None
        start, end = following
        parts.append(data[start:end])
    return b"".join(parts)


def _one(data: bytes, begin: int) -> tuple[int, int] | None:
    """Where the payload of the chunk that begins there begins and ends."""
    line_end = data.find(b"\r\n", begin, begin + _LONGEST_SIZE + 2)
    size = data[begin:line_end] if line_end > begin else b"0"
    if size[0] == 0x30 or not size.isalnum():  # a zero: the last chunk, or what int() would take for a prefix
        return None
    try:
        end = line_end + 2 + int(size, 16)
    except ValueError:
        return None
    return (line_end + 2, end) if data[end : end + 2] == b"\r\n" else None
