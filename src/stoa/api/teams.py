"""`/api/teams`: who pays, and how much at most."""

from typing import Annotated

from fastapi import APIRouter

from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.stores import DatabaseStores
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Dollars, Form, Moment, NewName, View, Whole, amount, moment
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.control.people import create_team, update_team
from stoa.domain.teams import Team, TeamField
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/teams", tags=["teams"])


class TeamView(View):
    """`content_days` is how long what was asked and answered is kept; null is not at all."""

    name: str
    monthly_budget_nano_usd: int | None
    content_days: int | None
    created_at: Moment


class NewTeam(Form):
    name: NewName
    monthly_budget_usd: Dollars | None = None
    content_days: Whole | None = None


class ChangedTeam(Form):
    """What is left out stays. A budget of null is no limit; with content_days of null no content is kept, and what was goes."""

    monthly_budget_usd: Dollars | None = None
    content_days: Whole | None = None


def _view(team: Team) -> TeamView:
    return TeamView(
        name=team.name,
        monthly_budget_nano_usd=team.monthly_budget,
        content_days=team.content_days,
        created_at=moment(team.created_at_ms),
    )


@router.get("")
async def list_teams(
    caller: Annotated[Caller, allow("team:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[TeamView]:
    async with parts.read() as stores:
        found = [team for team in await stores.teams.all() if team.name > (place_of(cursor) or "")]
    return page(found, limit=limit, view=_view, place=lambda team: team.name)


@router.post("", status_code=201)
async def add_team(new: NewTeam, caller: Annotated[Caller, allow("team:create")], parts: Parts) -> TeamView:
    async with parts.write() as stores:
        budget = amount(new.monthly_budget_usd, param="monthly_budget_usd")
        return _view(
            await create_team(stores, name=new.name, monthly_budget=budget, content_days=new.content_days, now_ms=now_ms())
        )


@router.patch("/{name}")
async def change_team(
    name: str, change: ChangedTeam, caller: Annotated[Caller, allow("team:update")], parts: Parts
) -> TeamView:
    changes: dict[TeamField, int | None] = {}
    if "monthly_budget_usd" in change.model_fields_set:
        changes["monthly_budget"] = amount(change.monthly_budget_usd, param="monthly_budget_usd")
    if "content_days" in change.model_fields_set:
        changes["content_days"] = change.content_days
    async with parts.database.write() as connection:
        changed = await update_team(DatabaseStores(connection), name, changes, now_ms=now_ms())
        if "content_days" in changes:
            await ContentTable(connection).shorten(name, changed.content_days, now_ms=now_ms())
    return _view(changed)
