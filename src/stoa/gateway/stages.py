"""What every request shares on its way: the stages' state, and the ports behind them."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from stoa.domain.contents import ContentLog
from stoa.domain.operations import Operation
from stoa.domain.tracing import Span
from stoa.errors import Forbidden, NotFound
from stoa.gateway.access import AccessLog
from stoa.gateway.admission import Admission
from stoa.gateway.augment import Augmented, Judged
from stoa.gateway.caching.tiers import Caching
from stoa.gateway.commit import GroupCommit
from stoa.gateway.deadlines import Deadlines
from stoa.gateway.metrics import Metrics
from stoa.gateway.plan import Client, Offering, Plan
from stoa.gateway.recording import Recorder
from stoa.gateway.refused import Refusals
from stoa.kit.id_source import IdSource
from stoa.kit.names import did_you_mean

if TYPE_CHECKING:
    from stoa.gateway.inference import Inference

_NAMED = 20  # of the models there are, in a message
PARENT: ContextVar[str | None] = ContextVar("parent", default=None)
"""The fact of the request whose retrieval is under way."""
SPAN: ContextVar[Span | None] = ContextVar("span", default=None)
"""Of a retrieval that is traced."""


class Augment(Protocol):
    """Stage 4, with its ports."""

    def __call__(
        self, body: bytes, offering: Offering, client: Client, *, parent_id: str, judged: Judged | None = None
    ) -> Awaitable[Augmented]: ...


@dataclass(slots=True)
class Stages:
    """One of these for a gateway. `draw` gives numbers in [0, 1)."""

    body_limit: int
    form_limit: int
    """Of bodies that may hold files."""
    admission: Admission
    caching: Caching | None
    augment: Augment
    commit: GroupCommit
    metrics: Metrics
    draw: Callable[[], float]
    shadow: "Callable[[Inference, bytes], None]"
    """Sends a copy of the request to the offering's shadow."""
    refusals: Refusals
    recorder: Recorder = field(default_factory=Recorder)
    contents: ContentLog | None = None
    content_bytes: int = 262_144
    """Of what was asked, and of what was answered, so much is kept."""
    access: AccessLog | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    ids: IdSource = field(default_factory=IdSource)

    def find(self, plan: Plan, client: Client, operation: Operation, name: str) -> Offering:
        """What the client asked for by name. Raises NotFound naming what there is, or Forbidden."""
        offering = plan.offerings[operation].get(name)
        allowed = client.access.of(operation)
        if offering is not None and offering.needs in allowed:
            return offering
        known = sorted(n for n, each in plan.offerings[operation].items() if each.needs in allowed)
        there = ", ".join(known[:_NAMED]) + (f" and {len(known) - _NAMED} more" if len(known) > _NAMED else "")
        if offering is not None:
            raise Forbidden(
                f"{client.caller.name!r} may not use {name!r}. It may use: {there or 'nothing yet'}.", param="model"
            )
        for other, offerings in plan.offerings.items():
            if name in offerings:
                raise NotFound(f"{name!r} is not for {operation} but for {other}.", param="model", code="model_not_found")
        raise NotFound(
            f"There is no model {name[:200]!r}.{did_you_mean(name[:200], known)} There is: {there or 'nothing yet'}.",
            param="model",
            code="model_not_found",
        )
