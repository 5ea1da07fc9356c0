"""`/api/guardrails/try`: what a guardrail makes of a text."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import Field

from stoa.api.access import Caller, Parts, allow
from stoa.api.description import RESOURCE
from stoa.api.forms import Form, View, described
from stoa.control import desired
from stoa.control.reading import read_resource
from stoa.domain.behalf import Behalf
from stoa.domain.guardrails import Action, Stage
from stoa.domain.guards import Taken
from stoa.domain.resources import Guardrail
from stoa.errors import InvalidRequest, NotFound
from stoa.wiring import Control

router = APIRouter(prefix="/api/guardrails", tags=["guardrails"])

_LONGEST = 200_000


class Trial(Form):
    """A text, and what it is tried with: the `name` of a guardrail that was applied, or a `guardrail` as it might be."""

    name: str | None = None
    # Any: read by hand, so that each mistake is named with its field
    guardrail: Annotated[Any, described(anyOf=[{"$ref": f"{RESOURCE}.Guardrail"}])] = None
    text: Annotated[str, Field(max_length=_LONGEST)]
    stage: Stage = "input"
    """As of a message from the user, or of an answer."""


class FindingView(View):
    """`text[start:end]` of the text that was sent, in characters."""

    guard: str
    kind: str
    start: int
    end: int
    score: float
    action: Action


class VerdictView(View):
    guard: str
    action: Taken
    kinds: dict[str, int]
    latency_us: int


class TriedView(View):
    """`text` is how it would go on; null when it is refused."""

    refused: str | None
    text: str | None
    findings: list[FindingView]
    verdicts: list[VerdictView]


@router.post("/try")
async def try_guardrail(asked: Trial, caller: Annotated[Caller, allow("guardrail:try")], parts: Parts) -> TriedView:
    """A gateway judges the text as it would a request's. Nothing of it is kept; topics ask their embedding model."""
    guardrail = await _applied(asked.name, caller, parts) if asked.guardrail is None else await _draft(asked, caller, parts)
    principal = caller.principal
    behalf = Behalf(user=principal.id) if principal.kind == "user" else Behalf(team=principal.team)
    found: dict[str, Any] = msgspec.to_builtins(
        await parts.trier.try_out(guardrail, asked.text, stage=asked.stage, behalf=behalf)
    )
    verdicts = [VerdictView(**{name: each[name] for name in VerdictView.model_fields}) for each in found["verdicts"]]
    return TriedView(
        refused=found["refused"],
        text=found["text"],
        findings=[FindingView(**each) for each in found["findings"]],
        verdicts=verdicts,
    )


async def _applied(name: str | None, caller: Caller, parts: Control) -> str:
    if name is None:
        raise InvalidRequest("Give the 'name' of a guardrail, or a 'guardrail' to be tried.", param="name")
    async with parts.read() as stores:
        resource = await desired.find(stores, "Guardrail", name)
    if not caller.may(desired.target_of(resource)):
        raise NotFound(f"There is no Guardrail {name!r}.", param="name")
    return name


async def _draft(asked: Trial, caller: Caller, parts: Control) -> Guardrail:
    """Checked as if it were applied, by somebody who may do that: its own guards are asked at addresses that it names."""
    guardrail = read_resource(asked.guardrail, place="guardrail")
    if not isinstance(guardrail, Guardrail):
        raise InvalidRequest("'guardrail' must be of the kind Guardrail.", param="guardrail.kind")
    Caller(caller.principal, "resource:apply", caller.policy).require(desired.target_of(guardrail))
    async with parts.read() as stores:
        after = desired.applied_on(await stores.resources.all(), [guardrail], [], sealer=parts.secrets)
        await desired.require_sound(stores, after, engine_url=parts.engine_url)
    return next(each for each in after if isinstance(each, Guardrail) and each.name == guardrail.name)
