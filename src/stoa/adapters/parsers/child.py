"""The child process that parses: reads requests from stdin, writes answers to stdout, and may be killed at any moment.

A frame is its length in four bytes, big-endian, and MessagePack. It holds no secret, opens no connection, and its memory,
the files it writes and the time it has are limited, for what it reads may be made to do harm.
"""

import os
import resource
import signal
import sys
import time
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from stoa.adapters.parsers.recognition import Recognition
from stoa.domain.documents import ParsedDocument

if TYPE_CHECKING:
    from stoa.adapters.parsers.recognise import Recogniser

MEMORY_BYTES = 3 * 2**30
"""Address space of a child: the libraries alone map most of a gibibyte."""


_OF_THE_TIME = 0.75
"""Share of a file's time in which pictures are read: what is left of the pages is then still in time."""


class Request(msgspec.Struct, array_like=True):
    """One file to read, within `timeout_s`; pictures in it are read if it is said how."""

    name: str
    data: bytes
    timeout_s: float
    recognition: Recognition | None = None


class Answer(msgspec.Struct, array_like=True):
    """What was read, or why nothing could be."""

    document: ParsedDocument | None
    reason: str | None = None


def main() -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    requests = sys.stdin.buffer
    _limit()
    while (frame := read_frame(requests)) is not None:
        answer = msgspec.msgpack.encode(_answer(msgspec.msgpack.decode(frame, type=Request)))
        answers.write(len(answer).to_bytes(4) + answer)
        answers.flush()


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame, None at the end."""
    head = source.read(4)
    return source.read(int.from_bytes(head)) if len(head) == 4 else None


def _answer(request: Request) -> Answer:
    from stoa.adapters.parsers.read import read
    from stoa.errors import Unreadable

    signal.setitimer(signal.ITIMER_REAL, request.timeout_s + 5)  # if the parent is gone, nobody else ends us
    try:
        return Answer(read(request.data, request.name, recogniser=_recogniser(request)))
    except Unreadable as error:
        return Answer(None, error.message)
    except MemoryError:
        return Answer(None, f"The file needs more than {MEMORY_BYTES // 2**30} GiB of memory to be read.")
    except RecursionError:
        return Answer(None, "The file is nested too deeply to be read.")
    except Exception as error:  # noqa: BLE001 - a library's bug on a strange file is that file's fate, not the worker's
        return Answer(None, f"The file is broken: {type(error).__name__}: {error}"[:300])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _recogniser(request: Request) -> "Recogniser | None":
    if request.recognition is None:
        return None
    from stoa.adapters.parsers.recognise import Recogniser

    return Recogniser(request.recognition, until=time.monotonic() + _OF_THE_TIME * request.timeout_s)


def _limit() -> None:
    os.nice(5)  # questions come before documents
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
