"""The decision record of one request, made when it is settled from what its stages and its tries have left behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from stoa.domain.decision_bytes import packed_claims, recorded_claims, recorded_plainly
from stoa.domain.decisions import FORM, Claimed, Decision, Found, GuardVerdict, PassedOver, Try, TryKind, Way, pack_times
from stoa.domain.guards import Verdict

if TYPE_CHECKING:
    from stoa.gateway.attempt import Attempt
    from stoa.gateway.delivery import Delivery
    from stoa.gateway.plan import Target
    from stoa.gateway.routing.rank import Wish

_KEY_BYTES = 6
_encode = msgspec.msgpack.Encoder().encode


class Tracks:
    """What tries leave behind that did not go the plain way: made when the first such thing happens."""

    __slots__ = ("passed_over", "tried", "why", "wish")

    def __init__(self) -> None:
        self.tried: list[tuple[Attempt, float, str, str | None]] = []
        """Tries whose answer was not used: when they ended, and why."""
        self.passed_over: list[PassedOver] = []
        self.why: str | None = None
        self.wish: Wish | None = None

    def passes(self, target: Target, why: str) -> None:
        """A target was next, and is not asked."""
        self.passed_over.append(PassedOver(target.model, why))

    def passes_over(self, order: Sequence[Target], chosen: Target | None, now: float) -> None:
        """So are those in front of the one that is asked."""
        for target in order:
            if target is chosen:
                return
            why = target.state.why_not(now)
            if why is not None:
                self.passes(target, why)


class Within:
    """What guards tell of a request where they see at a glance that it is within their limits; and that as records have it."""

    __slots__ = ("recorded", "verdicts")

    def __init__(self, verdicts: list[Verdict]) -> None:
        self.verdicts = verdicts
        self.recorded: bytes = _encode(said(verdicts))


class Recorder:
    """Which requests leave a record. `share` is of those that went well; those that did not all leave one."""

    def __init__(self, share: float = 1.0, draw: Callable[[], float] = lambda: 0.0) -> None:
        self.everything = share >= 1
        self._share = share
        self._draw = draw

    def wants(self, error: str | None) -> bool:
        return self.everything or error is not None or self._draw() < self._share


def recorded(request: Delivery, now: float) -> bytes:
    """The record, packed; `now` is when the request is settled."""
    began, attempt = request.started, request.attempt
    kind: TryKind = "first"
    asked = head = content = 0.0
    if attempt is not None:
        asked, head, content, kind = attempt.began_at, attempt.head_at, attempt.first_at, attempt.kind
    times = pack_times(
        request.received_at - began,
        request.read_at - began,
        request.admitted_at - began,
        request.guarded_at - began,
        request.looked_up_at - began,
        request.augmented_at - began,
        asked - began,
        head - began,
        content - began,
        request.answered_at - began,
        now - began,
    )
    router, draw = request.offering.router, request.draw
    weight = total = 0
    if draw is not None:
        first = request.assigned or (attempt.target if attempt is not None else request.failed_at)
        weight, total = first.weight if first is not None else 0, router.total_weight
    key, tracks = request.cache_key, request.tracks
    way = None
    if (
        tracks is not None
        or kind != "first"
        or request.shadow
        or request.similarity is not None
        or request.found
        or request.reranked
    ):
        way = _way(request, kind, tracks)
    short, claims = key[:_KEY_BYTES] if key is not None else None, _packed(request)
    verdicts, within = request.verdicts, request.within
    if way is None and draw is None and request.estimated_by is None:
        if verdicts is None:
            return recorded_plainly(times, router.recorded, short, claims)
        if within is not None and verdicts is within.verdicts:
            return recorded_plainly(times, router.recorded, short, claims, within.recorded)
    return _encode(
        Decision(
            FORM,
            times,
            router.strategy,
            draw,
            weight,
            total,
            short,
            recorded_claims(claims) if claims is not None else None,
            said(verdicts) if verdicts is not None else None,
            way,
            request.estimated_by,
        )
    )


def refusal_recorded(request: Delivery, now: float) -> bytes:
    """The record of a request that was refused before a model was asked."""
    began = request.started
    times = pack_times(
        request.received_at - began,
        request.read_at - began,
        request.admitted_at - began,
        request.guarded_at - began,
        request.looked_up_at - began,
        request.augmented_at - began,
        -1.0,
        -1.0,
        -1.0,
        -1.0,
        now - began,
    )
    verdicts = said(request.verdicts or ()) or None
    return _encode(Decision(FORM, times, "", claims=_used(request), verdicts=verdicts, estimated_by=request.estimated_by))


def _packed(request: Delivery) -> bytes | None:
    if request.quick is not None:
        return request.quick.recorded(request.tokens, request.estimate or 0)
    if not request.claims:
        return None
    found: list[bytes] = []
    for rule, claim in zip(request.rules, request.claims, strict=True):
        whole = rule.recorded if rule.fixed is not None else b"%b%b%b" % (rule.recorded, _encode(claim[1]), rule.recorded_end)
        found.append(whole)
    return packed_claims(found)


def _claimed(request: Delivery) -> tuple[Claimed, ...]:
    pairs = zip(request.rules, request.claims, strict=True)
    return tuple([Claimed(rule.name, rule.who, claim.meter.unit, claim.amount, claim.meter.most) for rule, claim in pairs])


def _used(request: Delivery) -> tuple[Claimed, ...] | None:
    """With what was used of each, so that it shows which one refused it."""
    if request.quick is not None:
        request.claims = request.quick.claims(request.tokens, request.estimate or 0, request.stages.admission.now_ms())
    used = [request.stages.admission.used(claim) for claim in request.claims]
    told = zip(_claimed(request), used, strict=True)
    return tuple(msgspec.structs.replace(each, used=count) for each, count in told) or None


def said(verdicts: Sequence[Verdict]) -> tuple[GuardVerdict, ...]:
    """As records have it."""
    return tuple([GuardVerdict(f"{v.guardrail}/{v.guard}", v.stage, v.action, v.latency_us, tuple(v.kinds)) for v in verdicts])


def _way(request: Delivery, kind: TryKind, tracks: Tracks | None) -> Way:
    began, wish = request.started, tracks.wish if tracks is not None else None
    return Way(
        kind="shadow" if request.shadow else kind,
        why=tracks.why if tracks is not None else None,
        tried=tuple(_try(began, *each) for each in tracks.tried) if tracks is not None else (),
        passed_over=tuple(tracks.passed_over) if tracks is not None else (),
        retrieved=tuple(Found(each.collection, each.document_id, round(each.score, 6)) for each in request.found or ()),
        tags=wish.tags if wish is not None else (),
        complexity=wish.complexity if wish is not None and request.offering.router.strategy == "complexity" else None,
        seed=wish.seed if wish is not None and request.offering.router.sticky else None,
        similarity=request.similarity,
        reranked=request.reranked,
    )


def _try(began: float, attempt: Attempt, ended: float, error: str, error_class: str | None) -> Try:
    return Try(
        attempt.kind,
        attempt.target.model,
        attempt.target.provider,
        round(attempt.began_at - began, 6),
        round(attempt.first_at - began, 6) if attempt.first_at else None,
        round(ended - began, 6),
        attempt.status,
        error,
        error_class,
    )
