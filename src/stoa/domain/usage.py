"""The usage fact: one row for every request that was answered or refused, and the ports it travels through.

The gateway writes it into its write-ahead log before the last byte of the answer leaves; control inserts it once, by id.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from stoa.domain.operations import ClientForm, Lane, Operation

CacheOutcome = Literal["hit", "miss", "bypass"]
CacheTier = Literal["exact", "semantic", "joined"]
"""How a hit was found: the very same request, a question that means the same, or one that was under way at that moment."""
SHADOW = "shadow"
"""The arm of copies whose answer nobody sees."""

LENT = "mcp/"
"""How the names of requests begin that a client's own model answers: guardrails judged them, no model of Stoa's was asked."""


class Consulted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One collection that an answer was made from: how many of its passages the model got, how many it cites by document."""

    collection: str
    found: int
    cited: dict[str, int]


class UsageFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one answered request cost. Append new fields at the end, with a default: old logs must stay readable.

    Tokens are None when neither the upstream reported nor Stoa could count them; `tokens_from` says which it was.
    Cost is nano-dollars, None when the price is not known: unknown is not zero.
    """

    id: str
    at_ms: int
    request_id: str
    operation: Operation
    team: str
    key_id: str | None
    user_id: str | None
    requested: str
    """The model name the client sent: a route, a model or assistant/<name>."""
    assistant: str | None
    model: str | None
    """The Stoa model that answered or, where none did, failed last; None for a request that came to no target."""
    provider: str | None
    status: int
    cache: CacheOutcome
    streamed: bool
    prompt_tokens: int | None
    completion_tokens: int | None
    tokens_from: Literal["provider", "estimate", "none"]
    cost_nano_usd: int | None
    latency_ms: float
    first_token_ms: float | None
    attempts: int
    error: str | None
    snapshot_version: int
    price_version: str
    corpus_version: str | None
    parent_id: str | None = None
    """The fact that caused this one: the chat that needed a question embedded, or that was shadowed."""
    form: ClientForm | None = None
    """How the client spoke, where an operation has several forms."""
    arm: str | None = None
    """The share of a route's traffic that this request was part of, whoever answered in the end: the arm of the target that was
    asked first. `SHADOW` for a copy that nobody sees."""
    lane: Lane = "realtime"
    cache_read_tokens: int | None = None
    """Of the prompt's tokens, those that the provider read from its own cache."""
    cache_write_tokens: int | None = None
    """Of the prompt's tokens, those that the provider wrote into its own cache."""
    reasoning_tokens: int | None = None
    """Of the completion's tokens, those that nobody sees."""
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None
    image_tokens: int | None = None
    """Of the prompt's tokens."""
    engine_ms: float | None = None
    """How long an own model's accelerator was at work for it, where it is paid by the second."""
    provider_usage: str | None = None
    """The provider's own account of it, as it came: JSON."""
    project: str | None = None
    """The tag that the request, or its key, named."""
    saved_nano_usd: int | None = None
    """Of an answer from the cache: what the request that filled it had cost; None where that is not known."""
    cache_tier: CacheTier | None = None
    cache_of: str | None = None
    """The fact of the request whose answer this one got."""
    estimate_nano_usd: int | None = None
    """What was set aside before the call."""
    refused: bool = False
    """Whether it was refused before a model was asked. Such a fact is told at best effort, and of a flood only some."""
    decision: bytes | None = None
    """Why it went the way it went, msgpack: kept apart from the rest, and no longer than its own retention says."""
    consulted: tuple[Consulted, ...] | None = None
    """What an assistant's answer was made from, a collection each; None where there is none, or it did not come whole."""


class Batch(msgspec.Struct, frozen=True):
    """Facts as the log holds them: one msgpack array, and the log's position after them."""

    facts: bytes
    position: int


class Who(NamedTuple):
    """Whom a cost belongs to, and in which minute (UTC, since 1970): every budget's window begins with one."""

    team: str
    key_id: str | None
    user_id: str | None
    project: str | None
    assistant: str | None
    minute: int


Costs = dict[Who, tuple[int, int]]
"""Nano-dollars, and how many facts had an unknown cost."""


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What control has as spent in one window: the known costs of a team, key, user, project or assistant."""

    scope: str
    subject: str
    period: str
    """Such as `month UTC`."""
    starts_ms: int
    nano_usd: int
    unknown: int = 0
    """How many requests had an unknown cost."""


class Kept(msgspec.Struct, frozen=True):
    """What a log remembers of the time before it was opened.

    `told` is what control told last, at `as_of_ms`; `unshipped` is what facts cost that were not shipped since. These lie in
    the log before `position`.
    """

    told: Sequence[Told] = ()
    as_of_ms: int = 0
    unshipped: Costs = {}
    position: int = 0


class UsageLog(Protocol):
    """Where the gateway puts facts until control has them. One process owns a log."""

    kept: Kept

    def append(self, facts: Sequence[UsageFact]) -> int:
        """Return the position after the facts, once they survive the death of the process.

        Raises OperatorError when they cannot be written; then none of them is in the log.
        """
        ...

    def next_batch(self) -> Batch | None:
        """The oldest facts that were not shipped, None when there are none."""
        ...

    async def shipped(self, position: int, *, told: Sequence[Told], as_of_ms: int) -> None:
        """Control has everything up to `position`, and told what is spent."""
        ...

    @property
    def backlog_bytes(self) -> int:
        """How much waits to be shipped."""
        ...


class UsageSink(Protocol):
    """Where the log is shipped to, at least once; the receiver inserts by id, so exactly once.

    Takes a msgpack array of UsageFact, which may be empty. Returns what is spent of every budget in its present window, these
    facts included. Raises ProviderError when it did not take them.
    """

    async def ship(self, facts: bytes) -> Sequence[Told]: ...
