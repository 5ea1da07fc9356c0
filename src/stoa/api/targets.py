"""`/api/targets`: every model, what it costs, and how it is doing at its provider."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Moment, View, moment
from stoa.control.builtin import ENGINE
from stoa.control.desired import target_of
from stoa.control.targets import TargetHealth, TargetStatus, WorkerView
from stoa.domain.operations import ErrorClass, Operation
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/targets", tags=["targets"])


class TargetPrice(View):
    """US dollars for a million tokens, the model's own price or the price list's."""

    input_per_million: float
    output_per_million: float


class TargetError(View):
    """The last failure of the provider, without a word of what was asked or answered."""

    error_class: ErrorClass
    at: Moment


class TargetWorker(View):
    """What one worker of one gateway sees."""

    gateway: str
    worker: int
    health: TargetHealth
    requests: int
    in_flight: int


class TargetFigures(View):
    """Over all workers of all gateways, of the last `window_s` seconds. What was not measured is null, never 0."""

    window_s: float
    requests: int
    failed: int
    """Failures of the provider: these make up the error rate."""
    refused: int
    """The callers' own mistakes."""
    error_rate: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    tokens_per_s: float
    in_flight: int
    waiting: int
    last_error: TargetError | None
    workers: list[TargetWorker]


class TargetView(View):
    """A model at its provider."""

    model: str
    provider: str
    upstream_name: str
    operation: Operation
    description: str
    built_in: bool
    price: TargetPrice | None
    """Null when nobody knows it."""
    context_tokens: int | None
    health: TargetHealth
    health_note: str
    """What the provider's health check found."""
    usable_in_s: float
    """How long it is left alone yet."""
    figures: TargetFigures | None
    """Null when no gateway has said anything about it lately."""


class Targets(View):
    data: list[TargetView]
    workers: int
    """Of gateways, that have reported in the last seconds. 0: nothing is known of any target."""


@router.get("")
async def list_targets(caller: Annotated[Caller, allow("resource:list")], parts: Parts) -> Targets:
    """Every model that the caller may see the resource of, the built-in ones included. Gateways report every two seconds."""
    snapshot = await parts.feed.refresh()
    statuses, now = parts.targets.statuses(), now_ms()
    return Targets(
        data=[
            _view(model, snapshot.prices.get(model.name), statuses.get((model.name, model.provider)), now)
            for _, model in sorted(snapshot.models.items())
            if caller.may(target_of(model))
        ],
        workers=parts.targets.workers,
    )


def _view(model: Model, price: ModelPrice | None, status: TargetStatus | None, now: int) -> TargetView:
    return TargetView(
        model=model.name,
        provider=model.provider,
        upstream_name=model.upstream_name or model.name,
        operation=model.operation,
        description=model.description,
        built_in=model.provider == ENGINE,
        price=_price(price),
        context_tokens=model.context_tokens,
        health=status.health if status is not None else "unknown",
        health_note=status.note if status is not None else "",
        usable_in_s=status.usable_in_s if status is not None else 0.0,
        figures=_figures(status, now) if status is not None else None,
    )


def _price(price: ModelPrice | None) -> TargetPrice | None:
    """From nano-dollars a token: a million of them are thousandths of a dollar."""
    return None if price is None else TargetPrice(input_per_million=price.input / 1000, output_per_million=price.output / 1000)


def _figures(status: TargetStatus, now: int) -> TargetFigures:
    error = None
    if status.last_error is not None and status.last_error_ago_s is not None:
        error = TargetError(error_class=status.last_error, at=_ago(status.last_error_ago_s, now))
    numbers = {name: getattr(status, name) for name in TargetFigures.model_fields if name not in ("last_error", "workers")}
    return TargetFigures(**numbers, last_error=error, workers=[_worker(each) for each in status.workers])


def _worker(seen: WorkerView) -> TargetWorker:
    return TargetWorker(**seen._asdict())


def _ago(seconds: float, now: int) -> datetime:
    return moment(now - int(seconds * 1000))
