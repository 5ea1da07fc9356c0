"""Test doubles: how scripted upstreams behave, as data. Each behaviour is a pure function from a request's body to an answer.

Every provider has the same: plain, stream, tools, tools_streamed, rate_limit, server_error, credentials, dies, in_stream_error,
in_stream_error_first, context_window, content_policy, content_policy_streamed; most have thinking_streamed. `Scripted` is what
the fake of the upstream port plays; `steps` turns one into what a server on a real socket writes.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.upstream import Failure, Headers

Behaviour = Callable[[bytes], Scripted]
CUT = Failure("truncated", "the connection ended within the answer")


def whole(body: object, *, status: int = 200, headers: Headers = ()) -> Scripted:
    """An answer in JSON."""
    return Scripted(status, [json.dumps(body).encode()], [*JSON, *headers])


def streamed(pieces: Sequence[bytes], content_type: bytes, *, dies: bool = False) -> Scripted:
    """An answer in pieces; one that dies is cut after them."""
    return Scripted(200, pieces, [(b"content-type", content_type)], CUT if dies else None)


def steps(answer: Scripted) -> list[bytes | None]:
    """The bytes of an HTTP/1.1 answer in chunks, piece by piece; None is where the connection is cut."""
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in answer.headers)
    head = b"HTTP/1.1 %d Scripted\r\n%btransfer-encoding: chunked\r\n\r\n" % (answer.status or 200, lines)
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in answer.pieces]
    return [head, *chunks, b"0\r\n\r\n" if answer.failure is None else None]


def event(data: object, name: str | None = None) -> bytes:
    """One server-sent event."""
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(data).encode() + b"\n\n"


def words(text: str) -> list[str]:
    """The text in pieces of a word each."""
    return [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]


def asked(body: bytes) -> Any:
    """The request as JSON. Any: it is of whatever form the upstream speaks."""
    return json.loads(body)
