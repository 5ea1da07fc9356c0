"""`/api/routes/explain`: where a request would go, and why, over a route as it is drawn up."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import Field

from stoa.api.access import Caller, Parts, allow
from stoa.api.description import RESOURCE
from stoa.api.forms import Form, View, Whole, described
from stoa.control import desired
from stoa.control.reading import read_resource
from stoa.domain.behalf import Behalf
from stoa.domain.identity import Principal
from stoa.domain.operations import ErrorClass
from stoa.domain.resources import Route
from stoa.domain.targets import Verdict
from stoa.errors import InvalidRequest
from stoa.kit.names import NAME
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/routes", tags=["routes"])


class RouteQuestion(Form):
    """A route, applied or not, and the request to try it with."""

    # Any: read by hand, so that each mistake is named with its field
    route: Annotated[Any, described(anyOf=[{"$ref": f"{RESOURCE}.Route"}])]
    prompt: str = "Hello"
    max_tokens: Annotated[Whole, Field(ge=1)] | None = None
    tags: tuple[Annotated[str, Field(pattern=f"^{NAME}$")], ...] = ()
    """As in `x-stoa-tags`."""
    user: str | None = None
    """The application's user, for routes that are sticky."""


class RouteStep(View):
    """One target, and what the request would do with it now."""

    model: str
    provider: str
    arm: str | None
    verdict: Verdict
    on: list[ErrorClass]
    """The classes of failures that lead here, where the verdict is `on`."""
    why: str


class RouteExplanation(View):
    """In the order in which targets would be asked; those that would not be are at the end."""

    strategy: str
    sticky: bool
    complexity: float | None
    """From 0 to 1, where the strategy asks for it."""
    steps: list[RouteStep]


@router.post("/explain")
async def explain_route(
    asked: RouteQuestion, caller: Annotated[Caller, allow("resource:read")], parts: Parts
) -> RouteExplanation:
    """A dry run: nothing is sent to a provider and nothing is kept. A gateway answers, with how its targets are doing now."""
    route = read_resource(asked.route, place="route")
    if not isinstance(route, Route):
        raise InvalidRequest("'route' must be a resource of the kind Route.", param="route.kind")
    async with parts.read() as stores:
        await desired.apply(
            stores,
            [route],
            engine_url=parts.engine_url,
            sealer=parts.secrets,
            require=caller.require,
            by=caller.principal.id,
            now_ms=now_ms(),
            dry_run=True,
        )
    request: dict[str, object] = {"messages": [{"role": "user", "content": asked.prompt}]}
    request |= {name: value for name, value in (("max_tokens", asked.max_tokens), ("user", asked.user)) if value is not None}
    found = await parts.explainer.explain(route, request, tags=asked.tags, behalf=_behalf(caller.principal))
    return RouteExplanation(
        strategy=found.strategy,
        sticky=found.sticky,
        complexity=found.complexity,
        steps=[RouteStep(**msgspec.to_builtins(step)) for step in found.steps],
    )


def _behalf(principal: Principal) -> Behalf:
    """The user who asks; for a key the team, since management keys are not known to gateways."""
    return Behalf(user=principal.id) if principal.kind == "user" else Behalf(team=principal.team)
