"""`/api/datastores/NAME/queries/QUERY`: one query of a datastore, asked as whoever is signed in."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Form, View
from stoa.control.lookups import look_up
from stoa.domain.datastores import Lookup
from stoa.errors import Forbidden, InvalidRequest

router = APIRouter(prefix="/api/datastores", tags=["datastores"])


class Asked(Form):
    """Values by the parameters' names."""

    # Any: of the type that the query declares, which is looked at by hand
    arguments: Annotated[dict[str, Any], Field(max_length=100, default_factory=dict)]
    team: str | None = None
    """On whose behalf: for management keys, which are of no team. Everybody else asks as their own."""


class RowsView(View):
    """`more` says that there are rows beyond the query's limit."""

    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    more: bool


@router.post("/{name}/queries/{query}")
async def query_datastore(
    name: str, query: str, asked: Asked, caller: Annotated[Caller, allow("datastore:query")], parts: Parts
) -> RowsView:
    """As an assistant would have it looked up for this person: with the rights of their team, and bound values."""
    principal = caller.principal
    team = principal.team if principal.team is not None else asked.team
    if team is None:
        raise InvalidRequest("This key is of no team; say on behalf of which one to ask.", param="team")
    if asked.team is not None and asked.team != team:
        raise Forbidden(f"You are of team {team!r} and cannot ask as {asked.team[:80]!r}.", param="team")
    async with parts.read() as stores:
        resources = await stores.resources.all()
    lookup = Lookup(
        tool=f"{name}/{query}",
        arguments=asked.arguments,
        team=team,
        user=principal.name if principal.kind == "user" else None,
        acl=principal.acl,
    )
    found = await look_up(lookup, resources, runner=parts.runner, unsealer=parts.secrets)
    return RowsView(columns=list(found.columns), rows=[list(row) for row in found.rows], more=found.more)
