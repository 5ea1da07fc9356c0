"""Shadow traffic: a copy of a request for another model, whose answer nobody sees. What it costs is a fact of its own."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from stoa.domain.exchange import Exchange
from stoa.domain.resources import Route
from stoa.domain.resources import Target as RouteTarget
from stoa.gateway.plan import Offering, Target
from stoa.gateway.routing.order import Router

if TYPE_CHECKING:
    from stoa.gateway.inference import Inference
    from stoa.gateway.stages import Stages

log = logging.getLogger("stoa.gateway")


class Unseen:
    """Implements `domain.exchange.Exchange`: whatever is answered is dropped."""

    peer = ""
    scheme = "http"
    known: object | None = None

    def __init__(self, original: Exchange) -> None:
        self.method = original.method
        self.target = original.target
        self.headers: Mapping[bytes, bytes] = original.headers

    def send(self, status: int, headers: bytes, body: bytes) -> None: ...

    def start(self, status: int, headers: bytes, length: int | None = None, body: bytes = b"") -> None: ...

    def write(self, data: bytes) -> None: ...

    def finish(self, body: bytes = b"") -> None: ...

    def abort(self) -> None: ...

    def pause_body(self) -> None: ...

    def resume_body(self) -> None: ...


def shadowing(stages: "Callable[[], Stages]", draw: Callable[[], float]) -> "Callable[[Inference, bytes], None]":
    """What sends a request's copy, for the share of requests that the route asks for. It counts against no limit."""

    def shadow(original: "Inference", body: bytes) -> None:
        from stoa.gateway.inference import Inference  # late: each knows the other
        from stoa.gateway.traced import Traced

        place, target = original.offering.route.shadow, original.offering.shadow
        if place is None or target is None or draw() >= place.share:
            return
        span = original.span
        make = Inference if span is None else partial(Traced, span.child("shadow", "internal", {}))
        copy = make(stages(), original.plan, Unseen(original.exchange), original.client, original.surface, None)
        try:
            copy.copy_of(original, _alone(original.offering, target), body)
        except Exception:  # whatever is wrong with it, the request itself is under way
            log.exception("the shadow of a request could not be sent", extra={"request_id": original.request_id})

    return shadow


def _alone(offering: Offering, target: Target) -> Offering:
    """The offering with the shadow as its only target."""
    route = Route(name=offering.name, targets=(RouteTarget(model=target.model),))
    return replace(
        offering,
        router=Router(offering.name, [target]),
        targets=(target,),
        route=route,
        budget=None,
        watched=False,
        shadow=None,
    )
