"""`/api/guardrails/try`: what a guardrail makes of a text."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import Field

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Form, View
from stoa.control import desired
from stoa.domain.behalf import Behalf
from stoa.domain.guardrails import Action, Stage
from stoa.domain.guards import Taken
from stoa.errors import NotFound

router = APIRouter(prefix="/api/guardrails", tags=["guardrails"])

_LONGEST = 200_000


class Trial(Form):
    """A guardrail that was applied, and a text to try it with."""

    name: str
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
    async with parts.read() as stores:
        resource = await desired.find(stores, "Guardrail", asked.name)
    if not caller.may(desired.target_of(resource)):
        raise NotFound(f"There is no Guardrail {asked.name!r}.", param="name")
    principal = caller.principal
    behalf = Behalf(user=principal.id) if principal.kind == "user" else Behalf(team=principal.team)
    found: dict[str, Any] = msgspec.to_builtins(
        await parts.trier.try_out(asked.name, asked.text, stage=asked.stage, behalf=behalf)
    )
    verdicts = [VerdictView(**{name: each[name] for name in VerdictView.model_fields}) for each in found["verdicts"]]
    return TriedView(
        refused=found["refused"],
        text=found["text"],
        findings=[FindingView(**each) for each in found["findings"]],
        verdicts=verdicts,
    )
