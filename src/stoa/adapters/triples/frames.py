"""What control and the processes that work on its graphs say to each other: MessagePack behind four bytes of length."""

import msgspec

from stoa.adapters.triples.ledger import Kind
from stoa.domain.triples import Answered, AnswerForm, Limits


class Follow(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Bring the view of a kind of caller up to the ledger in this folder; answered with Followed."""

    folder: str
    kind: Kind
    views: int
    """How many views of a collection are kept."""
    awaited: bool = True
    """Whether somebody waits for it; else it leaves the processors to others."""


class Ask(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Answer a query over a view that is as far as `change`; over nothing where there is no folder."""

    folder: str | None
    kind: Kind | None
    change: int
    text: str
    forms: tuple[AnswerForm, ...]
    limits: Limits
    prefixes: dict[str, str]


class Followed(msgspec.Struct, frozen=True, tag=True):
    """`change` is how far the view has come; `busy` says that another process is at work on it."""

    change: int
    busy: bool = False


class Told(msgspec.Struct, frozen=True, tag=True):
    answer: Answered


class Refused(msgspec.Struct, frozen=True, tag=True):
    """An error of ours by the name of its class, to be raised on the other side."""

    kind: str
    message: str
    param: str | None = None


Request = Follow | Ask
Reply = Followed | Told | Refused


def framed(message: Request | Reply) -> bytes:
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4) + body
