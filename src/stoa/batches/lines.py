"""The lines of a batch's file: cut out of a stream, and checked."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import NamedTuple

import msgspec

from stoa.domain.batches import MOST_LINES, Fault
from stoa.errors import InvalidRequest

MOST_FAULTS = 25
"""Faults that are told; a file with more is not read to its end."""

_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """`number` counts from 1, empty lines included, as an editor shows it."""

    number: int
    data: bytes


class Request(msgspec.Struct):
    """One line. `body` is left as it was written."""

    custom_id: str
    method: str
    url: str
    body: msgspec.Raw


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None


_decode = msgspec.json.Decoder(Request).decode
_decode_body = msgspec.json.Decoder(_Body).decode


async def lines(pieces: AsyncIterable[bytes], *, most_bytes: int) -> AsyncGenerator[Line]:
    """The lines that hold something. Raises InvalidRequest for one of more than `most_bytes`."""
    number, rest = 0, b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for data in whole:
            number += 1
            if (cut := _cut(data, number, most_bytes)) is not None:
                yield cut
        if len(rest) > most_bytes:
            raise _too_long(number + 1, most_bytes)
    if (cut := _cut(rest, number + 1, most_bytes)) is not None:
        yield cut


def read(line: Line) -> Request:
    """A line that was checked before."""
    return _decode(line.data)


async def check(pieces: AsyncIterable[bytes], *, endpoint: str, most_bytes: int) -> tuple[int, list[Fault]]:
    """How many requests there are, and what is wrong with them."""
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    count = 0
    try:
        async for line in lines(pieces, most_bytes=most_bytes):
            count += 1
            if count > MOST_LINES:
                faults.append(Fault("too_many_requests", f"A batch may hold {MOST_LINES:,} requests; the file has more.", None))
                break
            fault = fault_of(line, endpoint) or _twice(line, seen)
            if fault is not None:
                faults.append(fault)
                if len(faults) == MOST_FAULTS:
                    break
    except InvalidRequest as error:
        faults.append(Fault("line_too_long", error.message))
    if count == 0 and not faults:
        faults.append(Fault("empty_file", "The file holds no request."))
    return count, faults


def fault_of(line: Line, endpoint: str | None) -> Fault | None:
    """What is wrong with one line on its own; without an endpoint only its form is looked at."""
    try:
        request = _decode(line.data)
    except msgspec.ValidationError as error:
        return Fault("invalid_request_line", f"The line is not a request of a batch: {error}.", _param(error), line.number)
    except msgspec.DecodeError as error:
        return Fault("invalid_json_line", f"The line is not valid JSON: {error}.", None, line.number)
    if not request.custom_id or len(request.custom_id) > 512:
        return Fault("invalid_custom_id", "custom_id must be 1 to 512 characters.", "custom_id", line.number)
    if request.method.upper() != "POST":
        return Fault("invalid_method", f"method must be 'POST', not {request.method[:40]!r}.", "method", line.number)
    if endpoint is not None and request.url != endpoint:
        message = f"url must be the batch's endpoint {endpoint!r}, not {request.url[:200]!r}."
        return Fault("mismatched_endpoint", message, "url", line.number)
    try:
        body = _decode_body(request.body)
    except msgspec.DecodeError as error:
        return Fault("invalid_body", f"body is not a request to a model: {error}.", "body", line.number)
    if body.stream:
        return Fault("invalid_body", "A request of a batch cannot be streamed: leave 'stream' out.", "body.stream", line.number)
    return None


def _twice(line: Line, seen: dict[str, int]) -> Fault | None:
    name = _decode(line.data).custom_id
    first = seen.setdefault(name, line.number)
    if first == line.number:
        return None
    message = f"custom_id {name[:200]!r} stands in line {first} already; each must be unique."
    return Fault("duplicate_custom_id", message, "custom_id", line.number)


def _cut(data: bytes, number: int, most_bytes: int) -> Line | None:
    if len(data) > most_bytes:
        raise _too_long(number, most_bytes)
    data = data.removeprefix(_BOM) if number == 1 else data
    data = data.strip()
    return Line(number, data) if data else None


def _too_long(number: int, most_bytes: int) -> InvalidRequest:
    return InvalidRequest(f"Line {number} is longer than {most_bytes:,} bytes (gateway.body_bytes).", param="file")


def _param(error: msgspec.ValidationError) -> str | None:
    text = str(error)
    return next((name for name in Request.__struct_fields__ if f"`{name}`" in text or f"`$.{name}`" in text), None)
