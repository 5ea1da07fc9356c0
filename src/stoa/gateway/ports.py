"""What the gateway is connected to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from stoa.domain.answers import SharedAnswers
from stoa.domain.contents import ContentLog
from stoa.domain.counting import SharedCounter
from stoa.domain.datastores import Lookups
from stoa.domain.graph import GraphLinks
from stoa.domain.guards import OwnGuards
from stoa.domain.metrics import Board
from stoa.domain.passages import Embedder, Retriever
from stoa.domain.reranking import Reranking
from stoa.domain.snapshot import Unsealer
from stoa.domain.tokenizers import Tokenizers
from stoa.domain.tracing import Tracer
from stoa.domain.upstream import Fetch, Origin, Providers
from stoa.domain.usage import UsageLog
from stoa.domain.vectors import PassageReader
from stoa.gateway.augment import Decompose, Rewrite
from stoa.guards.built import Recognizers


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the gateway is connected to."""

    providers: Providers
    control: Origin
    unsealer: Unsealer
    log: UsageLog
    behalf_key: bytes
    retriever: Callable[[Callable[[str], Embedder], Callable[[str], str]], Retriever]
    """Makes the retriever from what gives, by collection, the embedder its vectors were made with and its index's name."""
    passages: PassageReader
    rewrite: Rewrite
    decompose: Decompose
    tokenizers: Tokenizers
    reranking: Reranking | None = None
    """Lets a model put passages in order; None where none ever does."""
    links: GraphLinks | None = None
    """The graph of passages, to be shown."""
    counter: SharedCounter | None = None
    """What limits and budgets are counted with together with other gateways; None where there is one."""
    answers: SharedAnswers | None = None
    """Cached answers that all gateways share."""
    name: str = "gateway"
    """Which worker this is, for its metrics."""
    tracer: Tracer | None = None
    log_requests: Literal["none", "errors", "all"] = "none"
    guards: OwnGuards | None = None
    """Services of others that guardrails may name."""
    presidio: Recognizers | None = None
    """Makes detectors of that package."""
    contents: ContentLog | None = None
    """Where what was asked and answered goes, of teams that keep it."""
    decisions: float = 1.0
    """The share of requests that went well of which a decision record is made."""
    lookups: Lookups | None = None
    """Who runs the queries of datastores."""
    ask_control: Fetch | None = None
    """Whole requests to control, on somebody's behalf."""
    board: Board | None = None
    """Where several workers put their numbers together."""
