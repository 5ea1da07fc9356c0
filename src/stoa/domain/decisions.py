"""The decision record: why a request went the way it went. It travels with the usage fact, and is kept apart from it.

It never holds what was asked or answered. Form 1; what is appended has a default, so that older records stay readable.
"""

import struct
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from stoa.domain.passages import Reranked

FORM = 1

TryKind = Literal["first", "retry", "next", "fallback", "hedge", "larger", "shadow"]
"""Why a target was asked: as the first one, again, as another of the route's own, as a fallback, beside a slow one, since a
smaller one's answer was none, or as a copy whose answer nobody sees."""

Stage = Literal["receive", "read", "admit", "guard", "cache", "augment", "route", "upstream", "answer"]

MARKS: tuple[str, ...] = (
    "received", "read", "admitted", "guarded", "looked_up", "augmented", "asked", "head", "content", "answered", "settled",
)  # fmt: skip
"""The moments of a request, in their order, each the end of what lies before it. `asked` to `answered` are of the try whose
answer was used: when it was sent, the head of its answer, its first content, its end."""

_STAGES: tuple[tuple[Stage, str], ...] = (
    ("receive", "received"),
    ("read", "read"),
    ("admit", "admitted"),
    ("guard", "guarded"),
    ("cache", "looked_up"),
    ("augment", "augmented"),
    ("route", "asked"),
    ("upstream", "answered"),
    ("answer", "settled"),
)
FIELDS = 11
TIMES = struct.Struct(f"<{len(MARKS)}f")
pack_times = TIMES.pack
"""The marks as seconds since the request began; less than nothing is a moment that it did not come to."""


class Claimed(msgspec.Struct, frozen=True, array_like=True):
    """A limit or a budget that counted the request: how much it claimed, and how much there is."""

    name: str
    subject: str
    unit: str
    """`requests`, `tokens`, `parallel` or `nano_usd`."""
    amount: int
    most: int
    used: int | None = None
    """What was used before, as far as it was known; only of a request that was refused."""


class GuardVerdict(msgspec.Struct, frozen=True, array_like=True):
    """What one guardrail said, at which stage, and how long it took."""

    guard: str
    stage: str
    outcome: str
    """Such as `pass`, `mask` or `refuse`."""
    us: int
    found: tuple[str, ...] = ()
    """The kinds of what was found, never itself."""


class Try(msgspec.Struct, frozen=True, array_like=True):
    """One try whose answer was not used. Times are seconds since the request began; None is a moment it did not come to."""

    kind: TryKind
    model: str
    provider: str
    asked_s: float
    content_s: float | None
    ended_s: float
    status: int
    """The upstream's, 0 where it gave none."""
    error: str
    """Stoa's code; `lost` where another try was faster, `no_answer` for an answer that called for a larger model."""
    error_class: str | None = None


class PassedOver(msgspec.Struct, frozen=True, array_like=True):
    """A target that was next in order and not asked."""

    model: str
    why: str


class Found(msgspec.Struct, frozen=True, array_like=True):
    """A passage that an assistant was given."""

    collection: str
    document_id: str
    score: float


class Way(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What only some requests have."""

    kind: TryKind = "first"
    """Of the try whose answer was used."""
    why: str | None = None
    """Why the first target was that one, where it was not drawn by weight."""
    tried: tuple[Try, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    retrieved: tuple[Found, ...] = ()
    tags: tuple[str, ...] = ()
    complexity: float | None = None
    seed: int | None = None
    """A digest of whom a sticky route keeps together."""
    similarity: float | None = None
    """Of the question that an answer from the cache was found by."""
    reranked: tuple[Reranked, ...] = ()
    """What came of asking a model for the order of the passages found, once for each part of the question."""


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`times` are MARKS, packed. `draw` is the number in [0, 1) that chose among the targets, where they were drawn; `weight`
    of `total` is what the first one had.
    """

    form: int
    times: bytes
    strategy: str
    draw: float | None = None
    weight: int = 0
    total: int = 0
    cache_key: bytes | None = None
    """The beginning of the digest that the cache knows the request by: equal for equal requests."""
    claims: tuple[Claimed, ...] | None = None
    verdicts: tuple[GuardVerdict, ...] | None = None
    way: Way | None = None
    estimated_by: str | None = None
    """The tokenizer that counted the request before its call, or why that was an estimate; None where the model's tokenizer is
    not known."""


assert len(Decision.__struct_fields__) == FIELDS


class Span(NamedTuple):
    """A piece of a request's time, microseconds since it began."""

    stage: Stage
    start_us: int
    end_us: int


_decode = msgspec.msgpack.Decoder(Decision).decode


def decision_of(record: bytes) -> Decision:
    """Raises ValueError for bytes that are none."""
    try:
        found = _decode(record)
        TIMES.unpack(found.times)
    except (msgspec.MsgspecError, struct.error) as error:
        raise ValueError(f"a decision record cannot be read: {error}") from None
    return found


def marks_of(decision: Decision) -> dict[str, int]:
    """Microseconds since the request began, by mark; those that it did not come to are left out."""
    times = zip(MARKS, TIMES.unpack(decision.times), strict=True)
    return {name: round(seconds * 1_000_000) for name, seconds in times if seconds >= 0}


def spans_of(decision: Decision) -> Sequence[Span]:
    """The stages that the request came through, in order."""
    marks, at, found = marks_of(decision), 0, list[Span]()
    for stage, mark in _STAGES:
        end = marks.get(mark)
        if end is not None:
            found.append(Span(stage, at, max(at, end)))
            at = max(at, end)
    return found
